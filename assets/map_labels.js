/** Names of clusters beside their points, where they cover neither points nor each other. */
(() => {
  'use strict';

  const GAP = 4; // CSS pixels kept free around a label
  const STEP = 9; // CSS pixels between the places that are tried
  const FARTHEST = 12; // steps away from its points that a label may stand
  const COVERING = 500; // pixels of distance that covering only points is as bad as
  const ANY = 0.05; // share that covering a single point counts as: it may be a whole small group
  const CROWDED = 0.25; // share of a label over points from which no place is worse than another
  const STAYING = 14; // pixels of advantage of the place a label has, so that it does not jump

  /** Places around a middle as [dx, dy] in steps: upwards first, then the sides, then below. */
  const DIRECTIONS = [[0, -1], [1, 0], [-1, 0], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];

  /**
   * The best free box around a place; null if all are taken.
   * @param {{w: number, h: number, shift: number[]|null}} thing what is placed, in CSS pixels;
   *   `shift` keeps how far from the place it stands, so that it does not jump
   * @param {number} cx, cy the place in CSS pixels
   * @param {Vitrine.map.Camera} camera
   * @param {{x: number, y: number, w: number, h: number}[]} taken boxes it must not touch
   * @param {function(number[]): number} occupied share of a box in map units that holds points
   */
  function freeSpot(thing, cx, cy, camera, taken, occupied) {
    const { w, h } = thing;
    const inside = (value, most) => Math.min(Math.max(value, GAP), Math.max(GAP, most - GAP));
    let [best, least] = [null, Infinity];
    const attempt = (dx, dy, bonus) => {
      const far = Math.hypot(dx, dy);
      if (far - bonus >= least) return;
      const x = inside(cx - w / 2 + dx, camera.width - w);
      const y = inside(cy - h / 2 + dy, camera.height - h);
      const box = { x: x - GAP / 2, y: y - GAP / 2, w: w + GAP, h: h + GAP };
      if (taken.some((other) => Vitrine.map.overlap(box, other))) return;
      const [x0, y1] = camera.toMap(box.x, box.y);
      const [x1, y0] = camera.toMap(box.x + box.w, box.y + box.h);
      const share = occupied([x0, y0, x1, y1]);
      const cost = far - bonus + COVERING * Math.min(CROWDED, share > 0 ? ANY + share : 0);
      if (cost >= least) return;
      [best, least] = [{ ...box, x, y }, cost];
      thing.shift = [dx, dy];
    };
    if (thing.shift) attempt(...thing.shift, STAYING);
    attempt(0, 0, 0);
    for (const [dx, dy] of DIRECTIONS) {
      const reach = dx ? w / 2 + h / 2 : h; // sideways a label moves by its width to come clear
      for (let step = 0; step < FARTHEST; step++) {
        const out = (step === 0 ? reach / 2 : reach) + Math.max(0, step - 1) * STEP;
        attempt(dx * out, dy * (dx ? Math.min(out, h + step * STEP) : out), 0);
      }
    }
    return best;
  }

  /** Labels as HTML, so that they are sharp and take the theme's colours. */
  class Labels {
    constructor(stage) {
      this.box = document.createElement('div');
      this.box.className = 'vt-map-labels';
      this.box.setAttribute('aria-hidden', 'true');
      stage.append(this.box);
      this.labels = [];
    }

    /** Set the labels [{x, y, text, index}], the most important first. */
    set(list) {
      this.box.replaceChildren();
      this.labels = list.map(({ x, y, text, index }) => {
        const node = document.createElement('span');
        node.className = 'vt-map-label';
        const dot = document.createElement('i');
        node.append(dot, String(text));
        this.box.append(node);
        return { x, y, text: String(text), index, node, dot, w: 0, h: 0, spot: null, shift: null };
      });
      for (const label of this.labels) {
        label.w = label.node.offsetWidth;
        label.h = label.node.offsetHeight;
        label.node.hidden = true;
      }
    }

    /** Colour the dots from a palette of hex colours. */
    paint(palette) {
      for (const { dot, index } of this.labels) dot.style.background = palette[index] || '';
    }

    /** The label at a place in CSS pixels, null if none. */
    at(px, py) {
      const point = { x: px, y: py, w: 0, h: 0 };
      const over = ({ spot }) => spot && Vitrine.map.overlap(spot, point);
      return this.labels.find(over) || null;
    }

    /**
     * Put each label where it covers least, unless all places are taken by those before it.
     * @param {Vitrine.map.Camera} camera
     * @param {{x: number, y: number, w: number, h: number}[]} obstacles
     * @param {function(number[]): number} occupied share of a box in map units that holds points
     */
    place(camera, obstacles, occupied) {
      const taken = [...obstacles];
      for (const label of this.labels) {
        const [cx, cy] = camera.toScreen(label.x, label.y);
        const outside = cx < 0 || cy < 0 || cx > camera.width || cy > camera.height;
        label.spot = outside ? null : freeSpot(label, cx, cy, camera, taken, occupied);
        label.node.hidden = !label.spot;
        if (!label.spot) continue;
        taken.push(label.spot);
        const { x, y } = label.spot;
        label.node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      }
    }
  }

  Object.assign(window.Vitrine.map, { Labels, freeSpot });
})();
