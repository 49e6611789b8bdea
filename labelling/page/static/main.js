// The page: what a person does becomes strokes and answers, photograph after photograph.

import {Clock} from "./clock.js";
import {agreementText, askBudget, askWho, showAnswered, showKeys} from "./dialogs.js";
import {Drawing} from "./drawing.js";
import {Images} from "./images.js";
import {listen} from "./keys.js";
import {Layers} from "./layers.js";
import {Outlines} from "./outlines.js";
import {Pen} from "./pen.js";
import {Pointers} from "./pointer.js";
import {Saver} from "./saver.js";
import {post} from "./server.js";
import {Sliders} from "./sliders.js";
import {Status} from "./status.js";
import {View} from "./view.js";
import {Walker} from "./walker.js";

const find = id => document.getElementById(id);
const NOTICE = 6000, SURE = 4000;   // milliseconds

let who = "", photograph = null, busy = true, goOn = false, sure = 0, noticed = 0;
let outlines = null, pen = null;
const images = new Images();
const earlier = [];         // photographs that were answered here, the last one last

const saver = new Saver(
  (text, bad) => { find("saved").textContent = text; find("saved").classList.toggle("bad", bad); },
  error => notice(`${error.message}. Load the page again; the last stroke is not kept.`),
);
const clock = new Clock(() => status.showClock());
const status = new Status(
  () => (photograph ? clock.read() : 0), () => who, () => (photograph ? photograph.id : 0), notice,
);
const view = new View(find("view"), find("stage"), () => { if (pen) pen.show(); });
const drawing = new Drawing(find("mask"), saver, () => clock.read(), changed);
outlines = new Outlines(find("outlines"), view, drawing);
pen = new Pen(find("pen"), view, drawing, outlines, ready);
const layers = new Layers({phi: find("phi"), p: find("p")}, find("boxes"));
const walker = new Walker(view, pen, outlines, layers);
const sliders = new Sliders(radius => pen.resize(radius));
new Pointers(view, pen, () => pen.tool === "hand");

function notice(text) {
  find("notice").textContent = text;
  find("notice").hidden = !text;
  clearTimeout(noticed);
  noticed = setTimeout(() => { find("notice").hidden = true; }, NOTICE);
}

function ready() {
  if (!photograph || busy) return false;
  if (saver.trouble) notice("The last stroke is not saved yet: wait until the server answers.");
  return !saver.trouble;
}

function changed() {
  outlines.refresh();
  find("undo").disabled = !drawing.done.length;
  find("redo").disabled = !drawing.undone.length;
}

// Photographs

async function show(state) {
  photograph = null;
  clock.stop();
  if (state.finished) {
    waiting(state.stopped ? "Stopped: the budget is used up. Everything is saved; Enter goes on all the same."
      : "No photograph is left for you. Everything is saved; look at your answers with L.");
    document.body.dataset.shown = "none";
    return;
  }
  outlines.clear();
  layers.clear();
  layers.showBoxes(state.boxes || []);
  find("name").textContent = state.name;
  const place = state.place ? `place ${state.place}` : "";
  const mine = state.mine ? `your answer: ${state.mine}` : "";
  find("about").textContent = [place, state.patient && `patient ${state.patient}`, state.marks, mine]
    .filter(Boolean).join(", ");
  const photo = find("photo");
  URL.revokeObjectURL(photo.src);
  photo.src = URL.createObjectURL(await images.of(state.id));
  photo.alt = state.name;
  await photo.decode();
  view.show(state.width, state.height);
  saver.begin(who, state.id, {drawing: state.drawing, last: state.last});
  await drawing.load(state.width, state.height, state.done, state.undone);
  photograph = state;
  clock.begin(`${who} ${state.id} ${state.drawing}`, state.seconds);
  waiting("");
  sliders.begin(photo);
  images.keep([state.id, ...state.next]);
  document.body.dataset.shown = state.id;
  loadLayers(state);
}

async function loadLayers(state) {
  const current = () => photograph === state;
  try {
    find("proposals").textContent = "the model looks at it …";
    const found = await layers.load(state.id, current);
    if (!current()) return;
    if (!state.boxes) layers.showBoxes(found.boxes);
    outlines.load(found.levels, found.shown);
    document.body.dataset.layers = state.id;
  } catch (error) {
    if (current()) notice(`No maps: ${error.message}`);
  }
}

function waiting(text) {
  find("waiting").textContent = text;
  find("waiting").hidden = !text;
}

// Do something that takes a while; nothing else meanwhile.
async function alone(work) {
  busy = true;
  try {
    await work();
  } catch (error) {
    notice(error.message);
  } finally {
    busy = false;
  }
}

async function next() {
  await status.poll();
  if (status.isOver && !goOn) {
    goOn = await askBudget(status.now.budget);
    if (!goOn) { await show({finished: true, stopped: true}); return; }
  }
  await show(await post("api/next", {who}));
}

const open = id => alone(async () => {
  if (photograph && pen.busy) pen.cancel();
  await show(await post(`api/photographs/${id}/open`, {who}));
});

function back() {
  if (busy) return;
  const id = earlier.pop();
  if (id === undefined) notice("Nothing was answered here yet; L lists all answers.");
  else open(id);
}

// Answers

function done() {
  if (busy || pen.close()) return;
  if (!photograph) { goOn = true; alone(next); return; }
  if (drawing.empty) notice("Nothing is marked: press H if it is healthy, U if it cannot be graded.");
  else answer("mask");
}

function short(kind) {
  if (busy || !photograph) return;
  const again = performance.now() < sure;
  if (kind === "healthy" && !drawing.empty && !again) {
    sure = performance.now() + SURE;
    notice("Something is marked: press H again to answer healthy all the same.");
    return;
  }
  answer(kind);
}

const answer = kind => alone(async () => {
  pen.cancel();
  sure = 0;
  const {id} = photograph, model = outlines.all.length ? photograph.model : null;
  const {agreement} = await saver.answer(kind, clock.read(), model);
  clock.stop();
  earlier.push(id);
  const mine = agreement.filter(pair => pair.who.includes(who)).map(agreementText);
  notice(mine.length ? `Agreement. ${mine.join("; ")}` : "");
  await next();
});

// Tools, buttons and keys

function choose(tool) {
  walker.stop();
  pen.choose(tool);
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  }
  view.element.classList.toggle("hand", tool === "hand");
  view.element.classList.toggle("pick", tool === "accept" || tool === "reject");
}

// Decide on the outline that the keyboard has walked to; without one, choose the tool.
function decide(tool) {
  if (!walker.outline) { choose(tool); return; }
  if (!ready()) return;
  outlines.decide(walker.outline, tool);
  walker.walk(1);
}

const undo = () => { walker.stop(); if (ready()) drawing.undo(); };
const redo = () => { walker.stop(); if (ready()) drawing.redo(); };
const whole = () => { walker.stop(); view.fit(); };
const zoom = factor => view.zoomAt(factor, ...(pen.cross ? onScreen(pen.cross) : view.middle));
const onScreen = place => {
  const frame = view.element.getBoundingClientRect(), [x, y] = view.toView(...place);
  return [x + frame.left, y + frame.top];
};
const list = () => showAnswered(open).catch(error => notice(error.message));
const acceptAll = () => { if (ready()) notice(`${outlines.acceptAll()} outlines accepted`); };

listen({
  Enter: done, h: () => short("healthy"), u: () => short("cannot grade"), s: () => short("skip"),
  Backspace: back, l: list, "?": showKeys,
  b: () => choose("brush"), e: () => choose("eraser"), p: () => choose("polygon"), d: () => choose("hand"),
  a: event => (event.shiftKey ? acceptAll() : decide("accept")), x: () => decide("reject"),
  ".": () => walker.walk(1), ",": () => walker.walk(-1), n: event => walker.patch(event.shiftKey ? -1 : 1),
  o: event => outlines.choose(event.shiftKey ? -1 : 1), z: undo, y: redo,
  " ": () => pen.press(), Escape: () => pen.cancel(),
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: whole,
  "[": () => sliders.brush(0.8), "]": () => sliders.brush(1.25),
  1: () => sliders.flip("layer-phi"), 2: () => sliders.flip("layer-p"), 5: () => sliders.flip("layer-mask"),
  3: () => sliders.flip("show-boxes"), 4: () => sliders.flip("show-outlines"),
  c: event => sliders.change("contrast", event.shiftKey ? -10 : 10),
  v: event => sliders.change("brightness", event.shiftKey ? -10 : 10),
  g: () => sliders.flip("green-channel"), t: () => sliders.alone(),
  repeated: new Set(["+", "=", "-", "[", "]", "c", "v", "n", ".", ",", "z", "y"]),
}, {pen, view});

const clicks = {
  done, back, undo, redo, help: showKeys, answered: list, "accept-all": acceptAll,
  more: () => outlines.choose(-1), fewer: () => outlines.choose(1),
  "zoom-in": () => view.zoomAt(1.25, ...view.middle), "zoom-out": () => view.zoomAt(0.8, ...view.middle),
  "zoom-fit": whole, person: () => begin(true),
};
for (const [id, action] of Object.entries(clicks)) find(id).addEventListener("click", action);
for (const button of document.querySelectorAll("[data-tool]")) {
  button.addEventListener("click", () => choose(button.dataset.tool));
}
for (const button of document.querySelectorAll("[data-kind]")) {
  button.addEventListener("click", () => short(button.dataset.kind));
}
// After a click of the mouse, the keys belong to the photograph again.
document.addEventListener("click", event => {
  if (event.detail > 0 && event.target.closest("main button, header button")) view.element.focus();
});

async function begin(anew) {
  const name = await askWho(anew);
  if (anew && name === who) return;
  who = name;
  find("person").textContent = who;
  earlier.length = 0;
  await alone(next);
  view.element.focus();
}

choose("brush");
begin(false);
