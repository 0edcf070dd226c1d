/**
 * Showing the map where there is no WebGL2: the server draws it, an <img> shows it.
 *
 * While the view moves, the last picture is moved and scaled along; at rest a new one is asked
 * for. Same methods as `GlRenderer`.
 */
(() => {
  'use strict';

  const REST = 140; // milliseconds without movement after which a picture is asked for
  const LARGEST = 2000; // device pixels along each side that are asked for at most

  /** Shows pictures of the map that the server draws. */
  class RasterRenderer {
    /**
     * @param {HTMLElement} stage
     * @param {{drawn: function(number, boolean), failed: function(Error)}} events
     * @param {HTMLElement} host whose attributes name the set, the projection and the colour
     */
    constructor(stage, events, host) {
      this.state = 'raster';
      this.events = events;
      this.host = host;
      this.rest = 0;
      this.size = [1, 1];
      this.shown = null;
      this.image = document.createElement('img');
      this.image.className = 'vt-map-raster';
      this.image.alt = '';
      this.image.draggable = false;
      stage.prepend(this.image);
      this.life = new AbortController();
    }

    /** The server knows the colours of each theme; it is told which one at the next drawing. */
    setStyle({ dark }) {
      this.dark = dark;
    }

    /** The server has the points, colours and selection; only their number is needed here. */
    setData({ points }) {
      this.n = points.n;
    }

    /** Set the size in CSS pixels. */
    resize(width, height) {
      this.size = [Math.max(1, width), Math.max(1, height)];
    }

    /** Show the view: what there is at once, a fresh picture at rest. */
    draw(camera) {
      this.camera = camera;
      this.follow();
      clearTimeout(this.rest);
      this.asked = null;
      this.rest = setTimeout(() => this.ask(), this.shown ? REST : 0);
    }

    /** Move the picture shown to where it belongs in the present view. */
    follow() {
      if (!this.shown) return;
      const [left, top] = this.camera.toScreen(this.shown[0], this.shown[3]);
      const [right, bottom] = this.camera.toScreen(this.shown[2], this.shown[1]);
      const [sx, sy] = [(right - left) / this.size[0], (bottom - top) / this.size[1]];
      this.image.style.transform = `translate(${left}px, ${top}px) scale(${sx}, ${sy})`;
    }

    /** The address of the picture of the present view. */
    address() {
      const { dataset } = this.host;
      const colour = new URL(dataset.colour, window.location.href);
      const ratio = Math.min(window.devicePixelRatio || 1, LARGEST / Math.max(...this.size));
      return Vitrine.map.routeOf(this.host, 'raster.png', {
        by: colour.searchParams.get('by') || '',
        view: this.camera.extent.map((v) => v.toFixed(6)).join(','),
        w: Math.round(this.size[0] * ratio),
        h: Math.round(this.size[1] * ratio),
        dark: this.dark ? 1 : 0,
        selection: dataset.base || '',
      });
    }

    /** Ask the server for the present view and show it when it is there. */
    async ask() {
      const extent = this.camera.extent;
      const next = new Image();
      this.asked = next;
      next.src = this.address();
      try {
        await next.decode();
      } catch {
        if (next === this.asked && !this.life.signal.aborted) {
          this.events.failed(new Error('The map could not be drawn by the server.'));
        }
        return;
      }
      if (next !== this.asked || this.life.signal.aborted) return;
      this.image.src = next.src;
      this.shown = extent;
      this.follow();
      this.events.drawn(this.n, true);
    }

    /** Nothing to wait for here. */
    finish() {}

    /** Drop the picture and what was asked for. */
    dispose() {
      clearTimeout(this.rest);
      this.life.abort();
      this.image.remove();
    }
  }

  window.Vitrine.map.RasterRenderer = RasterRenderer;
})();
