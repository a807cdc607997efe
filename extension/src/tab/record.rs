//! How a [`TabState`] lies in `storage.session`: one flat record, converted by hand. What does not convert is no record.

use serde::{Deserialize, Serialize};
use verifier_core::login::{MatchNumber, NumberMatch};

use super::words::{FieldView, PageWord, VerdictWord};
use super::{Field, PageState, Request, TabState};

/// Grows whenever the shape below changes; records of another version are dropped.
const VERSION: u32 = 1;

/// A tab as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct TabRecord {
    v: u32,
    seen_at_ms: u64,
    document: Option<String>,
    host: Option<String>,
    verdict: Option<VerdictWord>,
    code: Option<String>,
    word: Option<PageWord>,
    reason: Option<String>,
    field: Option<u32>,
    holds: Option<FieldView>,
    service: Option<String>,
    client_id: Option<String>,
    since_ms: Option<u64>,
    phase: Phase,
    at_ms: u64,
    digits: Option<String>,
    deadline_ms: Option<u64>,
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

impl From<&TabState> for TabRecord {
    fn from(tab: &TabState) -> Self {
        let page = tab.page.as_ref();
        let field = page.and_then(|page| page.field);
        let request = tab.request.as_ref();
        let (phase, at_ms) = match tab.login {
            NumberMatch::Idle => (Phase::Idle, 0),
            NumberMatch::Issued { since_ms } => (Phase::Issued, since_ms),
            NumberMatch::Shown { shown_at_ms, .. } => (Phase::Shown, shown_at_ms),
            NumberMatch::Matched { at_ms } => (Phase::Matched, at_ms),
            NumberMatch::Expired { at_ms } => (Phase::Expired, at_ms),
            NumberMatch::Refused { at_ms } => (Phase::Refused, at_ms),
        };
        let (digits, deadline_ms) = match tab.login {
            NumberMatch::Shown { number, deadline_ms, .. } => (Some(number.digits().to_owned()), deadline_ms),
            _ => (None, None),
        };
        Self {
            v: VERSION,
            seen_at_ms: tab.seen_at_ms,
            document: page.and_then(|page| page.document.clone()),
            host: page.map(|page| page.host.clone()),
            verdict: page.map(|page| page.verdict),
            code: page.map(|page| page.code.clone()),
            word: page.map(|page| page.word),
            reason: page.and_then(|page| page.reason.clone()),
            field: field.map(|field| field.reference),
            holds: field.map(|field| field.view),
            service: request.map(|request| request.service.clone()),
            client_id: request.map(|request| request.client_id.clone()),
            since_ms: request.map(|request| request.since_ms),
            phase,
            at_ms,
            digits,
            deadline_ms,
        }
    }
}

impl TabRecord {
    /// The state, unless the record is of another version or holds what no state can hold.
    pub(super) fn restore(self) -> Option<TabState> {
        if self.v != VERSION {
            return None;
        }
        let at_ms = self.at_ms;
        let login = match self.phase {
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
        };
        let field = match (self.field, self.holds) {
            (Some(reference), Some(view)) => Some(Field { reference, view }),
            _ => None,
        };
        let page = match (self.host, self.verdict, self.code, self.word) {
            (Some(host), Some(verdict), Some(code), Some(word)) => {
                Some(PageState { document: self.document, host, verdict, code, word, reason: self.reason, field })
            }
            _ => None,
        };
        let request = match (self.service, self.client_id, self.since_ms) {
            (Some(service), Some(client_id), Some(since_ms)) => Some(Request { service, client_id, since_ms }),
            _ => None,
        };
        Some(TabState { seen_at_ms: self.seen_at_ms, page, request, login })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn every_state_survives_the_store() {
        let number = MatchNumber::parse("07").unwrap();
        let page = PageState {
            document: Some("D".into()),
            host: "wallet.esw.esante.gouv.fr".into(),
            verdict: VerdictWord::Production,
            code: "URL-EXACT".into(),
            word: PageWord::Identifier,
            reason: None,
            field: Some(Field { reference: 3, view: FieldView::Empty }),
        };
        let request = Request { service: "smurtab.example".into(), client_id: "smurtab".into(), since_ms: 8 };
        for login in [
            NumberMatch::Idle,
            NumberMatch::Issued { since_ms: 1 },
            NumberMatch::Shown { number, shown_at_ms: 2, deadline_ms: Some(3) },
            NumberMatch::Shown { number, shown_at_ms: 2, deadline_ms: None },
            NumberMatch::Matched { at_ms: 4 },
            NumberMatch::Expired { at_ms: 5 },
            NumberMatch::Refused { at_ms: 6 },
        ] {
            for (page, request) in [(None, None), (Some(page.clone()), Some(request.clone()))] {
                let tab = TabState { seen_at_ms: 9, page, request, login };
                let text = json::write(&TabRecord::from(&tab)).unwrap();
                assert_eq!(json::read::<TabRecord>(&text).unwrap().restore(), Some(tab), "{login:?}");
            }
        }
    }

    #[test]
    fn a_spoiled_record_is_no_record() {
        let check = |text: &str| assert_eq!(json::read::<TabRecord>(text).unwrap().restore(), None, "{text}");
        check(r#"{"v":1,"seen_at_ms":1,"phase":"shown","at_ms":1,"digits":"4x"}"#);
        check(r#"{"v":2,"seen_at_ms":1,"phase":"idle","at_ms":1}"#);
    }
}
