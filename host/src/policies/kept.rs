//! Which revisions each policy had, so that a host that starts finds the last good one, and an operator the one before.
//!
//! One sealed file in the host's own folder. Of each policy it names the revision in service, three that were, and the one that an
//! operator set aside; the components lie beside it under their digests. A file that this host did not write is not believed: it
//! could bring back a policy that was replaced for a reason.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use super::loader::Revision;
use crate::config::PolicyClass;
use crate::digest::Digest;

/// What tells one revision from every other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Digest of the component.
    pub component: Digest,
    /// Digest of its settings.
    pub settings: Digest,
    /// The limits that it is held to.
    #[serde(with = "class")]
    pub class: PolicyClass,
}

impl Identity {
    /// Of a component, its settings and its class.
    pub fn new(component: Digest, settings: &str, class: PolicyClass) -> Self {
        Self { component, settings: Digest::of(settings.as_bytes()), class }
    }
}

mod class {
    //! The word of the configuration.
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::PolicyClass;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(class: &PolicyClass, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(class.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PolicyClass, D::Error> {
        let word = String::deserialize(deserializer)?;
        [PolicyClass::Small, PolicyClass::Large]
            .into_iter()
            .find(|class| class.name() == word)
            .ok_or_else(|| serde::de::Error::custom("not a class"))
    }
}

/// A revision, as far as it must be known to have it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Grows with each revision of the policy that is taken.
    pub number: u64,
    /// Which one.
    pub identity: Identity,
    /// JSON text.
    pub settings: String,
    /// That of its bundle.
    pub bundle_revision: Option<u64>,
    /// Unix seconds.
    pub since: u64,
}

/// What is known of one policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// In service.
    pub active: Option<Kept>,
    /// Were in service, the last one first.
    pub retired: Vec<Kept>,
    /// Configured, and not used: an operator rolled back from it.
    pub set_aside: Option<Identity>,
}

/// Retired revisions that are kept of each policy.
const RETIRED: usize = 3;

impl History {
    /// A revision went into service.
    pub(super) fn activate(&mut self, revision: &Revision) {
        self.set_aside = None;
        if let Some(active) = self.active.as_mut().filter(|active| active.identity == revision.identity) {
            // The same content may come again under a higher revision.
            active.bundle_revision = revision.bundle_revision;
            return;
        }
        let newest = self.active.iter().chain(&self.retired).map(|one| one.number).max().unwrap_or(0);
        let kept = Kept {
            number: newest + 1,
            identity: revision.identity.clone(),
            settings: revision.settings.clone(),
            bundle_revision: revision.bundle_revision,
            since: revision.since,
        };
        self.retired.retain(|one| one.identity != kept.identity);
        self.replace(kept);
    }

    /// The newest revision that is older than the one in service.
    pub(super) fn older(&self) -> Option<&Kept> {
        let active = self.active.as_ref()?.number;
        self.retired.iter().filter(|one| one.number < active).max_by_key(|one| one.number)
    }

    /// The retired revision with this component.
    pub(super) fn with(&self, component: Digest) -> Option<&Kept> {
        self.retired.iter().find(|one| one.identity.component == component)
    }

    /// A retired revision takes the place of the one in service. `configured` stays set aside, unless it is the one that returns.
    pub(super) fn roll_back(&mut self, to: &Kept, configured: Option<Identity>) {
        self.set_aside = configured.filter(|configured| *configured != to.identity);
        self.retired.retain(|one| one != to);
        self.replace(to.clone());
    }

    fn replace(&mut self, by: Kept) {
        if let Some(before) = self.active.replace(by) {
            self.retired.insert(0, before);
        }
        self.retired.truncate(RETIRED);
    }
}

/// The histories of all policies, by audience and id.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<String, BTreeMap<String, History>>);

const FILE: &str = "revisions";
/// Settings of a thousand policies fit.
const LARGEST: u64 = 64 << 20;
/// Of HMAC-SHA-256.
const SEAL: usize = 32;
/// What the seal is over begins so: the key seals machine code too, and one must never pass for the other.
const PURPOSE: &[u8] = b"vigie revisions 1\n";

impl Record {
    /// What was written last; nothing when there is nothing, or nothing to believe.
    pub(super) fn read(folder: &Folder) -> Self {
        let bytes = match folder.read(FILE, LARGEST) {
            Ok(None) => return Self::default(),
            Ok(Some(bytes)) => bytes,
            Err(kind) => {
                tracing::error!(code = "POL-KEPT", %kind, "the record of policies cannot be read; there is no last good one to fall back to");
                return Self::default();
            }
        };
        let opened = bytes.split_at_checked(SEAL).and_then(|(seal, text)| {
            hmac::verify(folder.key(), &[PURPOSE, text].concat(), seal).ok()?;
            serde_json::from_slice(text).ok()
        });
        opened.unwrap_or_else(|| {
            tracing::error!(
                code = "POL-KEPT",
                "the record of policies is not what this host wrote: it is not used. Find out who changed it"
            );
            Self::default()
        })
    }

    /// Writes it down. When that fails the policies serve all the same, and the next start does not know of them.
    pub(super) fn write(&self, folder: &Folder) {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let seal = hmac::sign(folder.key(), &[PURPOSE, &text].concat());
        if let Err(kind) = folder.write(FILE, &[seal.as_ref(), &text].concat()) {
            tracing::error!(code = "POL-KEPT", %kind, "the record of policies cannot be written; a restart will not know the last good ones");
        }
    }

    /// One policy's history.
    pub(super) fn of(&mut self, audience: &str, policy: &str) -> &mut History {
        self.0.entry(audience.to_owned()).or_default().entry(policy.to_owned()).or_default()
    }

    /// Forgets every policy that is not among these.
    pub(super) fn retain(&mut self, configured: &BTreeSet<(String, String)>) {
        for (audience, policies) in &mut self.0 {
            policies.retain(|policy, _| configured.contains(&(audience.clone(), policy.clone())));
        }
        self.0.retain(|_, policies| !policies.is_empty());
    }

    /// The components of all revisions.
    pub(super) fn components(&self) -> BTreeSet<Digest> {
        let histories = self.0.values().flat_map(BTreeMap::values);
        histories.flat_map(|one| one.active.iter().chain(&one.retired)).map(|one| one.identity.component).collect()
    }
}
