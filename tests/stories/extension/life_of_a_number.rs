//! A number from its first second to its end: another one on the same page, the worker killed, a popup opened late, going
//! away and coming back, quitting, running out of time, refusing on the phone.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::browser::{Frame, until};
use vigie_e2e::popup::Popup;

use crate::steps::{Desk, NUMBER, extended, kept};
use crate::support::{DOCTOR, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn life_of_a_number() {
    tell("life-of-a-number", extended(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let (desk, number) = Desk::at_number(story).await?;

    // Large, outside the page, with who asks and since when.
    desk.popup.show().await?;
    ensure!(desk.popup.text("#digits").await? == number, "the popup shows another number than the page");
    let height =
        browser.evaluate("return parseFloat(getComputedStyle(document.querySelector('#digits')).fontSize);").await?;
    ensure!(height.as_f64() >= Some(96.0), "the digits are {height} px high");
    desk.popup_says("#service", "smurtab.psc.localhost").await?;
    desk.popup_says("#started", "à l’instant").await?;
    desk.popup_says("#countdown", "Encore").await?;
    story.keep("number", Frame::Popup).await?;
    nothing_drawn(&desk).await?;

    // The worker dies in the middle; the next second of the page wakes another, which knows all that matters.
    browser.kill_worker().await?;
    desk.popup.badge(&number).await?;
    story.sandbox.advance_s(20).await?;
    desk.popup_says("#countdown", "min").await.or(desk.popup_says("#countdown", "Encore").await)?;
    let late = Popup::open(browser).await?;
    late.state("number").await?;
    ensure!(late.text("#digits").await? == number, "a popup opened late shows something else");

    // The page puts another number in the place of the first, as a page that never reloads does.
    let other = if number == "58" { "59" } else { "58" };
    write_number(&desk, other).await?;
    desk.popup.badge(other).await?;
    desk.popup_says("#digits", other).await?;
    // What is no number is not guessed at, and the old one is gone at once.
    write_number(&desk, "5a").await?;
    desk.popup.state("number-unread").await?;
    desk.no_badge().await?;
    desk.popup_says("#explain", "Aucun nombre").await?;
    write_number(&desk, &number).await?;
    desk.popup.badge(&number).await?;

    // Away to another site, no number; back again, the same login.
    let digits = format!("\\n{number}\\n");
    desk.popup.show().await?;
    ensure!(kept(browser).await?.0.contains(&digits), "the digits are looked for where they are not kept");
    desk.show_page().await?;
    let home = story.sandbox.ready.relying_parties.get("sidep").context("no service sidep")?;
    browser.client.goto(home).await?;
    desk.no_badge().await?;
    // Whatever becomes of the worker now, memory holds no digits of a page that is away.
    until("the digits to be kept no longer", async || {
        Ok(if kept(browser).await?.0.contains(&digits) { Err("they are".to_owned()) } else { Ok(()) })
    })
    .await?;
    browser.kill_worker().await?;
    ensure!(!kept(browser).await?.0.contains(&digits), "a worker that was stopped left digits behind");
    desk.show_page().await?;
    browser.client.back().await?;
    desk.popup.badge(&number).await?;

    // Quitting is no refusal.
    desk.show_page().await?;
    browser.follow("form button[type=submit]").await?;
    desk.popup.state("quit").await?;
    desk.no_badge().await?;

    // Time runs out: by the sandbox's clock, so that nobody waits.
    let (desk, _) = Desk::at_number(story).await?;
    story.sandbox.advance_s(600).await?;
    desk.popup.state("expired").await?;
    desk.no_badge().await?;
    ensure!(desk.attribute("#guide", "data-node").await? == "GUIDE-TIME-UP", "no help for a number that ran out");
    desk.popup_says("#guide-steps", "téléphone en main").await?;
    story.keep("expired", Frame::Popup).await?;

    // The page offers another try: the same tab, a new number.
    desk.show_page().await?;
    browser.follow("[data-test=retry]").await?;
    desk.popup.state("identifier").await?;
    desk.fill(crate::steps::DOCTOR).await?;
    let fresh = desk.submit().await?;
    desk.popup.badge(&fresh).await?;

    // Refused on the phone.
    let requests = story.sandbox.requests(DOCTOR).await?;
    let id = requests.iter().find_map(|one| one.get("id")?.as_str()).context("no request waits on the phone")?;
    let (status, answer) = story.sandbox.answer(DOCTOR, id, &json!({ "refuse": true })).await?;
    ensure!(status == 200, "the phone could not refuse: {status} {answer}");
    desk.popup.state("refused").await?;
    desk.no_badge().await?;
    ensure!(desk.attribute("#guide", "data-node").await? == "GUIDE-UNASKED-PUSH", "no help after a refusal");
    story.keep("refused", Frame::Popup).await
}

/// The page changes its number in place.
async fn write_number(desk: &Desk<'_>, text: &str) -> Result<()> {
    desk.show_page().await?;
    desk.browser().evaluate(&format!("document.querySelector('{NUMBER}').textContent = '{text}';")).await.map(drop)
}

/// Nothing of the extension stands in the page: no element more than the sandbox wrote, no style, no script.
async fn nothing_drawn(desk: &Desk<'_>) -> Result<()> {
    desk.show_page().await?;
    let foreign = desk
        .browser()
        .resolve(
            "const html = await (await fetch(location.href)).text();
             const written = new DOMParser().parseFromString(html, 'text/html').querySelectorAll('*:not(noscript *)').length;
             return { written, shown: document.querySelectorAll('*').length, sheets: document.adoptedStyleSheets.length,
                      links: document.documentElement.outerHTML.includes('chrome-extension:') };",
        )
        .await?;
    let count = |name: &str| foreign.get(name).and_then(Value::as_u64);
    ensure!(
        count("written") == count("shown") && count("sheets") == Some(0) && foreign.get("links") == Some(&json!(false)),
        "something was drawn in the page: {foreign}"
    );
    Ok(())
}
