//! Activation with the card, as the SI-DEP guide shows it (option 2): portal, card, terms, QR code on the desktop, code on the phone,
//! code typed on the desktop, PIN on the phone. Then a login with the new e-CPS.

use anyhow::{Context, Result, ensure};
use fantoccini::wd::WindowHandle;
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::support::{CARD_CODE, NEWCOMER, Scene, Story, click, says, tell, text, write};

const NAME: &str = "CHARLIE SANSECPS0007506";

#[tokio::test(flavor = "multi_thread")]
async fn activation_by_card() {
    let scene = Scene { browser: Setup::hidden(Extension::Absent).with_card(NEWCOMER), ..Scene::plain() };
    tell("activation-by-card", scene, async |story| {
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
    click(&story.browser, "#start").await?;
    story.reach_card_window().await?;
    says(&story.browser, NAME).await?;
    story.keep("card-code", Frame::Window).await?;
    story.type_card_code(CARD_CODE).await?;
    story.browser.element("#terms").await?;
    says(&story.browser, NAME).await?;
    click(&story.browser, "#terms summary").await?;
    story.keep("account", Frame::Page).await?;
    Ok(desk)
}

/// Terms accepted: the QR code, for ninety seconds.
pub(crate) async fn qr_code(story: &Story) -> Result<String> {
    click(&story.browser, "#terms input[type=checkbox]").await?;
    click(&story.browser, "#terms [type=submit]").await?;
    shown_ticket(story).await
}

/// What the QR code that is shown says. Its picture has loaded.
pub(crate) async fn shown_ticket(story: &Story) -> Result<String> {
    let shown = story.browser.element("#qr").await?;
    let drawn = "const image = document.querySelector('#qr img'); await image.decode(); return image.naturalWidth;";
    let width = story.browser.resolve(drawn).await?;
    ensure!(width.as_u64().is_some_and(|width| width >= 280), "the picture is {width} wide");
    story.keep("qr", Frame::Page).await?;
    shown.attr("data-ticket").await?.context("the QR code says nothing")
}

/// On the phone: start, terms, scan.
async fn scan(story: &Story, ticket: &str) -> Result<WindowHandle> {
    let phone = story.browser.open_tab(&story.phone("activation")).await?;
    click(&story.browser, "#start").await?;
    click(&story.browser, "#terms button").await?;
    click(&story.browser, "a[href$='/scanner']").await?;
    write(&story.browser, "#qr input[name=qr]", ticket).await?;
    click(&story.browser, "#qr button").await?;
    Ok(phone)
}

async fn code_on_the_phone(story: &Story) -> Result<String> {
    let code = text(&story.browser, "#shown").await?;
    ensure!(code.len() == 6, "the phone shows {} characters", code.len());
    story.keep("phone-shows-code", Frame::Phone).await?;
    Ok(code)
}

/// The page on the desktop has noticed the scan by itself. A mistyped code is refused, the right one taken.
async fn type_on_the_desktop(story: &Story, code: &str) -> Result<()> {
    story.browser.element("#code").await?;
    story.keep("desktop-asks-code", Frame::Window).await?;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    write(&story.browser, "#code input[name=code]", wrong).await?;
    click(&story.browser, "#code [type=submit]").await?;
    story.browser.element("[data-code=ACT-CODE-WRONG]").await?;
    story.keep("desktop-wrong-code", Frame::Window).await?;
    write(&story.browser, "#code input[name=code]", code).await?;
    click(&story.browser, "#code [type=submit]").await?;
    story.browser.element("[data-result=pin]").await?;
    story.keep("desktop-waits-for-pin", Frame::Window).await
}

/// The phone has moved on by itself to the PIN.
async fn choose_pin(story: &Story, pin: &str) -> Result<()> {
    says(&story.browser, "Créer votre code PIN").await?;
    write(&story.browser, "#new-pin input[name=pin]", pin).await?;
    click(&story.browser, "#new-pin button").await?;
    says(&story.browser, "Confirmer le choix").await?;
    write(&story.browser, "#new-pin input[name=pin]", pin).await?;
    click(&story.browser, "#new-pin button").await?;
    story.browser.element("[data-result=activated]").await?;
    story.keep("phone-active", Frame::Phone).await
}

/// The new e-CPS lets its holder in. The session of the card is closed first, as another person's desk would have none.
async fn log_in(story: &Story, pin: &str) -> Result<()> {
    click(&story.browser, "a[href='/portail']").await?;
    click(&story.browser, "#leave button").await?;
    says(&story.browser, "déconnecté").await?;
    let desk = story.browser.client.window().await?;
    let number = story.reach_number("smurtab", NEWCOMER).await?;
    let offered = story.unlock(&story.browser, NEWCOMER, pin).await?;
    ensure!(offered.contains(&number), "the phone does not offer the number of the page");
    click(&story.browser, &format!("button[name=number][value='{number}']")).await?;
    story.browser.element("[data-result=approved]").await?;
    story.browser.switch_to(&desk).await?;
    story.arrives(NAME).await?;
    story.keep("service", Frame::Page).await
}
