//! No mobile number is recorded: the app sends the person to the Order, whose correction is in the directory 72 hours later.

use anyhow::{Result, ensure};
use vigie_e2e::browser::Frame;

use crate::app::{ask_for_the_mail, finish, give_identifier, paste};
use crate::support::{Scene, Story, tell};

/// A published test identity; the sandbox records a mail address for it, and neither mobile number nor card.
const WITHOUT_MOBILE: &str = "899700427885";

/// Seventy-two hours, as the guide says.
const ORDER_S: u64 = 72 * 60 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn contacts_missing() {
    tell("contacts-missing", Scene::plain(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let phone = &story.browser;
    story.sandbox.stop_clock().await?;
    give_identifier(story, phone, WITHOUT_MOBILE).await?;
    phone.element("[data-code=ACT-NO-PHONE]").await?;
    story.keep("no-mobile-recorded", Frame::Phone).await?;
    phone.follow("a[href='/ordre']").await?;
    phone.write("input[name=saisie]", WITHOUT_MOBILE).await?;
    phone.write("input[name=mobile]", "06 39 98 00 77").await?;
    story.keep("order", Frame::Page).await?;
    phone.follow("form [type=submit]").await?;
    phone.element("[data-result=received]").await?;
    story.keep("order-received", Frame::Page).await?;

    // A second before the three days are over nothing has changed.
    story.sandbox.advance_s(ORDER_S - 1).await?;
    give_identifier(story, phone, WITHOUT_MOBILE).await?;
    phone.element("[data-code=ACT-NO-PHONE]").await?;
    story.sandbox.advance_s(1).await?;
    give_identifier(story, phone, WITHOUT_MOBILE).await?;
    let mobile = phone.text("[data-test=phone]").await?;
    ensure!(mobile.ends_with("77"), "the new number is not recorded: {mobile}");
    story.keep("mobile-recorded", Frame::Phone).await?;
    ask_for_the_mail(story, phone, WITHOUT_MOBILE).await?;
    let qr = story.sandbox.newest(WITHOUT_MOBILE, "qr").await?;
    paste(story, phone, &qr).await?;
    finish(phone, "3141").await?;
    phone.says("SACHA SANSEXERCICE0042788").await
}
