/** Pointer, wheel and keyboard on a map, turned into what a person means by them. */
(() => {
  'use strict';

  const STILL = 4; // CSS pixels a pressed pointer may stray and still be a click
  const LONG_STILL = 10; // the same for a finger
  const HOLD = 550; // milliseconds after which a finger that stays is a long press
  const REACH = { mouse: 9, pen: 12, touch: 20 }; // CSS pixels around a press that it points at

  /** The way a new selection joins the present one, by the keys held. */
  function selectionMode(event) {
    if (event.altKey) return 'subtract';
    return event.shiftKey ? 'add' : 'replace';
  }

  /**
   * Watches a surface and calls a handler:
   *   pan(dx, dy), zoom(px, py, factor), reset(), click(px, py, reach), hover(px, py), leave(),
   *   hold(px, py, reach) when a finger is pressed and stays,
   *   outline(polygon) while a lasso or box is drawn ([] when it is given up),
   *   select(polygon, mode) when it is done.
   * All places are CSS pixels of the surface.
   */
  class Gestures {
    /**
     * @param {AbortSignal} signal ends the watching
     * @param {boolean} draws whether a lasso or box can be drawn; else every drag pans
     */
    constructor(surface, handler, signal, { draws = true } = {}) {
      this.draws = draws;
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
      on('contextmenu', (e) => this.pointers.size && e.preventDefault()); // a long press is ours
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
      clearTimeout(this.held);
      if (this.pointers.size === 2) this.giveUp();
      if (this.pointers.size > 1) return;
      const drawing = this.draws && event.button === 0;
      const panning = !drawing || (this.tool === 'pan' && !event.shiftKey);
      const kind = panning ? 'pan' : this.tool === 'box' ? 'box' : 'lasso';
      this.drag = { kind, from: at, last: at, path: [at], moved: false };
      if (event.pointerType === 'touch') this.held = setTimeout(() => this.hold(at), HOLD);
    }

    /** A finger has stayed where it was pressed: letting go of it does nothing more. */
    hold(at) {
      if (!this.drag || this.drag.moved) return;
      this.drag = null;
      this.handler.hold(...at, REACH.touch);
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
      clearTimeout(this.held);
      const { drag } = this;
      if (!drag || this.pointers.size) return;
      const at = this.place(event);
      const polygon = this.shape(at);
      this.drag = null;
      if (!drag.moved) {
        if (event.button === 0) this.handler.click(...at, REACH[event.pointerType] || REACH.mouse);
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
      clearTimeout(this.held);
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
    n: 'near',
    i: 'themes',
    Enter: 'show',
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
  function keyAction(event, keys = KEYS) {
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    if (event.key === 'Enter' && event.target.closest('button, a')) return null; // its own
    return keys[event.key.length === 1 ? event.key.toLowerCase() : event.key] || null;
  }

  Object.assign(window.Vitrine.map, { Gestures, keyAction });
})();
