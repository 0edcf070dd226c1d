/**
 * Where a map in three dimensions is looked at from: it stands upright on a turntable, and the eye
 * goes up and down. Places are 0..1 along each axis; the middle of the map stays in the middle.
 */
(() => {
  'use strict';

  const EYE = 3; // distance of the eye from the middle, in radii of the map
  const ROOM = 0.94; // share of the host's shorter side that the map may take
  const STEEPEST = 1.55; // radians up or down, just short of upright
  const FIRST = { azimuth: 0.6, elevation: 0.35, zoom: 1 };
  const ZOOMS = [0.5, 40];

  /** Turns and projects places. */
  class CubeCamera {
    constructor() {
      this.width = 1;
      this.height = 1;
      this.radius = 0.5;
      this.reset();
    }

    /** Go to the first view. */
    reset() {
      Object.assign(this, FIRST);
    }

    /** Set the size of the host in CSS pixels. */
    resize(width, height) {
      this.width = Math.max(1, width);
      this.height = Math.max(1, height);
    }

    /** Turn by (dx, dy) CSS pixels of a drag. */
    turnBy(dx, dy) {
      this.azimuth += dx * 0.008;
      const steep = this.elevation + dy * 0.008;
      this.elevation = Math.min(STEEPEST, Math.max(-STEEPEST, steep));
    }

    /** Come nearer or go away. */
    zoomBy(factor) {
      this.zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], this.zoom * factor));
    }

    /** The view as plain numbers. */
    get view() {
      return { azimuth: this.azimuth, elevation: this.elevation, zoom: this.zoom };
    }

    set view({ azimuth, elevation, zoom }) {
      Object.assign(this, { azimuth, elevation, zoom });
      this.turnBy(0, 0);
      this.zoomBy(1);
    }

    /** Rows of the rotation: to the right, up, and towards the eye. */
    get rotation() {
      const [ca, sa] = [Math.cos(this.azimuth), Math.sin(this.azimuth)];
      const [ce, se] = [Math.cos(this.elevation), Math.sin(this.elevation)];
      return [
        [ca, 0, sa],
        [se * sa, ce, -se * ca],
        [-ce * sa, se, ce * ca],
      ];
    }

    /** CSS pixels of one unit at the middle of the map. */
    get scale() {
      const widest = this.radius / Math.sqrt(1 - 1 / (EYE * EYE)); // of a ball as the eye sees it
      return ((Math.min(this.width, this.height) * ROOM) / 2 / widest) * this.zoom;
    }

    /** Distance of the eye in map units. */
    get eye() {
      return EYE * this.radius;
    }

    /** Make a function of a place → [px, py, how far it lies before the middle in map units]. */
    projector() {
      const [[xx, , xz], [yx, yy, yz], [zx, zy, zz]] = this.rotation;
      const { scale, eye } = this;
      const [w, h] = [this.width / 2, this.height / 2];
      return (x, y, z) => {
        const [u, v, n] = [x - 0.5, y - 0.5, z - 0.5];
        const near = zx * u + zy * v + zz * n;
        const k = (scale * eye) / (eye - near);
        return [w + k * (xx * u + xz * n), h - k * (yx * u + yy * v + yz * n), near];
      };
    }
  }

  /** Diameter in CSS pixels of a point at the middle. */
  function cubePointSize(scale, n) {
    return Math.min(8, Math.max(2.5, (0.55 * scale) / Math.sqrt(Math.max(1, n))));
  }

  Object.assign(window.Vitrine.map, { CubeCamera, cubePointSize });
})();
