//! An access token on its own: what an API checks when PSC's token is all that it gets.
//!
//! PSC's access tokens carry no `aud` (psc-facts 2.2); `azp` says to which client they were issued and must be the expected one. A
//! token that does name audiences must name this one only. Nothing here proves that the person is present: an access token
//! is a bearer token, so an audience that can demands `cnf`.

use super::audience::Audience;
use super::jwks::Jwks;
use super::jws::UnverifiedJws;
use super::level::{Acr, AuthMode};
use super::person::{self, KnownRpps};
use super::refusal::{Refusal, VerifyLoginError};
use super::signature::SignatureVerifier;
use super::verify::{self, Expectation, LevelRule, NonceRule, TokenKind};
use crate::evidence::{Check, Evidence, Outcome};
use crate::ids::NationalId;

/// Everything that [`verify_access_token`] looks at.
#[derive(Clone, Copy)]
pub struct AccessInput<'a> {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// What is expected of every token.
    pub audience: &'a Audience,
    /// The token.
    pub access_token: &'a str,
    /// The issuer's keys.
    pub jwks: &'a Jwks,
    /// SHA-256 of the client certificate that the caller presented on its TLS connection.
    pub certificate_thumbprint: Option<&'a [u8; 32]>,
}

/// An access token that has passed every check. Only [`verify_access_token`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedAccessToken {
    subject: String,
    national_id: Option<NationalId>,
    rpps: KnownRpps,
    level: Acr,
    auth_mode: AuthMode,
    expires: u64,
    evidence: Evidence,
}

impl std::fmt::Debug for VerifiedAccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifiedAccessToken({}, {})", self.level.name(), self.auth_mode.name())
    }
}

impl VerifiedAccessToken {
    /// `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The national id, when the token states one of a known form.
    #[must_use]
    pub fn national_id(&self) -> Option<&NationalId> {
        self.national_id.as_ref()
    }

    /// The RPPS.
    #[must_use]
    pub fn rpps(&self) -> &KnownRpps {
        &self.rpps
    }

    /// The level, at least the audience's minimum.
    #[must_use]
    pub fn level(&self) -> Acr {
        self.level
    }

    /// By which means the person logged in.
    #[must_use]
    pub fn auth_mode(&self) -> AuthMode {
        self.auth_mode
    }

    /// `exp`, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// Every check made, in order.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// Verifies an access token on its own.
///
/// # Errors
/// The first rule that is broken, with the checks that were passed before.
pub fn verify_access_token(
    input: &AccessInput<'_>,
    verifier: &impl SignatureVerifier,
) -> Result<VerifiedAccessToken, VerifyLoginError> {
    let mut evidence = Evidence::new();
    let verified = verify_parts(input, verifier, &mut evidence);
    verified
        .map(|token| VerifiedAccessToken { evidence: evidence.clone(), ..token })
        .map_err(|reason| VerifyLoginError::new(reason, evidence))
}

fn verify_parts(
    input: &AccessInput<'_>,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<VerifiedAccessToken, Refusal> {
    let token = UnverifiedJws::parse(input.access_token).map_err(Refusal::Form)?;
    evidence.push(Check::Form, Outcome::Passed);
    let claims = verify::authentic_claims(&token, TokenKind::Access, input.jwks, verifier, evidence)?;
    let expected = Expectation {
        now: input.now,
        audience: input.audience,
        nonce: NonceRule::NotStated,
        level: LevelRule::AtLeast(input.audience.min_level()),
    };
    let checked = verify::judge(claims, TokenKind::Access, &expected, evidence)?;
    let claims = checked.claims;
    verify::check_confirmation(claims.confirmation.as_ref(), input.audience, input.certificate_thumbprint, evidence)?;
    let (national_id, rpps) = person::identify(claims.subject_name_id.as_deref(), &claims.other_ids, evidence);
    Ok(VerifiedAccessToken {
        subject: claims.subject.into_owned(),
        national_id,
        rpps,
        level: checked.level.ok_or(Refusal::LevelMissing)?,
        auth_mode: checked.auth_mode,
        expires: claims.expires,
        evidence: Evidence::new(),
    })
}
