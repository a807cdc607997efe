//! The sandbox without the host: the program as it ships, and its interfaces for scripts (switches, clock, outbox, phone).
//!
//! Stories watch pages in a browser; what no person would do there, such as moving the clock by two days, goes over the
//! same interfaces that any integrator has.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::artefacts::Artefacts;
use crate::service::{Service, announcement};
use crate::stage::SandboxReady;

/// Starts the program under the real host names and waits until it says that it is ready. Its files go to `folder`.
pub(crate) fn start(artefacts: &Artefacts, folder: &Path, arguments: &[&OsStr]) -> Result<(Service, SandboxReady)> {
    let mut command = Command::new(&artefacts.sandbox);
    command.current_dir(folder).env("TMPDIR", folder);
    command.args(["--listen", "127.0.0.1:0", "--format", "json", "--tls", "--host-names", "genuine"]).args(arguments);
    Service::start("vigie-sandbox", &mut command, folder, announcement)
}

/// A running sandbox, and a script that talks to it.
#[derive(Debug)]
pub struct Sandbox {
    /// What it said when it was ready.
    pub ready: SandboxReady,
    http: reqwest::Client,
    service: Service,
    // Dropped last: the program writes here.
    _folder: TempDir,
}

impl Sandbox {
    /// Starts it with these further arguments.
    ///
    /// # Errors
    /// It did not start; the message holds what it printed.
    pub fn start(artefacts: &Artefacts, arguments: &[&OsStr]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vigie-sandbox-").tempdir()?;
        let (service, ready) = start(artefacts, folder.path(), arguments)?;
        let http = client(&ready)?;
        Ok(Self { ready, http, service, _folder: folder })
    }

    /// Stops the sandbox's clock: from now on only [`Sandbox::advance_s`] moves it, and nothing expires because the machine is slow.
    ///
    /// # Errors
    /// It refused.
    pub async fn stop_clock(&self) -> Result<()> {
        self.set(json!({ "clock": "stopped" })).await
    }

    /// Moves the sandbox's clock forward.
    ///
    /// # Errors
    /// It refused.
    pub async fn advance_s(&self, seconds: u64) -> Result<()> {
        self.set(json!({ "advance_s": seconds })).await
    }

    /// Sets switches, as `POST /api/faults` takes them.
    ///
    /// # Errors
    /// It refused; the message says why.
    pub async fn set(&self, switches: Value) -> Result<()> {
        let (status, answer) = self.post(&self.script("/api/faults"), &switches).await?;
        ensure!(status == 200, "the switches were refused: {answer}");
        Ok(())
    }

    /// Plugs, inserts, installs at the desk, as `POST /api/card` takes it.
    ///
    /// # Errors
    /// It refused; the message says why.
    pub async fn set_desk(&self, change: Value) -> Result<()> {
        let (status, answer) = self.post(&self.script("/api/card"), &change).await?;
        ensure!(status == 200, "the desk was not changed: {answer}");
        Ok(())
    }

    /// The messages that a person was sent, newest first.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn outbox(&self, person: &str) -> Result<Vec<Value>> {
        let url = format!("{}/{person}", self.ready.outbox_api);
        Ok(self.http.get(url).send().await?.json().await?)
    }

    /// A member (`qr`, `link`, `code`) of the newest message that has it.
    ///
    /// # Errors
    /// No message has it.
    pub async fn newest(&self, person: &str, member: &str) -> Result<String> {
        let messages = self.outbox(person).await?;
        let found = messages.iter().find_map(|message| message.get(member)?.as_str().map(str::to_owned));
        found.with_context(|| format!("no message with `{member}` among {}", messages.len()))
    }

    /// The requests that wait on a person's phone.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn requests(&self, person: &str) -> Result<Vec<Value>> {
        let url = format!("{}/{person}/requests", self.ready.phone_api);
        Ok(self.http.get(url).send().await?.json().await?)
    }

    /// Answers a request on the phone. Status and body.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn answer(&self, person: &str, request: &str, body: &Value) -> Result<(u16, Value)> {
        self.post(&format!("{}/{person}/requests/{request}", self.ready.phone_api), body).await
    }

    /// One step of an activation by script. Status and body.
    ///
    /// # Errors
    /// It did not answer.
    pub async fn activation(&self, person: &str, step: &Value) -> Result<(u16, Value)> {
        self.post(&self.script(&format!("/api/activation/{person}")), step).await
    }

    /// The last lines that the program printed.
    #[must_use]
    pub fn tail(&self) -> String {
        self.service.tail(15)
    }

    fn script(&self, path: &str) -> String {
        format!("https://{}{path}", self.ready.listen)
    }

    async fn post(&self, url: &str, body: &Value) -> Result<(u16, Value)> {
        let answer = self.http.post(url).json(body).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }
}

/// A client that finds every host of the sandbox at its socket, and trusts its certificate authority and no other.
fn client(ready: &SandboxReady) -> Result<reqwest::Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another test may have installed it first; it is the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
    let listen: SocketAddr = ready.listen.parse()?;
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&ready.ca)?)?;
    let mut builder = reqwest::Client::builder().tls_certs_only([ca]).no_proxy();
    for host in &ready.hosts {
        builder = builder.resolve(host, listen);
    }
    Ok(builder.build()?)
}
