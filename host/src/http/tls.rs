//! TLS of the listener: certificate and key from files, renewed without a restart, and the caller's certificate when it shows one.
//!
//! A caller's certificate is trusted for nothing by itself: the handshake proves that the caller has its key, and the audience that pins
//! its digest decides what that is worth. So no authority is asked, and an unknown certificate is answered in one sentence like any
//! other unknown caller, not with a broken handshake.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

use crate::config;
use crate::problem::Explain;

/// Whether callers are asked for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskCallers {
    /// Some audience pins one. Who shows none may still be known by a secret.
    ForCertificate,
    /// Nobody would look at it.
    Nothing,
}

/// What the listener encrypts with. The current files are used for each new connection.
pub struct Tls {
    files: config::Tls,
    ask: AskCallers,
    current: ArcSwap<ServerConfig>,
}

/// The listener cannot be encrypted with these files.
#[derive(Debug, thiserror::Error)]
pub enum LoadTlsError {
    /// Not there, not readable, or not PEM.
    #[error("{file} holds no {what} that can be read")]
    File {
        /// As configured.
        file: String,
        /// "certificate" or "private key".
        what: &'static str,
    },
    /// They do not belong together, or are of a kind that is not spoken.
    #[error("certificate {certificate} and key {key} cannot be used together ({reason})")]
    Pair {
        /// As configured.
        certificate: String,
        /// As configured.
        key: String,
        /// What the TLS library says.
        reason: Error,
    },
}

impl Explain for LoadTlsError {
    fn code(&self) -> &'static str {
        "CFG-CERTIFICATE"
    }

    fn help(&self) -> String {
        match self {
            Self::File { .. } => "Write a PEM file there that the account which runs vigie may read.".into(),
            Self::Pair { .. } => {
                "Name the key that the certificate was made for, RSA of at least 2048 bits or ECDSA.".into()
            }
        }
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn load(files: &config::Tls, ask: AskCallers) -> Result<Self, LoadTlsError> {
        Ok(Self { current: ArcSwap::new(read(files, ask)?), files: files.clone(), ask })
    }

    /// Reads the files again; connections that are open keep what they have.
    ///
    /// # Errors
    /// They cannot be used, and what was read before stays in use.
    pub fn reload(&self) -> Result<(), LoadTlsError> {
        self.current.store(read(&self.files, self.ask)?);
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }
}

fn read(files: &config::Tls, ask: AskCallers) -> Result<Arc<ServerConfig>, LoadTlsError> {
    let name = |path: &std::path::Path| path.display().to_string();
    let unreadable = |path, what| LoadTlsError::File { file: name(path), what };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .ok()
        .filter(|chain: &Vec<_>| !chain.is_empty())
        .ok_or_else(|| unreadable(&files.certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|_| unreadable(&files.key, "private key"))?;
    let mismatch = |reason| LoadTlsError::Pair { certificate: name(&files.certificate), key: name(&files.key), reason };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?;
    let builder = match ask {
        AskCallers::ForCertificate => builder.with_client_cert_verifier(Arc::new(AnyKeyHolder(provider))),
        AskCallers::Nothing => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Takes any certificate whose key signs the handshake.
#[derive(Debug)]
struct AnyKeyHolder(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyKeyHolder {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
