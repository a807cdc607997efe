//! The token endpoint: authorization code, refresh token and CIBA.
//!
//! RFC 6749 §4.1.3, §6; RFC 7636; CIBA Core §10.1; OpenID Connect Core 3.1.3. The shape of both tokens is the one of real ones (psc-facts
//! §2.1 and §2.2): the access token has no `aud`, and over a card it lacks `SubjectNameID`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::back_channel::{OAuthError, authenticated, never_stored};
use super::card::CARD;
use super::{ciba, mtls};
use crate::app::{App, Failure};
use crate::clients::Client;
use crate::encoding::fingerprint;
use crate::faults::DuplicateClaim;
use crate::keys::at_hash;
use crate::params::Params;
use crate::persons::Person;
use crate::random::{NoRandomness, make_opaque, make_uuid};
use crate::store::{Approved, Channel, Grant, REFRESH_S, Session, TOKEN_S, Tokens};

/// `POST …/protocol/openid-connect/token`.
pub(crate) async fn exchange(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let granted = authenticated(&app, &headers, &body).and_then(|(client, params)| match params.value("grant_type") {
        Some("authorization_code") => redeem_code(&app, client, &params),
        Some("refresh_token") => refresh(&app, client, &params),
        Some(ciba::GRANT) => poll(&app, client, &params),
        Some(_) => Err(OAuthError::bad_request(
            "unsupported_grant_type",
            "authorization_code, refresh_token and the CIBA grant are offered",
        )),
        None => Err(OAuthError::bad_request("invalid_request", "grant_type is missing")),
    });
    // Every token of a service that showed its certificate is bound to it (RFC 8705 §3).
    let granted = granted.map(|grant| Grant { bound_to: mtls::binding(&headers), ..grant });
    match granted {
        Ok(grant) => match answer(&app, grant) {
            Ok(body) => {
                let mut response = Json(body).into_response();
                never_stored(response.headers_mut());
                response
            }
            Err(failure) => failure.into_response(),
        },
        Err(error) => error.into_response(),
    }
}

fn redeem_code(app: &App, client: &Client, params: &Params) -> Result<Grant, OAuthError> {
    let code = params.value("code").ok_or_else(|| OAuthError::bad_request("invalid_request", "code is missing"))?;
    app.store
        .with(|state, now_ms| {
            state.redeem_code(code, client.id(), params.value("redirect_uri"), params.value("code_verifier"), now_ms)
        })
        .map_err(|error| OAuthError::bad_request("invalid_grant", error.to_string()))
}

fn refresh(app: &App, client: &Client, params: &Params) -> Result<Grant, OAuthError> {
    let token = params
        .value("refresh_token")
        .ok_or_else(|| OAuthError::bad_request("invalid_request", "refresh_token is missing"))?;
    let mut grant = app
        .store
        .with(|state, now_ms| state.use_refresh(token, client.id(), now_ms))
        .ok_or_else(|| OAuthError::bad_request("invalid_grant", "the refresh token is unknown, too old or revoked"))?;
    // RFC 6749 §6: less may be asked for, never more.
    if let Some(scope) = params.value("scope") {
        let granted: Vec<&str> = grant.scope.split(' ').collect();
        let asked: Vec<&str> = scope.split(' ').filter(|name| !name.is_empty()).collect();
        if !asked.contains(&"openid") || asked.iter().any(|name| !granted.contains(name)) {
            return Err(OAuthError::bad_request(
                "invalid_scope",
                "scope must lie within what was granted, with openid",
            ));
        }
        grant.scope = asked.join(" ");
    }
    Ok(grant)
}

fn poll(app: &App, client: &Client, params: &Params) -> Result<Grant, OAuthError> {
    let id = params
        .value("auth_req_id")
        .ok_or_else(|| OAuthError::bad_request("invalid_request", "auth_req_id is missing"))?;
    // Drawn before the request is used up: without randomness it can be asked for again.
    let no_randomness = |_: NoRandomness| OAuthError::unavailable("no randomness");
    let (sid, cookie) = (make_uuid().map_err(no_randomness)?, make_opaque().map_err(no_randomness)?);
    let faults = app.faults();
    app.store.with(|state, now_ms| {
        let Approved { person, scope, at_ms, channel } = state
            .poll(id, client.id(), now_ms)
            .map_err(|error| OAuthError::bad_request(error.error(), error.to_string()))?;
        let (acr, auth_mode) = match channel {
            Channel::Mobile => (faults.acr, faults.auth_mode),
            Channel::Card => (state.desk().acr.as_str().to_owned(), CARD.to_owned()),
        };
        let session = Session { sid, person, authenticated_ms: at_ms, used_ms: now_ms, acr, auth_mode };
        // The session belongs to no browser: its cookie is thrown away.
        if !state.open_session(&cookie, session.clone()) {
            return Err(OAuthError::unavailable("the sandbox holds too many sessions"));
        }
        tracing::info!("login approved");
        Ok(Grant {
            client_id: client.id().to_owned(),
            session,
            scope,
            nonce: None,
            origin: fingerprint(id),
            issued_s: 0,
            expires_s: 0,
            jti: String::new(),
            bound_to: None,
        })
    })
}

fn answer(app: &App, grant: Grant) -> Result<Value, Failure> {
    let now_ms = app.store.clock().now_ms();
    let issued_s = now_ms / 1000;
    let life_s = grant.session.life_s(TOKEN_S, now_ms);
    let grant = Grant { issued_s, expires_s: issued_s + life_s, jti: make_uuid()?, ..grant };
    // The directory does not change while the sandbox runs, so the person of a session is always found.
    let person = app.persons.find(&grant.session.person).ok_or(Failure::Page)?;
    let faults = app.faults();
    let secret = app.clients.find(&grant.client_id).map(Client::secret).unwrap_or_default();
    let sign = |claims: &str| app.keys.sign(claims, faults.signing, secret);
    let told = skewed(&grant, faults.clock_skew_s);
    let access = sign(&access_claims(app, &told, person).to_string())?;
    let id = sign(&stated_twice(&id_claims(app, &told, person, &access)?, faults.duplicate_claim))?;
    let refresh = make_opaque()?;
    let tokens = Tokens { access: &access, refresh: &refresh, id: &id };
    if !app.store.with(|state, now_ms| state.issue_tokens(tokens, &grant, now_ms)) {
        return Err(Failure::Full);
    }
    Ok(json!({
        "access_token": access,
        "expires_in": life_s,
        "refresh_expires_in": grant.session.life_s(REFRESH_S, now_ms),
        "refresh_token": refresh,
        "token_type": "Bearer",
        "id_token": id,
        "not-before-policy": 0,
        "session_state": grant.session.sid,
        "scope": grant.scope,
    }))
}

/// The grant as a token service with a wrong clock would state it.
fn skewed(grant: &Grant, skew_s: i64) -> Grant {
    let mut told = grant.clone();
    told.issued_s = told.issued_s.saturating_add_signed(skew_s);
    told.expires_s = told.expires_s.saturating_add_signed(skew_s);
    told.session.authenticated_ms = told.session.authenticated_ms.saturating_add_signed(skew_s.saturating_mul(1000));
    told
}

/// The claims as JSON text, with `acr` a second time if that is asked for.
fn stated_twice(claims: &Value, duplicate: DuplicateClaim) -> String {
    let text = claims.to_string();
    let acr = claims.get("acr").and_then(Value::as_str).unwrap_or_default();
    let (first, rest) = match duplicate {
        DuplicateClaim::None => return text,
        DuplicateClaim::Same => (acr, text.trim_start_matches('{')),
        DuplicateClaim::Other => ("eidas3", text.trim_start_matches('{')),
    };
    format!(r#"{{"acr":"{first}",{rest}"#)
}

fn common_claims(app: &App, grant: &Grant, person: &Person) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("exp", grant.expires_s.into());
    put("iat", grant.issued_s.into());
    put("auth_time", (grant.session.authenticated_ms / 1000).into());
    put("iss", app.sites.issuer().into());
    put("azp", grant.client_id.clone().into());
    if let Some(nonce) = &grant.nonce {
        put("nonce", nonce.clone().into());
    }
    put("session_state", grant.session.sid.clone().into());
    put("sid", grant.session.sid.clone().into());
    put("acr", grant.session.acr.clone().into());
    put("authMode", grant.session.auth_mode.clone().into());
    if grant.session.auth_mode == CARD && grant.session.acr == "eidas2" {
        // Seen in production in September 2026, beside this level (psc-facts §2.2).
        put("auth_level", "1".into());
    }
    claims.extend(person.token_claims(app.faults().sub));
    claims
}

fn access_claims(app: &App, grant: &Grant, person: &Person) -> Value {
    let mut claims = common_claims(app, grant, person);
    claims.insert("jti".into(), grant.jti.clone().into());
    claims.insert("typ".into(), "Bearer".into());
    claims.insert("scope".into(), grant.scope.clone().into());
    claims.insert("otherIds".into(), person.other_ids());
    if let Some(confirmation) =
        grant.bound_to.as_deref().and_then(|digest| mtls::confirmation(digest, app.faults().cnf))
    {
        claims.insert("cnf".into(), confirmation);
    }
    if grant.session.auth_mode == CARD {
        // Observed in February 2023: the access token of a card login names the person in `preferred_username` only.
        claims.remove("SubjectNameID");
    }
    claims.into()
}

fn id_claims(app: &App, grant: &Grant, person: &Person, access: &str) -> Result<Value, Failure> {
    let mut claims = common_claims(app, grant, person);
    claims.insert("jti".into(), make_uuid()?.into());
    claims.insert("typ".into(), "ID".into());
    claims.insert("aud".into(), grant.client_id.clone().into());
    claims.insert("at_hash".into(), at_hash(access).into());
    for (name, value) in person.name_claims() {
        claims.insert(name.to_owned(), value);
    }
    Ok(claims.into())
}
