//! Several people use one desk: each fills, chooses or forgets an identifier; nothing lies on disk, and memory has a limit.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;
use vigie_e2e::popup::Popup;

use crate::steps::{COLLEAGUE, DOCTOR, Desk, extended, kept, press_fill};
use crate::support::{IDENTIFIER, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn people_at_a_desk() {
    tell("people-at-a-desk", extended(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;

    // A key that does not agree: nothing is written until the person says so once more.
    desk.popup.show().await?;
    desk.popup.type_identifier("99700427860").await?;
    desk.popup.fill().await?;
    desk.popup_says("#identifier-problem", "Comparez avec votre carte").await?;
    desk.popup_says("#fill", "Saisir quand même").await?;
    story.keep("key-asked", Frame::Popup).await?;
    desk.show_page().await?;
    ensure!(browser.value(IDENTIFIER).await?.is_empty(), "it was written unasked");

    desk.fill(DOCTOR).await?;
    desk.empty_field().await?;
    desk.offers().await?;
    // One person only: the key fills.
    press_fill(&desk).await?;
    desk.holds(&format!("8{DOCTOR}")).await?;
    desk.empty_field().await?;
    desk.fill(COLLEAGUE).await?;
    desk.empty_field().await?;

    // Two people: both are offered, by their endings and no more; a key guesses nobody.
    let again = Popup::open(browser).await?;
    again.state("identifier").await?;
    browser.element("#desk:not([hidden])").await?;
    browser.element("#fill-panel:not([hidden])").await?;
    let rows = browser.text("#desk").await?;
    ensure!(rows.contains("7869") && rows.contains("7909") && rows.contains("encore 30 min"), "the rows say {rows}");
    ensure!(!rows.contains(DOCTOR) && !rows.contains(COLLEAGUE), "a whole identifier is shown to whoever looks");
    story.keep("two-people", Frame::Popup).await?;
    press_fill(&desk).await?;
    again.show().await?;
    browser.click("#desk-list li:nth-child(2) [data-act=choose]").await?;
    desk.show_page().await?;
    ensure!(browser.value(IDENTIFIER).await?.is_empty(), "a key chose for them");
    again.show().await?;
    let preview: String = browser.text("#preview").await?.chars().filter(char::is_ascii_digit).collect();
    ensure!(preview == format!("8{DOCTOR}"), "the preview shows somebody else");
    again.fill().await?;
    desk.holds(&format!("8{DOCTOR}")).await?;

    // In memory only, and on nobody's disk.
    again.show().await?;
    let (session, disk) = kept(browser).await?;
    ensure!(session.contains(DOCTOR) && session.contains(COLLEAGUE), "memory does not hold both");
    ensure!(!disk.contains(DOCTOR) && !disk.contains(COLLEAGUE), "something lies on disk");

    // One is forgotten, everywhere.
    desk.empty_field().await?;
    again.show().await?;
    desk.offers().await?;
    let last = Popup::open(browser).await?;
    last.state("identifier").await?;
    browser.element("#desk:not([hidden])").await?;
    browser.click("#desk-list li:nth-child(2) [data-act=forget]").await?;
    browser.element("#desk[hidden]").await?;
    let (session, _) = kept(browser).await?;
    ensure!(session.contains(DOCTOR) && !session.contains(COLLEAGUE), "the wrong one was forgotten");

    // The other was filled half an hour ago: gone at the next reading, from memory too.
    browser
        .resolve(
            "const { desk } = await chrome.storage.session.get('desk');
             const aged = desk.replace(/\\d{13}/g, (at) => String(at - 30 * 60 * 1000));
             await chrome.storage.session.set({ desk: aged });",
        )
        .await?;
    let late = Popup::open(browser).await?;
    late.state("identifier").await?;
    browser.element("#forget[hidden]").await?;
    ensure!(browser.value("#identifier").await?.is_empty(), "an identifier is offered after its time");
    let (session, _) = kept(browser).await?;
    ensure!(!session.contains(DOCTOR), "memory still holds an identifier after its time");
    Ok(())
}
