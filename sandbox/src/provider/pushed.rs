//! Pushed authorization requests (RFC 9126): the service leaves its request here, over a channel where it proves itself, and
//! sends the browser with a reference only. Published as supported and not required (psc-facts §1.2).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::back_channel::{OAuthError, authenticated, never_stored};
use super::request::{AuthorizationRequest, Rules};
use crate::app::{App, Failure};
use crate::random::make_opaque;
use crate::store::PUSHED_S;

/// What every reference begins with.
pub(crate) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// `POST …/ext/par/request`.
pub(crate) async fn push(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = match read(&app, &headers, &body) {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    match keep(&app, request) {
        Err(failure) => failure.into_response(),
        Ok(answer) => {
            let mut response = (StatusCode::CREATED, Json(answer)).into_response();
            never_stored(response.headers_mut());
            response
        }
    }
}

fn read(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<AuthorizationRequest, OAuthError> {
    let (client, params) = authenticated(app, headers, body)?;
    // RFC 9126 §2.1: a reference inside a pushed request would lead in circles.
    if params.value("request_uri").is_some() {
        return Err(OAuthError::bad_request("invalid_request", "request_uri has no place in a pushed request"));
    }
    let named = vec![("client_id".to_owned(), client.id().to_owned())];
    let params = params.overlaid(&["client_secret"], named);
    let issuer = app.sites.issuer();
    let rules = Rules { issuer: &issuer, now_s: app.store.clock().now_ms() / 1000, levels: app.faults().acr_values };
    let (request, _) = AuthorizationRequest::parse(&params, &app.clients, rules).map_err(|refusal| {
        let (error, description) = refusal.into_words();
        OAuthError::bad_request(error, description)
    })?;
    Ok(request)
}

fn keep(app: &App, request: AuthorizationRequest) -> Result<Value, Failure> {
    let request_uri = format!("{PREFIX}{}", make_opaque()?);
    if !app.store.with(|state, now_ms| state.keep_pushed(&request_uri, request, now_ms)) {
        return Err(Failure::Full);
    }
    Ok(json!({"request_uri": request_uri, "expires_in": PUSHED_S}))
}
