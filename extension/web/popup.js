// Starts the popup's own Wasm instance. What is shown is decided there; the page's French text stands until then.
import init, { openPopup, refreshPopup } from './vigie.js';

/** After a panic nothing is shown that could be stale: a neutral sentence instead. */
function failed() {
  const page = /** @type {HTMLElement} */ (document.getElementById('page-state'));
  page.dataset.state = 'failed';
}

addEventListener('error', failed);
addEventListener('unhandledrejection', failed);
const texts = fetch(`texts/${chrome.i18n.getMessage('language') || 'fr'}.json`).then((file) => file.json());
Promise.all([texts, init()]).then(([sentences]) => {
  openPopup(sentences);
  chrome.storage.onChanged.addListener(refreshPopup);
}).catch(failed);
