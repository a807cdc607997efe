//! Three wrong codes block the card; the support unblocks it, and the next login goes through.

use anyhow::{Context, Result};
use serde_json::json;
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::support::{CARD_CODE, DOCTOR, Scene, tell};

#[tokio::test(flavor = "multi_thread")]
async fn card_lock() {
    let scene = Scene { browser: Setup::hidden(Extension::Absent).with_card(DOCTOR), ..Scene::plain() };
    tell("card-lock", scene, async |story| -> Result<()> {
        story.reach_login_page("smurtab").await?;
        story.reach_card_window().await?;
        story.type_card_code("0000").await?;
        story.browser.says("Il vous reste 2 essais").await?;
        story.keep("wrong-code", Frame::Window).await?;
        story.type_card_code("1111").await?;
        story.browser.says("Il vous reste 1 essai").await?;
        story.type_card_code("2222").await?;
        story.browser.element("[data-code=SBX-CARD-BLOCKED]").await?;
        story.keep("blocked", Frame::Window).await?;

        // Neither trying again nor starting over leads to the code.
        story.browser.follow("#again").await?;
        story.browser.element("[data-code=SBX-CARD-BLOCKED]").await?;
        story.browser.follow("#back").await?;
        story.browser.follow("#card-login").await?;
        story.browser.element("[data-code=SBX-CARD-BLOCKED]").await?;

        // The support, played by a button on the desk's page.
        let desk = story.sandbox.ready.desk.clone().context("there is no desk")?;
        story.browser.client.goto(&desk).await?;
        story.keep("desk", Frame::Page).await?;
        story.browser.follow(&format!("tr[data-card='{DOCTOR}'] button")).await?;
        story.browser.element(&format!("tr[data-card='{DOCTOR}'][data-tries='3']")).await?;

        // Before that the holder had pulled the card: the page says what is missing.
        story.sandbox.set_desk(json!({"card": "removed"})).await?;
        story.reach_login_page("smurtab").await?;
        story.browser.follow("[role=tab][href$='onglet=carte']").await?;
        story.browser.follow("#card-login").await?;
        story.browser.element("[data-code=SBX-CARD-ABSENT]").await?;
        story.keep("no-card", Frame::Window).await?;
        story.sandbox.set_desk(json!({"reset": true})).await?;
        story.browser.follow("#again").await?;
        story.type_card_code(CARD_CODE).await?;
        story.arrives("KIT DOC0042786").await
    })
    .await;
}
