//! A certificate authority for one run, and one server certificate under it.
//!
//! Both are made when the program starts. The private keys stay in memory; only the authority's certificate is written
//! down, so that a script can trust it. Chromium can trust the server key alone, by its digest.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::encoding::{base64, sha256};
use crate::names::ALL_HOSTS;
use crate::random::make_handle;

/// A client that does not finish its handshake within this time is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No key or certificate could be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The library refused what was made.
    #[error("the TLS library refused the certificate: {0}")]
    Library(#[from] rustls::Error),
    /// The authority's certificate could not be written.
    #[error("the certificate could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// No name could be made for the folder.
    #[error("no random name could be made for the certificate's folder")]
    Folder,
}

/// The written certificate of the authority. It is removed when the sandbox ends.
#[derive(Debug)]
pub(crate) struct CaFile {
    folder: PathBuf,
    path: PathBuf,
}

impl CaFile {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        // What cannot be removed is a public certificate in a temporary folder.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The certificates of one run.
pub(crate) struct Certificates {
    /// The authority, to be trusted by scripts.
    pub ca_pem: String,
    /// SHA-256 of the server's public key, in base64, as Chromium takes it.
    pub spki_sha256: String,
    config: Arc<rustls::ServerConfig>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Certificates(redacted)")
    }
}

impl Certificates {
    /// Makes authority, server key and server certificate.
    pub(crate) fn make() -> Result<Self, TlsError> {
        let named = |name: &str| {
            let mut distinguished = DistinguishedName::new();
            distinguished.push(DnType::CommonName, name);
            distinguished
        };
        let mut ca = CertificateParams::default();
        ca.distinguished_name = named("vigie-sandbox throw-away CA, never trust it");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca, ca_key);

        let mut leaf = CertificateParams::new(ALL_HOSTS.map(str::to_owned).to_vec())?;
        leaf.distinguished_name = named("vigie-sandbox");
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.subject_alt_names.push(SanType::DnsName("localhost".try_into()?));
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            leaf.subject_alt_names.push(SanType::IpAddress(address));
        }
        let leaf_key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&leaf_key, &issuer)?;

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der())),
            )?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            ca_pem: ca_certificate.pem(),
            spki_sha256: base64(&sha256(&leaf_key.subject_public_key_info())),
            config: Arc::new(config),
        })
    }

    /// Writes the authority's certificate into a new folder below `directory`.
    pub(crate) fn write_ca(&self, directory: &Path) -> Result<CaFile, TlsError> {
        let handle = make_handle().map_err(|_| TlsError::Folder)?;
        // `create_dir` fails on anything that is there already, so nobody can have laid a link in wait.
        let folder = directory.join(format!("vigie-sandbox-{handle}"));
        std::fs::create_dir(&folder)?;
        let path = folder.join("ca.pem");
        std::fs::write(&path, &self.ca_pem)?;
        Ok(CaFile { folder, path })
    }

    /// Accepts TLS connections on a socket. Handshakes run beside each other, so that a slow one holds up nobody.
    #[must_use]
    pub(crate) fn listen(&self, socket: TcpListener) -> TlsListener {
        let local = socket.local_addr();
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        let (ready, accepted) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let Ok((stream, peer)) = socket.accept().await else {
                    // Out of file descriptors, most likely: let others finish first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (acceptor, ready) = (acceptor.clone(), ready.clone());
                if ready.is_closed() {
                    break;
                }
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = ready.send((stream, peer)).await;
                    }
                });
            }
        });
        TlsListener { local, accepted }
    }
}

/// Finished TLS connections, for `axum::serve`.
#[derive(Debug)]
pub(crate) struct TlsListener {
    local: std::io::Result<SocketAddr>,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            // The accepting task never ends before this listener; waiting for ever is what an idle socket does.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        match &self.local {
            Ok(address) => Ok(*address),
            Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
        }
    }
}
