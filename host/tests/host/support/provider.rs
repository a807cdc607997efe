//! A small provider on this machine, under its real name: TLS with a certificate authority of its own, discovery, keys, UserInfo.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use super::keys::Key;

pub const HOST: &str = "auth.esw.esante.gouv.fr";
pub const ISSUER: &str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet";
pub const ACCESS_TOKEN: &str = "access-token-of-the-test";

/// What it answers; a test may change it at any time.
pub struct Answers {
    pub issuer: String,
    pub keys: Vec<Value>,
    pub userinfo: String,
    pub userinfo_status: StatusCode,
    /// The one that UserInfo is given for.
    pub access_token: String,
    /// What the key endpoint says instead of `keys`.
    pub garbage: Option<String>,
    /// It answers everything with 503.
    pub is_down: bool,
}

pub struct Provider {
    pub address: SocketAddr,
    pub extra_ca: PathBuf,
    pub key: Key,
    pub answers: Mutex<Answers>,
    pub key_fetches: AtomicUsize,
    _directory: tempfile::TempDir,
}

impl Provider {
    pub async fn start(key: Key, userinfo: &Value) -> Arc<Self> {
        let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let extra_ca = directory.path().join("ca.pem");
        let (acceptor, ca) = certificate();
        std::fs::write(&extra_ca, ca).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = Answers {
            issuer: ISSUER.to_owned(),
            keys: vec![key.jwk()],
            userinfo: userinfo.to_string(),
            userinfo_status: StatusCode::OK,
            access_token: ACCESS_TOKEN.to_owned(),
            garbage: None,
            is_down: false,
        };
        let provider = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            extra_ca,
            key,
            answers: Mutex::new(answers),
            key_fetches: AtomicUsize::new(0),
            _directory: directory,
        });
        let router = Router::new()
            .route("/auth/realms/esante-wallet/.well-known/wallet-openid-configuration", get(discovery))
            .route("/certs", get(keys))
            .route("/userinfo", get(userinfo_endpoint))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(TlsListener { listener, acceptor }, router).await });
        provider
    }

    pub fn key_fetches(&self) -> usize {
        self.key_fetches.load(Ordering::SeqCst)
    }

    pub fn change(&self, change: impl FnOnce(&mut Answers)) {
        change(&mut self.answers.lock().unwrap());
    }
}

async fn discovery(State(provider): State<Arc<Provider>>) -> Result<Json<Value>, StatusCode> {
    let answers = provider.answers.lock().unwrap();
    if answers.is_down {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(json!({
        "issuer": answers.issuer,
        "jwks_uri": format!("https://{HOST}/certs"),
        "userinfo_endpoint": format!("https://{HOST}/userinfo"),
    })))
}

async fn keys(State(provider): State<Arc<Provider>>) -> String {
    provider.key_fetches.fetch_add(1, Ordering::SeqCst);
    let answers = provider.answers.lock().unwrap();
    answers.garbage.clone().unwrap_or_else(|| json!({ "keys": answers.keys }).to_string())
}

async fn userinfo_endpoint(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> (StatusCode, String) {
    let answers = provider.answers.lock().unwrap();
    if headers.get("authorization").is_none_or(|value| value != &format!("Bearer {}", answers.access_token)) {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    (answers.userinfo_status, answers.userinfo.clone())
}

fn certificate() -> (TlsAcceptor, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec![HOST.to_owned()]).unwrap().signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private).unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca_pem)
}

struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            // A client that does not trust the certificate hangs up here.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
