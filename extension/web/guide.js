// Starts the Wasm instance of the pages for activation and help. What they show is decided there.
import init, { openGuide, refreshGuide } from './vigie.js';

function failed() {
  const page = /** @type {HTMLElement} */ (document.getElementById('page-state'));
  page.dataset.state = 'failed';
}

addEventListener('error', failed);
addEventListener('unhandledrejection', failed);
const texts = fetch(`texts/${chrome.i18n.getMessage('language') || 'fr'}.json`).then((file) => file.json());
Promise.all([texts, init()]).then(([sentences]) => {
  openGuide(sentences);
  chrome.storage.session.onChanged.addListener(refreshGuide);
}).catch(failed);
