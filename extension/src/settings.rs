//! The pages for options and welcome: whose desk it is, what is kept where, the automatic warning, and what an organisation set.
//!
//! Both draw the same parts by their names; each page's markup holds those that it shows. What an organisation set is shown and
//! cannot be changed. Orders go to the background, as from the popup.

use core::cell::RefCell;

use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use crate::browser::runtime;
use crate::desk::Desk;
use crate::messages::{self, ForgetOrder, FromPopup, Keep, ToPopup};
use crate::page::{self, Visible};
use crate::policy::{By, Key, Leave, Mode, Settings};
use crate::tab::kept;
use crate::watch;
use crate::words::{self, say};

thread_local! {
    static LISTENERS: RefCell<Vec<EventListener>> = const { RefCell::new(Vec::new()) };
}

/// Starts the page.
#[wasm_bindgen(js_name = openSettings)]
pub fn open_settings() {
    words::translate();
    let listeners = ["click", "change"].map(|kind| EventListener::new(&document(), kind, on_act));
    LISTENERS.with_borrow_mut(|kept| *kept = listeners.into());
    refresh_settings();
}

/// What is kept or set has changed: draw again.
#[wasm_bindgen(js_name = refreshSettings)]
pub fn refresh_settings() {
    spawn_local(async {
        let settings = kept::settings().await;
        draw(&settings, &kept::desk_under(&settings).await);
        watch::draw(settings.warning).await;
        page::set_state("ready");
    });
}

fn draw(settings: &Settings, desk: &Desk) {
    let chosen = settings.mode_by == By::Person;
    page::show("mode-choice", Visible::from(chosen));
    page::show("mode-set", Visible::from(!chosen));
    page::set_checked("mode-shared", settings.mode == Mode::Shared);
    page::set_checked("mode-personal", settings.mode == Mode::Personal);
    let count = |keep: Keep| desk.entries().iter().filter(|entry| entry.keep == keep).count().to_string();
    page::set_text(
        "kept-session",
        &say("keptSession", &[&count(Keep::Session), &settings.session_minutes.to_string()]),
    );
    let device = match settings.mode {
        Mode::Shared => say("keptDeviceNever", &[]),
        Mode::Personal => say("keptDevice", &[&count(Keep::Device)]),
    };
    page::set_text("kept-device", &device);
    page::set_disabled("forget", desk.entries().is_empty());
    page::show("organisation", Visible::from(settings.managed == By::Organisation));
    if settings.managed == By::Organisation {
        organisation(settings);
    }
}

/// Each key with the value in force, and what is wrong with the policy.
fn organisation(settings: &Settings) {
    page::show("policy-wrong", Visible::from(!settings.errors.is_empty()));
    page::clear("policy-errors");
    for error in &settings.errors {
        if let Some(row) = page::append("policy-errors", "li") {
            page::set(&row, "data-code", error.code());
            row.set_text_content(Some(&words::problem_of(error.code(), &[error.key()])));
        }
    }
    page::clear("policy-rows");
    for key in Key::ALL {
        let leave = |leave| say(if leave == Leave::Given { "policyAllowed" } else { "policyRefused" }, &[]);
        let value = match key {
            Key::SharedDesk if settings.mode_by == By::Person => say("policyChoice", &[]),
            Key::SharedDesk => say("modeShared", &[]),
            Key::SessionMinutes => say("policyMinutes", &[&settings.session_minutes.to_string()]),
            Key::AutomaticWarning => leave(settings.warning),
            Key::WelcomePage => leave(settings.welcome),
            Key::SupportContact => settings.support.clone().unwrap_or_else(|| say("policyNone", &[])),
        };
        let by = match settings.errors.is_empty() {
            true if settings.set.contains(&key) => "setByOrganisation",
            true => "policyAbsent",
            false => "policyIgnored",
        };
        if let Some(row) = page::append("policy-rows", "tr") {
            page::set(&row, "data-key", key.name());
            page::append_to(&row, "th", &say(&format!("policy_{}", key.name()), &[]), &[("scope", "row")]);
            page::append_to(&row, "td", &value, &[]);
            page::append_to(&row, "td", &say(by, &[]), &[]);
        }
    }
}

/// Something was pressed or chosen that names its act.
fn on_act(event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let named = target.and_then(|target| target.closest("[data-act]").ok().flatten());
    let act = named.and_then(|element| element.get_attribute("data-act")).unwrap_or_default();
    match (event.type_().as_str(), act.as_str()) {
        ("change", "shared") => order(FromPopup::Shared, "modeDone"),
        ("change", "personal") => order(FromPopup::Personal, "modeDone"),
        ("click", "forget-all") => order(FromPopup::Forget(ForgetOrder { identifier: None }), "forgetDone"),
        ("click", "watch") => watch::toggle(),
        _ => {}
    }
}

/// Carries out an order and says what came of it.
fn order(order: FromPopup, done: &'static str) {
    spawn_local(async move {
        let answer = runtime::ask_background(&messages::write(order)).await;
        let said = match answer.ok().and_then(|answer| messages::read(&answer).ok()) {
            Some(ToPopup::Done) => say(done, &[]),
            Some(ToPopup::Refused(code)) => words::problem(&code),
            _ => return page::set_state("failed"),
        };
        page::set_text("said", &said);
        refresh_settings();
    });
}
