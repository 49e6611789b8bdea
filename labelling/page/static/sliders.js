// The sliders and ticks of the panel: layers, contrast, the brush.

const find = id => document.getElementById(id);
const SMALL = 64, DARK = 30;   // pixels of a copy whose mean is taken; grey levels of red
const GREEN = "0 1 0 0 0  0 1 0 0 0  0 1 0 0 0  0 0 0 1 0";
const shareOf = id => Number(find(id).value) / 100;
const ON = {"layer-phi": 60, "layer-p": 60, "layer-mask": 50};   // per cent that a key turns on

export class Sliders {
  // brush(radius): takes the brush's radius in pixels
  constructor(brush) {
    this.tell = brush;
    this.hidden = false;
    this.means = [0.5, 0.5, 0.5];   // of the photograph's channels
    for (const input of document.querySelectorAll("aside input")) {
      input.addEventListener("input", () => { this.hidden = false; this.apply(); });
    }
    this.apply();
  }

  apply() {
    const share = id => (this.hidden ? 0 : shareOf(id));
    for (const name of ["phi", "p", "mask"]) find(name).style.opacity = share(`layer-${name}`);
    for (const name of ["boxes", "outlines"]) {
      find(name).style.display = find(`show-${name}`).checked && !this.hidden ? "" : "none";
    }
    this.adjust(find("green-channel").checked, shareOf("contrast"), shareOf("brightness"));
    const radius = Number(find("radius").value);
    find("radius-shown").textContent = `${radius} px`;
    this.tell(radius);
  }

  // Contrast is about the photograph's own mean, which stays: about middle grey, as CSS has it, a
  // dark photograph would only get darker.
  adjust(green, contrast, brightness) {
    const slope = contrast * brightness, channels = ["R", "G", "B"];
    channels.forEach((channel, index) => {
      const mean = this.means[green ? 1 : index];
      const element = document.querySelector(`#adjusted feFunc${channel}`);
      element.setAttribute("slope", slope);
      element.setAttribute("intercept", brightness * mean * (1 - contrast));
    });
    find("channels").setAttribute("values", green ? GREEN : "1 0 0 0 0  0 1 0 0 0  0 0 1 0 0  0 0 0 1 0");
    find("photo").style.filter = green || slope !== 1 || contrast !== 1 ? "url(#adjusted)" : "";
  }

  // Begin with a photograph, an <img>.
  begin(photo) {
    const context = new OffscreenCanvas(SMALL, SMALL).getContext("2d");
    context.drawImage(photo, 0, 0, SMALL, SMALL);
    const {data} = context.getImageData(0, 0, SMALL, SMALL), sums = [0, 0, 0];
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] < DARK) continue;   // the surround
      sums.forEach((_, channel) => { sums[channel] += data[i + channel]; });
      count++;
    }
    this.means = sums.map(sum => sum / 255 / Math.max(1, count));
    this.hidden = false;
    this.apply();
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
