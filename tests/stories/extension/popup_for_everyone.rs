//! The popup without a mouse, without sight of colour, in the dark, with forced colours, without motion, and in English.

use anyhow::{Context, Result, ensure};
use fantoccini::key::Key;
use serde_json::{Value, json};
use vigie_e2e::browser::{Extension, Frame, Setup};
use vigie_e2e::popup::Popup;

use crate::steps::{DOCTOR, Desk, extended, prefers};
use crate::support::{Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn popup_for_everyone() {
    tell("popup-for-everyone", extended(), in_french).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn popup_in_english() {
    let browser =
        Setup { arguments: vec!["--lang=en".into(), "--accept-lang=en".into()], ..Setup::hidden(Extension::Loaded) };
    tell("popup-in-english", Scene { browser, ..extended() }, in_english).await;
}

/// Every text against what lies behind it, as WCAG 2.2 counts contrast; what is too faint, as a list. Colours come from the
/// browser in the form rgb(); text of panels that are hidden is passed over.
const FAINT: &str = "
    const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const lum = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
    const behind = (el) => {
      for (let at = el; at; at = at.parentElement) {
        const c = rgb(getComputedStyle(at).backgroundColor);
        if (c.length === 3 || c[3] === 1) return c;
      }
      return [255, 255, 255];
    };
    const found = [];
    for (const el of document.querySelectorAll('body *')) {
      const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
      if (!own || !el.checkVisibility({ visibilityProperty: true }) || el.closest('.unseen, :disabled')) continue;
      const [a, b] = [lum(rgb(getComputedStyle(el).color)), lum(behind(el))].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) found.push(`${el.id || el.className || el.tagName}: ${ratio.toFixed(2)}`);
    }
    return found;";

/// Everything that can be pressed or typed into has a name and a role of its own; ids are used once.
const NAMELESS: &str = "
    const found = [];
    for (const el of document.querySelectorAll('a[href], button, input, summary, progress')) {
      if (!el.checkVisibility({ visibilityProperty: true }) || el.ariaHidden === 'true') continue;
      const name = el.ariaLabel || el.labels?.[0]?.textContent || el.textContent;
      if (!name?.trim()) found.push(el.id || el.outerHTML.slice(0, 80));
    }
    const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
    return found.concat(ids.filter((id, at) => ids.indexOf(id) !== at));";

async fn in_french(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;
    desk.popup.show().await?;
    ensure!(
        browser.evaluate("return document.documentElement.lang;").await? == json!("fr"),
        "the page says another language"
    );
    none(browser.evaluate(NAMELESS).await?, "has no name")?;

    // By keys alone: to the input, type, to the button, press.
    browser.evaluate("document.activeElement.blur();").await?;
    let mut passed = Vec::new();
    for _ in 0..4 {
        let focused = tab(story).await?;
        passed.push(focused.clone());
        if focused == "identifier" {
            break;
        }
    }
    ensure!(passed.last().map(String::as_str) == Some("identifier"), "the keys pass by the input: {passed:?}");
    story.browser.client.active_element().await?.send_keys(DOCTOR).await?;
    for _ in 0..4 {
        if tab(story).await? == "fill" {
            break;
        }
    }
    let ring = browser.evaluate("return getComputedStyle(document.activeElement).outlineStyle;").await?;
    ensure!(ring == json!("solid"), "the focus is not seen: {ring}");
    browser.client.active_element().await?.send_keys(&char::from(Key::Enter).to_string()).await?;
    desk.holds(&format!("8{DOCTOR}")).await?;
    let number = desk.submit().await?;
    desk.popup.state("number").await?;

    // Spoken once, digit by digit; the countdown is no live region.
    let spoken = desk.popup.text("#spoken").await?;
    let read = browser.evaluate("return document.querySelector('#spoken').textContent;").await?;
    let digit = number.chars().next().context("no digit")?;
    ensure!(read.as_str().is_some_and(|text| text.contains(&format!("{digit}, "))), "what is spoken: {read} {spoken}");
    ensure!(
        desk.attribute("#spoken", "role").await? == "status" && desk.attribute("#countdown", "role").await? == "timer"
    );

    for (scheme, name) in [("light", "light"), ("dark", "dark")] {
        prefers(browser, &[("prefers-color-scheme", scheme)]).await?;
        none(browser.evaluate(FAINT).await?, "is too faint")?;
        story.keep(name, Frame::Popup).await?;
    }
    prefers(browser, &[("forced-colors", "active"), ("prefers-color-scheme", "dark")]).await?;
    let border =
        browser.evaluate("return getComputedStyle(document.querySelector('#number-panel')).borderTopStyle;").await?;
    ensure!(border == json!("solid"), "panels have no edge in forced colours: {border}");
    story.keep("forced-colours", Frame::Popup).await?;
    prefers(browser, &[("prefers-reduced-motion", "reduce")]).await?;
    let moving = browser
        .evaluate(
            "return [...document.querySelectorAll('body *')].filter((el) => {
               const style = getComputedStyle(el);
               return style.animationName !== 'none' || !/^0s(, 0s)*$/.test(style.transitionDuration);
             }).map((el) => el.id || el.tagName);",
        )
        .await?;
    none(moving, "moves although less motion was asked for")?;

    // The warning of a look-alike: a sign and a word beside the colour, and enough contrast.
    prefers(browser, &[]).await?;
    desk.leave_page().await?;
    browser.open_tab(&story.sandbox.ready.lookalike).await?;
    let popup = Popup::open(browser).await?;
    popup.state("lookalike").await?;
    let sign =
        browser.evaluate("return getComputedStyle(document.querySelector('#verdict'), '::before').content;").await?;
    ensure!(
        sign == json!("\"!\"") && popup.text("#verdict").await? == "Imitation",
        "the verdict is told by colour alone"
    );
    for scheme in ["light", "dark"] {
        prefers(browser, &[("prefers-color-scheme", scheme)]).await?;
        none(browser.evaluate(FAINT).await?, "is too faint")?;
    }
    none(browser.evaluate(NAMELESS).await?, "has no name")?;
    story.keep("lookalike-dark", Frame::Popup).await
}

async fn in_english(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;
    desk.popup.show().await?;
    ensure!(
        browser.evaluate("return document.documentElement.lang;").await? == json!("en"),
        "the page says another language"
    );
    ensure!(
        desk.popup.text("#fill").await? == "Fill into the page",
        "the button says {}",
        desk.popup.text("#fill").await?
    );
    ensure!(
        desk.popup.text("#guide-title").await?.contains("log"),
        "the guide says {}",
        desk.popup.text("#guide-title").await?
    );
    story.keep("identifier", Frame::Popup).await
}

/// The key Tab, and where it leads.
async fn tab(story: &Story) -> Result<String> {
    story.browser.client.active_element().await?.send_keys(&char::from(Key::Tab).to_string()).await?;
    let focused = story.browser.evaluate("return document.activeElement.id;").await?;
    Ok(focused.as_str().unwrap_or_default().to_owned())
}

fn none(list: Value, fault: &str) -> Result<()> {
    let list = list.as_array().cloned().unwrap_or_default();
    ensure!(list.is_empty(), "{fault}: {list:?}");
    Ok(())
}
