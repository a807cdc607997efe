//! The one configuration file, `vigie.toml`, from text to values that the rest of the host can rely on.
//!
//! Everything that bears on security is written down by the operator: mode, limits, issuer, level, skew. Unknown keys are
//! refused with their line and column, because a misspelt key that is ignored is a check that does not happen. This module
//! reads the file, the environment and the secrets; it opens no component and no socket.
//!
//! The wire form is in `config/wire.rs`; limits and their ranges are in [`limits`], policies in [`policy`],
//! what the environment may say in [`overrides`].

mod audience;
mod callers;
mod forward_auth;
pub mod limits;
mod log;
mod outbound;
pub mod overrides;
pub mod policy;
pub mod secret;
mod server;
mod wire;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::de::{DeTable, Deserializer};

use crate::digest::Digest;
use crate::problem::Explain;
pub(crate) use audience::is_loopback;
pub use audience::{Audience, LoginRules};
pub use callers::{CallerIndex, Callers, Presented};
pub use forward_auth::{Disclosed, ForwardAuth, LoginPlace, ProxyKind};
pub use limits::Limits;
pub use log::Log;
pub use outbound::{ConnectTo, Development, Proxy};
pub use overrides::Overrides;
pub use policy::{Keeping, Policy, PolicyClass, PolicyRole, Source, Watch};
pub use secret::Secret;
pub use server::{Server, Tls};
pub use wire::{CnfEncoding, Level, LogInput, Mode, OnFull, Sync, UserinfoMode, VerifierEngine};

/// A checked configuration. Paths are absolute or relative to the working directory, as opened.
#[derive(Debug)]
pub struct Config {
    /// The file that this was read from, which is read again when policies are reloaded.
    pub file: PathBuf,
    /// Development may reach a local sandbox under the real host names, production may not.
    pub mode: Mode,
    /// The socket.
    pub server: Server,
    /// The file that holds login handles and one-shots.
    pub state: PathBuf,
    /// Handles and one-shots that it may hold.
    pub state_entries: u64,
    /// The decision log.
    pub log: Log,
    /// How the provider is reached.
    pub proxy: Option<Proxy>,
    /// The verification core.
    pub verifier: Component,
    /// Present in development only.
    pub development: Option<Development>,
    /// Where the core must make its signature checks; absent means that whatever the component does is right.
    pub verifier_engine: Option<VerifierEngine>,
    /// What every evaluation is held to.
    pub limits: Limits,
    /// What policies of the class large are held to.
    pub large: Option<Limits>,
    /// Where policies are kept, and when they are looked at again.
    pub policies: Keeping,
    /// What an operator presents to list, reload and roll back policies; absent means that nobody can, over the network.
    pub admin: Option<Secret>,
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

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there.
    #[error("there is no configuration file at {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read ({})", .0.display(), .1)]
    Unreadable(PathBuf, std::io::ErrorKind),
    /// The file is no text.
    #[error("the configuration file {} is not UTF-8 text, from line {line} on", .path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
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
    /// A variable of the environment that cannot be a setting.
    #[error("environment variable {variable}: {problem}")]
    Environment {
        /// Its name.
        variable: String,
        /// What is wrong.
        problem: String,
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
    /// Secrets would travel in clear.
    #[error("{0} is not an address of this machine, and in production nothing goes over a network in clear")]
    ClearText(SocketAddr),
    /// Anybody on the network would be the caller.
    #[error("audience {audience:?} asks its caller for nothing, so {address} would let anybody on the network ask")]
    OpenToTheNetwork {
        /// The audience.
        audience: String,
        /// That was asked for.
        address: SocketAddr,
    },
    /// Nobody could be told from anybody else.
    #[error("audience {0:?} has neither caller_secret_file nor caller_certificates")]
    NoCaller(String),
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
            Self::NotText { .. } | Self::Syntax { .. } => "CFG-SYNTAX",
            Self::Environment { .. } => "CFG-ENVIRONMENT",
            Self::Value { .. } => "CFG-VALUE",
            Self::DevelopmentInProduction => "CFG-DEVELOPMENT-IN-PRODUCTION",
            Self::ClearText(_) => "CFG-CLEAR-TEXT",
            Self::OpenToTheNetwork { .. } => "CFG-OPEN",
            Self::NoCaller(_) => "CFG-CALLER",
            Self::NoRequiredPolicy(_) => "CFG-NO-REQUIRED-POLICY",
            Self::Secret { .. } => "CFG-SECRET",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Missing(_) => {
                "Name an existing file with --config; host/examples/vigie.toml is one to start from.".into()
            }
            Self::Unreadable(_, std::io::ErrorKind::IsADirectory) => "Name the file, not its folder.".into(),
            Self::Unreadable(..) => "Give the account that runs vigie the right to read it.".into(),
            Self::NotText { .. } => "Save it as UTF-8, or name the file that was meant, then run `vigie check-config`.".into(),
            Self::Syntax { .. } => "Correct that line, then run `vigie check-config`.".into(),
            Self::Environment { .. } => {
                "Correct or remove that variable; it is VIGIE__, the table and the key in capitals, two underscores between them.".into()
            }
            Self::Value { .. } => "Change that value, then run `vigie check-config`.".into(),
            Self::DevelopmentInProduction => {
                "Remove the table, or set mode = \"development\" on a machine that serves no real person.".into()
            }
            Self::ClearText(_) => "Add the table [server.tls], or listen on 127.0.0.1 behind a proxy that encrypts.".into(),
            Self::OpenToTheNetwork { .. } => "Listen on 127.0.0.1, or give the audience a caller_secret_file.".into(),
            Self::NoCaller(_) => {
                "Name one of them; only an audience with subject = \"asserted\", alone in its file and in development, goes without.".into()
            }
            Self::NoRequiredPolicy(_) => "Mark at least one of its policies with required = true.".into(),
            Self::Secret { .. } => {
                "Write at least 16 random characters to that file and give the relying party the same.".into()
            }
        }
    }
}

impl Config {
    /// Reads and checks a configuration file, what the environment of this process says instead, and the secrets that it names.
    ///
    /// # Errors
    /// The first thing that is wrong; nothing is repaired or skipped.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
            kind => ConfigError::Unreadable(path.to_owned(), kind),
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let text = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
            ConfigError::NotText { path: path.to_owned(), line: text.filter(|byte| **byte == b'\n').count() + 1 }
        })?;
        Self::parse(&text, path, &Overrides::from_environment()?)
    }

    /// Checks configuration text; `path` names it in messages, and its directory is where relative paths start.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        let file = document(text, path, overrides)?;
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
        let (limits, large) = limits::check(&file.limits)?;
        let mut audiences = Vec::with_capacity(file.audience.len());
        let mut ids = BTreeSet::new();
        for wire in file.audience {
            if !ids.insert(wire.id.clone()) {
                return Err(value("audience.id", &format!("{:?} is there twice", wire.id)));
            }
            audiences.push(audience::check(wire, base, file.mode, large.as_ref())?);
        }
        let server = server::check(file.server, base)?;
        audience::check_callers(&audiences, server.tls.as_ref())?;
        server.check_address(server.listen, file.mode, &audiences)?;
        let development = file.development.map(|wire| outbound::check_development(wire, base)).transpose()?;
        let proxy = match file.provider {
            Some(wire) => outbound::check_proxy(wire, base, development.as_ref())?,
            None => None,
        };
        // One login takes two: its handle and its one-shot.
        if !(2..=MOST_ENTRIES).contains(&file.state.entries) {
            let problem = format!("{} is not between 2 and {MOST_ENTRIES}", file.state.entries);
            return Err(value("state.entries", &problem));
        }
        let admin = file.admin.map(|wire| audience::check_admin(&wire, base, &audiences)).transpose()?;
        let state = base.join(file.state.path);
        Ok(Self {
            file: path.to_owned(),
            mode: file.mode,
            server,
            policies: policy::keeping(file.policies, limits::compiling(&file.limits)?, &state, base),
            admin,
            state,
            state_entries: file.state.entries,
            log: log::check(file.log, base)?,
            proxy,
            verifier: Component { path: base.join(file.verifier.component), digest: file.verifier.digest },
            development,
            verifier_engine: file.verifier.engine,
            limits,
            large,
            audiences,
        })
    }
}

fn value(place: &str, problem: &str) -> ConfigError {
    ConfigError::Value { place: place.to_owned(), problem: problem.to_owned() }
}

/// The JSON Schema of the file (draft 2020-12), made of the structs that it is read into.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(wire::File).to_value()
}

/// A handle with its sealed login is about three kilobytes, so this is a disk's worth, and nobody's rate of logins.
const MOST_ENTRIES: u64 = 100_000_000;

fn document(text: &str, path: &Path, overrides: &Overrides) -> Result<wire::File, ConfigError> {
    let mut document = DeTable::parse(text).map_err(|error| syntax(path, text, overrides, &error))?;
    overrides.apply(document.get_mut(), text.len())?;
    wire::File::deserialize(Deserializer::from(document)).map_err(|error| syntax(path, text, overrides, &error))
}

fn syntax(path: &Path, text: &str, overrides: &Overrides, error: &toml::de::Error) -> ConfigError {
    let place = error.span().map_or(0, |span| span.start);
    if let Some(variable) = overrides.variable_at(place, text.len()) {
        return ConfigError::Environment {
            variable: variable.to_owned(),
            problem: error.message().trim().replace('\n', " "),
        };
    }
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    ConfigError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1,
        message: error.message().trim().replace('\n', " "),
    }
}
