//! The e-CPS app, step by step: what a person does on the simulated phone during an activation.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Browser;

use crate::support::Story;

/// Terms, "send a request", the identifier with its 8: up to the masked contacts, or to why there are none.
pub(crate) async fn give_identifier(story: &Story, phone: &Browser, person: &str) -> Result<()> {
    phone.client.goto(&story.phone("activation/conditions")).await?;
    phone.follow("#terms button").await?;
    phone.follow("#request").await?;
    phone.write("#identifier input[name=saisie]", person).await?;
    phone.follow("#identifier button").await
}

/// The same, and on to the sent mail.
pub(crate) async fn ask_for_the_mail(story: &Story, phone: &Browser, person: &str) -> Result<()> {
    give_identifier(story, phone, person).await?;
    phone.follow("#send button").await?;
    phone.element("[data-result=sent]").await.map(drop)
}

/// Pastes what a QR code says.
pub(crate) async fn paste(story: &Story, phone: &Browser, qr: &str) -> Result<()> {
    phone.client.goto(&story.phone("activation/scanner")).await?;
    phone.write("#qr input[name=qr]", qr).await?;
    phone.follow("#qr button").await
}

/// From the scanned QR code to the active e-CPS: the tap, the SMS read by the app, the PIN twice.
pub(crate) async fn finish(phone: &Browser, pin: &str) -> Result<()> {
    phone.follow("#sms button").await?;
    phone.follow("#read-sms").await?;
    let read = phone.value("#code input[name=code]").await?;
    ensure!(read.len() == 6, "the app read {} characters", read.len());
    phone.follow("#code button").await?;
    phone.says("Créer votre code PIN").await?;
    phone.write("#new-pin input[name=pin]", pin).await?;
    phone.follow("#new-pin button").await?;
    phone.says("Confirmer le choix").await?;
    phone.write("#new-pin input[name=pin]", pin).await?;
    phone.follow("#new-pin button").await?;
    let done = phone.text("[data-result=activated]").await?;
    ensure!(done.contains("active"), "{done}");
    Ok(())
}
