//! Before the service gets its answer the person confirms who enters it, on every set of login pages; and once she does not.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use vigie_e2e::browser::Frame;

use crate::support::{DOCTOR, IDENTIFIER, PIN, SETS, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn confirmation() {
    tell("confirmation", Scene::plain(), async |story| {
        for set in SETS {
            story.sandbox.set(json!({ "templates": set, "confirm": "always" })).await?;
            story.browser.only_tab("about:blank").await?;
            reach_confirmation(story).await.with_context(|| format!("with the set `{set}`"))?;
            story.keep(set, Frame::Window).await?;
            story.browser.follow("button[value=confirmer]").await?;
            story.arrives("KIT DOC0042786").await.with_context(|| format!("with the set `{set}`"))?;
        }
        reach_confirmation(story).await?;
        story.browser.follow("button[value=rejeter]").await?;
        let code = story.browser.text(".note").await?;
        ensure!(code.contains("SBX-REJECTED"), "the page says {code}");
        story.keep("rejected", Frame::Window).await?;
        story.browser.follow("[data-test=back]").await?;
        story.browser.element("[data-decision=error]").await.map(drop)
    })
    .await;
}

/// A login by e-CPS, answered by script, up to the question.
async fn reach_confirmation(story: &Story) -> Result<()> {
    let browser = &story.browser;
    story.reach_login_page("smurtab").await?;
    browser.write(IDENTIFIER, DOCTOR).await?;
    browser.follow("form [type=submit]").await?;
    let number = browser.text("[data-test=number]").await?;
    let requests = story.sandbox.requests(DOCTOR).await?;
    let request = requests.first().and_then(|request| request.get("id")?.as_str()).context("no request waits")?;
    let (status, answer) = story.sandbox.answer(DOCTOR, request, &json!({"pin": PIN, "number": number})).await?;
    ensure!(status == 200, "the phone was refused: {answer}");
    let name = browser.text("[data-test=name]").await?;
    ensure!(name == "KIT DOC0042786", "the page greets {name}");
    Ok(())
}
