// The outlines that the model proposes, and what the person says of each.

import {around, holds, nameOf} from "./raster.js";
import {svg} from "./svg.js";

const find = id => document.getElementById(id);
const REACH = 8;   // pixels of the screen around a small outline that count as it

export class Outlines {
  constructor(group, view, drawing) {
    Object.assign(this, {group, view, drawing});
    this.clear();
  }

  clear() { this.levels = []; this.level = 0; this.show([]); }

  // levels: [{above, outlines}] with rising p(exudate); level: the one to show
  load(levels, level) { this.levels = levels; this.level = level; this.show(levels[level].outlines); }

  // Show more outlines, or fewer.
  choose(by) {
    const wanted = this.levels[this.level + by];
    if (!wanted) return;
    this.level += by;
    this.show(wanted.outlines);
  }

  show(outlines) {
    this.all = outlines.map(outline => {
      const d = outline.rings.map(ring => `M${ring.map(point => point.join(" ")).join("L")}Z`).join("");
      const element = svg("g", {});
      element.append(svg("path", {d, class: "under"}), svg("path", {d, class: "over"}));
      const box = around(outline.rings.flat());
      return {...outline, name: nameOf(outline.rings), box, element, decided: ""};
    });
    this.group.replaceChildren(...this.all.map(outline => outline.element));
    this.focused = null;
    this.refresh();
  }

  // Show what the strokes say of each outline; the last word counts.
  refresh() {
    const decided = new Map();
    for (const {tool, body} of this.drawing.done) {
      if (tool === "accept" || tool === "reject") decided.set(nameOf(body.rings), `${tool}ed`);
    }
    for (const outline of this.all) {
      outline.decided = decided.get(outline.name) || "";
      const focus = outline === this.focused ? " focus" : "";
      outline.element.setAttribute("class", outline.decided + focus);
    }
    this.say();
  }

  // Say how many there are.
  say() {
    const [yes, no] = ["accepted", "rejected"].map(decided => `${this.count(decided)} ${decided}`);
    const level = this.levels[this.level];
    const above = level ? ` at p > ${Number(level.above.toPrecision(3))}` : "";
    find("proposals").textContent = this.all.length
      ? `${this.all.length} proposed${above}: ${yes}, ${no}` : `no outline${above}`;
    find("accept-all").disabled = !this.count("");
    find("fewer").disabled = this.level + 1 >= this.levels.length;
    find("more").disabled = this.level <= 0;
  }

  count(decided) { return this.all.filter(outline => outline.decided === decided).length; }

  // Return the smallest outline at a place, or else the nearest within reach.
  at(x, y) {
    const reach = REACH / this.view.zoom;
    let found = null, best = Infinity;
    for (const outline of this.all) {
      const [left, top, right, bottom] = outline.box;
      const off = Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
      if (off > reach) continue;
      const size = (right - left) * (bottom - top);
      const score = holds(outline.rings, x, y) ? size : 1e9 * (1 + off) + size;
      if (score < best) { best = score; found = outline; }
    }
    return found;
  }

  decide(outline, tool) {
    if (outline.decided === `${tool}ed`) return;
    this.drawing.add(tool, {rings: outline.rings}, true);
  }

  acceptAll() {
    const open = this.all.filter(outline => !outline.decided);
    for (const outline of open) this.decide(outline, "accept");
    return open.length;
  }

  hover(outline) { if (outline !== this.focused) { this.focused = outline; this.refresh(); } }

  // Go to the next outline (or the one before), those that are not decided first.
  walk(by) {
    const open = this.all.filter(outline => !outline.decided);
    const among = open.length ? open : this.all;
    if (!among.length) return null;
    const order = this.all.indexOf(this.focused);
    const ahead = among.filter(one => (this.all.indexOf(one) - order) * by > 0);
    this.focused = by > 0 ? ahead[0] || among[0] : ahead[ahead.length - 1] || among[among.length - 1];
    this.refresh();
    return this.focused;
  }
}
