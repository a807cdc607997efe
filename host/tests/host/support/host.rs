//! A host in this process, in front of the test's provider, and what a relying party says to it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use vigie_host::config::Config;
use vigie_host::engine::compiler::{Compiler, Worker};
use vigie_host::policies::watch::Wakes;
use vigie_host::provider::Pace;
use vigie_host::service::{Clock, Components, Service, StartError};

use super::components;
use super::provider::{ACCESS_TOKEN, HOST, ISSUER, Provider};

pub const NOW: u64 = 1_780_000_000;
pub const SMURTAB_SECRET: &str = "secret-of-smurtab-for-tests";
pub const SIDEP_SECRET: &str = "secret-of-sidep-for-tests";
pub const RELAY_SECRET: &str = "secret-of-relay-for-tests";
pub const LONGEST: u64 = 4 * 3600;
pub const NONCE: &str = "nonce-of-the-test";
pub const NATIONAL_ID: &str = "899700218896";
pub const SUBJECT: &str = "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700218896";

pub struct Host {
    pub url: String,
    pub client: reqwest::Client,
    pub log: PathBuf,
    pub config: PathBuf,
    now: Arc<AtomicU64>,
    _directory: tempfile::TempDir,
}

static COMPONENTS: OnceLock<Components> = OnceLock::new();

/// The shipped program as the process that compiles.
pub fn compiler() -> Compiler {
    Compiler::Worker(Worker::new(env!("CARGO_BIN_EXE_vigie").into(), 120_000, 4 << 30))
}

/// Fetches as often as it is asked, so that no test waits.
pub fn eager() -> Pace {
    Pace {
        fresh: Duration::from_secs(600),
        between: Duration::ZERO,
        retry: Duration::ZERO,
        stale: Duration::from_secs(24 * 3600),
    }
}

/// A configuration file in `directory` with two audiences that fetch UserInfo and one that relays it.
pub fn write_config(directory: &Path, provider: &Provider) -> PathBuf {
    let forward_auth = json!({
        "proxy": "nginx", "cookie": "login", "disclose": ["user", "groups", "subject", "level", "profession"],
    });
    let audience = |id: &str, policy: &str, secret: &str, userinfo: &str| {
        std::fs::write(directory.join(format!("{id}.secret")), format!("{secret}\n")).unwrap();
        json!({
            "id": id, "issuer": ISSUER, "client_id": id, "caller_secret_file": format!("{id}.secret"), "min_acr": "eidas1",
            "clock_skew_s": 5, "userinfo": userinfo, "forward_auth": forward_auth,
            "policy": [{
                "id": format!("{policy}-rules"), "component": components::path(policy), "digest": components::digest(policy).to_string(),
                "required": true,
            }],
        })
    };
    let config = json!({
        "mode": "development",
        "server": { "listen": "127.0.0.1:0" },
        "state": { "path": "state.redb", "entries": 100_000 },
        "log": { "decisions": "decisions.jsonl", "on_full": "deny", "queue": 1024, "sync": "group" },
        "verifier": { "component": components::path("vigie-verifier") },
        "development": { "connect_to": [{ "host": HOST, "to": provider.address }], "extra_ca": provider.extra_ca },
        "limits": {
            "timeout_ms": 5_000, "memory_bytes": 16 << 20, "table_elements": 10_000, "stack_bytes": 512 << 10, "hostcall_bytes": 1 << 20,
            "instances": 4, "request_bytes": 64 << 10, "log_lines": 20, "log_line_bytes": 512, "outcome_bytes": 16 << 10,
            "compile_timeout_ms": 120_000, "compile_memory_bytes": 4_u64 << 30,
        },
        "audience": [
            audience("smurtab", "smurtab", SMURTAB_SECRET, "fetch"),
            audience("sidep", "sidep", SIDEP_SECRET, "fetch"),
            audience("relay", "smurtab", RELAY_SECRET, "relay"),
        ],
    });
    let path = directory.join("vigie.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    path
}

impl Host {
    pub async fn start(provider: &Provider, pace: &Pace) -> Self {
        Self::start_logging(provider, pace, "none").await
    }

    /// The same, with this value of `log.input`.
    pub async fn start_logging(provider: &Provider, pace: &Pace, input: &str) -> Self {
        Self::start_edited(provider, pace, |text| text.replace("[log]\n", &format!("[log]\ninput = {input:?}\n"))).await
    }

    /// The same, with a configuration that the test has changed.
    pub async fn start_edited(provider: &Provider, pace: &Pace, edit: impl FnOnce(String) -> String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = write_config(directory.path(), provider);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, edit(text)).unwrap();
        let config = Config::read(&file).unwrap();
        let now = Arc::new(AtomicU64::new(NOW));
        let clock = Arc::clone(&now);
        // Every test has the same components; compiling them once is enough.
        let clock: Clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let components = COMPONENTS.get_or_init(|| Components::load(&config, &compiler(), &clock).unwrap()).clone();
        let service = Service::assemble(config, components, pace, clock).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = vigie_host::http::router(Arc::new(service));
        tokio::spawn(vigie_host::http::server::serve(listener, router, std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { url, client, log: directory.path().join("decisions.jsonl"), config: file, now, _directory: directory }
    }

    /// A host with a configuration of its own and components of its own, which follows changes as `vigie serve` does. The
    /// directory is the caller's.
    pub async fn serve(config: &Path) -> Result<Self, StartError> {
        Self::serve_compiled_by(config, &compiler()).await
    }

    /// The same, with another process that compiles.
    pub async fn serve_compiled_by(config: &Path, compiler: &Compiler) -> Result<Self, StartError> {
        let now = Arc::new(AtomicU64::new(NOW));
        let clock = Arc::clone(&now);
        let clock: Clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let read = Config::read(config)?;
        let watch = read.policies.watch;
        let components = Components::load(&read, compiler, &clock)?;
        let service = Arc::new(Service::assemble(read, components, &eager(), clock)?);
        tokio::spawn(Wakes::listen(&service, watch).follow(Arc::clone(&service)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(vigie_host::http::server::serve(
            listener,
            vigie_host::http::router(service),
            std::future::pending(),
        ));
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let log = config.with_file_name("decisions.jsonl");
        Ok(Self { url, client, log, config: config.to_owned(), now, _directory: tempfile::tempdir().unwrap() })
    }

    pub fn set_clock(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }

    pub async fn post(&self, path: &str, secret: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(secret).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A login that must succeed; returns its handle.
    pub async fn log_in(&self, secret: &str, id_token: &str) -> String {
        let (status, answer) = self.post("/v1/logins", secret, &login_body(id_token)).await;
        assert_eq!(status, 201, "{answer}");
        answer["login"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str, secret: &str) -> (u16, Value) {
        let response = self.client.get(format!("{}{path}", self.url)).bearer_auth(secret).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The metrics, as text.
    pub async fn metrics(&self) -> String {
        self.client.get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap()
    }

    pub fn log_lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn login_body(id_token: &str) -> Value {
    json!({ "id_token": id_token, "access_token": ACCESS_TOKEN, "nonce": NONCE })
}

pub fn question(handle: &str) -> Value {
    json!({
        "subject": { "type": "user", "id": NATIONAL_ID },
        "action": { "name": "open" },
        "resource": { "type": "board", "id": "b-1" },
        "context": { "login": handle },
    })
}

/// Claims in the shape of a PSC ID token (`psc-facts` 2.1), for a published test identity.
pub fn claims(client: &str) -> Value {
    claims_at(client, NOW)
}

/// The same, for a host with the machine's clock.
pub fn claims_at(client: &str, now: u64) -> Value {
    use aws_lc_rs::digest::{SHA256, digest};
    let hash = digest(&SHA256, ACCESS_TOKEN.as_bytes());
    json!({
        "exp": now + 110, "iat": now - 10, "auth_time": now - 12, "jti": "4c7ff1b6-7f4e-4c0a-a2ab-64a09e8c9e55",
        "iss": ISSUER, "aud": client, "sub": SUBJECT, "typ": "ID", "azp": client, "nonce": NONCE,
        "session_state": "2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1", "at_hash": super::keys::encode(&hash.as_ref()[..16]),
        "sid": "2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1", "authMode": "MOBILE", "acr": "eidas1",
        "SubjectNameID": NATIONAL_ID, "preferred_username": NATIONAL_ID,
    })
}

/// UserInfo of a person with one practice of this profession.
pub fn userinfo(profession: &str) -> Value {
    json!({
        "sub": SUBJECT, "SubjectNameID": NATIONAL_ID, "preferred_username": NATIONAL_ID,
        "otherIds": [{ "identifiant": "99700218896", "origine": "RPPS", "qualite": 1 }],
        "SubjectRefPro": { "exercices": [{
            "codeProfession": profession, "codeCategorieProfessionnelle": "C", "codeTypeSavoirFaire": "S", "codeSavoirFaire": "SM26",
            "activities": [{
                "codeModeExercice": "S", "codeSecteurDactivite": "SA01", "codeRole": "",
                "identifiantTechniqueDeLaStructure": "R81311", "raisonSocialeSite": "HOPITAL DE TEST",
            }],
        }] },
    })
}
