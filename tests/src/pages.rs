//! A server of test pages: the files of one folder, over TLS, under whatever host name the browser maps to it.
//!
//! It can do what the sandbox must not: send any content security policy, be framed, and take what a page gives away. A page
//! is a file; `{{login}}` and its like in it stand for the fragment `_login.html`, `{{style}}` for the query parameter of that
//! name. The parameter `csp` becomes the policy. What is posted to `/seen` is kept, and so is the address of every request.
//!
//! Not here: no login, no state, nothing that a page of the product should rely on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::stage::SandboxReady;

/// What reached the server: addresses and bodies, in order.
type Heard = Arc<Mutex<Vec<String>>>;

/// A running server. It ends with the runtime that started it.
#[derive(Debug)]
pub struct Pages {
    /// What a browser must know of it, in the form in which the sandbox says it.
    pub ready: SandboxReady,
    heard: Heard,
}

impl Pages {
    /// Serves the files of `folder` under these names.
    ///
    /// # Errors
    /// No socket, or no certificate could be made.
    pub async fn serve(folder: PathBuf, hosts: &[&str]) -> Result<Self> {
        let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(names.clone())?.self_signed(&key)?;
        let spki_sha256 = STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];

        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let listen = socket.local_addr()?.to_string();
        let heard = Heard::default();
        let router = router(folder, Arc::clone(&heard));
        let listener = Listener::accept_on(socket, TlsAcceptor::from(Arc::new(config)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let ready = SandboxReady { listen, spki_sha256, hosts: names, ..SandboxReady::default() };
        Ok(Self { ready, heard })
    }

    /// Every address that was asked for and every body that was posted, in order.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug, Clone)]
struct Site {
    folder: PathBuf,
    heard: Heard,
}

impl Site {
    fn hear(&self, what: String) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

fn router(folder: PathBuf, heard: Heard) -> Router {
    let site = Site { folder, heard };
    Router::new()
        .route("/seen", post(seen))
        .route("/{file}", get(page))
        .layer(middleware::from_fn_with_state(site.clone(), note))
        .with_state(site)
}

async fn note(State(site): State<Site>, request: Request, next: Next) -> Response {
    site.hear(request.uri().to_string());
    next.run(request).await
}

async fn seen(State(site): State<Site>, body: String) -> StatusCode {
    site.hear(body);
    StatusCode::NO_CONTENT
}

async fn page(
    State(site): State<Site>,
    Path(file): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    match render(&site, &file, &query) {
        Ok(text) => {
            let kind = if file.ends_with(".js") { "text/javascript" } else { "text/html; charset=utf-8" };
            let mut headers: Vec<(HeaderName, String)> = vec![(header::CONTENT_TYPE, kind.to_owned())];
            if let Some(policy) = query.get("csp") {
                headers.push((header::CONTENT_SECURITY_POLICY, policy.clone()));
            }
            (axum::response::AppendHeaders(headers), text).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn render(site: &Site, file: &str, query: &BTreeMap<String, String>) -> Result<String> {
    let read = |name: &str| {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        anyhow::ensure!(plain && !name.starts_with('.'), "not a name of a page");
        Ok(std::fs::read_to_string(site.folder.join(name))?)
    };
    let mut text = read(file)?;
    for fragment in ["login", "number", "watch"] {
        let place = format!("{{{{{fragment}}}}}");
        if text.contains(&place) {
            text = text.replace(&place, &read(&format!("_{fragment}.html"))?);
        }
    }
    for parameter in ["style", "what", "to"] {
        let value = query.get(parameter).map(String::as_str).unwrap_or_default();
        text = text.replace(&format!("{{{{{parameter}}}}}"), value);
    }
    Ok(text)
}

/// Finished TLS connections, for `axum::serve`.
struct Listener {
    local: SocketAddr,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Listener {
    fn accept_on(socket: TcpListener, acceptor: TlsAcceptor) -> Self {
        let local = socket.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)));
        let (ready, accepted) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = socket.accept().await {
                let (acceptor, ready) = (acceptor.clone(), ready.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = ready.send((stream, peer)).await;
                    }
                });
            }
        });
        Self { local, accepted }
    }
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.local)
    }
}

/// The folder of the pages that attack the extension.
///
/// # Errors
/// The checkout is not where it was compiled.
pub fn hostile() -> Result<PathBuf> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pages/hostile");
    folder.canonicalize().context("tests/pages/hostile is gone")
}
