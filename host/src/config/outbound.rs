//! The way to the provider: a proxy of the hospital, or, in development, a sandbox under the real host names.
//!
//! A proxy is used when the file names one, and never because the environment of the process does.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use super::{ConfigError, value, wire};

/// An outbound proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Scheme, host and port.
    pub url: Url,
    credentials: Option<(String, String)>,
}

impl Proxy {
    /// User and password; disclosed on purpose, to the proxy only.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// How a development host reaches a provider that runs on this machine under its real name.
#[derive(Debug, Clone)]
pub struct Development {
    /// Host names and the addresses to connect to instead.
    pub connect_to: Vec<ConnectTo>,
    /// PEM file with one more trusted certificate authority.
    pub extra_ca: Option<PathBuf>,
}

/// One redirected host name.
#[derive(Debug, Clone)]
pub struct ConnectTo {
    /// The name in the URL, unchanged in SNI, certificate check and `Host`.
    pub host: String,
    /// The address that is dialled.
    pub to: SocketAddr,
}

pub(super) fn check_proxy(
    wire: wire::Provider,
    base: &Path,
    development: Option<&Development>,
) -> Result<Option<Proxy>, ConfigError> {
    let credentials_place = "provider.proxy_credentials_file";
    let Some(text) = wire.proxy else {
        return match wire.proxy_credentials_file {
            Some(_) => Err(value(credentials_place, "there are credentials but no provider.proxy")),
            None => Ok(None),
        };
    };
    let refuse = |problem: &str| value("provider.proxy", problem);
    let url = Url::parse(&text).map_err(|error| refuse(&format!("it is not a URL ({error})")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it holds credentials; write them to the file of provider.proxy_credentials_file"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse(&format!("its scheme is {}; write http:// or https://, host and port", url.scheme())));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("a proxy has a host and a port, and nothing after them"));
    }
    if development.is_some_and(|development| !development.connect_to.is_empty()) {
        return Err(refuse("development.connect_to leads past it; remove one of the two"));
    }
    let credentials = match wire.proxy_credentials_file {
        Some(file) => Some(credentials(&base.join(file)).map_err(|problem| value(credentials_place, &problem))?),
        None => None,
    };
    Ok(Some(Proxy { url, credentials }))
}

fn credentials(file: &Path) -> Result<(String, String), String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("the file {} cannot be read ({})", file.display(), error.kind()))?;
    match text.trim().split_once(':') {
        Some((user, password)) if !user.is_empty() && !text.trim().contains(char::is_control) => {
            Ok((user.to_owned(), password.to_owned()))
        }
        _ => Err(format!("the file {} does not hold user:password on one line", file.display())),
    }
}

pub(super) fn check_development(wire: wire::Development, base: &Path) -> Result<Development, ConfigError> {
    let mut connect_to = Vec::with_capacity(wire.connect_to.len());
    for entry in wire.connect_to {
        if !entry.to.ip().is_loopback() {
            let problem = format!("{} is not an address of this machine", entry.to);
            return Err(value("development.connect_to.to", &problem));
        }
        connect_to.push(ConnectTo { host: entry.host.to_ascii_lowercase(), to: entry.to });
    }
    Ok(Development { connect_to, extra_ca: wire.extra_ca.map(|path| base.join(path)) })
}
