//! The ways in which a number ends before it was picked: refused on the phone, quit on the page, too late, left behind. Each
//! time badge and popup lose it, and a number that comes back is the page's own.

use crate::support::{NUMBER, SUBMIT, no_number, tell};

#[tokio::test(flavor = "multi_thread")]
async fn refused_quit_expired_and_left() {
    tell("firefox-endings", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();

        story.reach_number(&firefox, &page).await?;
        story.on_the_phone(None).await?;
        toolbar.badge("").await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "refused").await?;
        bubble.picture(&story.picture("refused")).await?;
        bubble.close().await?;

        story.reach_number(&firefox, &page).await?;
        page.follow(SUBMIT).await?;
        toolbar.badge("").await?;

        story.reach_number(&firefox, &page).await?;
        story.sandbox.advance_s(600).await?;
        toolbar.badge("").await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "expired").await?;
        bubble.picture(&story.picture("expired")).await?;
        bubble.close().await?;

        story.reach_number(&firefox, &page).await?;
        page.goto("about:blank").await?;
        toolbar.badge("").await?;
        page.back().await?;
        let number = page.text(NUMBER).await?;
        toolbar.badge(&number).await
    })
    .await;
}
