// One person's drawing of one photograph: the strokes that count, those that redo brings back, and
// the mask that they make. Every change is handed to the saver at once.

import {fill, paint, withoutRejected, around} from "./raster.js";

const COLOUR = [64, 190, 255, 255];

export class Drawing {
  // seconds(): the time that the person has taken so far; changed(): the strokes are others now
  constructor(canvas, saver, seconds, changed) {
    Object.assign(this, {canvas, saver, seconds, changed});
    this.context = canvas.getContext("2d");
    this.done = []; this.undone = [];
    this.resize(1, 1);
  }

  resize(width, height) {
    this.width = this.canvas.width = width;
    this.height = this.canvas.height = height;
    this.mask = new Uint8Array(width * height);
  }

  async load(width, height, done, undone) {
    this.resize(width, height);
    for (const stroke of [...done, ...undone]) {
      if (stroke.tool === "mask") stroke.pixels = await pixelsOf(stroke.body.png, width, height);
    }
    this.done = done; this.undone = undone;
    this.render();
    this.changed();
  }

  get empty() { return !this.mask.includes(1); }

  // Keep what a tool has done; the mask shows it already, unless `render` says otherwise.
  add(tool, body, render = false) {
    this.done.push({tool, body});
    this.undone = [];
    this.saver.stroke(tool, {...body, seconds: this.seconds()});
    if (render) this.render();
    this.changed();
  }

  undo() { this.step("undo", this.done, this.undone); }
  redo() { this.step("redo", this.undone, this.done); }

  step(tool, from, to) {
    if (!from.length) return;
    to.push(from.pop());
    this.saver.stroke(tool, {seconds: this.seconds()});
    this.render();
    this.changed();
  }

  // Show a line at once, while the pen is down.
  line(points, radius, value) {
    paint(this.mask, this.width, this.height, points, radius, value);
    const [left, top, right, bottom] = around(points);
    this.refresh(left - radius, top - radius, right + radius, bottom + radius);
  }

  render() {
    const {mask, width, height} = this;
    mask.fill(0);
    for (const {tool, body, pixels} of withoutRejected(this.done)) {
      if (tool === "brush" || tool === "eraser") {
        paint(mask, width, height, body.points, body.radius, tool === "brush" ? 1 : 0);
      } else if (tool === "mask") {
        mask.set(pixels);
      } else {
        fill(mask, width, height, body.rings);
      }
    }
    this.refresh(0, 0, width, height);
  }

  refresh(x0, y0, x1, y1) {
    const left = Math.max(0, Math.floor(x0)), right = Math.min(this.width, Math.ceil(x1));
    const top = Math.max(0, Math.floor(y0)), bottom = Math.min(this.height, Math.ceil(y1));
    if (left >= right || top >= bottom) return;
    const image = this.context.createImageData(right - left, bottom - top);
    const pixels = new Uint32Array(image.data.buffer);
    const [colour] = new Uint32Array(new Uint8Array(COLOUR).buffer);
    let index = 0;
    for (let y = top; y < bottom; y++) {
      const row = y * this.width;
      for (let x = left; x < right; x++, index++) if (this.mask[row + x]) pixels[index] = colour;
    }
    this.context.putImageData(image, left, top);
  }
}

async function pixelsOf(png, width, height) {
  const bytes = Uint8Array.from(atob(png), letter => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const {data} = context.getImageData(0, 0, width, height);
  return Uint8Array.from({length: width * height}, (_, index) => (data[4 * index] > 127 ? 1 : 0));
}
