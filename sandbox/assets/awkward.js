// The awkward login page: fields have other names at every login; those that the server reads are put in when a form is sent.
"use strict";
(() => {
  const watch = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) watch(element.shadowRoot);
    }
    root.addEventListener("formdata", (event) => {
      for (const field of event.target.querySelectorAll("[data-nom]")) {
        if (field.type !== "checkbox" || field.checked) event.formData.set(field.dataset.nom, field.value);
      }
    });
  };
  watch(document);
})();
