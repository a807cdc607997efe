//! A compromised renderer: it speaks in the content script's own world and in its name, and says whatever it likes. It obtains
//! no identifier, no word about other tabs, and changes nothing but what is known of its own page.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::arena::{Arena, LOOKALIKE, Left, Plays, TYPED, Tab, WALLET, quoted};

/// What is sent, as JavaScript: `OTHER` and `OWN` stand for the numbers of tabs.
const MESSAGES: &[&str] = &[
    "null",
    "1",
    "true",
    "[]",
    "{ v: 1, m: 'forget' }",
    "{ v: 1, m: { fill: { tab: OTHER, identifier: 'x', mismatch: 'accepted', keep: 'device' } } }",
    "''",
    "'{'",
    "'null'",
    "'\"gone\"'",
    "'{\"v\":1}'",
    "'{\"m\":\"gone\"}'",
    "'{\"v\":0,\"m\":\"gone\"}'",
    "'{\"v\":2,\"m\":\"gone\"}'",
    "'{\"v\":\"1\",\"m\":\"gone\"}'",
    "'{\"v\":1,\"v\":1,\"m\":\"gone\"}'",
    "'{\"v\":1,\"m\":\"gone\",\"tab\":OTHER}'",
    "'{\"v\":1,\"m\":{\"gone\":OTHER}}'",
    "'{\"v\":1,\"m\":\"forget\"}'",
    "'{\"v\":1,\"m\":{\"forget\":{}}}'",
    "'{\"v\":1,\"m\":{\"forget\":{\"identifier\":null}}}'",
    "'{\"v\":1,\"m\":\"ready\"}'",
    "'{\"v\":1,\"m\":\"written\"}'",
    "'{\"v\":1,\"m\":\"filled\"}'",
    "'{\"v\":1,\"m\":{\"refused\":\"gone\"}}'",
    "'{\"v\":1,\"t\":\"probe\",\"token\":\"T\",\"field\":0}'",
    "JSON.stringify({ v: 1, m: { fill: { tab: OWN, identifier: 'x', mismatch: 'ask', keep: 'session' } } })",
    "JSON.stringify({ v: 1, m: { fill: { tab: OTHER, identifier: 'x', mismatch: 'accepted', keep: 'device' } } })",
    "JSON.stringify({ v: 1, m: { fill: { tab: OWN } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, tab: OTHER } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, html: '<b>' } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, fields: [{ ref: -1 }] } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, fields: [{ ref: 0, value: 'x' }] } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, numbers: [{ text: 47 }] } } })",
    "JSON.stringify({ v: 1, m: { page: { v: 1, title: 'x'.repeat(70000) } } })",
    "JSON.stringify({ v: 1, m: { 'hand-over': null } })",
    "JSON.stringify({ v: 1, m: 'personal' })",
    "'['.repeat(60000)",
    "'{\"v\":1,\"m\":{\"page\":{\"v\":1,\"__proto__\":{}}}}'",
    "'x'.repeat(5000000)",
];

/// What of the extension's interfaces a content script must not reach.
const INTERFACES: &[&str] = &[
    "chrome.storage.session.get(null)",
    "chrome.storage.local.get(null)",
    "chrome.storage.session.set({ identity: '{}' })",
    "chrome.storage.local.set({ identity: '{}' })",
    "chrome.tabs.query({})",
    "chrome.windows.getAll()",
    "chrome.action.getBadgeText({})",
    "chrome.scripting.executeScript({})",
    "chrome.webRequest.onBeforeRequest.addListener(() => {})",
    "chrome.commands.getAll()",
    "chrome.runtime.getBackgroundPage()",
    "fetch(chrome.runtime.getURL('popup.html'))",
    "fetch(chrome.runtime.getURL('vigie_bg.wasm'))",
];

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    vec![
        plays.trial("forged: every message that a page could send", every_message),
        plays.trial("forged: every interface that a page could try", every_interface),
        plays.trial("forged: facts of a genuine page, from a look-alike", facts_of_another),
        plays.trial("forged: a listener beside the content script", listens),
    ]
}

async fn every_message(arena: &Arena) -> Result<()> {
    // Somebody is in the middle of a login in another tab, and the identifier is kept for this session.
    let other = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    ensure!(arena.press_fill().await? == "filled", "the other tab was not filled");
    other.go(&format!("{WALLET}/number.html")).await?;
    arena.badge_reads(&other, "47").await?;
    let tab = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    let before = record_of(arena, &other).await?;
    let identity = record(arena, "desk").await?;
    ensure!(identity.contains(TYPED), "the identifier is not kept");

    let world = tab.world(arena).await?;
    for message in MESSAGES {
        let expression = message.replace("OTHER", &other.number.to_string()).replace("OWN", &tab.number.to_string());
        let script =
            format!("chrome.runtime.sendMessage({expression}).then((a) => JSON.stringify(a) ?? '', (e) => '')");
        let answer = tab.page.evaluate_in(world, &script).await?;
        ensure!(answer == "" || answer == "null", "{message} is answered {answer}");
    }
    // A connection that nobody accepts.
    let script = "new Promise((done) => {
        const port = chrome.runtime.connect();
        port.onMessage.addListener(() => done('answered'));
        port.onDisconnect.addListener(() => done(''));
        port.postMessage('{\"v\":1,\"m\":\"forget\"}');
    })";
    ensure!(tab.page.evaluate_in(world, script).await? == "", "a connection is answered");

    ensure!(record_of(arena, &other).await? == before, "what is known of the other tab has changed");
    ensure!(record(arena, "desk").await? == identity, "the identifier that was kept has changed");
    ensure!(arena.badge(&other).await? == "47", "the other tab lost its badge");
    ensure!(tab.page.evaluate("field.value").await? == "", "the field holds something");
    let seen = tab.look().await?;
    ensure!(!seen.contains(TYPED), "the page has the identifier");
    arena.quiet(&tab)
}

async fn every_interface(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    let before = arena.kept().await?;
    let world = tab.world(arena).await?;
    for call in INTERFACES {
        let script = format!("(async () => {{ try {{ await {call}; return 'worked'; }} catch {{ return ''; }} }})()");
        let answer = tab.page.evaluate_in(world, &script).await?;
        ensure!(answer == "", "{call} {answer} in a content script");
    }
    ensure!(arena.kept().await? == before, "something was kept");
    arena.end(&tab, Left::Nothing).await
}

/// The facts are those of the genuine page, word for word; the browser says where they come from.
async fn facts_of_another(arena: &Arena) -> Result<()> {
    let genuine = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    let world = genuine.world(arena).await?;
    let facts = genuine.page.evaluate_in(world, "JSON.stringify({ v: 1, m: { page: observe() } })").await?;
    let facts = facts.as_str().context("no facts")?.to_owned();
    genuine.go("about:blank").await.ok();

    let tab = arena.open(&format!("{LOOKALIKE}/number.html")).await?;
    arena.state("lookalike").await?;
    let world = tab.world(arena).await?;
    let send = format!("chrome.runtime.sendMessage({}).then(() => '', () => '')", quoted(&facts));
    tab.page.evaluate_in(world, &send).await?;
    arena.badge_reads(&tab, "!").await?;
    arena.state("lookalike").await?;
    arena.offers_nothing().await?;
    let answer = arena.order_fill(&tab).await?;
    ensure!(answer == "EXT-FILL-NOT-GENUINE", "an order is answered {answer}");
    arena.end(&tab, Left::Nothing).await
}

/// The identifier goes to one document, and only when its field is free.
async fn listens(arena: &Arena) -> Result<()> {
    const LISTEN: &str = "globalThis.told = []; chrome.runtime.onMessage.addListener((m) => { told.push(m); }); ''";
    let other = arena.open(&format!("{WALLET}/login.html")).await?;
    let other_world = other.world(arena).await?;
    other.page.evaluate_in(other_world, LISTEN).await?;
    let tab = arena.open(&format!("{WALLET}/covered.html")).await?;
    arena.state("identifier").await?;
    let world = tab.world(arena).await?;
    tab.page.evaluate_in(world, LISTEN).await?;

    ensure!(arena.press_fill().await? == "EXT-FIELD-COVERED", "the covered field was not refused");
    let told = tab.page.evaluate_in(world, "JSON.stringify(told)").await?.to_string();
    ensure!(told.contains("probe") && !told.contains(TYPED), "before the write the page was told {told}");

    tab.page.evaluate("over.remove()").await?;
    ensure!(arena.press_fill().await? == "filled", "the free field was not filled");
    let told = other.page.evaluate_in(other_world, "JSON.stringify(told)").await?;
    ensure!(told == "[]", "the other tab was told {told}");
    arena.end(&tab, Left::Written).await
}

async fn record_of(arena: &Arena, tab: &Tab) -> Result<String> {
    record(arena, &format!("tab:{}", tab.number)).await
}

/// One value of the session's storage.
async fn record(arena: &Arena, key: &str) -> Result<String> {
    let kept: Value = serde_json::from_str(&arena.kept().await?)?;
    let value = kept.pointer("/0").and_then(|session| session.get(key));
    Ok(value.with_context(|| format!("nothing is kept under {key}"))?.to_string())
}
