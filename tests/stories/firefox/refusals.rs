//! Where nothing is filled: a field that is covered, not empty, changed by its page, unseen or locked. Each time one sentence says why,
//! and the identifier stays where it was.

use anyhow::Result;
use vigie_e2e::firefox::Page;
use vigie_e2e::hand::find;

use crate::support::{DOCTOR, FIELD, RPPS, holds, says, tell};

/// What a page does to its field, how it is undone, and what the popup answers to the order.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "const over = document.createElement('div'); over.id = 'over'; over.style.cssText = 'position:fixed;inset:0'; \
         document.body.append(over)",
        "document.querySelector('#over').remove()",
        "recouvre le champ",
    ),
    ("field.addEventListener('input', () => { field.value = '' }, { once: true })", "", "a modifié"),
    ("field.value = '8'", "field.value = ''", "n’écrase pas"),
];

/// The same where the page is read anew before anybody could press, and why nothing is offered then.
const NOT_OFFERED: &[(&str, &str, &str)] = &[
    ("document.body.style.opacity = '.3'", "document.body.style.opacity = ''", "non reconnue"),
    ("field.readOnly = true", "field.readOnly = false", "verrouillé"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_must_not_be_filled() {
    tell("firefox-refusals", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        story.reach_login_page(&page).await?;
        let bubble = firefox.toolbar().press().await?;
        for (trick, undo, sentence) in REFUSED {
            bubble.state("identifier").await?;
            bubble.write("#identifier", RPPS).await?;
            on_field(&page, trick).await?;
            bubble.press("#fill").await?;
            says(&bubble, "#identifier-problem", sentence).await?;
            on_field(&page, undo).await?;
            holds(&page, "").await?;
        }
        bubble.picture(&story.picture("refused")).await?;
        for (trick, undo, sentence) in NOT_OFFERED {
            on_field(&page, trick).await?;
            says(&bubble, "main", sentence).await?;
            bubble.shows("document.querySelector('#fill').checkVisibility()", "false").await?;
            on_field(&page, undo).await?;
            bubble.state("identifier").await?;
        }
        // Nothing of it lasts: an honest field is filled.
        bubble.write("#identifier", RPPS).await?;
        bubble.press("#fill").await?;
        holds(&page, DOCTOR).await
    })
    .await;
}

async fn on_field(page: &Page<'_>, script: &str) -> Result<()> {
    page.evaluate(&format!("const field = {}; {script};", find(FIELD))).await.map(drop)
}
