// The browser's extension API as far as Vigie uses it, in memory, for `browser.rs`. Records what it was asked to do.

const area = (store) => ({
  get: async (key) => (key === null ? { ...store } : key in store ? { [key]: store[key] } : {}),
  set: async (items) => void Object.assign(store, items),
  remove: async (key) => void delete store[key],
});

let session, local, managed, installType, badges, sent, urls, answers, opened, watched, created;

/** A fresh browser in which the package may reach these hosts. */
export function install(hosts) {
  session = {};
  local = {};
  managed = {};
  installType = 'normal';
  created = [];
  badges = {};
  sent = [];
  urls = {};
  answers = [];
  opened = 0;
  watched = false;
  globalThis.chrome = {
    runtime: {
      id: 'vigie',
      getURL: (path) => `chrome-extension://vigie/${path}`,
      getManifest: () => ({ host_permissions: hosts.map((host) => `https://${host}/*`) }),
    },
    storage: {
      session: area(session),
      local: area(local),
      managed: { get: async () => (managed instanceof Error ? Promise.reject(managed) : { ...managed }) },
    },
    management: { getSelf: async () => ({ installType }) },
    tabs: {
      get: async (id) => ({ id, url: urls[id] }),
      getCurrent: async () => ({ id: 1 }),
      query: async () => [],
      create: async ({ url }) => void created.push(url),
      sendMessage: async (tab, message, options) => {
        sent.push(JSON.stringify({ tab, message, options }));
        const answer = answers.shift();
        if (answer === undefined) throw new Error('Receiving end does not exist.');
        return answer;
      },
    },
    action: {
      setBadgeText: async ({ tabId, text }) => void (badges[tabId] = text),
      setBadgeBackgroundColor: async () => {},
      setTitle: async () => {},
      openPopup: async () => void (opened += 1),
    },
    permissions: {
      contains: async () => watched,
      request: async ({ permissions }) => (watched = permissions.join() === 'webNavigation'),
      remove: async () => !(watched = false),
    },
    commands: { getAll: async () => [{ name: 'fill', shortcut: 'Alt+Shift+P' }] },
    i18n: { getMessage: (key, values) => [key, ...(values ?? [])].join(' ') },
  };
}

export const set_tab_url = (tab, url) => void (urls[tab] = url);
export const answer_next = (text) => void answers.push(text);
export const badge = (tab) => badges[tab] ?? '';
/** What an administrator wrote, as JSON; any other text is the error with which reading it fails. */
export const set_policy = (text) => void (managed = text.startsWith('{') ? JSON.parse(text) : new Error(text));
export const installed_by_policy = () => void (installType = 'admin');
export const tabs_opened = () => created;
export const popups_opened = () => opened;
export const all_sent = () => sent;
export const kept = () => JSON.stringify({ session, local });

/** As `open_page`, but the background does not live to hear the first message, and has no room for the second. */
export const open_unheard_page = (html, script) => open_page(html, script, [
  () => Promise.reject(new Error('Could not establish connection. Receiving end does not exist.')),
  () => '{"v":1,"m":"failed"}',
]);

/** Puts a page into a frame and runs the content script in it. */
export async function open_page(html, script, unheard = []) {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'position:fixed;inset:0;width:800px;height:600px;background:white';
  frame.srcdoc = html;
  await new Promise((loaded) => {
    frame.onload = loaded;
    document.body.append(frame);
  });
  const reports = [];
  let listener, heard;
  const first = new Promise((done) => (heard = done));
  const api = {
    runtime: {
      id: 'vigie',
      sendMessage: async (text) => {
        if (unheard.length) return unheard.shift()();
        heard(reports.push(text));
      },
      onMessage: { addListener: (added) => (listener = added) },
    },
  };
  frame.contentWindow.Function('chrome', script)(api);
  return { frame, reports, first, ask: (message, sender) => ask(listener, message, sender) };
}

function ask(listener, message, sender) {
  let answer = null;
  listener(message, sender, (text) => (answer = text));
  return answer;
}

export const first_report = (page) => page.first;
export const last_report = (page) => page.reports.at(-1);
export const reports = (page) => page.reports.length;
export const ask_page = (page, message) => page.ask(JSON.parse(message), { id: 'vigie' });
export const ask_page_as = (page, message, sender) => page.ask(JSON.parse(message), JSON.parse(sender));
export const in_page = (page, code) => page.frame.contentWindow.Function(code)();
export const close_page = (page) => page.frame.remove();
