//! `[[audience.policy]]`, `[policies]` and `[limits.large]`: which policies there are, where they come from, and what they may use.
//!
//! A policy is pinned: a component by the digest of its file, a bundle by the key that signs it and a revision that only grows. So
//! nobody changes a rule by changing a file. Here only the words are checked; files are read by [`crate::policies`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{ConfigError, Limits, value, wire};
use crate::digest::Digest;

/// One policy of one relying party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Name in logs and answers, unique within the audience.
    pub id: String,
    /// Where it comes from.
    pub source: Source,
    /// What its word counts for.
    pub role: PolicyRole,
    /// Which limits it is held to.
    pub class: PolicyClass,
}

/// Where a policy comes from, and what says that it is the one that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A component file.
    Component {
        /// File to read.
        path: PathBuf,
        /// SHA-256 the file must have.
        digest: Digest,
        /// JSON text handed to the policy as it stands.
        settings: String,
        /// Directory of questions that it must answer as expected before it is asked others.
        vectors: Option<PathBuf>,
    },
    /// A signed bundle, which brings settings and vectors.
    Bundle {
        /// Its directory.
        path: PathBuf,
        /// The public key of its author, JWK or PEM.
        key: PathBuf,
        /// The lowest revision to accept.
        least: u64,
    },
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

/// Which limits a policy is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyClass {
    /// Those of `[limits]`.
    Small,
    /// Those of `[limits.large]`, for components that carry an interpreter.
    Large,
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

impl PolicyClass {
    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
        }
    }
}

/// What concerns the policies of all audiences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// The host's own folder: machine code and last good policies.
    pub folder: PathBuf,
    /// Whether a changed file is noticed.
    pub watch: Watch,
    /// Time that compiling one component may take.
    pub compile_timeout_ms: u64,
    /// Address space of the process that compiles.
    pub compile_memory_bytes: u64,
}

/// Whether the host looks for changed files by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Watch {
    /// The configuration, components and bundles are watched.
    #[default]
    Files,
    /// Only a signal or the interface makes the host look.
    Off,
}

/// Behind the whole name of the state file, when nothing else is said: a folder belongs to one host, as a state file does.
const FOLDER: &str = ".policies";

pub(super) fn keeping(
    wire: Option<wire::Policies>,
    (compile_timeout_ms, compile_memory_bytes): (u64, u64),
    state: &Path,
    base: &Path,
) -> Keeping {
    let wire = wire.unwrap_or_default();
    let beside = || {
        let mut name = state.as_os_str().to_owned();
        name.push(FOLDER);
        PathBuf::from(name)
    };
    Keeping {
        folder: wire.folder.map_or_else(beside, |folder| base.join(folder)),
        watch: wire.watch,
        compile_timeout_ms,
        compile_memory_bytes,
    }
}

/// The policies of an audience, in the order of the file.
pub(super) fn policies(
    audience: &str,
    list: Vec<wire::Policy>,
    base: &Path,
    large: Option<&Limits>,
) -> Result<Vec<Policy>, ConfigError> {
    if !list.iter().any(|policy| policy.required == Some(true)) {
        return Err(ConfigError::NoRequiredPolicy(audience.to_owned()));
    }
    let mut ids = BTreeSet::new();
    let mut policies = Vec::with_capacity(list.len());
    for wire in list {
        let place = format!("audience {audience:?}, policy {:?}", wire.id);
        let refused = |problem: &str| value(&place, problem);
        if !ids.insert(wire.id.clone()) {
            return Err(refused("it is there twice"));
        }
        if wire.id.is_empty() || wire.id.len() > LONGEST_ID || wire.id.chars().any(char::is_control) {
            return Err(refused("an id has 1 to 64 characters, none of them a control character"));
        }
        let class = match wire.class {
            wire::Class::Small => PolicyClass::Small,
            wire::Class::Large if large.is_some() => PolicyClass::Large,
            wire::Class::Large => return Err(refused("its class is large, and there is no table [limits.large]")),
        };
        let role = role(&wire).map_err(refused)?;
        let id = wire.id.clone();
        policies.push(Policy { id, role, class, source: source(wire, base).map_err(refused)? });
    }
    Ok(policies)
}

/// An id is a label of metrics and stands in every line of the log.
const LONGEST_ID: usize = 64;

/// A shadow is neither required nor advisory, and everything else says which of the two it is.
fn role(wire: &wire::Policy) -> Result<PolicyRole, &'static str> {
    match (wire.shadow, wire.required) {
        (false, Some(true)) => Ok(PolicyRole::Required),
        (false, Some(false)) => Ok(PolicyRole::Advisory),
        (true, None) => Ok(PolicyRole::Shadow),
        (true, Some(_)) => Err("a shadow is never counted, so it is neither required nor advisory"),
        (false, None) => Err("it says neither required = true or false nor shadow = true"),
    }
}

fn source(wire: wire::Policy, base: &Path) -> Result<Source, &'static str> {
    match (wire.component, wire.bundle) {
        (Some(path), None) => {
            let digest = wire.digest.ok_or("it has a component and no digest, so any file would do")?;
            if wire.key.is_some() || wire.min_revision.is_some() {
                return Err("key and min_revision belong to a bundle, and it has a component");
            }
            let settings = serde_json::Value::Object(wire.settings.unwrap_or_default()).to_string();
            let vectors = wire.vectors.map(|vectors| base.join(vectors));
            Ok(Source::Component { path: base.join(path), digest, settings, vectors })
        }
        (None, Some(path)) => {
            let key = wire.key.ok_or("it has a bundle and no key, so anybody could sign")?;
            if wire.digest.is_some() || wire.settings.is_some() || wire.vectors.is_some() {
                return Err("digest, settings and vectors of a bundle are those that were signed; leave them out");
            }
            let (path, key) = (base.join(path), base.join(key));
            Ok(Source::Bundle { path, key, least: wire.min_revision.unwrap_or(0) })
        }
        (Some(_), Some(_)) => Err("it has both a component and a bundle"),
        (None, None) => Err("it has neither a component nor a bundle"),
    }
}
