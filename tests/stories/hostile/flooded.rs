//! Pages that are too much: too many changes, too many nodes, too long texts, dialogs that come and go, no answer at all. The
//! rest of the extension goes on, and what a person asks for on a page that is merely large still works.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use vigie_e2e::browser::until;

use crate::arena::{Arena, Left, Plays, WALLET};

/// The content script reports at most once in this many milliseconds.
const REPORT_MS: f64 = 100.0;

/// Messages of one page that the background holds at a time; see `extension/web/background.js`.
const QUEUE: u64 = 64;

pub(crate) fn trials(plays: &Plays) -> Vec<Trial> {
    let large = ["nodes", "text", "fields", "depth", "title"].map(|what| {
        plays.trial(format!("flooded: a page of huge {what}"), async move |arena| is_large(arena, what).await)
    });
    let others = [
        plays.trial("flooded: thousands of changes", changes),
        plays.trial("flooded: thousands of messages from a content script", messages),
        plays.trial("flooded: dialogs open and close", dialogs),
        plays.trial("flooded: no answer to the probe", hangs),
    ];
    large.into_iter().chain(others).collect()
}

async fn is_large(arena: &Arena, what: &str) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/huge.html?what={what}")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    match answer.as_str() {
        "filled" => arena.end(&tab, Left::Written).await,
        // A busy machine may need more than the three seconds that the background waits for a hundred thousand nodes. The
        // field may hold the identifier by now, as the person had asked; a second order would find it so.
        "EXT-FIELD-GONE" if what == "nodes" => arena.quiet(&tab),
        other => anyhow::bail!("the order is answered {other}"),
    }
}

/// Counts what the background hears, beside its own listener.
const COUNT: &str = "(() => {
    globalThis.heard = 0;
    globalThis.counter ??= (() => { const count = () => { globalThis.heard += 1; }; chrome.runtime.onMessage.addListener(count); return count; })();
})()";

async fn changes(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/flood.html")).await?;
    arena.state("identifier").await?;
    let at = async || tab.page.evaluate("[window.changes, performance.now()]").await;
    let number = |value: &Value, index: usize| value.get(index).and_then(Value::as_f64).context("no number");
    let begun = at().await?;
    arena.worker.evaluate(COUNT).await?;
    until("ten thousand more changes", async || {
        let now = at().await?;
        let more = number(&now, 0)? - number(&begun, 0)?;
        Ok(if more > 10_000.0 { Ok(()) } else { Err(format!("there were {more}")) })
    })
    .await?;
    let heard = arena.worker.evaluate("globalThis.heard").await?.as_f64().context("no count")?;
    let took = number(&at().await?, 1)? - number(&begun, 1)?;
    // One report on either edge of the time that was measured, and one under way.
    ensure!(heard <= took / REPORT_MS + 3.0, "the background heard {heard} messages within {took} ms");
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "the order is answered {answer}");
    arena.end(&tab, Left::Written).await
}

/// A compromised renderer sends as fast as it can, in the name of the content script.
async fn messages(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/login.html")).await?;
    arena.state("identifier").await?;
    let world = tab.world(arena).await?;
    let script = "(async () => {
        const answers = {};
        const message = JSON.stringify({ v: 1, m: { page: { v: 1, title: 'x'.repeat(60000) } } });
        await Promise.all(Array.from({ length: 3000 }, async () => {
            const answer = JSON.stringify(await chrome.runtime.sendMessage(message)) ?? 'nothing';
            answers[answer] = (answers[answer] ?? 0) + 1;
        }));
        return answers;
    })()";
    let answers = tab.page.evaluate_in(world, script).await?;
    let answers = answers.as_object().context("no answers")?;
    let neutral = json!(r#"{"v":1,"m":"failed"}"#).to_string();
    let odd: Vec<&String> =
        answers.keys().filter(|one| !["null", "nothing", neutral.as_str()].contains(&one.as_str())).collect();
    ensure!(odd.is_empty(), "a flood is answered {odd:?}");
    let worked =
        answers.iter().filter(|(text, _)| **text != neutral).filter_map(|(_, count)| count.as_u64()).sum::<u64>();
    ensure!(worked >= QUEUE, "only {worked} messages were heard at all");
    // The page's next honest report puts things right, and the person's order is heard.
    tab.page.evaluate("document.title = 'Connexion !'").await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "filled", "the order is answered {answer}");
    arena.end(&tab, Left::Written).await
}

async fn dialogs(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/top-layer.html?what=dialogs")).await?;
    arena.state("identifier").await?;
    // The field is either free or covered at the moment of the write; whichever it is, the answer says it.
    let answer = arena.press_fill().await?;
    match answer.as_str() {
        "filled" => arena.end(&tab, Left::Written).await,
        "EXT-FIELD-COVERED" => arena.end(&tab, Left::Nothing).await,
        other => anyhow::bail!("the order is answered {other}"),
    }
}

async fn hangs(arena: &Arena) -> Result<()> {
    let tab = arena.open(&format!("{WALLET}/hang.html")).await?;
    arena.state("identifier").await?;
    let answer = arena.press_fill().await?;
    ensure!(answer == "EXT-FIELD-GONE", "the order is answered {answer}");
    // Another page is served meanwhile.
    let other = arena.open(&format!("{WALLET}/number.html")).await?;
    arena.badge_reads(&other, "47").await?;
    arena.end(&tab, Left::Nothing).await
}
