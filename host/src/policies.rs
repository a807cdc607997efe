//! Which policies each audience has at this moment, and how others take their place.
//!
//! All of them stand in one immutable [`table`]; a change is another table in its place, at once and for all audiences. A question
//! takes the table once and finishes with it, so no question is ever answered half by the old and half by the new policies.
//!
//! A policy that does not pass every stage of the [`loader`] stops nothing: the last good one goes on serving, from memory or, after
//! a restart, from the [`folder`] that the host keeps for itself; where there is none, its audience is refused with a code that
//! names the policy, and the others serve. A roll back holds until the configuration says something else, over restarts too.
//! [`watch`] says when to look again, [`report`] what an operator reads.

pub mod folder;
pub mod kept;
pub mod loader;
pub mod report;
pub mod table;
pub mod watch;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::config::{self, Config, ConfigError};
use crate::digest::Digest;
use crate::engine::cache::Cache;
use crate::metrics::Metrics;
use crate::problem::{Explain, Sentence};
use folder::Folder;
use kept::{History, Identity, Record};
use loader::{For, LoadFailure, Loader, Met, Revision, Subjects};
use table::{LoadedPolicy, Problem, Standing, Table};

/// The policies in service.
pub struct Policies {
    table: ArcSwap<Table>,
    /// Ids of the audiences, in the order of the table; they are fixed at the start.
    audiences: Box<[String]>,
    /// Whoever changes the table holds this, so that one change follows the other. Nobody compiles meanwhile but to roll back.
    desk: Arc<Mutex<Desk>>,
    /// One reload at a time. It compiles for minutes, and holds up neither the metrics nor an operator who wants back.
    reloading: Mutex<()>,
    config: PathBuf,
    metrics: Arc<Metrics>,
}

/// What is needed to make another table.
#[derive(Clone)]
struct Desk {
    loader: Loader,
    record: Record,
    /// Digest of the core, whose machine code lies among that of the policies.
    core: Option<Digest>,
    audiences: Vec<Wanted>,
}

/// What the configuration says of an audience.
#[derive(Clone)]
struct Wanted {
    id: String,
    subjects: Subjects,
    policies: Vec<config::Policy>,
}

/// The first table, and what it takes to make the next. Cloning shares both.
#[derive(Clone)]
pub struct Prepared {
    table: Arc<Table>,
    desk: Arc<Mutex<Desk>>,
    failures: Arc<Vec<NotTaken>>,
}

/// A policy that did not pass: audience, id and why.
pub type NotTaken = (String, String, Arc<LoadFailure>);

/// Who wants a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The host starts.
    Start,
    /// A file changed.
    Files,
    /// The process was told so by a signal.
    Signal,
    /// An operator asked over the interface.
    Interface,
}

impl Cause {
    /// The word of log and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Files => "files",
            Self::Signal => "signal",
            Self::Interface => "interface",
        }
    }
}

/// Why nothing was rolled back.
#[derive(Debug, thiserror::Error)]
pub enum RollBackError {
    /// No such audience or policy.
    #[error("there is no policy of this name for this audience")]
    Unknown,
    /// Nothing to go back to.
    #[error("no such revision of this policy is kept")]
    NotKept,
    /// It was kept and does not load any more.
    #[error("the revision that was kept does not load any more: {0}")]
    Load(LoadFailure),
}

impl Explain for RollBackError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "POL-UNKNOWN",
            Self::NotKept => "POL-NOT-KEPT",
            Self::Load(failure) => failure.code(),
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unknown => "Write audience and policy as GET /v1/policies has them.".into(),
            Self::NotKept => "GET /v1/policies lists what is kept; anything else goes into the configuration.".into(),
            Self::Load(failure) => failure.help(),
        }
    }
}

impl Prepared {
    /// Takes every policy of a configuration through the stages, with what was kept in the place of those that do not pass.
    pub fn load(config: &Config, loader: Loader, core: Digest, now: u64) -> Self {
        let record = loader.folder().map(|folder| Record::read(folder)).unwrap_or_default();
        let audiences: Vec<Wanted> = config.audiences.iter().map(Wanted::of).collect();
        let mut desk = Desk { loader, record, core: Some(core), audiences };
        let (table, failures) = desk.table(&Table::default(), &mut Met::default(), now);
        desk.tidy();
        Self { table: Arc::new(table), desk: Arc::new(Mutex::new(desk)), failures: Arc::new(failures) }
    }

    /// The table to begin with.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The policies that did not pass.
    pub fn failures(&self) -> &[NotTaken] {
        &self.failures
    }
}

impl Wanted {
    fn of(audience: &config::Audience) -> Self {
        let subjects = if audience.login.is_some() { Subjects::Verified } else { Subjects::Asserted };
        Self { id: audience.id.clone(), subjects, policies: audience.policies.clone() }
    }

    fn place(&self) -> For<'_> {
        For { audience: &self.id, subjects: self.subjects }
    }
}

impl Policies {
    /// Begins with what was prepared. `config` is read again at each change.
    pub fn new(prepared: Prepared, config: PathBuf, metrics: Arc<Metrics>, now: u64) -> Self {
        let Prepared { table, desk, failures } = prepared;
        let audiences = lock(&desk).audiences.iter().map(|audience| audience.id.clone()).collect();
        let table_before = ArcSwap::from_pointee(Table::default());
        let policies = Self { table: table_before, audiences, desk, reloading: Mutex::default(), config, metrics };
        say(&failures, Cause::Start);
        policies.count(&failures);
        policies.exchange(table, now);
        policies
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// Puts a table into service and says so in the metrics.
    fn exchange(&self, table: Arc<Table>, now: u64) {
        let before = self.table.swap(Arc::clone(&table));
        for (place, audience) in self.audiences.iter().enumerate() {
            let (old, new) = (before.of(place), table.of(place));
            let same =
                |one: &LoadedPolicy| old.iter().find(|other| other.id == one.id).map(|other| other.digest.clone());
            for policy in new.iter() {
                let replaced = same(policy);
                if replaced.as_ref() != Some(&policy.digest) {
                    self.metrics.policy_active(audience, &policy.id, &policy.digest, replaced.as_deref(), now);
                }
            }
            for policy in old.iter().filter(|one| !new.iter().any(|other| other.id == one.id)) {
                self.metrics.policy_gone(audience, &policy.id, &policy.digest);
            }
        }
    }

    fn count(&self, failures: &[NotTaken]) {
        for (audience, policy, failure) in failures {
            self.metrics.policy_not_loaded(audience, policy, failure.stage.name());
        }
    }

    /// Writes into the metrics which policies are in quarantine at this moment.
    pub fn measure(&self) {
        let table = self.now();
        for (place, audience) in self.audiences.iter().enumerate() {
            for policy in table.of(place).iter() {
                self.metrics.policy_quarantined(audience, &policy.id, policy.is_quarantined().into());
            }
        }
    }

    /// The table that questions are answered with from now on.
    pub fn now(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// Reads the configuration again and takes what it says of policies; everything else in it waits for the next start. Blocks for
    /// as long as compiling takes.
    ///
    /// # Errors
    /// The configuration does not hold, and nothing changed.
    pub fn reload(&self, cause: Cause, now: u64) -> Result<report::Report, ConfigError> {
        let _one_at_a_time = lock(&self.reloading);
        let config = Config::read(&self.config).inspect_err(|error| {
            tracing::error!(
                code = error.code(),
                cause = cause.name(),
                "policies are not reloaded, and those in service stay: {}",
                Sentence(error)
            );
        })?;
        let mut wanted = self.desk().audiences.clone();
        take_audiences(&mut wanted, config);
        let mut met = Met::default();
        let (mut desk, table, failures) = loop {
            // Compiled beside the desk, with a copy of what lies on it.
            let (mut copy, before) = {
                let desk = self.desk();
                (Desk { audiences: wanted.clone(), ..desk.clone() }, self.now())
            };
            let (table, failures) = copy.table(&before, &mut met, now);
            let mut desk = self.desk();
            // An operator rolled back meanwhile, and that counts: once more from there. What was compiled is met already.
            if self.now().number() == before.number() {
                *desk = copy;
                break (desk, Arc::new(table), failures);
            }
        };
        desk.tidy();
        let failed = failures.len();
        say(&failures, cause);
        self.count(&failures);
        self.exchange(Arc::clone(&table), now);
        tracing::info!(cause = cause.name(), table = table.number(), failed, "policies were reloaded");
        Ok(desk.report(&table))
    }

    /// Puts an older revision of a policy into service: that with this component, or the newest that is older than the one in
    /// service.
    ///
    /// # Errors
    /// There is none, or it does not load any more; nothing changed.
    pub fn roll_back(
        &self,
        audience: &str,
        policy: &str,
        to: Option<Digest>,
        now: u64,
    ) -> Result<report::Report, RollBackError> {
        let mut desk = self.desk();
        let table = Arc::new(desk.roll_back(&self.now(), audience, policy, to)?);
        self.exchange(Arc::clone(&table), now);
        Ok(desk.report(&table))
    }

    /// What is in service, what was, and what is wrong.
    pub fn report(&self) -> report::Report {
        self.desk().report(&self.now())
    }

    /// The files whose change means that policies should be looked at again.
    fn files(&self) -> Vec<PathBuf> {
        let desk = self.desk();
        let policies = desk.audiences.iter().flat_map(|audience| &audience.policies);
        let files = policies.flat_map(|policy| match &policy.source {
            config::Source::Component { path, vectors, .. } => [Some(path.clone()), vectors.clone()],
            config::Source::Bundle { path, key, .. } => [Some(path.clone()), Some(key.clone())],
        });
        files.flatten().chain([self.config.clone()]).collect()
    }
}

impl Desk {
    fn table(&mut self, before: &Table, met: &mut Met, now: u64) -> (Table, Vec<NotTaken>) {
        let (mut failures, mut lists) = (Vec::new(), Vec::new());
        for (place, audience) in self.audiences.iter().enumerate() {
            let current = before.of(place);
            let mut list = Vec::with_capacity(audience.policies.len());
            for wanted in &audience.policies {
                let current = current.iter().find(|one| one.id == wanted.id).and_then(LoadedPolicy::revision);
                let history = self.record.of(&audience.id, &wanted.id);
                let taken = take(&self.loader, (wanted, audience.place()), current, history, met, now);
                if let Some(failure) = taken.failure {
                    failures.push((audience.id.clone(), wanted.id.clone(), Arc::new(failure)));
                }
                list.push(taken.policy);
            }
            lists.push(list.into());
        }
        (Table::new(before.number() + 1, lists), failures)
    }

    /// Writes the record down, and removes what no revision needs.
    fn tidy(&mut self) {
        let Some(folder) = self.write_down() else { return };
        let needed = self.record.components();
        let copies: BTreeSet<String> = needed.iter().map(|digest| loader::kept_file(*digest)).collect();
        folder.remove(|name| name.ends_with(".wasm") && !copies.contains(name));
        let core = self.core.iter().chain(&needed).map(Digest::hex).collect();
        Cache::new(folder).retain(&core);
    }

    /// Writes the record down, without policies that are not configured any more.
    fn write_down(&mut self) -> Option<Arc<Folder>> {
        let folder = self.loader.folder().map(Arc::clone)?;
        let policies = self
            .audiences
            .iter()
            .flat_map(|audience| audience.policies.iter().map(|policy| (audience.id.clone(), policy.id.clone())));
        self.record.retain(&policies.collect());
        self.record.write(&folder);
        Some(folder)
    }

    fn roll_back(
        &mut self,
        before: &Table,
        audience: &str,
        policy: &str,
        to: Option<Digest>,
    ) -> Result<Table, RollBackError> {
        let found = self.audiences.iter().enumerate().find(|(_, one)| one.id == audience);
        let (place, asked) = found.ok_or(RollBackError::Unknown)?;
        let wanted = asked.policies.iter().find(|one| one.id == policy).ok_or(RollBackError::Unknown)?;
        let history = self.record.of(audience, policy);
        let kept = match to {
            None => history.older(),
            Some(component) => history.with(component),
        };
        let kept = kept.cloned().ok_or(RollBackError::NotKept)?;
        let revision = self.loader.restore(&kept, asked.place(), &mut Met::default()).map_err(RollBackError::Load)?;
        history.roll_back(&kept, self.loader.identify(wanted));
        let standing = if history.set_aside.is_some() { Standing::RolledBack } else { Standing::Configured };
        let rolled = LoadedPolicy::new(policy, wanted.role, Some(revision), standing);
        let lists = (0..self.audiences.len()).map(|at| {
            let list = before.of(at);
            if at != place {
                return list;
            }
            list.iter().map(|one| if one.id == policy { rolled.clone() } else { one.clone() }).collect()
        });
        let table = Table::new(before.number() + 1, lists.collect());
        tracing::warn!(
            code = "POL-ROLLED-BACK",
            audience,
            policy,
            digest = rolled.digest,
            "a policy was rolled back by an operator"
        );
        // No revision is forgotten here, and a reload under way may have made files that the record does not know yet: nothing to remove.
        self.write_down();
        Ok(table)
    }
}

/// Takes the policies of a configuration that was read again. Audiences are fixed at the start.
fn take_audiences(audiences: &mut [Wanted], config: Config) {
    for audience in audiences.iter_mut() {
        match config.audiences.iter().find(|one| one.id == audience.id) {
            Some(found) => audience.policies.clone_from(&found.policies),
            None => tracing::warn!(
                code = "POL-RESTART",
                audience = audience.id,
                "the configuration has this audience no more; it is served with the policies that it has until the host is started again"
            ),
        }
    }
    for found in config.audiences {
        if !audiences.iter().any(|audience| audience.id == found.id) {
            tracing::warn!(
                code = "POL-RESTART",
                audience = found.id,
                "the configuration has a new audience; it is served when the host is started again"
            );
        }
    }
}

/// Says loudly what does not serve as configured.
fn say(failures: &[NotTaken], cause: Cause) {
    for (audience, policy, failure) in failures {
        tracing::error!(
            code = failure.code(),
            cause = cause.name(),
            audience,
            policy,
            stage = failure.stage.name(),
            "a policy is not taken; the last good one serves in its place, and where there is none every question that needs it is refused: {}",
            Sentence(&**failure)
        );
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A change that broke off has exchanged nothing; the next one begins anew.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Taken {
    policy: LoadedPolicy,
    failure: Option<LoadFailure>,
}

/// One policy: what is configured if it passes and was not set aside, and else what served before.
fn take(
    loader: &Loader,
    (wanted, place): (&config::Policy, For<'_>),
    current: Option<&Arc<Revision>>,
    history: &mut History,
    met: &mut Met,
    now: u64,
) -> Taken {
    let last_good = |history: &History, met: &mut Met| {
        current.map(Arc::clone).or_else(|| {
            let kept = history.active.as_ref()?;
            loader
                .restore(kept, place, met)
                .inspect_err(|error| {
                    tracing::error!(
                        code = error.code(),
                        "the last good policy does not load either: {}",
                        Sentence(error)
                    )
                })
                .ok()
        })
    };
    let new = |revision, standing| LoadedPolicy::new(&wanted.id, wanted.role, revision, standing);
    if let Some(set_aside) = &history.set_aside
        && loader.identify(wanted).as_ref().is_none_or(|identity: &Identity| identity == set_aside)
        && let Some(revision) = last_good(history, met)
    {
        return Taken { policy: new(Some(revision), Standing::RolledBack), failure: None };
    }
    match loader.load(wanted, place, current, met, now) {
        Ok(revision) => {
            history.activate(&revision);
            Taken { policy: new(Some(revision), Standing::Configured), failure: None }
        }
        Err(failure) => {
            let standing = Standing::Failed(Arc::new(Problem::from(&failure)));
            Taken { policy: new(last_good(history, met), standing), failure: Some(failure) }
        }
    }
}
