/**
 * The map layer: points of a projection in WebGL2, driven by the attributes of its host element.
 *
 * This file starts a map on every `.vt-map` element and keeps doing so as pages come and go; the
 * parts are in `map_*.js`, all in the namespace `Vitrine.map`. It is loaded first (alphabetical
 * order), so it starts only when the document, and with it every other part, has been read.
 *
 * What goes in (attributes of the host, all may change at any time but the last):
 *   data-dims        "3" is a map in three dimensions, see `map_cube.js`; else it has two
 *   data-points      URL of uint32 n, uint32 0, uint16 x[n], uint16 y[n] (little-endian, y up);
 *                    beside it lie …/rank, …/near/<row>, …/raster.png and …/cube
 *   data-colour      URL of uint8[n] colour codes; 0 is noise or missing
 *   data-palette     JSON of 256 "#rrggbb", for the light theme
 *   data-palette-dark  the same for the dark theme (optional: else data-palette serves both)
 *   data-names       JSON {code: name}, for the tooltip (optional)
 *   data-mask        URL of ceil(n / 8) bytes, bit (row & 7) of byte row >> 3; "" is no selection
 *   data-base        id of the selection that the mask shows; "" is none
 *   data-thumbs      URL prefix, completed by the row; "" is no pictures
 *   data-select      URL that polygons are posted to
 *   data-set, data-projection   what is posted along
 *   data-labels      JSON [{x, y, text, index}] in map units
 *   data-marked      row of the point to ring while the page shows its item; "" is none
 *   data-selection-store, data-inspect-store   Dash ids that receive the results
 *   data-force-raster   "1": never use WebGL2 (read once, when the map starts)
 *
 *   data-flat        address of the page with a map in two dimensions, where 3-D cannot be drawn
 *
 * A `vt-point` event on the document, {row}, rings a point for the moment; -1 takes it away.
 *
 * What comes out: data-state (loading | ready | raster | error), data-drawn, data-frames and
 * data-total on the host, `dash_clientside.set_props` on the two stores, and `host.vitrineMap`
 * (see `map_host.js`).
 */
(() => {
  'use strict';

  const Vitrine = (window.Vitrine = window.Vitrine || {});
  Vitrine.map = Vitrine.map || {};

  const SELECTOR = '.vt-map';
  const running = new Map();

  /** Start maps on new hosts and end those whose host has left the document. */
  function review() {
    for (const [host, map] of running) {
      if (!host.isConnected) {
        running.delete(host);
        map.dispose();
      }
    }
    for (const host of document.querySelectorAll(SELECTOR)) {
      const { MapHost, CubeHost } = Vitrine.map;
      const Kind = host.dataset.dims === '3' ? CubeHost : MapHost;
      const map = running.get(host);
      if (map instanceof Kind) continue;
      if (map) map.dispose();
      running.set(host, new Kind(host));
    }
  }

  /** Tell whether a batch of changes can have brought or taken a map. */
  function concernsMaps(records) {
    const holdsMap = (node) =>
      node.nodeType === Node.ELEMENT_NODE &&
      (node.matches(SELECTOR) || node.querySelector(SELECTOR) !== null);
    const nodes = (r) => [...r.addedNodes, ...r.removedNodes];
    return records.some((r) => r.type === 'attributes' || nodes(r).some(holdsMap));
  }

  /** Begin: once for the document as it is, then at every change of it. */
  function start() {
    review();
    new MutationObserver((records) => {
      if (concernsMaps(records)) review();
    }).observe(document.documentElement, {
      childList: true,
      subtree: true,
      attributeFilter: ['data-dims'],
    });
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else setTimeout(start, 0);
})();
