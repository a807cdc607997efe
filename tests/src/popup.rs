//! The extension as a person sees it: its popup, here opened as a tab, and its badge.
//!
//! The popup works on the most recent page of Pro Santé Connect, which is how a tab of its own can stand for the bubble that
//! WebDriver cannot open.

use anyhow::{Context, Result};
use fantoccini::wd::WindowHandle;

use crate::browser::{Browser, until};

/// The popup in a tab.
#[derive(Debug)]
pub struct Popup<'a> {
    browser: &'a Browser,
    tab: WindowHandle,
}

impl<'a> Popup<'a> {
    /// Opens the popup in a new tab.
    ///
    /// # Errors
    /// The extension is not loaded.
    pub async fn open(browser: &'a Browser) -> Result<Self> {
        let tab = browser.open_tab(&browser.extension_page("popup.html")).await?;
        browser.element("#page-state").await.context("the extension's popup did not open")?;
        Ok(Self { browser, tab })
    }

    /// Goes to the popup's tab.
    ///
    /// # Errors
    /// It was closed.
    pub async fn show(&self) -> Result<()> {
        self.browser.switch_to(&self.tab).await
    }

    /// Waits until the popup says that the page is in this state.
    ///
    /// # Errors
    /// It says something else; the message has it.
    pub async fn state(&self, expected: &str) -> Result<()> {
        self.show().await?;
        until(&format!("the popup to say `{expected}`"), async || {
            let state = self.browser.attribute("#page-state", "data-state").await?;
            Ok(if state == expected { Ok(()) } else { Err(format!("it says `{state}`")) })
        })
        .await
    }

    /// The text of one of the popup's elements, as it is shown.
    ///
    /// # Errors
    /// There is no such element.
    pub async fn text(&self, css: &str) -> Result<String> {
        until(&format!("`{css}` to be there"), async || {
            Ok(Ok(self.browser.element(css).await?.text().await?.trim().to_owned()))
        })
        .await
    }

    /// Types an identifier, as a person does, in place of what is there.
    ///
    /// # Errors
    /// The popup offers no field.
    pub async fn type_identifier(&self, identifier: &str) -> Result<()> {
        self.browser.write("#identifier", identifier).await
    }

    /// Asks the extension to fill the page.
    ///
    /// # Errors
    /// The button is absent or off.
    pub async fn fill(&self) -> Result<()> {
        self.browser.click("#fill:not([disabled])").await
    }

    /// The texts of all badges that are not empty: what stands on the extension's icon.
    ///
    /// # Errors
    /// The extension's page has no access to its own badge.
    pub async fn badges(&self) -> Result<Vec<String>> {
        self.show().await?;
        let texts = self
            .browser
            .resolve(
                "const tabs = await chrome.tabs.query({});
                 const texts = await Promise.all(tabs.map((tab) => chrome.action.getBadgeText({ tabId: tab.id })));
                 return [...new Set(texts.filter((text) => text !== ''))];",
            )
            .await?;
        let texts = texts.as_array().cloned().unwrap_or_default();
        Ok(texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
    }

    /// Waits until the only badge reads so.
    ///
    /// # Errors
    /// It reads otherwise; the message has what it reads.
    pub async fn badge(&self, expected: &str) -> Result<()> {
        until(&format!("the badge to read `{expected}`"), async || {
            let badges = self.badges().await?;
            Ok(if badges == [expected] { Ok(()) } else { Err(format!("it reads {badges:?}")) })
        })
        .await
    }
}
