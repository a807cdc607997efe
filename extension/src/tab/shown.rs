//! What a person sees of a tab: the badge, and everything that the popup draws.
//!
//! Pure, like [`TabState`]. Digits are given out for a genuine page that shows them now, and for nothing else.

use verifier_core::login::{MatchNumber, NumberMatch};

use super::words::{FieldView, PageWord, Trouble, VerdictWord};
use super::{Request, TabState};

/// How long after the card tab was left help with the card is offered, in milliseconds. A reader answers within seconds; later
/// the tab shows something else.
const CARD_AWAY_MS: u64 = 2 * 60 * 1000;

/// How long a login that shows no number counts as under way, in milliseconds. Nobody types an identifier for longer; a page
/// that was left open over lunch is no login that somebody is busy with.
const UNDER_WAY_MS: u64 = 10 * 60 * 1000;

/// A tab as the popup shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabView {
    /// The browser's number of the tab.
    pub id: i32,
    /// The verdict on its address.
    pub verdict: VerdictWord,
    /// The stable code of the rule that gave the verdict.
    pub code: String,
    /// The host, when the browser lets us know it.
    pub host: Option<String>,
    /// What the page is.
    pub page: PageWord,
    /// Why the page or its number was not recognised.
    pub reason: Option<String>,
    /// The number to pick on the phone; only for a genuine page.
    pub number: Option<NumberView>,
    /// Which service sent the person here, and when.
    pub request: Option<Request>,
    /// What the identifier field holds.
    pub field: FieldView,
    /// Why the last fill by key wrote nothing.
    pub refusal: Option<String>,
}

/// The number and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberView {
    /// Two digits; `Debug` hides them.
    pub number: MatchNumber,
    /// When it ends by the page's own countdown, ms since 1970; `None`: the page shows none.
    pub deadline_ms: Option<u64>,
    /// When it was first seen, ms since 1970.
    pub shown_at_ms: u64,
}

/// What the toolbar button shows for a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Badge {
    /// Nothing.
    None,
    /// The two digits.
    Digits(MatchNumber),
    /// A look-alike.
    Warning,
    /// A genuine page of an activation: the one moment at which callers ask for codes.
    Stop,
}

/// A login that is under way in some tab of this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The service that asked for it, if that was seen.
    pub service: Option<String>,
    /// Since when, ms since 1970.
    pub since_ms: u64,
}

impl TabState {
    /// What the toolbar button shows.
    #[must_use]
    pub fn badge(&self, now_ms: u64) -> Badge {
        match &self.page {
            Some(page) if page.verdict.warns() => Badge::Warning,
            Some(page) if page.verdict.is_genuine() && page.word.is_activation() => Badge::Stop,
            Some(page) if page.verdict.is_genuine() => self.login.shown(now_ms).map_or(Badge::None, Badge::Digits),
            _ => Badge::None,
        }
    }

    /// What the popup shows. Digits only for a genuine page that shows them now.
    #[must_use]
    pub fn view(&self, id: i32, now_ms: u64) -> TabView {
        let Some(page) = &self.page else {
            let away = self.trouble == Some(Trouble::CardAway) && now_ms.saturating_sub(self.seen_at_ms) < CARD_AWAY_MS;
            let word = match self.login {
                NumberMatch::Matched { .. } => PageWord::Returned,
                _ if away => PageWord::CardAway,
                _ => PageWord::Elsewhere,
            };
            return TabView {
                id,
                verdict: VerdictWord::Unknown,
                code: "URL-UNKNOWN".to_owned(),
                host: None,
                page: word,
                reason: None,
                number: None,
                request: self.request.clone().filter(|_| word == PageWord::Returned),
                field: FieldView::None,
                refusal: None,
            };
        };
        let number =
            if page.verdict.is_genuine() && page.word == PageWord::Number { self.number(now_ms) } else { None };
        TabView {
            id,
            verdict: page.verdict,
            code: page.code.clone(),
            host: Some(page.host.clone()),
            page: match (page.word, self.trouble) {
                (PageWord::Number, _) if number.is_none() => PageWord::Expired,
                // The browser knows better than the words of an error page what became of its request.
                (PageWord::Unrecognised, Some(trouble)) => trouble.page(),
                (word, _) => word,
            },
            reason: page.reason.clone(),
            number,
            request: self.request.clone(),
            field: page.field.map_or(FieldView::None, |field| field.view),
            refusal: self.refusal.clone(),
        }
    }

    /// The login that is under way in this tab, if one is. What it knows is what this browser did: a request that somebody
    /// else sent to the same phone leaves no trace here.
    #[must_use]
    pub fn running(&self, now_ms: u64) -> Option<Running> {
        let service = self.request.as_ref().map(|request| request.service.clone());
        let since_ms = match self.login {
            NumberMatch::Shown { shown_at_ms, .. } | NumberMatch::Away { shown_at_ms, .. }
                if self.login.ends_at_ms().is_some_and(|end| now_ms < end) =>
            {
                shown_at_ms
            }
            NumberMatch::Issued { since_ms } if now_ms.saturating_sub(since_ms) < UNDER_WAY_MS => since_ms,
            _ => return None,
        };
        let since_ms = self.request.as_ref().map_or(since_ms, |request| request.since_ms.min(since_ms));
        Some(Running { service, since_ms })
    }

    fn number(&self, now_ms: u64) -> Option<NumberView> {
        let number = self.login.shown(now_ms)?;
        let NumberMatch::Shown { shown_at_ms, deadline_ms, .. } = self.login else {
            return None;
        };
        Some(NumberView { number, deadline_ms, shown_at_ms })
    }
}
