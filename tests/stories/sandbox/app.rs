//! The e-CPS app, step by step: what a person does on the simulated phone during an activation.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Browser;

use crate::support::{Story, click, says, text, write};

/// Terms, "send a request", the identifier with its 8: up to the masked contacts, or to why there are none.
pub(crate) async fn give_identifier(story: &Story, phone: &Browser, person: &str) -> Result<()> {
    phone.client.goto(&story.phone("activation/conditions")).await?;
    click(phone, "#terms button").await?;
    click(phone, "#request").await?;
    write(phone, "#identifier input[name=saisie]", person).await?;
    click(phone, "#identifier button").await
}

/// The same, and on to the sent mail.
pub(crate) async fn ask_for_the_mail(story: &Story, phone: &Browser, person: &str) -> Result<()> {
    give_identifier(story, phone, person).await?;
    click(phone, "#send button").await?;
    phone.element("[data-result=sent]").await.map(drop)
}

/// Pastes what a QR code says.
pub(crate) async fn paste(story: &Story, phone: &Browser, qr: &str) -> Result<()> {
    phone.client.goto(&story.phone("activation/scanner")).await?;
    write(phone, "#qr input[name=qr]", qr).await?;
    click(phone, "#qr button").await
}

/// From the scanned QR code to the active e-CPS: the tap, the SMS read by the app, the PIN twice.
pub(crate) async fn finish(phone: &Browser, pin: &str) -> Result<()> {
    click(phone, "#sms button").await?;
    click(phone, "#read-sms").await?;
    let read = phone.element("#code input[name=code]").await?.prop("value").await?.unwrap_or_default();
    ensure!(read.len() == 6, "the app read {} characters", read.len());
    click(phone, "#code button").await?;
    says(phone, "Créer votre code PIN").await?;
    write(phone, "#new-pin input[name=pin]", pin).await?;
    click(phone, "#new-pin button").await?;
    says(phone, "Confirmer le choix").await?;
    write(phone, "#new-pin input[name=pin]", pin).await?;
    click(phone, "#new-pin button").await?;
    let done = text(phone, "[data-result=activated]").await?;
    ensure!(done.contains("active"), "{done}");
    Ok(())
}
