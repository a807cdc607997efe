//! The one configuration file, `vigie.toml`, from text to values that the rest of the host can rely on.
//!
//! Everything that bears on security is written down by the operator: mode, limits, issuer, level, skew. Unknown keys are
//! refused with their line and column, because a misspelt key that is ignored is a check that does not happen. This module
//! reads the file and the caller secrets; it opens no component and no socket.
//!
//! The wire form is in `config/wire.rs`; limits and their ranges are in [`limits`].

pub mod limits;
pub mod secret;
mod wire;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use crate::digest::Digest;
use crate::problem::Explain;
pub use limits::Limits;
pub use secret::Secret;
pub use wire::{CnfEncoding, Level, LogInput, Mode, UserinfoMode};

/// A checked configuration. Paths are absolute or relative to the working directory, as opened.
#[derive(Debug)]
pub struct Config {
    /// Development may reach a local sandbox under the real host names, production may not.
    pub mode: Mode,
    /// Where to listen; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The file that holds login handles and one-shots.
    pub state: PathBuf,
    /// The decision log; absent means standard error.
    pub decision_log: Option<PathBuf>,
    /// Whether the decision log keeps the questions themselves.
    pub log_input: LogInput,
    /// The verification core.
    pub verifier: Component,
    /// Present in development only.
    pub development: Option<Development>,
    /// What every evaluation is held to.
    pub limits: Limits,
    /// The relying parties, at least one.
    pub audiences: Vec<Audience>,
}

/// A component file and, when it is pinned, its digest.
#[derive(Debug, Clone)]
pub struct Component {
    /// File to read.
    pub path: PathBuf,
    /// SHA-256 of the file; mandatory for policies, and for the verifier in production.
    pub digest: Option<Digest>,
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

/// One relying party.
#[derive(Debug)]
pub struct Audience {
    /// Name in logs, answers and metrics.
    pub id: String,
    /// Exact `iss`.
    pub issuer: String,
    /// Exact `aud` of the ID token.
    pub client_id: String,
    /// What the relying party's server presents as bearer.
    pub caller_secret: Secret,
    /// Lowest accepted `acr`.
    pub min_acr: Level,
    /// Seconds, at most 30.
    pub clock_skew_s: u32,
    /// Longest time since `auth_time`, in seconds.
    pub max_auth_age_s: Option<u64>,
    /// How `cnf` must be encoded.
    pub cnf_encoding: CnfEncoding,
    /// Where UserInfo comes from.
    pub userinfo: UserinfoMode,
    /// In the order of the file; at least one is required.
    pub policies: Vec<Policy>,
}

/// One policy of one relying party.
#[derive(Debug)]
pub struct Policy {
    /// Name in logs and answers, unique within the audience.
    pub id: String,
    /// File to read.
    pub component: PathBuf,
    /// SHA-256 the file must have.
    pub digest: Digest,
    /// What its word counts for.
    pub role: PolicyRole,
    /// JSON text handed to the policy as it stands.
    pub settings: String,
}

/// What a policy's word counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyRole {
    /// It must permit.
    Required,
    /// It may only deny.
    Advisory,
    /// It is asked, and its answer is compared with the decision but never counted.
    Shadow,
}

impl PolicyRole {
    /// The word of configuration, answers and log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Advisory => "advisory",
            Self::Shadow => "shadow",
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("there is no configuration file at {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read ({})", .0.display(), .1)]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// Not TOML, an unknown key, a missing key or a value of the wrong kind.
    #[error("{}, line {line}, column {column}: {message}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A value that no setting may have.
    #[error("{place}: {problem}")]
    Value {
        /// The key, with the audience's id where there is one.
        place: String,
        /// What is wrong, both sides of the comparison.
        problem: String,
    },
    /// `[development]` in production.
    #[error("mode is \"production\" but the file has a [development] table")]
    DevelopmentInProduction,
    /// An audience that could only ever deny.
    #[error("audience {0:?} has no required policy, so every answer would be a refusal")]
    NoRequiredPolicy(String),
    /// A caller secret that is absent, unreadable, or too short.
    #[error("the caller secret of audience {audience:?}, file {}, {problem}", .path.display())]
    Secret {
        /// The audience.
        audience: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Explain for ConfigError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "CFG-MISSING",
            Self::Unreadable(..) => "CFG-UNREADABLE",
            Self::Syntax { .. } => "CFG-SYNTAX",
            Self::Value { .. } => "CFG-VALUE",
            Self::DevelopmentInProduction => "CFG-DEVELOPMENT-IN-PRODUCTION",
            Self::NoRequiredPolicy(_) => "CFG-NO-REQUIRED-POLICY",
            Self::Secret { .. } => "CFG-SECRET",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Missing(_) => {
                "Name an existing file with --config; host/examples/vigie.toml is one to start from.".into()
            }
            Self::Unreadable(..) => "Give the account that runs vigie the right to read it.".into(),
            Self::Syntax { .. } => "Correct that line, then run `vigie check-config`.".into(),
            Self::Value { .. } => "Change that value, then run `vigie check-config`.".into(),
            Self::DevelopmentInProduction => {
                "Remove the table, or set mode = \"development\" on a machine that serves no real person.".into()
            }
            Self::NoRequiredPolicy(_) => "Mark at least one of its policies with required = true.".into(),
            Self::Secret { .. } => {
                "Write at least 16 random characters to that file and give the relying party the same.".into()
            }
        }
    }
}

impl Config {
    /// Reads and checks a configuration file and the secrets that it names.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing is repaired or skipped.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
            kind => ConfigError::Unreadable(path.to_owned(), kind),
        })?;
        Self::parse(&text, path)
    }

    /// Checks configuration text; `path` names it in messages, and its directory is where relative paths start.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let file: wire::File = toml::from_str(text).map_err(|error| syntax(path, text, &error))?;
        let base = path.parent().unwrap_or_else(|| Path::new(""));
        let production = file.mode == Mode::Production;
        if production && file.development.is_some() {
            return Err(ConfigError::DevelopmentInProduction);
        }
        if production && file.verifier.digest.is_none() {
            return Err(value("verifier.digest", "production needs the digest of the verifier, and there is none"));
        }
        if file.audience.is_empty() {
            return Err(value("audience", "the file names no audience, so nobody may ask"));
        }
        let mut audiences = Vec::with_capacity(file.audience.len());
        let mut ids = BTreeSet::new();
        for wire in file.audience {
            if !ids.insert(wire.id.clone()) {
                return Err(value("audience.id", &format!("{:?} is there twice", wire.id)));
            }
            audiences.push(audience(wire, base, production)?);
        }
        same_secret_twice(&audiences)?;
        Ok(Self {
            mode: file.mode,
            listen: file.server.listen,
            state: base.join(file.state.path),
            log_input: file.log.as_ref().map_or(LogInput::None, |log| log.input),
            decision_log: file.log.map(|log| base.join(log.decisions)),
            verifier: Component { path: base.join(file.verifier.component), digest: file.verifier.digest },
            development: file.development.map(|wire| development(wire, base)).transpose()?,
            limits: limits::check(&file.limits)?,
            audiences,
        })
    }
}

fn audience(wire: wire::Audience, base: &Path, production: bool) -> Result<Audience, ConfigError> {
    let place = |key: &str| format!("audience {:?}, {key}", wire.id);
    if wire.id.is_empty() || !wire.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(value(&place("id"), "an id is made of a-z, 0-9 and -"));
    }
    check_issuer(&wire.issuer, production).map_err(|problem| value(&place("issuer"), &problem))?;
    if wire.client_id.is_empty() {
        return Err(value(&place("client_id"), "it is empty"));
    }
    if wire.clock_skew_s > MAX_CLOCK_SKEW_S {
        let problem = format!("{} is more than {MAX_CLOCK_SKEW_S} seconds", wire.clock_skew_s);
        return Err(value(&place("clock_skew_s"), &problem));
    }
    if !wire.policy.iter().any(|policy| policy.required == Some(true)) {
        return Err(ConfigError::NoRequiredPolicy(wire.id));
    }
    let mut policies = Vec::with_capacity(wire.policy.len());
    let mut ids = BTreeSet::new();
    for policy in &wire.policy {
        if !ids.insert(policy.id.clone()) {
            return Err(value(&place("policy.id"), &format!("{:?} is there twice", policy.id)));
        }
        policies.push(Policy {
            id: policy.id.clone(),
            component: base.join(&policy.component),
            digest: policy.digest,
            role: role(policy).map_err(|problem| value(&place(&format!("policy {:?}", policy.id)), problem))?,
            settings: serde_json::Value::Object(policy.settings.clone()).to_string(),
        });
    }
    let secret_file = base.join(&wire.caller_secret_file);
    let caller_secret = Secret::read(&secret_file).map_err(|error| ConfigError::Secret {
        audience: wire.id.clone(),
        path: secret_file,
        problem: error.to_string(),
    })?;
    Ok(Audience {
        id: wire.id,
        issuer: wire.issuer,
        client_id: wire.client_id,
        caller_secret,
        min_acr: wire.min_acr,
        clock_skew_s: wire.clock_skew_s,
        max_auth_age_s: wire.max_auth_age_s,
        cnf_encoding: wire.cnf_encoding.unwrap_or(CnfEncoding::Rfc8705),
        userinfo: wire.userinfo,
        policies,
    })
}

/// A shadow is neither required nor advisory, and everything else says which of the two it is.
fn role(policy: &wire::Policy) -> Result<PolicyRole, &'static str> {
    match (policy.shadow, policy.required) {
        (false, Some(true)) => Ok(PolicyRole::Required),
        (false, Some(false)) => Ok(PolicyRole::Advisory),
        (true, None) => Ok(PolicyRole::Shadow),
        (true, Some(_)) => Err("a shadow is never counted, so it is neither required nor advisory"),
        (false, None) => Err("it says neither required = true or false nor shadow = true"),
    }
}

/// The verifier's contract allows no more (`plugins/wit/verifier`, `clock-skew`): a token lives 120 s.
const MAX_CLOCK_SKEW_S: u32 = 30;

/// An issuer is an https URL without query or fragment (OIDC Discovery 1.0, section 3); in development a provider on
/// this machine may speak http.
fn check_issuer(issuer: &str, production: bool) -> Result<(), String> {
    let url = Url::parse(issuer).map_err(|error| format!("it is not a URL ({error})"))?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("an issuer has no query, fragment or user part".into());
    }
    if issuer.ends_with('/') {
        return Err(
            "it ends with a slash; an issuer is compared character by character, so write it as the token does".into(),
        );
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if !production && is_loopback(&url) => Ok(()),
        "http" => Err("http is for a provider on this machine in development; write https".into()),
        other => Err(format!("its scheme is {other}, not https")),
    }
}

/// True when the URL names this machine, by address or as `localhost` and names below it (RFC 6761, section 6.3).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn development(wire: wire::Development, base: &Path) -> Result<Development, ConfigError> {
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

/// A bearer selects its audience, so two audiences cannot share one.
fn same_secret_twice(audiences: &[Audience]) -> Result<(), ConfigError> {
    for (index, one) in audiences.iter().enumerate() {
        for other in audiences.iter().skip(index + 1) {
            if one.caller_secret.same_as(&other.caller_secret) {
                let problem = format!("the same secret as audience {:?}; a secret names its caller", one.id);
                return Err(value(&format!("audience {:?}, caller_secret_file", other.id), &problem));
            }
        }
    }
    Ok(())
}

fn value(place: &str, problem: &str) -> ConfigError {
    ConfigError::Value { place: place.to_owned(), problem: problem.to_owned() }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    ConfigError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
        message: error.message().trim().replace('\n', " "),
    }
}
