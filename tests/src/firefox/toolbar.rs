//! What of the extension stands in Firefox's own window: the button with its badge, the popup under it, the shortcuts; and
//! the event page behind all of it.
//!
//! The button is pressed through the command that a click on it runs, so the popup is the real one and the page under it is
//! granted to the extension (`activeTab`); shortcuts are keys that the window hears. The popup is no tab, so no WebDriver command reaches it: a script is sent into it
//! the way the browser's own tests do.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Firefox;
use super::profile::{EXTENSION, EXTENSION_HOST};
use crate::browser::{SOON, until};

/// The names that Firefox makes of the extension's id.
const WIDGET: &str = "vigie_vigie_example";

/// How long a popup that may still be moving into its process is listened to before it is asked again.
const ANSWER: Duration = Duration::from_secs(3);

/// The extension in the browser's window.
#[derive(Debug, Clone, Copy)]
pub struct Toolbar<'a> {
    firefox: &'a Firefox,
}

impl<'a> Toolbar<'a> {
    pub(super) fn new(firefox: &'a Firefox) -> Self {
        Self { firefox }
    }

    /// Moves the button out of the extensions' menu, as a person does who wants to see the badge.
    pub(super) async fn pin(self) -> Result<()> {
        let pin = format!(
            "const {{ CustomizableUI }} = ChromeUtils.importESModule(
               'moz-src:///browser/components/customizableui/CustomizableUI.sys.mjs');
             CustomizableUI.addWidgetToArea('{WIDGET}-browser-action', 'nav-bar');
             return document.getElementById('{WIDGET}-BAP') !== null;"
        );
        until("the extension's button", async || {
            let there = self.firefox.in_window(&pin).await?;
            Ok(if there == json!(true) { Ok(()) } else { Err("there is none".to_owned()) })
        })
        .await
    }

    /// The text on the button, for the tab in front.
    ///
    /// # Errors
    /// There is no button.
    pub async fn badge_text(self) -> Result<String> {
        let read = format!("return document.querySelector('#{WIDGET}-BAP .toolbarbutton-badge').textContent;");
        Ok(self.firefox.in_window(&read).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the badge reads so; an empty text is no badge.
    ///
    /// # Errors
    /// It reads otherwise.
    pub async fn badge(self, expected: &str) -> Result<()> {
        until(&format!("the badge to read `{expected}`"), async || {
            let text = self.badge_text().await?;
            Ok(if text == expected { Ok(()) } else { Err(format!("it reads `{text}`")) })
        })
        .await
    }

    /// Presses the button and waits for the popup.
    ///
    /// # Errors
    /// No popup opens.
    pub async fn press(self) -> Result<Bubble<'a>> {
        self.firefox.in_window(&format!("document.getElementById('{WIDGET}-BAP').click();")).await?;
        self.bubble().await
    }

    /// Presses `Alt`, `Shift` and a letter in the browser's window, where a keyboard would be heard.
    ///
    /// # Errors
    /// The window takes no keys.
    pub async fn shortcut(self, letter: char) -> Result<()> {
        let script = format!(
            "const keyboard = Cc['@mozilla.org/text-input-processor;1'].createInstance(Ci.nsITextInputProcessor);
             if (!keyboard.beginInputTransactionForTests(window)) throw new Error('the window takes no keys');
             const key = (key, code, keyCode) => new KeyboardEvent('', {{ key, code, keyCode }});
             const keys = [
               key('Alt', 'AltLeft', KeyboardEvent.DOM_VK_ALT),
               key('Shift', 'ShiftLeft', KeyboardEvent.DOM_VK_SHIFT),
               key('{letter}', 'Key{letter}', KeyboardEvent.DOM_VK_{letter}),
             ];
             for (const one of keys) keyboard.keydown(one);
             for (const one of keys.reverse()) keyboard.keyup(one);"
        );
        self.firefox.in_window(&script).await.map(drop)
    }

    /// The popup that is open or about to open.
    ///
    /// # Errors
    /// None opens.
    pub async fn bubble(self) -> Result<Bubble<'a>> {
        let bubble = Bubble { firefox: self.firefox };
        until("the popup to open", async || {
            // It is there before its document is.
            let state = bubble.evaluate("return document.readyState + ' ' + location.pathname;", ANSWER).await;
            Ok(match state {
                Ok(Some(state)) if state == json!("complete /popup.html") => Ok(()),
                Ok(state) => Err(format!("it is {state:?}")),
                Err(error) => Err(format!("{error:#}")),
            })
        })
        .await?;
        Ok(bubble)
    }

    /// Whether a popup is open.
    ///
    /// # Errors
    /// The window does not answer.
    pub async fn popup_is_open(self) -> Result<bool> {
        let open = format!("return {PANEL_BROWSER} !== undefined;", PANEL_BROWSER = panel_browser());
        Ok(self.firefox.in_window(&open).await? == json!(true))
    }

    /// What the browser says of the event page: `starting`, `running`, `suspending` or `stopped`.
    ///
    /// # Errors
    /// The extension is not installed.
    pub async fn event_page(self) -> Result<String> {
        let read = format!("return WebExtensionPolicy.getByID('{EXTENSION}').extension.backgroundState;");
        Ok(self.firefox.in_window(&read).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Stops the event page, as the browser does after half a minute without events.
    ///
    /// # Errors
    /// It goes on.
    pub async fn stop_event_page(self) -> Result<()> {
        let stop = format!(
            "await WebExtensionPolicy.getByID('{EXTENSION}').extension.terminateBackground({{ disableResetIdleForTest: true }});"
        );
        self.firefox.in_window(&stop).await?;
        self.event_page_is("stopped").await
    }

    /// Waits until the event page is in a state.
    ///
    /// # Errors
    /// It is in another one.
    pub async fn event_page_is(self, expected: &str) -> Result<()> {
        until(&format!("the event page to be {expected}"), async || {
            let state = self.event_page().await?;
            Ok(if state == expected { Ok(()) } else { Err(format!("it is {state}")) })
        })
        .await
    }

    /// Writes a picture of the browser's window with its bars. An open popup is a window of its own: it is drawn where it stands.
    ///
    /// # Errors
    /// The browser gave none.
    pub async fn picture(self, file: &Path) -> Result<()> {
        let popup = format!(
            "const popup = {};
             if (popup) {{
               const place = [popup.screenX - window.mozInnerScreenX, popup.screenY - window.mozInnerScreenY];
               const bubble = await popup.browsingContext.currentWindowGlobal.drawSnapshot(null, 1, 'white');
               picture.drawImage(bubble, ...place);
               picture.strokeStyle = 'gray';
               picture.strokeRect(...place, bubble.width, bubble.height);
             }}",
            panel_browser()
        );
        let data = self.firefox.in_window(&snapshot("window.browsingContext", &popup)).await?;
        write_picture(&data, file)
    }
}

/// The popup under the button.
#[derive(Debug)]
pub struct Bubble<'a> {
    firefox: &'a Firefox,
}

impl Bubble<'_> {
    /// What the body of an async function returns in the popup; `None` when there is no popup.
    async fn evaluate(&self, body: &str, patience: Duration) -> Result<Option<Value>> {
        // Each answer has a name of its own, so that a late one is not taken for the next.
        let name = format!("vigie-story-{}", self.firefox.asked.fetch_add(1, Ordering::Relaxed));
        let inside = format!(
            "(async () => {{
               const {{ document, location }} = content;
               try {{
                 const value = await (async () => {{ {body} }})();
                 sendAsyncMessage('{name}', {{ value }});
               }} catch (error) {{
                 sendAsyncMessage('{name}', {{ error: String(error) }});
               }}
             }})();"
        );
        let script = format!(
            "const browser = {panel};
             if (!browser) return {{ closed: true }};
             const manager = browser.messageManager;
             return await new Promise((done) => {{
               const hear = (message) => {{ manager.removeMessageListener('{name}', hear); done(message.data); }};
               manager.addMessageListener('{name}', hear);
               manager.loadFrameScript('data:;charset=utf-8,' + encodeURIComponent({inside}), false);
             }});",
            panel = panel_browser(),
            inside = json!(inside)
        );
        // A popup that is still moving into the extension's process loses what was sent to it before.
        let answered = timeout(patience, self.firefox.in_window(&script)).await;
        let answer = answered.map_err(|_| anyhow!("the popup is not there yet"))??;
        if answer.get("closed").is_some() {
            return Ok(None);
        }
        if let Some(error) = answer.get("error").and_then(Value::as_str) {
            bail!("the popup says: {error}");
        }
        Ok(Some(answer.get("value").cloned().unwrap_or_default()))
    }

    /// Waits until an expression of the popup gives this text.
    ///
    /// # Errors
    /// It gives another one, or the popup is closed.
    pub async fn shows(&self, expression: &str, expected: &str) -> Result<()> {
        let body = format!("return String({expression} ?? '');");
        until(&format!("the popup's {expression} to be `{expected}`"), async || {
            let text = match self.evaluate(&body, ANSWER).await {
                Ok(text) => text.context("the popup is closed")?.as_str().unwrap_or_default().trim().to_owned(),
                Err(error) => return Ok(Err(format!("{error:#}"))),
            };
            Ok(if text == expected { Ok(()) } else { Err(format!("it is `{text}`")) })
        })
        .await
    }

    /// Waits until the popup says that the page is in this state.
    ///
    /// # Errors
    /// It says something else.
    pub async fn state(&self, expected: &str) -> Result<()> {
        self.shows("document.querySelector('#page-state').dataset.state", expected).await
    }

    /// The text of an element, as it is shown now.
    ///
    /// # Errors
    /// There is no such element.
    pub async fn text(&self, css: &str) -> Result<String> {
        let body = format!("return document.querySelector({}).innerText;", json!(css));
        let text = self.evaluate(&body, SOON).await?.context("the popup is closed")?;
        Ok(text.as_str().unwrap_or_default().trim().to_owned())
    }

    /// What a field holds.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn value(&self, css: &str) -> Result<String> {
        let body = format!("return document.querySelector({}).value;", json!(css));
        let value = self.evaluate(&body, SOON).await?.context("the popup is closed")?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Puts a text into the popup's field, as typing does.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn write(&self, css: &str, text: &str) -> Result<()> {
        let body = format!(
            "const field = document.querySelector({});
             field.focus();
             field.setUserInput({});",
            json!(css),
            json!(text)
        );
        self.evaluate(&body, SOON).await?.context("the popup is closed").map(drop)
    }

    /// Presses a button or ticks a box of the popup, as soon as a person could.
    ///
    /// # Errors
    /// It stays absent, hidden or off.
    pub async fn press(&self, css: &str) -> Result<()> {
        let css = json!(css);
        let usable = format!(
            "(document.querySelector({css})?.checkVisibility() === true && !document.querySelector({css}).disabled)"
        );
        self.shows(&usable, "true").await.with_context(|| format!("{css} cannot be pressed"))?;
        // A person's press is what lets a page ask for a permission.
        let press = format!("document.notifyUserGestureActivation(); document.querySelector({css}).click();");
        self.evaluate(&press, SOON).await?.context("the popup is closed").map(drop)
    }

    /// Closes the popup, as a click beside it does.
    ///
    /// # Errors
    /// It stays.
    pub async fn close(self) -> Result<()> {
        self.firefox.in_window("for (const panel of document.querySelectorAll('panel')) panel.hidePopup();").await?;
        until("the popup to close", async || {
            let open = self.firefox.toolbar().popup_is_open().await?;
            Ok(if open { Err("it is open".to_owned()) } else { Ok(()) })
        })
        .await
    }

    /// Writes a picture of the popup.
    ///
    /// # Errors
    /// It is closed, or the browser gave none.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        let data = self.firefox.in_window(&snapshot(&format!("{}.browsingContext", panel_browser()), "")).await?;
        write_picture(&data, file)
    }
}

/// The element that holds the popup, as an expression.
fn panel_browser() -> String {
    format!(
        "[...document.querySelectorAll('panel browser')].find((one) => one.currentURI?.spec.startsWith('moz-extension://{EXTENSION_HOST}/'))"
    )
}

/// Draws a browsing context, and `more` on top of it, as the body of an async function that returns a PNG in base64.
fn snapshot(context: &str, more: &str) -> String {
    format!(
        "const drawn = await {context}.currentWindowGlobal.drawSnapshot(null, 1, 'white');
         const canvas = document.createElementNS('http://www.w3.org/1999/xhtml', 'canvas');
         canvas.width = drawn.width;
         canvas.height = drawn.height;
         const picture = canvas.getContext('2d');
         picture.drawImage(drawn, 0, 0);
         {more}
         return canvas.toDataURL().split(',')[1];"
    )
}

fn write_picture(data: &Value, file: &Path) -> Result<()> {
    let data = data.as_str().context("the browser gave no picture")?;
    Ok(std::fs::write(file, STANDARD.decode(data)?)?)
}
