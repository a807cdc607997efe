//! Who is at the account portal, and the activation that each browser has started there.
//!
//! A visit ends with the session at the provider that it came from.

use verifier_core::activation::TicketToken;

use super::{MAX_ENTRIES, State};
use crate::encoding::fingerprint;

/// One browser at the portal. No `Debug`: it names a person.
#[derive(Clone)]
pub(crate) struct Visit {
    /// The session at the provider.
    pub sid: String,
    /// National identifier.
    pub person: String,
    /// Means of that login.
    pub auth_mode: String,
    /// Value that every form of the visit carries.
    pub csrf: String,
    /// The QR code that this browser shows.
    pub ticket: Option<TicketToken>,
}

impl State {
    /// A browser arrives; `false` when the table is full.
    #[must_use]
    pub(crate) fn open_visit(&mut self, cookie: &str, visit: Visit) -> bool {
        if self.visits.len() >= MAX_ENTRIES {
            return false;
        }
        self.visits.insert(fingerprint(cookie), visit);
        true
    }

    /// The visit of a browser, if the session behind it is open. Looking counts as a use of that session.
    pub(crate) fn visit(&mut self, cookie: &str, now_ms: u64) -> Option<&mut Visit> {
        let key = fingerprint(cookie);
        let sid = self.visits.get(&key)?.sid.clone();
        if !self.use_session(&sid, now_ms) {
            self.visits.remove(&key);
            return None;
        }
        self.visits.get_mut(&key)
    }

    /// Closes every session of a person at the provider; returns how many there were.
    pub(crate) fn close_sessions_of(&mut self, person: &str) -> usize {
        let open: Vec<String> = self
            .sessions
            .values()
            .filter(|session| session.person == person)
            .map(|session| session.sid.clone())
            .collect();
        for sid in &open {
            self.close_session(sid);
        }
        open.len()
    }
}
