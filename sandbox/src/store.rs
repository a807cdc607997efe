//! Everything that the provider remembers, in memory, behind one lock and one clock.
//!
//! Secrets that a browser or a service presents (cookies, codes, tokens) are kept as digests only. Entries past their life
//! are swept away as time goes by, and each table has a cap, so that a run can be left open for days. Nothing is written
//! to disk; stopping the program forgets everything.
//!
//! Lifetimes follow psc-facts §1.6; those that are not published say so.

mod card;
mod ciba;
mod enrolment;
mod grant;
mod login;
mod outbox;
mod portal;
mod pushed;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

pub(crate) use card::{CardAnswer, CardLevel, Component, Desk, Reader, Slot};
pub(crate) use ciba::{Approved, Backchannel, Channel, INTERVAL_S};
pub(crate) use enrolment::{ActivationError, Desktop, Enrolments, MailOperator, Masked, Progress, Standing};
pub(crate) use grant::{Code, Grant, Session, Tokens};
pub(crate) use login::{Login, Stage};
pub(crate) use outbox::{Content, Message};
pub(crate) use portal::Visit;
pub(crate) use pushed::PUSHED_S;

use crate::clock::SandboxClock;
use crate::push::{Ending, Push};

/// A login page may stay open this long. Not published; the default of the underlying server software.
pub(crate) const LOGIN_MS: u64 = 30 * 60 * 1000;
/// An authorization code must be redeemed within this time. Not published; RFC 6749 §4.1.2 asks for ten minutes at most.
pub(crate) const CODE_MS: u64 = 60 * 1000;
/// Life of ID and access token.
pub(crate) const TOKEN_S: u64 = 120;
/// Life of a refresh token.
pub(crate) const REFRESH_S: u64 = 30 * 60;
/// Longest life of a session at the provider.
pub(crate) const SESSION_MS: u64 = 4 * 60 * 60 * 1000;
/// Longest pause of a session at the provider.
pub(crate) const SESSION_IDLE_MS: u64 = 30 * 60 * 1000;
/// How long a finished request stays visible to the phone and the waiting page.
const PUSH_KEPT_MS: u64 = 10 * 60 * 1000;
/// Entries per table. A laptop never needs more; a runaway script must not eat the memory.
const MAX_ENTRIES: usize = 20_000;
/// How often the tables are swept.
const SWEEP_MS: u64 = 5_000;

/// How long "block" keeps requests away. Not published; ours, long enough for whoever sends them to give up.
pub(crate) const BLOCK_MS: u64 = 60 * 60 * 1000;

/// The window of the push limit.
const PUSH_WINDOW_MS: u64 = 60 * 1000;

/// Identifiers that lead nowhere, per browser and minute. Ours; not published. Nobody mistypes their own so often.
const ATTEMPTS_PER_MINUTE: usize = 10;

/// Why a push was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PushLimit {
    /// The person was asked too often.
    #[error("this person was asked too often in the last minute")]
    TooOften,
    /// The person blocked requests after one that was not theirs.
    #[error("this person blocks requests for the moment")]
    Blocked,
    /// A table is full.
    #[error("the sandbox holds too many requests")]
    Full,
}

/// The tables.
#[derive(Default)]
pub(crate) struct State {
    logins: HashMap<String, Login>,
    pushes: HashMap<String, Push>,
    push_times: HashMap<String, VecDeque<u64>>,
    /// Until when a person gets no requests, by their own wish.
    blocked_until: HashMap<String, u64>,
    /// Identifier remembered for a browser (digest of its cookie), on request of the person.
    remembered: HashMap<String, String>,
    sessions: HashMap<String, Session>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    /// Digest of an ID token → session, for logout.
    hints: HashMap<String, (Grant, u64)>,
    /// Authorization requests that a service left here, by digest of `request_uri`.
    pushed: HashMap<String, pushed::Pushed>,
    /// Logins without a browser, by digest of `auth_req_id`.
    backchannel: HashMap<String, Backchannel>,
    /// The e-CPS of every person. Lives as long as the sandbox.
    enrolments: Enrolments,
    /// Mail and SMS.
    outbox: outbox::Outbox,
    /// Cards, the reader, and what waits for a card.
    card: card::CardTables,
    /// Browsers at the account portal, by digest of their cookie.
    visits: HashMap<String, Visit>,
    swept_ms: u64,
}

/// The one store.
pub(crate) struct Store {
    clock: SandboxClock,
    state: Mutex<State>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Store(redacted)")
    }
}

impl Store {
    /// Starts with nothing but the e-CPS of these persons.
    #[must_use]
    pub(crate) fn new(clock: SandboxClock, enrolments: Enrolments) -> Self {
        Self { clock, state: Mutex::new(State { enrolments, ..State::default() }) }
    }

    /// The clock that everything here is measured with.
    #[must_use]
    pub(crate) fn clock(&self) -> &SandboxClock {
        &self.clock
    }

    /// Runs one step under the lock, with the time of that step in milliseconds.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut State, u64) -> R) -> R {
        let now_ms = self.clock.now_ms();
        // A step that panicked cannot leave a half-made entry behind: each step is a single insertion or change.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(now_ms);
        step(&mut state, now_ms)
    }
}

impl State {
    fn sweep(&mut self, now_ms: u64) {
        if now_ms < self.swept_ms.saturating_add(SWEEP_MS) {
            return;
        }
        self.swept_ms = now_ms;
        let now_s = now_ms / 1000;
        self.logins.retain(|_, login| !login.is_over(now_ms));
        self.pushes.retain(|_, push| now_ms < push.expires_ms().saturating_add(PUSH_KEPT_MS));
        self.push_times
            .retain(|_, times| times.back().is_some_and(|last| now_ms < last.saturating_add(PUSH_WINDOW_MS)));
        self.blocked_until.retain(|_, until_ms| now_ms < *until_ms);
        self.sessions.retain(|_, session| session.is_alive(now_ms));
        self.codes.retain(|_, code| now_ms < code.kept_until_ms());
        self.access.retain(|_, grant| now_s < grant.expires_s);
        self.refresh.retain(|_, grant| now_s < grant.expires_s);
        self.pushed.retain(|_, pushed| now_ms < pushed.expires_ms);
        self.backchannel.retain(|_, request| !request.is_forgotten(now_ms));
        self.hints.retain(|_, (_, until_ms)| now_ms < *until_ms);
        self.card.sweep(now_ms, PUSH_KEPT_MS);
        let open: std::collections::HashSet<&str> =
            self.sessions.values().map(|session| session.sid.as_str()).collect();
        self.visits.retain(|_, visit| open.contains(visit.sid.as_str()));
    }

    /// Sends a push to a phone, unless the person was asked `per_minute` times within the last minute.
    pub(crate) fn send_push(&mut self, push: Push, per_minute: usize, now_ms: u64) -> Result<(), PushLimit> {
        if self.pushes.len() >= MAX_ENTRIES {
            return Err(PushLimit::Full);
        }
        if self.blocked_until(push.person(), now_ms).is_some() {
            return Err(PushLimit::Blocked);
        }
        self.count_push(push.person(), per_minute, now_ms)?;
        self.pushes.insert(push.id().to_owned(), push);
        Ok(())
    }

    /// Counts something that reaches a person unasked, unless there were `per_minute` of it within the last minute.
    fn count_push(&mut self, whom: &str, per_minute: usize, now_ms: u64) -> Result<(), PushLimit> {
        let times = self.push_times.entry(whom.to_owned()).or_default();
        while times.front().is_some_and(|first| now_ms >= first.saturating_add(PUSH_WINDOW_MS)) {
            times.pop_front();
        }
        if times.len() >= per_minute {
            return Err(PushLimit::TooOften);
        }
        times.push_back(now_ms);
        Ok(())
    }

    /// "Block" after "it was not me": no request reaches this person for a while, and those that wait are refused.
    pub(crate) fn block_pushes(&mut self, person: &str, now_ms: u64) {
        self.end_waiting(person, Ending::NotMe, now_ms);
        self.blocked_until.insert(person.to_owned(), now_ms.saturating_add(BLOCK_MS));
    }

    /// Requests reach this person again.
    pub(crate) fn unblock_pushes(&mut self, person: &str) {
        self.blocked_until.remove(person);
    }

    /// Until when requests are kept away from this person, in milliseconds since the epoch.
    #[must_use]
    pub(crate) fn blocked_until(&self, person: &str, now_ms: u64) -> Option<u64> {
        self.blocked_until.get(person).copied().filter(|until_ms| now_ms < *until_ms)
    }

    /// Counts an identifier that led nowhere, unless this browser typed too many of them within the last minute.
    pub(crate) fn count_attempt(&mut self, browser: &str, now_ms: u64) -> Result<(), PushLimit> {
        self.count_push(browser, ATTEMPTS_PER_MINUTE, now_ms)
    }

    /// A request by its identifier.
    pub(crate) fn push(&mut self, id: &str) -> Option<&mut Push> {
        self.pushes.get_mut(id)
    }

    /// A request by its identifier, only if it was sent to this person.
    pub(crate) fn push_of(&mut self, person: &str, id: &str) -> Option<&mut Push> {
        self.pushes.get_mut(id).filter(|push| push.person() == person)
    }

    /// Requests to this person's phone that wait for an answer, oldest first.
    #[must_use]
    pub(crate) fn waiting_for(&self, person: &str, now_ms: u64) -> Vec<Push> {
        let mut waiting: Vec<Push> = self
            .pushes
            .values()
            .filter(|push| push.person() == person)
            .filter(|push| matches!(push.state(now_ms), crate::push::PushState::Waiting { .. }))
            .cloned()
            .collect();
        waiting.sort_by(|a, b| (a.expires_ms(), a.id()).cmp(&(b.expires_ms(), b.id())));
        waiting
    }

    /// The page was quit or left for another attempt: the phone must not be able to answer any more.
    pub(crate) fn cancel_push(&mut self, id: &str, now_ms: u64) {
        if let Some(push) = self.pushes.get_mut(id) {
            push.end(Ending::Quit, now_ms);
        }
    }

    /// Ends every request that waits on this person's phone.
    fn end_waiting(&mut self, person: &str, ending: Ending, now_ms: u64) {
        for push in self.pushes.values_mut().filter(|push| push.person() == person) {
            push.end(ending, now_ms);
        }
    }

    /// Remembers or forgets the identifier of a browser.
    pub(crate) fn remember(&mut self, browser: &str, identifier: Option<&str>) {
        match identifier {
            Some(identifier) if self.remembered.len() < MAX_ENTRIES => {
                self.remembered.insert(browser.to_owned(), identifier.to_owned());
            }
            _ => {
                self.remembered.remove(browser);
            }
        }
    }

    /// The identifier remembered for a browser.
    #[must_use]
    pub(crate) fn remembered(&self, browser: &str) -> Option<&str> {
        self.remembered.get(browser).map(String::as_str)
    }
}
