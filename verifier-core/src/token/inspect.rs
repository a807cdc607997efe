//! One token on its own, for diagnosis: the same steps as a login, with the two things that a person who pastes a token may not
//! know left open. What is not stated is not compared, and the evidence says so.
//!
//! The result is an [`InspectedToken`] and never a [`VerifiedLogin`](super::VerifiedLogin): nothing is logged in by it.

use super::audience::Audience;
use super::jwks::Jwks;
use super::jws::UnverifiedJws;
use super::level::Acr;
use super::login::ExpectedNonce;
use super::person::{self, KnownRpps};
use super::refusal::{Refusal, VerifyLoginError};
use super::signature::SignatureVerifier;
use super::verify::{self, Expectation, LevelRule, NonceRule, TokenKind};
use crate::evidence::{Check, Evidence, Outcome};
use crate::ids::NationalId;

/// Which token is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectedKind {
    /// An ID token.
    Id,
    /// An access token.
    Access,
}

/// What is inspected, against what.
#[derive(Clone, Copy)]
pub struct InspectInput<'a> {
    /// Which token this is.
    pub kind: InspectedKind,
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// Issuer, client and clock; its minimum level is *not* used, see `min_level`.
    pub audience: &'a Audience,
    /// `None`: it is not known what was sent.
    pub nonce: Option<&'a ExpectedNonce>,
    /// `None`: the level is reported.
    pub min_level: Option<Acr>,
    /// The token.
    pub token: &'a str,
    /// The issuer's keys.
    pub jwks: &'a Jwks,
}

/// What an inspected token says about the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedToken {
    national_id: Option<NationalId>,
    rpps: KnownRpps,
    evidence: Evidence,
}

impl InspectedToken {
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

    /// Every check made, in order.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

/// Inspects one token.
///
/// # Errors
/// The first rule that is broken, with the checks that were passed before.
pub fn inspect_token(
    input: &InspectInput<'_>,
    verifier: &impl SignatureVerifier,
) -> Result<InspectedToken, VerifyLoginError> {
    let mut evidence = Evidence::new();
    match inspect(input, verifier, &mut evidence) {
        Ok((national_id, rpps)) => Ok(InspectedToken { national_id, rpps, evidence }),
        Err(reason) => Err(VerifyLoginError::new(reason, evidence)),
    }
}

fn inspect(
    input: &InspectInput<'_>,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<(Option<NationalId>, KnownRpps), Refusal> {
    let kind = match input.kind {
        InspectedKind::Id => TokenKind::Id,
        InspectedKind::Access => TokenKind::Access,
    };
    let token = UnverifiedJws::parse(input.token).map_err(Refusal::Form)?;
    evidence.push(Check::Form, Outcome::Passed);
    let claims = verify::authentic_claims(&token, kind, input.jwks, verifier, evidence)?;
    let expected = Expectation {
        now: input.now,
        audience: input.audience,
        nonce: input.nonce.map_or(NonceRule::NotStated, NonceRule::Expected),
        level: input.min_level.map_or(LevelRule::Report, LevelRule::AtLeast),
    };
    let checked = verify::judge(claims, kind, &expected, evidence)?;
    verify::check_confirmation(checked.claims.confirmation.as_ref(), input.audience, None, evidence)?;
    let stated = checked.claims.subject_name_id.as_deref();
    Ok(person::identify(stated, &checked.claims.other_ids, evidence))
}
