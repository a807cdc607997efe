//! One wasmtime engine for the process: the pool, the clock that stops endless loops, and the store of one call.
//!
//! Every component call gets a store and an instance of its own and loses them afterwards, so nothing a policy leaves in memory
//! is there for the next login. There is no WASI here and no way to link one. Async and threads are not compiled in.
//!
//! What a component may be is decided in [`inspect`], what it may use in [`limits`], how it is called in [`policy`] and
//! [`verifier`]. What is not decided here: which policies an audience has, and what their answers mean together.
//!
//! Recipe: <https://docs.wasmtime.dev/examples-fast-instantiation.html> and <https://docs.wasmtime.dev/examples-interrupting-wasm.html>.

pub mod crypto;
pub mod inspect;
pub mod json;
pub mod limits;
pub mod policy;
pub mod verifier;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::config::Limits;
use crate::digest::Digest;
use crate::problem::Explain;
use limits::Guest;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum StartEngineError {
    /// The pool of instances could not be reserved.
    #[error("the pool of {instances} instances of {memory_bytes} bytes cannot be reserved on this machine")]
    Pool {
        /// `limits.instances`.
        instances: u32,
        /// `limits.memory_bytes`.
        memory_bytes: usize,
    },
    /// The thread that counts time could not be started.
    #[error("the thread that stops endless policies cannot be started ({0})")]
    Ticker(std::io::ErrorKind),
}

impl Explain for StartEngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Pool { .. } => "POL-POOL",
            Self::Ticker(_) => "POL-TICKER",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Pool { .. } => {
                "Lower limits.instances or limits.memory_bytes, or raise the address space limit (ulimit -v).".into()
            }
            Self::Ticker(_) => "Raise the number of threads that this account may start (ulimit -u).".into(),
        }
    }
}

/// Why a component file is refused before it ever runs.
#[derive(Debug, thiserror::Error)]
pub enum LoadComponentError {
    /// The file is not there or cannot be read.
    #[error("component {file} cannot be read ({kind})")]
    Unreadable {
        /// As configured.
        file: String,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// The file is larger than any component should be.
    #[error("component {file} has {size} bytes, more than {}", inspect::LARGEST_COMPONENT)]
    TooLarge {
        /// As configured.
        file: String,
        /// Its size.
        size: u64,
    },
    /// The file is not the one that was pinned.
    #[error("component {file} has digest {found}, but {expected} is configured")]
    Digest {
        /// As configured.
        file: String,
        /// From the configuration.
        expected: Digest,
        /// Of the file.
        found: Digest,
    },
    /// Not WebAssembly, not a component, or larger than the pool allows.
    #[error("component {file} does not compile: {reason}")]
    Compile {
        /// As configured.
        file: String,
        /// First line of the compiler's message.
        reason: String,
    },
    /// It asks for something outside its contract.
    #[error("component {file} imports {import}, which no {role} may use")]
    Import {
        /// As configured.
        file: String,
        /// The import's full name.
        import: String,
        /// "policy" or "verifier".
        role: &'static str,
    },
    /// It lacks something its contract demands.
    #[error("component {file} {}", missing(.export, .found.as_deref()))]
    Export {
        /// As configured.
        file: String,
        /// The export's full name.
        export: String,
        /// The same interface in a version that this host does not speak.
        found: Option<String>,
    },
    /// The policy rejects its settings, or cannot say.
    #[error("component {file} refuses its settings: {problems}")]
    Settings {
        /// As configured.
        file: String,
        /// JSON Pointers and messages, as the policy wrote them.
        problems: String,
    },
    /// It decides on logins, and there are none where it stands.
    #[error("component {file} cannot decide without a verified login, and this audience's subjects are asserted")]
    NeedsLogin {
        /// As configured.
        file: String,
    },
    /// The policy did not survive being asked about itself.
    #[error("component {file} failed while it was being loaded ({failure})")]
    Failed {
        /// As configured.
        file: String,
        /// How.
        failure: limits::Failure,
    },
}

fn missing(export: &str, found: Option<&str>) -> String {
    match found {
        Some(found) => format!("exports {found}, a version of {export} that this host does not speak"),
        None => format!("does not export {export} in the shape of this host's contract"),
    }
}

impl Explain for LoadComponentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-FILE",
            Self::TooLarge { .. } => "POL-SIZE",
            Self::Digest { .. } => "POL-DIGEST",
            Self::Compile { .. } => "POL-COMPILE",
            Self::Import { .. } => "POL-IMPORT",
            Self::Export { .. } => "POL-EXPORT",
            Self::Settings { .. } => "POL-SETTINGS",
            Self::NeedsLogin { .. } => "POL-NEEDS-LOGIN",
            Self::Failed { .. } => "POL-LOAD",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Build it with `cargo xtask build`, or correct the path.".into(),
            Self::TooLarge { .. } => "Build it with the component profile, which strips it.".into(),
            Self::Digest { .. } => {
                "If you meant to change the component, write the new digest into the configuration; if not, find out who did.".into()
            }
            Self::Compile { .. } => "Build it for wasm32-unknown-unknown with the component linker, as the README of plugins says.".into(),
            Self::Import { import, .. } if import.starts_with("vigie:") => {
                "It is built for another role or another version of the contract: build it against plugins/wit of this release.".into()
            }
            Self::Import { .. } => {
                "Build it for wasm32-unknown-unknown (not wasip1 or wasip2) and without clocks, files, randomness or network.".into()
            }
            Self::Export { .. } => "Build it against the contract in plugins/wit of this release.".into(),
            Self::Settings { .. } => "Correct its settings in the configuration.".into(),
            Self::NeedsLogin { .. } => "Choose a policy that is written for asserted subjects, or let the audience verify its logins.".into(),
            Self::Failed { .. } => "Report this to its author; it must answer `describe` and `validate-settings` within the limits.".into(),
        }
    }
}

/// The process's engine. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    limits: Arc<Limits>,
}

/// Ticks that a deadline is made of. With a deadline of one tick a call that starts just before the tick would be cut at once
/// (wasmtime pull request 7847); with ten the error is a tenth of the timeout.
const TICKS_PER_TIMEOUT: u64 = 10;

/// What wit-bindgen and the component linker make of one Rust crate: the module and two adapters, with room to spare.
const CORE_INSTANCES_PER_COMPONENT: u32 = 8;
/// The indirect call table of the module and that of its adapter, with room to spare.
pub(crate) const TABLES_PER_COMPONENT: u32 = 4;

impl Engine {
    /// Reserves the pool and starts the clock.
    ///
    /// # Errors
    /// The machine does not give what the limits ask for; a smaller pool is never taken in its place.
    pub fn start(limits: &Limits) -> Result<Self, StartEngineError> {
        let mut pool = PoolingAllocationConfig::new();
        let instances = limits.instances;
        pool.total_component_instances(instances)
            .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
            .total_memories(instances)
            .total_tables(instances.saturating_mul(TABLES_PER_COMPONENT))
            .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
            .max_memories_per_component(1)
            .max_tables_per_component(TABLES_PER_COMPONENT)
            .max_memory_size(limits.memory_bytes)
            .table_elements(limits.table_elements)
            // Pages that a slot keeps between two calls are cleared by memset, which is cheaper than giving them back.
            .linear_memory_keep_resident(256 << 10)
            .table_keep_resident(16 << 10);
        let mut config = Config::new();
        config
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
            .epoch_interruption(true)
            .max_wasm_stack(limits.stack_bytes)
            .concurrency_support(false)
            .wasm_component_model(true)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .wasm_relaxed_simd(false)
            .wasm_tail_call(false)
            // Same bits for the same inputs on every machine.
            .cranelift_nan_canonicalization(true);
        let inner = wasmtime::Engine::new(&config)
            .map_err(|_| StartEngineError::Pool { instances, memory_bytes: limits.memory_bytes })?;
        tick(&inner, limits.timeout_ms).map_err(|error| StartEngineError::Ticker(error.kind()))?;
        Ok(Self { inner, limits: Arc::new(limits.clone()) })
    }

    /// A fresh store for one call, its deadline running from now.
    fn store(&self) -> Store<Guest> {
        let mut store = Store::new(&self.inner, Guest::new(&self.limits));
        store.limiter(|guest| &mut guest.meter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        store.set_epoch_deadline(TICKS_PER_TIMEOUT + 1);
        store
    }

    fn compile(&self, file: &str, bytes: &[u8]) -> Result<Component, LoadComponentError> {
        Component::from_binary(&self.inner, bytes)
            .map_err(|error| LoadComponentError::Compile { file: file.to_owned(), reason: limits::first_line(&error) })
    }

    /// What every call is held to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Starts the thread that advances the epoch, and ends it when the engine is gone. It is a thread of its own because tasks of
/// the async runtime are late exactly when the machine is busy; it sleeps between ticks, so a late tick is never made up for by
/// a burst that would cut calls short.
fn tick(engine: &wasmtime::Engine, timeout_ms: u64) -> std::io::Result<()> {
    let engine = engine.weak();
    let period =
        Duration::from_micros(timeout_ms.saturating_mul(1000) / TICKS_PER_TIMEOUT).max(Duration::from_millis(1));
    std::thread::Builder::new().name("vigie-epoch".into()).spawn(move || {
        loop {
            std::thread::sleep(period);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}
