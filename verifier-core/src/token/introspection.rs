//! The answer of the introspection endpoint (RFC 7662): is the session behind a login still alive?
//!
//! PSC recommends to ask every 30 minutes (psc-facts 1.6, 1.8). The answer is unsigned JSON; what makes it trustworthy is the
//! TLS connection and the client authentication of whoever asked. It is bound to the login by `sub` and to the client by
//! `azp` or `client_id`, so that a token of somebody else cannot keep a session alive.
//!
//! A dead token is answered with `{"active":false}` and nothing else, which is no error of form.

use super::audience::Audience;
use super::level::Acr;
use super::refusal::{Refusal, VerifyLoginError};
use crate::evidence::{Check, Evidence, Outcome};
use crate::limits;
use crate::wire::json::{self, Duplicates, Json, Object};

/// Everything that [`verify_introspection`] looks at.
#[derive(Clone, Copy)]
pub struct IntrospectionInput<'a> {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// What is expected of the login.
    pub audience: &'a Audience,
    /// `sub` of the login whose token was introspected.
    pub subject: &'a str,
    /// The body of the answer.
    pub answer: &'a str,
}

/// A session that its provider calls alive. Only [`verify_introspection`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    level: Option<Acr>,
    expires: Option<u64>,
    evidence: Evidence,
}

impl LiveSession {
    /// The level, when the answer states one.
    #[must_use]
    pub fn level(&self) -> Option<Acr> {
        self.level
    }

    /// `exp` of the introspected token, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// Every check made, in order.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// Reads an introspection answer and binds it to a login.
///
/// # Errors
/// [`Refusal::Inactive`] when the session is over; otherwise the first rule that is broken.
pub fn verify_introspection(input: &IntrospectionInput<'_>) -> Result<LiveSession, VerifyLoginError> {
    let mut evidence = Evidence::new();
    match check(input, &mut evidence) {
        Ok((level, expires)) => Ok(LiveSession { level, expires, evidence }),
        Err(reason) => Err(VerifyLoginError::new(reason, evidence)),
    }
}

fn check(input: &IntrospectionInput<'_>, evidence: &mut Evidence) -> Result<(Option<Acr>, Option<u64>), Refusal> {
    let parsed = json::parse(input.answer.as_bytes(), limits::INTROSPECTION_BYTES, Duplicates::DropEqual(&["acr"]))
        .map_err(|_| Refusal::IntrospectionForm)?;
    let answer = parsed.value.as_object().ok_or(Refusal::IntrospectionForm)?;
    // RFC 7662 2.2: `active` is REQUIRED, a boolean.
    match answer.get("active") {
        Some(Json::Bool(true)) => evidence.push(Check::Introspection, Outcome::Passed),
        Some(Json::Bool(false)) => return Err(Refusal::Inactive),
        _ => return Err(Refusal::IntrospectionForm),
    }
    if !parsed.repeated.is_empty() {
        evidence.push_with(Check::DuplicateMembers, Outcome::Noted, parsed.repeated.join(" "));
    }
    let audience = input.audience;
    match text(answer, "iss")? {
        Some(issuer) if issuer == audience.issuer() => evidence.push(Check::Issuer, Outcome::Passed),
        Some(issuer) => {
            let found = super::issuer::described(issuer);
            return Err(Refusal::Issuer { expected: audience.issuer().to_owned(), found });
        }
        None => evidence.push(Check::Issuer, Outcome::Absent),
    }
    // Either member names the client (RFC 7662 `client_id`, OIDC `azp`); PSC sends both.
    let (azp, client) = (text(answer, "azp")?, text(answer, "client_id")?);
    if azp.is_none() && client.is_none() || azp.into_iter().chain(client).any(|named| named != audience.client_id()) {
        return Err(Refusal::AuthorizedParty);
    }
    evidence.push(Check::AuthorizedParty, Outcome::Passed);
    match text(answer, "sub")? {
        Some(subject) if subject == input.subject => evidence.push(Check::AccessToken, Outcome::Passed),
        _ => return Err(Refusal::AccessTokenSubject),
    }
    let expires = match answer.get("exp") {
        None => None,
        Some(value) => Some(value.as_u64().ok_or(Refusal::IntrospectionForm)?),
    };
    match expires {
        Some(expires) if input.now >= expires.saturating_add(u64::from(audience.clock_skew().seconds())) => {
            return Err(Refusal::Expired { expires, now: input.now });
        }
        Some(_) => evidence.push(Check::Expiry, Outcome::Passed),
        None => evidence.push(Check::Expiry, Outcome::Absent),
    }
    let level = match text(answer, "acr")? {
        None => {
            evidence.push(Check::Level, Outcome::Absent);
            None
        }
        Some(stated) => {
            let found = Acr::from_name(stated).ok_or(Refusal::LevelUnknown)?;
            if found < audience.min_level() {
                return Err(Refusal::LevelTooLow { required: audience.min_level(), found });
            }
            evidence.push_with(Check::Level, Outcome::Passed, found.name());
            Some(found)
        }
    };
    Ok((level, expires))
}

fn text<'j>(answer: &'j Object<'_>, member: &str) -> Result<Option<&'j str>, Refusal> {
    answer.get(member).map(|value| value.as_str().ok_or(Refusal::IntrospectionForm)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{AudienceSettings, CertificateBinding, ClockSkew, CnfEncoding};

    const SUBJECT: &str = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896";

    fn check(answer: &str, expected: Option<&str>) {
        let audience = Audience::new(AudienceSettings {
            issuer: super::super::issuer::SANDBOX.to_owned(),
            client_id: "vigie-test".to_owned(),
            min_level: Acr::Eidas1,
            max_auth_age: None,
            clock_skew: ClockSkew::from_seconds(10).unwrap(),
            cnf_encoding: CnfEncoding::Rfc8705,
            certificate_binding: CertificateBinding::IfPresent,
        })
        .unwrap();
        let input = IntrospectionInput { now: 1_700_000_000, audience: &audience, subject: SUBJECT, answer };
        assert_eq!(verify_introspection(&input).err().map(|error| error.code()), expected, "{answer}");
    }

    /// The members of the published sample (psc-facts 1.8) that count, one of them replaced.
    fn answer(member: &str, value: &str) -> String {
        let issuer = super::super::issuer::SANDBOX;
        let members = [
            ("active", "true".to_owned()),
            ("iss", format!("{issuer:?}")),
            ("azp", "\"vigie-test\"".to_owned()),
            ("client_id", "\"vigie-test\"".to_owned()),
            ("sub", format!("{SUBJECT:?}")),
            ("exp", "1700000060".to_owned()),
            ("acr", "\"eidas3\"".to_owned()),
            ("typ", "\"Bearer\"".to_owned()),
        ];
        let members = members.iter().filter_map(|(name, usual)| {
            let value = if *name == member { value } else { usual };
            (!value.is_empty()).then(|| format!("{name:?}:{value}"))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn answers() {
        check(&answer("", ""), None);
        check(r#"{"active":false}"#, Some("TOK-INACTIVE"));
        check(&answer("active", "false"), Some("TOK-INACTIVE"));
        for form in ["", "[]", "{}", r#"{"active":"true"}"#, r#"{"active":1}"#, r#"{"active":true,"active":true}"#] {
            check(form, Some("TOK-INTROSPECTION-FORM"));
        }
        check(&answer("iss", ""), None);
        check(&answer("iss", "\"https://auth.example\""), Some("TOK-ISSUER"));
        check(&answer("iss", "1"), Some("TOK-INTROSPECTION-FORM"));
        check(&answer("azp", ""), None);
        check(&answer("client_id", ""), None);
        check(&answer("azp", "\"other\""), Some("TOK-AZP"));
        check(&answer("client_id", "\"other\""), Some("TOK-AZP"));
        check(&answer("client_id", "").replace(r#""azp":"vigie-test","#, ""), Some("TOK-AZP"));
        check(&answer("sub", ""), Some("TOK-AT-SUBJECT"));
        check(&answer("sub", "\"f:550dc1c8:1\""), Some("TOK-AT-SUBJECT"));
        check(&answer("exp", ""), None);
        check(&answer("exp", "1699999991"), None);
        check(&answer("exp", "1699999990"), Some("TOK-EXPIRED"));
        check(&answer("exp", "-1"), Some("TOK-INTROSPECTION-FORM"));
        check(&answer("acr", ""), None);
        check(&answer("acr", "\"eidas0\""), Some("TOK-ACR-UNKNOWN"));
        check(&answer("acr", "\"eidas1\",\"acr\":\"eidas1\""), None);
        check(&answer("acr", "\"eidas1\",\"acr\":\"eidas2\""), Some("TOK-INTROSPECTION-FORM"));
    }
}
