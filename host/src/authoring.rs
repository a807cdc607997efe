//! For people who write policies: everything that `vigie policy` does, without its command line.
//!
//! A policy is tried out exactly as it is asked in service: the same gate, the same engine, a fresh instance for each question.
//! What differs is who reads the answer, so what is wrong is said with file, line and path. Nothing here is on the way of a
//! relying party's question.
//!
//! [`document`] reads an author's files, [`settings`] knows where settings came from, [`vectors`] and [`trial`] are the tests of a policy,
//! [`bench`] says what it costs,
//! [`project`] says where a policy lies, [`scaffold`] and [`builder`] make one,
//! [`bundle`] ships it, [`replay`] asks it what others were asked before.

pub mod bench;
pub mod builder;
pub mod bundle;
pub mod document;
pub mod project;
pub mod replay;
pub mod scaffold;
pub mod settings;
pub mod trial;
pub mod vectors;

use std::path::Path;

use serde::{Deserialize, Serialize};
use settings::TryPolicyError;

use crate::config::Limits;
use crate::engine::inspect::{Inspected, Role};
use crate::engine::policy::Policy;
use crate::engine::{Engine, LoadComponentError, StartEngineError};

/// What a policy is held to on an author's desk. A signed bundle carries it, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The limits of `host/examples/vigie.toml`.
    #[default]
    Small,
    /// For components that carry an interpreter: 64 MiB of memory and more time, as an operator would have to grant.
    Large,
}

impl Class {
    /// True for the class that is meant where nobody says another.
    pub fn is_small(&self) -> bool {
        *self == Self::Small
    }

    /// The limits of this class. The time limit is no measure here: a desk may be busy, and `bench` says how long a call takes.
    pub fn limits(self) -> Limits {
        let small = Limits {
            timeout_ms: 2_000,
            memory_bytes: 16 << 20,
            table_elements: 10_000,
            stack_bytes: 512 << 10,
            hostcall_bytes: 1 << 20,
            instances: 4,
            request_bytes: 64 << 10,
            log_lines: 20,
            log_line_bytes: 1_024,
            outcome_bytes: 16 << 10,
        };
        match self {
            Self::Small => small,
            Self::Large => Limits {
                timeout_ms: 10_000,
                memory_bytes: 64 << 20,
                table_elements: 100_000,
                stack_bytes: 1 << 20,
                ..small
            },
        }
    }
}

/// An engine on an author's desk.
pub struct Tryout {
    engine: Engine,
}

impl Tryout {
    /// Starts an engine with the limits of a class.
    ///
    /// # Errors
    /// The machine does not give what they ask for.
    pub fn start(class: Class) -> Result<Self, StartEngineError> {
        Ok(Self { engine: Engine::start(&class.limits())? })
    }

    /// Opens a policy component: the gate of the host, then what the policy says about itself. Its settings are empty and unchecked.
    ///
    /// # Errors
    /// The host would not load it either, or nobody could learn from it what it may be set to.
    pub fn open(&self, file: &Path) -> Result<Candidate, TryPolicyError> {
        let inspected = self.engine.load(file, None, Role::Policy)?;
        let policy = Policy::link(&self.engine, &inspected, String::new())?;
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&policy.description().settings_schema)
        {
            Ok(_) => Ok(Candidate { inspected, policy }),
            Err(error) => Err(TryPolicyError::Schema { component: inspected.file, problem: error.to_string() }),
        }
    }
}

/// A component that the host would load.
pub struct Candidate {
    /// What the gate saw.
    pub inspected: Inspected,
    /// The policy, with settings that nobody checked yet.
    pub policy: Policy,
}

impl Candidate {
    /// The policy with these settings, checked by itself as at the start of the host.
    ///
    /// # Errors
    /// It refuses them, or fails while answering.
    pub fn with(&self, settings: &str) -> Result<Policy, LoadComponentError> {
        let policy = self.policy.with_settings(settings.to_owned());
        policy.check_settings()?;
        Ok(policy)
    }
}
