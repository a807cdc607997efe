//! The browser is closed and opened again. An identifier is forgotten with the session unless the person chose to keep it on
//! this computer, and is forgotten there too when asked.

use anyhow::{Result, ensure};
use vigie_e2e::firefox::Firefox;

use crate::support::{DOCTOR, RPPS, Story, holds, tell};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restart_forgets_and_what_it_keeps() {
    tell("firefox-restart", "vigie-firefox-dev", None, async |story, firefox| {
        fill(story, &firefox, false).await?;
        offers(story, &firefox, true).await?;

        let firefox = firefox.restart().await?;
        offers(story, &firefox, false).await?;
        // Only on a desk of one's own is there anything to choose.
        let options = firefox.open_tab(&firefox.extension_page("options.html")).await?;
        options.shows("document.querySelector('#page-state').dataset.state", "ready").await?;
        options.click("#mode-personal").await?;
        options.shows("document.querySelector('#said').textContent", "Réglage enregistré.").await?;
        options.close().await?;
        fill(story, &firefox, true).await?;

        let firefox = firefox.restart().await?;
        offers(story, &firefox, true).await?;
        let bubble = firefox.toolbar().press().await?;
        bubble.press("#forget").await?;
        bubble.shows("document.querySelector('#forget').checkVisibility()", "false").await?;
        bubble.close().await?;
        offers(story, &firefox, false).await
    })
    .await;
}

/// Fills a login page, keeping the identifier for the session or on this computer.
async fn fill(story: &Story, firefox: &Firefox, keep: bool) -> Result<()> {
    let page = firefox.page().await?;
    story.reach_login_page(&page).await?;
    let bubble = firefox.toolbar().press().await?;
    bubble.state("identifier").await?;
    bubble.write("#identifier", RPPS).await?;
    if keep {
        bubble.press("#keep").await?;
    }
    bubble.press("#fill").await?;
    holds(&page, DOCTOR).await?;
    bubble.close().await
}

/// On a fresh login page the popup has an identifier at hand, or none.
async fn offers(story: &Story, firefox: &Firefox, kept: bool) -> Result<()> {
    let page = firefox.page().await?;
    story.reach_login_page(&page).await?;
    let bubble = firefox.toolbar().press().await?;
    bubble.state("identifier").await?;
    bubble.shows("document.querySelector('#forget').checkVisibility()", &kept.to_string()).await?;
    let value = bubble.value("#identifier").await?;
    ensure!(value.is_empty() != kept, "the popup's field has {} characters", value.len());
    bubble.close().await
}
