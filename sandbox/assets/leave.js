// Goes on to the service without a click: posts the form that carries an answer, or follows the link once every frame of a
// logout has loaded. Without scripts the button and the link do the same.
"use strict";
const form = document.querySelector("form[data-leave]");
if (form instanceof HTMLFormElement) {
  form.submit();
}
const link = document.querySelector("a[data-leave]");
if (link instanceof HTMLAnchorElement) {
  let waiting = document.querySelectorAll("iframe").length;
  const loaded = () => {
    waiting -= 1;
    if (waiting <= 0) {
      location.assign(link.href);
    }
  };
  for (const frame of document.querySelectorAll("iframe")) {
    // Loaded from here, so that no frame is ready before anybody listens.
    frame.addEventListener("load", loaded);
    frame.src = frame.dataset.src ?? "about:blank";
  }
}
