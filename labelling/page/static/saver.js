// Sends strokes one after another, each at once, and sends again what the server did not answer.

import {post, Unreachable} from "./server.js";

const AGAIN = 1000;   // milliseconds

export class Saver {
  // say(text, bad): shows whether all is saved. lost(error): a stroke was refused.
  constructor(say, lost) {
    this.say = say;
    this.lost = lost;
    this.failing = false;
    this.waiting = 0;
    this.chain = Promise.resolve();
  }

  // Begin with a photograph, of which {drawing, last} is known.
  begin(who, photograph, seen) {
    this.who = who;
    this.photograph = photograph;
    this.seen = seen;
    this.broken = false;
    this.chain = Promise.resolve();
    this.say("", false);
  }

  get trouble() { return this.failing || this.broken; }

  stroke(tool, body) {
    this.waiting++;
    this.chain = this.chain.then(async () => {
      if (!this.broken) await this.send(tool, body);
      this.waiting--;
      if (!this.trouble && !this.waiting) this.say("Saved", false);
    });
  }

  async send(tool, body) {
    const {who, photograph} = this;
    for (;;) {
      try {
        const found = await post(`api/photographs/${photograph}/strokes`, {who, ...this.seen, tool, body});
        this.failing = false;
        this.seen.last = found.id;
        return;
      } catch (error) {
        if (!(error instanceof Unreachable)) {
          this.broken = true;
          this.say("Not saved", true);
          this.lost(error);
          return;
        }
        this.failing = true;
        this.say("Not saved: the server does not answer. Trying again …", true);
        await new Promise(resolve => setTimeout(resolve, AGAIN));
      }
    }
  }

  // Wait until every stroke is saved; the answer goes with what is known then.
  async answer(kind, seconds, model) {
    await this.chain;
    if (this.broken) throw new Error("a stroke was not saved");
    const values = {who: this.who, ...this.seen, kind, seconds, model};
    return post(`api/photographs/${this.photograph}/answer`, values);
  }
}
