//! Activation with the card, as the SI-DEP guide shows it (option 2): portal, card, terms, QR code on the desktop, code on the phone,
//! code typed on the desktop, PIN on the phone. Then a login with the new e-CPS.

use anyhow::{Result, ensure};
use fantoccini::wd::WindowHandle;
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::support::{CARD_CODE, NEWCOMER, Scene, Story, tell};

const NAME: &str = "CHARLIE SANSECPS0007506";

#[tokio::test(flavor = "multi_thread")]
async fn activation_by_card() {
    let scene = Scene { browser: Setup::hidden(Extension::Absent).with_card(NEWCOMER), ..Scene::plain() };
    tell("activation-by-card", scene, async |story| {
        // Ninety seconds for the scan, however slow the machine.
        story.sandbox.stop_clock().await?;
        let desk = at_the_portal(story).await?;
        let ticket = qr_code(story).await?;
        let phone = scan(story, &ticket).await?;
        let code = code_on_the_phone(story).await?;
        story.browser.switch_to(&desk).await?;
        type_on_the_desktop(story, &code).await?;
        story.browser.switch_to(&phone).await?;
        choose_pin(story, "2580").await?;
        story.browser.switch_to(&desk).await?;
        story.browser.element("[data-result=active]").await?;
        story.keep("desktop-active", Frame::Window).await?;
        log_in(story, "2580").await
    })
    .await;
}

/// The portal's button, the tab of the card, the certificate that the browser presents, the code: and the account greets its holder.
pub(crate) async fn at_the_portal(story: &Story) -> Result<WindowHandle> {
    let desk = story.browser.client.window().await?;
    story.browser.client.goto("https://wallet.esw.esante.gouv.fr/login-page").await?;
    story.keep("portal", Frame::Window).await?;
    story.browser.follow("#start").await?;
    story.reach_card_window().await?;
    story.browser.says(NAME).await?;
    story.keep("card-code", Frame::Window).await?;
    story.type_card_code(CARD_CODE).await?;
    story.browser.element("#terms").await?;
    story.browser.says(NAME).await?;
    story.browser.click("#terms summary").await?;
    story.keep("account", Frame::Page).await?;
    Ok(desk)
}

/// Terms accepted: the QR code, for ninety seconds.
pub(crate) async fn qr_code(story: &Story) -> Result<String> {
    story.browser.click("#terms input[type=checkbox]").await?;
    story.browser.follow("#terms [type=submit]").await?;
    shown_ticket(story).await
}

/// What the QR code that is shown says. Its picture has loaded.
pub(crate) async fn shown_ticket(story: &Story) -> Result<String> {
    story.browser.element("#qr img").await?;
    let drawn = "const image = document.querySelector('#qr img'); await image.decode(); return image.naturalWidth;";
    let width = story.browser.resolve(drawn).await?;
    ensure!(width.as_u64().is_some_and(|width| width >= 280), "the picture is {width} wide");
    story.keep("qr", Frame::Page).await?;
    let ticket = story.browser.attribute("#qr", "data-ticket").await?;
    ensure!(!ticket.is_empty(), "the QR code says nothing");
    Ok(ticket)
}

/// On the phone: start, terms, scan.
async fn scan(story: &Story, ticket: &str) -> Result<WindowHandle> {
    let phone = story.browser.open_tab(&story.phone("activation")).await?;
    story.browser.follow("#start").await?;
    story.browser.follow("#terms button").await?;
    story.browser.follow("a[href$='/scanner']").await?;
    story.browser.write("#qr input[name=qr]", ticket).await?;
    story.browser.follow("#qr button").await?;
    Ok(phone)
}

async fn code_on_the_phone(story: &Story) -> Result<String> {
    let code = story.browser.text("#shown").await?;
    ensure!(code.len() == 6, "the phone shows {} characters", code.len());
    story.keep("phone-shows-code", Frame::Phone).await?;
    Ok(code)
}

/// The page on the desktop has noticed the scan by itself. A mistyped code is refused, the right one taken.
async fn type_on_the_desktop(story: &Story, code: &str) -> Result<()> {
    story.browser.element("#code").await?;
    story.keep("desktop-asks-code", Frame::Window).await?;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    story.browser.write("#code input[name=code]", wrong).await?;
    story.browser.follow("#code [type=submit]").await?;
    story.browser.element("[data-code=ACT-CODE-WRONG]").await?;
    story.keep("desktop-wrong-code", Frame::Window).await?;
    story.browser.write("#code input[name=code]", code).await?;
    story.browser.follow("#code [type=submit]").await?;
    story.browser.element("[data-result=pin]").await?;
    story.keep("desktop-waits-for-pin", Frame::Window).await
}

/// The phone has moved on by itself to the PIN.
async fn choose_pin(story: &Story, pin: &str) -> Result<()> {
    story.browser.says("Créer votre code PIN").await?;
    story.browser.write("#new-pin input[name=pin]", pin).await?;
    story.browser.follow("#new-pin button").await?;
    story.browser.says("Confirmer le choix").await?;
    story.browser.write("#new-pin input[name=pin]", pin).await?;
    story.browser.follow("#new-pin button").await?;
    story.browser.element("[data-result=activated]").await?;
    story.keep("phone-active", Frame::Phone).await
}

/// The new e-CPS lets its holder in. The session of the card is closed first, as another person's desk would have none.
async fn log_in(story: &Story, pin: &str) -> Result<()> {
    story.browser.follow("a[href='/portail']").await?;
    story.browser.follow("#leave button").await?;
    story.browser.says("déconnecté").await?;
    let desk = story.browser.client.window().await?;
    let number = story.reach_number("smurtab", NEWCOMER).await?;
    let offered = story.unlock(&story.browser, NEWCOMER, pin).await?;
    ensure!(offered.contains(&number), "the phone does not offer the number of the page");
    story.browser.follow(&format!("button[name=number][value='{number}']")).await?;
    story.browser.element("[data-result=approved]").await?;
    story.browser.switch_to(&desk).await?;
    story.arrives(NAME).await?;
    story.keep("service", Frame::Page).await
}
