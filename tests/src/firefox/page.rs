//! A tab of Firefox: where it is, what it shows, and a person's hands on it. Clicks and keys are real input events.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Firefox;
use crate::browser::until;
use crate::hand::find;

/// A tab.
#[derive(Debug)]
pub struct Page<'a> {
    firefox: &'a Firefox,
    context: String,
}

impl<'a> Page<'a> {
    pub(super) fn new(firefox: &'a Firefox, context: String) -> Self {
        Self { firefox, context }
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn goto(&self, address: &str) -> Result<()> {
        let old = self.element("html").await?;
        // Not the command's own wait: it never ends when the page was already on its way somewhere else.
        self.ask_for(address).await?;
        self.gone(&old, address).await?;
        self.shows("location.href + ' ' + document.readyState", &format!("{address} complete")).await
    }

    /// Asks for an address, and does not wait for what comes of it: perhaps no page does.
    ///
    /// # Errors
    /// The tab was closed.
    pub async fn ask_for(&self, address: &str) -> Result<()> {
        let params = json!({ "context": self.context, "url": address, "wait": "none" });
        self.firefox.bidi.call("browsingContext.navigate", params).await.map(drop)
    }

    /// Goes back to the page before.
    ///
    /// # Errors
    /// There is none.
    pub async fn back(&self) -> Result<()> {
        let params = json!({ "context": self.context, "delta": -1 });
        self.firefox.bidi.call("browsingContext.traverseHistory", params).await.map(drop)
    }

    /// Closes the tab.
    ///
    /// # Errors
    /// It is closed already.
    pub async fn close(self) -> Result<()> {
        self.firefox.bidi.call("browsingContext.close", json!({ "context": self.context })).await.map(drop)
    }

    /// Puts the tab in front.
    ///
    /// # Errors
    /// It was closed.
    pub async fn show(&self) -> Result<()> {
        self.firefox.bidi.call("browsingContext.activate", json!({ "context": self.context })).await.map(drop)
    }

    /// What the body of an async function returns in the page, as JSON.
    ///
    /// # Errors
    /// It threw, or the page went away meanwhile.
    pub async fn evaluate(&self, body: &str) -> Result<Value> {
        self.firefox.bidi.evaluate(&self.context, body).await
    }

    /// Waits until an expression of the page gives this text. While the page is on its way to another, it gives none.
    ///
    /// # Errors
    /// It gives another one; the message has it.
    pub async fn shows(&self, expression: &str, expected: &str) -> Result<()> {
        self.reads(expression, |text| text == expected).await.map(drop).with_context(|| format!("not `{expected}`"))
    }

    /// Waits until an expression of the page gives a text that will do, and returns it.
    ///
    /// # Errors
    /// It gives none; the message has what it gave last.
    pub async fn reads(&self, expression: &str, will_do: impl Fn(&str) -> bool) -> Result<String> {
        let body = format!("return String({expression} ?? '');");
        until(&format!("the page's {expression}"), async || {
            let text = match self.evaluate(&body).await {
                Ok(text) => text.as_str().unwrap_or_default().trim().to_owned(),
                Err(error) => return Ok(Err(format!("{error:#}"))),
            };
            Ok(if will_do(&text) { Ok(text) } else { Err(format!("it gives `{text}`")) })
        })
        .await
    }

    /// Waits until the page is on this host.
    ///
    /// # Errors
    /// It is elsewhere.
    pub async fn on_host(&self, host: &str) -> Result<()> {
        self.shows("location.host", host).await
    }

    /// The text of an element, once it is there.
    ///
    /// # Errors
    /// It does not come, or has no text.
    pub async fn text(&self, css: &str) -> Result<String> {
        self.reads(&format!("{}?.innerText", find(css)), |text| !text.is_empty()).await
    }

    /// Clicks in the middle of an element that leads to another page, or to another view in this one, and waits until it is gone.
    /// A click is answered before that, and what is done meanwhile would still reach the old page.
    ///
    /// # Errors
    /// It does not come, or leads nowhere.
    pub async fn follow(&self, css: &str) -> Result<()> {
        let clicked = self.press(css).await?;
        self.gone(&clicked, css).await
    }

    /// Clicks in the middle of an element, and stays in the page.
    ///
    /// # Errors
    /// It does not come.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.press(css).await.map(drop)
    }

    /// Waits until an element is gone, with its page or from it.
    async fn gone(&self, element: &Value, by: &str) -> Result<()> {
        until(&format!("the page to go on to or by `{by}`"), async || {
            let params = json!({
                "functionDeclaration": "(one) => one.isConnected && one.ownerDocument === document", "arguments": [element], "awaitPromise": false,
                "target": { "context": self.context },
            });
            // An element of a page that is gone cannot be spoken of, or stands in one that is kept for going back.
            let there = self.firefox.bidi.call("script.callFunction", params).await;
            let there = there.is_ok_and(|answer| answer.pointer("/result/value") == Some(&Value::Bool(true)));
            Ok(if there { Err("it stays".to_owned()) } else { Ok(()) })
        })
        .await
    }

    async fn press(&self, css: &str) -> Result<Value> {
        let element = self.element(css).await?;
        let actions = json!([{ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "x": 0, "y": 0, "origin": { "type": "element", "element": element } },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]}]);
        self.perform(actions).await.with_context(|| format!("clicking `{css}`"))?;
        Ok(element)
    }

    /// Clicks a field and types.
    ///
    /// # Errors
    /// The field does not come.
    pub async fn write(&self, css: &str, text: &str) -> Result<()> {
        self.click(css).await?;
        let strokes = text
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })));
        let strokes: Vec<Value> = strokes.collect();
        self.perform(json!([{ "type": "key", "id": "keyboard", "actions": strokes }])).await
    }

    /// Writes a picture of what the tab shows.
    ///
    /// # Errors
    /// The browser gave none, or the file cannot be written.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        let params = json!({ "context": self.context });
        let answer = self.firefox.bidi.call("browsingContext.captureScreenshot", params).await?;
        let data = answer.get("data").and_then(Value::as_str).context("no picture")?;
        Ok(std::fs::write(file, STANDARD.decode(data)?)?)
    }

    async fn perform(&self, actions: Value) -> Result<()> {
        let params = json!({ "context": self.context, "actions": actions });
        self.firefox.bidi.call("input.performActions", params).await.map(drop)
    }

    /// The browser's reference to an element, scrolled to where it can be clicked.
    async fn element(&self, css: &str) -> Result<Value> {
        let script = format!(
            "(() => {{
               const found = {};
               found?.scrollIntoView({{ block: 'nearest', behavior: 'instant' }});
               return found;
             }})()",
            find(css)
        );
        until(&format!("an element `{css}`"), async || {
            let params = json!({ "expression": script, "target": { "context": self.context }, "awaitPromise": false });
            // A page on its way to the next one has no element for a moment.
            let answer = match self.firefox.bidi.call("script.evaluate", params).await {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(format!("{error:#}"))),
            };
            let id = answer.pointer("/result/sharedId").and_then(Value::as_str);
            Ok(id.map(|id| json!({ "sharedId": id })).ok_or_else(|| "there is none".to_owned()))
        })
        .await
        .map_err(|error| anyhow!("{error:#}"))
    }
}

/// Checks that a text is one of two digits.
///
/// # Errors
/// It is not.
pub fn two_digits(text: &str) -> Result<()> {
    ensure!(text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()), "no number of two digits");
    Ok(())
}
