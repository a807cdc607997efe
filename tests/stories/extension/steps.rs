//! What people do again and again in these stories.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use vigie_e2e::browser::{Browser, Extension, Setup, until};
use vigie_e2e::popup::Popup;

use crate::support::{IDENTIFIER, Scene, Story};

/// Published test identities: RPPS as people know them, without the type digit.
pub(crate) const DOCTOR: &str = "99700427869";
pub(crate) const COLLEAGUE: &str = "99700367909";

/// A genuine host, and how a login ends on the phone.
pub(crate) const WALLET: &str = "wallet.esw.esante.gouv.fr";

/// A sandbox as it comes, and a browser with the extension.
pub(crate) fn extended() -> Scene {
    Scene { browser: Setup::hidden(Extension::Loaded), ..Scene::plain() }
}

/// The number on the waiting page.
pub(crate) const NUMBER: &str = "[data-test=number]";

/// The login page in the first tab, the popup in the second, which is shown.
pub(crate) struct Desk<'a> {
    pub(crate) story: &'a Story,
    pub(crate) page: fantoccini::wd::WindowHandle,
    pub(crate) popup: Popup<'a>,
}

impl<'a> Desk<'a> {
    /// From a service to the login page, with the popup beside it.
    pub(crate) async fn at_login_page(story: &'a Story) -> Result<Self> {
        // Of several tabs the popup speaks of the one that was heard of last.
        let page = story.browser.only_tab("about:blank").await?;
        story.reach_login_page("smurtab").await?;
        let popup = Popup::open(&story.browser).await?;
        popup.state("identifier").await?;
        Ok(Self { story, page, popup })
    }

    /// To the number: the popup fills, the person submits.
    pub(crate) async fn at_number(story: &'a Story) -> Result<(Self, String)> {
        let desk = Self::at_login_page(story).await?;
        desk.fill(DOCTOR).await?;
        let number = desk.submit().await?;
        desk.popup.badge(&number).await?;
        desk.popup.state("number").await?;
        Ok((desk, number))
    }

    pub(crate) fn browser(&self) -> &'a Browser {
        &self.story.browser
    }

    /// Goes to the page.
    pub(crate) async fn show_page(&self) -> Result<()> {
        self.browser().switch_to(&self.page).await
    }

    /// Types into the popup and lets it fill; the page holds `8` and what was typed.
    pub(crate) async fn fill(&self, rpps: &str) -> Result<()> {
        self.popup.show().await?;
        // The popup offers its field once the page was heard to have an empty one.
        self.offers().await?;
        self.popup.type_identifier(rpps).await?;
        self.popup.fill().await?;
        self.holds(&format!("8{rpps}")).await
    }

    /// Waits until the page's field holds this.
    pub(crate) async fn holds(&self, text: &str) -> Result<()> {
        self.show_page().await?;
        self.browser().holds(IDENTIFIER, text).await
    }

    /// The person empties the field, as people do: by typing.
    pub(crate) async fn empty_field(&self) -> Result<()> {
        self.show_page().await?;
        self.browser().element(IDENTIFIER).await?.clear().await?;
        Ok(())
    }

    /// The person submits; the number that the page then shows.
    pub(crate) async fn submit(&self) -> Result<String> {
        self.show_page().await?;
        self.browser().follow("form [type=submit]").await?;
        self.number().await
    }

    /// The number on the page.
    pub(crate) async fn number(&self) -> Result<String> {
        self.show_page().await?;
        let number = self.browser().text(NUMBER).await?;
        ensure!(number.len() == 2, "the page shows a number of {} characters", number.len());
        Ok(number)
    }

    /// Waits until the popup's element reads so, in part.
    pub(crate) async fn popup_says(&self, css: &str, part: &str) -> Result<()> {
        self.popup.show().await?;
        until(&format!("`{css}` to say `{part}`"), async || {
            let text = self.popup.text(css).await?;
            Ok(if text.contains(part) { Ok(()) } else { Err(format!("it says `{}`", text.replace('\n', " / "))) })
        })
        .await
    }

    /// Waits until the popup offers to fill.
    pub(crate) async fn offers(&self) -> Result<()> {
        self.popup.show().await?;
        self.browser().element("#fill-panel:not([hidden])").await.map(drop)
    }

    /// The login tab shows nothing of the login any more: of several tabs the popup speaks of the one heard of last.
    pub(crate) async fn leave_page(&self) -> Result<()> {
        self.show_page().await?;
        Ok(self.browser().client.goto("about:blank").await?)
    }

    /// Waits until no badge is shown on any tab.
    pub(crate) async fn no_badge(&self) -> Result<()> {
        until("the badge to be empty", async || {
            let badges = self.popup.badges().await?;
            Ok(if badges.is_empty() { Ok(()) } else { Err(format!("it reads {badges:?}")) })
        })
        .await
    }

    /// An attribute of the popup.
    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Result<String> {
        self.popup.show().await?;
        self.browser().attribute(css, name).await
    }
}

/// What lies in the extension's storage, as text; asked from the popup.
pub(crate) async fn kept(browser: &Browser) -> Result<(String, String)> {
    let kept = browser
        .resolve(
            "return { session: JSON.stringify(await chrome.storage.session.get(null)),
                      disk: JSON.stringify([await chrome.storage.local.get(null), await chrome.storage.sync.get(null)]) };",
        )
        .await?;
    let text = |name: &str| kept.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((text("session"), text("disk")))
}

/// Presses the key that fills: gives the worker the command with the tab, as the browser does.
pub(crate) async fn press_fill(desk: &Desk<'_>) -> Result<()> {
    desk.popup.show().await?;
    let host = WALLET;
    let tab = desk
        .browser()
        .resolve(&format!(
            "const tabs = await chrome.tabs.query({{}});
             return tabs.find((tab) => tab.url?.startsWith('https://{host}/'))?.id;"
        ))
        .await?;
    let tab = tab.as_i64().context("no tab shows the login page")?;
    desk.browser().evaluate_in_worker(&format!("chrome.commands.onCommand.dispatch('fill', {{ id: {tab} }})")).await
}

/// Emulates what a person set in the system.
pub(crate) async fn prefers(browser: &Browser, features: &[(&str, &str)]) -> Result<()> {
    let features: Vec<Value> = features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    browser.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await.map(drop)
}
