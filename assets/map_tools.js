/** What stands around the points: buttons, status line, announcements, messages, the lasso's line. */
(() => {
  'use strict';

  const SVG = 'http://www.w3.org/2000/svg';

  /** Icons as paths in a box of 24 × 24, drawn as lines. */
  const ICONS = {
    pan: 'M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3',
    lasso:
      'M12 4c5 0 9 2.5 9 6s-4 6-9 6-9-2.5-9-6 4-6 9-6M7 15.5c-2 .5-2.5 3-.5 3.5s1.5 2-.5 2.5',
    box: 'M4 8V4h4M11 4h2M16 4h4v4M20 11v2M20 16v4h-4M13 20h-2M8 20H4v-4M4 13v-2',
    view: 'M3 8V5a2 2 0 0 1 2-2h3M16 3h3a2 2 0 0 1 2 2v3M21 16v3a2 2 0 0 1-2 2h-3M8 21H5a2 2 0 0 1-2-2v-3M8 12l3 3 5-6',
    clear: 'M6 6l12 12M18 6L6 18',
    near: 'M12 12L4 5M12 12l9-6M12 12l7 8M12 12l-6 8M12 9.5a2.5 2.5 0 1 0 .01 0',
    themes: 'M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 8.2a1.3 1.3 0 1 0 .01 0',
    turn: 'M8 5.5v13l10.5-6.5z',
    in: 'M12 5v14M5 12h14',
    out: 'M5 12h14',
    reset: 'M4 4v5h5M20 20v-5h-5M5 15a7.5 7.5 0 0 0 13 2.5M19 9A7.5 7.5 0 0 0 6 6.5',
  };

  /** The buttons in their order: action, label with key, and kind; null is a gap. */
  const BUTTONS = [
    ['pan', 'Pan the map (P)', 'tool'],
    ['lasso', 'Lasso: draw around points (L)', 'tool'],
    ['box', 'Box: drag a rectangle (B)', 'tool'],
    ['view', 'Select what is in view (V)', 'act'],
    ['clear', 'Clear the selection (Esc)', 'act'],
    null,
    ['near', 'Lines to true neighbours (N)', 'toggle'],
    ['themes', 'Pictures of the largest themes (I)', 'toggle'],
    null,
    ['in', 'Zoom in (+)', 'act'],
    ['out', 'Zoom out (−)', 'act'],
    ['reset', 'Show the whole map (0)', 'act'],
  ];

  /** An icon as an SVG element. */
  function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', ICONS[name]);
    if (name === 'lasso') path.setAttribute('stroke-dasharray', '3.4 2.6');
    svg.append(path);
    return svg;
  }

  /** An element with a class, inside a parent. */
  function add(parent, tag, className) {
    const node = document.createElement(tag);
    node.className = className;
    parent.append(node);
    return node;
  }

  /** Buttons for the tools and for zooming. */
  class Toolbar {
    /**
     * @param {function(string)} act called with the action of a pressed button
     * @param {(string[]|null)[]} buttons action, label and kind of each; null is a gap
     */
    constructor(stage, act, buttons = BUTTONS) {
      this.box = add(stage, 'div', 'vt-map-tools');
      this.box.setAttribute('role', 'group');
      this.box.setAttribute('aria-label', 'Map tools');
      this.buttons = new Map();
      for (const button of buttons) {
        if (button) this.addButton(button, act);
        else add(this.box, 'div', 'vt-map-tools-gap');
      }
      this.setTool('pan');
      this.setSelected(false);
    }

    /** Add one button. */
    addButton([action, label, kind], act) {
      const button = add(this.box, 'button', 'vt-map-button');
      button.type = 'button';
      button.title = label;
      button.setAttribute('aria-label', label);
      if (kind !== 'act') button.setAttribute('aria-pressed', 'false');
      button.dataset.kind = kind;
      button.dataset.action = action;
      button.append(icon(action));
      button.addEventListener('click', () => act(action));
      this.buttons.set(action, button);
    }

    /** Show which tool is in hand. */
    setTool(tool) {
      for (const [action, button] of this.buttons) {
        if (button.dataset.kind === 'tool') {
          button.setAttribute('aria-pressed', String(action === tool));
        }
      }
    }

    /** Show whether something is on. */
    setToggle(action, on) {
      this.buttons.get(action).setAttribute('aria-pressed', String(on));
    }

    /** Offer to clear only when there is something to clear; the focus is not lost with it. */
    setSelected(selected) {
      const button = this.buttons.get('clear');
      if (!button) return;
      if (!selected && document.activeElement === button) button.closest('.vt-map').focus();
      button.disabled = !selected;
    }

    /** The box that labels keep away from, in CSS pixels of the stage. */
    get obstacle() {
      const { offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h } = this.box;
      return { x, y, w, h };
    }
  }

  /** The status line, the announcements for screen readers, and messages over the map. */
  class Notices {
    /** @param {function()} retry called by the button of an error message */
    constructor(stage, retry) {
      this.status = add(stage, 'div', 'vt-map-status');
      this.live = add(stage, 'div', 'vt-map-hidden');
      this.live.setAttribute('role', 'status');
      this.live.setAttribute('aria-live', 'polite');
      this.box = add(stage, 'div', 'vt-map-message');
      this.box.hidden = true;
      this.retry = retry;
    }

    /** Say how much is drawn, how it was chosen, and how much is selected. */
    setStatus(drawn, total, selected, { before = '', how = '' } = {}) {
      const number = (n) => n.toLocaleString('en');
      const chosen = selected === null ? '' : ` · ${number(selected)} selected`;
      this.status.textContent = `${before}${number(drawn)} of ${number(total)} drawn${how}${chosen}`;
    }

    /** Tell a screen reader. */
    announce(text) {
      this.live.textContent = text;
    }

    /** Show that something failed without covering the map. */
    warn(text) {
      this.status.textContent = text;
      this.status.classList.add('is-warning');
      clearTimeout(this.warned);
      this.warned = setTimeout(() => this.status.classList.remove('is-warning'), 6000);
      this.announce(text);
    }

    /** Cover the map with a message: kind is "loading", "empty", "error", or "" for none. */
    message(kind, text = '') {
      this.box.hidden = kind === '';
      this.box.className = `vt-map-message is-${kind || 'none'}`;
      this.box.replaceChildren();
      if (!kind) return;
      add(this.box, 'p', '').textContent = text;
      if (kind !== 'error') return;
      this.announce(text);
      const button = add(this.box, 'button', 'btn btn-outline-primary btn-sm');
      button.type = 'button';
      button.textContent = 'Try again';
      button.addEventListener('click', this.retry);
    }
  }

  /** The lasso's outline and the ring around the point under the pointer. */
  class Ink {
    constructor(stage) {
      this.svg = document.createElementNS(SVG, 'svg');
      this.svg.setAttribute('class', 'vt-map-ink');
      this.svg.setAttribute('aria-hidden', 'true');
      this.leaders = document.createElementNS(SVG, 'path');
      this.leaders.setAttribute('class', 'vt-map-leaders');
      this.outline = document.createElementNS(SVG, 'polygon');
      this.ring = document.createElementNS(SVG, 'circle');
      this.marked = document.createElementNS(SVG, 'g');
      this.marked.setAttribute('class', 'vt-map-mark');
      for (let i = 0; i < 2; i++) this.marked.append(document.createElementNS(SVG, 'circle'));
      this.svg.append(this.leaders, this.outline, this.marked, this.ring);
      stage.append(this.svg);
      this.draw([]);
      this.circle(null);
      this.mark(null);
    }

    /** Draw a polygon in CSS pixels; none for an empty one. */
    draw(polygon) {
      this.outline.setAttribute('points', polygon.map((p) => p.join(',')).join(' '));
      this.outline.style.display = polygon.length ? '' : 'none';
    }

    /** Draw the ring around [x, y]; none for null. */
    circle(place, radius = 8) {
      this.ring.style.display = place ? '' : 'none';
      if (!place) return;
      this.ring.setAttribute('cx', place[0]);
      this.ring.setAttribute('cy', place[1]);
      this.ring.setAttribute('r', radius);
    }

    /** Mark the point at [x, y] for as long as the page shows its item; none for null. */
    mark(place, radius = 8) {
      this.marked.style.display = place ? '' : 'none';
      if (!place) return;
      this.marked.setAttribute('transform', `translate(${place[0]} ${place[1]})`);
      for (const circle of this.marked.children) circle.setAttribute('r', radius + 2);
    }
  }

  Object.assign(window.Vitrine.map, { Toolbar, Notices, Ink, addElement: add });
})();
