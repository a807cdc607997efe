//! A key that does not agree is asked about once; several people share a desk, are offered by their endings, choose and forget.

use anyhow::ensure;

use crate::support::{COLLEAGUE, DOCTOR, RPPS, empty, holds, says, tell};

/// With `Alt` and `Shift`, as the manifest suggests it.
const FILL: char = 'P';

/// The doctor's RPPS with another last digit.
const ODD: &str = "99700427860";

#[tokio::test(flavor = "multi_thread")]
async fn several_people_at_one_desk() {
    tell("firefox-desk", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        story.reach_login_page(&page).await?;
        let bubble = toolbar.press().await?;
        bubble.state("identifier").await?;
        bubble.write("#identifier", ODD).await?;
        bubble.press("#fill").await?;
        says(&bubble, "#identifier-problem", "Comparez avec votre carte").await?;
        says(&bubble, "#fill", "Saisir quand même").await?;
        holds(&page, "").await?;
        bubble.picture(&story.picture("key-asked")).await?;
        bubble.press("#fill").await?;
        holds(&page, &format!("8{ODD}")).await?;
        // It was a slip after all.
        empty(&page).await?;
        bubble.press("#forget").await?;
        bubble.close().await?;

        for person in [RPPS, COLLEAGUE] {
            empty(&page).await?;
            let bubble = toolbar.press().await?;
            bubble.state("identifier").await?;
            bubble.write("#identifier", person).await?;
            bubble.press("#fill").await?;
            holds(&page, &format!("8{person}")).await?;
            bubble.close().await?;
        }

        // Of two people the key guesses nobody: the popup opens and lets them choose.
        empty(&page).await?;
        toolbar.shortcut(FILL).await?;
        let bubble = toolbar.bubble().await?;
        bubble.state("identifier").await?;
        holds(&page, "").await?;
        says(&bubble, "#desk", "7869").await?;
        says(&bubble, "#desk", "7909").await?;
        let rows = bubble.text("#desk").await?;
        ensure!(!rows.contains(RPPS) && !rows.contains(COLLEAGUE), "a whole identifier is shown to whoever looks");
        bubble.picture(&story.picture("two-people")).await?;
        bubble.press("#desk-list li:nth-child(2) [data-act=choose]").await?;
        bubble.shows("document.querySelector('#identifier').value", DOCTOR).await?;
        bubble.press("#fill").await?;
        holds(&page, DOCTOR).await?;
        bubble.close().await?;

        // One is forgotten, and the other is the only one again: the key fills.
        empty(&page).await?;
        let bubble = toolbar.press().await?;
        bubble.state("identifier").await?;
        bubble.press("#desk-list li:nth-child(2) [data-act=forget]").await?;
        bubble.shows("document.querySelector('#desk').checkVisibility()", "false").await?;
        bubble.close().await?;
        toolbar.shortcut(FILL).await?;
        holds(&page, DOCTOR).await
    })
    .await;
}
