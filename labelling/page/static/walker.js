// The keyboard's way through the outlines and the patches asked for.

const CLOSE = 4;   // times the whole photograph's size: near enough to judge an outline
const SHARE = 4;   // of the view's shorter side is what is walked to, at most

export class Walker {
  constructor(view, pen, outlines, layers) {
    Object.assign(this, {view, pen, outlines, layers});
    this.walked = null;   // the outline that the keyboard has walked to
    this.box = -1;
  }

  // Return the outline that the keyboard is at, or null: the mouse may have gone elsewhere since.
  get outline() { return this.walked && this.outlines.focused === this.walked ? this.walked : null; }

  // Leave the outlines: what comes next is about something else.
  stop() {
    if (this.outline) this.outlines.hover(null);
    this.walked = null;
  }

  // Go to the next outline, or the one before.
  walk(by) {
    this.walked = this.outlines.walk(by);
    if (!this.walked) return;
    const [left, top, right, bottom] = this.walked.box;
    const zoom = Math.min(this.fitting(Math.max(right - left, bottom - top)), CLOSE * this.view.smallest);
    this.view.centre((left + right) / 2, (top + bottom) / 2, zoom);
    this.pen.goTo(...this.walked.at, true);
  }

  // Go to the next patch asked for, or the one before.
  patch(by) {
    const {places} = this.layers;
    if (!places.length) return;
    this.box = (Math.max(this.box, by > 0 ? -1 : 0) + by + places.length) % places.length;
    const [x, y, side] = places[this.box];
    this.view.centre(x, y, this.fitting(side));
    this.pen.goTo(x, y, true);
  }

  fitting(size) {
    const {clientWidth, clientHeight} = this.view.element;
    return Math.min(clientWidth, clientHeight) / (SHARE * size);
  }
}
