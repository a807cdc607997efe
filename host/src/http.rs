//! What relying parties, their reverse proxies and whoever runs the host speak. `host/openapi.json` describes all of it and is served.
//!
//! Every answer is JSON. A refusal of the call itself is `{code, message, help}` with a 4xx or 5xx status; a decision, refusal
//! included, is 200 (AuthZEN 1.0, section 10.1). No secret and no identifier is ever in a URL, so none ends up in an access log.

pub mod auth;
pub mod body;
mod decide;
pub mod evaluation;
pub mod forward_auth;
pub mod health;
pub mod introspection;
pub mod logins;
pub mod metadata;
pub mod policies;
pub mod refusal;
pub mod server;
pub mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde::Serialize;

use crate::config::Level;
use crate::engine::policy::types;
use crate::metrics::Stage;
use crate::service::{Audience, Service};
pub(crate) use decide::Detours;
use refusal::Refusal;

/// One check, as it stands in answers and in the decision log.
#[derive(Debug, Clone, Serialize)]
pub struct Evidence {
    /// Stable name.
    pub check: String,
    /// passed, absent or noted.
    pub outcome: &'static str,
    /// A short fact without personal data.
    pub detail: Option<String>,
}

/// The routes of a host.
pub fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/v1/logins", get(logins::list).post(logins::create).fallback(method))
        .route("/v1/logins/revoke", post(logins::revoke).fallback(method))
        .route("/access/v1/evaluation", post(evaluation::evaluate).fallback(method))
        .route("/access/v1/evaluations", post(evaluation::batch::evaluate).fallback(method))
        .route("/.well-known/authzen-configuration", get(metadata::authzen).fallback(method))
        .route("/forward-auth", any(forward_auth::by_caller))
        .route("/forward-auth/{audience}", any(forward_auth::by_name))
        .route("/introspect", post(introspection::introspect).fallback(method))
        .route("/openapi.json", get(metadata::openapi).fallback(method))
        .route("/livez", get(health::live).fallback(method))
        .route("/readyz", get(health::ready).fallback(method))
        .route("/metrics", get(health::metrics).fallback(method))
        .route("/version", get(health::version).fallback(method))
        .merge(policies::routes(&service))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(&service), around))
        .with_state(service)
}

/// The paths of [`router`], and the only ones that become a label. The interface description has the same.
pub const PATHS: [&str; 13] = [
    "/v1/logins",
    "/v1/logins/revoke",
    "/access/v1/evaluation",
    "/access/v1/evaluations",
    "/.well-known/authzen-configuration",
    "/forward-auth",
    "/forward-auth/{audience}",
    "/introspect",
    "/openapi.json",
    "/livez",
    "/readyz",
    "/metrics",
    "/version",
];

/// Around every call: it is counted and timed by the path that was routed, and its id comes back.
async fn around(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let route = matched
        .and_then(|path| PATHS.into_iter().chain(policies::PATHS).find(|known| *known == path))
        .unwrap_or("other");
    let id = request_id(request.headers());
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    service.metrics.answered(route, response.status().as_u16(), begun.elapsed());
    response
}

async fn unknown() -> Refusal {
    Refusal::NotFound
}

async fn method() -> Refusal {
    Refusal::Method
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whoever traces requests uses a UUID or the like.
const LONGEST_REQUEST_ID: usize = 128;

/// A request id comes back when one was sent, and only then (AuthZEN 1.0, section 10.1.3). One that is no plain text of a sensible
/// length does not: it would end in somebody's log as it is.
fn request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut sent = headers.get_all(REQUEST_ID).iter();
    let plain = |id: &&HeaderValue| id.len() <= LONGEST_REQUEST_ID && id.as_bytes().iter().all(u8::is_ascii_graphic);
    let (Some(id), None) = (sent.next(), sent.next()) else { return None };
    Some(id).filter(plain).cloned()
}

/// An answer of two kilobytes or so as JSON. [`axum::Json`] does the same with a buffer that takes each piece a good deal more slowly.
fn json(answer: &impl Serialize) -> Result<Response, Refusal> {
    let mut text = Vec::with_capacity(4 << 10);
    serde_json::to_writer(&mut text, answer).map_err(|_| Refusal::Records)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Runs blocking work behind the gate, within its audience's share, and counts who found no place.
async fn behind_gate<T: Send + 'static>(
    service: &Arc<Service>,
    audience: &Audience,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let begun = Instant::now();
    let metrics = Arc::clone(&service.metrics);
    let timed = move || {
        metrics.stage(Stage::Wait, begun.elapsed());
        work()
    };
    service.gate.run(&audience.share, timed).await.map_err(|busy| {
        service.metrics.pool_exhausted();
        busy.into()
    })
}

/// Evidence of the verifier in the form of answers.
pub(crate) fn evidence(list: &[types::Evidence]) -> Vec<Evidence> {
    list.iter()
        .map(|one| Evidence { check: one.check.clone(), outcome: outcome(one.outcome), detail: one.detail.clone() })
        .collect()
}

fn outcome(outcome: types::CheckOutcome) -> &'static str {
    match outcome {
        types::CheckOutcome::Passed => "passed",
        types::CheckOutcome::Absent => "absent",
        types::CheckOutcome::Noted => "noted",
    }
}

pub(crate) fn level(level: types::Level) -> &'static str {
    match level {
        types::Level::Eidas1 => "eidas1",
        types::Level::Eidas2 => "eidas2",
        types::Level::Eidas3 => "eidas3",
    }
}

/// A configured level in the provider's spelling.
fn level_word(level: Level) -> &'static str {
    match level {
        Level::Eidas1 => "eidas1",
        Level::Eidas2 => "eidas2",
        Level::Eidas3 => "eidas3",
    }
}

pub(crate) fn auth_mode(mode: types::AuthMode) -> &'static str {
    match mode {
        types::AuthMode::Mobile => "MOBILE",
        types::AuthMode::Card => "CARD",
        types::AuthMode::IdentityBroker => "IDENTITY_BROKER",
        types::AuthMode::Webauthn => "WEBAUTHN",
        types::AuthMode::Unknown => "unknown",
    }
}
