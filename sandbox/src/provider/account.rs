//! UserInfo, introspection, revocation and logout.
//!
//! OpenID Connect Core 5.3, RFC 7662, RFC 7009, OpenID Connect RP-Initiated Logout 1.0; fields as observed (psc-facts §1.7
//! to §1.9).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use minijinja::context;
use serde_json::{Value, json};

use super::authorize::with_query;
use super::back_channel::{OAuthError, authenticated, bearer, never_stored};
use crate::app::{App, Failure};
use crate::params::Params;
use crate::store::Grant;
use crate::web::{self, found};

/// `GET|POST …/protocol/openid-connect/userinfo`.
pub(crate) async fn user_info(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let faults = app.faults();
    let info = bearer(&headers).and_then(|token| {
        app.store
            .with(|state, now_ms| state.access_grant(token, now_ms).map(|grant| grant.session.person.clone()))
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
        let access = state.access_grant(token, now_ms).cloned().map(|grant| (grant, true));
        access.or_else(|| state.refresh_grant(token, now_ms).map(|grant| (grant, false)))
    });
    let answer = match found_grant {
        Some((grant, access)) if grant.client_id == client.id() => describe(&app, &grant, access),
        _ => json!({"active": false}),
    };
    let mut response = Json(answer).into_response();
    never_stored(response.headers_mut());
    response
}

fn describe(app: &App, grant: &Grant, access: bool) -> Value {
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
        "typ": if access { "Bearer" } else { "Refresh" },
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
    if let (true, Value::Object(members)) = (access, &mut answer) {
        members.insert("SubjectNameID".into(), person.id().into());
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

/// `GET …/logout`.
pub(crate) async fn logout_by_get(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    logout(&app, query.unwrap_or_default().as_bytes())
}

/// `POST …/logout`.
pub(crate) async fn logout_by_post(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, Failure> {
    logout(&app, &body)
}

fn logout(app: &App, query: &[u8]) -> Result<Response, Failure> {
    let refused = |description: &str| {
        web::error_page(
            &app.pages,
            StatusCode::BAD_REQUEST,
            "Déconnexion impossible",
            "La demande de déconnexion est incomplète. Votre session reste ouverte.",
            &format!("Pour l'intégrateur : {description}."),
            "invalid_request",
        )
    };
    let params = match Params::parse(query) {
        Ok(params) if params.repeated().is_none() => params,
        Ok(_) => return refused("a parameter is given more than once"),
        Err(error) => return refused(&error.to_string()),
    };
    let Some(hint) = params.value("id_token_hint") else {
        return refused("id_token_hint is missing; without it the session cannot be named");
    };
    let Some(grant) = app.store.with(|state, _| state.hinted(hint).cloned()) else {
        return refused("id_token_hint was not issued by this provider, or more than four hours ago");
    };
    if params.value("client_id").is_some_and(|client| client != grant.client_id) {
        return refused("client_id is not the one that id_token_hint was issued to");
    }
    let leave_to = match params.value("post_logout_redirect_uri") {
        None => None,
        Some(uri) if app.clients.find(&grant.client_id).is_some_and(|client| client.may_leave_to(uri)) => Some(uri),
        Some(_) => return refused("post_logout_redirect_uri is not registered for this client"),
    };
    app.store.with(|state, _| state.close_session(&grant.session.sid));
    tracing::info!(client = grant.client_id, "session closed");
    match leave_to {
        None => app.pages.render("signed_out.html", StatusCode::OK, context! {}),
        Some(uri) => {
            let state: Vec<(&str, String)> =
                params.value("state").map(|state| ("state", state.to_owned())).into_iter().collect();
            // A URI without parameters must not gain a bare question mark.
            Ok(found(&if state.is_empty() { uri.to_owned() } else { with_query(uri, &state) }))
        }
    }
}
