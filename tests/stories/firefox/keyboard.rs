//! The two shortcuts. The one for filling fills what was kept, without a popup; as long as nothing is kept it opens the popup,
//! so that the key is never mute. The other one opens the popup.

use crate::support::{DOCTOR, holds, tell};

use anyhow::ensure;

/// With `Alt` and `Shift`, as the manifest suggests them.
const FILL: char = 'P';
const OPEN: char = 'V';

#[tokio::test(flavor = "multi_thread")]
async fn the_shortcuts_open_and_fill() {
    tell("firefox-keyboard", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        story.reach_login_page(&page).await?;
        toolbar.shortcut(OPEN).await?;
        let bubble = toolbar.bubble().await?;
        bubble.state("identifier").await?;
        bubble.close().await?;

        toolbar.shortcut(FILL).await?;
        let bubble = toolbar.bubble().await?;
        bubble.state("identifier").await?;
        bubble.close().await?;
        holds(&page, "").await?;

        story.fill(&firefox, &page).await?;
        story.reach_login_page(&page).await?;
        holds(&page, "").await?;
        // A person is slower than the page's report; here the popup tells that it has arrived.
        toolbar.shortcut(OPEN).await?;
        let bubble = toolbar.bubble().await?;
        bubble.state("identifier").await?;
        bubble.close().await?;
        toolbar.shortcut(FILL).await?;
        holds(&page, DOCTOR).await?;
        ensure!(!toolbar.popup_is_open().await?, "the popup opened although the field could be filled");
        Ok(())
    })
    .await;
}
