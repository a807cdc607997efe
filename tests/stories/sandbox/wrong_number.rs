//! A person picks another number than the one on the page: the login is over, for the page, the phone and the service.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use vigie_e2e::browser::Frame;

use crate::support::{DOCTOR, PIN, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_number() {
    tell("wrong-number", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = browser.open_tab("about:blank").await?;
    let number = story.reach_number("smurtab", DOCTOR).await?;
    let offered = story.unlock(browser, DOCTOR, PIN).await?;
    let other = offered.iter().find(|one| **one != number).context("the phone offers no other number")?;
    browser.follow(&format!("button[name=number][value='{other}']")).await?;
    browser.element("[data-result=ended]").await?;
    browser.says("Mauvais nombre").await?;
    story.keep("phone", Frame::Phone).await?;

    browser.switch_to(&desk).await?;
    browser.element("[data-code=SBX-WRONG-NUMBER]").await?;
    let numbers = browser.client.find_all(Locator::Css("[data-test=number]")).await?;
    ensure!(numbers.is_empty(), "a number is still on the page");
    story.keep("page", Frame::Window).await?;
    // There is no second try with the same request.
    ensure!(story.sandbox.requests(DOCTOR).await?.is_empty(), "the phone may still answer");
    browser.follow("[data-test=back]").await?;
    browser.element("[data-reason=SBX-RP-PROVIDER], [data-decision=error]").await?;
    story.keep("service", Frame::Page).await
}
