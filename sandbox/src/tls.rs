//! A certificate authority for one run, and one server certificate under it.
//!
//! Both are made when the program starts. The private keys stay in memory; only the authority's certificate is written
//! down, so that a script can trust it. Chromium can trust the server key alone, by its digest.
//!
//! One socket has several doors, told apart by the name in the client's first message (RFC 6066 §3): most ask for no
//! certificate, those for cards and for services do. A certificate is asked for and never insisted on, and whose it is, is judged
//! by the page and not by the handshake: a browser that is refused by an alert shows its holder nothing that helps.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName as IssuerName, SignatureScheme};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::encoding::{base64, sha256};
use crate::names::{ALL_HOSTS, CARD_HOST, LOCAL_SSL_TEST_HOST, MTLS_HOST, SSL_TEST_HOST};
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

/// The folder of one run: certificates, and the software cards unless they are kept elsewhere. It is removed when the sandbox ends.
#[derive(Debug)]
pub(crate) struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes a new folder below `directory`, for its owner only: it will hold keys.
    pub(crate) fn make(directory: &Path) -> Result<Self, TlsError> {
        let handle = make_handle().map_err(|_| TlsError::Folder)?;
        let folder = directory.join(format!("vigie-sandbox-{handle}"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Fails on anything that is there already, so nobody can have laid a link in wait.
        builder.create(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the authority's certificate is.
    pub(crate) fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// Writes the authority's certificate.
    pub(crate) fn write_ca(&self, pem: &str) -> Result<(), TlsError> {
        Ok(std::fs::write(self.ca(), pem)?)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed is worth nothing once the sandbox has ended: nobody knows these certificates any more.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The certificates of one run.
pub(crate) struct Certificates {
    /// The authority, to be trusted by scripts.
    pub ca_pem: String,
    /// SHA-256 of the server's public key, in base64, as Chromium takes it.
    pub spki_sha256: String,
    doors: Doors,
}

/// What a client came to, by the name it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Door {
    /// Pages and endpoints that ask for no certificate.
    #[default]
    Plain,
    /// Cards, at the login and at the SSL test.
    Card,
    /// Services that authenticate by certificate.
    Service,
}

impl Door {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some(CARD_HOST | SSL_TEST_HOST | LOCAL_SSL_TEST_HOST) => Self::Card,
            Some(MTLS_HOST) => Self::Service,
            _ => Self::Plain,
        }
    }
}

/// One configuration per door.
#[derive(Clone)]
struct Doors {
    plain: Arc<rustls::ServerConfig>,
    card: Arc<rustls::ServerConfig>,
    service: Arc<rustls::ServerConfig>,
}

impl Doors {
    fn config(&self, door: Door) -> Arc<rustls::ServerConfig> {
        Arc::clone(match door {
            Door::Plain => &self.plain,
            Door::Card => &self.card,
            Door::Service => &self.service,
        })
    }
}

/// Takes any certificate whose key the client proves to hold. Whom it stands for is decided by whoever reads [`Peer`].
#[derive(Debug)]
struct AnyHolder {
    /// Issuers named to the client, so that a browser offers what fits. Empty: any.
    issuers: Vec<IssuerName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyHolder {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[IssuerName] {
        &self.issuers
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The other end of a connection: the door it came to, and the certificate whose key it holds. Says nothing about whom that
/// certificate stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    /// The door.
    pub door: Door,
    /// The certificate, as bytes.
    pub certificate: Option<CertificateDer<'static>>,
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        let (_, connection) = stream.io().get_ref();
        let certificate = connection.peer_certificates().and_then(<[_]>::first).map(|first| first.clone().into_owned());
        Self { door: Door::of(connection.server_name()), certificate }
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(_: IncomingStream<'_, TcpListener>) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Certificates(redacted)")
    }
}

impl Certificates {
    /// Makes authority, server key and server certificate. Browsers are told that cards come from `card_issuers`.
    pub(crate) fn make(card_issuers: Vec<IssuerName>) -> Result<Self, TlsError> {
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
        let algorithms = provider.signature_verification_algorithms;
        let open = |verifier: Option<AnyHolder>| -> Result<Arc<rustls::ServerConfig>, TlsError> {
            let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()?;
            let asks = verifier.is_some();
            let builder = match verifier {
                Some(verifier) => builder.with_client_cert_verifier(Arc::new(verifier)),
                None => builder.with_no_client_auth(),
            };
            let mut config = builder.with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der())),
            )?;
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            if asks {
                // A resumed session would bring back a card that was taken out of the reader.
                config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
                config.send_tls13_tickets = 0;
            }
            Ok(Arc::new(config))
        };
        let doors = Doors {
            plain: open(None)?,
            card: open(Some(AnyHolder { issuers: card_issuers, algorithms }))?,
            service: open(Some(AnyHolder { issuers: Vec::new(), algorithms }))?,
        };
        Ok(Self {
            ca_pem: ca_certificate.pem(),
            spki_sha256: base64(&sha256(&leaf_key.subject_public_key_info())),
            doors,
        })
    }

    /// Accepts TLS connections on a socket. Handshakes run beside each other, so that a slow one holds up nobody.
    #[must_use]
    pub(crate) fn listen(&self, socket: TcpListener) -> TlsListener {
        let local = socket.local_addr();
        let doors = self.doors.clone();
        let (ready, accepted) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let Ok((stream, peer)) = socket.accept().await else {
                    // Out of file descriptors, most likely: let others finish first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (doors, ready) = (doors.clone(), ready.clone());
                if ready.is_closed() {
                    break;
                }
                tokio::spawn(async move {
                    let handshake = async {
                        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await?;
                        let door = Door::of(start.client_hello().server_name());
                        start.into_stream(doors.config(door)).await
                    };
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, handshake).await {
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
