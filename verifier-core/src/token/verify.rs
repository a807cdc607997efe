//! The steps that every token goes through, in the order of OIDC Core 3.1.3.7. Each step adds its line to the evidence or ends
//! the verification.
//!
//! Comparisons of nonces and hashes are ordinary ones: the caller already holds both sides, so their timing tells nothing new.

use super::audience::{Audience, CertificateBinding};
use super::claims::Claims;
use super::confirmation::{CnfEncoding, Confirmation, Thumbprint};
use super::issuer;
use super::jwks::Jwks;
use super::jws::UnverifiedJws;
use super::level::{Acr, AuthMode};
use super::login::ExpectedNonce;
use super::refusal::Refusal;
use super::signature::{self, SignatureVerifier};
use crate::evidence::{Check, Evidence, Outcome};
use crate::limits;

/// Which token is being verified: their rules differ in audience, type and nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Has `aud`, claims type `ID`.
    Id,
    /// Has `azp` and usually no `aud`, claims type `Bearer`.
    Access,
}

/// The level rule. A diagnosis may report without requiring; a login always requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LevelRule {
    AtLeast(Acr),
    Report,
}

/// The nonce rule. A diagnosis may not know what was sent; a login always knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceRule<'a> {
    Expected(&'a ExpectedNonce),
    NotStated,
}

/// What one token is checked against.
pub(super) struct Expectation<'a> {
    pub(super) now: u64,
    pub(super) audience: &'a Audience,
    pub(super) nonce: NonceRule<'a>,
    pub(super) level: LevelRule,
}

/// Everything known after a token passed.
pub(super) struct Checked<'t> {
    pub(super) claims: Claims<'t>,
    pub(super) level: Option<Acr>,
    pub(super) auth_mode: AuthMode,
}

/// Form, header, key and signature: afterwards the claims are the issuer's words.
pub(super) fn authentic_claims<'t>(
    token: &'t UnverifiedJws<'_>,
    kind: TokenKind,
    jwks: &Jwks,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<Claims<'t>, Refusal> {
    // RFC 8725 3.11: a type stated for another purpose is not accepted for this one.
    let header = token.header();
    match (kind, header.media_type.as_deref()) {
        (_, Some("jwt")) | (TokenKind::Access, Some("at+jwt")) => evidence.push(Check::Header, Outcome::Passed),
        (_, None) => evidence.push_with(Check::Header, Outcome::Passed, "no typ"),
        _ => return Err(Refusal::MediaType),
    }
    // Steps 6 to 8 (OIDC Core 3.1.3.7): an algorithm of the closed list, the issuer's published key, and no symmetric
    // algorithm at all. PSC offers TLS-only validation (step 6, second sentence) to nobody here: the signature is always checked.
    evidence.push_with(Check::Algorithm, Outcome::Passed, header.algorithm.name());
    let key = jwks.choose(header).map_err(Refusal::Key)?;
    let chosen_by = if header.key_id.is_some() { "by kid" } else { "the only one that fits" };
    evidence.push_with(Check::Key, Outcome::Passed, chosen_by);
    if !signature::well_formed(header.algorithm, key, token.signature()) {
        return Err(Refusal::SignatureForm);
    }
    verifier.verify(header.algorithm, key, token.signing_input(), token.signature()).map_err(|_| Refusal::Signature)?;
    evidence.push(Check::Signature, Outcome::Passed);
    read_claims(token, kind, evidence)
}

/// Reads claims that are authentic for a reason that the caller knows.
pub(super) fn read_claims<'t>(
    token: &'t UnverifiedJws<'_>,
    kind: TokenKind,
    evidence: &mut Evidence,
) -> Result<Claims<'t>, Refusal> {
    let claims = Claims::parse(token.unverified_payload()).map_err(Refusal::Claims)?;
    if !claims.repeated.is_empty() {
        evidence.push_with(Check::DuplicateMembers, Outcome::Noted, claims.repeated.join(" "));
    }
    // Keycloak states the type in the claims too; a logout or refresh token is signed by the same key.
    let expected = match kind {
        TokenKind::Id => "ID",
        TokenKind::Access => "Bearer",
    };
    match claims.token_type.as_deref() {
        Some(found) if found == expected => evidence.push_with(Check::TokenType, Outcome::Passed, expected),
        None => evidence.push(Check::TokenType, Outcome::Absent),
        Some(_) => return Err(Refusal::TokenType { expected }),
    }
    Ok(claims)
}

/// The claims against what the relying party expects.
pub(super) fn judge<'t>(
    claims: Claims<'t>,
    kind: TokenKind,
    expected: &Expectation<'_>,
    evidence: &mut Evidence,
) -> Result<Checked<'t>, Refusal> {
    let audience = expected.audience;
    // Step 1 (OIDC Core 3.1.3.7), decryption: not offered; five-part tokens were refused when the token was taken apart.
    // Step 2: the issuer is the expected string, byte for byte.
    if claims.issuer != audience.issuer() {
        let found = issuer::described(&claims.issuer);
        return Err(Refusal::Issuer { expected: audience.issuer().to_owned(), found });
    }
    evidence.push_with(Check::Issuer, Outcome::Passed, issuer::environment(&claims.issuer));
    check_audience(&claims, kind, audience, evidence)?;
    check_times(&claims, expected, evidence)?;
    check_nonce(&claims, kind, expected.nonce, evidence)?;
    let level = check_level(&claims, expected.level, evidence)?;
    let auth_mode = AuthMode::from_claim(claims.auth_mode.as_deref());
    match (&claims.auth_mode, auth_mode) {
        (None, _) => evidence.push(Check::AuthMode, Outcome::Absent),
        (Some(_), AuthMode::Unknown) => evidence.push_with(Check::AuthMode, Outcome::Noted, "outside the table"),
        (Some(_), mode) => evidence.push_with(Check::AuthMode, Outcome::Noted, mode.name()),
    }
    check_auth_time(&claims, expected, evidence)?;
    Ok(Checked { claims, level, auth_mode })
}

fn check_audience(
    claims: &Claims<'_>,
    kind: TokenKind,
    audience: &Audience,
    evidence: &mut Evidence,
) -> Result<(), Refusal> {
    let client = audience.client_id();
    // Step 3: the client is in `aud`, and nobody else is: there is no other audience that this client trusts.
    match kind {
        TokenKind::Access if claims.audience.is_empty() => evidence.push(Check::Audience, Outcome::Absent),
        _ if !claims.audience.iter().any(|aud| aud == client) => {
            return Err(Refusal::Audience { expected: client.to_owned() });
        }
        _ if claims.audience.iter().any(|aud| aud != client) => return Err(Refusal::AudienceExtra),
        _ => evidence.push(Check::Audience, Outcome::Passed),
    }
    // Steps 4 and 5: `azp`, when present, is the client. An access token without `aud` has nothing else to say whose it is.
    match claims.authorized_party.as_deref() {
        Some(azp) if azp == client => evidence.push(Check::AuthorizedParty, Outcome::Passed),
        None if !claims.audience.is_empty() => evidence.push(Check::AuthorizedParty, Outcome::Absent),
        _ => return Err(Refusal::AuthorizedParty),
    }
    Ok(())
}

fn check_times(claims: &Claims<'_>, expected: &Expectation<'_>, evidence: &mut Evidence) -> Result<(), Refusal> {
    let (now, skew) = (expected.now, u64::from(expected.audience.clock_skew().seconds()));
    // Step 9: the current time is before `exp`.
    if now >= claims.expires.saturating_add(skew) {
        return Err(Refusal::Expired { expires: claims.expires, now });
    }
    evidence.push(Check::Expiry, Outcome::Passed);
    // RFC 7519 4.1.5.
    match claims.not_before {
        None => evidence.push(Check::NotBefore, Outcome::Absent),
        Some(not_before) if not_before > now.saturating_add(skew) => {
            return Err(Refusal::NotYetValid { not_before, now });
        }
        Some(_) => evidence.push(Check::NotBefore, Outcome::Passed),
    }
    // Step 10: `iat` bounds how long nonces must be remembered: not in the future, and not long before `exp`.
    if claims.issued_at > now.saturating_add(skew) {
        return Err(Refusal::IssuedInFuture { issued_at: claims.issued_at, now });
    }
    let lifetime = claims.expires.saturating_sub(claims.issued_at);
    if !(1..=limits::TOKEN_LIFETIME_MAX_S).contains(&lifetime) {
        return Err(Refusal::Lifetime { limit: limits::TOKEN_LIFETIME_MAX_S });
    }
    evidence.push(Check::IssuedAt, Outcome::Passed);
    Ok(())
}

fn check_nonce(
    claims: &Claims<'_>,
    kind: TokenKind,
    rule: NonceRule<'_>,
    evidence: &mut Evidence,
) -> Result<(), Refusal> {
    // PSC writes an empty `nonce` into tokens of requests that had none.
    let found = claims.nonce.as_deref().filter(|nonce| !nonce.is_empty());
    // Step 11: what was sent comes back, unchanged. The nonce belongs to the ID token; an access token merely repeats it.
    match (rule, found) {
        (_, _) if kind == TokenKind::Access => {}
        (NonceRule::NotStated, None) => evidence.push(Check::Nonce, Outcome::Absent),
        (NonceRule::NotStated, Some(_)) => evidence.push_with(Check::Nonce, Outcome::Noted, "not compared"),
        (NonceRule::Expected(ExpectedNonce::NotSent), None) => {
            evidence.push_with(Check::Nonce, Outcome::Absent, "not sent")
        }
        (NonceRule::Expected(ExpectedNonce::NotSent), Some(_)) => return Err(Refusal::NonceUnexpected),
        (NonceRule::Expected(ExpectedNonce::Exactly(sent)), _) if sent.is_empty() => {
            return Err(Refusal::NonceExpectedEmpty);
        }
        (NonceRule::Expected(ExpectedNonce::Exactly(_)), None) => return Err(Refusal::NonceMissing),
        (NonceRule::Expected(ExpectedNonce::Exactly(sent)), Some(found)) if sent == found => {
            evidence.push(Check::Nonce, Outcome::Passed);
        }
        (NonceRule::Expected(ExpectedNonce::Exactly(_)), Some(_)) => return Err(Refusal::NonceMismatch),
    }
    Ok(())
}

fn check_level(claims: &Claims<'_>, rule: LevelRule, evidence: &mut Evidence) -> Result<Option<Acr>, Refusal> {
    let stated = claims.level.as_deref();
    let level = stated.and_then(Acr::from_name);
    // Step 12: the level is at least the required one. Missing and unknown are no level, not the lowest.
    match (rule, level) {
        (LevelRule::AtLeast(required), Some(found)) if found >= required => {
            evidence.push_with(Check::Level, Outcome::Passed, found.name());
        }
        (LevelRule::AtLeast(required), Some(found)) => return Err(Refusal::LevelTooLow { required, found }),
        (LevelRule::AtLeast(_), None) if stated.is_none() => return Err(Refusal::LevelMissing),
        (LevelRule::AtLeast(_), None) => return Err(Refusal::LevelUnknown),
        (LevelRule::Report, Some(found)) => evidence.push_with(Check::Level, Outcome::Noted, found.name()),
        (LevelRule::Report, None) if stated.is_none() => evidence.push(Check::Level, Outcome::Absent),
        (LevelRule::Report, None) => evidence.push_with(Check::Level, Outcome::Noted, "outside the table"),
    }
    Ok(level)
}

fn check_auth_time(claims: &Claims<'_>, expected: &Expectation<'_>, evidence: &mut Evidence) -> Result<(), Refusal> {
    let (now, skew) = (expected.now, u64::from(expected.audience.clock_skew().seconds()));
    // Step 13: with a maximum age, `auth_time` is present and recent. PSC's session may be an hour older than the token.
    match (claims.auth_time, expected.audience.max_auth_age()) {
        (Some(auth_time), _) if auth_time > now.saturating_add(skew) => {
            return Err(Refusal::AuthTimeInFuture { auth_time, now });
        }
        (Some(auth_time), Some(limit)) => {
            let age = now.saturating_sub(auth_time);
            if age > limit.saturating_add(skew) {
                return Err(Refusal::AuthTooOld { age, limit });
            }
            evidence.push(Check::AuthTime, Outcome::Passed);
        }
        (Some(_), None) => evidence.push_with(Check::AuthTime, Outcome::Noted, "no maximum age"),
        (None, Some(_)) => return Err(Refusal::AuthTimeMissing),
        (None, None) => evidence.push(Check::AuthTime, Outcome::Absent),
    }
    Ok(())
}

/// `cnf` against the certificate of the connection (RFC 8705 3).
pub(super) fn check_confirmation(
    confirmation: Option<&Confirmation>,
    audience: &Audience,
    certificate: Option<&[u8; 32]>,
    evidence: &mut Evidence,
) -> Result<(), Refusal> {
    let required = audience.certificate_binding() == CertificateBinding::Required;
    let text = match confirmation {
        None if required => return Err(Refusal::ConfirmationMissing),
        None => {
            evidence.push(Check::Confirmation, Outcome::Absent);
            return Ok(());
        }
        Some(Confirmation::OtherMethod) if required => return Err(Refusal::ConfirmationMethod),
        Some(Confirmation::OtherMethod) => {
            evidence.push_with(Check::Confirmation, Outcome::Noted, "unknown method");
            return Ok(());
        }
        Some(Confirmation::CertificateThumbprint(text)) => text,
    };
    let (bound_to, form) = match (Thumbprint::decode(text), audience.cnf_encoding()) {
        (None, _) => return Err(Refusal::ConfirmationForm),
        (Some(Thumbprint::AnsHex(_)), CnfEncoding::Rfc8705) => return Err(Refusal::ConfirmationAnsHex),
        (Some(Thumbprint::AnsHex(bytes)), CnfEncoding::AnsHex) => (bytes, "ans-hex"),
        (Some(Thumbprint::Standard(bytes)), _) => (bytes, "rfc8705"),
    };
    match certificate {
        Some(certificate) if *certificate == bound_to => evidence.push_with(Check::Confirmation, Outcome::Passed, form),
        Some(_) => return Err(Refusal::ConfirmationMismatch),
        None if required => return Err(Refusal::ConfirmationNoCertificate),
        None => evidence.push_with(Check::Confirmation, Outcome::Noted, "no certificate to compare with"),
    }
    Ok(())
}
