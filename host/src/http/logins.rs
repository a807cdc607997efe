//! From tokens to a handle, once per login.
//!
//! `POST /v1/logins` verifies while the tokens live (120 s) and answers with an opaque handle that the relying party keeps in its
//! session; `POST /v1/logins/revoke` ends it. The order matters: keys, UserInfo, verification, then the one-shots are consumed
//! and the login stored in one transaction, then the log line, then the answer.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::auth::Caller;
use super::body::Body;
use super::refusal::Refusal;
use super::{Evidence, auth_mode, evidence, level};
use crate::config::{CnfEncoding, Level, UserinfoMode};
use crate::engine::policy::types;
use crate::engine::verifier::verify;
use crate::log::{Event, LoginLine, RevocationLine};
use crate::metrics::Stage;
use crate::provider::{Keys, Provider, ProviderError};
use crate::service::{Audience, Service};
use crate::store::{CreateLoginError, Handle, OneShot};

/// What the relying party's server received from the provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    id_token: String,
    access_token: Option<String>,
    /// The nonce of the authorization request; `null` says that none was sent. It cannot be left out by accident.
    #[serde(deserialize_with = "Option::deserialize")]
    nonce: Option<String>,
    /// UserInfo as received, for audiences that relay it.
    userinfo: Option<Box<RawValue>>,
    /// Index of the practice that the person chose.
    acting_as: Option<u32>,
    /// base64url of the SHA-256 of the client certificate that the caller saw.
    certificate_thumbprint: Option<String>,
}

/// The answer to a verified login.
#[derive(Serialize)]
pub struct Created {
    login: String,
    expires_at: u64,
    level: Option<&'static str>,
    auth_mode: &'static str,
    evidence: Vec<Evidence>,
    practices: Vec<types::Practice>,
}

/// `POST /v1/logins`.
///
/// # Errors
/// The call, the provider or the login is refused.
pub async fn create(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<Created>), Refusal> {
    let audience = caller.audience(&service)?;
    match verified(&service, audience, request).await {
        Ok(created) => {
            service.metrics.logged_in(&audience.config.id, "ok");
            Ok((StatusCode::CREATED, Json(created)))
        }
        Err(refusal) => {
            service.metrics.logged_in(&audience.config.id, refusal.code());
            let evidence = if let Refusal::Login { evidence, .. } = &refusal { evidence.as_slice() } else { &[] };
            service.log.write(&Event::Login(LoginLine {
                timestamp: service.now(),
                audience: &audience.config.id,
                core_digest: &service.core_digest,
                accepted: false,
                code: Some(refusal.code()),
                level: None,
                auth_mode: None,
                evidence,
            }))?;
            Err(refusal)
        }
    }
}

async fn verified(service: &Arc<Service>, audience: &Audience, request: Request) -> Result<Created, Refusal> {
    let provider = service.providers.of(&audience.config.issuer).ok_or(Refusal::NotFound)?;
    let keys = provider.keys().await?;
    let userinfo = userinfo(audience, provider, &keys, &request).await;
    let mut input = input(service, audience, &keys, request)?;
    let userinfo = match userinfo {
        Ok(userinfo) => userinfo,
        Err(refusal @ Refusal::Provider(ProviderError::AccessTokenRefused)) => {
            // A token that is no good by itself explains a refused access token better than the access token does.
            verify(service, input).await?;
            return Err(refusal);
        }
        Err(refusal) => return Err(refusal),
    };
    input.userinfo = userinfo;
    let verified = match verify(service, input.clone()).await {
        Err(Refusal::Login { code, .. })
            if code == UNKNOWN_KEY
                && let Some(newer) = provider.keys_other_than(&keys).await =>
        {
            input.jwks = newer.jwks.clone();
            verify(service, input).await?
        }
        other => other?,
    };
    store(service, audience, verified).await
}

/// The verifier's code for a token whose key is not in the set; keys may have been rolled over since they were fetched.
const UNKNOWN_KEY: &str = "TOK-KEY-UNKNOWN";

async fn verify(service: &Arc<Service>, input: verify::Input) -> Result<verify::Verified, Refusal> {
    let verifier = Arc::clone(&service.verifier);
    let metrics = Arc::clone(&service.metrics);
    let answer = super::behind_gate(service, move || {
        let begun = Instant::now();
        let answer = verifier.login(&input);
        metrics.stage(Stage::Core, begun.elapsed());
        answer
    })
    .await?;
    answer.map_err(Refusal::Verifier)?.map_err(|failure| Refusal::Login {
        evidence: evidence(&failure.evidence),
        code: failure.code,
        message: failure.message,
        help: failure.help,
    })
}

async fn userinfo(
    audience: &Audience,
    provider: &Provider,
    keys: &Keys,
    request: &Request,
) -> Result<Option<verify::Userinfo>, Refusal> {
    match (audience.config.userinfo, &request.userinfo) {
        (UserinfoMode::Relay, Some(json)) => {
            Ok(Some(verify::Userinfo { source: types::UserinfoSource::Relayed, json: json.get().to_owned() }))
        }
        (UserinfoMode::Relay, None) => Err(Refusal::UserinfoMissing),
        (UserinfoMode::Fetch | UserinfoMode::None, Some(_)) => Err(Refusal::UserinfoUnexpected),
        (UserinfoMode::None, None) => Ok(None),
        (UserinfoMode::Fetch, None) => {
            let token = request.access_token.as_deref().ok_or(Refusal::AccessTokenMissing)?;
            // Anything else than visible ASCII could not stand in a header, so no provider gave it (RFC 6750, section 2.1).
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(ProviderError::AccessTokenRefused.into());
            }
            let json = provider.userinfo(keys, token).await?;
            Ok(Some(verify::Userinfo { source: types::UserinfoSource::Fetched, json }))
        }
    }
}

fn input(service: &Service, audience: &Audience, keys: &Keys, request: Request) -> Result<verify::Input, Refusal> {
    let thumbprint = match request.certificate_thumbprint {
        Some(text) => {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
            Some(bytes.ok_or_else(|| Refusal::Body("certificate_thumbprint is not base64url of 32 bytes".into()))?)
        }
        None => None,
    };
    let config = &audience.config;
    Ok(verify::Input {
        now: service.now(),
        audience: verify::Audience {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            min_level: match config.min_acr {
                Level::Eidas1 => types::Level::Eidas1,
                Level::Eidas2 => types::Level::Eidas2,
                Level::Eidas3 => types::Level::Eidas3,
            },
            max_auth_age: config.max_auth_age_s,
            clock_skew: config.clock_skew_s,
            cnf_encoding: match config.cnf_encoding {
                CnfEncoding::Rfc8705 => verify::CnfEncoding::Rfc8705,
                CnfEncoding::AnsHex => verify::CnfEncoding::AnsHex,
            },
            require_cnf: false,
        },
        nonce: request.nonce.map_or(verify::ExpectedNonce::NotSent, verify::ExpectedNonce::Exactly),
        id_token: request.id_token,
        access_token: request.access_token,
        jwks: keys.jwks.clone(),
        userinfo: None,
        certificate_thumbprint: thumbprint,
        acting_as: request.acting_as,
    })
}

async fn store(service: &Arc<Service>, audience: &Audience, verified: verify::Verified) -> Result<Created, Refusal> {
    let login = verified.login;
    let mut one_shots = Vec::with_capacity(verified.one_shots.len());
    for one_shot in verified.one_shots {
        // The contract says 32 bytes; a core that breaks it gives no login.
        let key = one_shot.key.try_into().map_err(|_| Refusal::Verifier(crate::engine::limits::Failure::BadOutput))?;
        one_shots.push(OneShot { key, expires: one_shot.expires });
    }
    if one_shots.is_empty() {
        return Err(Refusal::Verifier(crate::engine::limits::Failure::BadOutput));
    }
    let record = serde_json::to_string(&login).map_err(|_| Refusal::Records)?;
    let (store, name, now) = (service.store.clone(), audience.config.id.clone(), service.now());
    let created = tokio::task::spawn_blocking(move || store.create_login(now, &name, &record, &one_shots))
        .await
        .map_err(|_| Refusal::Records)?;
    let (handle, expires_at) = created.map_err(|error| match error {
        CreateLoginError::Replayed => {
            service.metrics.replayed("login");
            Refusal::Replayed
        }
        CreateLoginError::Store(error) => {
            service.metrics.store_failed();
            error.into()
        }
    })?;
    let created = Created {
        login: handle.disclose(),
        expires_at,
        level: login.level.map(level),
        auth_mode: auth_mode(login.auth_mode),
        evidence: evidence(&login.evidence),
        practices: login.identity.practices,
    };
    service.log.write(&Event::Login(LoginLine {
        timestamp: now,
        audience: &audience.config.id,
        core_digest: &service.core_digest,
        accepted: true,
        code: None,
        level: created.level,
        auth_mode: Some(created.auth_mode),
        evidence: &created.evidence,
    }))?;
    Ok(created)
}

/// Which handle to end. In the body, so that it is in no access log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    login: String,
}

/// The answer to a revocation.
#[derive(Serialize)]
pub struct Revoked {
    revoked: bool,
}

/// `POST /v1/logins/revoke`. Revoking twice is not an error; the answer says whether there was something to end.
///
/// # Errors
/// The call is refused, or the state file failed and the login may still be valid.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(request): Body<Revocation>,
) -> Result<Json<Revoked>, Refusal> {
    let audience = caller.audience(&service)?;
    let handle = Handle::parse(&request.login).map_err(|_| Refusal::Handle)?;
    let (store, name) = (service.store.clone(), audience.config.id.clone());
    let revoked =
        tokio::task::spawn_blocking(move || store.revoke(&name, &handle)).await.map_err(|_| Refusal::Records)??;
    if revoked {
        let line = RevocationLine { timestamp: service.now(), audience: &audience.config.id };
        service.log.write(&Event::Revocation(line))?;
    }
    Ok(Json(Revoked { revoked }))
}
