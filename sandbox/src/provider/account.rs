//! UserInfo, introspection and revocation.
//!
//! OpenID Connect Core 5.3, RFC 7662, RFC 7009; fields as observed (psc-facts §1.7 and §1.8).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::back_channel::{OAuthError, authenticated, bearer, never_stored};
use super::mtls;
use crate::app::App;
use crate::faults::Confirmation;
use crate::store::Grant;

/// `GET|POST …/protocol/openid-connect/userinfo`.
pub(crate) async fn user_info(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let faults = app.faults();
    let info = bearer(&headers, &body).and_then(|token| {
        let grant = app.store.with(|state, now_ms| state.access_grant(&token, now_ms).cloned());
        let bound_to = grant.as_ref().and_then(|grant| grant.bound_to.as_deref());
        if faults.cnf != Confirmation::None {
            mtls::check_binding(&headers, bound_to)?;
        }
        grant
            .map(|grant| grant.session.person)
            .and_then(|person| app.persons.find(&person).map(|person| person.user_info(faults.sub, faults.userinfo)))
            .ok_or_else(|| OAuthError::invalid_token("the access token is unknown, too old or revoked"))
    });
    match info {
        Ok(info) => {
            let mut response = Json(info).into_response();
            never_stored(response.headers_mut());
            response
        }
        Err(error) => error.into_response(),
    }
}

/// `POST …/token/introspect`.
pub(crate) async fn introspect(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let (client, params) = match authenticated(&app, &headers, &body) {
        Ok(proved) => proved,
        Err(error) => return error.into_response(),
    };
    let Some(token) = params.value("token") else {
        return OAuthError::bad_request("invalid_request", "token is missing").into_response();
    };
    let found_grant = app.store.with(|state, now_ms| {
        let access = state.access_grant(token, now_ms).map(|grant| (grant.clone(), Kind::Access));
        access.or_else(|| state.refresh_grant(token, now_ms).map(|grant| (grant.clone(), Kind::Refresh)))
    });
    let answer = match found_grant {
        Some((grant, kind)) if grant.client_id == client.id() => describe(&app, &grant, kind),
        _ => json!({"active": false}),
    };
    let mut response = Json(answer).into_response();
    never_stored(response.headers_mut());
    response
}

/// Which of the two tokens is described.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Refresh,
}

fn describe(app: &App, grant: &Grant, kind: Kind) -> Value {
    let Some(person) = app.persons.find(&grant.session.person) else {
        return json!({"active": false});
    };
    let mut answer = json!({
        "active": true,
        "exp": grant.expires_s,
        "iat": grant.issued_s,
        "auth_time": grant.session.authenticated_ms / 1000,
        "jti": grant.jti,
        "iss": app.sites.issuer(),
        "sub": person.sub(app.faults().sub),
        "typ": if kind == Kind::Access { "Bearer" } else { "Refresh" },
        "azp": grant.client_id,
        "nonce": grant.nonce.clone().unwrap_or_default(),
        "session_state": grant.session.sid,
        "preferred_username": person.id(),
        "email_verified": false,
        "acr": grant.session.acr,
        "scope": grant.scope,
        "client_id": grant.client_id,
        "username": person.id(),
    });
    if let (Kind::Access, Value::Object(members)) = (kind, &mut answer) {
        members.insert("SubjectNameID".into(), person.id().into());
        if let Some(confirmation) =
            grant.bound_to.as_deref().and_then(|digest| mtls::confirmation(digest, app.faults().cnf))
        {
            members.insert("cnf".into(), confirmation);
        }
    }
    answer
}

/// `POST …/revoke`. Unknown tokens are answered like known ones (RFC 7009 §2.2).
pub(crate) async fn revoke(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    match authenticated(&app, &headers, &body) {
        Err(error) => error.into_response(),
        Ok((client, params)) => match params.value("token") {
            None => OAuthError::bad_request("invalid_request", "token is missing").into_response(),
            Some(token) => {
                app.store.with(|state, _| state.revoke(token, client.id()));
                StatusCode::OK.into_response()
            }
        },
    }
}
