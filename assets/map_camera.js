/**
 * Where a map is looked at from, and the conversions between its three spaces:
 * map units (0..1, y up), CSS pixels of the host (y down) and WebGL clip space.
 */
(() => {
  'use strict';

  const MARGIN = 36; // CSS pixels kept free around the points at zoom 1
  const MIN_ZOOM = 0.5;
  const MAX_ZOOM = 250;

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  /** A view of the map: centre (x, y) in map units and zoom, where 1 shows all points. */
  class Camera {
    constructor() {
      this.width = 1;
      this.height = 1;
      this.left = 0;
      this.bounds = [0, 0, 1, 1];
      this.reset();
    }

    /** Show everything. */
    reset() {
      const [x0, y0, x1, y1] = this.bounds;
      this.zoom = 1;
      this.x = (x0 + x1) / 2 - this.left / this.scale / 2;
      this.y = (y0 + y1) / 2;
    }

    /** Set the smallest rectangle [x0, y0, x1, y1] of map units that holds all points. */
    setBounds(bounds) {
      this.bounds = bounds;
      this.reset();
    }

    /**
     * Set the size of the host in CSS pixels, and how much of its left side the tools cover; the
     * zoom stays, and so does the middle of what is shown.
     */
    resize(width, height, left = 0) {
      const middle = this.x + this.left / this.scale / 2;
      this.width = Math.max(1, width);
      this.height = Math.max(1, height);
      this.left = Math.min(left, this.width / 4);
      this.x = middle - this.left / this.scale / 2;
    }

    /** CSS pixels for one map unit, the same along x and y. */
    get scale() {
      const [x0, y0, x1, y1] = this.bounds;
      const room = (size) => Math.max(size * 0.5, size - 2 * MARGIN);
      const wide = room(this.width - this.left) / Math.max(x1 - x0, 0.01);
      const high = room(this.height) / Math.max(y1 - y0, 0.01);
      return Math.min(wide, high) * this.zoom;
    }

    /** The visible rectangle [x0, y0, x1, y1] in map units. */
    get extent() {
      const w = this.width / this.scale / 2;
      const h = this.height / this.scale / 2;
      return [this.x - w, this.y - h, this.x + w, this.y + h];
    }

    /** Convert map units to CSS pixels. */
    toScreen(x, y) {
      const s = this.scale;
      return [(x - this.x) * s + this.width / 2, (this.y - y) * s + this.height / 2];
    }

    /** Convert CSS pixels to map units. */
    toMap(px, py) {
      const s = this.scale;
      return [(px - this.width / 2) / s + this.x, this.y - (py - this.height / 2) / s];
    }

    /** Move the points by (dx, dy) CSS pixels; the centre stays within the points' bounds. */
    panBy(dx, dy) {
      this.moveTo(this.x - dx / this.scale, this.y + dy / this.scale);
    }

    /** Put the centre at (x, y) map units, held within the points' bounds. */
    moveTo(x, y) {
      const [x0, y0, x1, y1] = this.bounds;
      this.x = clamp(x, x0 - this.left / this.scale / 2, x1);
      this.y = clamp(y, y0, y1);
    }

    /** Zoom by a factor around a point of the screen, which stays where it is. */
    zoomAt(px, py, factor) {
      const [x, y] = this.toMap(px, py);
      this.zoom = clamp(this.zoom * factor, MIN_ZOOM, MAX_ZOOM);
      const [nx, ny] = this.toMap(px, py);
      this.moveTo(this.x + x - nx, this.y + y - ny);
    }

    /** The view as plain numbers. */
    get view() {
      return { x: this.x, y: this.y, zoom: this.zoom };
    }

    /** Go to a view as `view` returns it. */
    set view({ x, y, zoom }) {
      this.zoom = clamp(zoom, MIN_ZOOM, MAX_ZOOM);
      this.moveTo(x, y);
    }
  }

  /**
   * Diameter of a point in CSS pixels: grows as the points come apart, and is small in big maps.
   * `core/maps/raster.py` has the same formula.
   */
  function pointSize(scale, n) {
    return clamp((0.33 * scale) / Math.sqrt(Math.max(1, n)), 2, 10);
  }

  window.Vitrine.map.Camera = Camera;
  window.Vitrine.map.pointSize = pointSize;
})();
