// Starts the Wasm instance of a page of ours. What is shown is decided there; the page's French text stands until then.
import init from './vigie.js';

/** After a panic nothing is shown that could be stale: a neutral sentence instead. */
function failed() {
  const page = /** @type {HTMLElement} */ (document.getElementById('page-state'));
  page.dataset.state = 'failed';
}

addEventListener('error', failed);
addEventListener('unhandledrejection', failed);

/**
 * Opens the page as soon as the module is there, with the sentences of the guidance tree in the language of the browser.
 * @param {(texts: object) => void} open
 */
export function start(open) {
  const texts = fetch(`texts/${chrome.i18n.getMessage('language') || 'fr'}.json`).then((file) => file.json());
  Promise.all([texts, init()]).then(([sentences]) => open(sentences)).catch(failed);
}
