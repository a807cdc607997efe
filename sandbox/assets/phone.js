// Idle phone: requests appear in place as they arrive, and as a notification of the browser for whoever wants one.
"use strict";
(() => {
  const list = document.querySelector("[data-veille]");
  if (!list) return;
  const title = document.getElementById("titre");
  const ask = document.getElementById("notifier");
  const known = new Set();

  if (ask && "Notification" in window && Notification.permission === "default") {
    ask.hidden = false;
    ask.addEventListener("click", async () => {
      await Notification.requestPermission();
      ask.hidden = true;
    });
  }

  const add = (request) => {
    const line = document.createElement("li");
    const link = document.createElement("a");
    const head = document.createElement("strong");
    const service = document.createElement("span");
    link.href = `${list.dataset.base}/${request.id}`;
    head.textContent = "Demande de connexion";
    service.textContent = request.service;
    link.append(head, service);
    line.append(link);
    line.dataset.demande = request.id;
    list.append(line);
    if ("Notification" in window && Notification.permission === "granted") {
      new Notification("Demande de connexion", { body: request.service, tag: request.id });
    }
  };
  const show = (requests) => {
    const now = new Set(requests.map((request) => request.id));
    for (const line of [...list.children]) if (!now.has(line.dataset.demande)) line.remove();
    for (const request of requests) if (!known.has(request.id)) add(request);
    known.clear();
    for (const id of now) known.add(id);
    title.textContent = requests.length ? title.dataset.plein : title.dataset.vide;
  };
  const tick = async () => {
    try {
      const answer = await fetch(list.dataset.veille, { credentials: "same-origin" });
      show((await answer.json()).demandes);
    } catch {
      // The sandbox does not answer: ask again.
    }
    setTimeout(tick, 1000);
  };
  setTimeout(tick, 1000);
})();
