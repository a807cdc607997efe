// The popup.
import { start } from './start.js';
import { openPopup, refreshPopup } from './vigie.js';

start((texts) => {
  openPopup(texts);
  chrome.storage.onChanged.addListener(refreshPopup);
});
