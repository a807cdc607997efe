//! The markup of the real pages is not public, so the extension must not lean on any: in Firefox too it fills and reads the number on
//! every set of pages that the sandbox has.

use anyhow::Context as _;
use serde_json::json;

use crate::support::{SUBMIT, tell};

#[tokio::test(flavor = "multi_thread")]
async fn every_set_of_login_pages_is_filled_and_read() {
    tell("firefox-login-pages", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        for set in ["spa", "guide", "awkward"] {
            story.sandbox.set(json!({ "templates": set })).await?;
            let number = story.reach_number(&firefox, &page).await.with_context(|| format!("the set `{set}`"))?;
            let bubble = firefox.toolbar().press().await?;
            bubble.state("number").await?;
            bubble.shows("document.querySelector('#digits').innerText", &number).await?;
            firefox.toolbar().picture(&story.picture(set)).await?;
            bubble.close().await?;
            page.follow(SUBMIT).await?;
            firefox.toolbar().badge("").await?;
        }
        Ok(())
    })
    .await;
}
