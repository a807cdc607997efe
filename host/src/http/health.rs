//! For whoever runs the host: does it live, could it decide now, what has it counted, what is it.
//!
//! `/livez` and `/readyz` are for load balancers and say a word or codes. Everything that names audiences, policies or versions is for an
//! [`Operator`]: a program on this machine, or a caller that is known.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::auth::Operator;
use super::refusal::Refusal;
use crate::cli::WASMTIME;
use crate::config::PolicyRole;
use crate::metrics;
use crate::problem::Explain;
use crate::service::{Audience, Service};

/// `GET /livez`: the process answers.
pub async fn live() -> Json<Value> {
    Json(json!({ "status": "live" }))
}

/// One thing that a decision needs.
#[derive(Serialize)]
struct Part {
    part: &'static str,
    /// The issuer, or audience and policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `ready`, or the code of what is wrong.
    state: &'static str,
    /// Whether the host is not ready for want of it.
    #[serde(skip)]
    needed: Needed,
}

/// One policy that does not answer makes its audience refuse; it does not take the others' host away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    ByAll,
    ByOne,
}

/// The answer of `/readyz`.
#[derive(Serialize)]
struct Readiness<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    missing: BTreeSet<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<&'a [Part]>,
}

const READY: &str = "ready";

/// `GET /readyz`, with `?verbose` for every part by name.
///
/// # Errors
/// The parts are asked for by somebody who may not know them.
pub async fn ready(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    operator: Result<Operator, Refusal>,
) -> Result<Response, Refusal> {
    let parts = parts(&service).await;
    let missing: BTreeSet<&'static str> =
        parts.iter().filter(|one| one.needed == Needed::ByAll && one.state != READY).map(|one| one.state).collect();
    let (status, word) =
        if missing.is_empty() { (StatusCode::OK, READY) } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    let mut body = Readiness { status: word, missing, parts: None };
    if query.is_some_and(|query| query.split('&').any(|one| one == "verbose" || one.starts_with("verbose="))) {
        operator?;
        body.parts = Some(&parts);
    }
    Ok((status, Json(body)).into_response())
}

async fn parts(service: &Arc<Service>) -> Vec<Part> {
    let store = service.store.clone();
    let state = tokio::task::spawn_blocking(move || store.is_ready()).await.unwrap_or(false);
    let part = |part, name, state, needed| Part { part, name, state, needed };
    let mut parts = vec![
        part("store", None, if state { READY } else { "CFG-STATE" }, Needed::ByAll),
        part("pool", None, if service.gate.is_open() { READY } else { "HTTP-BUSY" }, Needed::ByAll),
    ];
    let issuers: BTreeSet<&str> = service
        .audiences
        .iter()
        .filter_map(|one| one.config.login.as_ref())
        .map(|rules| rules.issuer.as_str())
        .collect();
    for issuer in issuers {
        let Some(provider) = service.providers.of(issuer) else { continue };
        let state = provider.keys().await.map_or_else(|error| error.code(), |_| READY);
        parts.push(part("keys", Some(issuer.to_owned()), state, Needed::ByAll));
    }
    let decides = |audience: &Audience| {
        let policies = service.policies_of(audience);
        let required = policies.iter().filter(|policy| policy.role == PolicyRole::Required);
        required.into_iter().all(|policy| policy.is_loaded() && !policy.is_quarantined())
    };
    // A host that could only refuse everybody is not ready; one that refuses some is, for the others.
    let needed = if service.audiences.iter().any(decides) { Needed::ByOne } else { Needed::ByAll };
    for audience in &service.audiences {
        for policy in service.policies_of(audience).iter() {
            let name = format!("{} {}", audience.config.id, policy.id);
            parts.push(part("policy", Some(name), policy.trouble().unwrap_or(READY), needed));
        }
    }
    parts
}

/// `GET /metrics`.
pub async fn metrics(_: Operator, State(service): State<Arc<Service>>) -> impl IntoResponse {
    // Moments and sizes are read when they are asked for; a state file that is slow must not hold up the runtime.
    let observed = Arc::clone(&service);
    let _observed = tokio::task::spawn_blocking(move || {
        observed.store.observe();
        observed.providers.observe();
        let (busy, free) = observed.gate.places();
        observed.metrics.instances(busy, free);
        observed.policies.measure();
    })
    .await;
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], service.metrics.text())
}

/// `GET /version`.
pub async fn version(_: Operator, State(service): State<Arc<Service>>) -> Json<Value> {
    Json(json!({ "vigie": env!("CARGO_PKG_VERSION"), "wasmtime": WASMTIME, "core_digest": service.core_digest }))
}
