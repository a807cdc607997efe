//! One service after another in the same tab, and the second does not say in the address who it is: by POST, or by a request that it
//! left at the provider before. The popup must not take the second login for that of the first service.

use anyhow::{Context, Result, ensure};
use vigie_e2e::browser::Frame;

use crate::steps::{DOCTOR, Desk, WALLET, extended};
use crate::support::{Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn asked_otherwise() {
    tell("asked-otherwise", extended(), told).await;
}

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let asked = request_of(story, "sidep").await?;
    let (desk, first) = Desk::at_number(story).await?;
    desk.popup_says("#service", "smurtab.psc.localhost").await?;

    // OpenID Connect Core 3.1.2.1: the same request in the body of a form.
    desk.leave_page().await?;
    browser
        .evaluate(&format!(
            "const form = Object.assign(document.createElement('form'), {{ method: 'post', action: 'https://{WALLET}/auth' }});
             for (const [name, value] of new URL({asked:?}).searchParams)
               form.append(Object.assign(document.createElement('input'), {{ name, value }}));
             document.body.append(form);
             form.submit();"
        ))
        .await?;
    desk.popup.state("identifier").await?;
    nobody_known(&desk).await?;
    desk.fill(DOCTOR).await?;
    let second = desk.submit().await?;
    desk.popup.badge(&second).await?;
    desk.popup.state("number").await?;
    nobody_known(&desk).await?;
    browser.element("#page-state[data-started=unseen]").await?;
    desk.popup_says("#unseen-panel", "n’a pas vu quel service").await?;
    story.keep("by-post", Frame::Popup).await?;
    ensure!(first.len() == 2, "there was no first number");

    // RFC 9126: a reference to a request. This one was never left, so that the provider refuses it; who asks is as unknown.
    let (desk, _) = Desk::at_number(story).await?;
    desk.popup_says("#service", "smurtab.psc.localhost").await?;
    desk.show_page().await?;
    let reference = "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Asomebody";
    browser.client.goto(&format!("https://{WALLET}/auth?client_id=vigie-demo-sidep&request_uri={reference}")).await?;
    desk.popup.state("unrecognised").await?;
    nobody_known(&desk).await
}

/// The address to which a service sends people for a login.
async fn request_of(story: &Story, service: &str) -> Result<String> {
    let home = story.sandbox.ready.relying_parties.get(service).with_context(|| format!("no service {service}"))?;
    let browser = &story.browser;
    browser.client.goto(home).await?;
    browser.follow("#psc-login").await?;
    browser.on_host(WALLET).await?;
    let address = browser.client.current_url().await?;
    ensure!(address.query().is_some_and(|query| query.contains("redirect_uri=")), "the request is not in {address}");
    Ok(address.into())
}

async fn nobody_known(desk: &Desk<'_>) -> Result<()> {
    desk.popup.show().await?;
    desk.browser().element("#service-panel[hidden]").await?;
    Ok(())
}
