//! The file as it is written: one struct per table, every unknown key refused.
//!
//! Only shapes and closed sets of words are decided here; ranges and relations between keys are in `config.rs`. The JSON Schema that
//! `vigie check-config --schema` prints is made of these structs and of what is said about each key, so a key cannot be missing in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::policy::Watch;
use crate::digest::Digest;

/// The configuration of `vigie serve`. Relative paths start where this file lies.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(title = "vigie.toml")]
pub(super) struct File {
    /// What the host is for.
    pub(super) mode: Mode,
    /// The socket.
    pub(super) server: super::server::Wire,
    /// What lasts.
    pub(super) state: State,
    /// The decision log; without this table it goes to standard error.
    pub(super) log: Option<Log>,
    /// The way to the provider.
    pub(super) provider: Option<Provider>,
    /// The verification core.
    pub(super) verifier: Verifier,
    /// How to reach a sandbox on this machine; refused in production.
    pub(super) development: Option<Development>,
    /// What every evaluation is held to; all of them are mandatory.
    pub(super) limits: super::limits::Wire,
    /// What concerns the policies of all audiences.
    pub(super) policies: Option<Policies>,
    /// For operators: list, reload and roll back policies over the interface. Without this table nobody can.
    pub(super) admin: Option<Admin>,
    /// The relying parties, at least one.
    pub(super) audience: Vec<Audience>,
}

/// What the host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A laptop with a sandbox; `[development]` is allowed.
    Development,
    /// Real people; `[development]` is refused.
    Production,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct State {
    /// The file of login handles, sealed, and one-shots. Keys of the provider and the key of pseudonyms lie beside it.
    pub(super) path: PathBuf,
    /// Handles and one-shots together; when all are taken, new logins are refused until some have expired.
    pub(super) entries: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Provider {
    /// URL of the proxy through which the provider is reached. Proxies of the environment are not used.
    pub(super) proxy: Option<String>,
    /// File with `user:password` for the proxy.
    pub(super) proxy_credentials_file: Option<PathBuf>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Log {
    /// The file; one JSON object a line.
    pub(super) decisions: PathBuf,
    /// How much of a question is kept.
    #[serde(default)]
    pub(super) input: LogInput,
    /// What becomes of an answer whose line cannot be kept: too many wait, or the disk is full.
    pub(super) on_full: OnFull,
    /// Lines that may wait to be written.
    pub(super) queue: u64,
    /// What is waited for before an answer leaves.
    pub(super) sync: Sync,
    /// The file is set aside before it grows beyond this; without it, only at the signal USR1.
    pub(super) rotate_bytes: Option<u64>,
    /// Files set aside that are kept; older ones are removed. Without it all are kept.
    pub(super) keep_files: Option<u64>,
    /// Words that stand in every line, for example a site.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
}

/// What becomes of an answer whose line cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFull {
    /// It is withheld: the caller gets 503.
    Deny,
    /// It is given, and the line is lost and counted.
    Drop,
}

/// What is waited for before an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sync {
    /// The disk has the line; lines that come together share one wait. It outlives the machine's crash.
    Group,
    /// The system has the line. It outlives this process, not a crash of the machine.
    System,
}

/// How much of a question the decision log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogInput {
    /// Nothing: the log names nobody.
    #[default]
    None,
    /// All that a policy is told, personal data included, so that a decision can be replayed.
    Full,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Verifier {
    /// The file of the component.
    pub(super) component: PathBuf,
    /// SHA-256 of it, as `vigie version` prints it; production demands it.
    #[schemars(with = "Option<String>")]
    pub(super) digest: Option<Digest>,
    /// Where signatures are checked; the component must agree. Whatever it does, where nothing is said.
    pub(super) engine: Option<VerifierEngine>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Development {
    /// Host names that are found on this machine.
    #[serde(default)]
    pub(super) connect_to: Vec<ConnectTo>,
    /// PEM file with one more trusted certificate authority.
    pub(super) extra_ca: Option<PathBuf>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ConnectTo {
    /// The name in the URL.
    pub(super) host: String,
    /// A loopback address.
    #[schemars(with = "String")]
    pub(super) to: SocketAddr,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Audience {
    /// Name in logs, answers and metrics: a-z, 0-9 and -.
    pub(super) id: String,
    /// Who vouches for the subjects of questions: `verified` logins unless said otherwise.
    #[serde(default)]
    pub(super) subject: Subject,
    /// Exact `iss` of the ID token; discovery starts there.
    pub(super) issuer: Option<String>,
    /// Exact `aud` of the ID token.
    pub(super) client_id: Option<String>,
    /// File with the secret of the relying party's server. What is listed of secret and certificates is all demanded.
    pub(super) caller_secret_file: Option<PathBuf>,
    /// SHA-256 of each certificate (DER) that the relying party's server may show.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) caller_certificates: Vec<Digest>,
    /// Lowest accepted `acr`.
    pub(super) min_acr: Option<Level>,
    /// Seconds, at most 30.
    pub(super) clock_skew_s: Option<u32>,
    /// Longest time since the person proved who they are, in seconds.
    pub(super) max_auth_age_s: Option<u64>,
    /// How `cnf` must be encoded; `rfc8705` unless said otherwise.
    pub(super) cnf_encoding: Option<CnfEncoding>,
    /// True when a token that is not bound to a client certificate is refused; false unless said otherwise.
    #[serde(default)]
    pub(super) require_cnf: bool,
    /// Where the person's attributes come from.
    pub(super) userinfo: Option<UserinfoMode>,
    /// What a reverse proxy may ask for this audience.
    pub(super) forward_auth: Option<super::forward_auth::Wire>,
    /// Policies, at least one of them required.
    #[serde(default)]
    pub(super) policy: Vec<Policy>,
}

/// Who vouches for the subjects of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Subject {
    /// A login that this host verified.
    #[default]
    Verified,
    /// The authenticated caller.
    Asserted,
}

/// PSC `acr`, ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum CnfEncoding {
    /// base64url of the 32 bytes, RFC 8705 section 3.1.
    #[serde(rename = "rfc8705")]
    Rfc8705,
    /// The published hex-then-base64 form as well.
    #[serde(rename = "ans-hex")]
    AnsHex,
}

/// Where the person's attributes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserinfoMode {
    /// The host asks the provider with the access token.
    Fetch,
    /// The relying party sends what it received; policies are told.
    Relay,
    /// None: policies see no practices.
    None,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Policy {
    /// Name in logs and answers, unique within the audience.
    pub(super) id: String,
    /// The file of the component, unless it comes in a bundle.
    pub(super) component: Option<PathBuf>,
    /// SHA-256 of it: `sha256:` and 64 hexadecimal digits.
    #[schemars(with = "Option<String>")]
    pub(super) digest: Option<Digest>,
    /// Handed to the policy as it stands.
    pub(super) settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// Directory of questions that it must answer as expected before it is asked others.
    pub(super) vectors: Option<PathBuf>,
    /// The directory of a signed bundle, which brings component, settings and vectors.
    pub(super) bundle: Option<PathBuf>,
    /// The public key that the bundle is signed with, JWK or PEM.
    pub(super) key: Option<PathBuf>,
    /// The lowest revision of the bundle to accept.
    pub(super) min_revision: Option<u64>,
    /// True: it must permit; false: it may only deny. A shadow has neither.
    pub(super) required: Option<bool>,
    /// True when it is only asked for comparison.
    #[serde(default)]
    pub(super) shadow: bool,
    /// Which limits it is held to.
    #[serde(default)]
    pub(super) class: Class,
}

/// Which limits a policy is held to.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// Those of `[limits]`.
    #[default]
    Small,
    /// Those of `[limits.large]`.
    Large,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Policies {
    /// The host's own folder of machine code and last good policies; beside the state file, with its name and `.policies` behind it, unless said otherwise.
    pub(super) folder: Option<PathBuf>,
    /// Whether changed files are noticed.
    #[serde(default)]
    pub(super) watch: Watch,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Admin {
    /// What an operator presents as bearer: at least 16 characters, no caller's secret.
    pub(super) secret_file: PathBuf,
}

/// Where the signature checks of the core are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerifierEngine {
    /// By the host, with aws-lc-rs: the component imports them.
    Host,
    /// Inside the component, which imports nothing.
    Pure,
}

impl VerifierEngine {
    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Pure => "pure",
        }
    }
}
