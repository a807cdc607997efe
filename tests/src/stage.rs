//! The scene of a story: sandbox and host as real processes on loopback ports of the system's choice, with secrets made on
//! the spot and files in a folder that disappears with it.
//!
//! The sandbox speaks TLS under the real host names; the host reaches it there through its development settings.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::artefacts::{Artefacts, digest};
use crate::sandbox;
use crate::service::{Service, announcement};

/// The demo's relying parties, each with one policy of the same name.
pub const RELYING_PARTIES: [&str; 2] = ["smurtab", "sidep"];

/// What the sandbox says when it is ready. More may be said.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SandboxReady {
    /// `iss` of its tokens.
    pub issuer: String,
    /// Address it listens on.
    pub listen: String,
    /// PEM file of its throw-away certificate authority.
    pub ca: String,
    /// SHA-256 of its public key, in base64, as Chromium takes it.
    pub spki_sha256: String,
    /// Start pages of the relying parties, by id.
    pub relying_parties: std::collections::BTreeMap<String, String>,
    /// The phone page; the person's national id is appended.
    pub phone: String,
    /// Folder of the software cards.
    pub cards: Option<String>,
    /// The desk with reader and cards, for people.
    pub desk: Option<String>,
    /// The SSL test.
    pub ssl_test: Option<String>,
    /// A page that looks like the real one on another host.
    pub lookalike: String,
    /// Host names that a browser must find at `listen`.
    pub hosts: Vec<String>,
    /// The phone for scripts.
    pub phone_api: String,
    /// Mail and SMS for scripts.
    pub outbox_api: String,
}

/// What the host says when it is ready. More may be said.
#[derive(Debug, Clone, Deserialize)]
pub struct HostReady {
    /// Its address.
    pub listening: String,
    /// Digest of the verifier component.
    pub core_digest: String,
    /// The policies it loaded.
    pub policies: Vec<LoadedPolicy>,
}

/// One policy as the host announces it.
#[derive(Debug, Clone, Deserialize)]
pub struct LoadedPolicy {
    /// Relying party.
    pub audience: String,
    /// Name of the policy.
    pub id: String,
    /// Digest of its component.
    pub digest: String,
}

/// Everything that must run before a story begins.
#[derive(Debug)]
pub struct Stage {
    /// The sandbox's announcement.
    pub sandbox: SandboxReady,
    /// The host's announcement.
    pub host: HostReady,
    services: Vec<(&'static str, Service)>,
    // Dropped last: the services write here.
    _folder: TempDir,
}

impl Stage {
    /// Starts sandbox and host and waits until both say that they are ready.
    ///
    /// # Errors
    /// One of them did not start; the message holds what it printed.
    pub fn start(artefacts: &Artefacts) -> Result<Self> {
        Self::start_with(artefacts, &[])
    }

    /// The same, with these policies in the place of the named relying parties' own, each as `[[audience.policy]]` would have it.
    ///
    /// # Errors
    /// As [`Stage::start`].
    pub fn start_with(artefacts: &Artefacts, policies: &[(&str, toml::Value)]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vigie-stage-").tempdir()?;
        let decision_point = folder.path().join("decision-point.toml");
        let arguments = ["--decision-point".as_ref(), decision_point.as_os_str()];
        let (sandbox_service, sandbox) = sandbox::start(artefacts, folder.path(), &arguments)?;

        let secrets = RELYING_PARTIES.map(|_| make_secret()).into_iter().collect::<Result<Vec<_>>>()?;
        let config = folder.path().join("vigie.toml");
        std::fs::write(&config, host_config(artefacts, &sandbox, folder.path(), &secrets, policies)?)?;
        let mut command = Command::new(&artefacts.host);
        command.current_dir(folder.path()).args(["serve", "--format", "json", "--config"]).arg(&config);
        let (host_service, host) = Service::start("vigie", &mut command, folder.path(), announcement)?;
        let host: HostReady = host;

        let by_party = RELYING_PARTIES.iter().map(|id| (*id).to_owned()).zip(secrets).collect();
        let point = DecisionPoint { url: host.listening.clone(), secrets: by_party };
        std::fs::write(&decision_point, toml::to_string(&point)?)?;
        let services = vec![("vigie-sandbox", sandbox_service), ("vigie", host_service)];
        Ok(Self { sandbox, host, services, _folder: folder })
    }

    /// The last lines of every service's log, for a report of what went wrong.
    #[must_use]
    pub fn tail_of_logs(&self) -> String {
        let mut text = String::new();
        for (name, service) in &self.services {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  last lines of {name}:\n{}", service.tail(15));
        }
        text
    }
}

/// How the sandbox's relying parties find the host.
#[derive(Serialize)]
struct DecisionPoint {
    url: String,
    secrets: std::collections::BTreeMap<String, String>,
}

/// A bearer secret of 256 bits.
fn make_secret() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).context("the system gave no randomness")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The host's configuration, with one secret file for each relying party.
fn host_config(
    artefacts: &Artefacts,
    sandbox: &SandboxReady,
    folder: &Path,
    secrets: &[String],
    policies: &[(&str, toml::Value)],
) -> Result<String> {
    let issuer_host = sandbox.issuer.split('/').nth(2).context("the issuer has no host")?;
    let mut audiences = Vec::new();
    for (id, secret) in RELYING_PARTIES.iter().zip(secrets) {
        let file = folder.join(format!("{id}.secret"));
        std::fs::write(&file, secret)?;
        let policy = match policies.iter().find(|(party, _)| party == id) {
            Some((_, policy)) => serde_json::to_value(policy)?,
            None => {
                let component = artefacts.component(id);
                serde_json::json!({ "id": id, "digest": digest(&component)?, "component": component, "required": true })
            }
        };
        audiences.push(serde_json::json!({
            "id": id,
            "issuer": sandbox.issuer,
            "client_id": format!("vigie-demo-{id}"),
            "caller_secret_file": file,
            "min_acr": "eidas1",
            "clock_skew_s": 5,
            "userinfo": "fetch",
            "policy": [policy],
        }));
    }
    let config = serde_json::json!({
        "mode": "development",
        "server": { "listen": "127.0.0.1:0" },
        "state": { "path": folder.join("state.redb"), "entries": 100_000 },
        "verifier": { "component": artefacts.component("vigie-verifier") },
        "development": {
            "connect_to": [{ "host": issuer_host, "to": sandbox.listen }],
            "extra_ca": sandbox.ca,
        },
        "limits": {
            "timeout_ms": 2_000,
            "memory_bytes": 16 << 20,
            "table_elements": 10_000,
            "stack_bytes": 512 << 10,
            "hostcall_bytes": 1 << 20,
            "instances": 8,
            "request_bytes": 64 << 10,
            "log_lines": 50,
            "log_line_bytes": 512,
            "outcome_bytes": 16 << 10,
            "compile_timeout_ms": 120_000,
            "compile_memory_bytes": 4_u64 << 30,
        },
        "audience": audiences,
    });
    Ok(toml::to_string(&config)?)
}
