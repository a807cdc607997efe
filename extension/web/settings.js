// The pages for options and welcome.
import { start } from './start.js';
import { openSettings, refreshSettings } from './vigie.js';

start(() => {
  openSettings();
  chrome.storage.onChanged.addListener(refreshSettings);
  for (const event of ['onAdded', 'onRemoved']) chrome.permissions[event].addListener(refreshSettings);
});
