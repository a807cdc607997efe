//! A page that imitates the login on another host. The store package may not look there by itself; it looks where its button
//! is pressed, because that press grants it the tab. The package for developers may look, and warns unasked.

use anyhow::{Result, ensure};
use vigie_e2e::firefox::{Bubble, Page};

use crate::support::{FIELD, no_number, tell};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_package_judges_a_page_when_its_button_is_pressed() {
    tell("firefox-lookalike", "vigie-firefox-store.zip", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        page.goto(&story.sandbox.ready.lookalike).await?;
        page.text("h1").await?;
        toolbar.badge("").await?;
        let bubble = toolbar.press().await?;
        warned(&bubble, &page).await?;
        bubble.picture(&story.picture("warning")).await?;
        bubble.close().await?;
        toolbar.badge("!").await?;
        toolbar.picture(&story.picture("window")).await?;

        // The press was for that page. A page that has nothing to do with it is not spoken of.
        let home = story.sandbox.ready.relying_parties.get("smurtab").cloned().unwrap_or_default();
        page.goto(&home).await?;
        toolbar.badge("").await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "elsewhere").await?;
        bubble.close().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_package_warns_unasked_once_the_person_wants_it() {
    tell("firefox-watch", "vigie-firefox-store.zip", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        let bubble = toolbar.press().await?;
        bubble.press("#watch summary").await?;
        bubble.press("#watch-toggle").await?;
        bubble.shows("document.querySelector('#watch').dataset.watch", "on").await?;
        bubble.close().await?;
        page.goto(&story.sandbox.ready.lookalike).await?;
        toolbar.badge("!").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_developers_warns_unasked() {
    tell("firefox-lookalike-dev", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        page.goto(&story.sandbox.ready.lookalike).await?;
        firefox.toolbar().badge("!").await?;
        let bubble = firefox.toolbar().press().await?;
        warned(&bubble, &page).await
    })
    .await;
}

/// The popup warns, says why, offers nothing; the page's field stays empty.
async fn warned(bubble: &Bubble<'_>, page: &Page<'_>) -> Result<()> {
    no_number(bubble, "lookalike").await?;
    ensure!(!bubble.text("#verdict").await?.is_empty(), "the popup gives no verdict");
    bubble.shows("document.querySelector('#fill').checkVisibility()", "false").await?;
    let values = format!("[...document.querySelectorAll('{FIELD}')].map((field) => field.value).join()");
    page.shows(&values, "").await
}
