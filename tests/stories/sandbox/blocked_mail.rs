//! The operator of the mailbox blocks the activation mail: neither inbox nor junk folder has it. Support has the address
//! unblocked, and a new request arrives.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::browser::Frame;

use crate::app::{ask_for_the_mail, finish, paste};
use crate::support::{NEWCOMER, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn blocked_mail() {
    tell("blocked-mail", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    story.sandbox.set(json!({ "mail_blocked": true })).await?;
    ask_for_the_mail(story, browser, NEWCOMER).await?;
    browser.says("L'opérateur de messagerie bloque peut-être ce courriel").await?;
    story.keep("nothing-arrives", Frame::Phone).await?;
    let outbox = story.sandbox.outbox(NEWCOMER).await?;
    let delivered = outbox.first().and_then(|message| message.get("delivered"));
    ensure!(delivered == Some(&Value::Bool(false)), "the mail is not blocked: {outbox:?}");
    browser.client.goto("https://outbox.psc.localhost/outbox").await?;
    browser.follow(".messages li a").await?;
    browser.element("[data-result=blocked]").await?;
    ensure!(story.sandbox.newest(NEWCOMER, "qr").await.is_err(), "a blocked mail shows its QR code");
    story.keep("mail-blocked", Frame::Page).await?;

    story.sandbox.set(json!({ "mail_blocked": false })).await?;
    ask_for_the_mail(story, browser, NEWCOMER).await?;
    let qr = story.sandbox.newest(NEWCOMER, "qr").await?;
    paste(story, browser, &qr).await?;
    finish(browser, "1928").await
}
