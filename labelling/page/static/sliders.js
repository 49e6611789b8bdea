// The sliders and ticks of the panel: layers, contrast, the brush.

const find = id => document.getElementById(id);
const ON = {"layer-phi": 60, "layer-p": 60, "layer-mask": 50};   // per cent that a key turns on

export class Sliders {
  // brush(radius): takes the brush's radius in pixels
  constructor(brush) {
    this.tell = brush;
    this.hidden = false;
    for (const input of document.querySelectorAll("aside input")) {
      input.addEventListener("input", () => { this.hidden = false; this.apply(); });
    }
    // On a scale by factors: small brushes matter most.
    this.apply();
  }

  apply() {
    const share = id => (this.hidden ? 0 : find(id).value / 100);
    for (const name of ["phi", "p", "mask"]) find(name).style.opacity = share(`layer-${name}`);
    for (const name of ["boxes", "outlines"]) {
      find(name).style.display = find(`show-${name}`).checked && !this.hidden ? "" : "none";
    }
    const green = find("green-channel").checked ? "url(#green) " : "";
    const filter = `${green}brightness(${find("brightness").value}%) contrast(${find("contrast").value}%)`;
    find("photo").style.filter = filter === "brightness(100%) contrast(100%)" ? "" : filter;
    const radius = Number(find("radius").value);
    find("radius-shown").textContent = `${radius} px`;
    this.tell(radius);
  }

  // Turn a layer or a tick on or off.
  flip(id) {
    const input = find(id);
    this.hidden = false;
    if (input.type === "checkbox") input.checked = !input.checked;
    else input.value = Number(input.value) ? 0 : ON[id];
    this.apply();
  }

  change(id, by) { find(id).value = Number(find(id).value) + by; this.apply(); }

  brush(factor) {
    const before = Number(find("radius").value), wanted = Math.round(before * factor);
    find("radius").value = wanted === before ? before + Math.sign(factor - 1) : wanted;
    this.apply();
  }

  // Show the photograph alone, or everything again.
  alone(hidden = !this.hidden) { this.hidden = hidden; this.apply(); }
}
