//! A newer request disables the older QR code: whoever finds the first mail in the box is told so.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;

use crate::app::{ask_for_the_mail, finish, paste};
use crate::support::{NEWCOMER, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn supersede() {
    tell("supersede", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let phone = &story.browser;
    ask_for_the_mail(story, phone, NEWCOMER).await?;
    let old = story.sandbox.newest(NEWCOMER, "qr").await?;
    ask_for_the_mail(story, phone, NEWCOMER).await?;
    let new = story.sandbox.newest(NEWCOMER, "qr").await?;
    ensure!(old != new, "the second mail carries the first QR code");
    phone.client.goto("https://outbox.psc.localhost/outbox").await?;
    story.keep("two-mails", Frame::Page).await?;

    paste(story, phone, &old).await?;
    phone.element("[data-code=ACT-QR-SUPERSEDED]").await?;
    story.keep("old-code-refused", Frame::Phone).await?;

    paste(story, phone, &new).await?;
    finish(phone, "8642").await?;
    // The old one stays dead, and the new one is used up.
    for (qr, code) in [(&old, "ACT-QR-SUPERSEDED"), (&new, "ACT-QR-USED")] {
        paste(story, phone, qr).await?;
        phone.element(&format!("[data-code={code}]")).await?;
    }
    story.keep("used-code-refused", Frame::Phone).await
}
