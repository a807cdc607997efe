// Waiting page: asks the provider every second where the request stands, rewrites the countdown in place, moves on when it is over.
"use strict";
(() => {
  // Also within open shadow roots.
  const find = (root, css) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(css)) return element;
      const inside = element.shadowRoot && find(element.shadowRoot, css);
      if (inside) return inside;
    }
    return null;
  };
  const line = find(document, "[data-attente]");
  const spoken = find(document, ".spoken");
  if (!line) return;
  const digits = line.querySelector("[data-chiffres]");
  const base = line.dataset.attente;
  let seconds = Number(line.dataset.secondes);
  const show = () => {
    const sentence = `Il vous reste ${seconds} seconde${seconds > 1 ? "s" : ""} pour valider votre demande d'authentification`;
    (digits ?? line).textContent = digits ? String(seconds) : sentence;
    // Every second would be too much for a screen reader.
    if (spoken && [60, 30, 10].includes(seconds)) spoken.textContent = `Il vous reste ${seconds} secondes`;
  };
  const tick = async () => {
    // Another page has taken the place of this one.
    if (!line.isConnected) return;
    try {
      if (base) {
        const answer = await fetch(`${base}/etat`, { credentials: "same-origin" });
        const state = await answer.json();
        if (!line.isConnected) return;
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
