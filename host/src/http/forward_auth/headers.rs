//! What an application behind a proxy is told of the person, and what a browser is told of the login that is wanted.
//!
//! Values come from the provider and from policies, so they are never trusted to be one header: whatever is not plain visible ASCII is
//! percent-encoded, which a reader can undo and which cannot end a line. A value that is absurdly long is a refusal.

use axum::http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use super::super::level;
use super::super::refusal::Refusal;
use crate::config::Disclosed;
use crate::engine::policy::types;

/// What does not stand for itself in a value: controls, space, quotes, the separators of lists, and the sign of the encoding.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'\\').add(b',').add(b';').add(b'%');

/// Proxies take 4 to 8 kB of headers in all.
const LONGEST_VALUE: usize = 1024;

impl Disclosed {
    /// The header that carries it.
    fn header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::User => "remote-user",
            Self::Groups => "remote-groups",
            Self::Subject => "x-psc-subject",
            Self::Level => "x-psc-acr",
            Self::Profession => "x-psc-profession",
        })
    }

    fn value(self, login: &types::Login) -> String {
        let identity = &login.identity;
        let one = |text: Option<&str>| text.map(encode).unwrap_or_default();
        match self {
            Self::User => one(identity.national_id.as_deref()),
            Self::Subject => encode(&identity.subject),
            Self::Level => one(login.level.map(level)),
            Self::Profession => one(acting(identity).and_then(|practice| practice.profession.as_deref())),
            Self::Groups => {
                let mut all: Vec<String> =
                    identity.practices.iter().filter_map(|one| one.profession.as_deref()).map(encode).collect();
                all.sort_unstable();
                all.dedup();
                all.join(",")
            }
        }
    }
}

/// The practice that the person acts in: the chosen one, or the only one. Of several, none is anybody's guess.
fn acting(identity: &types::Identity) -> Option<&types::Practice> {
    match (identity.acting_as, identity.practices.as_slice()) {
        (Some(chosen), practices) => practices.get(usize::try_from(chosen).ok()?),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// One header for each thing that is disclosed, empty where the login does not say.
pub(super) fn about(disclose: &[Disclosed], login: &types::Login) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
    disclose
        .iter()
        .map(|what| {
            let value = what.value(login);
            if value.len() > LONGEST_VALUE {
                return Err(Refusal::HeaderValue);
            }
            let value = HeaderValue::from_str(&value).map_err(|_| Refusal::HeaderValue)?;
            Ok((what.header(), value))
        })
        .collect()
}

/// What a login must be like (RFC 9470, section 3). Without any login there is nothing insufficient yet (RFC 6750, section 3.1).
pub(super) fn challenge(reason_code: &str, wanted: &Value) -> HeaderValue {
    let mut text = "Bearer realm=\"vigie\"".to_owned();
    if reason_code != "HTTP-LOGIN-MISSING" {
        text.push_str(", error=\"insufficient_user_authentication\"");
    }
    if let Some(acr) = wanted.get("acr_value").and_then(Value::as_str).filter(|acr| is_acr(acr)) {
        text.push_str(&format!(", acr_values=\"{acr}\""));
    }
    if let Some(age) = wanted.get("max_age").and_then(Value::as_u64) {
        text.push_str(&format!(", max_age=\"{age}\""));
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer realm=\"vigie\""))
}

/// A policy wrote it, so only what an `acr` is made of gets into a header.
fn is_acr(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn login(subject: &str, professions: &[&str], acting_as: Option<u32>) -> types::Login {
        let practice = |code: &&str| types::Practice {
            profession: Some((*code).to_owned()),
            category: None,
            speciality: None,
            role: None,
            sector: None,
            mode: None,
            structure: None,
        };
        types::Login {
            identity: types::Identity {
                issuer: "i".into(),
                subject: subject.into(),
                national_id: None,
                rpps: None,
                identifiers: Vec::new(),
                practices: professions.iter().map(practice).collect(),
                acting_as,
            },
            level: Some(types::Level::Eidas2),
            auth_mode: types::AuthMode::Card,
            auth_time: None,
            verified_at: 0,
            userinfo: types::UserinfoSource::Fetched,
            evidence: Vec::new(),
        }
    }

    fn told(login: &types::Login, what: Disclosed) -> String {
        let list = about(&[what], login).unwrap();
        list[0].1.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_claim_cannot_end_a_line_or_a_list() {
        for (claim, value) in [
            ("f:0:1", "f:0:1"),
            ("a\r\nRemote-User: root", "a%0D%0ARemote-User:%20root"),
            ("a\0b", "a%00b"),
            ("Ève, \"x\"; y", "%C3%88ve%2C%20%22x%22%3B%20y"),
            ("50%", "50%25"),
            ("\u{2028}", "%E2%80%A8"),
        ] {
            assert_eq!(told(&login(claim, &[], None), Disclosed::Subject), value);
        }
        let long = "x".repeat(LONGEST_VALUE + 1);
        assert!(about(&[Disclosed::Subject], &login(&long, &[], None)).is_err());
    }

    #[test]
    fn a_profession_comes_from_one_practice() {
        assert_eq!(told(&login("s", &["10"], None), Disclosed::Profession), "10");
        assert_eq!(told(&login("s", &["10", "60"], None), Disclosed::Profession), "");
        assert_eq!(told(&login("s", &["10", "60"], Some(1)), Disclosed::Profession), "60");
        assert_eq!(told(&login("s", &["10", "60"], Some(2)), Disclosed::Profession), "");
        assert_eq!(told(&login("s", &["60", "10,root", "60"], None), Disclosed::Groups), "10%2Croot,60");
        assert_eq!(told(&login("s", &[], None), Disclosed::User), "");
        assert_eq!(told(&login("s", &[], None), Disclosed::Level), "eidas2");
    }

    #[test]
    fn a_challenge_says_how_good_a_login_is_wanted() {
        for (code, wanted, text) in [
            ("HTTP-LOGIN-MISSING", json!({ "acr_value": "eidas1" }), "Bearer realm=\"vigie\", acr_values=\"eidas1\""),
            (
                "WRITE-LOGIN-TOO-OLD",
                json!({ "acr_value": "eidas2", "max_age": 900 }),
                "Bearer realm=\"vigie\", error=\"insufficient_user_authentication\", acr_values=\"eidas2\", max_age=\"900\"",
            ),
            (
                "X",
                json!({ "acr_value": "a\", realm=\"b" }),
                "Bearer realm=\"vigie\", error=\"insufficient_user_authentication\"",
            ),
        ] {
            assert_eq!(challenge(code, &wanted).to_str().unwrap(), text);
        }
    }
}
