//! Activation by the registered contacts, as the guides show it: mail opened on the phone, then the same again with the mail
//! opened on a computer. A login follows each.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;

use crate::support::{NEWCOMER, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn activation_by_contacts() {
    tell("activation-by-contacts", Scene::plain(), async |story| {
        ask_for_the_mail(story).await?;
        mail_read_on_the_phone(story).await?;
        log_in(story, "2468").await?;
        // The e-CPS is deleted, and activated again with the mail on a computer.
        delete(story).await?;
        ask_for_the_mail(story).await?;
        mail_read_on_a_computer(story).await?;
        log_in(story, "1357").await
    })
    .await;
}

/// In the app: terms, request, identifier with its 8, masked contacts.
async fn ask_for_the_mail(story: &Story) -> Result<()> {
    let phone = &story.browser;
    phone.client.goto(&story.phone("activation")).await?;
    story.keep("app-opens", Frame::Phone).await?;
    phone.follow("#start").await?;
    story.keep("terms", Frame::Phone).await?;
    phone.follow("#terms button").await?;
    phone.follow("#request").await?;
    phone.write("#identifier input[name=saisie]", NEWCOMER).await?;
    phone.follow("#identifier button").await?;
    let mail = phone.text("[data-test=mail]").await?;
    ensure!(mail.contains('•') && !mail.contains("charlie"), "the contacts are not masked: {mail}");
    story.keep("masked-contacts", Frame::Phone).await?;
    phone.follow("#send button").await?;
    phone.element("[data-result=sent]").await.map(drop)
}

/// "Démarrer l'activation" in the mail, the tap, six digits typed, the PIN twice.
async fn mail_read_on_the_phone(story: &Story) -> Result<()> {
    let phone = &story.browser;
    phone.client.goto("https://outbox.psc.localhost/outbox").await?;
    phone.follow(".messages li a").await?;
    phone.element("img[alt^='QR code']").await?;
    story.keep("mail", Frame::Page).await?;
    phone.follow("#activation-link").await?;
    phone.follow("#link button").await?;
    story.keep("tap-for-the-sms", Frame::Phone).await?;
    phone.follow("#sms button").await?;
    let code = story.sandbox.newest(NEWCOMER, "code").await?;
    ensure!(code.len() == 6, "the SMS brings {} characters", code.len());
    phone.write("#code input[name=code]", &code).await?;
    story.keep("sms-code", Frame::Phone).await?;
    phone.follow("#code button").await?;
    choose_pin(story, "2468").await
}

/// The text of the QR code, pasted; the app reads the SMS by itself.
async fn mail_read_on_a_computer(story: &Story) -> Result<()> {
    let phone = &story.browser;
    let qr = story.sandbox.newest(NEWCOMER, "qr").await?;
    phone.follow("a[href$='/scanner']").await?;
    phone.write("#qr input[name=qr]", &qr).await?;
    phone.follow("#qr button").await?;
    phone.follow("#sms button").await?;
    phone.follow("#read-sms").await?;
    let read = phone.value("#code input[name=code]").await?;
    ensure!(read.len() == 6, "the app read {} characters", read.len());
    phone.follow("#code button").await?;
    choose_pin(story, "1357").await
}

async fn choose_pin(story: &Story, pin: &str) -> Result<()> {
    let phone = &story.browser;
    phone.says("Créer votre code PIN").await?;
    phone.write("#new-pin input[name=pin]", pin).await?;
    story.keep("pin", Frame::Phone).await?;
    phone.follow("#new-pin button").await?;
    phone.says("Confirmer le choix").await?;
    phone.write("#new-pin input[name=pin]", pin).await?;
    phone.follow("#new-pin button").await?;
    phone.element("[data-result=activated]").await?;
    story.keep("active", Frame::Phone).await
}

/// The e-CPS lets its holder in.
async fn log_in(story: &Story, pin: &str) -> Result<()> {
    let browser = &story.browser;
    let desk = browser.only_tab("about:blank").await?;
    let number = story.reach_number("smurtab", NEWCOMER).await?;
    story.keep("number", Frame::Window).await?;
    let offered = story.unlock(browser, NEWCOMER, pin).await?;
    ensure!(offered.contains(&number), "the phone does not offer the number of the page");
    story.keep("three-numbers", Frame::Phone).await?;
    browser.follow(&format!("button[name=number][value='{number}']")).await?;
    browser.element("[data-result=approved]").await?;
    story.keep("approved", Frame::Phone).await?;
    browser.switch_to(&desk).await?;
    story.arrives("CHARLIE SANSECPS0007506").await?;
    story.keep("service", Frame::Page).await
}

async fn delete(story: &Story) -> Result<()> {
    let phone = &story.browser;
    phone.client.goto(&story.phone(NEWCOMER)).await?;
    phone.click("details summary").await?;
    phone.follow("#delete button").await?;
    phone.says("e-CPS non activée").await
}
