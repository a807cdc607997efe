//! One JSON line in, one JSON line out: the same bytes from the same input in every skin of the core.
//!
//! | operation | in | out |
//! |---|---|---|
//! | `id` | `value`, `kind`? | `ok`, `kind`, `key`, `canonical`, `code` |
//! | `url` | `value` | `verdict`, `environment`, `code` |
//! | `page` | `value`: a [`PageObservation`](crate::page::PageObservation) | `page`, `code`, `rules` |
//! | `token` | `value`, `kind`, `issuer`, `audience`, `now`, `jwks`, `nonce`?, `min_acr`? | `verified`, `code`, `identity`?, `evidence` |
//! | `userinfo` | `value`, `sub`? | `ok`, `code`, `identity`?, `practices` |
//! | `login` | see the members in `report/login.rs` | `verified`, `code`, `login`?, `evidence` |
//!
//! A refusal adds `message` and `help`. A line that cannot be read is answered with `{"ok":false,"code":"IN-…"}` and
//! stops nothing. Members are never ignored: a misspelt `min_arc` would otherwise switch a check off in silence.
//!
//! In `token`, an absent `nonce` or `min_acr` means that it is not known, so it is not compared and the evidence says so;
//! `"nonce":null` means that none was sent. The clock skew is [`limits::CLOCK_SKEW_USUAL_S`](crate::limits::CLOCK_SKEW_USUAL_S).
//!
//! Reports disclose identifiers on purpose: they answer the person who typed them. They are not log lines.

mod fields;
mod id;
#[cfg(feature = "token")]
mod login;
mod page;
#[cfg(feature = "token")]
mod token;
mod url;
#[cfg(feature = "token")]
mod userinfo;

use serde::Serialize;

use fields::{Fields, LineError};

#[cfg(feature = "token")]
use crate::token::SignatureVerifier;

/// Answers one line of any operation.
#[cfg(feature = "token")]
#[must_use]
pub fn answer(operation: &str, line: &str, verifier: &impl SignatureVerifier) -> String {
    let answered = match operation {
        "token" => token::answer(line, verifier).map(|report| text(&report)),
        "login" => login::answer(line, verifier).map(|report| text(&report)),
        "userinfo" => userinfo::answer(line).map(|report| text(&report)),
        _ => return answer_without_tokens(operation, line),
    };
    answered.unwrap_or_else(|error| text(&error.report()))
}

/// Answers one line of `id`, `url` or `page`: all that a build without token verification offers.
#[must_use]
pub fn answer_without_tokens(operation: &str, line: &str) -> String {
    let answered = match operation {
        "id" => id::answer(line).map(|report| text(&report)),
        "url" => url::answer(line).map(|report| text(&report)),
        "page" => page::answer(line).map(|report| text(&report)),
        _ => Err(LineError::Operation),
    };
    answered.unwrap_or_else(|error| text(&error.report()))
}

/// Serialising plain structs of texts and numbers cannot fail; should it ever, the answer still is a refusal.
fn text(report: &impl Serialize) -> String {
    serde_json::to_string(report).unwrap_or_else(|_| r#"{"ok":false,"code":"IN-REPORT"}"#.to_owned())
}

/// Sentences that a refusal adds to its code.
#[derive(Serialize)]
struct Explained {
    message: String,
    help: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operation: &str, line: &str, expected_start: &str) {
        let report = answer_without_tokens(operation, line);
        assert!(report.starts_with(expected_start), "{operation} {line}: {report}");
    }

    #[test]
    fn malformed_lines_are_answered() {
        for (line, code) in [
            ("", "IN-JSON"),
            ("[]", "IN-JSON"),
            ("{} {}", "IN-JSON"),
            ("{}", "IN-MEMBER-MISSING"),
            (r#"{"value":1}"#, "IN-MEMBER-TYPE"),
            (r#"{"value":"1","value":"1"}"#, "IN-DUPLICATE-MEMBER"),
            (r#"{"value":"1","knid":"rpps"}"#, "IN-MEMBER-UNKNOWN"),
            (r#"{"value":"1","kind":"passport"}"#, "IN-MEMBER-VALUE"),
        ] {
            check("id", line, &format!(r#"{{"ok":false,"code":"{code}""#));
        }
        check("frobnicate", "{}", r#"{"ok":false,"code":"IN-OPERATION""#);
        check("id", &" ".repeat(crate::limits::LINE_BYTES + 1), r#"{"ok":false,"code":"IN-TOO-LARGE""#);
    }

    #[test]
    fn identifiers() {
        check(
            "id",
            r#"{"value":"899700218896","kind":"national_id"}"#,
            r#"{"ok":true,"kind":"national_id","key":"valid","canonical":"899700218896","code":null}"#,
        );
        check("id", r#"{"value":"899700218897"}"#, r#"{"ok":true,"kind":"national_id","key":"mismatch""#);
        check("id", r#"{"value":"x"}"#, r#"{"ok":false,"kind":null,"key":"none","canonical":null,"code":"ID-"#);
    }
}
