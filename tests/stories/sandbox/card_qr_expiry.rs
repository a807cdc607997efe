//! The QR code on the portal lives ninety seconds: too late it leads nowhere, and a new one disables the old.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::activation_by_card::{at_the_portal, qr_code, shown_ticket};
use crate::support::{NEWCOMER, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn card_qr_expiry() {
    let scene = Scene { browser: Setup::hidden(Extension::Absent).with_card(NEWCOMER), ..Scene::plain() };
    tell("card-qr-expiry", scene, async |story| {
        story.sandbox.stop_clock().await?;
        at_the_portal(story).await?;
        let late = qr_code(story).await?;
        story.sandbox.advance_s(89).await?;
        story.browser.element("#qr").await?;
        story.sandbox.advance_s(1).await?;
        // The page says so by itself.
        story.browser.element("[data-result=expired]").await?;
        story.keep("expired", Frame::Window).await?;
        scans(story, &late, "ACT-CARD-QR-EXPIRED").await?;

        story.browser.follow("#request button").await?;
        let old = shown_ticket(story).await?;
        story.browser.follow("#request button").await?;
        story.browser.element(&format!("#qr:not([data-ticket='{old}'])")).await?;
        let new = shown_ticket(story).await?;
        scans(story, &old, "ACT-QR-SUPERSEDED").await?;
        let (status, answer) = story.sandbox.activation(NEWCOMER, &scan(&new)).await?;
        let state = answer.get("state").and_then(Value::as_str);
        ensure!((status, state) == (200, Some("showing_code")), "the new QR code: {answer}");
        story.browser.element("#code").await.map(drop)
    })
    .await;
}

fn scan(qr: &str) -> Value {
    json!({"step": "scan", "device": 1, "qr": qr})
}

async fn scans(story: &Story, qr: &str, code: &str) -> Result<()> {
    let (_, answer) = story.sandbox.activation(NEWCOMER, &scan(qr)).await?;
    ensure!(answer.get("code").and_then(Value::as_str) == Some(code), "expected {code}: {answer}");
    Ok(())
}
