//! The identifiers that people left on this desk: one row each, to be chosen or forgotten.
//!
//! A row shows the last four characters, by which its owner knows it, and not the whole number to whoever else looks. The
//! preview shows all of what is about to be written.

use crate::desk::{Desk, Entry};
use crate::page::{self, Visible};
use crate::words::say;

/// Draws the rows. One identifier alone stands in the input already.
pub(super) fn draw(desk: &Desk, now_ms: u64) {
    let entries = desk.entries();
    page::show("forget", Visible::from(!entries.is_empty()));
    page::set_text("forget", &say(if entries.len() > 1 { "forgetAllButton" } else { "forgetButton" }, &[]));
    page::show("desk", Visible::from(entries.len() > 1));
    // Rows are made anew only when they say something else: the focus may stand on one.
    let said: Vec<String> = entries.iter().map(|entry| format!("{} {}", entry.ending(), left(entry, now_ms))).collect();
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
            page::append_to(&choose, "span", &left(entry, now_ms), &[]);
        }
        if let Some(forget) = page::append_to(&row, "button", &say("deskForget", &[]), &act("forget")) {
            page::set(&forget, "aria-label", &say("deskForgetOne", &[ending]));
            page::set(&forget, "class", "quiet");
        }
    }
}

/// How long it stays, to the minute.
fn left(entry: &Entry, now_ms: u64) -> String {
    match entry.left_ms(now_ms) {
        Some(left_ms) => say("deskLeft", &[&left_ms.div_ceil(60_000).to_string()]),
        None => say("deskDevice", &[]),
    }
}
