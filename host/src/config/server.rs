//! Where the host listens, and what may go over that socket.
//!
//! Secrets, tokens and handles travel here, so in production the socket is encrypted or stays on this machine; and a host whose caller
//! need not say who it is stays on this machine always.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{Audience, ConfigError, Mode, value};

/// The socket.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where to listen; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// Under which URL callers know this host, without a slash at the end.
    pub public_url: Option<String>,
    /// Present when the socket is encrypted.
    pub tls: Option<Tls>,
}

/// PEM files of the certificate chain and its key.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The key of the leaf.
    pub key: PathBuf,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Wire {
    /// Address and port; port 0 takes a free one.
    #[schemars(with = "String")]
    listen: SocketAddr,
    /// The URL under which callers know this host; the `Host` of each request unless said otherwise.
    public_url: Option<String>,
    /// Encrypts the socket; in production every address but a loopback one needs it.
    tls: Option<WireTls>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct WireTls {
    /// PEM file of the certificate chain, leaf first.
    certificate: PathBuf,
    /// PEM file of its private key.
    key: PathBuf,
}

pub(super) fn check(wire: Wire, base: &Path) -> Result<Server, ConfigError> {
    if let Some(text) = &wire.public_url {
        check_url(text).map_err(|problem| value("server.public_url", &problem))?;
    }
    let tls = wire.tls.map(|tls| Tls { certificate: base.join(tls.certificate), key: base.join(tls.key) });
    Ok(Server { listen: wire.listen, public_url: wire.public_url, tls })
}

/// The identifier of a decision point is an https URL (AuthZEN 1.0, section 9.1); on this machine http will do.
fn check_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("it is not a URL ({error})"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("it has a query, fragment or user part".into());
    }
    if text.ends_with('/') {
        return Err("it ends with a slash, to which paths would be added".into());
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if super::is_loopback(&url) => Ok(()),
        other => Err(format!("its scheme is {other}, not https")),
    }
}

impl Server {
    /// Holds an address to what may go over it: that of the file, or the one that took its place on the command line.
    ///
    /// # Errors
    /// Secrets would travel in clear, or anybody on the network would be the caller.
    pub fn check_address(&self, address: SocketAddr, mode: Mode, audiences: &[Audience]) -> Result<(), ConfigError> {
        if address.ip().is_loopback() {
            return Ok(());
        }
        if let Some(open) = audiences.iter().find(|audience| audience.callers.are_open()) {
            return Err(ConfigError::OpenToTheNetwork { audience: open.id.clone(), address });
        }
        if mode == Mode::Production && self.tls.is_none() {
            return Err(ConfigError::ClearText(address));
        }
        Ok(())
    }
}
