//! WebDriver BiDi over one WebSocket: a command, its answer, nothing else. Events are not asked for and are passed over.
//!
//! Specification: <https://w3c.github.io/webdriver-bidi/>.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// How long the browser may take for one command on a busy machine.
const ANSWER: Duration = Duration::from_secs(60);

/// A session.
#[derive(Debug)]
pub(crate) struct Bidi {
    socket: Mutex<WebSocketStream<TcpStream>>,
    last: AtomicU64,
}

impl Bidi {
    /// Connects to the browser on this loopback port and opens a session.
    pub(crate) async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let address = format!("ws://127.0.0.1:{port}/session");
        let (socket, _) = tokio_tungstenite::client_async(address, stream).await.context("no WebSocket")?;
        let bidi = Self { socket: Mutex::new(socket), last: AtomicU64::new(0) };
        bidi.call("session.new", json!({ "capabilities": {} })).await?;
        Ok(bidi)
    }

    /// Sends a command and waits for its result.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value> {
        let answered = tokio::time::timeout(ANSWER, self.exchange(method, params)).await;
        answered.map_err(|_| anyhow!("{method}: no answer within {} s", ANSWER.as_secs()))?
    }

    async fn exchange(&self, method: &str, params: Value) -> Result<Value> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let command = json!({ "id": id, "method": method, "params": params });
        // Held until the answer is there: commands do not overlap.
        let mut socket = self.socket.lock().await;
        socket.send(Message::text(command.to_string())).await.with_context(|| format!("{method}: not sent"))?;
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message.with_context(|| format!("{method}: the connection broke"))? else {
                continue;
            };
            let mut answer: Value = serde_json::from_str(&text)?;
            if answer.get("id").and_then(Value::as_u64) != Some(id) {
                continue;
            }
            if answer.get("type").and_then(Value::as_str) == Some("error") {
                let said = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                bail!("{method}: {} ({})", said("message"), said("error"));
            }
            return Ok(answer.get_mut("result").map(Value::take).unwrap_or_default());
        }
        bail!("{method}: the browser closed the connection")
    }

    /// What the body of an async function returns when it runs in this browsing context, as JSON.
    pub(crate) async fn evaluate(&self, context: &str, body: &str) -> Result<Value> {
        let expression = format!("(async () => {{ {body} }})().then((value) => JSON.stringify(value ?? null))");
        let params = json!({ "expression": expression, "target": { "context": context }, "awaitPromise": true });
        let answer = self.call("script.evaluate", params).await?;
        if let Some(thrown) = answer.pointer("/exceptionDetails/text").and_then(Value::as_str) {
            bail!("the script threw: {thrown}");
        }
        let text = answer.pointer("/result/value").and_then(Value::as_str).context("the script returned no text")?;
        Ok(serde_json::from_str(text)?)
    }
}
