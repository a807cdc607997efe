// Idle phone: reloads when a request has arrived.
"use strict";
(() => {
  const line = document.querySelector("[data-veille]");
  if (!line) return;
  const tick = async () => {
    try {
      const answer = await fetch(line.dataset.veille, { credentials: "same-origin" });
      const state = await answer.json();
      if (state.demandes > 0) {
        location.reload();
        return;
      }
    } catch {
      // The sandbox does not answer: ask again.
    }
    setTimeout(tick, 1000);
  };
  setTimeout(tick, 1000);
})();
