//! How a [`TabState`] lies in `storage.session`: one line for each member, in a fixed order. What does not convert is no record.
//!
//! Lines by hand rather than derived JSON: the browser's memory is ours alone, no page can write there, and the derived reader
//! of twenty members cost 15 kB of WebAssembly. What a *page* sends is read as strict JSON, see [`crate::messages`].

use verifier_core::login::{MatchNumber, NumberMatch};

use super::words::{FieldView, PageWord, Trouble, VerdictWord};
use super::{Field, PageState, Request, TabState};

/// Grows whenever the lines below change; records of another version are dropped.
const VERSION: &str = "3";

/// The lines of a record being written. Nothing is an empty line; no text that is kept has a line feed.
struct Lines(String);

impl Lines {
    fn text(&mut self, text: Option<&str>) {
        self.0.push_str(text.unwrap_or_default());
        self.0.push('\n');
    }

    fn number(&mut self, number: Option<u64>) {
        self.text(number.map(|number| number.to_string()).as_deref());
    }
}

/// The record of a state.
pub(super) fn write(tab: &TabState) -> String {
    let page = tab.page.as_ref();
    let field = page.and_then(|page| page.field);
    let request = tab.request.as_ref();
    let (phase, at_ms) = match tab.login {
        NumberMatch::Idle => ("idle", 0),
        NumberMatch::Issued { since_ms } => ("issued", since_ms),
        NumberMatch::Shown { shown_at_ms, .. } => ("shown", shown_at_ms),
        NumberMatch::Away { shown_at_ms, .. } => ("away", shown_at_ms),
        NumberMatch::Matched { at_ms } => ("matched", at_ms),
        NumberMatch::Expired { at_ms } => ("expired", at_ms),
        NumberMatch::Refused { at_ms } => ("refused", at_ms),
    };
    let (digits, deadline_ms) = match &tab.login {
        NumberMatch::Shown { number, deadline_ms, .. } => (Some(number.digits()), *deadline_ms),
        NumberMatch::Away { ends_at_ms, .. } => (None, Some(*ends_at_ms)),
        _ => (None, None),
    };
    let mut lines = Lines(String::with_capacity(256));
    lines.text(Some(VERSION));
    lines.number(Some(tab.seen_at_ms));
    lines.text(page.and_then(|page| page.document.as_deref()));
    lines.number(page.and_then(|page| page.context));
    lines.text(page.map(|page| page.host.as_str()));
    lines.text(page.map(|page| page.verdict.as_str()));
    lines.text(page.map(|page| page.code.as_str()));
    lines.text(page.map(|page| page.word.as_str()));
    lines.text(page.and_then(|page| page.reason.as_deref()));
    lines.number(field.map(|field| u64::from(field.reference)));
    lines.text(field.map(|field| field.view.as_str()));
    lines.text(request.map(|request| request.service.as_str()));
    lines.text(request.map(|request| request.client_id.as_str()));
    lines.number(request.map(|request| request.since_ms));
    lines.text(Some(phase));
    lines.number(Some(at_ms));
    lines.text(digits);
    lines.number(deadline_ms);
    lines.text(tab.trouble.map(Trouble::as_str));
    lines.text(tab.refusal.as_deref());
    lines.0
}

/// The state of a record, unless it is of another version or holds what no state can hold.
pub(super) fn read(record: &str) -> Option<TabState> {
    let mut lines = record.strip_suffix('\n')?.split('\n');
    if lines.next() != Some(VERSION) {
        return None;
    }
    // Missing lines end the reading; an empty one is a member that is not there.
    let mut text = || lines.next().map(|line| Some(line).filter(|line| !line.is_empty()));
    let seen_at_ms = number(text()?)??;
    let (document, context) = (text()?, number(text()?)?);
    let (host, verdict) = (text()?, text()?);
    let (code, word, reason) = (text()?, text()?, text()?);
    let (reference, holds) = (number(text()?)?, text()?);
    let (service, client_id, since_ms) = (text()?, text()?, number(text()?)?);
    let (phase, at_ms) = (text()?, number(text()?)??);
    let (digits, deadline_ms) = (text()?, number(text()?)?);
    let (trouble, refusal) = (text()?, text()?);
    if lines.next().is_some() {
        return None;
    }
    let login = match phase? {
        "idle" => NumberMatch::Idle,
        "issued" => NumberMatch::Issued { since_ms: at_ms },
        "shown" => NumberMatch::Shown { number: MatchNumber::parse(digits?).ok()?, shown_at_ms: at_ms, deadline_ms },
        "away" => NumberMatch::Away { shown_at_ms: at_ms, ends_at_ms: deadline_ms? },
        "matched" => NumberMatch::Matched { at_ms },
        "expired" => NumberMatch::Expired { at_ms },
        "refused" => NumberMatch::Refused { at_ms },
        _ => return None,
    };
    let field = match (reference, holds) {
        (Some(reference), Some(holds)) => {
            Some(Field { reference: u32::try_from(reference).ok()?, view: FieldView::parse(holds)? })
        }
        _ => None,
    };
    let page = match host {
        Some(host) => Some(PageState {
            document: document.map(str::to_owned),
            context,
            host: host.to_owned(),
            verdict: VerdictWord::parse(verdict?)?,
            code: code?.to_owned(),
            word: PageWord::parse(word?)?,
            reason: reason.map(str::to_owned),
            field,
        }),
        None => None,
    };
    let request = match service {
        Some(service) => {
            Some(Request { service: service.to_owned(), client_id: client_id?.to_owned(), since_ms: since_ms? })
        }
        None => None,
    };
    let trouble = match trouble {
        Some(word) => Some(Trouble::parse(word)?),
        None => None,
    };
    Some(TabState { seen_at_ms, page, request, login, trouble, refusal: refusal.map(str::to_owned) })
}

/// A number, if there is one; what stands there and is none spoils the record.
fn number(text: Option<&str>) -> Option<Option<u64>> {
    match text {
        Some(text) => text.parse().ok().map(Some),
        None => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_survives_the_store() {
        let number = MatchNumber::parse("07").unwrap();
        let page = PageState {
            document: Some("D".into()),
            context: Some(1_511_828_488_193),
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
            NumberMatch::Away { shown_at_ms: 2, ends_at_ms: 3 },
            NumberMatch::Matched { at_ms: 4 },
            NumberMatch::Expired { at_ms: 5 },
            NumberMatch::Refused { at_ms: 6 },
        ] {
            for (page, request, trouble) in
                [(None, None, Some(Trouble::Card)), (Some(page.clone()), Some(request.clone()), None)]
            {
                let refusal = trouble.map(|_| "EXT-FIELD-HIDDEN".to_owned());
                let tab = TabState { seen_at_ms: 9, page, request, login, trouble, refusal };
                assert_eq!(read(&write(&tab)), Some(tab), "{login:?}");
            }
        }
    }

    #[test]
    fn every_word_survives_the_store() {
        for &word in PageWord::ALL {
            for &verdict in VerdictWord::ALL {
                for &view in FieldView::ALL {
                    let field = Some(Field { reference: u32::MAX, view });
                    let (host, code) = ("h".to_owned(), "URL-TEST".to_owned());
                    let page = PageState {
                        document: None,
                        context: None,
                        host,
                        verdict,
                        code,
                        word,
                        reason: Some("r".into()),
                        field,
                    };
                    let tab = TabState { page: Some(page), ..TabState::new(1) };
                    assert_eq!(read(&write(&tab)), Some(tab));
                }
            }
        }
        for &trouble in Trouble::ALL {
            let tab = TabState::new(1).arrive(Some(trouble));
            assert_eq!(read(&write(&tab)), Some(tab));
        }
    }

    #[test]
    fn a_spoiled_record_is_no_record() {
        let number = MatchNumber::parse("07").unwrap();
        let login = NumberMatch::Shown { number, shown_at_ms: 2, deadline_ms: None };
        let good = write(&TabState { login, ..TabState::new(1) });
        assert!(read(&good).is_some());
        let check = |text: &str| assert_eq!(read(text), None, "{text:?}");
        check("");
        check(&good.replace("07", "4x"));
        check(&good.replace("shown", "sent"));
        check(&good.replacen('3', "2", 1));
        check(&good.replacen('1', "-1", 1));
        check(&format!("{good}more\n"));
        check(good.trim_end());
        check(good.split_once('\n').unwrap().0);
    }
}
