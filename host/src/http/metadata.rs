//! What there is, for programs: the AuthZEN metadata and the OpenAPI document.
//!
//! Neither is a secret and neither is asked for by a caller that is known yet. Search is not offered: a host that verifies logins holds no
//! graph of resources, and the standard says that an endpoint which is not named is not there (AuthZEN 1.0, section 9.2.1).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::decide::STEP_UP;
use super::refusal::Refusal;
use super::server::Connection;
use crate::service::Service;

/// `GET /.well-known/authzen-configuration`. The identifier must be the one that the document was asked under (section 9.2.3), so without
/// a configured URL it is the `Host` of the request; whoever writes a wrong one deceives himself only, since nobody may keep the answer.
///
/// # Errors
/// The request names no host.
pub async fn authzen(
    State(service): State<Arc<Service>>,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let base = match &service.public_url {
        Some(url) => url.clone(),
        None => {
            let scheme = connection.map_or("http", |Extension(about)| about.scheme);
            let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or("");
            let authority: Authority =
                host.parse().map_err(|_| Refusal::Body("the header Host is missing or no host".into()))?;
            format!("{scheme}://{authority}")
        }
    };
    let document = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "supported_obligations": [STEP_UP],
    });
    let mut response = Json(document).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The document as it lies in the repository.
pub const OPENAPI: &str = include_str!("../../openapi.json");

/// `GET /openapi.json`.
pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}
