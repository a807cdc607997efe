//! A person's hand and eye in Chromium: what is clicked, what is typed, what is read, and whether the page goes on from there.
//!
//! A click that leads to another page is answered before the browser has begun to leave. Whatever a story does next still
//! reaches the old page, and a second journey that it starts may be overtaken by the first. So there are two clicks:
//! [`Browser::click`] for what stays in the page, and [`Browser::follow`], which waits until what was clicked is gone with its
//! page. Reading waits as well, and reads in one go, so that no page can change between finding and reading, and none is read before its end has come.
//!
//! Everything is found inside open shadow roots too, where some pages keep everything.

use anyhow::{Context, Result, anyhow};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::{CmdError, WebDriver};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::until::until;

/// The name under which WebDriver hands out an element. <https://www.w3.org/TR/webdriver2/#elements>
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The start of a script that sees nothing yet while half of the page is missing.
const PARSED: &str = "if (document.readyState === 'loading') return null;";

/// An expression for the first element that matches, also inside open shadow roots.
#[must_use]
pub fn find(css: &str) -> String {
    format!(
        "(function deep(root) {{
           const inside = () => [...root.querySelectorAll('*')].map((one) => one.shadowRoot && deep(one.shadowRoot));
           return root.querySelector({}) ?? inside().find(Boolean) ?? null;
         }})(document)",
        json!(css)
    )
}

impl Browser {
    /// Waits for an element.
    ///
    /// # Errors
    /// It did not appear in time.
    pub async fn element(&self, css: &str) -> Result<Element> {
        let script = format!("{PARSED} return {};", find(css));
        until(&format!("an element `{css}`"), async || {
            let found = self.evaluate(&script).await?;
            let id = found.get(ELEMENT).and_then(Value::as_str);
            let id = id.map(|id| ElementRef::from(id.to_owned())).ok_or_else(|| "there is none".to_owned());
            Ok(id.map(|id| Element::from_element_id(self.client.clone(), id)))
        })
        .await
    }

    /// Clicks what is there, or will soon be, and what leaves the page standing.
    ///
    /// # Errors
    /// It does not come, or cannot be clicked.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.press(css).await.map(drop)
    }

    /// Clicks what leads to another page, or puts another view in the place of this one, and waits until it has: then what was
    /// clicked is gone, and the next page loaded.
    ///
    /// # Errors
    /// It does not come, cannot be clicked, or leads nowhere.
    pub async fn follow(&self, css: &str) -> Result<()> {
        let clicked = self.press(css).await?;
        until(&format!("the page to go on from `{css}`"), async || match clicked.tag_name().await {
            Ok(_) => Ok(Err("it stays".to_owned())),
            Err(error) if is_gone(&error) => Ok(Ok(())),
            Err(error) => Err(error.into()),
        })
        .await?;
        self.loaded().await
    }

    /// Waits until the page and all that belongs to it has loaded.
    ///
    /// # Errors
    /// Something is still under way.
    pub async fn loaded(&self) -> Result<()> {
        until("the page to be loaded", async || {
            let state = self.evaluate("return document.readyState;").await?;
            Ok(if state == "complete" { Ok(()) } else { Err(format!("it is {state}")) })
        })
        .await
    }

    /// Types into a field, in place of what is there.
    ///
    /// # Errors
    /// The field does not come, or takes no keys.
    pub async fn write(&self, css: &str, what: &str) -> Result<()> {
        let field = self.element(css).await?;
        field.clear().await?;
        field.send_keys(what).await.with_context(|| format!("typing into `{css}`"))
    }

    /// The text of an element as it is shown, once it has one.
    ///
    /// # Errors
    /// It does not come, or stays empty.
    pub async fn text(&self, css: &str) -> Result<String> {
        self.reads(css, "innerText", |text| !text.is_empty()).await
    }

    /// What a field holds.
    ///
    /// # Errors
    /// The field does not come.
    pub async fn value(&self, css: &str) -> Result<String> {
        self.reads(css, "value", |_| true).await
    }

    /// An attribute of an element; empty if it has none of that name.
    ///
    /// # Errors
    /// The element does not come.
    pub async fn attribute(&self, css: &str, name: &str) -> Result<String> {
        self.reads(css, &format!("getAttribute('{name}')"), |_| true).await
    }

    /// Waits until a field holds this.
    ///
    /// # Errors
    /// It holds something else; the message says how much, since it may be an identifier.
    pub async fn holds(&self, css: &str, expected: &str) -> Result<()> {
        let script = format!("{PARSED} return {}?.value;", find(css));
        until(&format!("`{css}` to hold what was expected"), async || {
            let value = self.evaluate(&script).await?;
            Ok(match value.as_str() {
                Some(value) if value == expected => Ok(()),
                Some(value) => Err(format!("it holds {} characters", value.chars().count())),
                None => Err("there is none".to_owned()),
            })
        })
        .await
    }

    /// Waits until the page says something.
    ///
    /// # Errors
    /// It says something else.
    pub async fn says(&self, what: &str) -> Result<()> {
        until(&format!("the page to say `{what}`"), async || {
            let seen = self.evaluate(&format!("{PARSED} return document.body?.innerText;")).await?;
            let seen = seen.as_str().unwrap_or_default();
            Ok(if seen.contains(what) { Ok(()) } else { Err(format!("it says `{}`", seen.replace('\n', " / "))) })
        })
        .await
    }

    /// The numbers among which the phone lets a person choose, as its page shows them.
    ///
    /// # Errors
    /// It does not offer three.
    pub async fn offered_numbers(&self) -> Result<Vec<String>> {
        let script =
            format!("{PARSED} return [...document.querySelectorAll('button[name=number]')].map((one) => one.value);");
        until("the phone to offer three numbers", async || {
            let offered: Vec<String> = serde_json::from_value(self.evaluate(&script).await?).unwrap_or_default();
            Ok(if offered.len() == 3 { Ok(offered) } else { Err(format!("it offers {}", offered.len())) })
        })
        .await
    }

    /// A text of an element, found and read at once, that will do.
    async fn reads(&self, css: &str, member: &str, will_do: impl Fn(&str) -> bool) -> Result<String> {
        let script =
            format!("{PARSED} const found = {}; return found && String(found.{member} ?? '').trim();", find(css));
        until(&format!("`{css}` to say something"), async || {
            let text = self.evaluate(&script).await?;
            Ok(match text {
                Value::String(text) if will_do(&text) => Ok(text),
                Value::String(text) => Err(format!("it says `{text}`")),
                _ => Err("there is none".to_owned()),
            })
        })
        .await
    }

    /// Clicks an element, and returns what was clicked.
    async fn press(&self, css: &str) -> Result<Element> {
        until(&format!("`{css}` to be clicked"), async || {
            let element = self.element(css).await?;
            match element.click().await {
                Ok(()) => Ok(Ok(element)),
                // The page put another one in its place before the mouse was there.
                Err(error) if is_gone(&error) => Ok(Err("it went away".to_owned())),
                Err(error) => Err(anyhow!("clicking `{css}`: {error}")),
            }
        })
        .await
    }
}

/// Whether an element is no longer in the page, or its page no longer in the tab. The last words are the browser's own, which
/// the driver passes on when it asks in the very moment of the change.
fn is_gone(error: &CmdError) -> bool {
    let amid = |answer: &WebDriver| answer.message.contains("does not belong to the document");
    error.is_stale_element_reference()
        || error.is_no_such_element()
        || matches!(error, CmdError::Standard(answer) if amid(answer))
}
