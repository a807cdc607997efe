//! "I did not start this": a waiting page that no service was seen to ask for, what this browser knows of logins under way, where
//! a session is ended, and logging in without notifications.

use anyhow::{Result, ensure};
use vigie_e2e::browser::{Frame, until};
use vigie_e2e::popup::Popup;

use crate::steps::{Desk, extended};
use crate::support::{Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn not_started_by_you() {
    tell("not-started", extended(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let (desk, number) = Desk::at_number(story).await?;
    ensure!(desk.attribute("#page-state", "data-started").await?.is_empty(), "a service was seen and is not believed");

    // The same waiting page in another tab, where nobody was seen to ask: the number stands, with a question.
    desk.show_page().await?;
    let waiting = browser.client.current_url().await?;
    // The first tab goes elsewhere: its login is still under way on the phone.
    desk.leave_page().await?;
    browser.open_tab(waiting.as_str()).await?;
    let popup = Popup::open(browser).await?;
    popup.state("number").await?;
    browser.element("#page-state[data-started=unseen]").await?;
    ensure!(popup.text("#digits").await? == number, "the popup shows another number than the page");
    ensure!(popup.text("#unseen-panel").await?.contains("n’a pas vu quel service"), "the question is not asked");
    story.keep("unseen", Frame::Popup).await?;

    // "It was not me": refuse, what runs in this browser, and how to end a session.
    browser.click("#unseen-panel [data-act=unasked]").await?;
    browser.element("#page-state[data-view=unasked]").await?;
    let panel = popup.text("#unasked-panel").await?;
    ensure!(panel.contains("Refusez-la sur le téléphone"), "the first advice is not to refuse: {panel}");
    ensure!(panel.contains("une connexion à smurtab.psc.localhost"), "the login that runs is not told of: {panel}");
    ensure!(browser.element("#guide[data-node=GUIDE-UNASKED-PUSH][open]").await.is_ok(), "the checklist is not open");
    ensure!(!browser.element("#digits").await?.is_displayed().await?, "the number is still offered");
    story.keep("not-me", Frame::Popup).await?;

    browser.click("[data-act=guide][data-node=GUIDE-PULL-MODE]").await?;
    let steps = popup.text("#guide-steps").await?;
    ensure!(steps.contains("désactivez les notifications") && steps.contains("ouvrez vous-même l'appli"), "{steps}");
    story.keep("without-notifications", Frame::Popup).await?;
    browser.click("#guide-back").await?;
    browser.element("#guide[data-node=GUIDE-UNASKED-PUSH]").await?;

    // The end of the session is a link to the provider, followed by a click and by nothing else.
    let logout = browser.attribute("#logout", "href").await?;
    ensure!(
        logout == "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/logout",
        "the session is ended at {logout}"
    );
    browser.click("[data-act=asked]").await?;
    popup.state("number").await?;
    browser.element("#page-state[data-view=page]").await?;

    // Followed, it reaches the provider. Nobody has logged in here, so there is no session for it to ask about.
    browser.click("#unseen-panel [data-act=unasked]").await?;
    browser.click("#logout").await?;
    until("the provider to answer in a tab of its own", async || {
        for tab in browser.client.windows().await? {
            browser.switch_to(&tab).await?;
            if browser.client.current_url().await?.as_str() == logout {
                return Ok(Ok(()));
            }
        }
        Ok(Err("no tab shows it".to_owned()))
    })
    .await?;
    browser.says("déconnecté").await?;
    story.keep("end-of-session", Frame::Window).await
}
