//! The floor of the served host: the same server and runtime, JSON parsed, one RS256 signature checked, a constant answer.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;

use anyhow::Result;

use crate::token::RawCheck;

/// Serves until it is ended. The first line on standard output says where.
pub(crate) fn serve(check: &str) -> Result<()> {
    let check = Arc::new(RawCheck::from_json(check)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", json!({ "listening": format!("http://{}", listener.local_addr()?) }));
        let router = Router::new().route("/access/v1/evaluation", post(answer)).with_state(check);
        vigie_host::http::server::serve(listener, router, std::future::pending()).await;
        Ok(())
    })
}

async fn answer(State(check): State<Arc<RawCheck>>, body: Bytes) -> Result<Json<Value>, StatusCode> {
    let question: Value = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    if question.get("subject").is_none() {
        return Err(StatusCode::BAD_REQUEST);
    }
    if check.passes() { Ok(Json(json!({ "decision": true }))) } else { Err(StatusCode::INTERNAL_SERVER_ERROR) }
}
