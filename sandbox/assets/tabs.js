// Tabs: arrow keys move between them, as the tab pattern asks; following one loads its page.
"use strict";
(() => {
  // Also within open shadow roots.
  const find = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
    ...(element.matches("[role=tab]") ? [element] : []),
    ...(element.shadowRoot ? find(element.shadowRoot) : []),
  ]);
  const tabs = find(document);
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      tabs[(at + step + tabs.length) % tabs.length].focus();
    });
  }
})();
