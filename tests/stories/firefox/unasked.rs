//! "I did not start this": a waiting page that nobody was seen to ask for, what this browser knows of logins under way, where a
//! session is ended, and logging in without notifications.

use anyhow::ensure;
use serde_json::json;

use crate::support::{says, tell};

#[tokio::test(flavor = "multi_thread")]
async fn not_started_by_you() {
    tell("firefox-unasked", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        let number = story.reach_number(&firefox, &page).await?;
        let waiting = page.evaluate("return location.href;").await?;
        // The first tab goes elsewhere: its login is still under way on the phone, and its digits are kept no longer.
        let help = firefox.open_tab(&firefox.extension_page("help.html")).await?;
        let digits = json!(format!("\n{number}\n"));
        let kept = format!(
            "Object.values(await browser.storage.session.get(null)).some((record) => record.includes({digits}))"
        );
        help.shows(&kept, "true").await?;
        page.goto("about:blank").await?;
        help.shows(&kept, "false").await?;
        help.close().await?;
        page.show().await?;
        toolbar.badge("").await?;
        let other = firefox.open_tab(waiting.as_str().unwrap_or_default()).await?;
        toolbar.badge(&number).await?;
        let bubble = toolbar.press().await?;
        bubble.state("number").await?;
        bubble.shows("document.querySelector('#page-state').dataset.started", "unseen").await?;
        bubble.shows("document.querySelector('#digits').innerText", &number).await?;
        says(&bubble, "#unseen-panel", "n’a pas vu quel service").await?;
        bubble.picture(&story.picture("unseen")).await?;

        bubble.press("#unseen-panel [data-act=unasked]").await?;
        says(&bubble, "#unasked-panel", "Refusez-la sur le téléphone").await?;
        says(&bubble, "#unasked-panel", "une connexion à smurtab.psc.localhost").await?;
        bubble.shows("document.querySelector('#guide[open]')?.dataset.node", "GUIDE-UNASKED-PUSH").await?;
        bubble.shows("document.querySelector('#digits').checkVisibility()", "false").await?;
        bubble.picture(&story.picture("not-me")).await?;

        bubble.press("[data-act=guide][data-node=GUIDE-PULL-MODE]").await?;
        says(&bubble, "#guide-steps", "désactivez les notifications").await?;
        says(&bubble, "#guide-steps", "ouvrez vous-même l'appli").await?;
        bubble.press("#guide-back").await?;
        bubble.shows("document.querySelector('#guide').dataset.node", "GUIDE-UNASKED-PUSH").await?;
        bubble.press("[data-act=asked]").await?;
        bubble.state("number").await?;

        // The end of the session is a link to the provider, followed by a click and by nothing else.
        bubble.press("#unseen-panel [data-act=unasked]").await?;
        let logout = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/logout";
        bubble.shows("document.querySelector('#logout').href", logout).await?;
        bubble.press("#logout").await?;
        let farewell = firefox.tab_at(logout).await?;
        let said = farewell.text("main").await?;
        ensure!(said.contains("déconnecté"), "the provider says {said}");
        farewell.close().await?;
        other.close().await
    })
    .await;
}
