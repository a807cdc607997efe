//! A page, genuine or not, reaches nothing of the extension, even when it knows its internal address: no file of the package,
//! no frame, no messaging, no name in its window.

use anyhow::{Result, ensure};
use serde_json::json;
use vigie_e2e::firefox::{Firefox, Page};

use crate::support::tell;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reaches_nothing_of_the_extension() {
    tell("firefox-out-of-reach", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        story.reach_login_page(&page).await?;
        nothing(&firefox, &page).await?;
        page.goto(&story.sandbox.ready.lookalike).await?;
        nothing(&firefox, &page).await
    })
    .await;
}

async fn nothing(firefox: &Firefox, page: &Page<'_>) -> Result<()> {
    for file in ["popup.html", "content.js", "vigie_bg.wasm", "icons/vigie-32.png", "manifest.json"] {
        let address = json!(firefox.extension_page(file));
        let fetched =
            page.evaluate(&format!("return fetch({address}).then((answer) => answer.status, () => 'no');")).await?;
        ensure!(fetched == "no", "{file} was fetched: {fetched}");
        // An image is the one kind that the page's own policy does not always forbid; whether it loads is the browser's answer.
        let loaded = page
            .evaluate(&format!(
                "return await new Promise((done) => {{
                   const image = new Image();
                   image.onload = () => done('yes');
                   image.onerror = () => done('no');
                   image.src = {address};
                 }});"
            ))
            .await?;
        ensure!(loaded == "no", "{file} was loaded as an image");
    }
    let names = page.evaluate("return typeof browser + ' ' + typeof globalThis.chrome?.runtime;").await?;
    ensure!(names == "undefined undefined", "the page has {names}");
    Ok(())
}
