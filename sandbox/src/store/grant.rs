//! What a finished login grants: a session at the provider, an authorization code, tokens.
//!
//! A code is redeemed once. Presented again, it is refused and everything issued from it is revoked (RFC 6749 §4.1.2).

use std::collections::BTreeSet;

use super::{CODE_MS, LOGIN_MS, MAX_ENTRIES, REFRESH_S, SESSION_IDLE_MS, SESSION_MS, State};
use crate::encoding::fingerprint;
use crate::provider::request::AuthorizationRequest;

/// A session of one person at the provider. No `Debug`: it names that person.
#[derive(Clone)]
pub(crate) struct Session {
    /// `sid` and `session_state` of tokens.
    pub sid: String,
    /// National identifier of the person.
    pub person: String,
    /// When the person proved who they are, in milliseconds since the epoch.
    pub authenticated_ms: u64,
    /// Last use, for the idle limit.
    pub used_ms: u64,
    /// Level reached.
    pub acr: String,
    /// Means used.
    pub auth_mode: String,
}

impl Session {
    /// How long a token may live that would live `longest_s`: not beyond the end of the session.
    #[must_use]
    pub(crate) fn life_s(&self, longest_s: u64, now_ms: u64) -> u64 {
        longest_s.min(self.authenticated_ms.saturating_add(SESSION_MS).saturating_sub(now_ms) / 1000)
    }

    pub(super) fn is_alive(&self, now_ms: u64) -> bool {
        now_ms < self.authenticated_ms.saturating_add(SESSION_MS)
            && now_ms < self.used_ms.saturating_add(SESSION_IDLE_MS)
    }
}

/// What stands behind a code or a token. No `Debug`, for the same reason.
#[derive(Clone)]
pub(crate) struct Grant {
    /// The service it was issued to.
    pub client_id: String,
    /// The session it belongs to.
    pub session: Session,
    /// Granted scope.
    pub scope: String,
    /// Nonce of the authorization request.
    pub nonce: Option<String>,
    /// Digest of the code that everything descends from.
    pub origin: String,
    /// When the token was issued, in seconds since the epoch.
    pub issued_s: u64,
    /// End of life of the token, in seconds since the epoch.
    pub expires_s: u64,
    /// `jti` of the token.
    pub jti: String,
    /// Digest of the certificate that the token is bound to (RFC 8705 §3).
    pub bound_to: Option<Vec<u8>>,
}

/// An authorization code.
#[derive(Clone)]
pub(crate) struct Code {
    request: AuthorizationRequest,
    session: Session,
    issued_ms: u64,
    redeemed: bool,
}

impl Code {
    pub(super) fn kept_until_ms(&self) -> u64 {
        // Longer than its life, so that a replay is recognised for as long as the refresh token may live.
        self.issued_ms.saturating_add(LOGIN_MS + CODE_MS)
    }
}

/// Why a code was not redeemed. The answer is `invalid_grant` for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodeError {
    /// Never issued, or forgotten.
    #[error("the authorization code is not known")]
    Unknown,
    /// Presented before.
    #[error("the authorization code was used before; everything issued from it is revoked")]
    Replayed,
    /// Too late.
    #[error("the authorization code is too old")]
    Expired,
    /// Issued to another service.
    #[error("the authorization code was issued to another client")]
    OtherClient,
    /// `redirect_uri` differs from the authorization request.
    #[error("redirect_uri is not the one of the authorization request")]
    OtherRedirect,
    /// PKCE: no verifier although a challenge was sent, or the reverse, or they do not match.
    #[error("code_verifier does not match code_challenge")]
    Verifier,
    /// The session was closed in the meantime.
    #[error("the session is closed")]
    SessionClosed,
}

/// The secrets of one token answer.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    /// Access token.
    pub access: &'a str,
    /// Refresh token.
    pub refresh: &'a str,
    /// ID token.
    pub id: &'a str,
}

impl State {
    /// Opens a session under a cookie value; `false` when the table is full.
    #[must_use]
    pub(crate) fn open_session(&mut self, cookie: &str, session: Session) -> bool {
        if self.sessions.len() >= MAX_ENTRIES {
            return false;
        }
        self.sessions.insert(fingerprint(cookie), session);
        true
    }

    /// The live session of a browser. Looking it up counts as a use.
    pub(crate) fn session(&mut self, cookie: &str, now_ms: u64) -> Option<Session> {
        let session = self.sessions.get_mut(&fingerprint(cookie)).filter(|session| session.is_alive(now_ms))?;
        session.used_ms = now_ms;
        Some(session.clone())
    }

    /// Closes a session and revokes what was issued within it.
    pub(crate) fn close_session(&mut self, sid: &str) {
        self.sessions.retain(|_, session| session.sid != sid);
        self.access.retain(|_, grant| grant.session.sid != sid);
        self.refresh.retain(|_, grant| grant.session.sid != sid);
    }

    /// Uses an open session; `false` when it is closed.
    pub(super) fn use_session(&mut self, sid: &str, now_ms: u64) -> bool {
        let open = self.sessions.values_mut().find(|session| session.sid == sid && session.is_alive(now_ms));
        open.map(|session| session.used_ms = now_ms).is_some()
    }

    fn session_is_open(&self, sid: &str, now_ms: u64) -> bool {
        self.sessions.values().any(|session| session.sid == sid && session.is_alive(now_ms))
    }

    /// Keeps a code; `false` when the table is full.
    #[must_use]
    pub(crate) fn issue_code(
        &mut self,
        code: &str,
        request: AuthorizationRequest,
        session: Session,
        now_ms: u64,
    ) -> bool {
        if self.codes.len() >= MAX_ENTRIES {
            return false;
        }
        self.codes.insert(fingerprint(code), Code { request, session, issued_ms: now_ms, redeemed: false });
        true
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.6). The grant it returns has no times yet.
    pub(crate) fn redeem_code(
        &mut self,
        code: &str,
        client_id: &str,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now_ms: u64,
    ) -> Result<Grant, CodeError> {
        let origin = fingerprint(code);
        let entry = self.codes.get_mut(&origin).ok_or(CodeError::Unknown)?;
        // The client is checked before the replay, so that a stranger cannot revoke somebody else's tokens.
        if entry.request.client_id != client_id {
            return Err(CodeError::OtherClient);
        }
        if entry.redeemed {
            self.access.retain(|_, grant| grant.origin != origin);
            self.refresh.retain(|_, grant| grant.origin != origin);
            return Err(CodeError::Replayed);
        }
        // Whatever happens next, the code is spent: a wrong verifier must not be a free guess.
        entry.redeemed = true;
        if now_ms >= entry.issued_ms.saturating_add(CODE_MS) {
            return Err(CodeError::Expired);
        }
        if redirect_uri != Some(entry.request.reply_to.redirect_uri.as_str()) {
            return Err(CodeError::OtherRedirect);
        }
        match (&entry.request.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => {}
            _ => return Err(CodeError::Verifier),
        }
        let grant = Grant {
            client_id: client_id.to_owned(),
            session: entry.session.clone(),
            scope: entry.request.scope.clone(),
            nonce: entry.request.nonce.clone(),
            origin,
            issued_s: 0,
            expires_s: 0,
            jti: String::new(),
            bound_to: None,
        };
        if !self.session_is_open(&grant.session.sid, now_ms) {
            return Err(CodeError::SessionClosed);
        }
        Ok(grant)
    }

    /// Keeps what a token answer contains; `false` when a table is full.
    #[must_use]
    pub(crate) fn issue_tokens(&mut self, tokens: Tokens<'_>, grant: &Grant, now_ms: u64) -> bool {
        if self.access.len() >= MAX_ENTRIES || self.refresh.len() >= MAX_ENTRIES || self.hints.len() >= MAX_ENTRIES {
            return false;
        }
        let refresh_until = now_ms / 1000 + grant.session.life_s(REFRESH_S, now_ms);
        self.access.insert(fingerprint(tokens.access), grant.clone());
        self.refresh.insert(fingerprint(tokens.refresh), Grant { expires_s: refresh_until, ..grant.clone() });
        self.hints.insert(fingerprint(tokens.id), (grant.clone(), now_ms.saturating_add(SESSION_MS)));
        true
    }

    /// What a live access token stands for.
    #[must_use]
    pub(crate) fn access_grant(&self, token: &str, now_ms: u64) -> Option<&Grant> {
        self.access.get(&fingerprint(token)).filter(|grant| now_ms / 1000 < grant.expires_s)
    }

    /// What a live refresh token stands for, if its session still lives. Looking is not using.
    #[must_use]
    pub(crate) fn refresh_grant(&self, token: &str, now_ms: u64) -> Option<&Grant> {
        let grant = self.refresh.get(&fingerprint(token)).filter(|grant| now_ms / 1000 < grant.expires_s)?;
        self.session_is_open(&grant.session.sid, now_ms).then_some(grant)
    }

    /// Uses a refresh token, which keeps its session from falling idle.
    pub(crate) fn use_refresh(&mut self, token: &str, client_id: &str, now_ms: u64) -> Option<Grant> {
        let grant = self.refresh_grant(token, now_ms).filter(|grant| grant.client_id == client_id)?.clone();
        if let Some(session) = self.sessions.values_mut().find(|session| session.sid == grant.session.sid) {
            session.used_ms = now_ms;
        }
        Some(grant)
    }

    /// Revokes an access or refresh token of this client, and with a refresh token all that descends from it (RFC 7009 §2.1).
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        let key = fingerprint(token);
        if self.access.get(&key).is_some_and(|grant| grant.client_id == client_id) {
            self.access.remove(&key);
        }
        let origin =
            self.refresh.get(&key).filter(|grant| grant.client_id == client_id).map(|grant| grant.origin.clone());
        if let Some(origin) = origin {
            self.access.retain(|_, grant| grant.origin != origin);
            self.refresh.retain(|_, grant| grant.origin != origin);
        }
    }

    /// The services that were given tokens within a session.
    #[must_use]
    pub(crate) fn clients_of(&self, sid: &str) -> BTreeSet<String> {
        let within = self.hints.values().filter(|(grant, _)| grant.session.sid == sid);
        within.map(|(grant, _)| grant.client_id.clone()).collect()
    }

    /// Client and session of an ID token that this provider issued, however old.
    #[must_use]
    pub(crate) fn hinted(&self, id_token: &str) -> Option<&Grant> {
        self.hints.get(&fingerprint(id_token)).map(|(grant, _)| grant)
    }
}
