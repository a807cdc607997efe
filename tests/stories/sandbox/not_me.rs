//! Somebody types a doctor's public identifier. She says that it was not her and blocks: nothing more reaches her phone until
//! she lets it.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;

use crate::support::{DOCTOR, IDENTIFIER, PIN, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn not_me() {
    tell("not-me", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    // Her phone lies open; the request shows up in place.
    browser.client.goto(&story.phone(DOCTOR)).await?;
    browser.says("Aucune demande en attente").await?;
    let phone = browser.client.window().await?;
    let desk = browser.open_tab("about:blank").await?;
    story.reach_number("smurtab", DOCTOR).await?;

    browser.switch_to(&phone).await?;
    browser.element("[data-demande] a").await?;
    story.keep("a-request-arrives", Frame::Phone).await?;
    browser.follow("[data-demande] a").await?;
    story.keep("was-it-you", Frame::Phone).await?;
    browser.follow("button[name=refuse]").await?;
    browser.says("Demande refusée").await?;
    story.keep("refused", Frame::Phone).await?;
    browser.follow("#block button").await?;
    browser.element("[data-result=blocked]").await?;
    story.keep("blocked", Frame::Phone).await?;

    // The page of whoever tried says so, and the next try reaches nobody.
    browser.switch_to(&desk).await?;
    browser.element("[data-code=SBX-REFUSED]").await?;
    story.keep("page-refused", Frame::Window).await?;
    story.reach_login_page("smurtab").await?;
    browser.write(IDENTIFIER, DOCTOR).await?;
    browser.follow("form [type=submit]").await?;
    browser.element("[data-code=SBX-PUSH-BLOCKED]").await?;
    story.keep("page-blocked", Frame::Window).await?;
    ensure!(story.sandbox.requests(DOCTOR).await?.is_empty(), "a request reached the phone");

    // She lets requests in again, and logs in herself.
    browser.switch_to(&phone).await?;
    browser.follow("#unblock button").await?;
    browser.says("Aucune demande en attente").await?;
    browser.switch_to(&desk).await?;
    let number = story.reach_number("smurtab", DOCTOR).await?;
    let offered = story.unlock(browser, DOCTOR, PIN).await?;
    ensure!(offered.contains(&number), "the phone does not offer the number of the page");
    browser.follow(&format!("button[name=number][value='{number}']")).await?;
    browser.switch_to(&desk).await?;
    story.arrives("KIT DOC0042786").await
}
