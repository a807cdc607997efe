//! A Firefox whose administrator wrote `policies.json`: the extension's part of it is in force, and a wrong key is named, since
//! Firefox hands out what it does not know.

use anyhow::{Result, ensure};
use serde_json::json;
use vigie_e2e::firefox::Firefox;

use crate::support::tell_under;

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_in_force() {
    let policy = json!({ "sharedDesk": true, "sessionMinutes": 15, "supportContact": "Poste 4242" });
    tell_under("firefox-policy", policy, async |story, firefox| {
        let options = firefox.open_tab(&firefox.extension_page("options.html")).await?;
        options.shows("document.querySelector('#page-state').dataset.state", "ready").await?;
        options.shows("document.querySelector('#mode-choice').checkVisibility()", "false").await?;
        options.shows("document.querySelector('#policy-wrong').checkVisibility()", "false").await?;
        let row = options.text("#policy-rows [data-key=sessionMinutes]").await?;
        ensure!(row.contains("15 minutes") && row.contains("Défini par votre organisation"), "the row says {row}");
        options.picture(&story.picture("options")).await?;
        options.close().await?;
        popup_says(&firefox, "#support-contact", "Poste 4242").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_policy_is_as_strict_as_can_be() {
    let policy = json!({ "sharedDesk": false, "sessionMinutes": "15", "extraHosts": ["wallet.example"] });
    tell_under("firefox-wrong-policy", policy, async |story, firefox| {
        let options = firefox.open_tab(&firefox.extension_page("options.html")).await?;
        options.shows("document.querySelector('#page-state').dataset.state", "ready").await?;
        let wrong = options.text("#policy-errors").await?;
        ensure!(wrong.contains("« sessionMinutes »") && wrong.contains("« extraHosts »"), "the options say {wrong}");
        options.shows("document.querySelector('#mode-set').checkVisibility()", "true").await?;
        let row = options.text("#policy-rows [data-key=sessionMinutes]").await?;
        ensure!(row.contains("5 minutes"), "the row says {row}");
        options.picture(&story.picture("options")).await?;
        options.close().await?;
        popup_says(&firefox, "#who-mode", "Poste partagé").await
    })
    .await;
}

async fn popup_says(firefox: &Firefox, css: &str, expected: &str) -> Result<()> {
    let bubble = firefox.toolbar().press().await?;
    bubble.shows(&format!("document.querySelector('{css}').textContent"), expected).await?;
    bubble.close().await
}
