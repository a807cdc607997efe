//! The extension on every set of login pages: it fills the identifier and shows the number, whatever the markup.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::browser::{Extension, Frame, Setup, until};
use vigie_e2e::hand::find;
use vigie_e2e::popup::Popup;

use crate::activation_by_card::{at_the_portal, qr_code};
use crate::support::{DOCTOR, IDENTIFIER, NEWCOMER, PIN, SETS, Scene, Story, tell};

const WALLET: &str = "https://wallet.esw.esante.gouv.fr";
const LOGOUT: &str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/logout";

#[tokio::test(flavor = "multi_thread")]
async fn template_sets() {
    let scene = Scene { browser: Setup::hidden(Extension::Loaded), ..Scene::plain() };
    tell("template-sets", scene, async |story| {
        for set in SETS {
            log_in(story, set).await.with_context(|| format!("with the set `{set}`"))?;
            other_pages(story, set).await.with_context(|| format!("with the set `{set}`"))?;
        }
        Ok(())
    })
    .await;
}

/// Fill and number, popup and badge beside the page.
async fn log_in(story: &Story, set: &str) -> Result<()> {
    let browser = &story.browser;
    story.sandbox.set(json!({ "templates": set })).await?;
    let desk = browser.only_tab(&format!("{WALLET}/login-page")).await?;
    browser.client.delete_all_cookies().await?;
    story.reach_login_page("smurtab").await?;
    let popup = Popup::open(browser).await?;
    popup.state("identifier").await?;
    popup.type_identifier(DOCTOR.trim_start_matches('8')).await?;
    popup.fill().await?;
    browser.switch_to(&desk).await?;
    browser.holds(IDENTIFIER, DOCTOR).await?;
    story.keep(&format!("{set}-identifier"), Frame::Window).await?;

    browser.follow("form [type=submit]").await?;
    let number = browser.text("[data-test=number]").await?;
    ensure!(number.len() == 2, "the page shows a number of {} characters", number.len());
    popup.badge(&number).await?;
    popup.state("number").await?;
    ensure!(popup.text("#digits").await? == number, "the popup shows another number than the page");
    browser.switch_to(&desk).await?;
    story.keep(&format!("{set}-number"), Frame::Window).await?;
    counts_down(story, set).await?;

    let offered = story.unlock(browser, DOCTOR, PIN).await?;
    ensure!(offered.contains(&number), "the phone does not offer the number");
    browser.follow(&format!("button[name=number][value='{number}']")).await?;
    browser.switch_to(&desk).await?;
    story.arrives("KIT DOC0042786").await
}

/// The countdown is rewritten in place: the sentence changes and its element stays.
async fn counts_down(story: &Story, set: &str) -> Result<()> {
    let browser = &story.browser;
    let mark = format!("const line = {}; line.dataset.vu ??= 'oui';", find(".countdown"));
    let before = browser.evaluate(&format!("{mark} return line.textContent;")).await?;
    until(&format!("the countdown of `{set}` to move"), async || {
        let now = browser.evaluate(&format!("{mark} return [line.dataset.vu, line.textContent];")).await?;
        let moved = now.get(0) == Some(&json!("oui")) && now.get(1) != Some(&before);
        Ok(if moved { Ok(()) } else { Err(format!("it still reads {before}")) })
    })
    .await
}

/// Every page that is neither of the two, as the extension sees it.
async fn other_pages(story: &Story, set: &str) -> Result<()> {
    let browser = &story.browser;
    let desk = browser.only_tab(&format!("{WALLET}/login-page")).await?;
    let popup = Popup::open(browser).await?;
    let shows = async |what: &str, state: &str| -> Result<()> {
        popup.state(state).await?;
        browser.switch_to(&desk).await?;
        story.keep(&format!("{set}-{what}"), Frame::Window).await
    };
    shows("portal", "portal").await?;

    story.reach_login_page("smurtab").await?;
    browser.follow("a[href*='onglet=carte']").await?;
    shows("card", "card").await?;

    for (tab, state) in [("delegation", "delegation"), ("cle", "security-key")] {
        story.reach_login_page("smurtab").await?;
        browser.follow(&format!("a[href*='onglet={tab}']")).await?;
        shows(state, state).await?;
    }

    story.reach_login_page("smurtab").await?;
    browser.write(IDENTIFIER, "899700000000").await?;
    browser.follow("form [type=submit]").await?;
    shows("unknown-identifier", "unknown-identifier").await?;

    // The ends of a request.
    story.reach_number("smurtab", DOCTOR).await?;
    browser.follow("form [type=submit]").await?;
    shows("quit", "quit").await?;
    story.reach_number("smurtab", DOCTOR).await?;
    story.sandbox.advance_s(600).await?;
    shows("expired", "expired").await?;
    story.reach_number("smurtab", DOCTOR).await?;
    answer(story, &json!({ "refuse": true })).await?;
    shows("refused", "refused").await?;

    // The question before the service gets its answer, and the end of the session that began.
    browser.client.goto(&format!("{WALLET}/login-page")).await?;
    browser.client.delete_all_cookies().await?;
    story.sandbox.set(json!({ "confirm": "always" })).await?;
    let number = story.reach_number("smurtab", DOCTOR).await?;
    answer(story, &json!({ "pin": PIN, "number": number })).await?;
    shows("confirmation", "confirmation").await?;
    story.sandbox.set(json!({ "confirm": "asked" })).await?;
    browser.client.delete_all_cookies().await?;
    browser.client.goto(LOGOUT).await?;
    shows("signed-out", "signed-out").await?;

    story.sandbox.set(json!({ "outage": true })).await?;
    browser.client.goto(&format!("{WALLET}/auth")).await?;
    let seen = shows("outage", "outage").await;
    story.sandbox.set(json!({ "outage": false })).await?;
    seen
}

/// The request that waits on the phone is answered.
async fn answer(story: &Story, body: &Value) -> Result<()> {
    let requests = story.sandbox.requests(DOCTOR).await?;
    let request = requests.first().and_then(|request| request.get("id")?.as_str()).context("no request waits")?;
    let (status, said) = story.sandbox.answer(DOCTOR, request, body).await?;
    ensure!(status == 200, "the phone was answered {status}: {said}");
    Ok(())
}

/// The two pages of an activation by card, which no login leads to.
#[tokio::test(flavor = "multi_thread")]
async fn activation_on_template_sets() {
    let browser = Setup::hidden(Extension::Loaded).with_card(NEWCOMER);
    tell("activation-sets", Scene { browser, ..Scene::plain() }, async |story| {
        story.sandbox.stop_clock().await?;
        for set in SETS {
            activates(story, set).await.with_context(|| format!("with the set `{set}`"))?;
        }
        Ok(())
    })
    .await;
}

async fn activates(story: &Story, set: &str) -> Result<()> {
    let browser = &story.browser;
    story.sandbox.set(json!({ "templates": set })).await?;
    let desk = browser.only_tab("about:blank").await?;
    at_the_portal(story).await?;
    let ticket = qr_code(story).await?;
    let popup = Popup::open(browser).await?;
    popup.state("activation-qr").await?;
    popup.badge("STOP").await?;
    let scan = json!({ "step": "scan", "device": 1, "qr": ticket });
    let (status, said) = story.sandbox.activation(NEWCOMER, &scan).await?;
    ensure!(status == 200, "the phone was answered {status}: {said}");
    browser.switch_to(&desk).await?;
    browser.element("#code").await?;
    popup.state("activation-code").await?;
    popup.badge("STOP").await?;
    browser.switch_to(&desk).await?;
    browser.client.goto(&format!("{WALLET}/portail")).await?;
    browser.follow("#leave button").await?;
    popup.state("signed-out").await
}
