//! One login: ID token, optionally access token and UserInfo, against what the relying party expects.
//!
//! [`verify_login`] is the only way to a [`VerifiedLogin`]. What it does not do: fetch anything, remember anything (the one-shots say
//! what the host must remember), decide anything (policies do).

use std::fmt;

use super::audience::Audience;
use super::hash::{self, OneShotOf};
use super::jwks::Jwks;
use super::jws::UnverifiedJws;
use super::level::{Acr, AuthMode};
use super::person::{self, KnownRpps, OtherId};
use super::practice::Practice;
use super::refusal::{Refusal, VerifyLoginError};
use super::signature::SignatureVerifier;
use super::userinfo::UnverifiedUserInfo;
use super::verify::{self, Checked, Expectation, LevelRule, NonceRule, TokenKind};
use crate::evidence::{Check, Evidence, Outcome};
use crate::ids::NationalId;
use crate::limits;

/// What the relying party sent as `nonce`. `Debug` shows which variant, not the value.
#[derive(Clone, PartialEq, Eq)]
pub enum ExpectedNonce {
    /// This text, which must come back.
    Exactly(String),
    /// Nothing, so nothing may come back.
    NotSent,
}

impl fmt::Debug for ExpectedNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ExpectedNonce::Exactly(_) => "Exactly(redacted)",
            ExpectedNonce::NotSent => "NotSent",
        })
    }
}

/// How UserInfo reached the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserInfoSource {
    /// There is none.
    None,
    /// The host fetched it itself with the access token.
    Fetched,
    /// The relying party handed it over.
    Relayed,
}

impl UserInfoSource {
    /// Stable name, as it stands in evidence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            UserInfoSource::None => "none",
            UserInfoSource::Fetched => "fetched",
            UserInfoSource::Relayed => "relayed",
        }
    }
}

/// A UserInfo answer to be bound to the login.
#[derive(Clone, Copy)]
pub enum UserInfoInput<'a> {
    /// The body that the host fetched itself.
    Fetched(&'a str),
    /// The body that the relying party handed over.
    Relayed(&'a str),
}

/// Everything that [`verify_login`] looks at.
#[derive(Clone, Copy)]
pub struct LoginInput<'a> {
    /// Seconds since the Unix epoch.
    pub now: u64,
    /// What the relying party expects of every login.
    pub audience: &'a Audience,
    /// What it sent with this one.
    pub nonce: &'a ExpectedNonce,
    /// `id_token` of the token answer.
    pub id_token: &'a str,
    /// `access_token` of the same answer.
    pub access_token: Option<&'a str>,
    /// The issuer's keys.
    pub jwks: &'a Jwks,
    /// What UserInfo answered for that access token.
    pub userinfo: Option<UserInfoInput<'a>>,
    /// SHA-256 of the client certificate that the caller presented on its TLS connection.
    pub certificate_thumbprint: Option<&'a [u8; 32]>,
    /// Index of the practice that the person acts as, in the order of UserInfo.
    pub acting_as: Option<u32>,
}

/// The input holds tokens and personal data.
impl fmt::Debug for LoginInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginInput(redacted)")
    }
}

/// The verified person. Names are left out on purpose: no rule needs them. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    issuer: String,
    subject: String,
    national_id: Option<NationalId>,
    rpps: KnownRpps,
    identifiers: Vec<OtherId>,
    practices: Vec<Practice>,
    acting_as: Option<u32>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} identifiers, {} practices)", self.identifiers.len(), self.practices.len())
    }
}

impl Identity {
    /// `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: with the issuer, the key for linking accounts.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The national id with its type digit; `None` when PSC states none of a known form.
    #[must_use]
    pub fn national_id(&self) -> Option<&NationalId> {
        self.national_id.as_ref()
    }

    /// The RPPS.
    #[must_use]
    pub fn rpps(&self) -> &KnownRpps {
        &self.rpps
    }

    /// `otherIds` of all sources, each once.
    #[must_use]
    pub fn identifiers(&self) -> &[OtherId] {
        &self.identifiers
    }

    /// Every practice, in the order of UserInfo.
    #[must_use]
    pub fn practices(&self) -> &[Practice] {
        &self.practices
    }

    /// Index into [`Identity::practices`] of the one that the person acts as.
    #[must_use]
    pub fn acting_as(&self) -> Option<u32> {
        self.acting_as
    }
}

/// Something that may happen once: the host stores `key` until `expires` and refuses to see it again before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneShot {
    key: [u8; 32],
    expires: u64,
}

impl OneShot {
    /// What to remember.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Until when, in seconds since the Unix epoch: after that the token is refused for its age.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

/// A login that has passed every check. Only [`verify_login`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLogin {
    identity: Identity,
    level: Acr,
    auth_mode: AuthMode,
    auth_time: Option<u64>,
    verified_at: u64,
    userinfo: UserInfoSource,
    evidence: Evidence,
    one_shots: Vec<OneShot>,
}

impl VerifiedLogin {
    /// The person.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
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

    /// When the person logged in at PSC, in seconds since the Unix epoch.
    #[must_use]
    pub fn auth_time(&self) -> Option<u64> {
        self.auth_time
    }

    /// `now` of the verification, in seconds since the Unix epoch.
    #[must_use]
    pub fn verified_at(&self) -> u64 {
        self.verified_at
    }

    /// How UserInfo reached the caller.
    #[must_use]
    pub fn userinfo(&self) -> UserInfoSource {
        self.userinfo
    }

    /// Every check made, in order.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// What the host must consume before it uses this login.
    #[must_use]
    pub fn one_shots(&self) -> &[OneShot] {
        &self.one_shots
    }
}

/// Verifies a login.
///
/// # Errors
/// The first rule that is broken, with the checks that were passed before.
pub fn verify_login(
    input: &LoginInput<'_>,
    verifier: &impl SignatureVerifier,
) -> Result<VerifiedLogin, VerifyLoginError> {
    let mut evidence = Evidence::new();
    match verify_parts(input, verifier, &mut evidence) {
        Ok(parts) => Ok(VerifiedLogin {
            identity: parts.identity,
            level: parts.level,
            auth_mode: parts.auth_mode,
            auth_time: parts.auth_time,
            verified_at: input.now,
            userinfo: parts.userinfo,
            evidence,
            one_shots: vec![parts.one_shot],
        }),
        Err(reason) => Err(VerifyLoginError::new(reason, evidence)),
    }
}

/// What becomes a [`VerifiedLogin`] once the evidence is complete.
struct Parts {
    identity: Identity,
    level: Acr,
    auth_mode: AuthMode,
    auth_time: Option<u64>,
    userinfo: UserInfoSource,
    one_shot: OneShot,
}

fn verify_parts(
    input: &LoginInput<'_>,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<Parts, Refusal> {
    let audience = input.audience;
    let token = UnverifiedJws::parse(input.id_token).map_err(Refusal::Form)?;
    evidence.push(Check::Form, Outcome::Passed);
    let claims = verify::authentic_claims(&token, TokenKind::Id, input.jwks, verifier, evidence)?;
    let expected = Expectation {
        now: input.now,
        audience,
        nonce: NonceRule::Expected(input.nonce),
        level: LevelRule::AtLeast(audience.min_level()),
    };
    let id = verify::judge(claims, TokenKind::Id, &expected, evidence)?;
    let presented = presented_access_token(input, &id, verifier, evidence)?;
    let access = presented.as_ref().map(|token| access_token(input, &id, token, verifier, evidence)).transpose()?;
    // The access token is what is sent on, so its binding counts; the ID token's is looked at when there is no other.
    let confirmation =
        access.as_ref().and_then(|access| access.claims.confirmation.as_ref()).or(id.claims.confirmation.as_ref());
    verify::check_confirmation(confirmation, audience, input.certificate_thumbprint, evidence)?;
    let userinfo = userinfo(input, &id, access.as_ref(), evidence)?;
    let source = match input.userinfo {
        None => UserInfoSource::None,
        Some(UserInfoInput::Fetched(_)) => UserInfoSource::Fetched,
        Some(UserInfoInput::Relayed(_)) => UserInfoSource::Relayed,
    };
    let one_shot = one_shot(&token, &id, audience, verifier);
    // `LevelRule::AtLeast` leaves no login without a level.
    let level = id.level.ok_or(Refusal::LevelMissing)?;
    let (auth_mode, auth_time) = (id.auth_mode, id.claims.auth_time);
    let identity = identity(id, access, userinfo, input.acting_as, evidence)?;
    Ok(Parts { identity, level, auth_mode, auth_time, userinfo: source, one_shot })
}

/// An access token taken apart.
struct PresentedAccessToken<'t> {
    token: UnverifiedJws<'t>,
    /// The ID token has its hash.
    is_bound: bool,
}

/// The access token of the same answer, held against `at_hash`.
fn presented_access_token<'t>(
    input: &LoginInput<'t>,
    id: &Checked<'_>,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<Option<PresentedAccessToken<'t>>, Refusal> {
    let Some(text) = input.access_token else {
        evidence.push(Check::AccessToken, Outcome::Absent);
        return Ok(None);
    };
    if text.len() > limits::TOKEN_BYTES {
        return Err(Refusal::AccessToken(Box::new(Refusal::Form(super::ParseJwsError::TooLarge))));
    }
    // OIDC Core 3.1.3.8: when `at_hash` is there it must fit.
    let is_bound = match id.claims.access_token_hash.as_deref() {
        Some(expected) if expected == hash::access_token_hash(text, verifier) => {
            evidence.push(Check::AccessTokenHash, Outcome::Passed);
            true
        }
        Some(_) => return Err(Refusal::AccessTokenHash),
        None => {
            evidence.push(Check::AccessTokenHash, Outcome::Absent);
            false
        }
    };
    match UnverifiedJws::parse(text) {
        Ok(token) => Ok(Some(PresentedAccessToken { token, is_bound })),
        // An access token is opaque to clients (RFC 6749 1.4). One that is bound by hash may stay so.
        Err(_) if is_bound => {
            evidence.push_with(Check::AccessToken, Outcome::Noted, "opaque");
            Ok(None)
        }
        Err(error) => Err(Refusal::AccessToken(Box::new(Refusal::Form(error)))),
    }
}

/// What it says: it is bound to the ID token, or else verified on its own.
fn access_token<'t>(
    input: &LoginInput<'_>,
    id: &Checked<'_>,
    PresentedAccessToken { token, is_bound }: &'t PresentedAccessToken<'_>,
    verifier: &impl SignatureVerifier,
    evidence: &mut Evidence,
) -> Result<Checked<'t>, Refusal> {
    let refused = |refusal| Refusal::AccessToken(Box::new(refusal));
    // The steps of the access token are not listed one by one: the login's evidence is about the ID token.
    let mut inner = Evidence::new();
    let claims = if *is_bound {
        // The issuer signed this token's hash, 128 bits of it, within the ID token: a second signature check adds nothing.
        verify::read_claims(token, TokenKind::Access, &mut inner)
    } else {
        verify::authentic_claims(token, TokenKind::Access, input.jwks, verifier, &mut inner)
    }
    .map_err(refused)?;
    let expected =
        Expectation { now: input.now, audience: input.audience, nonce: NonceRule::NotStated, level: LevelRule::Report };
    let access = verify::judge(claims, TokenKind::Access, &expected, &mut inner).map_err(refused)?;
    let same_person = access.claims.subject == id.claims.subject
        && agree(id.claims.subject_name_id.as_deref(), access.claims.subject_name_id.as_deref());
    if !same_person {
        return Err(Refusal::AccessTokenSubject);
    }
    let how = if *is_bound { "bound by at_hash" } else { "own signature" };
    evidence.push_with(Check::AccessToken, Outcome::Passed, how);
    Ok(access)
}

/// Two statements of a national id do not contradict each other; one that is not made contradicts nothing.
fn agree(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// UserInfo answers for the same subject (OIDC Core 5.3.2: `sub` MUST be compared, exactly).
fn userinfo(
    input: &LoginInput<'_>,
    id: &Checked<'_>,
    access: Option<&Checked<'_>>,
    evidence: &mut Evidence,
) -> Result<Option<UnverifiedUserInfo>, Refusal> {
    let (text, source) = match input.userinfo {
        None => {
            evidence.push(Check::UserInfo, Outcome::Absent);
            return Ok(None);
        }
        Some(UserInfoInput::Fetched(text)) => (text, UserInfoSource::Fetched),
        Some(UserInfoInput::Relayed(text)) => (text, UserInfoSource::Relayed),
    };
    let answer = UnverifiedUserInfo::parse(text).map_err(Refusal::UserInfo)?;
    if answer.subject() != id.claims.subject {
        return Err(Refusal::UserInfoSubject);
    }
    let of_tokens = [Some(id), access].into_iter().flatten();
    if !of_tokens.into_iter().all(|token| agree(token.claims.subject_name_id.as_deref(), answer.subject_name_id())) {
        return Err(Refusal::UserInfoIdentity);
    }
    evidence.push_with(Check::UserInfo, Outcome::Passed, source.name());
    Ok(Some(answer))
}

fn one_shot(
    token: &UnverifiedJws<'_>,
    id: &Checked<'_>,
    audience: &Audience,
    verifier: &impl SignatureVerifier,
) -> OneShot {
    let of = match id.claims.token_id.as_deref() {
        Some(token_id) if !token_id.is_empty() => OneShotOf::TokenId { issuer: &id.claims.issuer, token_id },
        _ => OneShotOf::SigningInput(token.signing_input()),
    };
    // One second past the last moment at which the token could be accepted.
    let expires = id.claims.expires.saturating_add(u64::from(audience.clock_skew().seconds()));
    OneShot { key: hash::one_shot_key(of, verifier), expires }
}

fn identity(
    id: Checked<'_>,
    access: Option<Checked<'_>>,
    userinfo: Option<UnverifiedUserInfo>,
    acting_as: Option<u32>,
    evidence: &mut Evidence,
) -> Result<Identity, Refusal> {
    let mut identifiers: Vec<OtherId> = Vec::new();
    let of_access = access.iter().flat_map(|access| &access.claims.other_ids);
    let of_userinfo = userinfo.iter().flat_map(|answer| answer.other_ids());
    for other in id.claims.other_ids.iter().chain(of_access).chain(of_userinfo) {
        if !identifiers.contains(other) {
            identifiers.push(other.clone());
        }
    }
    let stated = (id.claims.subject_name_id.as_deref())
        .or(access.as_ref().and_then(|access| access.claims.subject_name_id.as_deref()))
        .or(userinfo.as_ref().and_then(UnverifiedUserInfo::subject_name_id));
    let (national_id, rpps) = person::identify(stated, &identifiers, evidence);
    let roles_differ = userinfo.as_ref().is_some_and(UnverifiedUserInfo::roles_differ);
    let practices = userinfo.map(UnverifiedUserInfo::into_practices).unwrap_or_default();
    match (practices.len(), roles_differ) {
        (0, false) => evidence.push(Check::Practices, Outcome::Absent),
        (count, false) => evidence.push_with(Check::Practices, Outcome::Noted, count.to_string()),
        (count, true) => {
            evidence.push_with(
                Check::Practices,
                Outcome::Noted,
                format!("{count}, SubjectRole names another profession"),
            );
        }
    }
    if let Some(index) = acting_as {
        if usize::try_from(index).ok().and_then(|index| practices.get(index)).is_none() {
            return Err(Refusal::ActingAs { index, practices: practices.len() });
        }
        evidence.push(Check::ActingAs, Outcome::Passed);
    } else {
        evidence.push(Check::ActingAs, Outcome::Absent);
    }
    Ok(Identity {
        issuer: id.claims.issuer.into_owned(),
        subject: id.claims.subject.into_owned(),
        national_id,
        rpps,
        identifiers,
        practices,
        acting_as,
    })
}
