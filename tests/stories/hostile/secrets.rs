//! The identifier and the digits go where they must and nowhere else: no log, no request, no clipboard, no disk.
//!
//! The pages of this story run no script at all, so whatever is heard comes from the extension.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::arena::{Arena, Plays, TYPED, WALLET};

const POLICY: &str = "csp=default-src%20%27none%27";

/// What stands in the clipboard before and after.
const CLIPBOARD: &str = "avant";

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    vec![plays.trial("secrets: a login leaves no trace", leaves_no_trace)]
}

async fn leaves_no_trace(arena: &Arena) -> Result<()> {
    let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
    arena.cdp.call("Browser.grantPermissions", json!({ "permissions": permissions })).await?;
    arena.popup.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
    arena.popup.evaluate(&format!("navigator.clipboard.writeText('{CLIPBOARD}')")).await?;
    for session in [&arena.popup, &arena.worker] {
        session.call("Network.enable", json!({})).await?;
    }
    let (mark, heard) = (arena.cdp.mark(), arena.pages.heard().len());

    let tab = arena.open(&format!("{WALLET}/strict.html?{POLICY}")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "the order is answered {answer}");
    let kept: Value = serde_json::from_str(&arena.kept().await?)?;
    ensure!(
        kept.pointer("/0").is_some_and(|session| session.to_string().contains(TYPED)),
        "nothing was kept in memory"
    );
    tab.go(&format!("{WALLET}/number.html?{POLICY}")).await?;
    arena.badge_reads(&tab, "47").await?;
    arena.state("number").await?;

    let kept: Value = serde_json::from_str(&arena.kept().await?)?;
    let (local, sync) = (kept.pointer("/1").context("no local area")?, kept.pointer("/2").context("no sync area")?);
    ensure!(local == &json!({}) && sync == &json!({}), "kept on disk or sent to an account: {local} {sync}");
    let clipboard = arena.popup.evaluate("navigator.clipboard.readText()").await?;
    ensure!(clipboard == CLIPBOARD, "the clipboard was written");
    let heard = arena.pages.heard().get(heard..).unwrap_or_default().join("\n");
    ensure!(heard.lines().count() == 2, "more than two pages were asked for:\n{heard}");
    for event in arena.cdp.since(mark) {
        let text = event.params.to_string();
        ensure!(!text.contains(TYPED), "{} holds the identifier", event.method);
        if event.method == "Network.requestWillBeSent" && event.session != tab.page.id() {
            let url = event.params.pointer("/request/url").and_then(Value::as_str).unwrap_or_default();
            ensure!(url.starts_with(&arena.extension), "the extension asks for {url}");
        }
    }
    arena.quiet(&tab)?;
    // The page's field asks the browser to keep nothing of it, so that what lies there would be the extension's doing.
    ensure!(!is_on_disk(arena.browser.profile())?, "the identifier was written to the browser's profile");

    arena.popup.evaluate(&format!("chrome.tabs.remove({})", tab.number)).await?;
    vigie_e2e::browser::until("the digits to be forgotten with the tab", async || {
        let kept = arena.kept().await?;
        Ok(if kept.contains(&format!("tab:{}", tab.number)) { Err(kept) } else { Ok(()) })
    })
    .await
}

/// Whether any file below a folder holds the identifier, as text of one or of two bytes a letter.
fn is_on_disk(folder: &Path) -> Result<bool> {
    let wide: Vec<u8> = TYPED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let needles = [TYPED.as_bytes(), &wide];
    for entry in std::fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        let found = match entry.file_type() {
            Ok(kind) if kind.is_dir() => is_on_disk(&path).unwrap_or(false),
            Ok(kind) if kind.is_file() => {
                // A file that the browser has just removed holds nothing any more.
                let bytes = std::fs::read(&path).unwrap_or_default();
                needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
            }
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
