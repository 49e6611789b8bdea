// The time a person takes for a photograph. It stands still while the page is hidden, and where
// nothing has been touched for longer than PAUSE: looking counts, lunch does not.

const PAUSE = 120, TICK = 500;   // seconds; milliseconds

export class Clock {
  // tick(): is called as time passes
  constructor(tick) {
    this.seconds = 0;
    this.running = false;
    this.touched = this.at = performance.now();
    for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) {
      document.addEventListener(name, () => { this.touched = performance.now(); }, {passive: true, capture: true});
    }
    setInterval(() => { this.keep(); tick(); }, TICK);
  }

  // Begin, or go on, with what `name` stands for; the tab remembers how long it took before a reload.
  begin(name, seconds) {
    this.read();
    this.name = name;
    this.seconds = Math.max(seconds, Number(sessionStorage.getItem(name)) || 0);
    this.running = true;
  }

  stop() { this.keep(); this.running = false; }

  keep() { if (this.running) sessionStorage.setItem(this.name, this.read()); else this.read(); }

  // Return the seconds so far, in tenths.
  read() {
    const now = performance.now();
    const counts = this.running && !document.hidden && now - this.touched < 1000 * PAUSE;
    if (counts) this.seconds += (now - this.at) / 1000;
    this.at = now;
    return Math.round(10 * this.seconds) / 10;
  }
}
