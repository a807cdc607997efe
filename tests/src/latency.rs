//! How long the extension takes, measured in a real browser: digits in the page until the badge shows them, and the first answer
//! of a worker that had been stopped.
//!
//! One clock: both ends read `performance.timeOrigin + performance.now()` in the same browser. The page notes when it writes the
//! digits, a page of the extension asks for the badge again and again and notes when it first reads them; one such question
//! is the method's own error, and is measured too. The worker runs without a debugger, which would keep it alive and slow.
//!
//! Nothing here judges a figure.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use crate::artefacts::{Artefacts, Cast};
use crate::browser::{Browser, Window, until};
use crate::cdp::{Cdp, Session};
use crate::pages::{self, Pages};

/// Rounds of the badge and of the cold start.
const BADGE_ROUNDS: u32 = 60;
const COLD_ROUNDS: u32 = 30;

/// Between two rounds: longer than the content script's own pause, and no divisor of its second.
const PAUSE: Duration = Duration::from_millis(317);

/// A sample, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// How many.
    pub rounds: usize,
    /// Half are below.
    pub median_ms: f64,
    /// 95 of 100 are below.
    pub p95_ms: f64,
    /// The smallest.
    pub least_ms: f64,
}

/// All that was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Latencies {
    /// Digits in the page until the badge shows them.
    pub badge: Sample,
    /// One question for the badge: by so much the above may be too high.
    pub badge_question: Sample,
    /// A report of the page until its answer, with the worker stopped before.
    pub cold_start: Sample,
    /// The same with the worker running.
    pub warm: Sample,
}

/// Starts a browser with the packaged extension and measures.
///
/// # Errors
/// Something did not start, or did not answer.
pub async fn measure() -> Result<Latencies> {
    let artefacts = Artefacts::find_for(Cast::Extension, "bench")?;
    let pages = Pages::serve(pages::hostile()?, &["wallet.esw.esante.gouv.fr"]).await?;
    let browser = Browser::start(&artefacts, &pages.ready, Window::Hidden).await?;
    let measured = in_browser(&browser).await;
    browser.close().await;
    measured
}

async fn in_browser(browser: &Browser) -> Result<Latencies> {
    let cdp = Cdp::connect(&browser.debugger()?).await?;
    // Any file of the extension does as a page of it; this one does nothing by itself.
    let asker = open(&cdp, &browser.extension_page("manifest.json")).await?;
    let page = open(&cdp, "https://wallet.esw.esante.gouv.fr/number.html").await?;
    let extension = browser.extension_page("").trim_end_matches('/').to_owned();
    let world = until("the content script to run", async || {
        Ok(page.worlds(&extension).last().copied().ok_or("it does not".to_owned()))
    })
    .await?;
    let tab = asker.evaluate("chrome.tabs.query({ url: 'https://*/*' }).then((tabs) => tabs[0].id)").await?;
    until("the badge to show the first number", async || {
        let text = asker.evaluate(&format!("chrome.action.getBadgeText({{ tabId: {tab} }})")).await?;
        Ok(if text == "47" { Ok(()) } else { Err(format!("it shows {text}")) })
    })
    .await?;

    let mut pause = interval(PAUSE);
    pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut badge, mut question) = (Vec::new(), Vec::new());
    for round in 0..BADGE_ROUNDS {
        pause.tick().await;
        // Never twice the same in a row, and never the 94 of the page's countdown.
        let digits = format!("{:02}", (round * 37 + 11) % 80 + 10);
        let (ask, write) = (ask(&tab, &digits), write(&digits));
        let (asked, written) = tokio::join!(asker.evaluate(&ask), page.evaluate(&write));
        let (asked, written) = (asked?, number(&written?)?);
        badge.push(number(asked.get("at").context("no time")?)? - written);
        question.push(number(asked.get("question").context("no time")?)?);
    }

    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    let report = "(async () => {
        const facts = JSON.stringify({ v: 1, m: { page: observe() } });
        const begun = performance.now();
        await chrome.runtime.sendMessage(facts);
        return performance.now() - begun;
    })()";
    for _ in 0..COLD_ROUNDS {
        pause.tick().await;
        warm.push(number(&page.evaluate_in(world, report).await?)?);
        for worker in cdp.targets("service_worker", &extension).await? {
            cdp.call("Target.closeTarget", json!({ "targetId": worker })).await?;
        }
        until("the worker to stop", async || {
            let left = cdp.targets("service_worker", &extension).await?.len();
            Ok(if left == 0 { Ok(()) } else { Err(format!("there is {left}")) })
        })
        .await?;
        cold.push(number(&page.evaluate_in(world, report).await?)?);
    }
    Ok(Latencies {
        badge: sample(badge)?,
        badge_question: sample(question)?,
        cold_start: sample(cold)?,
        warm: sample(warm)?,
    })
}

async fn open(cdp: &Cdp, address: &str) -> Result<Session> {
    let answer = cdp.call("Target.createTarget", json!({ "url": address, "newWindow": true })).await?;
    let target = answer.get("targetId").and_then(Value::as_str).context("a window without a name")?;
    let session = cdp.attach(target).await?;
    session.call("Runtime.enable", json!({})).await?;
    Ok(session)
}

/// Asks for the badge until it shows the digits.
fn ask(tab: &Value, digits: &str) -> String {
    format!(
        "(async () => {{
            for (const end = performance.now() + 10000; performance.now() < end; ) {{
                const begun = performance.now();
                const text = await chrome.action.getBadgeText({{ tabId: {tab} }});
                const now = performance.now();
                if (text === '{digits}') return {{ at: performance.timeOrigin + now, question: now - begun }};
            }}
            throw new Error('the badge never showed the digits');
        }})()"
    )
}

/// Writes the digits as a page would, a moment after the question began, and says when.
fn write(digits: &str) -> String {
    format!(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {{
            document.getElementById('number').textContent = '{digits}';
            done(performance.timeOrigin + performance.now());
        }})))"
    )
}

fn number(value: &Value) -> Result<f64> {
    value.as_f64().with_context(|| format!("{value} is no number"))
}

fn sample(mut values: Vec<f64>) -> Result<Sample> {
    values.sort_by(f64::total_cmp);
    let at = |hundredths: usize| {
        let place = (values.len() * hundredths).div_ceil(100).saturating_sub(1);
        values.get(place).map(|value| (value * 10.0).round() / 10.0).context("nothing was measured")
    };
    Ok(Sample { rounds: values.len(), median_ms: at(50)?, p95_ms: at(95)?, least_ms: at(0)? })
}

#[cfg(test)]
mod tests {
    use super::sample;

    #[test]
    fn median_and_tail() {
        let measured = sample((1..=100).rev().map(f64::from).collect()).unwrap();
        assert_eq!((measured.rounds, measured.least_ms, measured.median_ms, measured.p95_ms), (100, 1.0, 50.0, 95.0));
        assert!(sample(Vec::new()).is_err());
    }
}
