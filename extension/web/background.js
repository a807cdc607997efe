// Service worker (Chromium) or event page (Firefox). Every listener is registered at once: one added after an await would
// miss the event that woke the worker. Events reach the Wasm one after the other; what it keeps lies in storage.session.
import init, { onCommand, onCommitted, onMessage, onRequest, onStart, onTabRemoved, onTick, startOver, takeWake } from './vigie.js';

const FAILED = '{"v":1,"m":"failed"}';
/** A page that floods us fills this queue and no more; a login needs about two messages a second. */
const QUEUE = 64;
let waiting = 0;
/** @type {Promise<unknown> | undefined} */
let ready;
/** @type {Promise<unknown>} */
let turn = Promise.resolve();
/** Ends the event under way. @type {(reason: unknown) => void} */
let trapped = () => {};

/** A panic inside a future leaves its promise pending for ever; the error event is all that is seen of it. */
self.addEventListener('error', (event) => trapped(event.error));

/**
 * Runs `work` when all earlier events are done. After a panic the answer is neutral and the next event gets a new instance.
 * @template T
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T | string>}
 */
function inTurn(work) {
  if (waiting >= QUEUE) return Promise.resolve(FAILED);
  waiting += 1;
  const done = turn.then(async () => {
    await (ready ??= init());
    const trap = new Promise((_, reject) => { trapped = reject; });
    const result = await Promise.race([work(), trap]);
    const delay = takeWake();
    if (delay !== undefined) setTimeout(() => inTurn(onTick), delay);
    return /** @type {T} */ (result);
  }).catch(() => {
    try { startOver(); } catch { ready = undefined; }
    return FAILED;
  }).finally(() => { waiting -= 1; });
  turn = done;
  return done;
}

// An identifier that a person chose to keep on this device is no business of content scripts. Firefox has this for session only.
chrome.storage.local.setAccessLevel?.({ accessLevel: 'TRUSTED_CONTEXTS' });

chrome.runtime.onMessage.addListener((/** @type {unknown} */ message, /** @type {object} */ sender, /** @type {(answer: unknown) => void} */ reply) => {
  inTurn(() => onMessage(message, sender)).then(reply);
  return true;
});
for (const event of ['onBeforeRequest', 'onCompleted', 'onErrorOccurred']) {
  chrome.webRequest[event].addListener(
    (/** @type {object} */ details) => { inTurn(() => onRequest(details)); },
    { urls: chrome.runtime.getManifest().host_permissions, types: ['main_frame'] },
  );
}
/** Every page that is opened, if a person asked for it: the browser offers the event only with the permission. */
const committed = (/** @type {{ frameId: number }} */ details) => { if (details.frameId === 0) inTurn(() => onCommitted(details)); };
const watch = () => chrome.webNavigation?.onCommitted.addListener(committed);
watch();
chrome.permissions.onAdded.addListener(watch);
chrome.tabs.onRemoved.addListener((/** @type {number} */ tab) => { inTurn(() => onTabRemoved(tab)); });
chrome.commands.onCommand.addListener((/** @type {string} */ name, /** @type {object} */ tab) => { inTurn(() => onCommand(name, tab)); });
// A policy may have changed while the browser was closed, or changes now.
chrome.runtime.onInstalled.addListener((/** @type {{ reason: string }} */ { reason }) => { inTurn(() => onStart(reason)); });
chrome.runtime.onStartup.addListener(() => { inTurn(() => onStart()); });
chrome.storage.onChanged.addListener((/** @type {object} */ _, /** @type {string} */ area) => { if (area === 'managed') inTurn(() => onStart()); });
