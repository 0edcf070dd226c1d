/** The points of a map in memory: reading them, the order they are drawn in, finding them. */
(() => {
  'use strict';

  const TILES = 64; // tiles along each side that a sample is spread over
  const FINE = 64; // steps of the order of a sample while a tile gives √c points
  const GRID = 256; // cells along each side that points are found through

  /** How a point is drawn; the numbers are also the order of drawing, back to front. */
  const Layer = Object.freeze({ DIMMED: 0, NOISE: 1, FRONT: 2 });

  /**
   * One thing read from a URL: holds what it read last, and drops an answer that was overtaken
   * by a newer question.
   */
  class Channel {
    /** @param {string} what the thing's name in messages */
    constructor(what) {
      this.what = what;
      this.url = null;
      this.running = null;
    }

    /**
     * Read bytes from a URL.
     * @returns {Promise<ArrayBuffer|null>} null if another read or `forget` came in between
     */
    async read(url) {
      this.forget();
      const mine = (this.running = new AbortController());
      this.url = url;
      try {
        const answer = await fetch(url, { signal: mine.signal });
        if (!answer.ok) throw new Error(await this.reason(answer));
        const bytes = await answer.arrayBuffer();
        return mine === this.running ? bytes : null;
      } catch (problem) {
        if (mine !== this.running) return null;
        if (problem instanceof TypeError) {
          throw new Error(`The ${this.what} could not be read: the server did not answer.`);
        }
        throw problem;
      }
    }

    /** Say in words why an answer is of no use. */
    async reason(answer) {
      const given = await Vitrine.map.errorText(answer);
      return `The ${this.what} could not be read: ${given}`;
    }

    /** Drop what is being read. */
    forget() {
      if (this.running) this.running.abort();
      this.running = null;
      this.url = null;
    }
  }

  /** The sentence of a JSON {error} answer, else its status. */
  async function errorText(answer) {
    const fallback = `the server answered ${answer.status}.`;
    if (!(answer.headers.get('content-type') || '').includes('json')) return fallback;
    return answer.json().then(
      (body) => body.error || fallback,
      () => fallback,
    );
  }

  /** The address of another of a map's routes, beside that of its points. */
  function routeOf({ dataset }, name, query = {}) {
    const url = new URL(dataset.points, window.location.href);
    url.pathname = url.pathname.replace(/points$/, name);
    if (dataset.set) url.searchParams.set('set', dataset.set);
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url.pathname + url.search;
  }

  /**
   * Read the points' route.
   * @returns {{n: number, x: Uint16Array, y: Uint16Array}}
   */
  function decodePoints(buffer) {
    const short = buffer.byteLength < 8;
    const n = short ? 0 : new DataView(buffer).getUint32(0, true);
    if (short || buffer.byteLength !== 8 + 4 * n) {
      throw new Error('The points could not be read: the answer has the wrong length.');
    }
    return { n, x: new Uint16Array(buffer, 8, n), y: new Uint16Array(buffer, 8 + 2 * n, n) };
  }

  /** Smallest rectangle [x0, y0, x1, y1] in map units that holds all points. */
  function boundsOf({ n, x, y }) {
    if (n === 0) return [0, 0, 1, 1];
    let [x0, y0, x1, y1] = [65535, 65535, 0, 0];
    for (let i = 0; i < n; i++) {
      if (x[i] < x0) x0 = x[i];
      if (x[i] > x1) x1 = x[i];
      if (y[i] < y0) y0 = y[i];
      if (y[i] > y1) y1 = y[i];
    }
    return [x0 / 65535, y0 / 65535, x1 / 65535, y1 / 65535];
  }

  /** Rows in a random order that is the same every time (Fisher-Yates, linear congruential). */
  function shuffled(n) {
    const rows = new Uint32Array(n);
    for (let i = 0; i < n; i++) rows[i] = i;
    let state = 12345;
    for (let i = n - 1; i > 0; i--) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const j = Math.floor((state / 4294967296) * (i + 1));
      const kept = rows[i];
      rows[i] = rows[j];
      rows[j] = kept;
    }
    return rows;
  }

  /**
   * Rows in an order of which every beginning is a sample taken evenly over the map, as
   * `core/maps/sample.py` takes it: by r / √c, where c is the number of points in a row's tile
   * and r its place in a random order within it. So every tile gives one point before any gives
   * its second, the emptiest tiles first, and then in proportion to √c: rare points far from the
   * crowd are never lost.
   *
   * @returns {Uint32Array} every row once
   */
  function sampleOrder({ n, x, y }) {
    const random = shuffled(n);
    const shift = 16 - Math.log2(TILES);
    const tile = new Uint16Array(n);
    const size = new Uint32Array(TILES * TILES);
    for (let row = 0; row < n; row++) {
      tile[row] = (y[row] >> shift) * TILES + (x[row] >> shift);
      size[tile[row]]++;
    }
    const root = Float64Array.from(size, Math.sqrt);
    const seen = new Uint32Array(TILES * TILES);
    const step = new Uint32Array(n);
    let last = 0;
    for (let i = 0; i < n; i++) {
      const t = tile[random[i]];
      const rank = seen[t]++;
      step[i] = rank === 0 ? 0 : 1 + Math.floor((FINE * rank) / root[t]);
      if (step[i] > last) last = step[i];
    }
    const start = new Uint32Array(last + 2);
    for (let i = 0; i < n; i++) start[step[i] + 1]++;
    for (let s = 0; s <= last; s++) start[s + 1] += start[s];
    const firsts = start[1];
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[start[step[i]]++] = random[i];
    const emptier = (a, b) => size[tile[a]] - size[tile[b]] || tile[a] - tile[b];
    order.subarray(0, firsts).sort(emptier);
    return order;
  }

  /** Read a selection's bits; null if they are not of this map. */
  function decodeMask(buffer, n) {
    return buffer.byteLength === Math.ceil(n / 8) ? new Uint8Array(buffer) : null;
  }

  /** Number of bits that are set. */
  function countBits(bytes) {
    let count = 0;
    for (let byte of bytes) for (; byte; byte &= byte - 1) count += 1;
    return count;
  }

  const isSelected = (mask, row) => (mask[row >> 3] >> (row & 7)) & 1;

  /** How each row is drawn: dimmed when a selection leaves it out, else noise or front. */
  function layersOf(codes, mask) {
    const layers = new Uint8Array(codes.length);
    for (let row = 0; row < codes.length; row++) {
      if (mask && !isSelected(mask, row)) layers[row] = Layer.DIMMED;
      else layers[row] = codes[row] === 0 ? Layer.NOISE : Layer.FRONT;
    }
    return layers;
  }

  /** Rows by the cell of a grid they lie in, for finding those near a place quickly. */
  class Grid {
    constructor({ n, x, y }) {
      this.x = x;
      this.y = y;
      this.start = new Uint32Array(GRID * GRID + 1);
      const cell = (i) => (y[i] >> 8) * GRID + (x[i] >> 8);
      for (let i = 0; i < n; i++) this.start[cell(i) + 1]++;
      for (let c = 0; c < GRID * GRID; c++) this.start[c + 1] += this.start[c];
      this.rows = new Uint32Array(n);
      const next = this.start.slice(0, -1);
      for (let i = 0; i < n; i++) this.rows[next[cell(i)]++] = i;
      this.sums = this.sumOccupied();
    }

    /** Occupied cells below and left of each corner, so that any box is counted in four reads. */
    sumOccupied() {
      const side = GRID + 1;
      const sums = new Uint32Array(side * side);
      for (let gy = 0; gy < GRID; gy++) {
        let along = 0;
        for (let gx = 0; gx < GRID; gx++) {
          const c = gy * GRID + gx;
          if (this.start[c + 1] > this.start[c]) along += 1;
          sums[(gy + 1) * side + gx + 1] = sums[gy * side + gx + 1] + along;
        }
      }
      return sums;
    }

    /** The share of a rectangle's cells that hold points; what lies off the map holds none. */
    occupied([x0, y0, x1, y1]) {
      const at = (v) => Math.floor(v * GRID);
      const [left, right, low, high] = [at(x0), at(x1) + 1, at(y0), at(y1) + 1];
      const all = (right - left) * (high - low);
      const held = (v) => Math.min(GRID, Math.max(0, v));
      const sum = (gx, gy) => this.sums[held(gy) * (GRID + 1) + held(gx)];
      return (sum(right, high) - sum(left, high) - sum(right, low) + sum(left, low)) / all;
    }

    /** Call `visit(row)` for the rows of all cells that touch a rectangle; stop when it says false. */
    visit([x0, y0, x1, y1], visit) {
      const at = (v) => Math.min(GRID - 1, Math.max(0, Math.floor(v * 65535) >> 8));
      for (let gy = at(y0); gy <= at(y1); gy++) {
        const end = this.start[gy * GRID + at(x1) + 1];
        for (let k = this.start[gy * GRID + at(x0)]; k < end; k++) {
          if (visit(this.rows[k]) === false) return;
        }
      }
    }

    /**
     * The row nearest to (mx, my) within `radius` map units, -1 if none. Dimmed points are
     * found only where no other is.
     */
    nearest(mx, my, radius, layers) {
      let [best, bestDistance, bestDim] = [-1, radius * radius, true];
      this.visit([mx - radius, my - radius, mx + radius, my + radius], (row) => {
        const dx = this.x[row] / 65535 - mx;
        const dy = this.y[row] / 65535 - my;
        const distance = dx * dx + dy * dy;
        if (distance > radius * radius) return;
        const dim = layers ? layers[row] === Layer.DIMMED : false;
        if (best >= 0 && dim && !bestDim) return;
        if (distance <= bestDistance || (bestDim && !dim)) {
          [best, bestDistance, bestDim] = [row, distance, dim];
        }
      });
      return best;
    }

    /** The rows inside a rectangle, ascending; null if there are more than `most`. */
    within([x0, y0, x1, y1], most) {
      const found = [];
      this.visit([x0, y0, x1, y1], (row) => {
        const u = this.x[row] / 65535;
        const v = this.y[row] / 65535;
        if (u >= x0 && u <= x1 && v >= y0 && v <= y1) found.push(row);
        return found.length <= most;
      });
      return found.length > most ? null : found.sort((a, b) => a - b);
    }
  }

  Object.assign(window.Vitrine.map, {
    Layer,
    Channel,
    errorText,
    decodePoints,
    boundsOf,
    sampleOrder,
    decodeMask,
    countBits,
    isSelected,
    routeOf,
    layersOf,
    Grid,
  });
})();
