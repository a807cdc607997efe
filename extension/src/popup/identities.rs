//! The identifiers that people left on this desk: one row each, to be chosen or forgotten.
//!
//! A row shows the last four characters, by which its owner knows it, and not the whole number to whoever else looks. The
//! preview shows all of what is about to be written.

use crate::desk::{Desk, Entry};
use crate::page::{self, Visible};
use crate::policy::{Mode, Settings};
use crate::words::say;

/// Draws the rows. One identifier alone stands in the input already.
pub(super) fn draw(desk: &Desk, settings: &Settings, now_ms: u64) {
    let entries = desk.entries();
    let limits = settings.limits();
    let left = |entry: &Entry| left(limits.left_ms(entry, now_ms));
    who(entries.first(), settings.mode, left);
    page::show("keep-row", Visible::from(settings.mode == Mode::Personal));
    page::show("forget", Visible::from(!entries.is_empty()));
    page::set_text("forget", &say(if entries.len() > 1 { "forgetAllButton" } else { "forgetButton" }, &[]));
    page::show("desk", Visible::from(entries.len() > 1));
    // Rows are made anew only when they say something else: the focus may stand on one.
    let said: Vec<String> = entries.iter().map(|entry| format!("{} {}", entry.ending(), left(entry))).collect();
    if !page::set_key("desk-list", &said.join("|")) {
        return;
    }
    page::clear("desk-list");
    for (at, entry) in entries.iter().enumerate() {
        let (at, ending) = (at.to_string(), entry.ending());
        let Some(row) = page::append("desk-list", "li") else {
            continue;
        };
        let act = |name: &'static str| [("type", "button"), ("data-act", name), ("data-entry", at.as_str())];
        if let Some(choose) = page::append_to(&row, "button", &say("deskEnding", &[ending]), &act("choose")) {
            page::append_to(&choose, "span", &left(entry), &[]);
        }
        if let Some(forget) = page::append_to(&row, "button", &say("deskForget", &[]), &act("forget")) {
            page::set(&forget, "aria-label", &say("deskForgetOne", &[ending]));
            page::set(&forget, "class", "quiet");
        }
    }
}

/// Who filled last on this desk, as far as it is remembered, and on a shared desk the button that hands it over.
fn who(last: Option<&Entry>, mode: Mode, left: impl Fn(&Entry) -> String) {
    let text = match last {
        Some(entry) => say("whoLast", &[entry.ending(), &left(entry)]),
        None => say("whoNobody", &[]),
    };
    page::set_text("who", &text);
    page::set_text("who-mode", &say(if mode == Mode::Shared { "modeShared" } else { "modePersonal" }, &[]));
    page::show("hand-over", Visible::from(mode == Mode::Shared));
}

/// How long it stays, to the minute.
fn left(left_ms: Option<u64>) -> String {
    match left_ms {
        Some(left_ms) => say("deskLeft", &[&left_ms.div_ceil(60_000).to_string()]),
        None => say("deskDevice", &[]),
    }
}
