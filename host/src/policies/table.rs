//! One state of all policies. It never changes; what changes is which one is in service.
//!
//! The exception is a policy's own health: how often it failed in a row is counted while it is asked. A policy that failed five
//! times running is in quarantine and not asked any more, since each of its failures may cost a place in the pool for a whole time
//! limit. Its answers are refusals then, until another table takes the place of this one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::loader::{LoadFailure, Revision};
use crate::config::PolicyRole;
use crate::engine::Patience;
use crate::engine::limits::{Failure, GuestLog};
use crate::engine::policy::{Description, Evaluation, types};
use crate::problem::{Explain as _, Sentence};

/// The policies of every audience, in the order of the configuration. Cloning shares them.
#[derive(Clone, Default)]
pub struct Table {
    number: u64,
    audiences: Vec<Arc<[LoadedPolicy]>>,
}

/// A policy of an audience. Cloning shares its component and its health.
#[derive(Clone)]
pub struct LoadedPolicy {
    /// As configured.
    pub id: String,
    /// What its word counts for.
    pub role: PolicyRole,
    /// `sha256:…`, as text; empty when there is no component.
    pub digest: String,
    /// That of its settings.
    pub settings_digest: String,
    revision: Option<Arc<Revision>>,
    standing: Standing,
    failures: Arc<AtomicU32>,
}

/// How a policy came to be the one that is asked.
#[derive(Clone)]
pub enum Standing {
    /// It is what the configuration says.
    Configured,
    /// An operator rolled back from what the configuration says.
    RolledBack,
    /// What the configuration says does not load: this is the last good one, or none.
    Failed(Arc<Problem>),
}

/// Why a policy is not taken, in words that stay.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Problem {
    /// The stage that it did not pass.
    pub stage: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// One sentence, and what to do next.
    pub message: String,
}

impl From<&LoadFailure> for Problem {
    fn from(failure: &LoadFailure) -> Self {
        Self { stage: failure.stage.name(), code: failure.code(), message: Sentence(failure).to_string() }
    }
}

/// Failures in a row after which a policy is not asked any more.
const QUARANTINE: u32 = 5;

impl Table {
    /// A table with a list for each audience. The number tells it from the one before.
    pub fn new(number: u64, audiences: Vec<Arc<[LoadedPolicy]>>) -> Self {
        Self { number, audiences }
    }

    /// Grows with every change.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The policies of the audience at this place of the configuration; none where there is no audience, and who has no policies
    /// is refused.
    pub fn of(&self, place: usize) -> Arc<[LoadedPolicy]> {
        self.audiences.get(place).map_or_else(|| Arc::from([]), Arc::clone)
    }

    /// Every policy of every audience.
    pub fn all(&self) -> impl Iterator<Item = &LoadedPolicy> {
        self.audiences.iter().flat_map(|policies| policies.iter())
    }

    /// True when some audience has every policy that counts.
    pub fn serves_somebody(&self) -> bool {
        let counts = |policy: &&LoadedPolicy| policy.role != PolicyRole::Shadow;
        self.audiences.iter().any(|policies| policies.iter().filter(counts).all(LoadedPolicy::is_loaded))
    }
}

impl LoadedPolicy {
    /// A policy with the revision that is asked, if there is one.
    pub(super) fn new(id: &str, role: PolicyRole, revision: Option<Arc<Revision>>, standing: Standing) -> Self {
        let text = |digest: fn(&Revision) -> String| revision.as_deref().map(digest).unwrap_or_default();
        Self {
            id: id.to_owned(),
            role,
            digest: text(|revision| revision.identity.component.to_string()),
            settings_digest: text(|revision| revision.identity.settings.to_string()),
            revision,
            standing,
            failures: Arc::default(),
        }
    }

    /// Asks one question of a fresh instance. A policy that is not there, or in quarantine, answers with that. No evaluation at all
    /// means that the policy wants more time than [`Patience::Brief`] is, which is not held against it.
    pub fn evaluate(&self, patience: Patience, request: &types::Request) -> Option<Evaluation> {
        let Some(revision) = &self.revision else { return Some(unasked(Failure::Missing)) };
        if self.is_quarantined() {
            return Some(unasked(Failure::Quarantined));
        }
        let evaluation = revision.policy.evaluate_within(patience, request);
        let is_cut = patience == Patience::Brief && matches!(evaluation.answer, Err(Failure::Timeout));
        (!is_cut).then_some(evaluation)
    }

    /// Holds an answer for or against the policy, once for each question however often it was asked.
    pub fn settle(&self, answer: &Result<types::Outcome, Failure>) {
        match answer {
            // A write for every question would be fought over by all processors.
            Ok(_) if self.failures.load(Ordering::Relaxed) == 0 => {}
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            // It was not asked, or the host was busy: the policy did nothing.
            Err(Failure::Missing | Failure::Quarantined | Failure::Busy) => {}
            Err(failure) => self.failed(*failure),
        }
    }

    fn failed(&self, failure: Failure) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == QUARANTINE {
            tracing::error!(
                code = Failure::Quarantined.code(),
                policy = self.id,
                digest = self.digest,
                last = failure.code(),
                "a policy failed five times running and is not asked any more: every question that needs it is refused until it is reloaded or rolled back"
            );
        }
    }

    /// True when it failed too often and is not asked any more.
    pub fn is_quarantined(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= QUARANTINE
    }

    /// True when there is a component to ask.
    pub fn is_loaded(&self) -> bool {
        self.revision.is_some()
    }

    /// Why it is the one that is asked.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What is wrong with it at this moment, as a code: in quarantine, not loaded, or not what is configured.
    pub fn trouble(&self) -> Option<&'static str> {
        match &self.standing {
            _ if self.is_quarantined() => Some(Failure::Quarantined.code()),
            Standing::Failed(_) if !self.is_loaded() => Some(Failure::Missing.code()),
            Standing::Failed(_) => Some(LAST_GOOD),
            Standing::Configured | Standing::RolledBack => None,
        }
    }

    /// One word for an operator.
    pub fn state(&self) -> &'static str {
        match &self.standing {
            _ if self.is_quarantined() => "quarantined",
            Standing::Failed(_) if !self.is_loaded() => "missing",
            Standing::Failed(_) => "last-good",
            Standing::RolledBack => "rolled-back",
            Standing::Configured if self.role == PolicyRole::Shadow => "shadow",
            Standing::Configured => "active",
        }
    }

    /// What the policy says about itself.
    pub fn description(&self) -> Option<&Description> {
        self.revision.as_deref().map(|revision| revision.policy.description())
    }

    pub(super) fn revision(&self) -> Option<&Arc<Revision>> {
        self.revision.as_ref()
    }
}

/// What is configured does not load, and the last good one serves.
pub(super) const LAST_GOOD: &str = "POL-LAST-GOOD";

fn unasked(failure: Failure) -> Evaluation {
    Evaluation { answer: Err(failure), log: GuestLog::default(), undeclared: None }
}
