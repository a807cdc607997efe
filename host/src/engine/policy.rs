//! A relying party's policy as a component: loaded once, instantiated afresh for every question.
//!
//! A policy sees the verified login, the question and its settings. It never sees a token, a key, a clock or a network, and its
//! answer can only restrict. This module turns the component's answer, or the way it failed, into a value; what several policies
//! mean together is `verifier_core::decision`'s business.

use std::fmt;
use std::time::{Duration, Instant};

use wasmtime::component::{HasSelf, Linker};

use super::limits::{Failure, Guest, GuestLog};
use super::{Engine, LoadComponentError, Patience, inspect::Inspected};
use crate::digest::Digest;

/// Generated from `plugins/wit/policy`. Its types derive `Debug`, which would print identifiers: nothing here formats them.
#[allow(missing_docs, unreachable_pub)]
pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../plugins/wit/policy",
        world: "vigie:policy/policy",
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

use bindings::PolicyPre;
pub use bindings::exports::vigie::policy::lifecycle::{Description, SettingError};
use bindings::vigie::policy::log::Severity;
pub use bindings::vigie::policy::types;

/// A policy that is ready to be asked.
pub struct Policy {
    engine: Engine,
    pre: PolicyPre<Guest>,
    file: String,
    digest: Digest,
    settings: String,
    settings_digest: Digest,
    description: Description,
}

/// What came back from one question.
pub struct Evaluation {
    /// The policy's answer, or how it failed to give one.
    pub answer: Result<types::Outcome, Failure>,
    /// What it logged on the way.
    pub log: GuestLog,
    /// The reason that it gave without having declared it, when [`Failure::Reason`] is the answer: its author must read which.
    pub undeclared: Option<String>,
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({})", self.digest)
    }
}

impl bindings::vigie::policy::types::Host for Guest {}

impl bindings::vigie::policy::log::Host for Guest {
    fn emit(&mut self, severity: Severity, message: String) {
        let severity = match severity {
            Severity::Debug => "debug",
            Severity::Info => "info",
            Severity::Warn => "warn",
        };
        self.log.push(severity, &message);
    }
}

impl Policy {
    /// Links an inspected component, asks it about itself, and has it check its settings (JSON text).
    ///
    /// # Errors
    /// It leaves the contract, refuses its settings, or fails while answering.
    pub fn prepare(engine: &Engine, inspected: &Inspected, settings: String) -> Result<Self, LoadComponentError> {
        let policy = Self::link(engine, inspected, settings)?;
        policy.check_settings()?;
        Ok(policy)
    }

    /// As [`Policy::prepare`] without the check of the settings: for an author who wants to know what it says about itself, or how
    /// it answers when nobody checked.
    ///
    /// # Errors
    /// It leaves the contract, or fails while answering.
    pub fn link(engine: &Engine, inspected: &Inspected, settings: String) -> Result<Self, LoadComponentError> {
        let file = &inspected.file;
        let mismatch = |error: wasmtime::Error| LoadComponentError::Export {
            file: file.clone(),
            export: super::limits::first_line(&error),
            found: None,
        };
        let mut linker: Linker<Guest> = Linker::new(&engine.inner);
        bindings::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(mismatch)?;
        let pre = linker.instantiate_pre(&inspected.component).and_then(PolicyPre::new).map_err(mismatch)?;
        let failed =
            |error: wasmtime::Error| LoadComponentError::Failed { file: file.clone(), failure: Failure::of(&error) };

        let mut store = engine.store(Patience::Full);
        let instance = pre.instantiate(&mut store).map_err(failed)?;
        let description = instance.vigie_policy_lifecycle().call_describe(&mut store).map_err(failed)?;

        if !description.reason_codes.iter().all(|code| is_reason_code(code) || code == IN_SETTINGS) {
            return Err(LoadComponentError::Failed { file: file.clone(), failure: Failure::BadOutput });
        }
        Ok(Self {
            engine: engine.clone(),
            pre,
            file: file.clone(),
            digest: inspected.digest,
            settings_digest: Digest::of(settings.as_bytes()),
            settings,
            description,
        })
    }

    /// Has the policy check its settings.
    ///
    /// # Errors
    /// It refuses them, or fails while answering.
    pub fn check_settings(&self) -> Result<(), LoadComponentError> {
        let mut store = self.engine.store(Patience::Full);
        let checked = self
            .pre
            .instantiate(&mut store)
            .and_then(|one| one.vigie_policy_lifecycle().call_validate_settings(&mut store, &self.settings))
            .map_err(|error| LoadComponentError::Failed { file: self.file.clone(), failure: Failure::of(&error) })?;
        checked.map_err(|problems| LoadComponentError::Settings { file: self.file.clone(), problems: join(&problems) })
    }

    /// The same component with other settings, which are not checked yet.
    pub fn with_settings(&self, settings: String) -> Self {
        Self {
            engine: self.engine.clone(),
            pre: self.pre.clone(),
            file: self.file.clone(),
            digest: self.digest,
            settings_digest: Digest::of(settings.as_bytes()),
            settings,
            description: self.description.clone(),
        }
    }

    /// Holds an answer to what the policy declared and to the limits.
    fn check(&self, outcome: types::Outcome, undeclared: &mut Option<String>) -> Result<types::Outcome, Failure> {
        if size(&outcome) > self.engine.limits.outcome_bytes
            || outcome.obligations.len() > MOST_ITEMS
            || outcome.reason_user.len() > MOST_ITEMS
        {
            return Err(Failure::OutcomeSize);
        }
        let objects = outcome
            .obligations
            .iter()
            .all(|one| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&one.properties).is_ok());
        if !objects || !is_reason_code(&outcome.reason_code) {
            return Err(Failure::BadOutput);
        }
        if !self.declares(&outcome.reason_code) {
            *undeclared = Some(outcome.reason_code);
            return Err(Failure::Reason);
        }
        Ok(outcome)
    }

    /// True for a code that the description lists and, where the description says so, for one that its settings spell.
    fn declares(&self, code: &str) -> bool {
        let codes = &self.description.reason_codes;
        let spelt = || codes.iter().any(|one| one == IN_SETTINGS) && self.settings.contains(&format!("\"{code}\""));
        codes.iter().any(|one| one == code) || spelt()
    }

    /// Digest of the component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Digest of the settings' text.
    pub fn settings_digest(&self) -> Digest {
        self.settings_digest
    }

    /// What the policy says about itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Asks one question of a fresh instance. Blocks for at most the time limit.
    pub fn evaluate(&self, request: &types::Request) -> Evaluation {
        self.evaluate_within(Patience::Full, request)
    }

    /// The same with this much patience. A question can be asked as often as one likes: nothing is left of an instance.
    pub fn evaluate_within(&self, patience: Patience, request: &types::Request) -> Evaluation {
        let mut store = self.engine.store(patience);
        let mut undeclared = None;
        let answer = self
            .pre
            .instantiate(&mut store)
            .and_then(|instance| instance.vigie_policy_decide().call_evaluate(&mut store, &self.settings, request))
            .map_err(|error| Failure::of(&error))
            .and_then(|outcome| self.check(outcome, &mut undeclared));
        Evaluation { answer, log: std::mem::take(&mut store.data_mut().log), undeclared }
    }
}

/// How long the parts of one question took.
pub struct Steps {
    /// Store and instance.
    pub instance: Duration,
    /// The call, lifting and lowering included.
    pub call: Duration,
}

impl Policy {
    /// Asks one question as [`Policy::evaluate`] does, with a clock between the steps: for benchmarks, which want the parts.
    ///
    /// # Errors
    /// The policy failed.
    pub fn time_steps(&self, request: &types::Request) -> Result<Steps, Failure> {
        let failed = |error: wasmtime::Error| Failure::of(&error);
        let begun = Instant::now();
        let mut store = self.engine.store(Patience::Full);
        let made = self.pre.instantiate(&mut store).map_err(failed)?;
        let instance = begun.elapsed();
        let begun = Instant::now();
        made.vigie_policy_decide().call_evaluate(&mut store, &self.settings, request).map_err(failed)?;
        Ok(Steps { instance, call: begun.elapsed() })
    }
}

/// Texts and obligations of one answer. A handful is meant; each costs the host memory even when it is empty.
const MOST_ITEMS: usize = 16;

/// A reason code ends up in logs and as a label of metrics, so it is short and plain.
const LONGEST_REASON_CODE: usize = 64;

/// An interpreter declares this in the place of codes: they stand in its settings, which it has checked when it was loaded.
pub const IN_SETTINGS: &str = "*";

fn is_reason_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= LONGEST_REASON_CODE && text.bytes().all(plain)
}

/// All text of an answer, the unit of `limits.outcome_bytes`.
fn size(outcome: &types::Outcome) -> usize {
    let texts = outcome.reason_user.iter().map(|text| text.language.len() + text.message.len());
    let obligations = outcome.obligations.iter().map(|one| one.id.len() + one.kind.len() + one.properties.len());
    outcome.reason_code.len()
        + outcome.reason_admin.as_ref().map_or(0, String::len)
        + texts.sum::<usize>()
        + obligations.sum::<usize>()
}

/// The first problems of a settings check, one sentence.
fn join(problems: &[SettingError]) -> String {
    let shown: Vec<String> = problems.iter().take(5).map(|one| format!("{} {}", one.path, one.message)).collect();
    let text = if shown.is_empty() { "no reason given".to_owned() } else { shown.join("; ") };
    text.chars().take(500).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
