//! What a service remembers: logins under way, and sessions within the provider's session.
//!
//! A session ends four hours after the person proved who they are, or after thirty minutes without a click, like the one at the
//! provider (psc-facts §1.6). In between the service asks the provider now and then by refreshing its tokens, which also tells
//! the provider that the person is still there. Cookies are kept as digests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::oidc::{Newer, Pending};
use super::view::DecisionView;
use crate::encoding::fingerprint;
use crate::store::{SESSION_IDLE_MS, SESSION_MS};

/// A started login must come back within this time; the provider gives up after the same time.
const PENDING_MS: u64 = 30 * 60 * 1000;
/// Started logins and sessions that are kept.
const MAX_ENTRIES: usize = 20_000;
/// How often the provider is asked whether its session still lives, at most.
const CHECK_MS: u64 = 60 * 1000;

/// A person who has come back, let in or not.
pub(super) struct RpSession {
    /// The outcome.
    pub(super) view: DecisionView,
    /// What a refresh and a logout need.
    pub(super) keys: Keys,
    /// When the person proved who they are.
    pub(super) since_ms: u64,
    /// Last click.
    pub(super) used_ms: u64,
    /// When the provider was last asked.
    pub(super) checked_ms: u64,
}

/// The ID token for the logout at the provider, the refresh token, the handle for the decision point.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
    pub(super) handle: Option<String>,
}

/// Why a session is over although nobody left this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody clicked for thirty minutes.
    Idle,
    /// Four hours since the person proved who they are.
    FourHours,
    /// The provider's session is over: closed from elsewhere, or idle there.
    Closed,
}

impl Ended {
    /// Stable code.
    #[must_use]
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Idle => "SBX-RP-IDLE",
            Self::FourHours => "SBX-RP-FOUR-HOURS",
            Self::Closed => "SBX-RP-CLOSED",
        }
    }
}

/// What a cookie stands for now.
pub(super) enum Look {
    /// Nothing.
    Nobody,
    /// A session that is over by its own limits.
    Ended(Ended),
    /// A session, with the refresh token if it is time to ask the provider.
    Live {
        /// The outcome.
        view: Box<DecisionView>,
        /// Token to ask with.
        refresh: Option<String>,
    },
}

/// The memory of both services.
#[derive(Default)]
pub(super) struct Tables {
    pending: Mutex<HashMap<String, (Pending, u64)>>,
    sessions: Mutex<HashMap<String, RpSession>>,
}

impl RpSession {
    fn end(&self, now_ms: u64) -> Option<Ended> {
        if now_ms >= self.since_ms.saturating_add(SESSION_MS) {
            Some(Ended::FourHours)
        } else if now_ms >= self.used_ms.saturating_add(SESSION_IDLE_MS) {
            Some(Ended::Idle)
        } else {
            None
        }
    }
}

impl Tables {
    fn sessions(&self) -> MutexGuard<'_, HashMap<String, RpSession>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a started login; `false` when the table is full.
    #[must_use]
    pub(super) fn keep_pending(&self, cookie: &str, pending: Pending, now_ms: u64) -> bool {
        let mut table = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        table.retain(|_, (_, started)| now_ms < started.saturating_add(PENDING_MS));
        if table.len() >= MAX_ENTRIES {
            return false;
        }
        table.insert(fingerprint(cookie), (pending, now_ms));
        true
    }

    /// Each started login comes back once.
    pub(super) fn take_pending(&self, cookie: &str, now_ms: u64) -> Option<Pending> {
        let mut table = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (pending, started) = table.remove(&fingerprint(cookie))?;
        (now_ms < started.saturating_add(PENDING_MS)).then_some(pending)
    }

    /// Keeps a session; `false` when the table is full.
    #[must_use]
    pub(super) fn keep_session(&self, cookie: &str, session: RpSession, now_ms: u64) -> bool {
        let mut table = self.sessions();
        // Those that ended lately stay, so that their person can be told why.
        table.retain(|_, session| now_ms < session.used_ms.saturating_add(SESSION_MS));
        if table.len() >= MAX_ENTRIES {
            return false;
        }
        table.insert(fingerprint(cookie), session);
        true
    }

    /// Looks at a session, which counts as a click.
    pub(super) fn look(&self, cookie: &str, now_ms: u64) -> Look {
        let mut table = self.sessions();
        let Some(session) = table.get_mut(&fingerprint(cookie)) else {
            return Look::Nobody;
        };
        // Who was not let in has no session that could end.
        if session.keys.id_token.is_none() {
            return Look::Live { view: Box::new(session.view.clone()), refresh: None };
        }
        if let Some(ended) = session.end(now_ms) {
            return Look::Ended(ended);
        }
        session.used_ms = now_ms;
        let due = now_ms >= session.checked_ms.saturating_add(CHECK_MS);
        let refresh = if due { session.keys.refresh_token.clone() } else { None };
        Look::Live { view: Box::new(session.view.clone()), refresh }
    }

    /// The provider answered with newer tokens.
    pub(super) fn renew(&self, cookie: &str, newer: Newer, now_ms: u64) {
        if let Some(session) = self.sessions().get_mut(&fingerprint(cookie)) {
            session.checked_ms = now_ms;
            session.keys.refresh_token = Some(newer.refresh_token);
            if newer.id_token.is_some() {
                session.keys.id_token = newer.id_token;
            }
        }
    }

    /// Forgets a session.
    pub(super) fn take_session(&self, cookie: &str) -> Option<RpSession> {
        self.sessions().remove(&fingerprint(cookie))
    }
}
