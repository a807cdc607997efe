//! Draws a state. Everything that a state does not show is hidden.

use crate::browser::now_ms;
use crate::page::{self, Visible};
use crate::tab::Request;
use crate::tab::shown::TabView;
use crate::tab::words::{FieldView, PageWord, VerdictWord};
use crate::words::{clock_time, left, reason, say};
use verifier_core::page::Flavour;

/// Draws what the background knows.
pub(super) fn state(tab: Option<&TabView>, flavour: Flavour) {
    let word = tab.map_or(PageWord::Elsewhere, |tab| tab.page);
    let verdict = tab.map_or(VerdictWord::Unknown, |tab| tab.verdict);
    page::show("flavour", Visible::from(flavour == Flavour::Dev));
    page::set_attribute("verdict", "data-verdict", verdict.as_str());
    page::set_text("verdict", &say(&format!("verdict_{}", verdict.as_str()), &[]));
    let digits = tab.and_then(|tab| tab.number.as_ref()).map_or("", |number| number.number.digits());
    number(digits);
    // The page may know of the end before the countdown here gets to it: it is spoken all the same, once.
    if word == PageWord::Expired && page::attribute("page-state", "data-state").as_deref() != Some(word.as_str()) {
        page::set_text("spoken", &say("spokenEnd", &[]));
    }
    message(word, tab);
    page::show(
        "fill-panel",
        Visible::from(word == PageWord::Identifier && tab.is_some_and(|tab| tab.field != FieldView::Filled)),
    );
    page::show("stop-panel", Visible::from(word.is_activation()));
    service(tab.and_then(|tab| tab.request.as_ref()));
    let host = tab.filter(|tab| tab.verdict.is_genuine()).and_then(|tab| tab.host.as_deref());
    page::set_text("origin", &host.map(|host| say("originRead", &[host])).unwrap_or_default());
    page::set_state(word.as_str());
}

/// The seconds left and the bar.
pub(super) fn countdown(left_s: u64, share: f64) {
    page::set_text("countdown", &left(left_s));
    page::set_progress("remaining", share);
    page::set_attribute("time", "data-near", if left_s <= 15 { "true" } else { "false" });
    page::show("time", Visible::Yes);
}

/// The page shows no countdown, so none is invented.
pub(super) fn no_countdown() {
    page::show("time", Visible::No);
}

fn number(digits: &str) {
    let before = page::by_id("digits").and_then(|element| element.text_content()).unwrap_or_default();
    if before != digits {
        page::set_text("digits", digits);
        let spoken = match digits.split_at_checked(1) {
            Some((first, second)) => say("spokenNumber", &[first, second, digits]),
            None => String::new(),
        };
        page::set_text("spoken", &spoken);
    }
    page::show("number-panel", Visible::from(!digits.is_empty()));
    if digits.is_empty() {
        page::show("time", Visible::No);
        page::set_text("countdown", "");
    }
}

/// What the page is, why it is so, and what to do next.
fn message(word: PageWord, tab: Option<&TabView>) {
    let field = tab.map_or(FieldView::None, |tab| tab.field);
    let name = match (word, field) {
        (PageWord::Identifier, FieldView::Filled) => "filled",
        (PageWord::Identifier, FieldView::Other) => "occupied",
        (PageWord::Identifier, _) | (PageWord::Number, _) => "",
        (PageWord::Lookalike, _) if tab.is_some_and(|tab| tab.verdict == VerdictWord::Suspect) => "suspect",
        (word, _) => word.as_str(),
    };
    page::show("message-panel", Visible::from(!name.is_empty()));
    let key = name.replace('-', "_");
    let host = tab.and_then(|tab| tab.host.as_deref()).unwrap_or_default();
    let say_part =
        |part: &str| if key.is_empty() { String::new() } else { say(&format!("page_{key}_{part}"), &[host]) };
    let why = match word {
        PageWord::Lookalike => tab.map(|tab| reason(&tab.code)).unwrap_or_default(),
        _ => tab.and_then(|tab| tab.reason.as_deref()).map(reason).unwrap_or_default(),
    };
    page::set_text("headline", &say_part("title"));
    page::set_text("explain", &join(&say_part("text"), &why));
    page::set_text("advice", &say_part("advice"));
    let tone = tone(name);
    // A warning is also spoken, once: the person may be looking at the page and not here.
    if tone == "warn" && page::attribute("page-state", "data-tone").as_deref() != Some(tone) {
        page::set_text("spoken", &join(&say_part("title"), &say_part("text")));
    }
    page::set_attribute("page-state", "data-tone", tone);
}

fn join(first: &str, second: &str) -> String {
    [first, second].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn tone(name: &str) -> &'static str {
    match name {
        "lookalike" => "warn",
        "suspect" | "number-unread" | "unrecognised" | "expired" | "refused" | "unknown-identifier" | "occupied"
        | "card-unread" | "card-refused" | "outage" | "unreachable" => "watch",
        "filled" | "returned" => "good",
        _ => "plain",
    }
}

fn service(request: Option<&Request>) {
    page::show("service-panel", Visible::from(request.is_some()));
    let Some(request) = request else {
        page::set_text("service", "");
        return;
    };
    page::set_text("service", &request.service);
    let minutes = now_ms().saturating_sub(request.since_ms) / 60_000;
    let time = clock_time(request.since_ms);
    let text = match minutes {
        0 => say("startedNow", &[&time]),
        minutes => say("startedAgo", &[&time, &minutes.to_string()]),
    };
    page::set_text("started", &text);
}
