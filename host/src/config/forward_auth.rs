//! What a reverse proxy asks for an audience: where it says what is asked, where the login is, and what it is told of the person.
//!
//! Which proxy it is decides which headers are read, and only those: Traefik hands on whatever its client sent, so that a header which only
//! nginx sets would there be the client's own word.

use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST};
use schemars::JsonSchema;
use serde::Deserialize;

/// A proxy in front of an audience's application.
#[derive(Debug, Clone)]
pub struct ForwardAuth {
    /// Which one.
    pub proxy: ProxyKind,
    /// Where the login handle is.
    pub login: LoginPlace,
    /// What the application learns; nothing that is not listed.
    pub disclose: Vec<Disclosed>,
}

/// Programs that ask another one before they pass a request on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// `auth_request`, with `X-Original-Method` and `X-Original-URI` set by the configuration.
    Nginx,
    /// `forwardAuth`, which sets `X-Forwarded-Method` and `X-Forwarded-Uri`.
    Traefik,
    /// `forward_auth`, which sets the same.
    Caddy,
}

/// Where the application keeps the handle of the login.
#[derive(Debug, Clone)]
pub enum LoginPlace {
    /// A cookie of this name.
    Cookie(String),
    /// A header of this name.
    Header(HeaderName),
}

/// One thing about the person that may reach the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosed {
    /// `Remote-User`: the national identifier.
    User,
    /// `Remote-Groups`: codes of profession, one for each practice.
    Groups,
    /// `X-Psc-Subject`: the provider's `sub`.
    Subject,
    /// `X-Psc-Acr`: the level.
    Level,
    /// `X-Psc-Profession`: the code of profession of the practice that the person acts in.
    Profession,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Wire {
    /// Which program; it decides which headers are read.
    proxy: ProxyKind,
    /// The cookie that holds the login handle; or header.
    cookie: Option<String>,
    /// The header that holds it; or cookie.
    header: Option<String>,
    /// What the application is told of the person.
    disclose: Vec<Disclosed>,
}

/// Checks the table; the error is what is wrong with it.
pub(super) fn check(wire: Wire) -> Result<ForwardAuth, String> {
    let login = match (wire.cookie, wire.header) {
        (Some(name), None) => LoginPlace::Cookie(cookie(name)?),
        (None, Some(name)) => LoginPlace::Header(header(&name)?),
        _ => return Err("it names neither or both of cookie and header; the login is in one place".into()),
    };
    Ok(ForwardAuth { proxy: wire.proxy, login, disclose: wire.disclose })
}

/// A cookie's name is a token (RFC 6265, section 4.1.1), as is a header's.
fn cookie(name: String) -> Result<String, String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(token) { Ok(name) } else { Err("no cookie can have this name".into()) }
}

fn header(name: &str) -> Result<HeaderName, String> {
    let name: HeaderName = name.parse().map_err(|_| "no header can have this name".to_owned())?;
    if [AUTHORIZATION, COOKIE, HOST].contains(&name) {
        return Err(format!("the header {name} means something else; name one of your own, such as X-Login"));
    }
    Ok(name)
}
