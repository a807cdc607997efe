//! The background: hears facts from pages and requests from our own pages, keeps what it knows per tab, sets the badge.
//!
//! Two routers. What a page may say ([`FromPage`]) changes only what is known about its own tab and is answered with
//! nothing; what our pages may order ([`FromPopup`]) is heard from our own origin alone. Which router is used depends on
//! [`crate::sender::admit`], never on the message.
//!
//! Nothing is held between events: the browser stops this worker at will, and after a panic the next event gets a new
//! instance. The loader hands over events one at a time, so a record is not read and written by two of them at once.

mod fill;
pub mod request;

use core::cell::Cell;

use verifier_core::login::Effect;
use verifier_core::page::Flavour;
use wasm_bindgen::prelude::*;

use crate::address;
use crate::browser::bindings::{MessageSender, RequestObject, TabObject};
use crate::browser::tabs::{self, Tab};
use crate::browser::{BrowserError, action, now_ms, runtime};
use crate::messages::{self, FillOrder, ForgetOrder, FromPage, FromPopup, Mismatch, ToPopup};
use crate::operator;
use crate::policy::{Leave, Mode};
use crate::sender::{PageSpeaker, Presence, Sender, Speaker, admit};
use crate::tab::shown::Badge;
use crate::tab::words::VerdictWord;
use crate::tab::{Farewell, TabState, kept};
use fill::Fill;
use request::RequestDetails;

thread_local! {
    static WAKE_AT_MS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// A message arrived. Pages get nothing back, whatever they say.
#[wasm_bindgen(js_name = onMessage)]
pub async fn on_message(message: JsValue, sender: MessageSender) -> JsValue {
    let Some(text) = message.as_string() else {
        return JsValue::UNDEFINED;
    };
    let Ok(own) = runtime::own() else {
        return JsValue::UNDEFINED;
    };
    let flavour = runtime::flavour();
    match admit(&Sender::from(&sender), &own, flavour) {
        Ok(Speaker::Page(page)) => {
            if let Ok(fact) = messages::read::<FromPage>(&text) {
                hear(&page, fact).await;
            }
            JsValue::UNDEFINED
        }
        Ok(Speaker::Leaver { tab, context }) => {
            if matches!(messages::read(&text), Ok(FromPage::Gone)) {
                leave(tab, Farewell::Context(context)).await;
            }
            JsValue::UNDEFINED
        }
        Ok(Speaker::OwnPage) => {
            let answer = match messages::read::<FromPopup>(&text) {
                Ok(question) => answer(question, flavour).await,
                Err(error) => ToPopup::Refused(error.code().to_owned()),
            };
            JsValue::from_str(&messages::write(answer))
        }
        Err(_) => JsValue::UNDEFINED,
    }
}

/// A tab navigates to one of the hosts that we may observe: it leaves for it, has its answer, or failed.
#[wasm_bindgen(js_name = onRequest)]
pub async fn on_request(details: RequestObject) {
    let details = RequestDetails::from(&details);
    let (tab, now, flavour) = (details.tab_id, now_ms(), runtime::flavour());
    if let Some(asked) = request::read(&details, flavour, now).filter(|_| details.ending().is_none()) {
        let (state, effects) = kept::tab(tab).await.request(asked.request(), now);
        return settle(tab, &state, &effects).await;
    }
    if details.frame_id != 0 || !address::parse(&details.url).is_some_and(|(address, _)| address.is_genuine(flavour)) {
        return;
    }
    let state = kept::tab(tab).await;
    let before = state.trouble;
    let state = match details.ending() {
        None => state.navigate(),
        Some(trouble) => state.arrive(trouble),
    };
    if state.trouble != before {
        settle(tab, &state, &[]).await;
    }
}

/// A tab shows another page. Heard only with the permission that a person added; what is not warned of is not kept.
#[wasm_bindgen(js_name = onCommitted)]
pub async fn on_committed(details: RequestObject) {
    let details = RequestDetails::from(&details);
    // Where an organisation does not allow it, a power that was given before is not used.
    if details.frame_id != 0 || kept::settings().await.warning == Leave::Refused {
        return;
    }
    let (tab, now) = (details.tab_id, now_ms());
    let known = kept::known_tab(tab).await;
    let judged = address::parse(&details.url).map(|(address, _)| (address.assess(runtime::flavour()), address.host));
    if let Some((assessment, host)) = judged.filter(|(assessment, _)| VerdictWord::from(assessment.verdict).warns()) {
        let (state, effects) = known.unwrap_or_else(|| TabState::new(now)).warn(&host, assessment, None, now);
        settle(tab, &state, &effects).await;
    } else if let Some(state) = known.filter(|state| state.page.as_ref().is_some_and(|page| page.verdict.warns())) {
        // The look-alike was left; it has no content script of ours to say so.
        let document = state.page.as_ref().and_then(|page| page.document.clone());
        settle(tab, &state.leave(Farewell::Document(document.as_deref()), now), &[]).await;
    }
}

/// The extension was installed (`install`), or the browser started, or a policy changed: what may not stay goes at once. After an
/// installation the welcome page opens, unless an organisation decides otherwise.
#[wasm_bindgen(js_name = onStart)]
pub async fn on_start(reason: Option<String>) {
    let settings = kept::settings().await;
    kept::desk_under(&settings).await;
    if reason.as_deref() == Some("install")
        && settings.welcome == Leave::Given
        && let Ok(address) = runtime::page_address("welcome.html")
    {
        // A browser that opens no tab has the same page behind the options.
        let _ = tabs::open(&address).await;
    }
}

/// A tab was closed.
#[wasm_bindgen(js_name = onTabRemoved)]
pub async fn on_tab_removed(tab: i32) {
    // Nothing to do if it fails: the record ends with the browser.
    let _ = kept::drop_tab(tab).await;
}

/// A keyboard command. It fills what was kept; where that is not possible the popup opens, so that the key is never mute.
#[wasm_bindgen(js_name = onCommand)]
pub async fn on_command(name: String, tab: Option<TabObject>) {
    let tab = tab.and_then(|tab| Tab::from(&tab).id);
    let (Some(tab), "fill") = (tab, name.as_str()) else {
        return;
    };
    // Of several people at one desk nobody knows who pressed the key: then the popup lets them choose.
    let outcome = match kept::desk().await.only() {
        // The key was pointed out when this identifier was first filled.
        Some(entry) => {
            let (identifier, keep) = (entry.identifier.clone(), entry.keep);
            let order = FillOrder { tab, identifier, mismatch: Mismatch::Accepted, keep };
            Some(fill::fill(&order, runtime::flavour()).await)
        }
        None => None,
    };
    if let (Some(Fill::Refused(code)), Some(state)) = (outcome, kept::known_tab(tab).await) {
        // The popup tells why; should that not be kept, it shows the page without it.
        let _ = kept::keep_tab(tab, &state.refuse(code)).await;
    }
    if outcome != Some(Fill::Filled) {
        // A browser that does not open it leaves the person where they were.
        let _ = action::open_popup().await;
    }
}

/// The time of a number may be up.
#[wasm_bindgen(js_name = onTick)]
pub async fn on_tick() {
    let now = now_ms();
    for (tab, state) in kept::all_tabs().await {
        let next = state.clone().tick(now);
        if next != state {
            settle(tab, &next, &[]).await;
        }
    }
}

/// How long until [`on_tick`] should be called, in ms, if the last event asked for it.
#[wasm_bindgen(js_name = takeWake)]
#[must_use]
pub fn take_wake() -> Option<u32> {
    let at = WAKE_AT_MS.with(Cell::take)?;
    u32::try_from(at.saturating_sub(now_ms())).ok()
}

/// After a trap this instance is not used again: the next call gets a fresh one.
#[wasm_bindgen(js_name = startOver)]
pub fn start_over() {
    wasm_bindgen::handler::schedule_reinit();
}

/// What a page said about itself.
async fn hear(page: &PageSpeaker, fact: FromPage) {
    match fact {
        FromPage::Page(observation) if page.presence == Presence::Active => {
            let now = now_ms();
            let state = kept::tab(page.tab).await;
            let asked = state.asks_activation_code();
            let (state, effects) = state.observe(page, &observation, now);
            if state.asks_activation_code() && !asked {
                // Should the browser refuse, nobody is asked later whether it was them.
                let _ = kept::note_activation(now).await;
            }
            settle(page.tab, &state, &effects).await;
        }
        FromPage::Page(_) => {}
        FromPage::Gone => leave(page.tab, Farewell::Document(page.document.as_deref())).await,
    }
}

/// A document of this tab was left.
async fn leave(tab: i32, farewell: Farewell<'_>) {
    settle(tab, &kept::tab(tab).await.leave(farewell, now_ms()), &[]).await;
}

/// What our own page ordered.
async fn answer(question: FromPopup, flavour: Flavour) -> ToPopup {
    match question {
        FromPopup::Fill(order) => match fill::fill(&order, flavour).await {
            Fill::Filled => ToPopup::Filled,
            Fill::Confirm => ToPopup::Confirm,
            Fill::Refused(code) => ToPopup::Refused(code.to_owned()),
        },
        FromPopup::Forget(ForgetOrder { identifier }) => done(kept::forget_identity(identifier.as_deref()).await),
        FromPopup::HandOver(tab) => done(hand_over(tab).await),
        FromPopup::Shared => done(kept::choose_mode(Mode::Shared).await),
        FromPopup::Personal => done(kept::choose_mode(Mode::Personal).await),
    }
}

fn done(result: Result<(), BrowserError>) -> ToPopup {
    match result {
        Ok(()) => ToPopup::Done,
        Err(_) => ToPopup::Refused("EXT-STORAGE".to_owned()),
    }
}

/// Clears what is kept, then opens the page on which the session of this browser ends.
async fn hand_over(tab: Option<i32>) -> Result<(), BrowserError> {
    let known = match tab {
        Some(tab) => kept::known_tab(tab).await,
        None => None,
    };
    let tabs = kept::all_tabs().await;
    kept::hand_over().await?;
    for (tab, _) in tabs {
        show(tab, &Badge::None).await;
    }
    // Memory is clear already; a browser that opens no tab leaves the session to the link in the popup.
    let _ = tabs::open(&operator::logout(known.and_then(|state| state.page).map(|page| page.verdict))).await;
    Ok(())
}

/// Keeps the state, then acts on it: shown digits must never outlive the record that says when they end.
async fn settle(tab: i32, state: &TabState, effects: &[Effect]) {
    if kept::keep_tab(tab, state).await.is_err() {
        show(tab, &Badge::None).await;
        return;
    }
    for effect in effects {
        if let Effect::WakeAt { at_ms } = effect {
            WAKE_AT_MS.with(|wake| wake.set(Some(*at_ms)));
        }
    }
    show(tab, &state.badge(now_ms())).await;
}

pub(crate) async fn show(tab: i32, badge: &Badge) {
    let (text, color, title) = match badge {
        Badge::None => ("", NEUTRAL, "badgeNone"),
        Badge::Digits(digits) => (digits.digits(), NEUTRAL, "badgeNumber"),
        Badge::Warning => ("!", RED, "badgeWarning"),
        // The same word in both languages, and four characters at most.
        Badge::Stop => ("STOP", RED, "badgeStop"),
    };
    // The tab may be gone by now; then there is no badge to set.
    let _ = action::set_badge(tab, text, color, &runtime::message(title, &[])).await;
}

/// Badge colours, dark enough for white text (contrast above 7:1).
const NEUTRAL: &str = "#0b4f4a";
const RED: &str = "#9b1c1c";
