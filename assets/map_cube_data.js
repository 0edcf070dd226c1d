/** The points of a map in three dimensions in memory. */
(() => {
  'use strict';

  /** Read the cube's route. */
  function decodeCube(buffer) {
    const head = buffer.byteLength < 8 ? null : new Uint32Array(buffer, 0, 2);
    if (!head || buffer.byteLength !== 8 + 10 * head[0]) {
      throw new Error('The points could not be read: the answer has the wrong length.');
    }
    const [m, total] = head;
    const axis = (k) => new Uint16Array(buffer, 8 + 4 * m + 2 * k * m, m);
    return { total, rows: new Uint32Array(buffer, 8, m), x: axis(0), y: axis(1), z: axis(2) };
  }

  /** The radius of the points around the middle of the cube, in units of its side. */
  function radiusOf({ x, y, z }) {
    let most = 0.05 ** 2;
    for (let i = 0; i < x.length; i++) {
      const [u, v, w] = [x[i] / 65535 - 0.5, y[i] / 65535 - 0.5, z[i] / 65535 - 0.5];
      most = Math.max(most, u * u + v * v + w * w);
    }
    return Math.sqrt(most);
  }

  Object.assign(window.Vitrine.map, { decodeCube, radiusOf });
})();
