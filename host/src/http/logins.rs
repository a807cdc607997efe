//! From tokens to a handle, once per login; what there is, and its end.
//!
//! `POST /v1/logins` verifies while the tokens live (120 s) and answers with an opaque handle that the relying party keeps in its
//! session. The order matters: keys, UserInfo, verification, then the one-shots are consumed and the login stored in one transaction,
//! then the log line, then the answer. `GET /v1/logins` lists the caller's live logins under ids that open nothing;
//! `POST /v1/logins/revoke` ends one, all of its person, or all of the caller's.

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
use crate::config::{CnfEncoding, Level, LoginRules, UserinfoMode};
use crate::engine::policy::types;
use crate::engine::verifier::{Verified, verify};
use crate::log::{Event, LoginLine, Pseudonym, RevocationLine};
use crate::metrics::Stage;
use crate::provider::{Keys, Provider, ProviderError};
use crate::service::{Audience, Service};
use crate::store::{About, Handle, ListId, Listed, OneShot, Revocation};

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
    /// Its name in the list of logins and in the decision log; it opens nothing.
    id: ListId,
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
            record(
                &service,
                &Event::Login(LoginLine {
                    timestamp: service.now(),
                    audience: &audience.config.id,
                    core_digest: &service.core_digest,
                    person: None,
                    login_id: None,
                    accepted: false,
                    code: Some(refusal.code()),
                    level: None,
                    auth_mode: None,
                    evidence,
                }),
            )
            .await?;
            Err(refusal)
        }
    }
}

async fn verified(service: &Arc<Service>, audience: &Audience, request: Request) -> Result<Created, Refusal> {
    let rules = audience.config.login.as_ref().ok_or(Refusal::Asserted)?;
    let provider = service.providers.of(&rules.issuer).ok_or(Refusal::NotFound)?;
    let keys = provider.keys().await?;
    let userinfo = userinfo(rules, provider, &keys, &request).await;
    let mut input = input(service, rules, request)?;
    let userinfo = match userinfo {
        Ok(userinfo) => userinfo,
        Err(refusal @ Refusal::Provider(ProviderError::AccessTokenRefused)) => {
            // A token that is no good by itself explains a refused access token better than the access token does.
            verify(service, audience, &keys, input).await?;
            return Err(refusal);
        }
        Err(refusal) => return Err(refusal),
    };
    input.userinfo = userinfo;
    let verified = match verify(service, audience, &keys, input.clone()).await {
        Err(Refusal::Login { code, .. })
            if code == UNKNOWN_KEY
                && let Some(newer) = provider.keys_other_than(&keys).await =>
        {
            verify(service, audience, &newer, input).await?
        }
        other => other?,
    };
    store(service, audience, verified).await
}

/// The verifier's code for a token whose key is not in the set; keys may have been rolled over since they were fetched.
const UNKNOWN_KEY: &str = "TOK-KEY-UNKNOWN";

async fn verify(
    service: &Arc<Service>,
    audience: &Audience,
    keys: &Arc<Keys>,
    input: verify::Input,
) -> Result<Verified, Refusal> {
    let verifier = Arc::clone(&service.verifier);
    let keys = Arc::clone(keys);
    let metrics = Arc::clone(&service.metrics);
    let answer = super::behind_gate(service, audience, move || {
        let begun = Instant::now();
        let answer = verifier.login(&keys.jwks, &input);
        metrics.stage(Stage::Core, begun.elapsed());
        answer
    })
    .await?;
    answer.map_err(Refusal::Verifier)?.map_err(|refused| Refusal::Login {
        evidence: evidence(&refused.evidence),
        code: refused.code,
        message: refused.message,
        help: refused.help,
    })
}

async fn userinfo(
    rules: &LoginRules,
    provider: &Provider,
    keys: &Keys,
    request: &Request,
) -> Result<Option<verify::Userinfo>, Refusal> {
    match (rules.userinfo, &request.userinfo) {
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

fn input(service: &Service, config: &LoginRules, request: Request) -> Result<verify::Input, Refusal> {
    let thumbprint = match request.certificate_thumbprint {
        Some(text) => {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
            Some(bytes.ok_or_else(|| Refusal::Body("certificate_thumbprint is not base64url of 32 bytes".into()))?)
        }
        None => None,
    };
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
            require_cnf: config.require_cnf,
        },
        nonce: request.nonce.map_or(verify::ExpectedNonce::NotSent, verify::ExpectedNonce::Exactly),
        id_token: request.id_token,
        access_token: request.access_token,
        userinfo: None,
        certificate_thumbprint: thumbprint,
        acting_as: request.acting_as,
    })
}

async fn store(service: &Arc<Service>, audience: &Audience, verified: Verified) -> Result<Created, Refusal> {
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
    let bytes = postcard::to_allocvec(&login).map_err(|_| Refusal::Records)?;
    let person = person(service, &login.identity);
    let about = About { level: login.level.map(config_level), person };
    let (store, name, now) = (service.store.clone(), audience.config.id.clone(), service.now());
    let kept = tokio::task::spawn_blocking(move || store.create_login(now, &name, &bytes, about, &one_shots))
        .await
        .map_err(|_| Refusal::Records)??;
    let created = Created {
        login: kept.handle.disclose(),
        id: kept.id,
        expires_at: kept.expires,
        level: login.level.map(level),
        auth_mode: auth_mode(login.auth_mode),
        evidence: evidence(&login.evidence),
        practices: login.identity.practices,
    };
    record(
        service,
        &Event::Login(LoginLine {
            timestamp: now,
            audience: &audience.config.id,
            core_digest: &service.core_digest,
            person: Some(person),
            login_id: Some(kept.id.to_string()),
            accepted: true,
            code: None,
            level: created.level,
            auth_mode: Some(created.auth_mode),
            evidence: &created.evidence,
        }),
    )
    .await?;
    Ok(created)
}

/// Writes a line of the decision log; the wait for the disk is not the runtime's.
async fn record(service: &Arc<Service>, event: &Event<'_>) -> Result<(), Refusal> {
    let (line, service) = (service.log.encode(event)?, Arc::clone(service));
    tokio::task::spawn_blocking(move || service.log.keep(line)).await.map_err(|_| Refusal::Records)??;
    Ok(())
}

/// The word for a person in log and lists. A login without UserInfo may have no national identifier; then it is the `sub`.
pub(crate) fn person(service: &Service, identity: &types::Identity) -> Pseudonym {
    service.log.pseudonym(&identity.issuer, identity.national_id.as_deref().unwrap_or(&identity.subject))
}

fn config_level(level: types::Level) -> Level {
    match level {
        types::Level::Eidas1 => Level::Eidas1,
        types::Level::Eidas2 => Level::Eidas2,
        types::Level::Eidas3 => Level::Eidas3,
    }
}

/// A login of the list.
#[derive(Serialize)]
struct Shown {
    id: ListId,
    person: Pseudonym,
    created_at: u64,
    expires_at: u64,
    last_used_at: u64,
    level: Option<&'static str>,
}

/// The answer to a list.
#[derive(Serialize)]
pub struct List {
    logins: Vec<Shown>,
    /// How many more there are, all of them older.
    not_shown: u64,
}

/// About 200 kB of answer.
const LONGEST_LIST: usize = 1000;

/// `GET /v1/logins`: the caller's live logins, the newest first.
///
/// # Errors
/// The call is refused, or the state file failed.
pub async fn list(State(service): State<Arc<Service>>, caller: Caller) -> Result<Json<List>, Refusal> {
    let audience = caller.audience(&service)?;
    let (store, name, now) = (service.store.clone(), audience.config.id.clone(), service.now());
    let listing = tokio::task::spawn_blocking(move || store.list(now, &name, LONGEST_LIST))
        .await
        .map_err(|_| Refusal::Records)??;
    Ok(Json(List { logins: listing.logins.into_iter().map(shown).collect(), not_shown: listing.not_shown }))
}

fn shown(login: Listed) -> Shown {
    let level = login.level.map(|level| match level {
        Level::Eidas1 => "eidas1",
        Level::Eidas2 => "eidas2",
        Level::Eidas3 => "eidas3",
    });
    Shown {
        id: login.id,
        person: login.person,
        created_at: login.created,
        expires_at: login.expires,
        last_used_at: login.last_used,
        level,
    }
}

/// Which logins to end. In the body, so that it is in no access log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToRevoke {
    /// A handle.
    login: Option<String>,
    /// Or the id of a login of the list.
    id: Option<String>,
    #[serde(default)]
    scope: Scope,
}

/// How far a revocation goes.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// The one that is named.
    #[default]
    Login,
    /// It and every other of the same person with this caller.
    Person,
    /// Everybody's with this caller; then none is named.
    Audience,
}

/// The answer to a revocation.
#[derive(Serialize)]
pub struct Revoked {
    revoked: bool,
    count: u64,
}

/// `POST /v1/logins/revoke`. Revoking twice is not an error; the answer says whether there was something to end.
///
/// # Errors
/// The call is refused, or the state file failed and the logins may still be valid.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(request): Body<ToRevoke>,
) -> Result<Json<Revoked>, Refusal> {
    let audience = caller.audience(&service)?;
    let named = match (&request.login, &request.id) {
        (Some(handle), None) => Some(Handle::parse(handle).map_err(|_| Refusal::Handle)?.id()),
        (None, Some(id)) => Some(ListId::parse(id).map_err(|_| Refusal::ListId)?),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(Refusal::Body("it names a login twice, by login and by id".into())),
    };
    let (revocation, scope) = match (request.scope, named) {
        (Scope::Login, Some(id)) => (Revocation::One(id), "login"),
        (Scope::Person, Some(id)) => (Revocation::PersonOf(id), "person"),
        (Scope::Audience, None) => (Revocation::Audience, "audience"),
        (Scope::Login | Scope::Person, None) => {
            return Err(Refusal::Body("it names no login, by login or by id".into()));
        }
        (Scope::Audience, Some(_)) => {
            return Err(Refusal::Body("it names a login, but scope is audience, which ends all of them".into()));
        }
    };
    let (store, name) = (service.store.clone(), audience.config.id.clone());
    let count =
        tokio::task::spawn_blocking(move || store.revoke(&name, revocation)).await.map_err(|_| Refusal::Records)??;
    if count > 0 {
        let line = RevocationLine {
            timestamp: service.now(),
            audience: &audience.config.id,
            scope,
            count,
            login_id: named.map(|id| id.to_string()),
        };
        record(&service, &Event::Revocation(line)).await?;
    }
    Ok(Json(Revoked { revoked: count > 0, count }))
}
