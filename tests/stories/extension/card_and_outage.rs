//! The card tab and its help, an identifier that nobody knows, an outage, and a computer without a network.

use anyhow::{Result, ensure};
use serde_json::json;
use vigie_e2e::browser::Frame;

use crate::steps::{Desk, WALLET, extended};
use crate::support::{IDENTIFIER, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn card_and_outage() {
    tell("card-and-outage", extended(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;

    // The card tab: help is there for who asks, one question after the other.
    desk.show_page().await?;
    browser.follow("[role=tab][href$='onglet=carte']").await?;
    desk.popup.state("card").await?;
    ensure!(desk.attribute("#guide", "open").await?.is_empty(), "help forces itself on who needs none");
    browser.click("#guide-title").await?;
    browser.click("[data-act=guide][data-node=GUIDE-READER]").await?;
    let steps = desk.popup.text("#guide-steps").await?;
    ensure!(steps.contains("Branchez le lecteur") && steps.lines().count() == 3, "the checklist says {steps}");
    story.keep("card-help", Frame::Popup).await?;

    // The host that asks for the certificate is read by nobody here; without a card it refuses. Help stands open at once.
    desk.show_page().await?;
    browser.follow("#card-login").await?;
    desk.popup.state("card-away").await?;
    browser.element("#guide[data-node=GUIDE-CARD][open]").await?;
    story.keep("card-away", Frame::Popup).await?;

    // Messages above the card form, in words of ours: those of the real page are not public, and on the sandbox the card is asked for
    // on a host that is not read, whose own sentences nobody here sees.
    let desk = Desk::at_login_page(story).await?;
    desk.show_page().await?;
    browser.follow("[role=tab][href$='onglet=carte']").await?;
    desk.popup.state("card").await?;
    for (message, state, node) in [
        ("Aucun certificat n'a été présenté par votre carte.", "card-unread", "GUIDE-READER"),
        ("Le certificat de votre carte a été révoqué.", "card-refused", "GUIDE-CARD-REFUSED"),
    ] {
        desk.show_page().await?;
        browser
            .evaluate(&format!(
                "document.querySelector('#said')?.remove();
                 const said = document.createElement('p'); said.id = 'said'; said.setAttribute('role', 'alert');
                 said.textContent = \"{message}\"; document.querySelector('main').prepend(said);"
            ))
            .await?;
        desk.popup.state(state).await?;
        browser.element(&format!("#guide[data-node={node}][open]")).await?;
    }
    story.keep("card-refused", Frame::Popup).await?;

    // An identifier that is not known: the eight, the digits, and the app of the wrong environment.
    let desk = Desk::at_login_page(story).await?;
    desk.show_page().await?;
    browser.write(IDENTIFIER, "899700000007").await?;
    browser.follow("form [type=submit]").await?;
    desk.popup.state("unknown-identifier").await?;
    let steps = desk.popup.text("#guide-steps").await?;
    ensure!(steps.contains("le 8 compris") && steps.contains("e-CPS BAS"), "the checklist says {steps}");
    story.keep("unknown", Frame::Popup).await?;

    // An outage: stop trying.
    story.sandbox.set(json!({ "outage": true })).await?;
    desk.show_page().await?;
    browser.client.goto(&format!("https://{WALLET}/auth")).await?;
    desk.popup.state("outage").await?;
    desk.popup_says("#advice", "Cessez les essais").await?;
    browser.element("#guide[data-node=GUIDE-OUTAGE][open]").await?;
    story.keep("outage", Frame::Popup).await?;
    story.sandbox.set(json!({ "outage": false })).await?;
    desk.show_page().await?;
    browser.client.goto(&format!("https://{WALLET}/login-page")).await?;
    desk.popup.state("portal").await?;

    // No network: the browser's own error page stands there, which no extension reads.
    desk.show_page().await?;
    let offline =
        |offline: bool| json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", offline(true)).await?;
    let gone = browser.client.goto(&format!("https://{WALLET}/login-page")).await;
    browser.devtools("Network.emulateNetworkConditions", offline(false)).await?;
    ensure!(gone.is_err(), "the page came without a network");
    desk.popup.state("unreachable").await?;
    desk.popup_says("#guide-steps", "Ouvrez un autre site").await
}
