/** Pictures over the map: the one under the pointer, and those at their points. */
(() => {
  'use strict';

  const KEPT = 300; // thumbnails remembered for the tooltip
  const SMALL = 64; // pictures up to so many pixels are enlarged as sharp squares

  /** Show small pictures pixel by pixel. */
  function sharpen(image) {
    const small = Math.max(image.naturalWidth, image.naturalHeight) <= SMALL;
    image.classList.toggle('is-small', small);
  }

  /** The picture, name and row of the point under the pointer. */
  class Tooltip {
    constructor(stage) {
      this.box = document.createElement('div');
      this.box.className = 'vt-map-tooltip';
      this.box.setAttribute('aria-hidden', 'true');
      this.box.hidden = true;
      this.frame = document.createElement('div');
      this.frame.className = 'vt-map-tooltip-picture';
      this.caption = document.createElement('div');
      this.caption.className = 'vt-map-tooltip-caption';
      this.box.append(this.frame, this.caption);
      stage.append(this.box);
      this.cache = new Map();
      this.loading = null;
      this.row = -1;
      this.loads = 0;
    }

    /**
     * Show a point's picture beside it.
     * @param {number} row
     * @param {string} url of the thumbnail, "" for none
     * @param {{name: string, colour: string}} about the point's category
     * @param {{x: number, y: number, width: number, height: number}} place point and host size
     */
    show(row, url, about, place) {
      if (row !== this.row) {
        this.row = row;
        this.frame.replaceChildren();
        this.frame.hidden = url === '';
        const dot = document.createElement('i');
        dot.style.background = about.colour;
        this.caption.replaceChildren(dot, about.name);
        if (url) this.load(url);
      }
      this.box.hidden = false;
      this.move(place);
    }

    /** Put the box right of and above the point, or on the other side, but inside the host. */
    move({ x, y, width, height }) {
      const [w, h] = [this.box.offsetWidth, this.box.offsetHeight];
      const left = x + 14 + w <= width ? x + 14 : x - 14 - w;
      const top = y - 14 - h >= 0 ? y - 14 - h : y + 14;
      const within = (value, most) => Math.round(Math.max(4, Math.min(value, most - 4)));
      this.box.style.transform =
        `translate(${within(left, width - w)}px, ${within(top, height - h)}px)`;
    }

    /** Show a thumbnail: the remembered one, else read it and stop reading any other. */
    load(url) {
      if (this.loading) this.loading.removeAttribute('src');
      this.loading = null;
      const known = this.cache.get(url);
      if (known) {
        this.frame.replaceChildren(known);
        return;
      }
      const image = new Image();
      image.alt = '';
      this.loading = image;
      this.loads += 1;
      image.onload = () => {
        if (image !== this.loading) return;
        this.loading = null;
        sharpen(image);
        this.remember(url, image);
        this.frame.replaceChildren(image);
      };
      image.onerror = () => {
        if (image !== this.loading) return;
        this.loading = null;
        this.frame.textContent = 'no picture';
      };
      image.src = url;
    }

    /** Keep a thumbnail, dropping the oldest of too many. */
    remember(url, image) {
      this.cache.set(url, image);
      if (this.cache.size > KEPT) this.cache.delete(this.cache.keys().next().value);
    }

    /** Hide the box and stop reading. */
    hide() {
      if (this.loading) this.loading.removeAttribute('src');
      this.loading = null;
      this.row = -1;
      this.box.hidden = true;
    }

    /** Forget all pictures: another map came. */
    clear() {
      this.hide();
      this.cache.clear();
    }
  }

  /** Thumbnails on the map. */
  class Pictures {
    constructor(stage) {
      this.box = document.createElement('div');
      this.box.className = 'vt-map-pictures';
      this.box.setAttribute('aria-hidden', 'true');
      stage.append(this.box);
      this.shown = new Map();
      this.places = new Map();
      this.kind = '';
    }

    /**
     * Show these pictures.
     * @param {Map<number, {x: number, y: number, w: number, h: number}>} places row → its box
     * @param {string} kind "point", or "theme" for pictures that stand for many
     * @param {function(number): {url: string, colour: string, dimmed: boolean}} describe
     */
    place(places, kind, describe) {
      this.places = places;
      this.kind = kind;
      for (const [row, node] of this.shown) {
        if (!places.has(row)) {
          node.remove();
          this.shown.delete(row);
        }
      }
      for (const [row, box] of places) this.put(row, box, describe(row));
    }

    /** The boxes that pictures take. */
    boxes() {
      return [...this.places.values()];
    }

    /** The row whose picture is at a place in CSS pixels, -1 if none. */
    at(px, py) {
      const point = { x: px, y: py, w: 0, h: 0 };
      for (const [row, box] of this.places) if (Vitrine.map.overlap(box, point)) return row;
      return -1;
    }

    /** Show or move one picture. */
    put(row, { x, y }, { url, colour, dimmed }) {
      let node = this.shown.get(row);
      if (!node) {
        node = new Image();
        node.alt = '';
        node.className = 'vt-map-picture';
        node.onload = () => {
          sharpen(node);
          node.classList.add('is-loaded');
        };
        node.src = url;
        this.shown.set(row, node);
        this.box.append(node);
      }
      node.style.borderColor = colour;
      node.classList.toggle('is-theme', this.kind === 'theme');
      node.classList.toggle('is-dimmed', dimmed);
      node.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    }

    /** Take all pictures away. */
    clear() {
      this.place(new Map(), '');
    }
  }

  Object.assign(window.Vitrine.map, { Tooltip, Pictures });
})();
