//! The QR code of the mail is valid for two days: a second before the end it opens the activation, at the end it does not.

use anyhow::Result;
use vigie_e2e::browser::Frame;

use crate::app::{ask_for_the_mail, finish, paste};
use crate::support::{NEWCOMER, Scene, Story, tell};

/// Two days, as the operator's questions page says.
const LIFE_S: u64 = 2 * 24 * 60 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn mail_qr_expiry() {
    tell("mail-qr-expiry", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let phone = &story.browser;
    story.sandbox.stop_clock().await?;
    ask_for_the_mail(story, phone, NEWCOMER).await?;
    let late = story.sandbox.newest(NEWCOMER, "qr").await?;
    story.sandbox.advance_s(LIFE_S).await?;
    paste(story, phone, &late).await?;
    phone.element("[data-code=ACT-MAIL-QR-EXPIRED]").await?;
    phone.says("plus de deux jours").await?;
    story.keep("too-late", Frame::Phone).await?;

    ask_for_the_mail(story, phone, NEWCOMER).await?;
    let fresh = story.sandbox.newest(NEWCOMER, "qr").await?;
    story.sandbox.advance_s(LIFE_S - 1).await?;
    paste(story, phone, &fresh).await?;
    phone.says("Vérifier votre téléphone").await?;
    story.keep("just-in-time", Frame::Phone).await?;
    finish(phone, "7531").await
}
