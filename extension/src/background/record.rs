//! How a [`TabState`] lies in `storage.session`. Wire types, converted by hand: what does not convert is no record.

use serde::{Deserialize, Serialize};
use verifier_core::login::{MatchNumber, NumberMatch};

use super::tab::{Field, PageState, TabState};
use crate::messages::{FieldView, PageWord, RequestView, VerdictWord};

/// Grows whenever the shape below changes; records of another version are dropped.
const VERSION: u32 = 1;

/// A tab as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct TabRecord {
    v: u32,
    seen_at_ms: u64,
    #[serde(default)]
    page: Option<PageRecord>,
    #[serde(default)]
    request: Option<RequestView>,
    login: LoginRecord,
}

#[derive(Serialize, Deserialize)]
struct PageRecord {
    #[serde(default)]
    document: Option<String>,
    host: String,
    verdict: VerdictWord,
    code: String,
    word: PageWord,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    field: Option<FieldRecord>,
}

#[derive(Serialize, Deserialize)]
struct FieldRecord {
    reference: u32,
    view: FieldView,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    Idle,
    Issued,
    Shown,
    Matched,
    Expired,
    Refused,
}

#[derive(Serialize, Deserialize)]
struct LoginRecord {
    phase: Phase,
    at_ms: u64,
    #[serde(default)]
    digits: Option<String>,
    #[serde(default)]
    deadline_ms: Option<u64>,
}

impl From<&TabState> for TabRecord {
    fn from(tab: &TabState) -> Self {
        Self {
            v: VERSION,
            seen_at_ms: tab.seen_at_ms,
            page: tab.page.as_ref().map(|page| PageRecord {
                document: page.document.clone(),
                host: page.host.clone(),
                verdict: page.verdict,
                code: page.code.clone(),
                word: page.word,
                reason: page.reason.clone(),
                field: page.field.map(|field| FieldRecord { reference: field.reference, view: field.view }),
            }),
            request: tab.request.clone(),
            login: LoginRecord::from(tab.login),
        }
    }
}

impl TabRecord {
    /// The state, unless the record is of another version or holds what no state can hold.
    pub(super) fn restore(self) -> Option<TabState> {
        if self.v != VERSION {
            return None;
        }
        Some(TabState {
            seen_at_ms: self.seen_at_ms,
            page: self.page.map(|page| PageState {
                document: page.document,
                host: page.host,
                verdict: page.verdict,
                code: page.code,
                word: page.word,
                reason: page.reason,
                field: page.field.map(|field| Field { reference: field.reference, view: field.view }),
            }),
            request: self.request,
            login: self.login.restore()?,
        })
    }
}

impl From<NumberMatch> for LoginRecord {
    fn from(login: NumberMatch) -> Self {
        let plain = |phase, at_ms| Self { phase, at_ms, digits: None, deadline_ms: None };
        match login {
            NumberMatch::Idle => plain(Phase::Idle, 0),
            NumberMatch::Issued { since_ms } => plain(Phase::Issued, since_ms),
            NumberMatch::Shown { number, shown_at_ms, deadline_ms } => {
                Self { phase: Phase::Shown, at_ms: shown_at_ms, digits: Some(number.digits().to_owned()), deadline_ms }
            }
            NumberMatch::Matched { at_ms } => plain(Phase::Matched, at_ms),
            NumberMatch::Expired { at_ms } => plain(Phase::Expired, at_ms),
            NumberMatch::Refused { at_ms } => plain(Phase::Refused, at_ms),
        }
    }
}

impl LoginRecord {
    fn restore(self) -> Option<NumberMatch> {
        let at_ms = self.at_ms;
        Some(match self.phase {
            Phase::Idle => NumberMatch::Idle,
            Phase::Issued => NumberMatch::Issued { since_ms: at_ms },
            Phase::Shown => NumberMatch::Shown {
                number: MatchNumber::parse(&self.digits?).ok()?,
                shown_at_ms: at_ms,
                deadline_ms: self.deadline_ms,
            },
            Phase::Matched => NumberMatch::Matched { at_ms },
            Phase::Expired => NumberMatch::Expired { at_ms },
            Phase::Refused => NumberMatch::Refused { at_ms },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_login_survives_the_store() {
        let number = MatchNumber::parse("07").unwrap();
        for login in [
            NumberMatch::Idle,
            NumberMatch::Issued { since_ms: 1 },
            NumberMatch::Shown { number, shown_at_ms: 2, deadline_ms: Some(3) },
            NumberMatch::Shown { number, shown_at_ms: 2, deadline_ms: None },
            NumberMatch::Matched { at_ms: 4 },
            NumberMatch::Expired { at_ms: 5 },
            NumberMatch::Refused { at_ms: 6 },
        ] {
            let tab = TabState { login, ..TabState::new(9) };
            let text = serde_json::to_string(&TabRecord::from(&tab)).unwrap();
            assert_eq!(serde_json::from_str::<TabRecord>(&text).unwrap().restore(), Some(tab), "{login:?}");
        }
    }

    #[test]
    fn a_spoiled_record_is_no_record() {
        let text = r#"{"v":1,"seen_at_ms":1,"login":{"phase":"shown","at_ms":1,"digits":"4x"}}"#;
        assert_eq!(serde_json::from_str::<TabRecord>(text).unwrap().restore(), None);
        let text = r#"{"v":2,"seen_at_ms":1,"login":{"phase":"idle","at_ms":1}}"#;
        assert_eq!(serde_json::from_str::<TabRecord>(text).unwrap().restore(), None);
    }
}
