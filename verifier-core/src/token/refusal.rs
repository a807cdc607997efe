//! Why a token is refused. Each reason has a stable code, a sentence and the next thing to do.
//!
//! A reason carries both sides of a comparison where they are no secret (times, levels, configured names), never an identifier, a
//! nonce or a piece of the token.

use std::fmt;

use super::claims::ParseClaimsError;
use super::jwks::{ChooseKeyError, ParseJwksError};
use super::jws::ParseJwsError;
use super::level::Acr;
use super::userinfo::ParseUserInfoError;
use crate::evidence::Evidence;

/// A refused login: the reason, and what had been checked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyLoginError {
    reason: Refusal,
    evidence: Evidence,
}

/// The first rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The text is no acceptable token.
    Form(ParseJwsError),
    /// `typ` of the header belongs to another kind of token.
    MediaType,
    /// The key set is not acceptable.
    KeySet(ParseJwksError),
    /// No key was chosen.
    Key(ChooseKeyError),
    /// The signature has not the length or range that its algorithm demands.
    SignatureForm,
    /// The signature does not hold.
    Signature,
    /// The claims cannot be read.
    Claims(ParseClaimsError),
    /// `typ` of the claims is not the expected one (`ID`, `Bearer`).
    TokenType {
        /// What was expected.
        expected: &'static str,
    },
    /// `iss` is not exactly the expected string.
    Issuer {
        /// The configured issuer.
        expected: String,
        /// What the token's issuer is known as, for example "the national sandbox".
        found: &'static str,
    },
    /// `aud` does not contain the client.
    Audience {
        /// The configured client id.
        expected: String,
    },
    /// `aud` names somebody else as well.
    AudienceExtra,
    /// `azp` is not the client, or is missing where it must be present.
    AuthorizedParty,
    /// `exp` has passed.
    Expired {
        /// `exp`, seconds since the Unix epoch.
        expires: u64,
        /// Now, seconds since the Unix epoch.
        now: u64,
    },
    /// `nbf` has not come yet.
    NotYetValid {
        /// `nbf`, seconds since the Unix epoch.
        not_before: u64,
        /// Now, seconds since the Unix epoch.
        now: u64,
    },
    /// `iat` lies in the future.
    IssuedInFuture {
        /// `iat`, seconds since the Unix epoch.
        issued_at: u64,
        /// Now, seconds since the Unix epoch.
        now: u64,
    },
    /// `exp` is not after `iat`, or much later than PSC ever sets it.
    Lifetime {
        /// The longest accepted lifetime, in seconds.
        limit: u64,
    },
    /// The caller expects an empty nonce, which proves nothing.
    NonceExpectedEmpty,
    /// A nonce was sent and the token has none.
    NonceMissing,
    /// The token has another nonce than the one sent.
    NonceMismatch,
    /// No nonce was sent and the token has one: it answers somebody else's request.
    NonceUnexpected,
    /// No `acr`. That is not the lowest level.
    LevelMissing,
    /// `acr` is outside the table.
    LevelUnknown,
    /// `acr` is too low.
    LevelTooLow {
        /// The configured minimum.
        required: Acr,
        /// What the token states.
        found: Acr,
    },
    /// A maximum age is configured and the token has no `auth_time`.
    AuthTimeMissing,
    /// `auth_time` lies in the future.
    AuthTimeInFuture {
        /// `auth_time`, seconds since the Unix epoch.
        auth_time: u64,
        /// Now, seconds since the Unix epoch.
        now: u64,
    },
    /// The person authenticated too long ago.
    AuthTooOld {
        /// Seconds since `auth_time`.
        age: u64,
        /// The configured maximum, in seconds.
        limit: u64,
    },
    /// `at_hash` does not fit the access token.
    AccessTokenHash,
    /// The access token is about another subject, or states another national id, than the ID token.
    AccessTokenSubject,
    /// The access token is itself refused.
    AccessToken(Box<Refusal>),
    /// `cnf` is required and missing.
    ConfirmationMissing,
    /// `cnf` is required and names a method that is not known here.
    ConfirmationMethod,
    /// `cnf.x5t#S256` is no thumbprint in either known form.
    ConfirmationForm,
    /// `cnf.x5t#S256` has the published hexadecimal form, which the audience does not accept.
    ConfirmationAnsHex,
    /// `cnf` must be compared and the caller handed in no certificate.
    ConfirmationNoCertificate,
    /// `cnf` belongs to another certificate.
    ConfirmationMismatch,
    /// UserInfo cannot be read.
    UserInfo(ParseUserInfoError),
    /// UserInfo is about another `sub`.
    UserInfoSubject,
    /// UserInfo and a token state different national ids.
    UserInfoIdentity,
    /// The relying party names a practice that does not exist.
    ActingAs {
        /// The index given.
        index: u32,
        /// How many practices there are.
        practices: usize,
    },
    /// The introspection answer cannot be read.
    IntrospectionForm,
    /// The introspection answer says that the token is not active.
    Inactive,
}

impl VerifyLoginError {
    pub(super) fn new(reason: Refusal, evidence: Evidence) -> Self {
        Self { reason, evidence }
    }

    /// The rule that was broken.
    #[must_use]
    pub fn reason(&self) -> &Refusal {
        &self.reason
    }

    /// The checks that were passed before.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.reason.help()
    }
}

impl fmt::Display for VerifyLoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for VerifyLoginError {}

/// A key set that cannot be read refuses the login before any check was made.
impl From<ParseJwksError> for VerifyLoginError {
    fn from(error: ParseJwksError) -> Self {
        Self::new(Refusal::KeySet(error), Evidence::new())
    }
}

impl Refusal {
    /// Stable code. A refused access token answers with its own reason's code: the sentence says which token it is about.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Form(error) => error.code(),
            Refusal::MediaType => "TOK-HEADER-TYPE",
            Refusal::KeySet(error) => error.code(),
            Refusal::Key(error) => error.code(),
            Refusal::SignatureForm => "TOK-SIGNATURE-FORM",
            Refusal::Signature => "TOK-SIGNATURE",
            Refusal::Claims(error) => error.code(),
            Refusal::TokenType { .. } => "TOK-TYPE",
            Refusal::Issuer { .. } => "TOK-ISSUER",
            Refusal::Audience { .. } => "TOK-AUDIENCE",
            Refusal::AudienceExtra => "TOK-AUDIENCE-EXTRA",
            Refusal::AuthorizedParty => "TOK-AZP",
            Refusal::Expired { .. } => "TOK-EXPIRED",
            Refusal::NotYetValid { .. } => "TOK-NOT-YET-VALID",
            Refusal::IssuedInFuture { .. } => "TOK-ISSUED-IN-FUTURE",
            Refusal::Lifetime { .. } => "TOK-LIFETIME",
            Refusal::NonceExpectedEmpty => "TOK-NONCE-EXPECTED-EMPTY",
            Refusal::NonceMissing => "TOK-NONCE-MISSING",
            Refusal::NonceMismatch => "TOK-NONCE-MISMATCH",
            Refusal::NonceUnexpected => "TOK-NONCE-UNEXPECTED",
            Refusal::LevelMissing => "TOK-ACR-MISSING",
            Refusal::LevelUnknown => "TOK-ACR-UNKNOWN",
            Refusal::LevelTooLow { .. } => "TOK-ACR-TOO-LOW",
            Refusal::AuthTimeMissing => "TOK-AUTH-TIME-MISSING",
            Refusal::AuthTimeInFuture { .. } => "TOK-AUTH-TIME-IN-FUTURE",
            Refusal::AuthTooOld { .. } => "TOK-AUTH-TOO-OLD",
            Refusal::AccessTokenHash => "TOK-AT-HASH",
            Refusal::AccessTokenSubject => "TOK-AT-SUBJECT",
            Refusal::AccessToken(inner) => inner.code(),
            Refusal::ConfirmationMissing => "TOK-CNF-MISSING",
            Refusal::ConfirmationMethod => "TOK-CNF-METHOD",
            Refusal::ConfirmationForm => "TOK-CNF-FORM",
            Refusal::ConfirmationAnsHex => "TOK-CNF-ANS-HEX",
            Refusal::ConfirmationNoCertificate => "TOK-CNF-NO-CERTIFICATE",
            Refusal::ConfirmationMismatch => "TOK-CNF-MISMATCH",
            Refusal::UserInfo(error) => error.code(),
            Refusal::UserInfoSubject => "UI-SUB-MISMATCH",
            Refusal::UserInfoIdentity => "UI-IDENTITY-MISMATCH",
            Refusal::ActingAs { .. } => "TOK-ACTING-AS",
            Refusal::IntrospectionForm => "TOK-INTROSPECTION-FORM",
            Refusal::Inactive => "TOK-INACTIVE",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Refusal::Form(error) => error.help(),
            Refusal::KeySet(error) => error.help(),
            Refusal::Key(error) => error.help(),
            Refusal::UserInfo(error) => error.help(),
            Refusal::AccessToken(inner) => inner.help(),
            Refusal::MediaType | Refusal::TokenType { .. } => {
                "hand over the member `id_token` of the token answer as ID token and `access_token` as access token"
            }
            Refusal::SignatureForm | Refusal::Signature | Refusal::Claims(_) => {
                "treat this token as forged or damaged; fetch a new one from the token endpoint and the keys from `jwks_uri`"
            }
            Refusal::Issuer { .. } => {
                "configure the issuer of the environment that the client is registered with; never accept both"
            }
            Refusal::Audience { .. } | Refusal::AudienceExtra | Refusal::AuthorizedParty => {
                "check the configured client id; a token issued to another client must not be accepted here"
            }
            Refusal::Expired { .. } => {
                "verify the token as soon as it is received (PSC tokens live 120 s) and keep a session of your own; check this machine's clock"
            }
            Refusal::NotYetValid { .. } | Refusal::IssuedInFuture { .. } | Refusal::AuthTimeInFuture { .. } => {
                "check this machine's clock against a time server"
            }
            Refusal::Lifetime { .. } => "check which provider issued the token: PSC tokens live 120 s",
            Refusal::NonceExpectedEmpty => {
                "send a fresh random nonce with every authorization request, or state that none was sent"
            }
            Refusal::NonceMissing | Refusal::NonceMismatch | Refusal::NonceUnexpected => {
                "start the login again; if it happens every time, compare the nonce stored in the session with the one that was sent"
            }
            Refusal::LevelMissing | Refusal::LevelUnknown => {
                "request `acr_values=eidas1` and have the provider state `acr`"
            }
            Refusal::LevelTooLow { .. } => {
                "ask the person to log in by card, or lower the minimum if the service allows it"
            }
            Refusal::AuthTimeMissing | Refusal::AuthTooOld { .. } => {
                "send the person to log in again with `prompt=login`"
            }
            Refusal::AccessTokenHash | Refusal::AccessTokenSubject => "hand over both tokens of the same token answer",
            Refusal::ConfirmationMissing | Refusal::ConfirmationMethod => {
                "fetch the token over mutual TLS, so that it is bound to the certificate"
            }
            Refusal::ConfirmationForm => {
                "have the issuer encode `x5t#S256` as RFC 8705 says: base64url of the 32 bytes of SHA-256"
            }
            Refusal::ConfirmationAnsHex => {
                "have the issuer send base64url of the 32 raw bytes (RFC 8705), or set `cnf_encoding = \"ans-hex\"` for this audience"
            }
            Refusal::ConfirmationNoCertificate => {
                "hand over the thumbprint of the certificate that the caller presented"
            }
            Refusal::ConfirmationMismatch => {
                "use the token only over the connection of the certificate that it was issued for"
            }
            Refusal::UserInfoSubject | Refusal::UserInfoIdentity => {
                "fetch UserInfo with the access token of the same token answer"
            }
            Refusal::ActingAs { .. } => "let the person choose again among the practices of this login",
            Refusal::IntrospectionForm => "hand over the body of the introspection answer exactly as received",
            Refusal::Inactive => "end the session and send the person to log in again",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Form(error) => error.fmt(f),
            Refusal::MediaType => f.write_str("the token header's type belongs to another kind of token"),
            Refusal::KeySet(error) => error.fmt(f),
            Refusal::Key(error) => error.fmt(f),
            Refusal::SignatureForm => f.write_str("the signature does not have the form that its algorithm demands"),
            Refusal::Signature => f.write_str("the signature does not hold for the published key"),
            Refusal::Claims(error) => error.fmt(f),
            Refusal::TokenType { expected } => write!(f, "the token is not of type {expected}"),
            Refusal::Issuer { expected, found } => write!(f, "the issuer is {found}, expected exactly {expected}"),
            Refusal::Audience { expected } => write!(f, "the token is not meant for client {expected}"),
            Refusal::AudienceExtra => f.write_str("the token is meant for somebody else as well"),
            Refusal::AuthorizedParty => f.write_str("the token was not issued to this client"),
            Refusal::Expired { expires, now } => write!(f, "the token expired {} s ago", now.saturating_sub(*expires)),
            Refusal::NotYetValid { not_before, now } => {
                write!(f, "the token is not valid for another {} s", not_before.saturating_sub(*now))
            }
            Refusal::IssuedInFuture { issued_at, now } => {
                write!(f, "the token was issued {} s in the future", issued_at.saturating_sub(*now))
            }
            Refusal::Lifetime { limit } => write!(f, "the token's lifetime is not between 1 and {limit} s"),
            Refusal::NonceExpectedEmpty => f.write_str("the expected nonce is empty"),
            Refusal::NonceMissing => f.write_str("a nonce was sent and the token has none"),
            Refusal::NonceMismatch => f.write_str("the token has another nonce than the one that was sent"),
            Refusal::NonceUnexpected => f.write_str("the token has a nonce and none was sent"),
            Refusal::LevelMissing => f.write_str("the token states no level"),
            Refusal::LevelUnknown => f.write_str("the token states a level outside the table"),
            Refusal::LevelTooLow { required, found } => {
                write!(f, "the login has level {}, at least {} is required", found.name(), required.name())
            }
            Refusal::AuthTimeMissing => f.write_str("the token does not say when the person logged in"),
            Refusal::AuthTimeInFuture { auth_time, now } => {
                write!(f, "the person logged in {} s in the future", auth_time.saturating_sub(*now))
            }
            Refusal::AuthTooOld { age, limit } => {
                write!(f, "the person logged in {age} s ago, at most {limit} s are allowed")
            }
            Refusal::AccessTokenHash => f.write_str("the access token does not belong to the id token"),
            Refusal::AccessTokenSubject => f.write_str("access token and id token are about different subjects"),
            Refusal::AccessToken(inner) => write!(f, "the access token is refused: {inner}"),
            Refusal::ConfirmationMissing => f.write_str("the token is not bound to a certificate"),
            Refusal::ConfirmationMethod => f.write_str("the token is bound by a method that is not known here"),
            Refusal::ConfirmationForm => f.write_str("the token's certificate thumbprint has no known form"),
            Refusal::ConfirmationAnsHex => {
                f.write_str("the token's certificate thumbprint is base64 of hexadecimal text and not of the 32 bytes")
            }
            Refusal::ConfirmationNoCertificate => {
                f.write_str("the token is bound to a certificate and none was handed over")
            }
            Refusal::ConfirmationMismatch => f.write_str("the token is bound to another certificate"),
            Refusal::UserInfo(error) => error.fmt(f),
            Refusal::UserInfoSubject => f.write_str("userinfo is about another subject than the id token"),
            Refusal::UserInfoIdentity => f.write_str("userinfo and the tokens state different national ids"),
            Refusal::ActingAs { index, practices } => write!(f, "there is no practice {index} among {practices}"),
            Refusal::IntrospectionForm => f.write_str("the introspection answer is not the expected json object"),
            Refusal::Inactive => f.write_str("the provider says that the token is no longer active"),
        }
    }
}
