//! Activation by the registered contacts, as the guides show it: mail opened on the phone, then the same again with the mail
//! opened on a computer. A login follows each.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;

use crate::support::{NEWCOMER, Scene, Story, click, says, tell, text, write};

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
    click(phone, "#start").await?;
    story.keep("terms", Frame::Phone).await?;
    click(phone, "#terms button").await?;
    click(phone, "#request").await?;
    write(phone, "#identifier input[name=saisie]", NEWCOMER).await?;
    click(phone, "#identifier button").await?;
    let mail = text(phone, "[data-test=mail]").await?;
    ensure!(mail.contains('•') && !mail.contains("charlie"), "the contacts are not masked: {mail}");
    story.keep("masked-contacts", Frame::Phone).await?;
    click(phone, "#send button").await?;
    phone.element("[data-result=sent]").await.map(drop)
}

/// "Démarrer l'activation" in the mail, the tap, six digits typed, the PIN twice.
async fn mail_read_on_the_phone(story: &Story) -> Result<()> {
    let phone = &story.browser;
    phone.client.goto("https://outbox.psc.localhost/outbox").await?;
    click(phone, ".messages li a").await?;
    phone.element("img[alt^='QR code']").await?;
    story.keep("mail", Frame::Page).await?;
    click(phone, "#activation-link").await?;
    click(phone, "#link button").await?;
    story.keep("tap-for-the-sms", Frame::Phone).await?;
    click(phone, "#sms button").await?;
    let code = story.sandbox.newest(NEWCOMER, "code").await?;
    ensure!(code.len() == 6, "the SMS brings {} characters", code.len());
    write(phone, "#code input[name=code]", &code).await?;
    story.keep("sms-code", Frame::Phone).await?;
    click(phone, "#code button").await?;
    choose_pin(story, "2468").await
}

/// The text of the QR code, pasted; the app reads the SMS by itself.
async fn mail_read_on_a_computer(story: &Story) -> Result<()> {
    let phone = &story.browser;
    let qr = story.sandbox.newest(NEWCOMER, "qr").await?;
    click(phone, "a[href$='/scanner']").await?;
    write(phone, "#qr input[name=qr]", &qr).await?;
    click(phone, "#qr button").await?;
    click(phone, "#sms button").await?;
    click(phone, "#read-sms").await?;
    let read = phone.element("#code input[name=code]").await?.prop("value").await?.unwrap_or_default();
    ensure!(read.len() == 6, "the app read {} characters", read.len());
    click(phone, "#code button").await?;
    choose_pin(story, "1357").await
}

async fn choose_pin(story: &Story, pin: &str) -> Result<()> {
    let phone = &story.browser;
    says(phone, "Créer votre code PIN").await?;
    write(phone, "#new-pin input[name=pin]", pin).await?;
    story.keep("pin", Frame::Phone).await?;
    click(phone, "#new-pin button").await?;
    says(phone, "Confirmer le choix").await?;
    write(phone, "#new-pin input[name=pin]", pin).await?;
    click(phone, "#new-pin button").await?;
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
    click(browser, &format!("button[name=number][value='{number}']")).await?;
    browser.element("[data-result=approved]").await?;
    story.keep("approved", Frame::Phone).await?;
    browser.switch_to(&desk).await?;
    story.arrives("CHARLIE SANSECPS0007506").await?;
    story.keep("service", Frame::Page).await
}

async fn delete(story: &Story) -> Result<()> {
    let phone = &story.browser;
    phone.client.goto(&story.phone(NEWCOMER)).await?;
    click(phone, "details summary").await?;
    click(phone, "#delete button").await?;
    says(phone, "e-CPS non activée").await
}
