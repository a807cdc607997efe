//! A doctor logs in: the login page is recognised, the popup previews and fills her identifier, page, badge and popup show one
//! number with its time and the service that asks, and after the phone the number is gone everywhere.

use anyhow::ensure;

use crate::support::{DOCTOR, NUMBER, RPPS, holds, tell};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_from_the_identifier_to_the_service() {
    tell("firefox-login", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        story.reach_login_page(&page).await?;
        firefox.toolbar().badge("").await?;

        let bubble = firefox.toolbar().press().await?;
        bubble.state("identifier").await?;
        bubble.write("#identifier", RPPS).await?;
        bubble.shows("document.querySelector('#preview').innerText.replace(/\\D/g, '')", DOCTOR).await?;
        bubble.picture(&story.picture("preview")).await?;
        holds(&page, "").await?;
        bubble.press("#fill").await?;
        holds(&page, DOCTOR).await?;
        bubble.close().await?;
        let numbers = page.evaluate(&format!("return document.querySelectorAll('{NUMBER}').length;")).await?;
        ensure!(numbers == 0, "the page was submitted");

        let number = story.submit(&firefox, &page).await?;
        let bubble = firefox.toolbar().press().await?;
        bubble.state("number").await?;
        bubble.shows("document.querySelector('#digits').innerText", &number).await?;
        bubble.shows("document.querySelector('#service').innerText", "smurtab.psc.localhost").await?;
        let size = "parseFloat(content.getComputedStyle(document.querySelector('#digits')).fontSize) >= 96";
        bubble.shows(size, "true").await?;
        bubble.picture(&story.picture("number")).await?;
        firefox.toolbar().picture(&story.picture("window")).await?;
        // The countdown runs: what it says now it does not say for long.
        let before = bubble.text("#countdown").await?;
        ensure!(before.chars().any(|letter| letter.is_ascii_digit()), "the countdown says `{before}`");
        let changed = format!("document.querySelector('#countdown').innerText !== {}", serde_json::json!(before));
        bubble.shows(&changed, "true").await?;
        bubble.close().await?;

        story.on_the_phone(Some(&number)).await?;
        page.shows("document.querySelector('[data-reason]')?.dataset.reason", "SBX-DP-NOT-CONFIGURED").await?;
        firefox.toolbar().badge("").await?;

        let asked = firefox.refused_names();
        ensure!(asked.is_empty(), "the browser asked for names outside the sandbox: {asked:?}");
        Ok(())
    })
    .await;
}
