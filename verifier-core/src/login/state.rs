//! One login as a state by value: `step(self, event, now) -> (next, effects)`.
//!
//! ```text
//! Idle ──Started──▶ Issued ──NumberSeen──▶ Shown ──Returned──▶ Matched
//!                                          │ ▲ ├──deadline / ExpiredSeen──▶ Expired
//!                                   PageGone │ └──RefusedSeen─────────────▶ Refused
//!                                          ▼ │NumberSeen
//!                                          Away   (ends as Shown does, without the digits)
//! ```
//!
//! The edge keeps the new state *before* it acts on the effects, so that a background worker which is stopped in between
//! shows nothing stale. Deadlines are absolute, in milliseconds since 1970, because a worker that sleeps does not count.
//!
//! `Matched` says that the page left for the relying party after a number was shown. Whether the login succeeded is for
//! the relying party to verify; nothing here does.

use super::MatchNumber;

/// How long a number without a readable countdown is kept, in milliseconds. No published life of a request exceeds 120 s;
/// beyond this the digits could only mislead.
const UNREAD_LIFE_MS: u64 = 120_000;

/// A countdown that jumps back up by more than this belongs to a new request, even if the digits are the same by chance.
const NEW_REQUEST_MS: u64 = 3_000;

/// The state of one login in one tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberMatch {
    /// Nothing is under way.
    Idle,
    /// A request was seen leaving for PSC; no number yet.
    Issued {
        /// When it was seen, ms since 1970.
        since_ms: u64,
    },
    /// A number is on the page.
    Shown {
        /// The digits.
        number: MatchNumber,
        /// When these digits were first seen, ms since 1970.
        shown_at_ms: u64,
        /// When the page's own countdown ends, ms since 1970; `None` when the page shows none.
        deadline_ms: Option<u64>,
    },
    /// The page that showed a number is gone, for the relying party, for another page of the login or for the browser's cache:
    /// the request is still under way, and its digits are known to nobody here.
    Away {
        /// When the digits were first seen, ms since 1970.
        shown_at_ms: u64,
        /// When the request ends, ms since 1970.
        ends_at_ms: u64,
    },
    /// The page went back to the relying party after a number was shown.
    Matched {
        /// When, ms since 1970.
        at_ms: u64,
    },
    /// The time was up.
    Expired {
        /// When, ms since 1970.
        at_ms: u64,
    },
    /// The page said that the request was refused.
    Refused {
        /// When, ms since 1970.
        at_ms: u64,
    },
}

/// What the edge saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An authorization request left for a genuine host.
    Started,
    /// The genuine page shows a number.
    NumberSeen {
        /// The digits.
        number: MatchNumber,
        /// What the page's countdown says, in seconds.
        remaining_s: Option<u32>,
    },
    /// The genuine page no longer shows a readable number.
    NumberLost,
    /// The genuine page is the waiting page, and its number cannot be told from the countdown at this moment
    /// (`PAGE-NUMBER-COUNTDOWN`): for one second of nearly every login the two are the same.
    NumberUnclear,
    /// The page that was reported is being left; where to will be seen.
    PageGone,
    /// The browser was sent back to the relying party.
    Returned,
    /// The genuine page says that the request was refused.
    RefusedSeen,
    /// The genuine page says that the request expired.
    ExpiredSeen,
    /// The tab was closed or left for somewhere else.
    Left,
    /// Time has passed.
    Tick,
}

/// What the edge does, after it has kept the new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Show these digits, replacing any others.
    Show {
        /// The digits.
        number: MatchNumber,
        /// When they stop being valid, ms since 1970; `None`: show no countdown rather than an invented one.
        deadline_ms: Option<u64>,
    },
    /// Remove the digits from every surface.
    Clear,
    /// Send a [`Event::Tick`] at this time, ms since 1970.
    WakeAt {
        /// ms since 1970.
        at_ms: u64,
    },
}

impl NumberMatch {
    /// The next state and what to do. Total: an event that does not fit a state leaves it as it is.
    #[must_use]
    pub fn step(self, event: Event, now_ms: u64) -> (Self, Vec<Effect>) {
        let timed_out = self.ends_at_ms().is_some_and(|end| now_ms >= end);
        match (self, event) {
            (_, Event::NumberSeen { number, remaining_s }) => self.see(number, remaining_s, now_ms),
            (Self::Shown { .. } | Self::Away { .. }, Event::Returned) if !timed_out => {
                (Self::Matched { at_ms: now_ms }, vec![Effect::Clear])
            }
            (Self::Shown { .. } | Self::Away { .. } | Self::Issued { .. }, Event::RefusedSeen) => {
                (Self::Refused { at_ms: now_ms }, vec![Effect::Clear])
            }
            (Self::Shown { .. } | Self::Away { .. } | Self::Issued { .. }, Event::ExpiredSeen) => {
                (Self::Expired { at_ms: now_ms }, vec![Effect::Clear])
            }
            // Also when the last login ran out meanwhile: what begins now is another.
            (_, Event::Started) => (Self::Issued { since_ms: now_ms }, vec![Effect::Clear]),
            _ if timed_out => (Self::Expired { at_ms: now_ms }, vec![Effect::Clear]),
            (Self::Shown { .. } | Self::Away { .. }, Event::NumberLost) => {
                (Self::Issued { since_ms: now_ms }, vec![Effect::Clear])
            }
            (Self::Shown { shown_at_ms, .. }, Event::PageGone) => {
                let ends_at_ms = self.ends_at_ms().unwrap_or(now_ms);
                (Self::Away { shown_at_ms, ends_at_ms }, vec![Effect::Clear])
            }
            // A live session at PSC answers without a number: nothing was matched.
            (Self::Issued { .. }, Event::Returned) => (Self::Idle, vec![Effect::Clear]),
            (_, Event::Left) => (Self::Idle, vec![Effect::Clear]),
            // `NumberUnclear` comes here too: digits that were read before stay until their deadline.
            (state, _) => (state, Vec::new()),
        }
    }

    /// The digits to show at `now_ms`, if there are any.
    #[must_use]
    pub fn shown(&self, now_ms: u64) -> Option<MatchNumber> {
        match self {
            Self::Shown { number, .. } if self.ends_at_ms().is_none_or(|end| now_ms < end) => Some(*number),
            _ => None,
        }
    }

    /// When this state ends by itself, ms since 1970.
    #[must_use]
    pub fn ends_at_ms(&self) -> Option<u64> {
        match self {
            Self::Shown { deadline_ms: Some(end), .. } | Self::Away { ends_at_ms: end, .. } => Some(*end),
            Self::Shown { shown_at_ms, deadline_ms: None, .. } => Some(shown_at_ms.saturating_add(UNREAD_LIFE_MS)),
            _ => None,
        }
    }

    fn see(self, number: MatchNumber, remaining_s: Option<u32>, now_ms: u64) -> (Self, Vec<Effect>) {
        let read = remaining_s.map(|seconds| now_ms.saturating_add(u64::from(seconds) * 1000));
        let (shown_at_ms, deadline_ms, same) = match self {
            Self::Shown { number: old, shown_at_ms, deadline_ms } if old == number => match (deadline_ms, read) {
                (Some(old), Some(new)) if new > old.saturating_add(NEW_REQUEST_MS) => (now_ms, Some(new), false),
                // The countdown is read once a second and rounded: the earliest reading is the safe one.
                (Some(old), Some(new)) => (shown_at_ms, Some(old.min(new)), new >= old),
                (Some(old), None) => (shown_at_ms, Some(old), true),
                (None, Some(new)) => (shown_at_ms, Some(new), false),
                (None, None) => (shown_at_ms, None, true),
            },
            // The page is back, from the cache or loaded again: the same request unless its countdown says otherwise.
            Self::Away { shown_at_ms, ends_at_ms }
                if read.is_some_and(|new| new <= ends_at_ms.saturating_add(NEW_REQUEST_MS)) =>
            {
                (shown_at_ms, read, false)
            }
            _ => (now_ms, read, false),
        };
        let next = Self::Shown { number, shown_at_ms, deadline_ms };
        let end = next.ends_at_ms().unwrap_or(now_ms);
        if now_ms >= end {
            return (Self::Expired { at_ms: now_ms }, vec![Effect::Clear]);
        }
        let effects =
            if same { Vec::new() } else { vec![Effect::Show { number, deadline_ms }, Effect::WakeAt { at_ms: end }] };
        (next, effects)
    }
}
