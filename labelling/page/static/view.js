// Zoom and pan: the stage holds the photograph and its layers, in the photograph's own pixels.

const LARGEST = 40;

export class View {
  // changed(): is called when the zoom or the place has changed
  constructor(element, stage, changed) {
    this.element = element;
    this.stage = stage;
    this.changed = changed;
    this.width = this.height = 1;
    this.zoom = 1; this.x = 0; this.y = 0;
    new ResizeObserver(() => this.resized()).observe(element);
  }

  show(width, height) {
    this.width = width; this.height = height;
    this.stage.style.width = `${width}px`;
    this.stage.style.height = `${height}px`;
    this.fit();
  }

  get smallest() {
    const {clientWidth, clientHeight} = this.element;
    return Math.min(clientWidth / this.width, clientHeight / this.height) || 1;
  }

  fit() { this.zoom = this.smallest; this.x = this.y = 0; this.apply(); }

  resized() {
    if (this.zoom <= this.was * 1.001) this.fit(); else this.apply();
  }

  // Keep the photograph in sight, and in the middle where it is smaller than the view.
  apply() {
    const {clientWidth, clientHeight} = this.element;
    const within = (place, size, room) =>
      size <= room ? (room - size) / 2 : Math.min(room / 2, Math.max(room / 2 - size, place));
    this.x = within(this.x, this.width * this.zoom, clientWidth);
    this.y = within(this.y, this.height * this.zoom, clientHeight);
    this.was = this.smallest;
    this.stage.style.transform = `translate(${this.x}px, ${this.y}px) scale(${this.zoom})`;
    this.stage.style.setProperty("--zoom", this.zoom);
    this.changed();
  }

  // Return the place in the photograph of one on the screen, and back (within the view).
  toPhoto(clientX, clientY) {
    const box = this.element.getBoundingClientRect();
    return [(clientX - box.left - this.x) / this.zoom, (clientY - box.top - this.y) / this.zoom];
  }

  toView(x, y) { return [x * this.zoom + this.x, y * this.zoom + this.y]; }

  get middle() {
    const box = this.element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  zoomAt(factor, clientX, clientY) {
    const [x, y] = this.toPhoto(clientX, clientY);
    const box = this.element.getBoundingClientRect();
    this.zoom = Math.min(LARGEST, Math.max(this.smallest, this.zoom * factor));
    this.x = clientX - box.left - x * this.zoom;
    this.y = clientY - box.top - y * this.zoom;
    this.apply();
  }

  pan(dx, dy) { this.x += dx; this.y += dy; this.apply(); }

  // Bring a place to the middle, at least so large.
  centre(x, y, zoom = 0) {
    this.zoom = Math.min(LARGEST, Math.max(this.zoom, zoom, this.smallest));
    this.x = this.element.clientWidth / 2 - x * this.zoom;
    this.y = this.element.clientHeight / 2 - y * this.zoom;
    this.apply();
  }

  // Move as little as needed for a place to be in sight.
  reveal(x, y) {
    const [vx, vy] = this.toView(x, y), margin = 40;
    const short = (place, room) =>
      place < margin ? margin - place : place > room - margin ? room - margin - place : 0;
    const dx = short(vx, this.element.clientWidth), dy = short(vy, this.element.clientHeight);
    if (dx || dy) this.pan(dx, dy);
  }
}
