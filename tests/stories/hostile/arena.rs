//! Where the stories happen: a browser with the extension, a server of hostile pages, and eyes on everything.
//!
//! The popup stands in a window of its own and is what orders a fill, as a person does; pages are opened in further windows,
//! so that both are on screen. What is looked at is looked at from a world of the tests' own, which no page can tamper with.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail, ensure};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Window, until};
use vigie_e2e::cdp::{Cdp, Session};
use vigie_e2e::pages::{self, Pages};

/// The host of the login pages, played by the server.
pub(crate) const WALLET: &str = "https://wallet.esw.esante.gouv.fr";

/// The look-alike that the `dev` flavour watches.
pub(crate) const LOOKALIKE: &str = "https://wallet.esw.esante.gouv.fr.vigie-lookalike.test";

/// Somebody.
pub(crate) const ELSEWHERE: &str = "https://somebody.test";

/// A published test identity: the RPPS as it is typed. What is written has an 8 in front, so this finds both.
pub(crate) const TYPED: &str = "99700427869";

/// Names under which the server stands, besides those of [`crate::numbers::LADDER`].
const HOSTS: [&str; 7] = [
    "wallet.esw.esante.gouv.fr",
    "auth.esw.esante.gouv.fr",
    "wallet.bas.psc.esante.gouv.fr",
    "wallet.psc.localhost",
    "wallet.esw.esante.gouv.fr.vigie-lookalike.test",
    "somebody.test",
    "other.somebody.test",
];

/// What runs the stories: one runtime, and the arena once it is open.
#[derive(Clone)]
pub(crate) struct Plays {
    runtime: Arc<Runtime>,
    arena: Arc<OnceLock<Arena>>,
}

impl Plays {
    pub(crate) fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { runtime: Arc::new(runtime), arena: Arc::default() })
    }

    pub(crate) fn open(&self, arena: impl Future<Output = Result<Arena>>) -> Result<()> {
        let arena = self.runtime.block_on(arena)?;
        self.arena.set(arena).map_err(|_| anyhow::anyhow!("it is open already"))
    }

    /// A story by its name.
    pub(crate) fn trial(
        &self,
        name: impl Into<String>,
        play: impl AsyncFnOnce(&Arena) -> Result<()> + Send + 'static,
    ) -> Trial {
        let plays = self.clone();
        Trial::test(name, move || {
            plays.runtime.block_on(async {
                let arena = plays.arena.get().ok_or("the arena is closed")?;
                arena.clear().await.map_err(said)?;
                play(arena).await.map_err(said)
            })
        })
    }

    pub(crate) fn close(self) {
        if let Some(arena) = Arc::into_inner(self.arena).and_then(OnceLock::into_inner) {
            self.runtime.block_on(arena.browser.close());
        }
    }
}

fn said(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}

/// Browser, pages and eyes.
pub(crate) struct Arena {
    pub(crate) cdp: Cdp,
    pub(crate) popup: Session,
    pub(crate) worker: Session,
    /// `chrome-extension://…`, without a final slash.
    pub(crate) extension: String,
    pub(crate) pages: Pages,
    opened: AtomicU32,
    pub(crate) browser: Browser,
}

/// A page under attack, or attacking.
pub(crate) struct Tab {
    /// The browser's number of the tab.
    pub(crate) number: i64,
    pub(crate) page: Session,
    events: usize,
    heard: usize,
}

/// What a story may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The identifier reached nothing at all.
    Nothing,
    /// It was written into a field, as the person had asked.
    Written,
}

impl Arena {
    /// Starts everything with this package of the extension.
    pub(crate) async fn start(package: &str) -> Result<Self> {
        let mut artefacts = Artefacts::find_for(Cast::Extension, "stories")?;
        artefacts.extension = sibling(&artefacts.extension, package)?;
        let hosts: Vec<&str> = HOSTS.into_iter().chain(crate::numbers::LADDER.iter().map(|(host, _)| *host)).collect();
        let pages = Pages::serve(pages::hostile()?, &hosts).await?;
        let browser = Browser::start(&artefacts, &pages.ready, Window::Hidden).await?;
        let cdp = Cdp::connect(&browser.debugger()?).await?;
        let extension = browser.extension_page("").trim_end_matches('/').to_owned();
        let window = json!({ "url": browser.extension_page("popup.html"), "newWindow": true });
        let target = cdp.call("Target.createTarget", window).await?;
        let target = target.get("targetId").and_then(Value::as_str).context("the popup did not open")?;
        let popup = cdp.attach(target).await?;
        until("the popup to be loaded", async || {
            let state = popup.evaluate("document.getElementById('page-state')?.dataset.state").await?;
            Ok(if state.is_null() || state == "loading" { Err(state.to_string()) } else { Ok(()) })
        })
        .await?;
        popup.call("Runtime.enable", json!({})).await?;
        popup.call("Log.enable", json!({})).await?;
        popup.evaluate(RECORD_ANSWERS).await?;
        let worker = cdp.worker(&extension).await?;
        worker.call("Runtime.enable", json!({})).await?;
        worker.call("Log.enable", json!({})).await?;
        Ok(Self { cdp, popup, worker, extension, pages, opened: AtomicU32::new(0), browser })
    }

    /// Closes what an earlier story left open, and forgets the identifier.
    async fn clear(&self) -> Result<()> {
        let script = "(async () => {
            const own = await chrome.tabs.getCurrent();
            const others = (await chrome.tabs.query({})).filter((tab) => tab.id !== own.id);
            await chrome.tabs.remove(others.map((tab) => tab.id));
            await chrome.runtime.sendMessage('{\"v\":1,\"m\":{\"forget\":{}}}');
        })()";
        self.popup.evaluate(script).await?;
        // What the popup still says of the page before would be taken for what it says of the next.
        self.state("elsewhere").await
    }

    /// Opens an empty window.
    pub(crate) async fn window(&self) -> Result<Tab> {
        let blank = format!("about:blank#{}.", self.opened.fetch_add(1, Ordering::Relaxed));
        let script = format!("chrome.windows.create({{ url: '{blank}' }}).then((window) => window.tabs[0].id)");
        let number = self.popup.evaluate(&script).await?.as_i64().context("a tab without a number")?;
        let target = until("a new window", async || {
            Ok(self.cdp.targets("page", &blank).await?.into_iter().next().ok_or("there is none".to_owned()))
        })
        .await?;
        let page = self.cdp.attach(&target).await?;
        let (events, heard) = (self.cdp.mark(), self.pages.heard().len());
        for domain in ["Runtime.enable", "Page.enable", "Log.enable", "Network.enable"] {
            page.call(domain, json!({})).await?;
        }
        Ok(Tab { number, page, events, heard })
    }

    /// Opens a page in a window of its own and waits until it is loaded.
    pub(crate) async fn open(&self, address: &str) -> Result<Tab> {
        let tab = self.window().await?;
        tab.go(address).await?;
        Ok(tab)
    }

    /// Waits until the popup says that the page is in this state.
    pub(crate) async fn state(&self, expected: &str) -> Result<()> {
        self.popup_reads("document.getElementById('page-state').dataset.state", expected).await
    }

    /// Waits until the popup says why: the sentence of this code.
    pub(crate) async fn says(&self, code: &str) -> Result<()> {
        let key = format!("code_{}", code.replace('-', "_"));
        let script = format!(
            "(() => {{
                const sentence = chrome.i18n.getMessage('{key}');
                const shown = ['explain', 'identifier-problem'].map((id) => document.getElementById(id).textContent);
                return sentence && shown.some((text) => text.includes(sentence)) ? 'yes' : shown.join(' | ');
            }})()"
        );
        self.popup_reads(&script, "yes").await.with_context(|| format!("the popup does not give the reason {code}"))
    }

    async fn popup_reads(&self, script: &str, expected: &str) -> Result<()> {
        until(&format!("the popup to say `{expected}`"), async || {
            let seen = self.popup.evaluate(script).await?;
            Ok(if seen == expected { Ok(()) } else { Err(format!("it says {seen}")) })
        })
        .await
    }

    /// Waits until the popup shows no digits and offers no fill, whatever stands in the page.
    pub(crate) async fn offers_nothing(&self) -> Result<()> {
        let script = "(() => {
            const shown = (id) => document.getElementById(id).checkVisibility();
            return JSON.stringify([shown('number-panel'), shown('fill-panel'), document.getElementById('digits').textContent]);
        })()";
        until("the popup to offer neither number nor fill", async || {
            let seen = self.popup.evaluate(script).await?;
            Ok(if seen == "[false,false,\"\"]" { Ok(()) } else { Err(format!("number, fill and digits are {seen}")) })
        })
        .await
    }

    /// Types the identifier into the popup and presses its button. Returns what the background answered: `filled`, or the code
    /// of the refusal.
    pub(crate) async fn press_fill(&self) -> Result<String> {
        let script = format!(
            "(() => {{
                const field = document.getElementById('identifier');
                field.value = '{TYPED}';
                field.dispatchEvent(new Event('input'));
                const before = answers.length;
                document.getElementById('fill').click();
                return before;
            }})()"
        );
        let before = self.popup.evaluate(&script).await?;
        let answer = until("the background to answer the popup", async || {
            let answer = self.popup.evaluate(&format!("answers[{before}]")).await?;
            Ok(if answer.is_null() { Err("it has not".to_owned()) } else { Ok(answer) })
        })
        .await?;
        word(&answer)
    }

    /// Orders a fill of a tab although the popup does not offer it, as a popup gone wrong would.
    pub(crate) async fn order_fill(&self, tab: &Tab) -> Result<String> {
        let order = json!({ "v": 1, "m": { "fill": {
            "tab": tab.number, "identifier": TYPED, "mismatch": "ask", "keep": "session",
        }}});
        let answer =
            self.popup.evaluate(&format!("chrome.runtime.sendMessage({})", quoted(&order.to_string()))).await?;
        let answer: Value = serde_json::from_str(answer.as_str().context("no answer")?)?;
        word(answer.get("m").context("an answer without a message")?)
    }

    /// The badge of a tab.
    pub(crate) async fn badge(&self, tab: &Tab) -> Result<String> {
        let script = format!("chrome.action.getBadgeText({{ tabId: {} }})", tab.number);
        Ok(self.popup.evaluate(&script).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the badge of a tab reads so.
    pub(crate) async fn badge_reads(&self, tab: &Tab, expected: &str) -> Result<()> {
        until(&format!("the badge to read `{expected}`"), async || {
            let seen = self.badge(tab).await?;
            Ok(if seen == expected { Ok(()) } else { Err(format!("it reads `{seen}`")) })
        })
        .await
    }

    /// All that the extension keeps.
    pub(crate) async fn kept(&self) -> Result<String> {
        let script = "(async () => JSON.stringify(await Promise.all(
            ['session', 'local', 'sync'].map((area) => chrome.storage[area].get(null)),
        )))()";
        Ok(self.popup.evaluate(script).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Ends a story: looks for the identifier everywhere, and for anything that the extension threw or printed.
    pub(crate) async fn end(&self, tab: &Tab, left: Left) -> Result<()> {
        let in_page = tab.look().await?;
        match left {
            Left::Nothing => {
                ensure!(!in_page.contains(TYPED), "the identifier stands in the page");
                let heard = self.heard_since(tab);
                ensure!(!heard.contains(TYPED), "the page sent the identifier home");
                ensure!(!self.kept().await?.contains(TYPED), "the identifier was kept although nothing was filled");
            }
            Left::Written => ensure!(in_page.contains(TYPED), "the identifier is not in the page"),
        }
        self.quiet(tab)
    }

    /// What reached the server since a tab was opened.
    pub(crate) fn heard_since(&self, tab: &Tab) -> String {
        self.pages.heard().get(tab.heard..).unwrap_or_default().join("\n")
    }

    /// Nothing of the extension threw, printed or died since the tab was opened.
    pub(crate) fn quiet(&self, tab: &Tab) -> Result<()> {
        for event in self.cdp.since(tab.events) {
            let ours = event.session == self.popup.id() || event.session == self.worker.id();
            let text = event.params.to_string();
            match event.method.as_str() {
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded"
                    if ours || text.contains(&format!("{}/content.js", self.extension)) =>
                {
                    // The renderer's own remarks on how it spends its time.
                    if text.contains(r#""level":"verbose""#) {
                        continue;
                    }
                    bail!("{} says {text}", if ours { "the extension" } else { "the content script" });
                }
                "Target.detachedFromTarget" if text.contains(self.worker.id()) => bail!("the worker died"),
                "Inspector.targetCrashed" => bail!("a page or worker crashed"),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Tab {
    /// Goes to an address and waits until its document is there, scripts run; pictures and frames may be missing.
    pub(crate) async fn go(&self, address: &str) -> Result<()> {
        let answer = self.page.call("Page.navigate", json!({ "url": address })).await?;
        if let Some(error) = answer.get("errorText") {
            bail!("{address}: {error}");
        }
        // The answer comes before the new document does: until then a script would run in the old one.
        let loader = answer.get("loaderId").context("a journey within the page")?;
        until("the page to be loaded", async || {
            let tree = self.page.call("Page.getFrameTree", json!({})).await?;
            if tree.pointer("/frameTree/frame/loaderId") != Some(loader) {
                return Ok(Err("the page before it still stands".to_owned()));
            }
            let state = self.page.evaluate("document.readyState").await?;
            Ok(if state == "loading" { Err("half of it is missing".to_owned()) } else { Ok(()) })
        })
        .await
    }

    /// Everything in the page that could hold the identifier: values of fields, markup, and what the page's own script saw.
    pub(crate) async fn look(&self) -> Result<String> {
        let tree = self.page.call("Page.getFrameTree", json!({})).await?;
        let frame = tree.pointer("/frameTree/frame/id").context("a page without a frame")?;
        let world = self.page.call("Page.createIsolatedWorld", json!({ "frameId": frame })).await?;
        let world = world.get("executionContextId").and_then(Value::as_i64).context("no world to look from")?;
        let inside = self.page.evaluate_in(world, LOOK).await?;
        let seen = self.page.evaluate("String(window.seen)").await?;
        Ok(format!("{inside}\n{seen}"))
    }

    /// The world of the content script, which must be there.
    pub(crate) async fn world(&self, arena: &Arena) -> Result<i64> {
        until("the content script to run", async || {
            Ok(self.worlds(arena).last().copied().ok_or("it does not".to_owned()))
        })
        .await
    }

    /// The worlds of the content script in this page.
    pub(crate) fn worlds(&self, arena: &Arena) -> Vec<i64> {
        self.page.worlds(&arena.extension)
    }
}

/// Values of fields and markup, open shadow roots and frames of the same origin included.
const LOOK: &str = "(() => {
    const found = [];
    const walk = (root) => {
        for (const el of root.querySelectorAll('input, textarea, *')) {
            if (el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement) found.push(el.value);
            if (el.shadowRoot) walk(el.shadowRoot);
            if (el instanceof HTMLIFrameElement && el.contentDocument) walk(el.contentDocument);
        }
    };
    walk(document);
    return found.join(' ') + document.documentElement.outerHTML.slice(0, 100000);
})()";

/// Keeps what the background answers to the popup.
const RECORD_ANSWERS: &str = "(() => {
    globalThis.answers = [];
    const send = chrome.runtime.sendMessage.bind(chrome.runtime);
    chrome.runtime.sendMessage = async (...args) => {
        const text = await send(...args);
        answers.push(JSON.parse(text).m);
        return text;
    };
})()";

fn word(answer: &Value) -> Result<String> {
    let word = answer.as_str().or_else(|| answer.get("refused")?.as_str());
    Ok(word.with_context(|| format!("an answer of another shape: {answer}"))?.to_owned())
}

/// A text as a JavaScript literal.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Percent-encodes a query parameter.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn sibling(path: &Path, name: &str) -> Result<std::path::PathBuf> {
    let path = path.with_file_name(name);
    ensure!(path.join("manifest.json").is_file(), "{name} is not built yet: run `cargo xtask package`");
    Ok(path)
}
