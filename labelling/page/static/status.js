// What the server says of the work as a whole: the minutes, the budget, the model.

import {get, Unreachable} from "./server.js";

const find = id => document.getElementById(id);
const POLL = 5000;   // milliseconds

export class Status {
  // seconds(): taken for the present photograph; person(): her name, "" before she gave it;
  // present(): the photograph's id, 0 for none; say(text): tells what went wrong
  constructor(seconds, person, present, say) {
    Object.assign(this, {seconds, person, present, say});
    this.now = {budget: 0, used: 0};
    setInterval(() => this.poll(), POLL);
  }

  get isOver() { return this.now.budget > 0 && this.now.used >= this.now.budget; }

  async poll() {
    if (!this.person()) return;
    try {
      this.now = await get(`api/status?who=${encodeURIComponent(this.person())}&present=${this.present()}`);
      this.showModel();
      this.showClock();
    } catch (error) {
      if (!(error instanceof Unreachable)) this.say(error.message);
    }
  }

  showClock() {
    const seconds = this.seconds(), {budget} = this.now, used = this.now.used + seconds / 60;
    const clock = `${Math.floor(seconds / 60)}:${Math.floor(seconds % 60).toString().padStart(2, "0")}`;
    const all = budget ? ` of ${budget.toFixed(0)}` : "";
    find("clock").textContent = `${clock} here, ${used.toFixed(1)}${all} min`;
    find("budget").hidden = !budget;
    if (budget) find("budget").value = Math.min(1, used / budget);
  }

  showModel() {
    const {model, learner, answered, photographs} = this.now;
    const f = model.f === null ? "" : `, F ${model.f.toFixed(2)}`;
    let doing = learner.until ? `; learns after ${learner.until} more` : "";
    if (learner.doing) {
      const share = learner.total ? ` ${Math.round(100 * learner.done / learner.total)}%` : "";
      doing = `; ${learner.doing}${share}`;
    }
    if (learner.message) doing += " (did not learn: see here)";
    find("model").textContent = `${answered} of ${photographs} answered; model ${model.id}${f}${doing}`;
    find("model").title = learner.message;
  }
}
