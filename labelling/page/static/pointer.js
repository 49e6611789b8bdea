// Mouse, pen and fingers: gestures of the view become calls of the tool, or zoom and pan.

export class Pointers {
  // tool: {down(x, y), move(x, y), up(), cancel(), hover(x, y)}, in the photograph's pixels
  // moves(): whether the tool in hand is the one that moves the photograph
  constructor(view, tool, moves) {
    Object.assign(this, {view, tool, moves});
    this.down = new Map();
    this.mode = "";
    const element = view.element;
    element.addEventListener("pointerdown", event => this.begin(event));
    element.addEventListener("pointermove", event => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      element.addEventListener(name, event => this.end(event, name === "pointercancel"));
    }
    element.addEventListener("pointerleave", () => tool.hover(null));
    element.addEventListener("contextmenu", event => event.preventDefault());
    element.addEventListener("wheel", event => this.wheel(event), {passive: false});
  }

  begin(event) {
    event.preventDefault();
    this.view.element.focus({preventScroll: true});
    try { this.view.element.setPointerCapture(event.pointerId); } catch (error) { /* is gone */ }
    this.down.set(event.pointerId, [event.clientX, event.clientY]);
    if (this.down.size === 2) {
      if (this.mode === "tool") this.tool.cancel();
      this.mode = "pinch";
    } else if (this.down.size === 1) {
      const pans = event.button === 1 || event.button === 2 || this.moves();
      this.mode = pans ? "pan" : "tool";
      if (!pans) this.tool.down(...this.view.toPhoto(event.clientX, event.clientY));
    }
  }

  move(event) {
    const {view} = this;
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.tool.hover(view.toPhoto(event.clientX, event.clientY));
      return;
    }
    const now = [event.clientX, event.clientY];
    if (this.mode === "tool") {
      const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const one of events.length ? events : [event]) {
        this.tool.move(...view.toPhoto(one.clientX, one.clientY));
      }
      this.tool.hover(view.toPhoto(...now));
    } else if (this.mode === "pan") {
      view.pan(now[0] - before[0], now[1] - before[1]);
    } else if (this.mode === "pinch" && this.down.size === 2) {
      const other = [...this.down].find(([id]) => id !== event.pointerId)[1];
      const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const from = middle(before, other), to = middle(now, other);
      view.pan(to[0] - from[0], to[1] - from[1]);
      view.zoomAt(apart(now, other) / apart(before, other), ...to);
    }
    this.down.set(event.pointerId, now);
  }

  end(event, cancelled) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.mode === "tool") {
      if (cancelled) this.tool.cancel(); else this.tool.up();
    }
    if (!this.down.size) this.mode = "";
  }

  wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    // Browsers tell of a pinch on a touchpad as of a wheel with Ctrl, in smaller steps.
    const factor = Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.0015));
    this.view.zoomAt(factor, event.clientX, event.clientY);
  }
}
