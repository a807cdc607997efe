//! From a policy's place in the configuration to a revision that can be asked, stage by stage.
//!
//! ```text
//! fetched → signature → inspected → compiled → settings → self-test
//! ```
//!
//! Each stage is passed or the policy is not taken, and the stage is named. What a component imports is read from its file before the
//! compiler sees it; that its functions have the types of the contract, and what it says of itself, only machine code can tell, and
//! counts as inspection too. What a failure means for those who are asking meanwhile is decided in [`crate::policies`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::kept::Identity;
use crate::authoring::bundle::key::PublicKey;
use crate::authoring::bundle::{self, BundleError, Placement};
use crate::authoring::project::ProjectError;
use crate::authoring::{Candidate, document, trial, vectors};
use crate::config::{Config, Policy as Wanted, PolicyClass, Source};
use crate::digest::Digest;
use crate::engine::cache::Cache;
use crate::engine::compiler::{Compiler, Workshop};
use crate::engine::inspect::Role;
use crate::engine::policy::Policy;
use crate::engine::{Engine, LoadComponentError, StartEngineError};
use crate::problem::Explain;

/// How far a policy came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its files are there, and are the pinned ones.
    Fetched,
    /// Its bundle is signed with the pinned key, and is no older one.
    Signature,
    /// It imports and exports what its contract says, and describes itself.
    Inspected,
    /// It is machine code.
    Compiled,
    /// It accepts its settings.
    Settings,
    /// It answers its own vectors.
    SelfTest,
}

impl Stage {
    /// The word of log, metrics and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Signature => "signature",
            Self::Compiled => "compiled",
            Self::Inspected => "inspected",
            Self::Settings => "settings",
            Self::SelfTest => "self-test",
        }
    }

    fn of(error: &LoadComponentError) -> Self {
        match error {
            LoadComponentError::Unreadable { .. }
            | LoadComponentError::TooLarge { .. }
            | LoadComponentError::Digest { .. } => Self::Fetched,
            LoadComponentError::Compile { .. }
            | LoadComponentError::CompileLimit { .. }
            | LoadComponentError::Worker { .. } => Self::Compiled,
            LoadComponentError::Import { .. }
            | LoadComponentError::Export { .. }
            | LoadComponentError::NeedsLogin { .. }
            | LoadComponentError::Failed { .. } => Self::Inspected,
            LoadComponentError::Settings { .. } => Self::Settings,
        }
    }
}

/// Why a policy is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LoadPolicyError {
    /// Its component.
    #[error(transparent)]
    Component(#[from] LoadComponentError),
    /// Its bundle or its vectors.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The host has no pool for its class.
    #[error("its class is large, and this host was started without [limits.large]")]
    Class,
}

/// The stage that was not passed, and why.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct LoadFailure {
    /// Which stage.
    pub stage: Stage,
    /// Why.
    pub error: LoadPolicyError,
}

impl Explain for LoadFailure {
    fn code(&self) -> &'static str {
        match &self.error {
            LoadPolicyError::Component(error) => error.code(),
            LoadPolicyError::Bundle(error) => error.code(),
            LoadPolicyError::Class => "POL-CLASS",
        }
    }

    fn help(&self) -> String {
        match &self.error {
            LoadPolicyError::Component(error) => error.help(),
            LoadPolicyError::Bundle(error) => error.help(),
            LoadPolicyError::Class => "Start the host again; limits are read at the start only.".into(),
        }
    }
}

/// A failure at a stage that its error does not tell.
fn at<E: Into<LoadPolicyError>>(stage: Stage) -> impl Fn(E) -> LoadFailure {
    move |error| LoadFailure { stage, error: error.into() }
}

impl From<LoadComponentError> for LoadFailure {
    fn from(error: LoadComponentError) -> Self {
        Self { stage: Stage::of(&error), error: error.into() }
    }
}

/// A policy that passed every stage.
pub struct Revision {
    /// Ready to be asked.
    pub policy: Policy,
    /// What tells it from every other.
    pub identity: Identity,
    /// JSON text.
    pub settings: String,
    /// That of its bundle, when it came in one.
    pub bundle_revision: Option<u64>,
    /// When it was taken, Unix seconds.
    pub since: u64,
    /// Digest of the vectors that it answered, so that others are asked when they change.
    vectors: Option<Digest>,
}

/// Whose word the subjects of an audience are. A policy that needs a login is not taken where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subjects {
    /// A provider's: each is the person of a verified login.
    Verified,
    /// The caller's.
    Asserted,
}

/// The audience that a policy is taken for.
#[derive(Debug, Clone, Copy)]
pub struct For<'a> {
    /// Its id.
    pub audience: &'a str,
    /// Whose word its subjects are.
    pub subjects: Subjects,
}

impl For<'_> {
    /// Whether the policy can decide there at all.
    fn suits(self, policy: &Policy, file: &Path) -> Result<(), LoadFailure> {
        if self.subjects == Subjects::Asserted && policy.description().needs_login {
            return Err(LoadComponentError::NeedsLogin { file: file.display().to_string() }.into());
        }
        Ok(())
    }
}

/// Components that were met during one change, so that each is read and compiled once.
#[derive(Default)]
pub struct Met(BTreeMap<(Digest, PolicyClass), Arc<Candidate>>);

/// Takes policies through the stages. Cloning shares the pools.
#[derive(Clone)]
pub struct Loader {
    small: Engine,
    large: Option<Engine>,
    folder: Option<Arc<Folder>>,
}

impl Loader {
    /// Starts the pools of a configuration. Without a folder nothing is kept, and each start compiles again.
    ///
    /// # Errors
    /// The machine does not give what the limits ask for.
    pub fn start(config: &Config, compiler: &Compiler, folder: Option<Arc<Folder>>) -> Result<Self, StartEngineError> {
        let start = |limits| {
            let cache = folder.as_ref().map(|folder| Cache::new(Arc::clone(folder)));
            Engine::start_with(limits, Workshop::new(compiler.clone(), cache))
        };
        let (small, large) = (start(&config.limits)?, config.large.as_ref().map(start).transpose()?);
        Ok(Self { small, large, folder })
    }

    /// The pool of the class small, which the verifier shares.
    pub fn engine(&self) -> &Engine {
        &self.small
    }

    pub(super) fn folder(&self) -> Option<&Arc<Folder>> {
        self.folder.as_ref()
    }

    fn pool(&self, class: PolicyClass) -> Result<&Engine, LoadFailure> {
        match class {
            PolicyClass::Small => Ok(&self.small),
            PolicyClass::Large => {
                self.large.as_ref().ok_or(LoadFailure { stage: Stage::Fetched, error: LoadPolicyError::Class })
            }
        }
    }

    /// Takes a policy through every stage. `current` has been through those that look at component and settings; its vectors and the
    /// revision of its bundle may be others since.
    ///
    /// # Errors
    /// The stage that it does not pass.
    pub fn load(
        &self,
        wanted: &Wanted,
        place: For<'_>,
        current: Option<&Arc<Revision>>,
        met: &mut Met,
        now: u64,
    ) -> Result<Arc<Revision>, LoadFailure> {
        let files = self.fetch(wanted)?;
        let identity = Identity::new(files.digest, &files.settings, wanted.class);
        let current = current.filter(|current| current.identity == identity);
        let policy = match current {
            Some(current) => current.policy.with_settings(files.settings.clone()),
            None => {
                let candidate = self.candidate(&files.component, files.digest, wanted.class, met)?;
                candidate.with(&files.settings).map_err(at(Stage::Settings))?
            }
        };
        place.suits(&policy, &files.component)?;
        let vectors = files.vectors.as_deref().map(vectors_digest).transpose().map_err(at(Stage::SelfTest))?;
        if let Some(folder) = &files.vectors
            && current.is_none_or(|current| current.vectors != vectors)
        {
            let candidate = self.candidate(&files.component, files.digest, wanted.class, met)?;
            let least = if files.signed.is_some() { Least::None } else { Least::One };
            self_test(&candidate, folder, &files.settings, least).map_err(at(Stage::SelfTest))?;
        }
        if let Some((manifest, least)) = &files.signed {
            // Only now: a bundle that does not run must not keep the one before it from being used again.
            let seen = self.folder.as_ref().map(|folder| folder.place(SEEN));
            let place = Placement { audience: place.audience.to_owned(), policy: wanted.id.clone() };
            bundle::accept_for(place, manifest, *least, seen.as_deref()).map_err(at(Stage::Signature))?;
        }
        self.keep(&files.component, files.digest);
        let bundle_revision = files.signed.map(|(manifest, _)| manifest.revision);
        if let Some(current) = current.filter(|one| (one.bundle_revision, one.vectors) == (bundle_revision, vectors)) {
            return Ok(Arc::clone(current));
        }
        let since = current.map_or(now, |current| current.since);
        Ok(Arc::new(Revision { policy, identity, settings: files.settings, bundle_revision, since, vectors }))
    }

    /// A policy of the configuration, with another component or other settings in the place of its own: for people who compare.
    ///
    /// # Errors
    /// The stage that it does not pass.
    pub fn try_out(
        &self,
        wanted: &Wanted,
        component: Option<&Path>,
        settings: Option<String>,
    ) -> Result<Policy, LoadFailure> {
        let files = self.fetch(wanted)?;
        let engine = self.pool(wanted.class)?;
        let inspected = match component {
            Some(other) => engine.load(other, None, Role::Policy)?,
            None => engine.load(&files.component, Some(files.digest), Role::Policy)?,
        };
        Ok(Policy::prepare(engine, &inspected, settings.unwrap_or(files.settings))?)
    }

    /// The identity that a policy would have, when its files say so.
    pub(super) fn identify(&self, wanted: &Wanted) -> Option<Identity> {
        let files = self.fetch(wanted).ok()?;
        Some(Identity::new(files.digest, &files.settings, wanted.class))
    }

    /// A revision that was kept.
    ///
    /// # Errors
    /// The stage that it does not pass any more.
    pub(super) fn restore(
        &self,
        kept: &super::kept::Kept,
        place: For<'_>,
        met: &mut Met,
    ) -> Result<Arc<Revision>, LoadFailure> {
        let digest = kept.identity.component;
        let path = self.folder.as_ref().map(|folder| folder.place(&kept_file(digest))).unwrap_or_default();
        let candidate = self.candidate(&path, digest, kept.identity.class, met)?;
        let policy = candidate.with(&kept.settings).map_err(at(Stage::Settings))?;
        // It was kept when the audience may have had other subjects than now.
        place.suits(&policy, &path)?;
        Ok(Arc::new(Revision {
            policy,
            identity: kept.identity.clone(),
            settings: kept.settings.clone(),
            bundle_revision: kept.bundle_revision,
            since: kept.since,
            vectors: None,
        }))
    }

    fn candidate(
        &self,
        path: &Path,
        digest: Digest,
        class: PolicyClass,
        met: &mut Met,
    ) -> Result<Arc<Candidate>, LoadFailure> {
        if let Some(known) = met.0.get(&(digest, class)) {
            return Ok(Arc::clone(known));
        }
        let engine = self.pool(class)?;
        let inspected = engine.load(path, Some(digest), Role::Policy)?;
        let policy = Policy::link(engine, &inspected, String::new())?;
        let candidate = Arc::new(Candidate { inspected, policy });
        met.0.insert((digest, class), Arc::clone(&candidate));
        Ok(candidate)
    }

    /// What the configuration points at: for a component its pinned digest, for a bundle what its signature covers.
    fn fetch(&self, wanted: &Wanted) -> Result<Files, LoadFailure> {
        match &wanted.source {
            Source::Component { path, digest, settings, vectors } => Ok(Files {
                component: path.clone(),
                digest: *digest,
                settings: settings.clone(),
                vectors: vectors.clone(),
                signed: None,
            }),
            Source::Bundle { path, key, least } => {
                let signature = at::<BundleError>(Stage::Signature);
                let key = PublicKey::read(key).map_err(&signature)?;
                let manifest = bundle::open(path, &key).map_err(&signature)?;
                let digest = manifest.digest(bundle::COMPONENT).map_err(&signature)?;
                let settings = manifest.read(path, bundle::SETTINGS).map_err(&signature)?;
                Ok(Files {
                    component: path.join(bundle::COMPONENT),
                    digest,
                    settings,
                    vectors: Some(path.join("vectors")),
                    signed: Some((manifest, *least)),
                })
            }
        }
    }

    /// Keeps a copy of the component, for the day on which its file is gone or another one.
    fn keep(&self, component: &Path, digest: Digest) {
        let Some(folder) = &self.folder else { return };
        let name = kept_file(digest);
        if folder.place(&name).exists() {
            return;
        }
        let copy = std::fs::read(component).map_err(|error| error.kind()).and_then(|bytes| {
            // The file may have changed since it was read for compiling; then the copy is not worth keeping.
            if Digest::of(&bytes) == digest { folder.write(&name, &bytes) } else { Ok(()) }
        });
        if let Err(kind) = copy {
            tracing::warn!(code = "POL-KEPT", %kind, "no copy of a policy could be kept; if its file is lost, so is the policy");
        }
    }
}

/// Highest revisions of bundles.
const SEEN: &str = "bundles.json";

/// The copy of a component.
pub(super) fn kept_file(digest: Digest) -> String {
    format!("{}.wasm", digest.hex())
}

struct Files {
    component: PathBuf,
    digest: Digest,
    settings: String,
    vectors: Option<PathBuf>,
    signed: Option<(bundle::Manifest, u64)>,
}

/// How many vectors there must be: who names a folder of them means some, and who signed none has none.
enum Least {
    None,
    One,
}

/// Names and bytes of all vectors of a folder.
fn vectors_digest(folder: &Path) -> Result<Digest, BundleError> {
    let mut all = Vec::new();
    for file in vectors::files(folder)? {
        let text = document::read(&file)?;
        all.extend_from_slice(file.file_name().unwrap_or_default().as_encoded_bytes());
        all.extend_from_slice(Digest::of(text.as_bytes()).bytes());
    }
    Ok(Digest::of(&all))
}

fn self_test(candidate: &Candidate, folder: &Path, settings: &str, least: Least) -> Result<(), BundleError> {
    let mut all = Vec::new();
    for file in vectors::files(folder)? {
        all.extend(vectors::read(&file, settings)?);
    }
    if all.is_empty() && matches!(least, Least::One) {
        return Err(ProjectError::NoVectors(folder.to_owned()).into());
    }
    let report = trial::run(candidate, &all);
    if report.holds() { Ok(()) } else { Err(BundleError::Vectors { failed: report.failed, all: all.len() }) }
}
