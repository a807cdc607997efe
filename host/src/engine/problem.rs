//! Why there is no engine, and why a component is refused before it ever runs.

use std::io;

use super::{inspect, limits};
use crate::digest::Digest;
use crate::problem::Explain;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum StartEngineError {
    /// The pool of instances could not be reserved.
    #[error("the pool of {instances} instances of {memory_bytes} bytes cannot be reserved on this machine")]
    Pool {
        /// `limits.instances`.
        instances: u32,
        /// `limits.memory_bytes`.
        memory_bytes: usize,
    },
    /// The thread that counts time could not be started.
    #[error("the thread that stops endless policies cannot be started ({0})")]
    Ticker(io::ErrorKind),
}

impl Explain for StartEngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Pool { .. } => "POL-POOL",
            Self::Ticker(_) => "POL-TICKER",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Pool { .. } => {
                "Lower limits.instances or limits.memory_bytes, or raise the address space limit (ulimit -v).".into()
            }
            Self::Ticker(_) => "Raise the number of threads that this account may start (ulimit -u).".into(),
        }
    }
}

/// Why a component file is refused before it ever runs.
#[derive(Debug, thiserror::Error)]
pub enum LoadComponentError {
    /// The file is not there or cannot be read.
    #[error("component {file} cannot be read ({kind})")]
    Unreadable {
        /// As configured.
        file: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// The file is larger than any component should be.
    #[error("component {file} has {size} bytes, more than {}", inspect::LARGEST_COMPONENT)]
    TooLarge {
        /// As configured.
        file: String,
        /// Its size.
        size: u64,
    },
    /// The file is not the one that was pinned.
    #[error("component {file} has digest {found}, but {expected} is configured")]
    Digest {
        /// As configured.
        file: String,
        /// From the configuration.
        expected: Digest,
        /// Of the file.
        found: Digest,
    },
    /// Not WebAssembly, not a component, or larger than the pool allows.
    #[error("component {file} does not compile: {reason}")]
    Compile {
        /// As configured.
        file: String,
        /// First line of the compiler's message.
        reason: String,
    },
    /// Compiling it took more than it may, so the compiler was stopped.
    #[error("component {file} does not compile within its limits: {limit}")]
    CompileLimit {
        /// As configured.
        file: String,
        /// Which limit.
        limit: CompileLimit,
    },
    /// The process that compiles could not be started.
    #[error("component {file} is not compiled: the process that compiles cannot be started ({kind})")]
    Worker {
        /// As configured.
        file: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// It asks for something outside its contract.
    #[error("component {file} imports {import}, which no {role} may use")]
    Import {
        /// As configured.
        file: String,
        /// The import's full name.
        import: String,
        /// "policy" or "verifier".
        role: &'static str,
    },
    /// It lacks something its contract demands.
    #[error("component {file} {}", missing(.export, .found.as_deref()))]
    Export {
        /// As configured.
        file: String,
        /// The export's full name.
        export: String,
        /// The same interface in a version that this host does not speak.
        found: Option<String>,
    },
    /// The policy rejects its settings, or cannot say.
    #[error("component {file} refuses its settings: {problems}")]
    Settings {
        /// As configured.
        file: String,
        /// JSON Pointers and messages, as the policy wrote them.
        problems: String,
    },
    /// It decides on logins, and there are none where it stands.
    #[error("component {file} cannot decide without a verified login, and this audience's subjects are asserted")]
    NeedsLogin {
        /// As configured.
        file: String,
    },
    /// The policy did not survive being asked about itself.
    #[error("component {file} failed while it was being loaded ({failure})")]
    Failed {
        /// As configured.
        file: String,
        /// How.
        failure: limits::Failure,
    },
}

/// What a compilation may not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompileLimit {
    /// `limits.compile_timeout_ms`.
    #[error("the compiler had not ended after {0} ms")]
    Time(u64),
    /// `limits.compile_memory_bytes`, or something that nobody foresaw: the process ended without a word.
    #[error("the compiler broke off, most likely for want of more than {0} bytes of memory")]
    Memory(u64),
}

/// Nobody else builds one.
const VERIFIER_OF_THIS_RELEASE: &str =
    "Use the verifier that came with this release of vigie, vigie-verifier.wasm or vigie-verifier-pure.wasm.";

fn missing(export: &str, found: Option<&str>) -> String {
    match found {
        Some(found) => format!("exports {found}, a version of {export} that this host does not speak"),
        None => format!("does not export {export} in the shape of this host's contract"),
    }
}

impl Explain for LoadComponentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-FILE",
            Self::TooLarge { .. } => "POL-SIZE",
            Self::Digest { .. } => "POL-DIGEST",
            Self::Compile { .. } => "POL-COMPILE",
            Self::CompileLimit { .. } => "POL-COMPILE-LIMIT",
            Self::Worker { .. } => "POL-WORKER",
            Self::Import { .. } => "POL-IMPORT",
            Self::Export { .. } => "POL-EXPORT",
            Self::Settings { .. } => "POL-SETTINGS",
            Self::NeedsLogin { .. } => "POL-NEEDS-LOGIN",
            Self::Failed { .. } => "POL-LOAD",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "Correct the path, or build it: `vigie policy build` makes the component of a policy's project, `cargo xtask build` those \
                 that come with Vigie."
                    .into()
            },
            Self::TooLarge { .. } => "Build it optimised and stripped, as `vigie policy build` does.".into(),
            Self::Digest { .. } => {
                "If you meant to change the component, write the new digest into the configuration; if not, find out who did.".into()
            }
            Self::Compile { .. } => "Build it as `vigie policy build` does: for wasm32-unknown-unknown, with the linker wasm-component-ld.".into(),
            Self::CompileLimit { .. } => {
                "If you trust its author, raise limits.compile_timeout_ms or limits.compile_memory_bytes; if not, leave it out.".into()
            }
            Self::Worker { .. } => "Raise the number of processes that this account may start (ulimit -u), and free memory.".into(),
            Self::Import { role: "verifier", .. } => VERIFIER_OF_THIS_RELEASE.into(),
            Self::Export { export, .. } if export.starts_with("vigie:verifier/") => VERIFIER_OF_THIS_RELEASE.into(),
            Self::Import { import, .. } if import.starts_with("vigie:") => {
                "It is built for another role or another version of the contract: build it against that of this release, which \
                 `vigie policy new` puts into a project."
                    .into()
            }
            Self::Import { .. } => {
                "Build it for wasm32-unknown-unknown (not wasip1 or wasip2) and without clocks, files, randomness or network.".into()
            }
            Self::Export { .. } => "Build it against the contract of this release, which `vigie policy new` puts into a project.".into(),
            Self::Settings { .. } => "Correct its settings in the configuration.".into(),
            Self::NeedsLogin { .. } => "Choose a policy that is written for asserted subjects, or let the audience verify its logins.".into(),
            Self::Failed { .. } => "Report this to its author; it must answer `describe` and `validate-settings` within the limits.".into(),
        }
    }
}
