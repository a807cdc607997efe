//! A relying party's policy as a component: loaded once, instantiated afresh for every question.
//!
//! A policy sees the verified login, the question and its settings. It never sees a token, a key, a clock or a network, and its
//! answer can only restrict. This module turns the component's answer, or the way it failed, into a value; what several policies
//! mean together is `verifier_core::decision`'s business.

use std::fmt;

use wasmtime::component::{HasSelf, Linker};

use super::limits::{Failure, Guest, GuestLog};
use super::{Engine, LoadComponentError, inspect::Inspected};
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
    digest: Digest,
    settings: String,
    description: Description,
}

/// What came back from one question.
pub struct Evaluation {
    /// The policy's answer, or how it failed to give one.
    pub answer: Result<types::Outcome, Failure>,
    /// What it logged on the way.
    pub log: GuestLog,
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
        let file = &inspected.file;
        let mismatch = |error: wasmtime::Error| LoadComponentError::Export {
            file: file.clone(),
            export: super::limits::first_line(&error),
        };
        let mut linker: Linker<Guest> = Linker::new(&engine.inner);
        bindings::Policy::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(mismatch)?;
        let pre = linker.instantiate_pre(&inspected.component).and_then(PolicyPre::new).map_err(mismatch)?;
        let failed =
            |error: wasmtime::Error| LoadComponentError::Failed { file: file.clone(), failure: Failure::of(&error) };

        let mut store = engine.store();
        let instance = pre.instantiate(&mut store).map_err(failed)?;
        let description = instance.vigie_policy_lifecycle().call_describe(&mut store).map_err(failed)?;

        if !description.reason_codes.iter().all(|code| is_reason_code(code) || code == IN_SETTINGS) {
            return Err(LoadComponentError::Failed { file: file.clone(), failure: Failure::BadOutput });
        }

        let mut store = engine.store();
        let instance = pre.instantiate(&mut store).map_err(failed)?;
        let checked =
            instance.vigie_policy_lifecycle().call_validate_settings(&mut store, &settings).map_err(failed)?;
        if let Err(problems) = checked {
            return Err(LoadComponentError::Settings { file: file.clone(), problems: join(&problems) });
        }
        Ok(Self { engine: engine.clone(), pre, digest: inspected.digest, settings, description })
    }

    /// Holds an answer to what the policy declared and to the limits.
    fn check(&self, outcome: types::Outcome) -> Result<types::Outcome, Failure> {
        if size(&outcome) > self.engine.limits.outcome_bytes
            || outcome.obligations.len() > MOST_ITEMS
            || outcome.reason_user.len() > MOST_ITEMS
        {
            return Err(Failure::OutcomeSize);
        }
        let declared = self.declares(&outcome.reason_code);
        let objects = outcome
            .obligations
            .iter()
            .all(|one| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&one.properties).is_ok());
        if declared && objects { Ok(outcome) } else { Err(Failure::BadOutput) }
    }

    /// True for a code that the description lists and, where the description says so, for one that its settings spell.
    fn declares(&self, code: &str) -> bool {
        let codes = &self.description.reason_codes;
        let spelt = || codes.iter().any(|one| one == IN_SETTINGS) && self.settings.contains(&format!("\"{code}\""));
        codes.iter().any(|one| one == code) || (is_reason_code(code) && spelt())
    }

    /// Digest of the component.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the policy says about itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Asks one question of a fresh instance. Blocks for at most the time limit.
    pub fn evaluate(&self, request: &types::Request) -> Evaluation {
        let mut store = self.engine.store();
        let answer = self
            .pre
            .instantiate(&mut store)
            .and_then(|instance| instance.vigie_policy_decide().call_evaluate(&mut store, &self.settings, request))
            .map_err(|error| Failure::of(&error))
            .and_then(|outcome| self.check(outcome));
        Evaluation { answer, log: std::mem::take(&mut store.data_mut().log) }
    }
}

/// Texts and obligations of one answer. A handful is meant; each costs the host memory even when it is empty.
const MOST_ITEMS: usize = 16;

/// A reason code ends up in logs and as a label of metrics, so it is short and plain.
const LONGEST_REASON_CODE: usize = 64;

/// An interpreter declares this in the place of codes: they stand in its settings, which it has checked when it was loaded.
const IN_SETTINGS: &str = "*";

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
