//! "I did not ask for this": what this browser knows of logins under way, and what to do.
//!
//! A request arrives on a phone, which nothing here can see. What can be told is whether a login runs in *this* browser, for
//! which service and since when. If none does, the request came from elsewhere; if one does, the person decides whether it is
//! theirs. A waiting page that no service was seen to ask for is told apart as well: there the person is asked, not accused,
//! because a request can leave unseen (a form that posts it, a tab from before the extension was installed).

use crate::operator;
use crate::page::{self, Visible};
use crate::tab::shown::{Running, TabView};
use crate::tab::words::PageWord;
use crate::words::{clock_time, say};

/// Draws the panel, and the note on a waiting page that nobody was seen to ask for.
pub(super) fn draw(tab: Option<&TabView>, running: Option<&Running>, unasked: bool) {
    let unseen = tab.is_some_and(is_unseen);
    page::set_attribute("page-state", "data-started", if unseen { "unseen" } else { "" });
    page::set_attribute("page-state", "data-view", if unasked { "unasked" } else { "page" });
    page::show("unseen-panel", Visible::from(unseen && !unasked));
    page::show("unasked-panel", Visible::from(unasked));
    page::show("unasked", Visible::from(!unasked && !unseen && tab.is_none_or(|tab| !tab.verdict.warns())));
    let verdict = tab.map(|tab| tab.verdict);
    page::set_attribute("logout", "href", &operator::logout(verdict));
    page::set_attribute("portal", "href", &operator::portal(verdict));
    page::set_attribute("unasked-panel", "data-running", if running.is_some() { "yes" } else { "no" });
    page::set_text("unasked-desk", &desk(running));
}

/// A genuine page waits for the phone, and no service was seen to ask for it.
fn is_unseen(tab: &TabView) -> bool {
    tab.verdict.is_genuine() && matches!(tab.page, PageWord::Number | PageWord::NumberUnread) && tab.request.is_none()
}

/// What this browser knows.
fn desk(running: Option<&Running>) -> String {
    match running {
        None => say("unaskedNone", &[]),
        Some(Running { service: Some(service), since_ms }) => say("unaskedRunning", &[service, &clock_time(*since_ms)]),
        Some(Running { service: None, since_ms }) => say("unaskedRunningUnseen", &[&clock_time(*since_ms)]),
    }
}
