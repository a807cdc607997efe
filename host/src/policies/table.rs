//! One state of all policies. It never changes; what changes is which one is in service.

use std::sync::Arc;

use crate::config::PolicyRole;
use crate::engine::policy::{Description, Evaluation, Policy, types};

/// The policies of every audience, in the order of the configuration. Cloning shares them.
#[derive(Clone, Default)]
pub struct Table {
    audiences: Vec<Arc<[LoadedPolicy]>>,
}

/// A policy of an audience. Cloning shares its component.
#[derive(Clone)]
pub struct LoadedPolicy {
    /// As configured.
    pub id: String,
    /// What its word counts for.
    pub role: PolicyRole,
    /// `sha256:…`, as text.
    pub digest: String,
    /// That of its settings.
    pub settings_digest: String,
    policy: Arc<Policy>,
}

impl Table {
    /// A table with a list for each audience.
    pub fn new(audiences: Vec<Arc<[LoadedPolicy]>>) -> Self {
        Self { audiences }
    }

    /// The policies of the audience at this place of the configuration; none where there is no audience, and who has no policies
    /// is refused.
    pub fn of(&self, place: usize) -> Arc<[LoadedPolicy]> {
        self.audiences.get(place).map_or_else(|| Arc::from([]), Arc::clone)
    }
}

impl LoadedPolicy {
    /// A policy that is ready to be asked.
    pub fn new(id: String, role: PolicyRole, policy: Policy) -> Self {
        Self {
            id,
            role,
            digest: policy.digest().to_string(),
            settings_digest: policy.settings_digest().to_string(),
            policy: Arc::new(policy),
        }
    }

    /// Asks one question of a fresh instance.
    pub fn evaluate(&self, request: &types::Request) -> Evaluation {
        self.policy.evaluate(request)
    }

    /// What the policy says about itself.
    pub fn description(&self) -> Option<&Description> {
        Some(self.policy.description())
    }
}
