//! An e-CPS lives on one phone. A second phone cannot open it; when it is activated there, the first phone has lost it.

use anyhow::{Result, ensure};
use serde_json::json;
use vigie_e2e::browser::{Browser, Frame};

use crate::app::{ask_for_the_mail, finish, paste};
use crate::support::{DOCTOR, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn second_device() {
    tell("second-device", Scene::plain(), async |story| {
        let second = story.another_browser().await?;
        let told = told(story, &second).await;
        second.close().await;
        told
    })
    .await;
}

async fn told(story: &Story, second: &Browser) -> Result<()> {
    let first = &story.browser;
    activate(story, first, "1111").await?;
    first.client.goto(&story.phone(DOCTOR)).await?;
    first.says("Aucune demande en attente").await?;

    // Another phone, same person: the e-CPS is not there.
    second.client.goto(&story.phone(DOCTOR)).await?;
    second.element("[data-code=SBX-PHONE-OTHER]").await?;
    story.keep_of(second, "not-on-this-phone", Frame::Phone).await?;

    activate(story, second, "2222").await?;
    second.client.goto(&story.phone(DOCTOR)).await?;
    second.says("Aucune demande en attente").await?;
    story.keep_of(second, "on-the-second-phone", Frame::Phone).await?;
    first.client.goto(&story.phone(DOCTOR)).await?;
    first.element("[data-code=SBX-PHONE-OTHER]").await?;
    story.keep("gone-from-the-first", Frame::Phone).await?;

    // Requests go to the second phone only, and its PIN is the one that counts.
    let desk = first.open_tab("about:blank").await?;
    let number = story.reach_number("smurtab", DOCTOR).await?;
    let requests = story.sandbox.requests(DOCTOR).await?;
    let id = requests.first().and_then(|request| request.get("id")).and_then(|id| id.as_str()).unwrap_or_default();
    let answer = json!({"pin": "2222", "number": number, "device": 1});
    let (status, refusal) = story.sandbox.answer(DOCTOR, id, &answer).await?;
    let code = refusal.get("code").and_then(|code| code.as_str());
    ensure!((status, code) == (403, Some("SBX-PHONE-OTHER")), "{status} {refusal}");
    let offered = story.unlock(second, DOCTOR, "2222").await?;
    ensure!(offered.contains(&number), "the second phone does not offer the number of the page");
    second.follow(&format!("button[name=number][value='{number}']")).await?;
    second.element("[data-result=approved]").await?;
    first.switch_to(&desk).await?;
    story.arrives("KIT DOC0042786").await
}

/// The whole activation by the text of the QR code.
async fn activate(story: &Story, phone: &Browser, pin: &str) -> Result<()> {
    ask_for_the_mail(story, phone, DOCTOR).await?;
    let qr = story.sandbox.newest(DOCTOR, "qr").await?;
    paste(story, phone, &qr).await?;
    finish(phone, pin).await
}
