//! What an operator reads about policies: in service, retired, and what is wrong. No settings, no question, no person.

use serde::Serialize;

use super::Desk;
use super::kept::Kept;
use super::table::{LoadedPolicy, Problem, Standing, Table};

/// All policies at one moment.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Grows with every change.
    pub table: u64,
    /// In the order of the configuration.
    pub audiences: Vec<AudienceReport>,
}

/// Those of one audience.
#[derive(Debug, Serialize)]
pub struct AudienceReport {
    /// As configured.
    pub id: String,
    /// In the order of the configuration.
    pub policies: Vec<PolicyReport>,
}

/// One policy.
#[derive(Debug, Serialize)]
pub struct PolicyReport {
    /// As configured.
    pub id: String,
    /// required, advisory or shadow.
    pub role: &'static str,
    /// active, shadow, last-good, rolled-back, quarantined or missing.
    pub state: &'static str,
    /// Of the component in service.
    pub digest: String,
    /// Of its settings.
    pub settings_digest: String,
    /// As the policy calls itself.
    pub name: Option<String>,
    /// In its own words.
    pub version: Option<String>,
    /// Since when this revision has been taken, Unix seconds.
    pub since: Option<u64>,
    /// That of its bundle.
    pub bundle_revision: Option<u64>,
    /// Why what is configured is not in service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What it can be rolled back to, the last one first.
    pub retired: Vec<Retired>,
}

/// A revision that was in service.
#[derive(Debug, Serialize)]
pub struct Retired {
    /// Of the component.
    pub digest: String,
    /// Of its settings.
    pub settings_digest: String,
    /// Since when it was taken, Unix seconds.
    pub since: u64,
    /// That of its bundle.
    pub bundle_revision: Option<u64>,
}

impl Desk {
    pub(super) fn report(&mut self, table: &Table) -> Report {
        let mut audiences = Vec::with_capacity(self.audiences.len());
        for (place, audience) in self.audiences.iter().enumerate() {
            let mut policies = Vec::new();
            for policy in table.of(place).iter() {
                let retired = self.record.of(&audience.id, &policy.id).retired.iter().map(Retired::from).collect();
                policies.push(PolicyReport::of(policy, retired));
            }
            audiences.push(AudienceReport { id: audience.id.clone(), policies });
        }
        Report { table: table.number(), audiences }
    }
}

impl From<&Kept> for Retired {
    fn from(kept: &Kept) -> Self {
        Self {
            digest: kept.identity.component.to_string(),
            settings_digest: kept.identity.settings.to_string(),
            since: kept.since,
            bundle_revision: kept.bundle_revision,
        }
    }
}

impl PolicyReport {
    fn of(policy: &LoadedPolicy, retired: Vec<Retired>) -> Self {
        let about = policy.description();
        let revision = policy.revision();
        let problem = match policy.standing() {
            Standing::Failed(problem) => Some(Problem::clone(problem)),
            Standing::Configured | Standing::RolledBack => None,
        };
        Self {
            id: policy.id.clone(),
            role: policy.role.name(),
            state: policy.state(),
            digest: policy.digest.clone(),
            settings_digest: policy.settings_digest.clone(),
            name: about.map(|about| about.name.clone()),
            version: about.map(|about| about.version.clone()),
            since: revision.map(|revision| revision.since),
            bundle_revision: revision.and_then(|revision| revision.bundle_revision),
            problem,
            retired,
        }
    }
}
