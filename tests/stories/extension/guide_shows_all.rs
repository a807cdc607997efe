//! The guide shows every situation, contact and secret of the core, and each page of guide and help fits a narrow screen.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use verifier_core::guidance::{self, ContactId, Node, START};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup};

use crate::steps::{extended, kept, prefers};
use crate::support::{Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn guide_shows_all() {
    tell("guide-shows-all", extended(), told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guide_in_english() {
    let browser = Setup::hidden(Extension::Loaded).speaking("en");
    tell("guide-in-english", Scene { browser, ..extended() }, in_english).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    open(browser, "guide.html").await?;
    walk(browser).await?;
    let rows = shown(browser, "#contacts-list", "contact").await?;
    let all: Vec<String> = guidance::contacts().iter().map(|row| row.id.as_str().to_owned()).collect();
    ensure!(rows == all, "the contacts are {rows:?}");
    for contact in guidance::contacts() {
        let row = browser.text(&format!("#contacts-list [data-contact={}]", contact.id.as_str())).await?;
        ensure!(row.contains(contact.date), "no date: {row}");
    }
    let secrets = shown(browser, "#secrets-rows", "secret").await?;
    let all: Vec<String> = guidance::secrets().iter().map(|row| row.id.as_str().to_owned()).collect();
    ensure!(secrets == all, "the secrets are {secrets:?}");
    for row in guidance::secrets() {
        let read = browser.text(&format!("#secrets-rows [data-secret={}]", row.id.as_str())).await?;
        ensure!(read.len() > 40, "{}: {read}", row.id.as_str());
    }
    let steps =
        browser.evaluate("return [...document.querySelectorAll('#atsam-steps li, #ssl-steps li')].length;").await?;
    ensure!(steps == json!(8), "ATSAM and the SSL test have {steps} steps");
    fits(browser).await?;

    // The words, the limits, and the key of a NIR, which stays in its field.
    open(browser, "help.html").await?;
    for (section, words) in [
        ("exchange", ["destinataires", "seul endroit"]),
        ("certification", ["3 ans", "31 mars 2018"]),
        ("ins", ["INS-C", "cinq traits"]),
        ("stops", ["n’empêche pas", "relayé en direct"]),
        ("privacy", ["n’envoie rien", "Jamais"]),
    ] {
        let said = browser.text(&format!("#{section}")).await?;
        ensure!(words.iter().all(|word| said.contains(word)), "{section}: {said}");
    }
    for (typed, invalid, said) in [
        ("2 55 08 14 168 025 38", "false", "La clé concorde"),
        ("2 55 08 14 168 025 39", "true", "ne concorde pas"),
        ("2 55 08 14 168 025", "false", "sans la clé"),
        ("2 55 08", "false", "15 avec sa clé"),
        ("2 55 13 14 168 025 38", "true", "n'est pas possible"),
    ] {
        browser.write("#nir", typed).await?;
        browser.element(&format!("#nir[aria-invalid={invalid}]")).await?;
        let read = browser.text("#nir-said").await?;
        ensure!(read.contains(said), "{typed}: {read}");
    }
    let (session, disk) = kept(browser).await?;
    ensure!(!session.contains("2550814") && !disk.contains("2550814"), "the number is kept");
    ensure!(!browser.client.current_url().await?.as_str().contains("255"), "the number is in the address");
    story.keep("help", Frame::Page).await?;
    fits(browser).await
}

async fn in_english(story: &Story) -> Result<()> {
    let browser = &story.browser;
    for (page, title) in [("guide.html", "Activate my e-CPS"), ("help.html", "Help, words and privacy")] {
        open(browser, page).await?;
        let heading = browser.text("h1").await?;
        ensure!(heading.starts_with(title), "the title is {heading}");
        ensure!(browser.evaluate("return document.documentElement.lang;").await? == json!("en"), "another language");
        let french = browser
            .evaluate(
                "return [...document.querySelectorAll('[data-i18n], [data-text]')]
                   .filter((element) => /\\b(vous|votre|une|les)\\b/.test(element.textContent.replace(/«[^»]*»/g, ''))).map((element) => element.textContent);",
            )
            .await?;
        ensure!(french == json!([]), "still in French: {french}");
        fits(browser).await?;
    }
    open(browser, "guide.html").await?;
    browser.click("#route-card").await?;
    browser.element("#by-card:not([hidden])").await?;
    prefers(browser, &[("prefers-color-scheme", "dark")]).await?;
    story.keep("guide-dark", Frame::Page).await
}

async fn open(browser: &Browser, page: &str) -> Result<()> {
    browser.client.goto(&browser.extension_page(page)).await?;
    browser.element("#page-state[data-state=ready]").await.map(drop)
}

/// From the first question through every answer, by clicks; each situation says all that the core has for it.
async fn walk(browser: &Browser) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut path: Vec<&'static Node> = Vec::new();
    let mut next = Some(START.to_owned());
    loop {
        if let Some(code) = next.take() {
            let node = guidance::node(&code).with_context(|| format!("{code} is no situation"))?;
            ensure!(shows(browser, node).await?, "{code} is not shown as it is");
            seen.insert(node.code);
            path.push(node);
        }
        let Some(at) = path.last() else { break };
        match at.next().iter().find(|code| !seen.contains(*code)) {
            Some(code) => {
                browser.click(&format!("#guide-next [data-node={code}]")).await?;
                next = Some((*code).to_owned());
            }
            None => {
                path.pop();
                if let Some(before) = path.last() {
                    browser.click("#guide-back").await?;
                    ensure!(shows(browser, before).await?, "back does not lead to {}", before.code);
                }
            }
        }
    }
    let lost: Vec<&str> = guidance::nodes().iter().map(|node| node.code).filter(|code| !seen.contains(code)).collect();
    ensure!(lost.is_empty(), "never shown: {lost:?}");
    Ok(())
}

/// Whether the panel shows this situation: its title, every step, every contact, every way on.
async fn shows(browser: &Browser, node: &Node) -> Result<bool> {
    browser.element(&format!("#guide[open][data-node={}]", node.code)).await?;
    let counted = browser
        .evaluate(
            "return { title: document.querySelector('#guide-title').textContent !== '',
                      steps: [...document.querySelectorAll('#guide-steps li')].filter((li) => li.textContent !== '').length };",
        )
        .await?;
    let secrets = if node.code == "GUIDE-SECRETS" { guidance::secrets().len() } else { 0 };
    let contacts: Vec<&str> = node.contacts.iter().copied().map(ContactId::as_str).collect();
    Ok(counted == json!({ "title": true, "steps": node.step_keys().count() + secrets })
        && shown(browser, "#guide-contacts", "contact").await? == contacts
        && shown(browser, "#guide-next", "node").await? == node.next())
}

/// What the elements of a list are made from.
async fn shown(browser: &Browser, list: &str, member: &str) -> Result<Vec<String>> {
    let script = format!(
        "return [...document.querySelectorAll('{list} [data-{member}]')]
           .filter((element) => element.checkVisibility()).map((element) => element.dataset.{member});"
    );
    Ok(serde_json::from_value(browser.evaluate(&script).await?)?)
}

/// At 320 pixels, which is a desktop at 400 % as well, nothing is wider than the screen.
async fn fits(browser: &Browser) -> Result<()> {
    let narrow = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", narrow).await?;
    let wide = browser
        .evaluate(
            "return [...document.querySelectorAll('body *')].filter((el) => el.checkVisibility() && !el.closest('.unseen, thead'))
               .filter((el) => el.getBoundingClientRect().right > 320.5).map((el) => el.id || el.outerHTML.slice(0, 80));",
        )
        .await?;
    browser.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await?;
    ensure!(wide == json!([]), "wider than the screen: {wide}");
    Ok(())
}
