// One document for all pages: what the server sends lies in a <template>. It is shown late, parts marked `data-tardif` later
// still, and the answer to a form takes its place without a new document.
"use strict";
(() => {
  const LATE_MS = 300;
  const root = document.getElementById("racine");
  let turn = 0;

  // A script that was cloned, or parsed by another parser, does not run; a new one does.
  const revive = (content) => {
    for (const old of content.querySelectorAll("script[src]")) {
      const script = document.createElement("script");
      script.src = old.getAttribute("src");
      old.replaceWith(script);
    }
  };

  const show = (view, title) => {
    const mine = ++turn;
    root.setAttribute("aria-busy", "true");
    setTimeout(() => {
      if (mine !== turn) return;
      const content = document.importNode(view.content, true);
      revive(content);
      const late = [...content.querySelectorAll("[data-tardif]")].map((element) => [element, element.textContent]);
      for (const [element] of late) element.textContent = "";
      root.replaceChildren(content);
      root.removeAttribute("aria-busy");
      document.title = title;
      if (mine > 1) root.querySelector("main").focus();
      const next = root.querySelector("a[data-suite]");
      if (next) location.assign(next.href);
      setTimeout(() => {
        for (const [element, text] of late) element.textContent ||= text;
      }, LATE_MS);
    }, LATE_MS);
  };

  root.addEventListener("submit", async (event) => {
    const form = event.target;
    // Only the steps of a login stay in this document; other forms may lead to a service.
    if (!/^\/(auth\/mire|lookalike)\//.test(new URL(form.action).pathname)) return;
    event.preventDefault();
    try {
      const body = new URLSearchParams(new FormData(form, event.submitter));
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const view = page.getElementById("vue");
      history.pushState(null, "", answer.url);
      if (view) show(view, page.title);
      else location.reload();
    } catch {
      // The provider does not answer: what it last showed is asked for again.
      location.reload();
    }
  });
  addEventListener("popstate", () => location.reload());
  show(document.getElementById("vue"), document.title);
})();
