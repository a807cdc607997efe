//! One GET, held to a time and a size.
//!
//! Redirects are not followed: a redirect from a provider's back-channel endpoint is a fault or an attack. Development may connect
//! to a local port under a real host name; name, SNI, certificate check and `Host` stay those of the URL. A proxy of the configuration
//! sees host and port of an https URL (CONNECT, RFC 9110 section 9.3.6) and nothing of what is said; one of the environment is not used.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::redirect::Policy;
use rustls::crypto::aws_lc_rs;
use url::Url;

use super::ProviderError;
use crate::config::{Development, Proxy};
use crate::problem::Explain;

/// A person waits for the answer, and PSC's own tokens live 120 s.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(2);

/// The client cannot be made as configured.
#[derive(Debug, thiserror::Error)]
pub enum BuildClientError {
    /// `development.extra_ca`.
    #[error("development.extra_ca, file {file}, {problem}")]
    ExtraCa {
        /// As configured.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A port in a URL wins over the port of `connect_to`, so the redirection would silently go elsewhere.
    #[error(
        "development.connect_to redirects {host}, but issuer {issuer} writes a port, which would be dialled instead"
    )]
    PortInIssuer {
        /// The redirected host.
        host: String,
        /// The issuer with the port.
        issuer: String,
    },
    /// The TLS client could not be set up.
    #[error("the TLS client cannot be set up ({0})")]
    Tls(String),
}

impl Explain for BuildClientError {
    fn code(&self) -> &'static str {
        match self {
            Self::ExtraCa { .. } => "CFG-EXTRA-CA",
            Self::PortInIssuer { .. } => "CFG-CONNECT-TO",
            Self::Tls(_) => "CFG-TLS",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::ExtraCa { .. } => {
                "Name the PEM file that vigie-sandbox --tls prints, once the sandbox has started.".into()
            }
            Self::PortInIssuer { .. } => "Write the issuer without a port, or remove that redirection.".into(),
            Self::Tls(_) => "Install the system's certificate authorities (package ca-certificates).".into(),
        }
    }
}

#[derive(Clone)]
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new(
        development: Option<&Development>,
        proxy: Option<&Proxy>,
        issuers: &[&str],
    ) -> Result<Self, BuildClientError> {
        // One TLS implementation in the process. A second call finds the first one's choice, which is the same.
        let _already_installed = aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(TIME_LIMIT)
            .connect_timeout(CONNECT_TIME_LIMIT)
            .user_agent(concat!("vigie/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if let Some(proxy) = proxy {
            let refuse = |error: reqwest::Error| BuildClientError::Tls(error.to_string());
            let mut outbound = reqwest::Proxy::all(proxy.url.clone()).map_err(refuse)?;
            if let Some((user, password)) = proxy.credentials() {
                outbound = outbound.basic_auth(user, password);
            }
            builder = builder.proxy(outbound);
        }
        if let Some(development) = development {
            for entry in &development.connect_to {
                if let Some(issuer) = issuers.iter().find(|issuer| writes_port(issuer, &entry.host)) {
                    return Err(BuildClientError::PortInIssuer {
                        host: entry.host.clone(),
                        issuer: (*issuer).to_owned(),
                    });
                }
                builder = builder.resolve(&entry.host, entry.to);
            }
            if let Some(path) = &development.extra_ca {
                let refuse = |problem: String| BuildClientError::ExtraCa { file: path.display().to_string(), problem };
                let pem = std::fs::read(path).map_err(|error| refuse(format!("cannot be read ({})", error.kind())))?;
                let certificates =
                    reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| refuse("is not PEM".into()))?;
                if certificates.is_empty() {
                    return Err(refuse("holds no certificate".into()));
                }
                builder = builder.tls_certs_merge(certificates);
            }
        }
        if issuers.iter().all(|issuer| issuer.starts_with("http:")) {
            // Nobody to trust, so a machine without certificate authorities can run the http sandbox.
            builder = builder.tls_certs_only([]);
        }
        builder.build().map(Self).map_err(|error| BuildClientError::Tls(error.to_string()))
    }

    /// The body of a 200 answer as text.
    pub(super) async fn get(
        &self,
        url: &Url,
        what: &'static str,
        most: usize,
        bearer: Option<&str>,
    ) -> Result<String, ProviderError> {
        let host = url.host_str().unwrap_or("").to_owned();
        let unreachable =
            |error: &reqwest::Error| ProviderError::Unreachable { host: host.clone(), what, reason: reason(error) };
        let answer = |reason: String| ProviderError::Answer { host: host.clone(), what, reason };
        let mut request = self.0.get(url.clone()).header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if bearer.is_some() => {
                return Err(ProviderError::AccessTokenRefused);
            }
            status => return Err(answer(format!("status {}", status.as_u16()))),
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len() + chunk.len() > most {
                return Err(answer(format!("more than {most} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        String::from_utf8(body).map_err(|_| answer("bytes that are not UTF-8".into()))
    }

    /// Said to those who come between a failed fetch and the next one.
    pub(super) fn too_early(&self, issuer: &str) -> ProviderError {
        let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        ProviderError::Unreachable { host, what: "keys", reason: "an attempt failed a moment ago" }
    }
}

fn writes_port(issuer: &str, host: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| url.host_str() == Some(host) && url.port().is_some())
}

/// A word for the cause; the error itself may hold a URL.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "time limit"
    } else if error.is_connect() {
        "no connection, or its certificate is not trusted"
    } else {
        "the connection broke"
    }
}
