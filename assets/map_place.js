/**
 * The place that a map is looked at from, in the address of the page: `at=x_y_zoom`, the centre in
 * map units and the zoom. It is written when a person has moved the map and read when its points
 * have come, so that a link or a reload shows the same part. Of two maps the first is meant.
 */
(() => {
  'use strict';

  const PAGE = '/explore';
  const REST = 250; // milliseconds without a move until the address follows
  const DIGITS = 4;
  let waiting = 0;

  const isMeant = (host) =>
    window.location.pathname === PAGE && document.querySelector('.vt-map') === host;

  /** Return the view that the address asks this map for; null if none, or none that can be. */
  function viewInAddress(host) {
    const text = new URLSearchParams(window.location.search).get('at');
    if (!text || !isMeant(host)) return null;
    const [x, y, zoom, ...more] = text.split('_').map(Number);
    const fits = more.length === 0 && [x, y, zoom].every(Number.isFinite) && zoom > 0;
    return fits ? { x, y, zoom } : null;
  }

  function write(host, points) {
    if (!host.isConnected || !isMeant(host) || host.dataset.points !== points) return;
    const { x, y, zoom } = host.vitrineMap.view;
    const address = new URL(window.location.href);
    address.searchParams.set('at', [x, y, zoom].map((v) => +v.toFixed(DIGITS)).join('_'));
    window.history.replaceState(window.history.state, '', address);
  }

  /** A person has moved a map: let the address follow when it rests. */
  function moved(host) {
    clearTimeout(waiting);
    if (isMeant(host)) waiting = setTimeout(write, REST, host, host.dataset.points);
  }

  Object.assign(window.Vitrine.map, { viewInAddress, moved });
})();
