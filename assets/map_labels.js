/** Names of clusters over the map, where they do not cover each other. */
(() => {
  'use strict';

  const GAP = 4; // CSS pixels kept free around a label

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
        return { x, y, index, node, dot, w: 0, h: 0 };
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

    /** Put each label at its place unless one before it, or an obstacle, is there. */
    place(camera, obstacles) {
      const taken = [...obstacles];
      for (const label of this.labels) {
        const [cx, cy] = camera.toScreen(label.x, label.y);
        const outside = cx < 0 || cy < 0 || cx > camera.width || cy > camera.height;
        const spot = outside ? null : this.freeSpot(label, cx, cy, camera, taken);
        label.node.hidden = !spot;
        if (!spot) continue;
        taken.push(spot);
        label.node.style.transform = `translate(${Math.round(spot.x)}px, ${Math.round(spot.y)}px)`;
      }
    }

    /** The first free box among the centre, above and below; null if all are taken. */
    freeSpot({ w, h }, cx, cy, camera, taken) {
      const x = Math.min(Math.max(cx - w / 2, GAP), camera.width - w - GAP);
      for (const shift of [0, -h, h]) {
        const y = Math.min(Math.max(cy - h / 2 + shift, GAP), camera.height - h - GAP);
        const box = { x: x - GAP / 2, y: y - GAP / 2, w: w + GAP, h: h + GAP };
        if (!taken.some((other) => Vitrine.map.overlap(box, other))) {
          return { ...box, x, y };
        }
      }
      return null;
    }
  }

  window.Vitrine.map.Labels = Labels;
})();
