//! The card tab and its help, an identifier that nobody knows, a number that changes in place or cannot be read, an outage, and a
//! computer without a network.

use serde_json::json;
use vigie_e2e::firefox::Network;

use crate::support::{FIELD, NUMBER, SUBMIT, WALLET, no_number, says, tell};

const GUIDE: &str = "document.querySelector('#guide[open]')?.dataset.node";

#[tokio::test(flavor = "multi_thread")]
async fn the_card_and_an_outage() {
    tell("firefox-card-and-outage", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();

        // The card tab: help is there for who asks, one question after the other.
        story.reach_login_page(&page).await?;
        page.follow("[role=tab][href$='onglet=carte']").await?;
        let bubble = toolbar.press().await?;
        bubble.state("card").await?;
        bubble.shows(GUIDE, "").await?;
        bubble.press("#guide-title").await?;
        bubble.press("[data-act=guide][data-node=GUIDE-READER]").await?;
        says(&bubble, "#guide-steps", "Branchez le lecteur").await?;
        bubble.close().await?;
        // The host that asks for the certificate is read by nobody here; without a card it refuses.
        page.follow("#card-login").await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "card-away").await?;
        bubble.shows(GUIDE, "GUIDE-CARD").await?;
        bubble.picture(&story.picture("card-away")).await?;
        bubble.close().await?;

        story.reach_login_page(&page).await?;
        page.write(FIELD, "899700000007").await?;
        page.follow(SUBMIT).await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "unknown-identifier").await?;
        says(&bubble, "#guide-steps", "e-CPS BAS").await?;
        bubble.close().await?;

        story.sandbox.set(json!({ "outage": true })).await?;
        page.goto(&format!("https://{WALLET}/auth")).await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "outage").await?;
        says(&bubble, "#advice", "Cessez les essais").await?;
        bubble.shows(GUIDE, "GUIDE-OUTAGE").await?;
        bubble.picture(&story.picture("outage")).await?;
        bubble.close().await?;
        story.sandbox.set(json!({ "outage": false })).await?;
        page.goto(&format!("https://{WALLET}/login-page")).await?;

        // The browser's own error page stands there, which no extension reads.
        firefox.network(Network::Gone);
        // The command fails as the page does.
        let _ = page.ask_for(&format!("https://{WALLET}/auth")).await;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "unreachable").await?;
        bubble.shows(GUIDE, "GUIDE-NETWORK").await?;
        says(&bubble, "#guide-steps", "Ouvrez un autre site").await?;
        bubble.close().await?;
        firefox.network(Network::There);
        page.ask_for(&format!("https://{WALLET}/login-page")).await?;
        page.on_host(WALLET).await?;
        let bubble = toolbar.press().await?;
        bubble.state("portal").await?;
        bubble.close().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_changes_in_place() {
    tell("firefox-number-in-place", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        let number = story.reach_number(&firefox, &page).await?;
        let write = async |text: &str| {
            page.evaluate(&format!("document.querySelector('{NUMBER}').textContent = '{text}';")).await
        };
        let other = if number == "58" { "59" } else { "58" };
        write(other).await?;
        toolbar.badge(other).await?;
        let bubble = toolbar.press().await?;
        bubble.shows("document.querySelector('#digits').innerText", other).await?;
        // What is no number is not guessed at, and the old one is gone at once.
        write("5a").await?;
        no_number(&bubble, "number-unread").await?;
        toolbar.badge("").await?;
        says(&bubble, "#explain", "Aucun nombre").await?;
        bubble.picture(&story.picture("unread")).await?;
        write(&number).await?;
        bubble.shows("document.querySelector('#digits').innerText", &number).await?;
        toolbar.badge(&number).await?;
        bubble.close().await
    })
    .await;
}
