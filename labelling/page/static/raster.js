// Strokes as masks, by the rules of labelling/page/raster.py to the pixel: a pixel is inside if its
// centre is, (column + 0.5, row + 0.5).

// Set the pixels that are at most `radius` from a line through points [x, y]; one alone is a disc.
export function paint(mask, width, height, points, radius, value) {
  const last = Math.max(1, points.length - 1);
  for (let i = 0; i < last; i++) {
    const [ax, ay] = points[i], [bx, by] = points[Math.min(i + 1, points.length - 1)];
    const left = Math.max(0, Math.floor(Math.min(ax, bx) - radius));
    const top = Math.max(0, Math.floor(Math.min(ay, by) - radius));
    const right = Math.min(width, Math.ceil(Math.max(ax, bx) + radius));
    const bottom = Math.min(height, Math.ceil(Math.max(ay, by) + radius));
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
    for (let row = top; row < bottom; row++) {
      const y = row + 0.5;
      for (let column = left; column < right; column++) {
        const x = column + 0.5;
        let along = 0;
        if (length > 0) along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
        const offX = x - (ax + along * dx), offY = y - (ay + along * dy);
        if (offX * offX + offY * offY <= radius * radius) mask[row * width + column] = value;
      }
    }
  }
}

// Set the pixels inside closed rings of points: those with an odd number of crossings to the left.
export function fill(mask, width, height, rings) {
  const [x0, y0, x1, y1] = around(rings.flat());
  const left = Math.max(0, Math.floor(x0)), right = Math.min(width, Math.ceil(x1));
  const top = Math.max(0, Math.floor(y0)), bottom = Math.min(height, Math.ceil(y1));
  if (left >= right || top >= bottom) return;
  const across = right - left + 1;
  const crossings = new Int32Array((bottom - top) * across);
  for (const ring of rings) {
    ring.forEach(([ax, ay], i) => {
      const [bx, by] = ring[(i + 1) % ring.length];
      const end = Math.min(bottom, Math.ceil(Math.max(ay, by) - 0.5));
      for (let row = Math.max(top, Math.ceil(Math.min(ay, by) - 0.5)); row < end; row++) {
        const x = ax + (row + 0.5 - ay) * (bx - ax) / (by - ay);
        const column = Math.min(right, Math.max(left, Math.ceil(x - 0.5)));
        crossings[(row - top) * across + column - left]++;
      }
    });
  }
  for (let row = top; row < bottom; row++) {
    let count = 0;
    for (let column = left; column < right; column++) {
      count += crossings[(row - top) * across + column - left];
      if (count % 2) mask[row * width + column] = 1;
    }
  }
}

// Return [left, top, right, bottom] of some points.
export function around(points) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
  }
  return box;
}

// Return whether a point is inside rings.
export function holds(rings, x, y) {
  let odd = false;
  for (const ring of rings) {
    ring.forEach(([ax, ay], i) => {
      const [bx, by] = ring[(i + 1) % ring.length];
      if ((ay <= y) !== (by <= y) && ax + (y - ay) * (bx - ax) / (by - ay) <= x) odd = !odd;
    });
  }
  return odd;
}

// Return an outline's name, by which strokes tell which one they mean.
export const nameOf = rings => JSON.stringify(rings);

// Return the strokes without outlines that were accepted and then rejected.
export function withoutRejected(strokes) {
  const rejected = new Set(), kept = [];
  for (const stroke of [...strokes].reverse()) {
    if (stroke.tool === "reject") rejected.add(nameOf(stroke.body.rings));
    else if (stroke.tool !== "accept" || !rejected.has(nameOf(stroke.body.rings))) kept.push(stroke);
  }
  return kept.reverse();
}
