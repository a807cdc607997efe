//! The pages for activation and help: both routes to an active e-CPS step by step, with their time limits; whom to call; the
//! words that people ask about.
//!
//! Both pages are drawn by the same parts, found by their ids; what a page does not have is passed over. Sentences stand in
//! `_locales` and in the core's `texts/`. The guide follows nobody: what is done, and since when a QR code is there, the
//! person says.
//!
//! Not here: no code is asked for, no mail is read, no link or number that is typed is kept or sent.

mod nir;
mod qr;

use core::cell::RefCell;

use gloo::events::EventListener;
use gloo::timers::callback::Interval;
use gloo::utils::document;
use js_sys::Date;
use verifier_core::activation::Route;
use verifier_core::guidance::START;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, Event};

use crate::activation::{self, Limit, Progress, Tick};
use crate::browser::{now_ms, runtime};
use crate::followup::Answer;
use crate::page::Visible;
use crate::tab::kept;
use crate::tab::words::Help;
use crate::words::say;
use crate::{advice, clock, followup, page, words};

const ROUTES: [Route; 2] = [Route::Contacts, Route::Card];

/// What a page remembers while it is open.
#[derive(Default)]
struct Guide {
    progress: Progress,
    /// Seconds of the chosen route's limit that were spoken last.
    spoken_s: Option<u64>,
    listeners: Vec<EventListener>,
    ticker: Option<Interval>,
}

thread_local! {
    static GUIDE: RefCell<Guide> = RefCell::new(Guide::default());
}

fn with<T>(work: impl FnOnce(&mut Guide) -> T) -> T {
    GUIDE.with_borrow_mut(work)
}

/// Starts the page. `texts` are the sentences of the guidance tree in the language of the browser.
#[wasm_bindgen(js_name = openGuide)]
pub fn open_guide(texts: JsValue) {
    advice::read_from(texts);
    words::translate();
    advice::translate();
    advice::begin(Help::Now(START));
    advice::draw_contacts("contacts-list");
    with(|guide| {
        guide.listeners = vec![
            EventListener::new(&document(), "click", |event| on_act(event, Kind::Pressed)),
            EventListener::new(&document(), "change", |event| on_act(event, Kind::Changed)),
            EventListener::new(&document(), "input", |_| nir::draw()),
        ];
        guide.ticker = Some(Interval::new(250, tick));
    });
    refresh_guide();
}

/// Ends the page: nothing listens or counts any more. A browser that closes it ends the instance with it; tests do not.
pub fn close_guide() {
    GUIDE.take();
    advice::close();
}

/// What is kept has changed: ask again.
#[wasm_bindgen(js_name = refreshGuide)]
pub fn refresh_guide() {
    spawn_local(async {
        let progress = kept::progress().await;
        with(|guide| guide.progress = progress);
        draw(&progress);
        followup::draw().await;
        page::set_state("ready");
    });
}

/// Which event told of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pressed,
    Changed,
}

/// Something was pressed or ticked that names its act.
fn on_act(event: &Event, kind: Kind) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(element) = target.and_then(|target| target.closest("[data-act]").ok().flatten()) else {
        return;
    };
    let of = |name: &str| element.get_attribute(name).unwrap_or_default();
    let route = activation::route(&of("data-route"));
    let mut progress = with(|guide| guide.progress);
    match (kind, of("data-act").as_str(), route) {
        (Kind::Changed, "route", Some(route)) => progress.choose(route),
        (Kind::Changed, "done", Some(route)) => {
            let step = of("data-step").parse().unwrap_or_default();
            let done = page::is_checked(&format!("{}-{step}-done", activation::word(route)));
            progress.set(route, step, if done { Tick::Done } else { Tick::Open });
        }
        (Kind::Pressed, "now", Some(route)) => progress.start(route, now_ms()),
        (Kind::Pressed, "since", Some(route)) => match since() {
            Some(since_ms) => progress.start(route, since_ms),
            None => return,
        },
        (Kind::Pressed, "restart", _) => progress.clear(),
        (Kind::Pressed, "qr", _) => return draw_link(),
        (Kind::Pressed, "qr-wipe", _) => return wipe_link(),
        (Kind::Pressed, "guide", _) => return advice::open(&of("data-node")),
        (Kind::Pressed, "guide-back", _) => return advice::back(),
        (Kind::Pressed, "activation-mine", _) => return followup::answer(Answer::Mine),
        (Kind::Pressed, "activation-not-mine", _) => return followup::answer(Answer::NotMine),
        _ => return,
    }
    change(progress);
}

/// Draws what was done, and keeps it.
fn change(progress: Progress) {
    with(|guide| (guide.progress, guide.spoken_s) = (progress, None));
    draw(&progress);
    spawn_local(async move {
        if kept::keep_progress(&progress).await.is_err() {
            page::set_text("spoken", &words::problem("EXT-STORAGE"));
        }
    });
}

/// Since when the QR code is there, as it was typed. A time to come is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a date of our time, see the check before")]
fn since() -> Option<u64> {
    let typed = Date::parse(&page::value("contacts-since"));
    // What is no date is not a number and compares false.
    let past = typed > 0.0 && typed as u64 <= now_ms();
    page::set_text("contacts-since-problem", &if past { String::new() } else { say("sinceProblem", &[]) });
    past.then_some(typed as u64)
}

fn draw(progress: &Progress) {
    for route in ROUTES {
        let name = activation::word(route);
        let chosen = progress.route() == Some(route);
        page::set_checked(&format!("route-{name}"), chosen);
        page::show(&format!("by-{name}"), Visible::from(chosen));
        let current = progress.current(route);
        for step in 1..=activation::steps(route) {
            let (id, done) = (format!("{name}-{step}"), progress.tick(route, step) == Tick::Done);
            page::set_checked(&format!("{id}-done"), done);
            page::set_attribute(&id, "data-done", if done { "yes" } else { "no" });
            page::set_attribute(&id, "aria-current", if current == Some(step) { "step" } else { "false" });
        }
        page::show(&format!("{name}-finished"), Visible::from(current.is_none()));
    }
    page::show("restart", Visible::from(*progress != Progress::default()));
    tick();
}

/// Draws what depends on the time of day.
fn tick() {
    let (now, progress) = (now_ms(), with(|guide| guide.progress));
    for route in ROUTES {
        let name = activation::word(route);
        let limit = progress.limit(route, now);
        let left_s = match limit {
            Limit::Idle => None,
            Limit::Running { deadline_ms } => Some(clock::left_s(deadline_ms, now)),
            Limit::Over => Some(0),
        };
        let state = match (limit, left_s) {
            (Limit::Idle, _) => "idle",
            (Limit::Over, _) => "over",
            (Limit::Running { .. }, Some(0..=30)) => "near",
            (Limit::Running { .. }, _) => "running",
        };
        page::set_attribute(&format!("{name}-limit"), "data-limit", state);
        page::show(&format!("{name}-over"), Visible::from(limit == Limit::Over));
        page::set_text(&format!("{name}-left"), &left_s.filter(|left| *left > 0).map(words::left).unwrap_or_default());
        if progress.route() == Some(route) {
            let before = with(|guide| core::mem::replace(&mut guide.spoken_s, left_s));
            if let Some(key) = left_s.and_then(|left| clock::announcement(left, before)) {
                page::set_text("spoken", &say(key, &[]));
            }
        }
    }
}

/// Draws the pasted link, or says why not.
fn draw_link() {
    let drawn = qr::draw(&page::value("link"), runtime::flavour());
    page::show("qr-box", Visible::from(drawn.is_ok()));
    page::show("link-stop", Visible::from(matches!(drawn, Err(qr::Refusal::Foreign(_)))));
    page::set_attribute("link", "aria-invalid", if drawn.is_err() { "true" } else { "false" });
    let problem = match drawn {
        Ok(drawing) => {
            page::set_attribute("qr-modules", "d", &drawing.path);
            page::focus("qr-title");
            String::new()
        }
        Err(qr::Refusal::NoLink) => say("linkNone", &[]),
        Err(qr::Refusal::Foreign(code)) => {
            page::set_attribute("link-stop", "data-code", code);
            advice::text(&format!("code.{code}"))
        }
    };
    page::set_text("link-problem", &problem);
}

/// Nothing of the link stays.
fn wipe_link() {
    page::set_value("link", "");
    page::set_attribute("qr-modules", "d", "");
    page::set_attribute("link", "aria-invalid", "false");
    for id in ["qr-box", "link-stop"] {
        page::show(id, Visible::No);
    }
    page::set_text("link-problem", "");
    page::focus("link");
}
