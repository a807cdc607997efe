// The pages for activation and help.
import { start } from './start.js';
import { openGuide, refreshGuide } from './vigie.js';

start((texts) => {
  openGuide(texts);
  chrome.storage.session.onChanged.addListener(refreshGuide);
});
