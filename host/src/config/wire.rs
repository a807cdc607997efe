//! The file as it is written: one struct per table, every unknown key refused.
//!
//! Only shapes and closed sets of words are decided here; ranges and relations between keys are in `config.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::digest::Digest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) mode: Mode,
    pub(super) server: Server,
    pub(super) state: State,
    pub(super) log: Option<Log>,
    pub(super) verifier: Verifier,
    pub(super) development: Option<Development>,
    pub(super) limits: super::limits::Wire,
    pub(super) audience: Vec<Audience>,
}

/// What the host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A laptop with a sandbox; `[development]` is allowed.
    Development,
    /// Real people; `[development]` is refused.
    Production,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: SocketAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) decisions: PathBuf,
    #[serde(default)]
    pub(super) input: LogInput,
}

/// How much of a question the decision log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogInput {
    /// Nothing: the log names nobody.
    #[default]
    None,
    /// All that a policy is told, personal data included, so that a decision can be replayed.
    Full,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verifier {
    pub(super) component: PathBuf,
    pub(super) digest: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Development {
    #[serde(default)]
    pub(super) connect_to: Vec<ConnectTo>,
    pub(super) extra_ca: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectTo {
    pub(super) host: String,
    pub(super) to: SocketAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audience {
    pub(super) id: String,
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) caller_secret_file: PathBuf,
    pub(super) min_acr: Level,
    pub(super) clock_skew_s: u32,
    pub(super) max_auth_age_s: Option<u64>,
    pub(super) cnf_encoding: Option<CnfEncoding>,
    pub(super) userinfo: UserinfoMode,
    #[serde(default)]
    pub(super) policy: Vec<Policy>,
}

/// PSC `acr`, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Low.
    Eidas1,
    /// Substantial.
    Eidas2,
    /// High.
    Eidas3,
}

/// How a `cnf.x5t#S256` must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum CnfEncoding {
    /// base64url of the 32 bytes, RFC 8705 section 3.1.
    #[serde(rename = "rfc8705")]
    Rfc8705,
    /// The published hex-then-base64 form as well.
    #[serde(rename = "ans-hex")]
    AnsHex,
}

/// Where the person's attributes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserinfoMode {
    /// The host asks the provider with the access token.
    Fetch,
    /// The relying party sends what it received; policies are told.
    Relay,
    /// None: policies see no practices.
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) id: String,
    pub(super) component: PathBuf,
    pub(super) digest: Digest,
    pub(super) required: Option<bool>,
    #[serde(default)]
    pub(super) shadow: bool,
    #[serde(default)]
    pub(super) settings: serde_json::Map<String, serde_json::Value>,
}
