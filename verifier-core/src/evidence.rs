//! What was checked, in the order in which it was checked, passes included.
//!
//! A decision without its evidence cannot be explained later, and a list of failures alone hides what was never looked at.
//! Details are short facts (`eidas1`, `rfc8705`, `3`); they never hold an identifier, a name, a token or a number.

use std::borrow::Cow;

/// One step of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// The token has three parts of strict base64url within the size limits (RFC 7515 3.1, 5.2).
    Form,
    /// JOSE header: allowed members, no `crit`, no embedded key (RFC 7515 4.1, RFC 8725 3.1).
    Header,
    /// Members that occur twice with the same value in a claims set.
    DuplicateMembers,
    /// The algorithm is on the list.
    Algorithm,
    /// Exactly one published key fits.
    Key,
    /// The signature holds.
    Signature,
    /// `typ` of the claims: `ID` or `Bearer`.
    TokenType,
    /// `iss` (OIDC Core 3.1.3.7, step 2).
    Issuer,
    /// `aud` (step 3).
    Audience,
    /// `azp` (steps 4 and 5).
    AuthorizedParty,
    /// `exp` (step 9).
    Expiry,
    /// `nbf` (RFC 7519 4.1.5).
    NotBefore,
    /// `iat` (step 10).
    IssuedAt,
    /// `nonce` (step 11).
    Nonce,
    /// `acr` (step 12).
    Level,
    /// PSC `authMode`.
    AuthMode,
    /// `auth_time` (step 13).
    AuthTime,
    /// `at_hash` (OIDC Core 3.1.3.8).
    AccessTokenHash,
    /// Access token: same subject and client as the ID token.
    AccessToken,
    /// `cnf` (RFC 8705 3.1).
    Confirmation,
    /// UserInfo answers for the same `sub` (OIDC Core 5.3.2).
    UserInfo,
    /// National id of the person.
    NationalId,
    /// RPPS of the person.
    Rpps,
    /// Practices of the person.
    Practices,
    /// The practice that the person acts as.
    ActingAs,
    /// The answer of the introspection endpoint (RFC 7662).
    Introspection,
}

impl Check {
    /// Stable name, as it stands in reports and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Check::Form => "form",
            Check::Header => "header",
            Check::DuplicateMembers => "duplicate-members",
            Check::Algorithm => "algorithm",
            Check::Key => "key",
            Check::Signature => "signature",
            Check::TokenType => "token-type",
            Check::Issuer => "issuer",
            Check::Audience => "audience",
            Check::AuthorizedParty => "authorized-party",
            Check::Expiry => "expiry",
            Check::NotBefore => "not-before",
            Check::IssuedAt => "issued-at",
            Check::Nonce => "nonce",
            Check::Level => "level",
            Check::AuthMode => "auth-mode",
            Check::AuthTime => "auth-time",
            Check::AccessTokenHash => "access-token-hash",
            Check::AccessToken => "access-token",
            Check::Confirmation => "confirmation",
            Check::UserInfo => "userinfo",
            Check::NationalId => "national-id",
            Check::Rpps => "rpps",
            Check::Practices => "practices",
            Check::ActingAs => "acting-as",
            Check::Introspection => "introspection",
        }
    }
}

/// How a check ended. There is no "failed": a check that fails ends the verification with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Compared and right.
    Passed,
    /// There was nothing to compare and nothing demanded it.
    Absent,
    /// Seen and worth telling, neither right nor wrong in itself.
    Noted,
}

impl Outcome {
    /// Stable name, as it stands in reports and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Absent => "absent",
            Outcome::Noted => "noted",
        }
    }
}

/// One line of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    check: Check,
    outcome: Outcome,
    detail: Option<Cow<'static, str>>,
}

impl Entry {
    /// What was checked.
    #[must_use]
    pub fn check(&self) -> Check {
        self.check
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// A short fact, free of personal data.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

/// The ordered list of checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(Vec<Entry>);

impl Evidence {
    /// No check made yet.
    #[must_use]
    pub fn new() -> Self {
        // A login that passes has about so many.
        Self(Vec::with_capacity(24))
    }

    /// Adds a check without a detail.
    pub fn push(&mut self, check: Check, outcome: Outcome) {
        self.0.push(Entry { check, outcome, detail: None });
    }

    /// Adds a check with a short fact that holds no personal data.
    pub fn push_with(&mut self, check: Check, outcome: Outcome, detail: impl Into<Cow<'static, str>>) {
        self.0.push(Entry { check, outcome, detail: Some(detail.into()) });
    }

    /// The checks in the order in which they were made.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_details_are_kept() {
        let mut evidence = Evidence::new();
        evidence.push(Check::Form, Outcome::Passed);
        evidence.push_with(Check::Level, Outcome::Passed, "eidas2");
        let names: Vec<_> = evidence.entries().iter().map(|e| (e.check().name(), e.detail())).collect();
        assert_eq!(names, [("form", None), ("level", Some("eidas2"))]);
    }
}
