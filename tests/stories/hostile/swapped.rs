//! Honest until it is looked at: fields that change between probe and write, pages that replace what scripts rely on, pages that
//! play the person. Where a person would see the field, the fill works all the same.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use vigie_e2e::browser::until;

use crate::arena::{Arena, ELSEWHERE, Left, Plays, TYPED, WALLET, encoded};

/// What the page does when it notices the probe, and the refusal that comes of it.
const LATE: &[(&str, &str)] = &[
    ("replace", "EXT-FIELD-GONE"),
    ("remove", "EXT-FIELD-GONE"),
    ("cover", "EXT-FIELD-COVERED"),
    ("hide", "EXT-FIELD-HIDDEN"),
    ("lock", "EXT-FIELD-LOCKED"),
    ("password", "EXT-FIELD-LOCKED"),
    ("occupy", "EXT-FIELD-NOT-EMPTY"),
    ("write", "EXT-FIELD-GONE"),
];

/// Names by which controls stand in for the way up from their form, for the way down into it, and for what is asked of it.
const CLOBBERED: &[&str] = &[
    "assignedSlot",
    "parentElement",
    "parentNode",
    "host",
    "nodeType getRootNode isConnected",
    "children childNodes",
    "matches",
    "getBoundingClientRect checkVisibility textContent tagName",
];

/// Pages on which a person sees the field, whatever they do to scripts: they are filled.
const FILLED: &[&str] = &[
    "login.html",
    "strict.html?csp=default-src%20%27none%27",
    "tampered.html",
    "clobbered-document.html?what=elementsFromPoint",
    "clobbered-document.html?what=adoptedStyleSheets",
    "clobbered-document.html?what=children",
];

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    let late = LATE.iter().map(|(what, expected)| {
        plays.trial(format!("swapped: {what} between probe and write"), async move |arena| {
            let tab = arena.open(&format!("{WALLET}/late.html?what={what}")).await?;
            is_refused(arena, expected).await?;
            arena.end(&tab, Left::Nothing).await
        })
    });
    let leaving = [("somebody", ELSEWHERE), ("the same host", WALLET)].map(|(to, origin)| {
        plays.trial(format!("swapped: leave for {to} between probe and write"), async move |arena| {
            leaves(arena, &format!("{origin}/login.html?arrived")).await
        })
    });
    let clobbered = CLOBBERED.iter().map(|names| {
        plays.trial(format!("swapped: controls named {names}"), async move |arena| {
            let tab = arena.open(&format!("{WALLET}/clobbered.html?what={}", encoded(names))).await?;
            arena.state("unrecognised").await?;
            let answer = arena.order_fill(&tab).await?;
            ensure!(answer == "EXT-FILL-NO-FIELD", "the order is answered {answer}");
            arena.end(&tab, Left::Nothing).await
        })
    });
    let filled = FILLED
        .iter()
        .map(|page| plays.trial(format!("swapped: {page} is filled"), async move |arena| is_filled(arena, page).await));
    let played = [
        plays.trial("swapped: the page alters what was written", alters),
        plays.trial("swapped: the page plays person and extension", plays_the_person),
        plays.trial("swapped: the page looks for the extension", looks_for_us),
    ];
    late.chain(leaving).chain(clobbered).chain(filled).chain(played).collect()
}

async fn is_refused(arena: &Arena, expected: &str) -> Result<()> {
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == expected, "the order is answered {answer}");
    Ok(())
}

/// Until the browser has left, the document is still the one that was probed, and may be filled; what comes after it gets nothing.
async fn leaves(arena: &Arena, to: &str) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/late.html?what=leave&to={}", encoded(to))).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    let expected = ["filled", "EXT-FIELD-GONE", "EXT-FILL-NO-PAGE", "EXT-FILL-NOT-GENUINE"];
    ensure!(expected.contains(&answer.as_str()), "the order is answered {answer}");
    until("the page to be left", async || {
        let script = "location.search === '?arrived' && document.readyState === 'complete'";
        let arrived = tab.page.evaluate(script).await.unwrap_or_default();
        Ok(if arrived == true { Ok(()) } else { Err("it is not".to_owned()) })
    })
    .await?;
    ensure!(!tab.look().await?.contains(TYPED), "the next page has the identifier");
    arena.quiet(&tab)
}

async fn is_filled(arena: &Arena, page: &str) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/{page}")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "the order is answered {answer}");
    let heard = arena.heard_since(&tab);
    for trap in ["setter:", "push:", "json:", "indexOf:", "dispatch:", "sendMessage:"] {
        ensure!(!heard.contains(trap), "the page's own {trap} was used: {heard}");
    }
    arena.end(&tab, Left::Written).await
}

async fn alters(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/altered.html")).await?;
    is_refused(arena, "EXT-FIELD-ALTERED").await?;
    ensure!(!arena.kept().await?.contains(TYPED), "the identifier was kept as if it had been filled");
    arena.quiet(&tab)
}

async fn plays_the_person(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/synthetic.html")).await?;
    arena.state("identifier").await?;
    ensure!(tab.page.evaluate("window.done").await? == true, "the page did not play to its end");
    let value = tab.page.evaluate("field.value").await?;
    ensure!(value == "", "the field holds {value}");
    // Nothing of what it sent counts as a promise: a fill still takes its own probe, and works.
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "the order is answered {answer}");
    arena.end(&tab, Left::Written).await
}

async fn looks_for_us(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/probing.html?to={}/", encoded(&arena.extension))).await?;
    let reached = tab.page.evaluate("reached").await?;
    ensure!(reached == "", "the page reached the extension by {reached}");
    let inside =
        "(() => { try { return frame.contentDocument?.getElementById('fill') ? 'popup' : '' } catch { return '' } })()";
    ensure!(tab.page.evaluate(inside).await? == "", "the popup stands in a frame of the page");
    ensure!(arena.cdp.targets("iframe", &arena.extension).await?.is_empty(), "the popup stands in a frame");
    arena.end(&tab, Left::Nothing).await
}
