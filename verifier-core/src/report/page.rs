//! `page`: one observation of a page of a genuine host.

use serde::{Deserialize, Serialize};

use super::LineError;
use crate::limits;
use crate::page::{PageObservation, Recognition, RecognizedPage, recognise, rules_version};
use crate::wire::json::ParseJsonError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    value: PageObservation,
}

#[derive(Serialize)]
pub(super) struct PageReport {
    ok: bool,
    page: Option<&'static str>,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining_s: Option<u32>,
    rules: u32,
}

pub(super) fn answer(line: &str) -> Result<PageReport, LineError> {
    if line.len() > limits::LINE_BYTES {
        return Err(LineError::Json(ParseJsonError::TooLarge { limit: limits::LINE_BYTES }));
    }
    // The observation is a wire type of fixed shape: `serde` refuses unknown and repeated members by itself.
    let line: Line = serde_json::from_str(line).map_err(|_| LineError::Json(ParseJsonError::Syntax))?;
    let mut report = PageReport {
        ok: true,
        page: None,
        code: None,
        field: None,
        digits: None,
        remaining_s: None,
        rules: rules_version(),
    };
    match recognise(&line.value) {
        Recognition::Unrecognized { code } => {
            report.ok = false;
            report.code = Some(code);
        }
        Recognition::Recognized(page) => {
            report.page = Some(name(&page));
            match page {
                RecognizedPage::Identifier { field } => report.field = Some(field),
                RecognizedPage::Number { digits, remaining_s } => {
                    report.digits = Some(digits.digits().to_owned());
                    report.remaining_s = remaining_s;
                }
                RecognizedPage::NumberUnread { code } => report.code = Some(code),
                _ => {}
            }
        }
    }
    Ok(report)
}

fn name(page: &RecognizedPage) -> &'static str {
    match page {
        RecognizedPage::Portal => "portal",
        RecognizedPage::Identifier { .. } => "identifier",
        RecognizedPage::Card => "card",
        RecognizedPage::Delegation => "delegation",
        RecognizedPage::SecurityKey => "security-key",
        RecognizedPage::Confirmation => "confirmation",
        RecognizedPage::Number { .. } => "number",
        RecognizedPage::NumberUnread { .. } => "number-unread",
        RecognizedPage::Expired => "expired",
        RecognizedPage::Refused => "refused",
        RecognizedPage::Quit => "quit",
        RecognizedPage::UnknownIdentifier => "unknown-identifier",
        RecognizedPage::ActivationQr => "activation-qr",
        RecognizedPage::ActivationCode => "activation-code",
        RecognizedPage::SignedOut => "signed-out",
        RecognizedPage::CardUnread => "card-unread",
        RecognizedPage::CardRefused => "card-refused",
        RecognizedPage::Outage => "outage",
    }
}
