// The key of this phone. Made when an e-CPS is activated, kept by the browser in a form that no script can export, and used to
// sign each approval.
"use strict";
(() => {
  const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const opened = () => new Promise((done, failed) => {
    const request = indexedDB.open("vigie-phone", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("cles");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const within = async (mode, work) => {
    const base = await opened();
    try {
      return await new Promise((done, failed) => {
        const request = work(base.transaction("cles", mode).objectStore("cles"));
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    } finally {
      base.close();
    }
  };
  const base64url = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const refuse = (form, text) => {
    const line = form.querySelector("[data-refus]");
    line.textContent = text;
    line.hidden = false;
  };

  // Activation: with the second PIN the public half goes to the sandbox.
  const creation = document.querySelector("form[data-cle-nouvelle]");
  creation?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
      const point = await crypto.subtle.exportKey("raw", pair.publicKey);
      const name = base64url(await crypto.subtle.digest("SHA-256", point));
      await within("readwrite", (keys) => keys.put(pair.privateKey, name));
      creation.elements.cle.value = base64url(point);
      creation.submit();
    } catch {
      refuse(creation, "Ce navigateur ne peut pas créer de clé ici. Ouvrez cette page en https ou sur 127.0.0.1.");
    }
  });

  // Approval: the chosen number is signed with the request and its nonce.
  const approval = document.querySelector("form[data-cle-nom]");
  approval?.addEventListener("submit", async (event) => {
    if (event.submitter?.name !== "number") return;
    event.preventDefault();
    const { cleNom, demande, alea } = approval.dataset;
    try {
      const key = await within("readonly", (keys) => keys.get(cleNom));
      const message = new TextEncoder().encode(`vigie-approve:v1\n${demande}\n${event.submitter.value}\n${alea}`);
      approval.elements.signature.value = base64url(await crypto.subtle.sign(ALGORITHM, key, message));
      approval.elements.choisi.value = event.submitter.value;
      approval.submit();
    } catch {
      refuse(approval, "La clé de ce téléphone est introuvable dans ce navigateur. Supprimez la e-CPS, puis activez-la à nouveau.");
    }
  });
})();
