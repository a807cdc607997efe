//! Where nothing is filled: a field that is hidden, covered, locked or not empty, one in a frame, one on another host. Each time
//! one sentence says why, and the identifier stays where it was.

use anyhow::{Context, Result, ensure};
use fantoccini::Locator;
use vigie_e2e::browser::{Frame, until};
use vigie_e2e::popup::Popup;

use crate::steps::{DOCTOR, Desk, WALLET, extended};
use crate::support::{IDENTIFIER, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn refusals() {
    tell("refusals", extended(), told).await;
}

/// What a page does to its field just before the fill, how it is undone, and what the person may be told: why it was not
/// written, or, if the page was read anew before the click, why nothing is offered.
const TRICKS: &[(&str, &str, [&str; 2])] = &[
    ("document.body.style.opacity = '.3'", "document.body.style.opacity = ''", ["n’est pas visible", "non reconnue"]),
    (
        "const over = document.createElement('div'); over.id = 'over'; over.style.cssText = 'position:fixed;inset:0'; \
         document.body.append(over)",
        "document.querySelector('#over').remove()",
        ["recouvre le champ", "recouvre le champ"],
    ),
    ("field.readOnly = true", "field.readOnly = false", ["n’accepte pas", "verrouillé"]),
    (
        "field.style.cssText = 'width:3px;height:3px;padding:0;border:0;min-width:0;min-height:0'",
        "field.style.cssText = ''",
        ["n’est pas visible", "caché"],
    ),
    ("field.addEventListener('input', () => { field.value = '' }, { once: true })", "", ["a modifié", "a modifié"]),
];

async fn told(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let desk = Desk::at_login_page(story).await?;
    for (trick, undo, sentences) in TRICKS {
        desk.offers().await?;
        desk.popup.type_identifier(DOCTOR).await?;
        on_field(&desk, trick).await?;
        desk.popup.show().await?;
        let button = browser.client.find(Locator::Css("#fill")).await?;
        if button.is_displayed().await? {
            // It may go in this very moment, when the page was read anew.
            let _ = button.click().await;
        }
        until(&format!("the popup to say one of {sentences:?}"), async || {
            let said = browser.evaluate("return document.querySelector('main').innerText;").await?;
            let said = said.as_str().unwrap_or_default();
            let told = sentences.iter().any(|sentence| said.contains(sentence));
            Ok(if told { Ok(()) } else { Err(format!("it says `{}`", said.replace('\n', " / "))) })
        })
        .await?;
        desk.show_page().await?;
        let value = browser.value(IDENTIFIER).await?;
        ensure!(value.is_empty(), "`{trick}`: the field holds {} characters", value.len());
        on_field(&desk, undo).await?;
    }
    desk.offers().await?;
    story.keep("refused", Frame::Popup).await?;

    // What a person wrote is not overwritten.
    desk.show_page().await?;
    browser.write(IDENTIFIER, "8").await?;
    desk.popup_says("#headline", "Le champ n’est pas vide").await?;
    desk.popup.type_identifier(DOCTOR).await?;
    desk.popup.fill().await?;
    desk.popup_says("#identifier-problem", "n’écrase pas").await?;
    desk.holds("8").await?;

    // The same page in a frame of another site: nothing is reported from there, so there is nothing to fill.
    desk.show_page().await?;
    let login_page = browser.client.current_url().await?;
    let home = story.sandbox.ready.relying_parties.get("smurtab").context("no service smurtab")?;
    browser.client.goto(home).await?;
    browser
        .evaluate(&format!(
            "const f = document.createElement('iframe'); f.src = '{login_page}'; document.body.append(f);"
        ))
        .await?;
    desk.popup.state("elsewhere").await?;

    // Another host that looks the same.
    let tab = browser.open_tab(&story.sandbox.ready.lookalike).await?;
    let popup = Popup::open(browser).await?;
    popup.state("lookalike").await?;
    ensure!(!browser.element("#fill-panel").await?.is_displayed().await?, "a look-alike is offered to be filled");
    browser.switch_to(&tab).await?;
    ensure!(browser.value(IDENTIFIER).await?.is_empty(), "something was filled into a page that is not on {WALLET}");
    Ok(())
}

async fn on_field(desk: &Desk<'_>, script: &str) -> Result<()> {
    desk.show_page().await?;
    desk.browser().evaluate(&format!("const field = document.querySelector('{IDENTIFIER}'); {script};")).await.map(drop)
}
