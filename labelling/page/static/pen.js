// The tools in a person's hand. The mouse, a finger and the keyboard's cross use them alike.

import {svg} from "./svg.js";

const NEAR = 12;   // pixels of the screen: a click so near to a polygon's first corner closes it
const LARGEST = 300, SMALLEST = 1;
const round = value => Math.round(value * 10) / 10;

export class Pen {
  // outlines: {at(x, y), decide(outline, tool), hover(outline)}; ready(): whether one may draw
  constructor(group, view, drawing, outlines, ready) {
    Object.assign(this, {group, view, drawing, outlines, ready});
    this.tool = "brush";
    this.radius = 8;
    this.points = null;    // of the line under the pen
    this.picking = false;  // outlines are being decided on
    this.corners = [];     // of an open polygon
    this.place = null;     // of the mouse
    this.cross = null;     // of the keyboard
    this.isQuiet = false;
  }

  choose(tool) { this.cancel(); this.tool = tool; this.show(); }

  resize(radius) { this.radius = Math.min(LARGEST, Math.max(SMALLEST, round(radius))); this.show(); }

  get busy() { return this.points !== null || this.corners.length > 0; }
  get picks() { return this.tool === "accept" || this.tool === "reject"; }
  get value() { return this.tool === "brush" ? 1 : 0; }

  down(x, y) {
    if (!this.ready()) return;
    const point = [round(x), round(y)];
    if (this.tool === "polygon") {
      this.corner(point);
    } else if (this.picks) {
      this.picking = true;
      this.pick(x, y);
    } else if (this.tool !== "hand") {
      this.points = [point];
      this.drawing.line(this.points, this.radius, this.value);
    }
    this.show();
  }

  // Decide on the outline at a place: a drag decides on all that it meets.
  pick(x, y) {
    const found = this.outlines.at(x, y);
    if (found) this.outlines.decide(found, this.tool);
  }

  move(x, y) {
    if (this.picking && this.ready()) this.pick(x, y);
    if (!this.points) return;
    const point = [round(x), round(y)], before = this.points[this.points.length - 1];
    const apart = Math.hypot(point[0] - before[0], point[1] - before[1]);
    if (apart < Math.max(0.3, 0.5 / this.view.zoom)) return;
    this.points.push(point);
    this.drawing.line([before, point], this.radius, this.value);
  }

  up() {
    this.picking = false;
    if (!this.points) return;
    const {points, radius, tool} = this;
    this.points = null;
    this.drawing.add(tool, {radius, points});
    this.show();
  }

  cancel() {
    if (this.points) this.drawing.render();
    this.points = null;
    this.picking = false;
    this.corners = [];
    this.show();
  }

  corner(point) {
    const [first] = this.corners;
    const near = first && Math.hypot(point[0] - first[0], point[1] - first[1]) * this.view.zoom < NEAR;
    if (near && this.corners.length > 2) { this.close(); return; }
    if (!near) this.corners.push(point);
  }

  // Close an open polygon; return whether there was one.
  close() {
    if (!this.corners.length) return false;
    const ring = this.corners;
    this.corners = [];
    if (ring.length > 2) this.drawing.add("polygon", {rings: [ring]}, true);
    this.show();
    return true;
  }

  hover(place) {
    this.place = place;
    if (place) { this.cross = null; this.isQuiet = false; }
    if (place && this.picks) this.outlines.hover(this.outlines.at(...place));
    this.show();
  }

  // Move the keyboard's cross by pixels of the screen; the pen follows if it is down.
  step(dx, dy) {
    const {view} = this;
    const [x, y] = this.cross || this.place || view.toPhoto(...view.middle);
    const within = (value, size) => Math.min(size, Math.max(0, value));
    this.goTo(within(x + dx / view.zoom, view.width), within(y + dy / view.zoom, view.height));
    if (this.points) this.move(...this.cross);
  }

  // isQuiet: the cross is not drawn until it moves, so that it hides nothing.
  goTo(x, y, isQuiet = false) {
    this.cross = [x, y];
    this.isQuiet = isQuiet;
    this.view.reveal(x, y);
    this.show();
  }

  // The pen of the keyboard goes down, or up.
  press() {
    if (this.points) { this.up(); return; }
    if (!this.cross) this.step(0, 0);
    this.down(...this.cross);
    this.picking = false;
  }

  // Draw what is under the pen: the brush's size, the open polygon, the cross.
  show() {
    const parts = [];
    const both = (name, values) => ["under", "over"].forEach(
      kind => parts.push(svg(name, {...values, class: `${values.class || ""} ${kind}`})));
    const place = this.cross || this.place, shown = this.isQuiet ? null : this.cross;
    if (place && !this.isQuiet && (this.tool === "brush" || this.tool === "eraser")) {
      both("circle", {cx: place[0], cy: place[1], r: this.radius});
    }
    if (this.corners.length) {
      const line = place ? [...this.corners, place] : this.corners;
      both("polyline", {points: line.map(point => point.join(",")).join(" ")});
      const [x, y] = this.corners[0];
      both("circle", {cx: x, cy: y, r: 5 / this.view.zoom});
    }
    if (shown) {
      const [x, y] = shown, arm = 14 / this.view.zoom;
      const path = `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}`;
      both("path", {d: path, class: "cross"});
    }
    this.group.replaceChildren(...parts);
  }
}
