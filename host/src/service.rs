//! The host assembled: engine, verifier, each audience's policies, provider, store, log.
//!
//! Everything that can be wrong with a configuration shows here, before a socket is open. [`gate`] bounds how many components run
//! at once. What is asked of the assembled host is in [`crate::http`].

pub mod gate;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{self, Config, ConfigError};
use crate::digest::Digest;
use crate::engine::inspect::{Inspected, Role};
use crate::engine::policy::Policy;
use crate::engine::verifier::Verifier;
use crate::engine::{Engine, LoadComponentError, StartEngineError};
use crate::http::tls::LoadTlsError;
use crate::log::{DecisionLog, OpenLogError};
use crate::metrics::Metrics;
use crate::policies::Policies;
use crate::policies::table::{LoadedPolicy, Table};
use crate::problem::Explain;
use crate::provider::{BuildClientError, Pace, Providers};
use crate::store::{OpenStoreError, Store};
use gate::Gate;

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
    pub policies: Table,
}

/// A relying party.
pub struct Audience {
    /// As configured.
    pub config: config::Audience,
    /// Where it stands in the configuration, which is where its policies stand in a table.
    pub(crate) place: usize,
}

/// A running host without its socket.
pub struct Service {
    /// Relying parties.
    pub audiences: Vec<Audience>,
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
        error: Box<LoadComponentError>,
    },
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
    /// Loads the verifier and every policy; a component that several audiences use is compiled once.
    ///
    /// # Errors
    /// The first component that does not pass.
    pub fn load(config: &Config) -> Result<Self, StartError> {
        let engine = Engine::start(&config.limits)?;
        let verifier = engine
            .load(&config.verifier.path, config.verifier.digest, Role::Verifier)
            .and_then(|inspected| Verifier::prepare(&engine, &inspected))
            .map_err(StartError::Verifier)?;
        let mut compiled: BTreeMap<[u8; 32], Inspected> = BTreeMap::new();
        let mut policies = Vec::with_capacity(config.audiences.len());
        for audience in &config.audiences {
            let mut loaded = Vec::with_capacity(audience.policies.len());
            for wanted in &audience.policies {
                loaded.push(load_policy(&engine, &mut compiled, wanted, audience).map_err(|error| {
                    StartError::Policy {
                        audience: audience.id.clone(),
                        policy: wanted.id.clone(),
                        error: Box::new(error),
                    }
                })?);
            }
            policies.push(loaded.into());
        }
        Ok(Self { verifier: Arc::new(verifier), policies: Table::new(policies) })
    }
}

fn load_policy(
    engine: &Engine,
    compiled: &mut BTreeMap<[u8; 32], Inspected>,
    wanted: &config::Policy,
    audience: &config::Audience,
) -> Result<LoadedPolicy, LoadComponentError> {
    let inspected = match compiled.entry(*wanted.digest.bytes()) {
        std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::btree_map::Entry::Vacant(place) => {
            place.insert(engine.load(&wanted.component, Some(wanted.digest), Role::Policy)?)
        }
    };
    let policy = Policy::prepare(engine, inspected, wanted.settings.clone())?;
    if audience.login.is_none() && policy.description().needs_login {
        return Err(LoadComponentError::NeedsLogin { file: wanted.component.display().to_string() });
    }
    Ok(LoadedPolicy::new(wanted.id.clone(), wanted.role, policy))
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
        let log = DecisionLog::open(&config.log, &config.state, clock(), &metrics)?;
        for audience in &config.audiences {
            metrics.serves(&audience.id, audience.subject());
        }
        let audiences =
            config.audiences.into_iter().enumerate().map(|(place, config)| Audience { config, place }).collect();
        Ok(Self {
            audiences,
            policies: Policies::new(components.policies),
            core_digest: components.verifier.digest().to_string(),
            verifier: components.verifier,
            providers,
            store,
            log,
            metrics,
            gate: Gate::new(&config.limits),
            public_url: config.server.public_url,
            request_bytes: config.limits.request_bytes,
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
