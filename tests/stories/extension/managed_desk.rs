//! A desk whose administrator wrote a policy, a wrong one, none; and a desk that its people hand over with one click.
//!
//! The policy is the browser's own file, read by the real browser, which sees another `/etc` than the machine
//! (`tests/src/etc.rs`).

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup, until};

use crate::steps::{DOCTOR, Desk, extended, kept};
use crate::support::{IDENTIFIER, Scene, Story, tell};

fn under(policy: Value) -> Scene {
    Scene { browser: Setup::hidden(Extension::Loaded).with_policy(policy), ..extended() }
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_desk() {
    tell("shared-desk", extended(), handed_over).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_desk() {
    tell("personal-desk", extended(), opted_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policy() {
    let policy =
        json!({ "sharedDesk": true, "sessionMinutes": 15, "supportContact": "Support informatique : poste 4242" });
    tell("managed-policy", under(policy), managed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_policy() {
    // Of the browser's own making is what arrives of this: it leaves out what its schema does not know, and wrong types.
    let policy =
        json!({ "sharedDesk": false, "sessionMinutes": 240, "automaticWarning": "yes", "extraHosts": ["x.example"] });
    tell("wrong-policy", under(policy), mistaken).await;
}

/// One person fills, sees that the desk remembers it, and hands over: memory is clear and the session can be closed.
async fn handed_over(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;
    desk.popup_says("#who", "Aucun identifiant").await?;
    desk.fill(DOCTOR).await?;
    desk.popup_says("#who", "…7869 (encore 30 min)").await?;
    desk.popup_says("#who-mode", "Poste partagé").await?;
    ensure!(browser.element("#keep-row[hidden]").await.is_ok(), "a shared desk offers its disk");
    let number = desk.submit().await?;
    desk.popup.badge(&number).await?;
    desk.popup.show().await?;
    story.keep("who", Frame::Popup).await?;

    let before = browser.client.windows().await?;
    desk.popup.show().await?;
    browser.click("#hand-over").await?;
    desk.popup_says("#who", "Aucun identifiant").await?;
    let (session, disk) = kept(browser).await?;
    ensure!(!session.contains(DOCTOR), "memory still holds the identifier");
    ensure!(disk == "[{},{}]", "something lies on disk");
    story.keep("handed-over", Frame::Popup).await?;

    // The page on which the operator ends the session is open; it asks before it does.
    let opened = until("the end of the session to open", async || {
        let all = browser.client.windows().await?;
        Ok(all.into_iter().find(|window| !before.contains(window)).ok_or_else(|| "no tab opened".to_owned()))
    })
    .await?;
    browser.switch_to(&opened).await?;
    browser.on_host("auth.esw.esante.gouv.fr").await?;
    let path = browser.client.current_url().await?.path().to_owned();
    ensure!(path.ends_with("/openid-connect/logout"), "it is {path}");
    story.keep("session-end", Frame::Window).await
}

/// A desk of one's own is an option; what it keeps on disk is shown there, and goes when the desk is shared again.
async fn opted_in(story: &Story) -> Result<()> {
    let browser = &story.browser;
    browser.open_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    ensure!(
        !browser.element("#organisation").await?.is_displayed().await?,
        "an organisation is named that does not exist"
    );
    browser.click("#mode-personal").await?;
    says(browser, "#said", "Réglage enregistré").await?;

    let desk = Desk::at_login_page(story).await?;
    desk.offers().await?;
    browser.click("#keep").await?;
    desk.fill(DOCTOR).await?;
    browser.open_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    says(browser, "#kept-device", "Identifiants : 1").await?;
    let (_, disk) = kept(browser).await?;
    ensure!(disk.contains(DOCTOR), "the disk does not hold what its owner asked for");
    story.keep("options", Frame::Page).await?;

    browser.click("#mode-shared").await?;
    says(browser, "#kept-device", "Aucun identifiant").await?;
    let (session, disk) = kept(browser).await?;
    ensure!(disk == "[{},{}]" && !session.contains(DOCTOR), "a shared desk still holds the identifier of one person");
    Ok(())
}

/// What an organisation set is in force, shown as such, and not to be changed; another policy is in force at once.
async fn managed(story: &Story) -> Result<()> {
    let browser = &story.browser;
    browser.open_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    ensure!(!browser.element("#mode-choice").await?.is_displayed().await?, "the person may choose what is not theirs");
    let set = browser.text("#mode-set").await?;
    ensure!(set.contains("Poste partagé") && set.contains("Défini par votre organisation"), "the options say {set}");
    row(browser, "sessionMinutes", "15 minutes", "Défini par votre organisation").await?;
    row(browser, "supportContact", "poste 4242", "Défini par votre organisation").await?;
    row(browser, "automaticWarning", "Non", "Absent de la politique").await?;
    ensure!(!browser.element("#watch-toggle").await?.is_displayed().await?, "a warning is offered that is not allowed");
    story.keep("options", Frame::Page).await?;
    // The welcome page does not open where an organisation did not ask for it.
    let pages = browser.resolve("return (await chrome.tabs.query({})).map((tab) => tab.url);").await?;
    ensure!(!pages.to_string().contains("welcome.html"), "the welcome page opened: {pages}");

    let desk = Desk::at_login_page(story).await?;
    desk.fill(DOCTOR).await?;
    desk.popup_says("#who", "…7869 (encore 15 min)").await?;
    desk.popup_says("#support-contact", "poste 4242").await?;
    story.keep("popup", Frame::Popup).await?;

    let artefacts = Artefacts::find_for(Cast::Extension, "stories")?;
    browser.change_policy(&artefacts, &json!({ "sharedDesk": false, "sessionMinutes": 10 })).await?;
    desk.popup_says("#who", "…7869 (encore 10 min)").await?;
    browser.open_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    ensure!(
        browser.element("#mode-choice").await?.is_displayed().await?,
        "the person may not choose what is left to them"
    );
    Ok(())
}

/// One mistake: the strictest settings, and the key by its name. The list of genuine hosts is what it was.
async fn mistaken(story: &Story) -> Result<()> {
    let browser = &story.browser;
    browser.open_tab(&browser.extension_page("options.html")).await?;
    ready(browser).await?;
    let wrong = browser.text("#policy-errors").await?;
    ensure!(wrong.contains("sessionMinutes") && wrong.contains("hors limites"), "the options say {wrong}");
    row(browser, "sessionMinutes", "5 minutes", "La politique n’est pas suivie").await?;
    row(browser, "sharedDesk", "Poste partagé", "La politique n’est pas suivie").await?;
    row(browser, "automaticWarning", "Non", "La politique n’est pas suivie").await?;
    story.keep("options", Frame::Page).await?;

    // The genuine page is filled as ever, a host that a policy names is not.
    let desk = Desk::at_login_page(story).await?;
    desk.fill(DOCTOR).await?;
    desk.popup_says("#who", "…7869 (encore 5 min)").await?;
    desk.leave_page().await?;
    browser.open_tab(&story.sandbox.ready.lookalike).await?;
    let popup = vigie_e2e::popup::Popup::open(browser).await?;
    popup.state("lookalike").await?;
    ensure!(!browser.element("#fill-panel").await?.is_displayed().await?, "an imitation is offered to be filled");
    ensure!(browser.element(IDENTIFIER).await.is_err() || popup.text("#verdict").await? == "Imitation");
    Ok(())
}

/// Waits until a page of the settings has drawn itself.
pub(crate) async fn ready(browser: &Browser) -> Result<()> {
    browser.element("#page-state[data-state=ready]").await.map(drop)
}

async fn says(browser: &Browser, css: &str, part: &str) -> Result<()> {
    until(&format!("`{css}` to say `{part}`"), async || {
        let said = browser.text(css).await?;
        Ok(if said.contains(part) { Ok(()) } else { Err(format!("it says `{said}`")) })
    })
    .await
}

/// The row of a key: what is in force, and by whom.
async fn row(browser: &Browser, key: &str, value: &str, by: &str) -> Result<()> {
    let row = browser.text(&format!("#policy-rows [data-key={key}]")).await.context("no such row")?;
    ensure!(row.contains(value) && row.contains(by), "the row of {key} says `{row}`");
    Ok(())
}
