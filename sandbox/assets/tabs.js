// Tabs: arrow keys move between them, as the tab pattern asks; following one loads its page.
"use strict";
(() => {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      tabs[(at + step + tabs.length) % tabs.length].focus();
    });
  }
})();
