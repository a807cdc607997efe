//! The last page of the SI-DEP guide: the diagnostic, then the SSL test, which fails first and succeeds once the desk is in order.

use anyhow::{Context, Result};
use serde_json::json;
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::support::{CARD_CODE, DOCTOR, Scene, tell};

#[tokio::test(flavor = "multi_thread")]
async fn ssl_test_failure() {
    let scene = Scene { browser: Setup::hidden(Extension::Absent).with_card(DOCTOR), ..Scene::plain() };
    tell("ssl-test-failure", scene, async |story| -> Result<()> {
        let desk = story.sandbox.ready.desk.clone().context("there is no desk")?;
        story.sandbox.set_desk(json!({"reader": "unplugged"})).await?;
        story.browser.client.goto(&format!("{desk}/diagnostic")).await?;
        story.browser.element("tr[data-code=SBX-CARD-READER]").await?;
        story.keep("diagnostic", Frame::Page).await?;

        // Whoever goes on all the same meets the screen of failure.
        let test = story.sandbox.ready.ssl_test.clone().context("there is no SSL test")?;
        story.browser.client.goto(&test).await?;
        story.browser.element("[data-result=failure][data-code=SBX-CARD-READER]").await?;
        story.browser.says("0 825 852 000").await?;
        story.keep("failure", Frame::Page).await?;

        // Reader plugged in. A browser without any card is told so, under the name that the guide prints.
        story.sandbox.set_desk(json!({"reader": "plugged"})).await?;
        let bare = story.another_browser().await?;
        let told = async {
            bare.client.goto("https://testssl.asipsante.fr/").await?;
            bare.element("[data-result=failure][data-code=SBX-CARD-CERTIFICATE]").await?;
            story.keep_of(&bare, "no-certificate", Frame::Page).await
        }
        .await;
        bare.close().await;
        told?;

        story.browser.client.goto(&format!("{desk}/diagnostic")).await?;
        story.browser.follow("#ssl-test").await?;
        story.keep("code", Frame::Window).await?;
        story.type_card_code(CARD_CODE).await?;
        story.browser.element("[data-result=success]").await?;
        story.browser.says("KIT DOC0042786").await?;
        story.keep("success", Frame::Page).await
    })
    .await;
}
