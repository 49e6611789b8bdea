// The dialogs: who labels, the budget, the answered photographs, the keys.

import {get} from "./server.js";

const find = id => document.getElementById(id);

export const isOpen = () => document.querySelector("dialog[open]") !== null;

for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

export const showKeys = () => find("keys-dialog").showModal();

// Return the name of the person who labels, from the address or as she gives it.
export function askWho(anew) {
  const address = new URL(location.href);
  const known = address.searchParams.get("who");
  if (known && !anew) return Promise.resolve(known);
  const dialog = find("who-dialog"), field = find("who-name");
  field.value = known || document.body.dataset.suggested;
  dialog.showModal();
  field.select();
  return new Promise(resolve => {
    const finish = () => {
      const name = field.value.trim().replace(/\s+/g, " ");
      if (!name) return;
      dialog.oncancel = null;
      dialog.close();
      address.searchParams.set("who", name);
      history.replaceState(null, "", address);
      resolve(name);
    };
    find("who-ok").onclick = finish;
    field.onkeydown = event => { if (event.key === "Enter") finish(); };
    dialog.oncancel = event => { if (known) resolve(known); else event.preventDefault(); };
  });
}

// Return whether people want to go on although their minutes are over.
export function askBudget(minutes) {
  const dialog = find("budget-dialog");
  find("budget-text").textContent = `The ${minutes.toFixed(0)} minutes of the budget are used. Everything is saved.`;
  dialog.showModal();
  return new Promise(resolve => {
    const close = answer => { dialog.close(); resolve(answer); };
    find("budget-on").onclick = () => close(true);
    find("budget-stop").onclick = () => close(false);
    dialog.oncancel = () => resolve(false);
  });
}

// Return an agreement in words.
export function agreementText({who, dice}) {
  const how = dice === null ? "one cannot grade it" : `Dice ${dice.toFixed(2)}`;
  return `${who.join(" and ")}: ${how}`;
}

// Show the answered photographs; open(id) is called for one that is chosen.
export async function showAnswered(open) {
  const {photographs} = await get("api/answers");
  const cell = text => Object.assign(document.createElement("td"), {textContent: text});
  const rows = photographs.map(photograph => {
    const row = document.createElement("tr");
    const said = photograph.answers.map(answer => `${answer.who}: ${answer.kind} (${answer.seconds.toFixed(0)} s)`);
    const button = Object.assign(document.createElement("button"), {textContent: "Open"});
    button.setAttribute("aria-label", `Open ${photograph.name}`);
    button.onclick = () => { find("list-dialog").close(); open(photograph.id); };
    const last = document.createElement("td");
    last.append(button);
    row.append(cell(photograph.name), cell(said.join("; ")),
      cell(photograph.agreement.map(agreementText).join("; ")), last);
    return row;
  });
  if (!rows.length) rows.push(Object.assign(document.createElement("tr"), {innerHTML: "<td>none yet</td>"}));
  find("list-rows").replaceChildren(...rows);
  find("list-dialog").showModal();
}
