// Reports a page's facts, writes one field when asked. Decides, draws, submits nothing; sends no value.
// No Wasm: Chromium holds it to a page's CSP.
'use strict';
/** @type {any[]} */
const FACTS = [
  ['fields', 'input', field],
  ['tabs', '[role=tab]', (el) => ({ ...text(el), selected: el.ariaSelected === 'true' })],
  ['buttons', 'button:not([role=tab]),[role=button],[type=submit]', text],
  ['links', 'a[href]:not([role])', text],
  ['headings', 'h1,h2,h3,h4,legend,[role=heading]', label],
  ['alerts', '[role=alert],[role=status]', label],
];
const WATCH = { subtree: true, childList: true, characterData: true, attributes: true };
const own = (of, name) => Object.getOwnPropertyDescriptor(of.prototype, name);
const setValue = own(HTMLInputElement, 'value').set;
/** A form's own ways up and down can be shadowed by a control of that name; these cannot. */
const slot = own(Element, 'assignedSlot').get, up = own(Node, 'parentNode').get, down = own(Node, 'childNodes').get;
/** Makes hit testing find what lets clicks through. */
const hard = new CSSStyleSheet();
hard.replaceSync('*,::before,::after{pointer-events:auto!important}');
const watcher = new MutationObserver(soon), written = new WeakMap(), refs = [];
let probed, last, timer, ranAt = 0, sentAt = 0;

/** Long runs of digits identify a person and stay here. */
const clean = (text) => text.replace(/\s+/g, ' ').trim().replace(/\d{4,}/g, '…').slice(0, 200);
/** Opacity multiplies up the tree. A filter, mask or blend can do the same. */
function opacity(el) {
  if (el === document) return 1;
  if (el instanceof ShadowRoot) return opacity(el.host);
  const { opacity: by, filter, maskImage, mixBlendMode } = getComputedStyle(el);
  return filter + maskImage + mixBlendMode === 'nonenonenormal' ? +by * opacity(slot.call(el) ?? up.call(el)) : 0;
}
const box = (el) => el.getBoundingClientRect();
function visible(el) {
  const { width, height, right, bottom } = box(el);
  return el.checkVisibility({ visibilityProperty: true })
    && width * height > 0 && right > 0 && bottom + scrollY > 0 && opacity(el) >= 0.7;
}
function label(el) {
  const by = el.ariaLabelledByElements ?? el.labels ?? [];
  return el.ariaLabel || [...by].map((one) => one.textContent).join(' ') || el.textContent;
}
function text(el) {
  return { text: label(el) || el.value };
}
function field(el) {
  if (!refs.includes(el)) refs.push(el);
  const { placeholder, type: kind, autocomplete, name, id, value } = el;
  const filled = !value ? 'empty' : written.get(el) === value ? 'same' : 'other';
  return {
    placeholder, kind, autocomplete, name, id, filled, label: label(el), visible: visible(el),
    ref: refs.indexOf(el), editable: el.matches(':read-write'),
  };
}
const leaf = (el) => (el && !el.children.length ? el.textContent.trim() : '');
/** A short text with a digit; neighbours count as one. */
function number(el) {
  const single = (at) => /^\d$/.test(leaf(at));
  let run = leaf(el);
  if (single(el) && single(el.previousElementSibling)) return '';
  for (let at = el; single(at) && single((at = at.nextElementSibling)); ) run += leaf(at);
  return run.length < 4 && /\p{N}/u.test(run) && run;
}
function observe() {
  const page = { v: 1, title: document.title, texts: [], numbers: [], has_qr: false };
  let nodes = 0;
  /** `told`: an ancestor's text, reported, has this one. */
  const walk = (root, told) => {
    if (root.host) watcher.observe(root, WATCH);
    for (const el of down.call(root)) {
      let whole = told;
      if (!el.tagName || ++nodes > 4000) continue;
      // Of a form whose control shadows what is used here nothing is told; of what it holds, everything.
      try {
        if (el.matches('script,style')) continue;
        const seen = visible(el), { width, height } = box(el), short = number(el);
        for (const [list, selector, fact] of FACTS) if ((seen || fact === field) && el.matches(selector)) (page[list] ??= []).push(fact(el));
        if (short) page.numbers.push({ text: short, height_px: Math.round(height), visible: seen });
        page.has_qr ||= seen && el.matches('canvas,img,svg') && width > 99 && Math.abs(width - height) < 8;
        whole ||= el.textContent.length < 400 && [...el.childNodes].some((n) => n.wholeText?.trim());
        if (!told && whole && seen) page.texts.push(el.textContent);
        if (el.shadowRoot) walk(el.shadowRoot, whole);
      } catch {}
      walk(el, whole);
    }
  };
  walk(document, false);
  return page;
}
/** Facts that nobody heard, or for which there was no room, go again: what is heard has no answer. */
async function send(facts, _) {
  try {
    if (!(await chrome.runtime.sendMessage(facts))) return;
  } catch {}
  last = '';
}
function report(_) {
  timer = clearTimeout(timer);
  ranAt = performance.now();
  const bound = (_, fact) => (fact?.trim ? clean(fact) : fact?.slice ? fact.slice(0, 40) : fact);
  const facts = JSON.stringify({ v: 1, m: { page: observe() } }, bound);
  if (facts !== last || ranAt > sentAt + 2e4) send((last = facts), (sentAt = ranAt));
}
function soon() {
  const wait = 100 + ranAt - performance.now();
  if (wait <= 0) report();
  else timer ??= setTimeout(report, wait);
}
function paint(el) {
  const css = getComputedStyle(el);
  return css.backgroundColor + css.backgroundImage !== 'rgba(0, 0, 0, 0)none' || el.matches('img,svg,canvas,video,iframe');
}
/** Why a person would not see what is typed here, or nothing. */
function refusal(el, value) {
  if (!el?.isConnected) return 'gone';
  el.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  const { x, y, width, height } = box(el);
  if (!visible(el) || width < 20 || height < 10) return 'hidden';
  if (!/^(text|tel|number|search|email)$/.test(el.type) || !el.matches(':read-write')) return 'not-editable';
  if (el.value && el.value !== value) return 'not-empty';
  for (let at = el, root; at; at = root.host) {
    root = at.getRootNode();
    const hit = (of) => root.elementsFromPoint(x + width * of, y + height / 2);
    if ([0.2, 0.5, 0.8].some((of) => hit(of)[0] !== at)) return 'covered';
    root.adoptedStyleSheets.push(hard);
    const all = hit(0.5);
    root.adoptedStyleSheets.pop();
    if (all.slice(0, all.indexOf(at)).some((one) => paint(one) || one.contains(at))) return 'covered';
  }
}
/** A probe promises one field under a token; the write brings it, once; all is checked again. */
function answer({ t, token, field, value }) {
  const el = t === 'probe' ? refs[field] : probed?.token === token && Date.now() < probed.until && probed.el;
  const reason = refusal(el, value ?? el?.value);
  probed = t === 'probe' && { token, el, until: Date.now() + 5e3 };
  if (reason) return { refused: reason };
  if (probed) return 'ready';
  // What is there now is told anew, even if the person undoes it within the second.
  written.set(el, (last = value));
  setValue.call(el, value);
  for (const type of ['input', 'change']) el.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  return el.value === value ? 'written' : { refused: 'altered' };
}

watcher.observe(document, WATCH);
setInterval(soon, 1e3);
addEventListener('pageshow', (event) => event.persisted && report((sentAt = -3e4)));
addEventListener('pagehide', () => send('{"v":1,"m":"gone"}'));
chrome.runtime.onMessage.addListener((ask, sender, reply) => {
  if (sender.id === chrome.runtime.id && !sender.tab && ask?.v === 1) reply(JSON.stringify({ v: 1, m: answer(ask) }));
});
report();
