// The model's maps over the photograph, and the patches asked for.

import {blob, get} from "./server.js";
import {svg} from "./svg.js";

// Colours from 0 to 1, linear between.
const RAMPS = {
  phi: [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]],
  p: [[20, 80, 40], [40, 160, 70], [120, 230, 120], [230, 255, 230]],
};

export class Layers {
  constructor(canvases, boxes) { Object.assign(this, {canvases, boxes}); this.places = []; }

  clear() {
    for (const canvas of Object.values(this.canvases)) { canvas.width = canvas.height = 1; }
    this.showBoxes([]);
  }

  // Return what the server knows of a photograph, once it knows; the maps are drawn then.
  async load(photograph, current) {
    const path = `api/photographs/${photograph}`;
    const found = await get(`${path}/layers`);
    for (const [name, canvas] of Object.entries(this.canvases)) {
      const bitmap = await createImageBitmap(await blob(`${path}/${name}.png`));
      if (!current()) return found;
      colour(canvas, bitmap, RAMPS[name]);
    }
    return found;
  }

  // boxes: [[y, x, side, phi]], the highest phi first
  showBoxes(boxes) {
    this.places = boxes.map(([y, x, side]) => [x + side / 2, y + side / 2, side]);
    this.boxes.replaceChildren(...boxes.flatMap(([y, x, side], index) => [
      svg("rect", {x, y, width: side, height: side, class: "under"}),
      svg("rect", {x, y, width: side, height: side, class: "over"}),
      svg("text", {x: x + side * 0.06, y: y - side * 0.06}, `${index + 1}`),
    ]));
  }
}

function colour(canvas, bitmap, ramp) {
  canvas.width = bitmap.width; canvas.height = bitmap.height;
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const image = context.getImageData(0, 0, canvas.width, canvas.height), {data} = image;
  const table = Array.from({length: 256}, (_, level) => {
    const place = (level / 255) * (ramp.length - 1), from = Math.min(Math.floor(place), ramp.length - 2);
    return ramp[from].map((value, i) => value + (place - from) * (ramp[from + 1][i] - value));
  });
  for (let i = 0; i < data.length; i += 4) {
    const level = data[i];
    [data[i], data[i + 1], data[i + 2]] = table[level];
    data[i + 3] = Math.round(255 * Math.sqrt(level / 255));
  }
  context.putImageData(image, 0, 0);
}
