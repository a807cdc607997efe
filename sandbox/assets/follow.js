// A page that waits for something on another device: asks every second, and loads again as soon as the answer changes.
"use strict";
(() => {
  const line = document.querySelector("[data-attente]");
  if (!line) return;
  let first;
  const tick = async () => {
    try {
      const answer = await fetch(line.dataset.attente, { credentials: "same-origin" });
      const state = await answer.json();
      const key = String(state.etat ?? state.attente);
      first ??= line.dataset.etat ?? key;
      if (key !== first || state.attente === false) {
        location.reload();
        return;
      }
      const seconds = document.querySelector("[data-secondes]");
      if (seconds && typeof state.secondes === "number") seconds.textContent = String(state.secondes);
    } catch {
      // The sandbox does not answer: ask again.
    }
    setTimeout(tick, 1000);
  };
  setTimeout(tick, 1000);
})();
