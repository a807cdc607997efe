//! The popup: what a person sees and presses. The one place where digits are shown large and where a fill starts.
//!
//! It reads what is kept about the tab, draws it, and counts down towards an absolute time; orders go to the background.
//! Opened as a tab it speaks of the login page that was heard of last. Sentences come from `_locales`, those of the guidance
//! tree from `texts/`; the codes in between are the core's. Whatever can be pressed names its act in `data-act`.
//!
//! Not here: no verdict, no recognition, no decision to write, nothing kept.

mod identities;
mod preview;
mod render;
mod unasked;

use core::cell::RefCell;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Interval;
use gloo::utils::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use crate::background;
use crate::browser::{now_ms, runtime, tabs};
use crate::desk::Desk;
use crate::followup::Answer;
use crate::identity::Identity;
use crate::messages::{self, FillOrder, ForgetOrder, FromPopup, Keep, Mismatch, ToPopup};
use crate::page::Visible;
use crate::tab::kept;
use crate::tab::shown::{Badge, NumberView, TabView};
use crate::tab::view;
use crate::{advice, clock, followup, page, watch, words};

/// What the popup remembers while it is open.
#[derive(Default)]
struct Popup {
    /// The tab that the person looks at; `None`: the popup stands in a tab of its own.
    opener: Option<i32>,
    /// The tab that was described last.
    tab: Option<TabView>,
    /// The number that is shown.
    number: Option<NumberView>,
    /// The identifiers of the desk.
    desk: Desk,
    /// The person was asked about a key that does not agree, and about which text.
    asked_about: Option<String>,
    /// The identifier that was kept was put into the input once.
    offered: bool,
    /// Why the last fill by key wrote nothing, once it was told.
    told: Option<String>,
    /// The person says that the request on the phone is not theirs.
    unasked: bool,
    /// Seconds that were spoken last.
    spoken_s: Option<u64>,
    listeners: Vec<EventListener>,
    ticker: Option<Interval>,
}

thread_local! {
    static POPUP: RefCell<Popup> = RefCell::new(Popup::default());
}

fn with<T>(work: impl FnOnce(&mut Popup) -> T) -> T {
    POPUP.with_borrow_mut(work)
}

/// Starts the popup. `texts` are the sentences of the guidance tree in the language of the browser.
#[wasm_bindgen(js_name = openPopup)]
pub fn open_popup(texts: JsValue) {
    advice::read_from(texts);
    words::translate();
    with(|popup| {
        let active = EventListenerOptions::enable_prevent_default();
        if let Some(form) = page::by_id("fill-panel") {
            popup.listeners.push(EventListener::new_with_options(&form, "submit", active, on_submit));
        }
        if let Some(input) = page::by_id("identifier") {
            popup.listeners.push(EventListener::new(&input, "input", |_| on_typed()));
        }
        popup.listeners.push(EventListener::new(&document(), "click", on_click));
        popup.ticker = Some(Interval::new(250, tick));
    });
    spawn_local(async {
        let own_tab = tabs::current().await.is_some();
        let opener = if own_tab { None } else { tabs::active().await.and_then(|tab| tab.id) };
        with(|popup| popup.opener = opener);
        refresh().await;
        if let Some(keys) = runtime::shortcut("fill").await {
            page::set_text("shortcut", &words::say("shortcutFill", &[&keys]));
        }
    });
}

/// Ends the popup: nothing listens or counts any more. A browser that closes it ends the instance with it; tests do not.
pub fn close_popup() {
    POPUP.take();
    advice::close();
}

/// What is kept has changed: ask again.
#[wasm_bindgen(js_name = refreshPopup)]
pub fn refresh_popup() {
    spawn_local(refresh());
}

async fn refresh() {
    let flavour = runtime::flavour();
    let tab = match with(|popup| popup.opener) {
        Some(opener) => Some(view::of(opener, flavour).await),
        None => view::latest(flavour).await,
    };
    if let Some(tab) = tab.as_ref().filter(|tab| tab.verdict.warns()) {
        background::show(tab.id, &Badge::Warning).await;
    }
    let settings = kept::settings().await;
    let desk = kept::desk_under(&settings).await;
    let running = view::running().await;
    let refusal = tab.as_ref().and_then(|tab| tab.refusal.clone());
    let (first, told, unasked) = with(|popup| {
        popup.number = tab.as_ref().and_then(|tab| tab.number);
        popup.tab.clone_from(&tab);
        popup.desk.clone_from(&desk);
        let told = core::mem::replace(&mut popup.told, refusal.clone());
        (!core::mem::replace(&mut popup.offered, true), told, popup.unasked)
    });
    render::state(tab.as_ref(), flavour);
    identities::draw(&desk, &settings, now_ms());
    page::show("support", Visible::from(settings.support.is_some()));
    page::set_text("support-contact", settings.support.as_deref().unwrap_or_default());
    watch::draw(settings.warning).await;
    unasked::draw(tab.as_ref(), running.as_ref(), unasked);
    advice::follow(tab.as_ref(), unasked);
    followup::draw().await;
    if let (true, Some(only)) = (first, desk.only()) {
        page::set_value("identifier", &only.identifier);
        page::set_checked("keep", only.keep == Keep::Device);
    }
    on_typed();
    if let Some(code) = refusal.filter(|code| told.as_ref() != Some(code)) {
        preview::problem(&words::problem(&code));
    }
    tick();
}

/// Draws what depends on the time of day.
fn tick() {
    let now = now_ms();
    let (number, spoken) = with(|popup| (popup.number, popup.spoken_s));
    let Some(number) = number else {
        with(|popup| popup.spoken_s = None);
        return;
    };
    let Some(deadline_ms) = number.deadline_ms else {
        return render::no_countdown();
    };
    let left_s = clock::left_s(deadline_ms, now);
    render::countdown(left_s, clock::share_left(number.shown_at_ms, deadline_ms, now));
    if let Some(key) = clock::announcement(left_s, spoken) {
        page::set_text("spoken", &words::say(key, &[]));
    }
    with(|popup| popup.spoken_s = Some(left_s));
    if left_s == 0 {
        with(|popup| popup.number = None);
        refresh_popup();
    }
}

/// Something was pressed that names its act.
fn on_click(event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(element) = target.and_then(|target| target.closest("[data-act]").ok().flatten()) else {
        return;
    };
    let of = |name: &str| element.get_attribute(name).unwrap_or_default();
    let entry = || {
        let at: usize = of("data-entry").parse().ok()?;
        with(|popup| popup.desk.entries().get(at).cloned())
    };
    match of("data-act").as_str() {
        "choose" => {
            if let Some(entry) = entry() {
                page::set_value("identifier", &entry.identifier);
                page::set_checked("keep", entry.keep == Keep::Device);
                on_typed();
                page::focus("fill");
            }
        }
        "forget" => forget(entry().map(|entry| entry.identifier)),
        "forget-all" => forget(None),
        "hand-over" => hand_over(),
        "guide" => advice::open(&of("data-node")),
        "guide-back" => advice::back(),
        "unasked" => say_unasked(true),
        "asked" => say_unasked(false),
        "activation-mine" => followup::answer(Answer::Mine),
        "activation-not-mine" => followup::answer(Answer::NotMine),
        "watch" => watch::toggle(),
        _ => {}
    }
}

/// The person says whether the request on the phone is theirs.
fn say_unasked(unasked: bool) {
    with(|popup| popup.unasked = unasked);
    spawn_local(async move {
        refresh().await;
        page::focus(if unasked { "unasked-title" } else { "unasked" });
    });
}

/// The input changed: show exactly what would be written, or what is wrong with it.
fn on_typed() {
    let text = page::value("identifier");
    let identity = Identity::parse(&text);
    let asked = with(|popup| {
        if popup.asked_about.as_deref() != Some(text.as_str()) {
            popup.asked_about = None;
        }
        popup.asked_about.is_some()
    });
    preview::draw(&identity, &text, asked);
}

fn on_submit(event: &Event) {
    event.prevent_default();
    let text = page::value("identifier");
    let asked = with(|popup| popup.asked_about.as_deref() == Some(text.as_str()));
    let tab = with(|popup| popup.tab.as_ref().map(|tab| tab.id));
    let (Some(tab), Ok(identity)) = (tab, Identity::parse(&text)) else {
        return;
    };
    let keep = if page::is_checked("keep") { Keep::Device } else { Keep::Session };
    let mismatch = if asked { Mismatch::Accepted } else { Mismatch::Ask };
    let order = FromPopup::Fill(FillOrder { tab, identifier: identity.text().to_owned(), mismatch, keep });
    page::set_disabled("fill", true);
    spawn_local(async move {
        match ask(order).await {
            Some(ToPopup::Filled) => refresh().await,
            Some(ToPopup::Confirm) => {
                with(|popup| popup.asked_about = Some(text));
                on_typed();
            }
            Some(ToPopup::Refused(code)) => {
                on_typed();
                preview::problem(&words::problem(&code));
            }
            _ => page::set_state("failed"),
        }
    });
}

/// Forgets one identifier, or all of them.
fn forget(identifier: Option<String>) {
    spawn_local(async {
        match ask(FromPopup::Forget(ForgetOrder { identifier })).await {
            Some(ToPopup::Done) => {
                page::set_value("identifier", "");
                page::set_checked("keep", false);
                page::focus("identifier");
                refresh().await;
            }
            Some(ToPopup::Refused(code)) => preview::problem(&words::problem(&code)),
            _ => page::set_state("failed"),
        }
    });
}

/// The next person comes: nothing of this one stays, and the session of this browser ends where the operator ends it.
fn hand_over() {
    let tab = with(|popup| popup.tab.as_ref().map(|tab| tab.id));
    spawn_local(async move {
        match ask(FromPopup::HandOver(tab)).await {
            Some(ToPopup::Done) => {
                page::set_value("identifier", "");
                page::set_text("spoken", &words::say("handedOver", &[]));
                refresh().await;
            }
            Some(ToPopup::Refused(code)) => preview::problem(&words::problem(&code)),
            _ => page::set_state("failed"),
        }
    });
}

async fn ask(question: FromPopup) -> Option<ToPopup> {
    let answer = runtime::ask_background(&messages::write(question)).await.ok()?;
    messages::read(&answer).ok()
}
