// Requests to the server. Paths are relative: the page's own address holds the token.

export class Refused extends Error {}   // by the server, with a reason; asking again is useless
export class Unreachable extends Error {}

const SMALL = 60000;   // bytes that a browser still sends while the page is being closed

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new Unreachable("the server does not answer");
  }
  if (response.ok) return response;
  let reason = response.statusText;
  try { reason = (await response.json()).error; } catch (error) { /* no JSON */ }
  throw Object.assign(new Refused(reason), {status: response.status});
}

export async function get(path) { return (await ask(path)).json(); }
export async function blob(path) { return (await ask(path)).blob(); }

export async function post(path, values) {
  const body = JSON.stringify(values);
  const headers = {"Content-Type": "application/json"};
  const response = await ask(path, {method: "POST", headers, body, keepalive: body.length < SMALL});
  return response.json();
}
