// Waiting page: asks the provider every second where the request stands, rewrites the countdown in place, moves on when it is over.
"use strict";
(() => {
  const line = document.querySelector("[data-attente]");
  const spoken = document.querySelector(".spoken");
  if (!line) return;
  const base = line.dataset.attente;
  let seconds = Number(line.dataset.secondes);
  const show = () => {
    line.textContent = `Il vous reste ${seconds} seconde${seconds > 1 ? "s" : ""} pour valider votre demande d'authentification`;
    // Every second would be too much for a screen reader.
    if (spoken && [60, 30, 10].includes(seconds)) spoken.textContent = `Il vous reste ${seconds} secondes`;
  };
  const tick = async () => {
    try {
      if (base) {
        const answer = await fetch(`${base}/etat`, { credentials: "same-origin" });
        const state = await answer.json();
        if (!state.attente) {
          location.replace(`${base}/suite`);
          return;
        }
        seconds = state.secondes;
      } else {
        seconds = Math.max(0, seconds - 1);
      }
      show();
    } catch {
      // The provider does not answer: the countdown stands still and the next second asks again.
    }
    setTimeout(tick, 1000);
  };
  setTimeout(tick, 1000);
})();
