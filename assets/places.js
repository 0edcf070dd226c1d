// Where two images differ as the encoder sees them: asked of the server until it has looked.
(function () {
  "use strict";

  const AGAIN = 1000; // milliseconds until what was not ready is asked for again

  const wait = (time) => new Promise((done) => setTimeout(done, time));
  const stage = (host) => host.querySelector(".vt-places");

  async function ask(asked, current) {
    for (;;) {
      const answer = await fetch("/api/places", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(asked),
      });
      const told = await answer.json().catch(() => ({}));
      if (answer.ok && !told.again) return told;
      if (!told.again || !current()) throw new Error(told.error || "This could not be compared.");
      await wait(AGAIN);
    }
  }

  function figure(one, address) {
    const made = document.createElement("figure");
    made.className = "vt-pair-pane";
    const image = document.createElement("img");
    image.className = "vt-pair-picture";
    image.alt = `In colour: what the other does not have of ${one.name}`;
    image.src = address;
    const caption = document.createElement("figcaption");
    caption.textContent = one.name;
    made.append(image, caption);
    return made;
  }

  // Show two images with their places in colour; what is asked for later replaces it.
  async function show(host, first, second) {
    const asked = { set: host.dataset.set, row: first.row, beside: second.row };
    const wanted = JSON.stringify(asked);
    const told = host.querySelector(".vt-difference-told");
    const current = () =>
      host.isConnected && host.dataset.mode === "places" && host.dataset.wanted === wanted;
    host.dataset.wanted = wanted;
    host.dataset.places = "asked";
    stage(host).replaceChildren();
    told.textContent = "The encoder is looking at both …";
    try {
      const found = await ask(asked, current);
      if (!current()) return;
      stage(host).replaceChildren(
        figure(first, found.pictures[0]),
        figure(second, found.pictures[1]),
      );
      told.textContent = found.text;
      host.querySelector(".vt-places-low").textContent = `${found.low} and less`;
      host.querySelector(".vt-places-high").textContent = `${found.high}: full colour`;
      host.dataset.places = "shown";
      host.setAttribute("data-drawn", "places");
    } catch (error) {
      if (!current()) return;
      const words = String(error.message || error);
      told.textContent = words.charAt(0).toUpperCase() + words.slice(1).replace(/[.]?$/, ".");
      host.dataset.places = "failed";
    }
  }

  window.vitrinePlaces = { show };
})();
