/** Pointer, wheel and keyboard on a map, turned into what a person means by them. */
(() => {
  'use strict';

  const STILL = 4; // CSS pixels a pressed pointer may stray and still be a click
  const LONG_STILL = 10; // the same for a finger

  /** The way a new selection joins the present one, by the keys held. */
  function selectionMode(event) {
    if (event.altKey) return 'subtract';
    return event.shiftKey ? 'add' : 'replace';
  }

  /**
   * Watches a surface and calls a handler:
   *   pan(dx, dy), zoom(px, py, factor), reset(), click(px, py, reach), hover(px, py), leave(),
   *   outline(polygon) while a lasso or box is drawn ([] when it is given up),
   *   select(polygon, mode) when it is done.
   * All places are CSS pixels of the surface.
   */
  class Gestures {
    /** @param {AbortSignal} signal ends the watching */
    constructor(surface, handler, signal) {
      this.surface = surface;
      this.handler = handler;
      this.tool = 'pan';
      this.pointers = new Map();
      this.drag = null;
      const on = (type, act) =>
        surface.addEventListener(type, act.bind(this), { signal, passive: false });
      on('pointerdown', this.onDown);
      on('pointermove', this.onMove);
      on('pointerup', this.onUp);
      on('pointercancel', this.onCancel);
      on('pointerleave', (e) => e.pointerType === 'mouse' && handler.leave());
      on('wheel', this.onWheel);
      on('dblclick', () => this.tool === 'pan' && handler.reset());
    }

    /** The place of an event on the surface. */
    place(event) {
      const box = this.surface.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    /** A pointer is pressed: begin a drag, or a pinch when it is the second finger. */
    onDown(event) {
      if (event.button > 1) return;
      const at = this.place(event);
      this.pointers.set(event.pointerId, at);
      this.surface.setPointerCapture(event.pointerId);
      this.handler.leave();
      if (this.pointers.size === 2) {
        this.giveUp();
        this.pinched = true;
        return;
      }
      if (this.pointers.size > 2) return;
      this.pinched = false;
      const panning = event.button === 1 || (this.tool === 'pan' && !event.shiftKey);
      const kind = panning ? 'pan' : this.tool === 'box' ? 'box' : 'lasso';
      this.drag = { kind, from: at, last: at, path: [at], moved: false };
    }

    /** A pointer moves: hover, pinch, or go on with the drag. */
    onMove(event) {
      const at = this.place(event);
      if (!this.pointers.has(event.pointerId)) {
        if (event.pointerType !== 'touch') this.handler.hover(...at);
        return;
      }
      if (this.pointers.size === 2) this.pinch(event.pointerId, at);
      this.pointers.set(event.pointerId, at);
      if (this.drag) this.goOn(event, at);
    }

    /** Go on with a drag. */
    goOn(event, at) {
      const { drag } = this;
      const far = Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]);
      if (!drag.moved && far <= (event.pointerType === 'touch' ? LONG_STILL : STILL)) return;
      drag.moved = true;
      if (drag.kind === 'pan') {
        this.handler.pan(at[0] - drag.last[0], at[1] - drag.last[1]);
      } else {
        const steps = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
        for (const step of steps.length ? steps : [event]) drag.path.push(this.place(step));
        this.handler.outline(this.shape(at));
      }
      drag.last = at;
    }

    /** The polygon of the present drag. */
    shape(at) {
      const { kind, from, path } = this.drag;
      return kind === 'box' ? Vitrine.map.rectangle(from, at) : path;
    }

    /** Two fingers: zoom by their distance, move with their middle. */
    pinch(id, at) {
      const [otherId] = [...this.pointers.keys()].filter((key) => key !== id);
      const other = this.pointers.get(otherId);
      const before = this.pointers.get(id);
      const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
      const spread = (a, b) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
      const [mx, my] = middle(at, other);
      const [ox, oy] = middle(before, other);
      this.handler.pan(mx - ox, my - oy);
      this.handler.zoom(mx, my, spread(at, other) / spread(before, other));
    }

    /** A pointer is let go: a click, or the end of a drag. */
    onUp(event) {
      if (!this.pointers.delete(event.pointerId)) return;
      const { drag } = this;
      if (!drag || this.pointers.size) return;
      const at = this.place(event);
      const polygon = this.shape(at);
      this.drag = null;
      if (!drag.moved) {
        const reach = event.pointerType === 'touch' ? 20 : 9;
        if (event.button === 0) this.handler.click(...at, reach);
      } else if (drag.kind !== 'pan') {
        this.handler.outline([]);
        if (Vitrine.map.encloses(polygon)) this.handler.select(polygon, selectionMode(event));
      }
    }

    /** The browser took the pointer away. */
    onCancel(event) {
      this.pointers.delete(event.pointerId);
      this.giveUp();
    }

    /** Stop the present drag without effect; tells whether an outline was being drawn. */
    giveUp() {
      const drawing = this.drag !== null && this.drag.kind !== 'pan';
      this.drag = null;
      if (drawing) this.handler.outline([]);
      return drawing;
    }

    /** Zoom at the pointer; a notch of a wheel and a sweep on a touchpad both feel right. */
    onWheel(event) {
      event.preventDefault();
      const unit = [1, 16, 400][event.deltaMode];
      const notch = Math.max(-120, Math.min(120, event.deltaY * unit));
      const speed = event.ctrlKey ? 0.01 : 0.0022; // ctrl: a pinch on a touchpad
      this.handler.zoom(...this.place(event), Math.exp(-notch * speed));
    }
  }

  const KEYS = {
    l: 'lasso',
    b: 'box',
    p: 'pan',
    v: 'view',
    0: 'reset',
    '+': 'in',
    '=': 'in',
    '-': 'out',
    Escape: 'clear',
    ArrowLeft: 'left',
    ArrowRight: 'right',
    ArrowUp: 'up',
    ArrowDown: 'down',
  };

  /** What a key pressed on the map asks for; null if nothing. */
  function keyAction(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] || null;
  }

  Object.assign(window.Vitrine.map, { Gestures, keyAction });
})();
