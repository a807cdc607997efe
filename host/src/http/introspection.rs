//! Is this handle still good? `POST /introspect`, as RFC 7662 has it, for programs that know that standard and not ours.
//!
//! The token is a login handle of the caller's own audience. Whatever is wrong with it, expired, revoked, another audience's or no handle
//! at all, the answer is `{"active": false}` and no word more (section 2.2). Asking counts as use, as an evaluation does.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::auth::Caller;
use super::body::Form;
use super::decide::Standing;
use super::refusal::Refusal;
use super::{auth_mode, behind_gate, level};
use crate::engine::Patience;
use crate::engine::policy::types;
use crate::service::{Audience, Service};
use crate::store::LONGEST_LOGIN_S;

#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(rename = "authMode")]
    auth_mode: &'static str,
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

/// `POST /introspect`.
///
/// # Errors
/// The call is refused: the caller is not known, the form has no token, or the state file failed.
pub async fn introspect(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Form(fields): Form,
) -> Result<Response, Refusal> {
    // RFC 6749, section 3.1: a parameter is there at most once.
    let mut tokens = fields.into_iter().filter_map(|(name, value)| (name == "token").then_some(value));
    let token = match (tokens.next(), tokens.next()) {
        (Some(token), None) => token,
        (None, _) => return Err(Refusal::Body("the field token is missing".into())),
        (Some(_), Some(_)) => return Err(Refusal::Body("the field token is there twice".into())),
    };
    let worker = Arc::clone(&service);
    let standing = behind_gate(&service, caller.audience(&service)?, move || {
        Standing::find(&worker, caller.audience(&worker)?, Some(&token), Patience::Full)
    })
    .await?;
    let standing = match standing {
        // Nobody has a handle where subjects are asserted, which is no more than that this one is not good.
        Err(Refusal::Asserted) => Standing::Asserted,
        // With all patience there is always something.
        found => found?.ok_or(Refusal::Busy)?,
    };
    let mut response = match &standing {
        Standing::Login(login) => active(caller.audience(&service)?, login),
        Standing::Asserted | Standing::Nothing(_) => Json(Inactive { active: false }).into_response(),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn active(audience: &Audience, login: &types::Login) -> Response {
    let client_id = audience.config.login.as_ref().map_or("", |rules| rules.client_id.as_str());
    Json(Active {
        active: true,
        iss: &login.identity.issuer,
        sub: &login.identity.subject,
        aud: client_id,
        iat: login.verified_at,
        exp: login.verified_at.saturating_add(LONGEST_LOGIN_S),
        auth_time: login.auth_time,
        acr: login.level.map(level),
        auth_mode: auth_mode(login.auth_mode),
    })
    .into_response()
}
