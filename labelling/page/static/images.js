// The photographs' pixels, fetched before they are wanted.

import {blob} from "./server.js";

export class Images {
  constructor() { this.known = new Map(); }

  // Return a promise of a photograph's JPEG.
  of(id) {
    if (!this.known.has(id)) {
      const promise = blob(`api/photographs/${id}/image.jpg`);
      promise.catch(() => this.known.delete(id));
      this.known.set(id, promise);
    }
    return this.known.get(id);
  }

  // Keep no others than these; fetch those that are missing.
  keep(ids) {
    for (const id of this.known.keys()) if (!ids.includes(id)) this.known.delete(id);
    for (const id of ids) this.of(id).catch(() => {});
  }
}
