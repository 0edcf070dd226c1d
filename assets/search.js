// Search by picture: a dropped, pasted or chosen picture is encoded by the server and searched for.
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

  /** The examples that are searched with now. */
  function examples(panel) {
    const kept = panel.querySelector("[data-search-state]");
    const { positives = [], negatives = [], pictures = [] } = kept
      ? JSON.parse(kept.dataset.searchState)
      : {};
    return { positives, negatives, pictures };
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

  /** Have a picture encoded; the first one of a set waits for its encoder. */
  async function encode(panel, file) {
    const url = `/api/search/picture?set=${encodeURIComponent(panel.dataset.searchSet)}`;
    const type = file.type.startsWith("image/") ? file.type : "application/octet-stream";
    for (let tried = 0; tried < TRIES; tried += 1) {
      const given = await answerTo(url, { headers: { "Content-Type": type }, body: file });
      if (given.picture) return given.picture;
      say(panel, "Loading the encoder…", "busy");
      await new Promise((resume) => setTimeout(resume, 500));
    }
    throw new Refusal("The encoder did not answer. The log of the workspace may say why.");
  }

  async function searchFor(panel, files) {
    if (!files.length || panel.getAttribute("aria-busy") === "true") return;
    panel.setAttribute("aria-busy", "true");
    say(panel, "Reading the picture…", "busy");
    try {
      const now = examples(panel);
      for (const file of files) now.pictures.push(await encode(panel, file));
      const set = panel.dataset.searchSet;
      const { query, positives, negatives, pictures } = await post("/api/search", { set, ...now });
      say(panel, "");
      tell(panel.dataset.searchStore, { query, positives, negatives, pictures });
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      say(panel, sentence(problem.message), "error");
    } finally {
      panel.removeAttribute("aria-busy");
    }
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
