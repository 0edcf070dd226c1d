/** Polygons: making one from a gesture and thinning it out before it is sent. */
(() => {
  'use strict';

  const MAX_VERTICES = 64;

  /** Twice the area of a triangle of [x, y] points. */
  function area2(a, b, c) {
    return Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]));
  }

  /**
   * Thin a closed polygon to at most `most` vertices: again and again drop the vertex whose
   * triangle with its two neighbours is smallest (Visvalingam and Whyatt 1993), so that the area
   * gained or lost at each step is the least possible. Vertices that change nothing always go.
   *
   * @param {number[][]} polygon vertices [x, y] in CSS pixels, not closed
   * @param {number} most vertices to keep
   * @param {number} negligible twice the area, in square pixels, that nobody can see
   * @returns {number[][]} a subset of the vertices, in their order
   */
  function simplify(polygon, most = MAX_VERTICES, negligible = 0.5) {
    const ring = polygon.filter(
      (p, i) => i === 0 || p[0] !== polygon[i - 1][0] || p[1] !== polygon[i - 1][1],
    );
    const cost = (i) =>
      area2(ring.at(i - 1), ring[i], ring[(i + 1) % ring.length]);
    const costs = ring.map((_, i) => cost(i));
    while (ring.length > 3) {
      let least = 0;
      for (let i = 1; i < costs.length; i++) if (costs[i] < costs[least]) least = i;
      if (ring.length <= most && costs[least] > negligible) break;
      ring.splice(least, 1);
      costs.splice(least, 1);
      const before = (least - 1 + ring.length) % ring.length;
      const after = least % ring.length;
      costs[before] = cost(before);
      costs[after] = cost(after);
    }
    return ring;
  }

  /** The rectangle between two corners as a polygon. */
  function rectangle([ax, ay], [bx, by]) {
    return [
      [ax, ay],
      [bx, ay],
      [bx, by],
      [ax, by],
    ];
  }

  /**
   * Tell whether a gesture encloses anything: three corners and a few square pixels. The two
   * halves of a figure of eight, drawn around in opposite ways, count both.
   */
  function encloses(polygon) {
    let doubled = 0;
    for (let i = 2; i < polygon.length; i++) {
      doubled += area2(polygon[0], polygon[i - 1], polygon[i]);
    }
    return doubled / 2 >= 16;
  }

  /** Tell whether two boxes {x, y, w, h} touch. */
  function overlap(a, b) {
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  }

  Object.assign(window.Vitrine.map, { simplify, rectangle, encloses, overlap, MAX_VERTICES });
})();
