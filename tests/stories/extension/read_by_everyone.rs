//! Every page of the extension, in French and English, in light, dark and forced colours, held against the rules of axe-core;
//! without a sideways scroll at 320 pixels, which is a window of 1280 at 400 %; with targets that a finger finds; by keys alone;
//! and the countdown spoken at its marks and not between them.
//!
//! axe-core comes from npm and is put into the pages by the driver; it is in no package.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup, until};
use vigie_e2e::popup::Popup;

use crate::managed_desk::ready;
use crate::steps::{COLLEAGUE, DOCTOR, Desk, extended, prefers};
use crate::support::{Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn everyone_reads_french() {
    let browser = Setup::hidden(Extension::Loaded).with_policy(loose());
    tell("everyone-fr", Scene { browser, ..extended() }, every_page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_reads_english() {
    let browser = Setup::hidden(Extension::Loaded).speaking("en").with_policy(loose());
    tell("everyone-en", Scene { browser, ..extended() }, every_page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_countdown_is_spoken_at_its_marks() {
    tell("spoken-countdown", extended(), spoken).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_by_keys_alone() {
    tell("options-by-keys", extended(), by_keys).await;
}

/// A policy that shows every part of the pages: what it leaves to the person, and what it set.
fn loose() -> Value {
    json!({ "sharedDesk": false, "sessionMinutes": 30, "automaticWarning": true, "supportContact": "Poste 4242" })
}

/// How people look at a page.
const LOOKS: [(&str, &[(&str, &str)]); 3] = [
    ("light", &[("prefers-color-scheme", "light")]),
    ("dark", &[("prefers-color-scheme", "dark")]),
    ("forced colours", &[("forced-colors", "active"), ("prefers-color-scheme", "dark")]),
];

async fn every_page(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let axe = Axe::load()?;
    for page in ["options.html", "welcome.html"] {
        browser.only_tab(&browser.extension_page(page)).await?;
        ready(browser).await?;
        axe.holds(browser, page).await?;
    }
    // The guide with everything open, both routes, and a link that is refused; then help.
    for route in ["contacts", "card"] {
        browser.client.goto(&browser.extension_page("guide.html")).await?;
        ready(browser).await?;
        browser.click(&format!("#route-{route}")).await?;
        browser.element(&format!("#by-{route}:not([hidden])")).await?;
        browser.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;").await?;
        browser.click(&format!("#{route}-now")).await?;
        if route == "contacts" {
            browser.write("#link", "https://wallet.example/lien").await?;
            browser.click("#link-draw").await?;
            browser.element("#link-stop:not([hidden])").await?;
        }
        axe.holds(browser, &format!("guide.html, {route}")).await?;
    }
    browser.client.goto(&browser.extension_page("help.html")).await?;
    ready(browser).await?;
    browser.write("#nir", "255081416802539").await?;
    axe.holds(browser, "help.html").await?;
    let artefacts = vigie_e2e::artefacts::Artefacts::find_for(vigie_e2e::artefacts::Cast::Extension, "stories")?;
    browser.change_policy(&artefacts, &json!({ "sessionMinutes": 240 })).await?;
    browser.client.goto(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    browser.element("#policy-errors li").await?;
    axe.holds(browser, "options.html with a mistake in the policy").await?;
    browser.change_policy(&artefacts, &loose()).await?;

    // The popup in what it can say: nobody, the field, two people, a doubtful key, the number, nobody started it, an imitation.
    browser.only_tab("about:blank").await?;
    let popup = Popup::open(browser).await?;
    popup.state("elsewhere").await?;
    axe.holds(browser, "popup: elsewhere").await?;
    browser.click("#guide summary").await?;
    browser.click("#watch summary").await?;
    axe.holds(browser, "popup: help and warning open").await?;
    let desk = Desk::at_login_page(story).await?;
    desk.popup.show().await?;
    axe.holds(browser, "popup: identifier").await?;
    desk.fill(COLLEAGUE).await?;
    desk.popup.show().await?;
    browser.element("#fill-panel[hidden]").await?;
    axe.holds(browser, "popup: filled").await?;
    desk.empty_field().await?;
    desk.fill(DOCTOR).await?;
    desk.popup.show().await?;
    browser.element("#fill-panel[hidden]").await?;
    desk.empty_field().await?;
    desk.offers().await?;
    desk.popup.type_identifier("99700427860").await?;
    desk.popup.fill().await?;
    browser.element("#desk:not([hidden])").await?;
    axe.holds(browser, "popup: two people and a doubtful key").await?;
    desk.fill(DOCTOR).await?;
    let number = desk.submit().await?;
    desk.popup.badge(&number).await?;
    desk.popup.state("number").await?;
    axe.holds(browser, "popup: number").await?;
    browser.click("#unasked").await?;
    browser.element("#unasked-panel:not([hidden])").await?;
    axe.holds(browser, "popup: not started").await?;
    desk.show_page().await?;
    browser.client.goto(&login_tab(story, "carte").await?).await?;
    let card = Popup::open(browser).await?;
    card.state("card").await?;
    browser.click("#guide summary").await?;
    axe.holds(browser, "popup: card help").await?;
    desk.leave_page().await?;
    browser.open_tab(&story.sandbox.ready.lookalike).await?;
    let warned = Popup::open(browser).await?;
    warned.state("lookalike").await?;
    axe.holds(browser, "popup: look-alike").await
}

/// The address of one of the login page's tabs.
async fn login_tab(story: &Story, tab: &str) -> Result<String> {
    story.reach_login_page("smurtab").await?;
    let link = story.browser.element(&format!("[role=tab][href$='onglet={tab}']")).await?;
    let address = link.prop("href").await?.context("the tab has no address")?;
    Ok(address)
}

/// axe-core as npm has it.
pub(crate) struct Axe(String);

impl Axe {
    pub(crate) fn load() -> Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node_modules/axe-core/axe.min.js");
        Ok(Self(std::fs::read_to_string(file).context("axe-core is not installed: run `cargo xtask setup`")?))
    }

    /// No violation in any look, no sideways scroll at 320 pixels, and targets large enough.
    pub(crate) async fn holds(&self, browser: &Browser, what: &str) -> Result<()> {
        browser.evaluate(&format!("if (!window.axe) {{ {} }}", self.0)).await?;
        for (look, features) in LOOKS {
            prefers(browser, features).await?;
            self.finds_nothing(browser, &format!("{what}, {look}")).await?;
        }
        prefers(browser, &[]).await?;
        narrow(browser, 320).await?;
        let width = browser.evaluate("return document.documentElement.scrollWidth;").await?;
        ensure!(width.as_u64() <= Some(320), "{what}: at 320 pixels the page is {width} wide");
        self.finds_nothing(browser, &format!("{what}, 320 pixels")).await?;
        browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await.map(drop)
    }

    async fn finds_nothing(&self, browser: &Browser, what: &str) -> Result<()> {
        // All rules, those of WCAG 2.2 AA that are off by themselves too: the size of targets.
        let found = browser
            .resolve(
                "const { violations, passes } = await axe.run(document, { rules: { 'target-size': { enabled: true } } });
                 return { ran: passes.length,
                          faults: violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join(' | ')}`) };",
            )
            .await?;
        // A run that looked at nothing finds nothing.
        ensure!(found.get("ran").and_then(Value::as_u64) >= Some(10), "{what}: axe looked at nothing: {found}");
        ensure!(found.get("faults") == Some(&json!([])), "{what}: {found}");
        Ok(())
    }
}

async fn narrow(browser: &Browser, width: u32) -> Result<()> {
    let metrics = json!({ "width": width, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
}

/// The sandbox's clock is moved past each mark; the popup speaks once, in words, in a live region.
async fn spoken(story: &Story) -> Result<()> {
    let (desk, _) = Desk::at_number(story).await?;
    desk.popup.show().await?;
    let region = story.browser.element("#spoken").await?;
    ensure!(region.attr("role").await?.as_deref() == Some("status"), "the words stand in no live region");
    let mut said = spoken_now(story).await?;
    for (mark, words) in [(30_u64, "30 secondes"), (10, "10 secondes"), (0, "écoulé")] {
        let left = left_s(story).await?;
        ensure!(!said.contains(words), "`{words}` was spoken with {left} s left");
        // Just past the mark, and before the next.
        let past = if mark == 0 { left + 1 } else { left.saturating_sub(mark.saturating_sub(4)) };
        story.sandbox.advance_s(past).await?;
        said = until(&format!("`{words}` to be spoken"), async || {
            let said = spoken_now(story).await?;
            Ok(if said.contains(words) { Ok(said) } else { Err(format!("the region says `{said}`")) })
        })
        .await?;
    }
    Ok(())
}

async fn spoken_now(story: &Story) -> Result<String> {
    let text = story.browser.evaluate("return document.querySelector('#spoken').textContent;").await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// The seconds that the popup shows.
async fn left_s(story: &Story) -> Result<u64> {
    let text = story.browser.evaluate("return document.querySelector('#countdown').textContent;").await?;
    let numbers: Vec<u64> = text
        .as_str()
        .unwrap_or_default()
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect();
    match numbers.as_slice() {
        [minutes, seconds] => Ok(minutes * 60 + seconds),
        [seconds] => Ok(*seconds),
        _ => anyhow::bail!("the countdown says {text}"),
    }
}

/// From the top of the options to a personal desk and to nothing kept, with Tab, the arrows, Space and Enter.
async fn by_keys(story: &Story) -> Result<()> {
    let browser = &story.browser;
    browser.only_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    let mut passed = vec![press(browser, Key::Tab).await?];
    ensure!(passed == ["mode-shared"], "the first stop is {passed:?}");
    let ring = browser.evaluate("return getComputedStyle(document.activeElement).outlineStyle;").await?;
    ensure!(ring == json!("solid"), "the focus is not seen: {ring}");
    ensure!(press(browser, Key::Down).await? == "mode-personal", "the arrow does not choose");
    until("the choice to be kept", async || {
        let kept = browser.resolve("return (await chrome.storage.local.get('mode')).mode ?? '';").await?;
        Ok(if kept == json!("personal") { Ok(()) } else { Err(format!("it is {kept}")) })
    })
    .await?;
    let said = browser.element("#said").await?;
    ensure!(said.attr("role").await?.as_deref() == Some("status"), "what came of it is not announced");
    ensure!(
        browser.evaluate("return document.activeElement.id;").await? == json!("mode-personal"),
        "the focus was lost"
    );
    passed.clear();
    for _ in 0..3 {
        passed.push(press(browser, Key::Tab).await?);
    }
    ensure!(passed.contains(&"watch-toggle".to_owned()), "the keys pass by the warning: {passed:?}");
    story.keep("focus", Frame::Page).await
}

/// A key, and where the focus is then.
async fn press(browser: &Browser, key: Key) -> Result<String> {
    browser.client.active_element().await?.send_keys(&char::from(key).to_string()).await?;
    let focused = browser.evaluate("return document.activeElement.id;").await?;
    Ok(focused.as_str().unwrap_or_default().to_owned())
}
