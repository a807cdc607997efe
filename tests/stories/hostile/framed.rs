//! The login page in somebody's frame: nothing of the extension runs there, so nothing is told, shown or filled.

use anyhow::{Result, ensure};
use libtest_mimic::Trial;
use serde_json::json;
use vigie_e2e::browser::until;

use crate::arena::{Arena, ELSEWHERE, Left, Plays, Tab, WALLET, encoded};

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    // Where the outer page stands, how it frames, and what.
    let cases = [
        ("a page of the same origin", WALLET, "plain"),
        ("somebody's page", ELSEWHERE, "plain"),
        ("somebody's page, sandboxed", ELSEWHERE, "sandboxed"),
        ("a page of the same origin, sandboxed", WALLET, "sandboxed"),
        ("srcdoc", WALLET, "srcdoc"),
        ("about:blank", WALLET, "blank"),
        ("somebody's srcdoc", ELSEWHERE, "srcdoc"),
    ];
    let framed = cases.map(|(name, outer, how)| {
        plays.trial(format!("framed: {name}"), async move |arena| is_not_heard(arena, outer, how).await)
    });
    let windows = [
        plays.trial("framed: a window that the page opened and wrote itself", written_window),
        plays.trial("framed: a blob and a data address", opaque),
    ];
    framed.into_iter().chain(windows).collect()
}

async fn is_not_heard(arena: &Arena, outer: &str, how: &str) -> Result<()> {
    // What is copied into a frame comes from where it may be fetched.
    let inner = if how == "plain" || how == "sandboxed" { WALLET } else { outer };
    let to = encoded(&format!("{inner}/login.html"));
    let tab = arena.open(&format!("{outer}/framing.html?what={how}&to={to}")).await?;
    until("the frame to hold the login page", async || {
        let frames = tab.page.call("Page.getFrameTree", json!({})).await?;
        let own = frames.pointer("/frameTree/childFrames/0/frame/url").is_some();
        let other = !arena.cdp.targets("iframe", WALLET).await?.is_empty();
        Ok(if own || other { Ok(()) } else { Err("there is none".to_owned()) })
    })
    .await?;
    for target in arena.cdp.targets("iframe", "").await? {
        let frame = arena.cdp.attach(&target).await?;
        frame.call("Runtime.enable", json!({})).await?;
        ensure!(frame.worlds(&arena.extension).is_empty(), "the content script runs in a frame");
    }
    if outer == WALLET {
        // It comes when the document is read to its end.
        tab.world(arena).await?;
    }
    let (worlds, expected) = (tab.worlds(arena).len(), usize::from(outer == WALLET));
    ensure!(worlds == expected, "the content script runs {worlds} times, not {expected}");
    gets_nothing(arena, &tab, outer).await
}

async fn gets_nothing(arena: &Arena, tab: &Tab, outer: &str) -> Result<()> {
    let expected = if outer == WALLET {
        arena.state("unrecognised").await?;
        "EXT-FILL-NO-FIELD"
    } else {
        "EXT-FILL-NO-PAGE"
    };
    arena.offers_nothing().await?;
    let answer = arena.order_fill(tab).await?;
    ensure!(answer == expected, "an order is answered {answer}");
    arena.end(tab, Left::Nothing).await
}

/// `about:blank` inherits the origin of its opener; what stands in it is still nobody's page.
async fn written_window(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/number.html?what=%3Cp%3E%3C/p%3E")).await?;
    let script = "(async () => {
        const text = await (await fetch('/login.html')).text();
        const opened = open('about:blank', 'written', 'popup');
        if (!opened) return 'blocked';
        opened.document.write(text);
        return opened.document.getElementById('field') ? 'written' : 'empty';
    })()";
    let gesture = json!({ "expression": script, "userGesture": true, "awaitPromise": true, "returnByValue": true });
    let answer = tab.page.call("Runtime.evaluate", gesture).await?;
    ensure!(answer.pointer("/result/value") == Some(&json!("written")), "the page could not write a window: {answer}");
    let target = until("the written window", async || {
        Ok(arena.cdp.targets("page", "about:blank").await?.into_iter().next().ok_or("there is none".to_owned()))
    })
    .await?;
    let written = arena.cdp.attach(&target).await?;
    written.call("Runtime.enable", json!({})).await?;
    ensure!(written.worlds(&arena.extension).is_empty(), "the content script runs in a window without an address");
    arena.end(&tab, Left::Nothing).await
}

async fn opaque(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{ELSEWHERE}/login.html")).await?;
    let script = "URL.createObjectURL(new Blob([document.documentElement.outerHTML], { type: 'text/html' }))";
    let blob = tab.page.evaluate(script).await?;
    for address in [blob.as_str().unwrap_or_default(), "data:text/html,<input id=field>"] {
        let window = arena.window().await?;
        // What the browser does not open at all cannot be heard either.
        if window.go(address).await.is_ok() {
            ensure!(window.worlds(arena).is_empty(), "the content script runs on an opaque origin");
        }
        let answer = arena.order_fill(&window).await?;
        ensure!(answer == "EXT-FILL-NO-PAGE", "an order is answered {answer}");
    }
    arena.end(&tab, Left::Nothing).await
}
