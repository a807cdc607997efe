//! For operators: which policies serve, another look at the configuration, and the way back.
//!
//! These paths exist only where the configuration has a table `[admin]`, and take its secret and no other: a relying party's
//! secret does not open them, and theirs opens nothing else. Answers name policies, digests and stages; never settings, questions or
//! persons. Nothing can be uploaded: what serves is what the configuration pins.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::auth;
use super::body::Body;
use super::refusal::Refusal;
use crate::digest::Digest;
use crate::policies::Cause;
use crate::policies::report::Report;
use crate::service::Service;

/// Whoever presents the secret of `[admin]`.
pub struct Administrator;

impl FromRequestParts<Arc<Service>> for Administrator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Refusal> {
        let presented = auth::bearer(parts).ok_or(Refusal::Caller)?;
        let is_known = service.admin.as_ref().is_some_and(|secret| secret.same_as(&presented));
        if is_known { Ok(Self) } else { Err(Refusal::Caller) }
    }
}

/// The paths, in the order of the routes below.
pub const PATHS: [&str; 3] = ["/v1/policies", "/v1/policies/reload", "/v1/policies/rollback"];

/// The routes, where there is an operator.
pub fn routes(service: &Service) -> Router<Arc<Service>> {
    if service.admin.is_none() {
        return Router::new();
    }
    let [list_path, reload_path, roll_back_path] = PATHS;
    Router::new()
        .route(list_path, get(list).fallback(super::method))
        .route(reload_path, post(reload).fallback(super::method))
        .route(roll_back_path, post(roll_back).fallback(super::method))
}

/// `GET /v1/policies`.
///
/// # Errors
/// The caller is no operator.
async fn list(State(service): State<Arc<Service>>, _: Administrator) -> Result<Json<Report>, Refusal> {
    // Whoever changes policies holds the desk for as long as compiling takes.
    tokio::task::spawn_blocking(move || service.policies.report()).await.map(Json).map_err(|_| Refusal::Busy)
}

/// `POST /v1/policies/reload`. The answer says of each policy what became of it; a policy that does not load is no refusal of the
/// call, a configuration that does not hold is one.
///
/// # Errors
/// The caller is no operator, or the configuration does not hold.
async fn reload(State(service): State<Arc<Service>>, _: Administrator) -> Result<Json<Report>, Refusal> {
    let now = service.now();
    tokio::task::spawn_blocking(move || service.policies.reload(Cause::Interface, now))
        .await
        .map_err(|_| Refusal::Busy)?
        .map(Json)
        .map_err(|error| Refusal::Policies(Box::new(error)))
}

/// What to go back to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    audience: String,
    policy: String,
    digest: Option<Digest>,
}

/// `POST /v1/policies/rollback`.
///
/// # Errors
/// The caller is no operator, or there is nothing to go back to.
async fn roll_back(
    State(service): State<Arc<Service>>,
    _: Administrator,
    Body(wanted): Body<Wanted>,
) -> Result<Json<Report>, Refusal> {
    let now = service.now();
    tokio::task::spawn_blocking(move || {
        service.policies.roll_back(&wanted.audience, &wanted.policy, wanted.digest, now)
    })
    .await
    .map_err(|_| Refusal::Busy)?
    .map(Json)
    .map_err(|error| Refusal::Policies(Box::new(error)))
}
