//! Chromium's own protocol, through its driver: what no page and no click can do, such as ending the extension's worker.
//!
//! Used sparingly: a story that can be told with clicks is told with clicks.

use anyhow::{Context, Result, ensure};
use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::{Method, Url};
use serde_json::{Value, json};

use crate::browser::{Browser, until};
use crate::cdp::Cdp;

/// One command of the protocol.
#[derive(Debug)]
struct Command {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.name, "params": self.parameters }).to_string()))
    }
}

impl Browser {
    /// Carries out a command of Chromium's protocol in the current tab.
    ///
    /// # Errors
    /// Chromium refused.
    pub async fn devtools(&self, name: &'static str, parameters: Value) -> Result<Value> {
        self.client.issue_cmd(Command { name, parameters }).await.with_context(|| name.to_owned())
    }

    /// The extension's worker, if it runs.
    ///
    /// # Errors
    /// Chromium does not tell.
    pub async fn worker(&self) -> Result<Option<String>> {
        let targets = self.devtools("Target.getTargets", json!({})).await?;
        let targets = targets.get("targetInfos").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = self.extension_page("");
        let text = |target: &Value, name: &str| target.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let worker = targets
            .iter()
            .find(|target| text(target, "type") == "service_worker" && text(target, "url").starts_with(&own));
        Ok(worker.map(|worker| text(worker, "targetId")))
    }

    /// Waits for a page of the extension that opens by itself, and closes it once it has read its sentences: all pages of the
    /// extension share one process, which asks the browser for them once and would keep the answer of a page that was closed while
    /// it asked, which is none.
    ///
    /// # Errors
    /// It does not open, or does not come to show anything.
    pub async fn close_page(&self, page: &str) -> Result<()> {
        let address = self.extension_page(page);
        let cdp = Cdp::connect(&self.debugger()?).await?;
        let target = until(&format!("the extension's page {page} to open"), async || {
            let targets = cdp.targets("page", &address).await?;
            Ok(targets.into_iter().next().ok_or_else(|| "it is not there".to_owned()))
        })
        .await?;
        let session = cdp.attach(&target).await?;
        until(&format!("the extension's page {page} to be ready"), async || {
            let state = session.evaluate("document.getElementById('page-state')?.dataset.state").await?;
            Ok(if state == "ready" { Ok(()) } else { Err(format!("its state is {state}")) })
        })
        .await?;
        cdp.call("Target.closeTarget", json!({ "targetId": target })).await.map(drop)
    }

    /// Runs a script in the extension's worker. What it returns is not heard: a story looks at what comes of it.
    ///
    /// # Errors
    /// The worker does not run.
    pub async fn evaluate_in_worker(&self, script: &str) -> Result<()> {
        let worker = self.worker().await?.context("the extension's worker does not run")?;
        let attached = self.devtools("Target.attachToTarget", json!({ "targetId": worker, "flatten": false })).await?;
        let session =
            attached.get("sessionId").and_then(Value::as_str).context("no session with the worker")?.to_owned();
        let message = json!({ "id": 1, "method": "Runtime.evaluate", "params": { "expression": script } }).to_string();
        let message = json!({ "sessionId": session, "message": message });
        self.devtools("Target.sendMessageToTarget", message).await?;
        self.devtools("Target.detachFromTarget", json!({ "sessionId": session })).await.map(drop)
    }

    /// Ends the extension's worker, as Chromium does by itself after half a minute, and waits until it is gone. Whatever
    /// comes next finds a new one.
    ///
    /// # Errors
    /// It does not end.
    pub async fn kill_worker(&self) -> Result<()> {
        let worker = self.worker().await?.context("the extension's worker does not run")?;
        let answer = self.devtools("Target.closeTarget", json!({ "targetId": worker })).await?;
        ensure!(answer.get("success") != Some(&Value::Bool(false)), "Chromium does not end the worker");
        until("the worker to be another one", async || {
            Ok(if self.worker().await?.as_ref() == Some(&worker) { Err("it is the same".to_owned()) } else { Ok(()) })
        })
        .await
    }
}
