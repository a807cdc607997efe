// Starts the Wasm instance of the pages for options and welcome. What they show is decided there.
import init, { openSettings, refreshSettings } from './vigie.js';

function failed() {
  const page = /** @type {HTMLElement} */ (document.getElementById('page-state'));
  page.dataset.state = 'failed';
}

addEventListener('error', failed);
addEventListener('unhandledrejection', failed);
init().then(() => {
  openSettings();
  chrome.storage.onChanged.addListener(refreshSettings);
  for (const event of ['onAdded', 'onRemoved']) chrome.permissions[event].addListener(refreshSettings);
}).catch(failed);
