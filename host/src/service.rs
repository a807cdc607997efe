//! The host assembled: engine, verifier, each audience's policies, provider, store, log.
//!
//! Everything that can be wrong with a configuration shows here, before a socket is open. [`gate`] bounds how many components run
//! at once. What is asked of the assembled host is in [`crate::http`].

pub mod gate;

use std::sync::Arc;
use std::time::Instant;

use crate::config::{self, CallerIndex, Config, ConfigError, Secret, VerifierEngine};
use crate::digest::Digest;
use crate::engine::compiler::Compiler;
use crate::engine::inspect::Role;
use crate::engine::verifier::Verifier;
use crate::engine::{Engine, LoadComponentError, StartEngineError};
use crate::http::Detours;
use crate::http::tls::LoadTlsError;
use crate::log::{DecisionLog, OpenLogError};
use crate::metrics::Metrics;
use crate::policies::folder::Folder;
use crate::policies::loader::{LoadFailure, Loader};
use crate::policies::table::LoadedPolicy;
use crate::policies::{Policies, Prepared};
use crate::problem::{Explain, Sentence};
use crate::provider::{BuildClientError, Pace, Providers};
use crate::store::{OpenStoreError, Store};
use gate::{Gate, Share};

/// Unix seconds. The only clock that decisions see.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Components of a configuration, loaded and checked. Cloning shares them.
#[derive(Clone)]
pub struct Components {
    /// The core.
    pub verifier: Arc<Verifier>,
    /// The policies of each audience.
    pub policies: Prepared,
}

/// A relying party.
pub struct Audience {
    /// As configured.
    pub config: config::Audience,
    /// Where it stands in the configuration, which is where its policies stand in a table.
    pub(crate) place: usize,
    /// Its questions that are to be asked on a thread that may block.
    pub(crate) detours: Detours,
    /// How much of the gate it may take.
    pub(crate) share: Share,
}

/// A running host without its socket.
pub struct Service {
    /// Relying parties.
    pub audiences: Vec<Audience>,
    /// Who calls for which of them.
    pub callers: CallerIndex,
    /// Their policies, which may be exchanged while questions are answered.
    pub policies: Policies,
    /// The core.
    pub verifier: Arc<Verifier>,
    /// Its digest as text.
    pub core_digest: String,
    /// Keys and UserInfo.
    pub providers: Providers,
    /// Handles and one-shots.
    pub store: Store,
    /// Decisions.
    pub log: DecisionLog,
    /// What is counted and timed.
    pub metrics: Arc<Metrics>,
    /// Bounds what runs.
    pub gate: Gate,
    /// Under which URL callers know this host, where that is configured.
    pub public_url: Option<String>,
    /// Largest body.
    pub request_bytes: usize,
    /// What an operator presents; without it there is no interface for operators.
    pub admin: Option<Secret>,
    /// Now.
    pub clock: Clock,
}

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The pool.
    #[error(transparent)]
    Engine(#[from] StartEngineError),
    /// The core.
    #[error("verifier: {0}")]
    Verifier(LoadComponentError),
    /// A policy.
    #[error("audience {audience:?}, policy {policy:?}: {error}")]
    Policy {
        /// Relying party.
        audience: String,
        /// As configured.
        policy: String,
        /// What is wrong.
        error: Arc<LoadFailure>,
    },
    /// The core has its signature checks elsewhere than configured.
    #[error("verifier.engine is {wanted:?}, and the component makes its signature checks {found}")]
    VerifierEngine {
        /// From the configuration.
        wanted: &'static str,
        /// What its imports say.
        found: &'static str,
    },
    /// Where this program lies, which compiles.
    #[error("this program does not find itself ({0})")]
    Program(std::io::ErrorKind),
    /// The TLS client.
    #[error(transparent)]
    Client(#[from] BuildClientError),
    /// The state file.
    #[error(transparent)]
    Store(#[from] OpenStoreError),
    /// The decision log.
    #[error(transparent)]
    Log(#[from] OpenLogError),
    /// Certificate and key of the socket.
    #[error(transparent)]
    Tls(#[from] LoadTlsError),
    /// The socket.
    #[error("cannot listen on {address} ({})", if *.kind == std::io::ErrorKind::AddrInUse { "another process does already" } else { "the system refuses" })]
    Listen {
        /// As configured.
        address: std::net::SocketAddr,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
}

impl Explain for StartError {
    fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Verifier(error) => error.code(),
            Self::Policy { error, .. } => error.code(),
            Self::VerifierEngine { .. } => "CFG-VERIFIER-ENGINE",
            Self::Program(_) => "POL-WORKER",
            Self::Client(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Tls(error) => error.code(),
            Self::Listen { kind: std::io::ErrorKind::AddrInUse, .. } => "CFG-PORT-IN-USE",
            Self::Listen { .. } => "CFG-LISTEN",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Config(error) => error.help(),
            Self::Engine(error) => error.help(),
            Self::Verifier(error) => error.help(),
            Self::Policy { error, .. } => error.help(),
            Self::VerifierEngine { .. } => {
                "Name vigie-verifier-pure.wasm for \"pure\" and vigie-verifier.wasm for \"host\", or leave the key out."
                    .into()
            }
            Self::Program(_) => "Start it from the file that was installed, with /proc at its place.".into(),
            Self::Client(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::Log(error) => error.help(),
            Self::Tls(error) => error.help(),
            Self::Listen { kind: std::io::ErrorKind::AddrInUse, .. } => {
                "Stop that process, or choose another port with --listen (port 0 takes a free one).".into()
            }
            Self::Listen { .. } => "Choose an address of this machine and a port that this account may use.".into(),
        }
    }
}

impl Components {
    /// Loads the verifier and every policy. What does not load is replaced by what was kept, see [`crate::policies`].
    ///
    /// # Errors
    /// There is no engine or no core, or no audience has all of its policies.
    pub fn load(config: &Config, compiler: &Compiler, clock: &Clock) -> Result<Self, StartError> {
        let folder = Folder::open(&config.policies.folder).map(Arc::new).inspect_err(|error| {
            tracing::error!(
                code = error.code(),
                "no machine code and no last good policy is kept: {}",
                Sentence(error)
            );
        });
        let components = Self::load_from(config, compiler, folder.ok(), clock)?;
        if components.policies.table().serves_somebody() { Ok(components) } else { components.strictly() }
    }

    /// Loads everything as configured, and keeps nothing.
    ///
    /// # Errors
    /// The first component that does not pass.
    pub fn check(config: &Config, compiler: &Compiler, clock: &Clock) -> Result<Self, StartError> {
        Self::load_from(config, compiler, None, clock)?.strictly()
    }

    fn load_from(
        config: &Config,
        compiler: &Compiler,
        folder: Option<Arc<Folder>>,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let begun = Instant::now();
        let loader = Loader::start(config, compiler, folder)?;
        let engine_ms = begun.elapsed().as_millis();
        let verifier = verifier(loader.engine(), config)?;
        let verifier_ms = begun.elapsed().as_millis() - engine_ms;
        let policies = Prepared::load(config, loader, verifier.digest(), clock());
        // What a start costs, part by part; VIGIE_LOG=info shows it.
        tracing::info!(
            engine_ms,
            verifier_ms,
            policies_ms = begun.elapsed().as_millis() - engine_ms - verifier_ms,
            policies = policies.table().all().count(),
            "components are loaded"
        );
        Ok(Self { verifier: Arc::new(verifier), policies })
    }

    fn strictly(self) -> Result<Self, StartError> {
        match self.policies.failures().first() {
            None => Ok(self),
            Some((audience, policy, error)) => {
                Err(StartError::Policy { audience: audience.clone(), policy: policy.clone(), error: Arc::clone(error) })
            }
        }
    }
}

fn verifier(engine: &Engine, config: &Config) -> Result<Verifier, StartError> {
    let inspected =
        engine.load(&config.verifier.path, config.verifier.digest, Role::Verifier).map_err(StartError::Verifier)?;
    let (found, word) = match inspected.asks_for_crypto() {
        true => (VerifierEngine::Host, "by the host"),
        false => (VerifierEngine::Pure, "by itself"),
    };
    match config.verifier_engine {
        Some(wanted) if wanted != found => Err(StartError::VerifierEngine { wanted: wanted.name(), found: word }),
        _ => Verifier::prepare(engine, &inspected).map_err(StartError::Verifier),
    }
}

impl Service {
    /// Assembles a host from a configuration and the components loaded for it. Nothing is fetched yet, so the provider may
    /// start later.
    ///
    /// # Errors
    /// The first part that cannot be had as configured.
    pub fn assemble(config: Config, components: Components, pace: &Pace, clock: Clock) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::new(&components.verifier.digest().to_string()));
        let providers = Providers::new(&config, pace, &clock, &metrics)?;
        // The state first: whoever has it is the only one to write beside it.
        let store = Store::open(&config.state, config.state_entries, &metrics)?;
        let log = DecisionLog::open(&config.log, &config.state, &metrics)?;
        for audience in &config.audiences {
            metrics.serves(&audience.id, audience.subject());
        }
        let callers = CallerIndex::of(config.audiences.iter().map(|audience| &audience.callers));
        let gate = Gate::new(&config.limits);
        let count = config.audiences.len();
        let audience = |(place, config)| {
            let (detours, share) = (Detours::default(), gate.share(count));
            Audience { config, place, detours, share }
        };
        let audiences = config.audiences.into_iter().enumerate().map(audience).collect();
        let policies = Policies::new(components.policies, config.file.clone(), Arc::clone(&metrics), clock());
        Ok(Self {
            audiences,
            callers,
            policies,
            core_digest: components.verifier.digest().to_string(),
            verifier: components.verifier,
            providers,
            store,
            log,
            metrics,
            gate,
            public_url: config.server.public_url,
            request_bytes: config.limits.request_bytes,
            admin: config.admin,
            clock,
        })
    }

    /// The policies that an audience has at this moment. Whoever answers a question takes them once, and finishes with them
    /// although others may have taken their place meanwhile.
    pub fn policies_of(&self, audience: &Audience) -> Arc<[LoadedPolicy]> {
        self.policies.now().of(audience.place)
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Digest of the core.
    pub fn core(&self) -> Digest {
        self.verifier.digest()
    }
}
