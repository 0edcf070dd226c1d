// Search by picture and words: what is dropped, pasted, chosen or typed is encoded by the server and
// searched for.
(function () {
  "use strict";

  const TRIES = 30; // each waits up to 20 seconds on the server

  /** The server did not do what was asked; the message is for a person. */
  class Refusal extends Error {}

  const panels = () => [...document.querySelectorAll(".vt-search[data-search-usable='1']")];

  function say(panel, text, kind) {
    const status = panel.querySelector(".vt-search-status");
    if (!status) return;
    status.textContent = text;
    if (kind) status.setAttribute("data-kind", kind);
    else status.removeAttribute("data-kind");
  }

  function tell(id, data) {
    if (id && window.dash_clientside) window.dash_clientside.set_props(JSON.parse(id), { data });
  }

  const NONE = { positives: [], negatives: [], pictures: [], words: [], unwords: [] };

  /** The examples that are searched with now. */
  function examples(panel) {
    const kept = panel.querySelector("[data-search-state]");
    const { query, ...now } = kept ? JSON.parse(kept.dataset.searchState) : {};
    return { ...NONE, ...now };
  }

  async function answerTo(url, options) {
    let answer;
    try {
      answer = await fetch(url, { method: "POST", ...options });
    } catch {
      throw new Refusal("The server did not answer.");
    }
    let given = {};
    try {
      given = await answer.json();
    } catch {
      // an answer from something between us and the server
    }
    if (answer.ok || given.again) return given;
    throw new Refusal(given.error || `The server answered ${answer.status}.`);
  }

  const post = (url, body) =>
    answerTo(url, {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });

  /** Ask until the server has done it: the first request of a set waits for its encoder. */
  async function patiently(panel, ask) {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const given = await ask();
      if (!given.again) return given;
      say(panel, "Loading the encoder…", "busy");
      await new Promise((resume) => setTimeout(resume, 500));
    }
    throw new Refusal("The encoder did not answer. The log of the workspace may say why.");
  }

  async function encode(panel, file) {
    const url = `/api/search/picture?set=${encodeURIComponent(panel.dataset.searchSet)}`;
    const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
    const ask = () => answerTo(url, { headers: { "Content-Type": type }, body: file });
    return (await patiently(panel, ask)).picture;
  }

  /** Have the words of a search read, in the templates that are chosen. */
  async function read(panel, now) {
    const words = [...now.words, ...now.unwords];
    if (!words.length) return now;
    const body = { set: panel.dataset.searchSet, words, templates: templates(panel) };
    const given = await patiently(panel, () => post("/api/search/words", body));
    return { ...now, templates: given.templates };
  }

  const queues = new WeakMap(); // the last thing that each panel was asked to do

  /** Do one thing after another, so that each begins with what the one before has found. */
  function busily(panel, told, work) {
    const before = (queues.get(panel) || Promise.resolve()).catch(() => {});
    queues.set(panel, before.then(() => attempt(panel, told, work)));
  }

  /** Do something while the panel says that it is busy; tell what went wrong. */
  async function attempt(panel, told, work) {
    panel.setAttribute("aria-busy", "true");
    say(panel, told, "busy");
    try {
      await work();
      say(panel, "");
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      say(panel, sentence(problem.message), "error");
    } finally {
      panel.removeAttribute("aria-busy");
    }
  }

  /** Search with examples, tell the page, and wait until it shows them. */
  async function seek(panel, wanted) {
    const set = panel.dataset.searchSet;
    const { usual, within, total, ...found } = await post("/api/search", { set, ...wanted });
    tell(panel.dataset.searchStore, found);
    for (let tried = 0; tried < 100 && panel.isConnected; tried += 1) {
      const kept = panel.querySelector("[data-search-state]");
      if (kept && JSON.parse(kept.dataset.searchState).query === found.query) return;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  function searchFor(panel, files) {
    if (!files.length) return;
    busily(panel, "Reading the picture…", async () => {
      const now = examples(panel);
      for (const file of files) now.pictures.push(await encode(panel, file));
      await seek(panel, now);
    });
  }

  const control = (panel, name) =>
    panel.querySelector(`[data-search-${name}] input, [data-search-${name}] select`);

  const apart = (text) => text.split(";").map((part) => part.trim()).filter(Boolean);

  /** What stands around words: the chosen set of templates, or texts of one's own. */
  function templates(panel) {
    const chosen = control(panel, "template");
    if (!chosen) return [];
    if (chosen.value !== "own") return [chosen.value];
    const own = control(panel, "own");
    return own ? apart(own.value) : [];
  }

  /** Search for what is typed, on one side of the search. */
  function speak(panel, side) {
    const field = control(panel, "words");
    const typed = field ? apart(field.value) : [];
    if (!typed.length) {
      say(panel, "Type what to look for.", "error");
      if (field) field.focus();
      return;
    }
    busily(panel, "Reading the words…", async () => {
      const now = examples(panel);
      const other = side === "words" ? "unwords" : "words";
      now[side] = [...new Set([...now[side], ...typed])];
      now[other] = now[other].filter((word) => !typed.includes(word));
      await seek(panel, await read(panel, now));
      field.value = "";
    });
  }

  /** Search again when the templates, or "any" or "all", have changed. */
  function again(panel, change) {
    const now = { ...examples(panel), ...change };
    const wanted = now.positives.length + now.pictures.length + now.words.length;
    if (!wanted || (!change && !now.words.length && !now.unwords.length)) return;
    busily(panel, "Searching…", async () => seek(panel, await read(panel, now)));
  }

  const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  let field = null; // kept: a field that nothing refers to may be gone before a file is chosen

  function choose(panel) {
    field = document.createElement("input");
    field.type = "file";
    field.accept = "image/*,.heic,.heif,.tif,.tiff";
    field.addEventListener("change", () => searchFor(panel, [...field.files]));
    field.click();
  }

  async function select(panel) {
    const kept = panel.querySelector("[data-search-state]");
    const slider = panel.querySelector("input[type=range]");
    if (!kept || !slider) return;
    const { query } = JSON.parse(kept.dataset.searchState);
    const body = { set: panel.dataset.searchSet, query, distance: Number(slider.value) };
    try {
      const { selection, count, total } = await post("/api/search/within", body);
      const number = (n) => n.toLocaleString("en");
      say(panel, `${number(count)} of ${number(total)} images selected.`);
      tell(panel.dataset.selectionStore, { selection, count, total });
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      say(panel, `Not selected: ${problem.message}`, "error");
    }
  }

  const panelAt = (event) => event.target.closest && event.target.closest(".vt-search");
  const hasFiles = (transfer) => Boolean(transfer) && [...transfer.types].includes("Files");

  document.addEventListener("click", (event) => {
    const panel = panelAt(event);
    if (!panel) return;
    if (event.target.closest("[data-search-choose]")) choose(panel);
    if (event.target.closest("[data-search-select]")) select(panel);
    const said = event.target.closest("[data-search-say]");
    if (said) speak(panel, said.dataset.searchSay);
  });

  document.addEventListener("keydown", (event) => {
    const panel = panelAt(event);
    if (!panel || event.key !== "Enter" || event.isComposing) return;
    if (event.target.closest("[data-search-words]")) speak(panel, "words");
    if (event.target.closest("[data-search-own]")) again(panel);
  });

  document.addEventListener("change", (event) => {
    const panel = panelAt(event);
    if (!panel) return;
    if (event.target.closest("[data-search-every]")) {
      again(panel, { every: event.target.value === "all" });
    }
    if (event.target.closest("[data-search-template]") && event.target.value !== "own") {
      again(panel);
    }
  });

  document.addEventListener("dragover", (event) => {
    const panel = panelAt(event);
    if (!panel || !panel.dataset.searchUsable || !hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    panel.setAttribute("data-over", "");
  });

  document.addEventListener("dragleave", (event) => {
    const panel = panelAt(event);
    if (panel && !panel.contains(event.relatedTarget)) panel.removeAttribute("data-over");
  });

  document.addEventListener("drop", (event) => {
    const panel = panelAt(event);
    if (!panel || !panel.dataset.searchUsable || !hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    panel.removeAttribute("data-over");
    searchFor(panel, [...event.dataTransfer.files]);
  });

  // A picture may be pasted anywhere on the page; text goes where it is typed.
  document.addEventListener("paste", (event) => {
    const [panel] = panels();
    const files = [...((event.clipboardData && event.clipboardData.files) || [])];
    if (!panel || !files.length) return;
    event.preventDefault();
    searchFor(panel, files);
  });
})();
