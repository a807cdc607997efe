//! A provider on this machine that has one key, for as long as the benchmark runs.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::token::Key;

/// Serves until it is dropped.
pub(crate) struct Provider {
    /// Its key, which signs the tokens.
    pub(crate) key: Key,
    /// Its address as tokens name it.
    pub(crate) issuer: String,
    _runtime: Runtime,
}

const REALM: &str = "/auth/realms/esante-wallet";

impl Provider {
    pub(crate) fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).context("no port for the provider")?;
        let address: SocketAddr = listener.local_addr()?;
        let issuer = format!("http://{address}{REALM}");
        let key = Key::rs256()?;
        let document = json!({ "issuer": issuer, "jwks_uri": format!("http://{address}/certs"), "userinfo_endpoint": format!("http://{address}/userinfo") });
        let router = Router::new()
            .route(&format!("{REALM}/.well-known/wallet-openid-configuration"), get(constant(document)))
            .route("/certs", get(constant(key.jwks())));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { key, issuer, _runtime: runtime })
    }
}

fn constant(answer: Value) -> impl Fn() -> std::future::Ready<Json<Value>> + Clone + Send + Sync + 'static {
    move || std::future::ready(Json(answer.clone()))
}
