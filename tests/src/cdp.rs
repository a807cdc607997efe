//! A client of Chromium's own debugging protocol, for what WebDriver does not show: the extension's worker, the world in which
//! its content script runs, and everything that any of them prints, throws or sends.
//!
//! One connection, to the browser; each page or worker is a [`Session`] on it. Events are kept in the order in which they
//! came. It drives nothing by itself. Protocol: <https://chromedevtools.github.io/devtools-protocol/>.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::until::{OnItsWay, is_leaving, until};

/// How long the browser may take to answer one call.
const ANSWER: Duration = Duration::from_secs(60);

/// One event, with the session that it belongs to (empty for the browser itself).
#[derive(Debug, Clone)]
pub struct Event {
    /// The session.
    pub session: String,
    /// Such as `Runtime.exceptionThrown`.
    pub method: String,
    /// Its parameters.
    pub params: Value,
}

type Waiting = HashMap<u64, oneshot::Sender<Value>>;

#[derive(Debug)]
struct Shared {
    next: AtomicU64,
    outgoing: mpsc::UnboundedSender<Message>,
    waiting: Mutex<Waiting>,
    events: Mutex<Vec<Event>>,
}

/// The connection. Clones share it.
#[derive(Debug, Clone)]
pub struct Cdp(Arc<Shared>);

impl Cdp {
    /// Connects to the browser's endpoint, `ws://127.0.0.1:…/devtools/browser/…`.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn connect(endpoint: &str) -> Result<Self> {
        // A dump of the storage or a long log may be larger than the usual limit.
        let config = WebSocketConfig::default().max_message_size(Some(64 << 20)).max_frame_size(Some(64 << 20));
        let (socket, _) = tokio_tungstenite::connect_async_with_config(endpoint, Some(config), true)
            .await
            .context("the browser's debugging port")?;
        let (mut to_browser, mut from_browser) = socket.split();
        let (outgoing, mut queue) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { next: AtomicU64::new(1), outgoing, waiting: Mutex::default(), events: Mutex::default() });
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if to_browser.send(message).await.is_err() {
                    break;
                }
            }
        });
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(Ok(message)) = from_browser.next().await {
                let (Some(shared), Ok(text)) = (weak.upgrade(), message.to_text()) else {
                    break;
                };
                if let Ok(value) = serde_json::from_str(text) {
                    shared.receive(value);
                }
            }
            // Whoever still waits learns that nothing will come.
            if let Some(shared) = weak.upgrade() {
                lock(&shared.waiting).clear();
            }
        });
        Ok(Self(shared))
    }

    /// Calls a method of the browser itself.
    ///
    /// # Errors
    /// The browser refused, or is gone.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.call_in(None, method, params).await
    }

    async fn call_in(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let (Some(session), Some(members)) = (session, message.as_object_mut()) {
            members.insert("sessionId".into(), session.into());
        }
        let (sender, answer) = oneshot::channel();
        lock(&self.0.waiting).insert(id, sender);
        self.0.outgoing.send(Message::text(message.to_string())).context("the browser is gone")?;
        let answer = tokio::time::timeout(ANSWER, answer)
            .await
            .with_context(|| format!("{method}: no answer within {} s", ANSWER.as_secs()))?
            .with_context(|| format!("{method}: the browser is gone"))?;
        match answer.get("error") {
            Some(error) => {
                let words = error.get("message").and_then(Value::as_str).unwrap_or("refused");
                let said = format!("{method}: {words}");
                if is_leaving(words) { Err(OnItsWay(said).into()) } else { bail!(said) }
            }
            None => Ok(answer.get("result").cloned().unwrap_or(Value::Null)),
        }
    }

    /// Starts a session with a page or worker.
    ///
    /// # Errors
    /// It is gone.
    pub async fn attach(&self, target: &str) -> Result<Session> {
        let answer = self.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await?;
        let id = answer.get("sessionId").and_then(Value::as_str).context("a session without a name")?;
        Ok(Session { cdp: self.clone(), id: id.to_owned(), target: target.to_owned() })
    }

    /// The pages and workers whose member `type` and address begin so, newest first.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn targets(&self, kind: &str, address: &str) -> Result<Vec<String>> {
        let answer = self.call("Target.getTargets", json!({})).await?;
        let all = answer.get("targetInfos").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |target: &Value, name: &str| target.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let wanted = all.iter().filter(|one| text(one, "type") == kind && text(one, "url").starts_with(address));
        Ok(wanted.map(|target| text(target, "targetId")).collect())
    }

    /// The extension's worker, started or about to be.
    ///
    /// # Errors
    /// It does not start.
    pub async fn worker(&self, extension: &str) -> Result<Session> {
        let target = until("the extension's worker to run", async || {
            Ok(self.targets("service_worker", extension).await?.into_iter().next().ok_or("there is none".to_owned()))
        })
        .await?;
        self.attach(&target).await
    }

    /// How many events there were so far; what comes later is [`Cdp::since`] this mark.
    #[must_use]
    pub fn mark(&self) -> usize {
        lock(&self.0.events).len()
    }

    /// The events from a mark on.
    #[must_use]
    pub fn since(&self, mark: usize) -> Vec<Event> {
        lock(&self.0.events).get(mark..).unwrap_or_default().to_vec()
    }
}

impl Shared {
    fn receive(&self, mut message: Value) {
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            if let Some(sender) = lock(&self.waiting).remove(&id) {
                // Whoever asked may have given up.
                let _ = sender.send(message);
            }
            return;
        }
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (session, method) = (text("sessionId"), text("method"));
        let params = message.get_mut("params").map(Value::take).unwrap_or_default();
        lock(&self.events).push(Event { session, method, params });
    }
}

/// A page or worker.
#[derive(Debug, Clone)]
pub struct Session {
    cdp: Cdp,
    id: String,
    target: String,
}

impl Session {
    /// The name under which its events come.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The browser's name for the page or worker.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Calls a method of this page or worker.
    ///
    /// # Errors
    /// It refused, or is gone.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.cdp.call_in(Some(&self.id), method, params).await
    }

    /// What an expression is, promises awaited, in the page's own world.
    ///
    /// # Errors
    /// It threw.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        self.evaluate_with(expression, json!({})).await
    }

    /// What an expression is in one world of the page; see [`Session::worlds`].
    ///
    /// # Errors
    /// It threw, or the world is gone.
    pub async fn evaluate_in(&self, world: i64, expression: &str) -> Result<Value> {
        self.evaluate_with(expression, json!({ "contextId": world })).await
    }

    async fn evaluate_with(&self, expression: &str, mut params: Value) -> Result<Value> {
        if let Some(members) = params.as_object_mut() {
            members.insert("expression".into(), expression.into());
            members.insert("awaitPromise".into(), true.into());
            members.insert("returnByValue".into(), true.into());
        }
        let answer = self.call("Runtime.evaluate", params).await?;
        if let Some(details) = answer.get("exceptionDetails") {
            let thrown = details.pointer("/exception/description").or_else(|| details.get("text"));
            return Err(anyhow!("it threw: {}", thrown.and_then(Value::as_str).unwrap_or_default()));
        }
        Ok(answer.pointer("/result/value").cloned().unwrap_or(Value::Null))
    }

    /// The worlds of an extension's content scripts that stand in this page now, frames included. Needs `Runtime.enable`.
    #[must_use]
    pub fn worlds(&self, extension: &str) -> Vec<i64> {
        let mut alive = Vec::new();
        for event in self.cdp.since(0).iter().filter(|event| event.session == self.id) {
            match event.method.as_str() {
                "Runtime.executionContextCreated" => {
                    let context = event.params.get("context").cloned().unwrap_or_default();
                    let origin = context.get("origin").and_then(Value::as_str).unwrap_or_default();
                    if let (true, Some(id)) = (origin == extension, context.get("id").and_then(Value::as_i64)) {
                        alive.push(id);
                    }
                }
                "Runtime.executionContextDestroyed" => {
                    let gone = event.params.get("executionContextId").and_then(Value::as_i64);
                    alive.retain(|id| Some(*id) != gone);
                }
                "Runtime.executionContextsCleared" => alive.clear(),
                _ => {}
            }
        }
        alive
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
