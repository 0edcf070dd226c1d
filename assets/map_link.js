/**
 * Two maps that show the same items: what is pointed at, marked and selected on one is on the other.
 *
 * Hosts (`.vt-map`) with the same data-link belong together; the first of them in the document is
 * the page's own, whose set, selection and inspector count. Attributes read here:
 *   data-link            name of the group
 *   data-link-rows       on a host of another set: URL of int32[n], the leader's row of each row
 *   data-link-translate  on the same host: URL that makes a selection one of another set
 * Events: `vt-hover` {row} from a host (row −1 is none), `vt-point` {row} on the document.
 * A line with class vt-linked-notice, where there is one, says what could not be carried over.
 */
(() => {
  'use strict';

  const SELECTOR = '.vt-map[data-link]';
  const given = new WeakMap(); // host → selection it was last given here, or began with
  const asked = new WeakMap(); // host → number of the latest question about its selection
  const tables = new Map(); // URL of matching rows → promise of {to, back}
  let pointing = false;

  /** The hosts of a host's group, the leader first. */
  function groupOf(host) {
    const all = [...document.querySelectorAll(SELECTOR)];
    return all.filter((other) => other.dataset.link === host.dataset.link);
  }

  /** Read which rows match; kept, since the address names the content. */
  function tableOf(url) {
    if (!tables.has(url)) {
      const read = fetch(url).then(async (answer) => {
        if (!answer.ok) throw new Error(await window.Vitrine.map.errorText(answer));
        const to = new Int32Array(await answer.arrayBuffer());
        const most = to.reduce((high, row) => Math.max(high, row), -1);
        const back = new Int32Array(most + 1).fill(-1);
        to.forEach((row, own) => {
          if (row >= 0) back[row] = own;
        });
        return { to, back };
      });
      read.catch(() => tables.delete(url));
      tables.set(url, read);
    }
    return tables.get(url);
  }

  /** A row of one host as a row of another of its group; −1 where it is not there. */
  async function carryRow(from, to, row) {
    if (row < 0) return -1;
    let own = row;
    if (from.dataset.linkRows) own = (await tableOf(from.dataset.linkRows)).to[own] ?? -1;
    if (own < 0 || !to.dataset.linkRows) return own;
    return (await tableOf(to.dataset.linkRows)).back[own] ?? -1;
  }

  /** Say something under the maps; "" takes it away. */
  function tell(host, text) {
    const frame = host.closest('.vt-linked-frame');
    const line = frame && frame.querySelector('.vt-linked-notice');
    if (line) line.textContent = text;
  }

  /** Do what may fail without harm to the rest, and say why it failed. */
  function trying(host, act) {
    act().catch((problem) => tell(host, `The other map does not follow: ${problem.message}`));
  }

  /** Fill a store of the page. */
  function fill(id, data) {
    if (!id || !window.dash_clientside) return;
    window.dash_clientside.set_props(id.startsWith('{') ? JSON.parse(id) : id, { data });
  }

  // -- pointing and marking ----------------------------------------------------------------------

  /** Point at a row on one host; −1 takes the ring away. */
  function pointAt(host, row) {
    const map = host.vitrineMap;
    if (!map || !map.pointAt) return;
    pointing = true; // what this host now reports was asked for here
    try {
      map.pointAt(row);
    } finally {
      pointing = false;
    }
  }

  /** The pointer is on a point of a host: ring the same item on the others. */
  function onHover(event) {
    const host = event.target.closest && event.target.closest(SELECTOR);
    if (pointing || !host) return;
    for (const other of groupOf(host)) {
      if (other !== host) pointSoon(host, other, event.detail.row);
    }
  }

  /** Point at the same item, unless the pointer has moved on while rows were read. */
  function pointSoon(from, to, row) {
    to.linkedHover = row;
    trying(to, async () => {
      const there = await carryRow(from, to, row);
      if (to.linkedHover === row) pointAt(to, there);
    });
  }

  /** The page points at one of its rows: hosts of other sets ring theirs. */
  function onPoint(event) {
    for (const host of document.querySelectorAll(`${SELECTOR}[data-link-rows]`)) {
      const [leader] = groupOf(host);
      // After the map itself, which takes the row for its own.
      setTimeout(() => pointSoon(leader, host, event.detail.row), 0);
    }
  }

  /** The page marks another item on the leader. */
  function onMarked(leader) {
    const text = leader.dataset.marked || '';
    for (const host of groupOf(leader).slice(1)) {
      trying(host, async () => {
        const row = await carryRow(leader, host, text === '' ? -1 : Number(text));
        if ((leader.dataset.marked || '') === text) host.dataset.marked = row < 0 ? '' : String(row);
      });
    }
  }

  /** An item of another set was clicked: show it in the page's inspector, if the page has it. */
  function inspected(data) {
    const host = document.querySelector(`${SELECTOR}[data-link-rows]`);
    if (host && data && Number.isInteger(data.row)) {
      const [leader] = groupOf(host);
      trying(host, async () => {
        const row = await carryRow(host, leader, data.row);
        tell(host, row < 0 ? `This image is not in ${leader.dataset.set}.` : '');
        if (row >= 0) fill(leader.dataset.inspectStore, { row });
      });
    }
    return window.dash_clientside.no_update;
  }

  // -- selecting ---------------------------------------------------------------------------------

  /** The selection of one host, as one of another's set. */
  async function translated(from, to) {
    const selection = from.dataset.base || '';
    if (!selection || from.dataset.set === to.dataset.set) return { selection };
    const url = from.dataset.linkTranslate || to.dataset.linkTranslate;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ from: from.dataset.set, to: to.dataset.set, selection }),
    });
    if (!answer.ok) throw new Error(await window.Vitrine.map.errorText(answer));
    return answer.json();
  }

  /** Show the selection of one host on another; null when a later one has overtaken it. */
  async function carry(from, to) {
    const mine = (asked.get(to) || 0) + 1;
    asked.set(to, mine);
    const made = await translated(from, to);
    if (asked.get(to) !== mine) return null;
    const id = encodeURIComponent(made.selection);
    given.set(to, made.selection);
    to.dataset.base = made.selection;
    to.dataset.mask = id ? to.dataset.select.replace(/select$/, `selection/${id}/mask`) : '';
    return made;
  }

  /** A host shows another selection: if a person made it there, the whole group shows it. */
  function onSelected(host) {
    const [leader, ...others] = groupOf(host);
    const now = host.dataset.base || '';
    if (!leader || given.get(host) === now) return;
    given.set(host, now);
    trying(host, async () => {
      if (host !== leader) {
        const before = leader.dataset.base || '';
        const made = await carry(host, leader);
        if (!made) return;
        // The page, too, gives a host the selection that it has: that is no news.
        const news = made.missing > 0 || made.selection !== before;
        if (news && host.dataset.set !== leader.dataset.set) report(host, leader, made);
      } else {
        tell(host, '');
      }
      for (const other of others) await carry(leader, other);
    });
  }

  /** Tell the page of a selection that was made on a map of another set. */
  function report(host, leader, { selection, count, total, missing }) {
    const gone = missing
      ? `${missing.toLocaleString('en')} of the selected are not in ${leader.dataset.set}.`
      : '';
    tell(host, gone);
    fill(leader.dataset.selectionStore, selection ? { selection, count, total } : null);
  }

  // -- following the document --------------------------------------------------------------------

  /** Take up hosts that have come: what they show at first was given to them by the page. */
  function meet(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const hosts = [...node.querySelectorAll(SELECTOR)];
    if (node.matches(SELECTOR)) hosts.push(node);
    for (const host of hosts) given.set(host, host.dataset.base || '');
  }

  /** Act on what changed. */
  function onChanges(records) {
    for (const { type, target, attributeName, addedNodes } of records) {
      if (type === 'childList') addedNodes.forEach(meet);
      else if (attributeName === 'data-set' && target.matches(SELECTOR)) meet(target);
      else if (!target.matches(SELECTOR)) continue;
      else if (attributeName === 'data-base') onSelected(target);
      else if (target === groupOf(target)[0]) onMarked(target);
    }
  }

  /** Begin with what is there, and follow every change. */
  function start() {
    meet(document.documentElement);
    new MutationObserver(onChanges).observe(document.documentElement, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ['data-base', 'data-marked', 'data-set'],
    });
    document.addEventListener('vt-hover', onHover);
    document.addEventListener('vt-point', onPoint);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.vitrineLink = { inspected };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
