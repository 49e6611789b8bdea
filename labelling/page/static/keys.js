// The keyboard: everything can be done with it alone.

import {isOpen} from "./dialogs.js";

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const STEP = 8, PAN = 80;   // pixels of the screen

// actions: {key: action(event)}, letters in lower case; page: {pen, view}
export function listen(actions, {pen, view}) {
  document.addEventListener("keydown", event => {
    if (isOpen() || event.altKey || event.isComposing) return;
    const target = event.target, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") run(event.shiftKey ? actions.y : actions.z, event);
      else if (key === "y") run(actions.y, event);
      return;
    }
    const onButton = target.closest("button, input[type=checkbox]");
    if (onButton && (key === "Enter" || key === " ")) return;
    if (target.matches("input[type=range]") && (key in ARROWS || key.startsWith("Page"))) return;
    if (key in ARROWS) {
      const [dx, dy] = ARROWS[key];
      if (event.shiftKey) run(() => view.pan(-dx * PAN, -dy * PAN), event);
      else run(() => pen.step(dx * STEP, dy * STEP), event);
    } else if (key in actions) {
      // A key that is held down goes on zooming, but does not answer photograph after photograph.
      if (event.repeat && !actions.repeated.has(key)) { event.preventDefault(); return; }
      run(actions[key], event);
    }
  });
}

function run(action, event) {
  event.preventDefault();
  action(event);
}
