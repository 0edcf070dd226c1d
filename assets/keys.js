// Keys that work on every page; the help dialog lists them and can switch them off.
(function () {
  "use strict";

  const STORED = "vitrine-keys";
  const WAIT = 1200; // milliseconds between "g" and the letter of a page
  let going = 0;

  function switchedOn() {
    try {
      return localStorage.getItem(STORED) !== "off";
    } catch {
      return true;
    }
  }

  function remember(on) {
    try {
      localStorage.setItem(STORED, on ? "on" : "off");
    } catch {
      // storage is blocked: the choice lasts until the page is left
    }
  }

  const typing = (element) =>
    element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  const dialog = () => document.getElementById("vt-help");

  function openHelp() {
    const help = dialog();
    if (!help || help.open) return;
    window.dash_clientside.set_props("vt-keys-on", { value: switchedOn() });
    help.showModal();
  }

  function closeInspector() {
    const button = document.querySelector(".vt-inspector:not([hidden]) [data-vt-close]");
    if (button) button.click();
    return Boolean(button);
  }

  function focusFirst() {
    const filter = document.querySelector(".vt-filter:not([hidden])");
    if (filter) filter.open = true;
    const field =
      document.getElementById("explore-filter-column") || document.getElementById("vt-set");
    if (field) field.focus();
    return Boolean(field);
  }

  // Keys that press a button of the page: x and k decide, z and Z undo and do again.
  function pressButton(key) {
    const button = document.querySelector(`[data-vt-key="${CSS.escape(key)}"]`);
    if (button) button.click();
    return Boolean(button);
  }

  function go(letter) {
    const link = document.querySelector(`[data-vt-go="${letter}"] a`);
    if (link) link.click();
    return Boolean(link);
  }

  // Ctrl+Z and Ctrl+Shift+Z, as everywhere; a field keeps its own.
  function undoKey(event) {
    const chord = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (!chord || event.key.toLowerCase() !== "z" || typing(event.target)) return false;
    return pressButton(event.shiftKey ? "Z" : "z");
  }

  function onKey(event) {
    const help = dialog();
    if (help && help.open) return; // the dialog closes itself on Escape
    if (undoKey(event)) event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const filter = window.vitrinePages && window.vitrinePages.closeFilter();
      if (filter || closeInspector()) event.stopPropagation();
      return;
    }
    if (typing(event.target) || !switchedOn()) return;
    const letter = event.key.toLowerCase();
    const waiting = Date.now() - going < WAIT;
    going = 0;
    let done = false;
    if (waiting && /^[a-z]$/.test(letter)) done = go(letter);
    else if (letter === "g") going = Date.now();
    else if (letter === "/") done = focusFirst();
    else if (letter === "?") {
      openHelp();
      done = true;
    } else done = pressButton(event.key);
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", (event) => {
    const action = event.target.closest && event.target.closest("[data-vt-action]");
    if (!action) return;
    if (action.dataset.vtAction === "help") openHelp();
    if (action.dataset.vtAction === "close-help") dialog().close();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "vt-keys-on") remember(event.target.checked);
  });
})();
