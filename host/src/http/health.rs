//! Whether the process lives, and whether it could decide on a login now.
//!
//! Not authenticated, so it says which part is missing and nothing else.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::metrics;
use crate::problem::Explain;
use crate::service::Service;

/// `GET /livez`: the process answers.
pub async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// `GET /readyz`: state file and the keys of every provider are there. Policies were loaded before the socket opened.
pub async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, Json<Value>) {
    let mut missing = Vec::new();
    if !service.store.is_ready() {
        missing.push("CFG-STATE");
    }
    for audience in &service.audiences {
        if let Some(provider) = service.providers.of(&audience.config.issuer)
            && let Err(error) = provider.keys().await
            && !missing.contains(&error.code())
        {
            missing.push(error.code());
        }
    }
    if missing.is_empty() {
        (StatusCode::OK, Json(json!({ "status": "ready", "core_digest": service.core_digest })))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready", "missing": missing })))
    }
}

/// `GET /metrics`.
pub async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    // Moments and sizes are read when they are asked for; a state file that is slow must not hold up the runtime.
    let observed = Arc::clone(&service);
    let _observed = tokio::task::spawn_blocking(move || {
        observed.store.observe();
        observed.providers.observe();
    })
    .await;
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], service.metrics.text())
}
