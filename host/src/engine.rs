//! One wasmtime engine for the process: the pool, the clock that stops endless loops, and the store of one call.
//!
//! Every component call gets a store and an instance of its own and loses them afterwards, so nothing a policy leaves in memory
//! is there for the next login. There is no WASI here and no way to link one. Async and threads are not compiled in.
//!
//! What a component may be is decided in [`inspect`], what it may use in [`limits`], how it is called in [`policy`] and
//! [`verifier`]. It is compiled in a process of its own ([`compiler`], [`worker`]), and its machine code is kept ([`cache`]). What is not decided here: which policies an audience has, and what their answers mean together.
//!
//! Recipe: <https://docs.wasmtime.dev/examples-fast-instantiation.html> and <https://docs.wasmtime.dev/examples-interrupting-wasm.html>.

pub mod cache;
pub mod compiler;
pub mod crypto;
pub mod inspect;
pub mod json;
pub mod limits;
pub mod policy;
mod precompiled;
mod problem;
mod recent;
pub mod verifier;
pub mod worker;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

use crate::config::Limits;
use crate::digest::Digest;
use compiler::Workshop;
use crypto::Keys;
use limits::Guest;
pub use problem::{CompileLimit, LoadComponentError, StartEngineError};

/// The process's engine. Cloning shares it.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    limits: Arc<Limits>,
    /// As many as `limits.timeout_ms` lasts.
    ticks: u64,
    workshop: Workshop,
    keys: Arc<Keys>,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// `limits.timeout_ms`.
    Full,
    /// To the tick after the next: for a thread that others wait for, which has the call made again elsewhere when it is cut. With the next
    /// one a call that begins just before it would be cut although it is quick; at thousands of calls a second that happens all the time.
    Brief,
}

/// Least number of ticks that a time limit is made of. With a deadline of one tick a call that starts just before the tick would be cut
/// at once (wasmtime pull request 7847); with ten the error is a tenth of the limit.
const TICKS_PER_TIMEOUT: u64 = 10;
/// Time between two ticks, and so half of the most that [`Patience::Brief`] is.
const LONGEST_TICK: Duration = Duration::from_micros(2_500);

/// What wit-bindgen and the component linker make of one Rust crate: the module and two adapters, with room to spare.
const CORE_INSTANCES_PER_COMPONENT: u32 = 8;
/// The indirect call table of the module and that of its adapter, with room to spare.
pub(crate) const TABLES_PER_COMPONENT: u32 = 4;

impl Engine {
    /// Reserves the pool and starts the clock. Components are compiled in this process, which is for people who try out their own.
    ///
    /// # Errors
    /// The machine does not give what the limits ask for; a smaller pool is never taken in its place.
    pub fn start(limits: &Limits) -> Result<Self, StartEngineError> {
        Self::start_with(limits, Workshop::default())
    }

    /// The same, with another way to compile.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_with(limits: &Limits, workshop: Workshop) -> Result<Self, StartEngineError> {
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
        let mut config = code();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool)).max_wasm_stack(limits.stack_bytes);
        let inner = wasmtime::Engine::new(&config)
            .map_err(|_| StartEngineError::Pool { instances, memory_bytes: limits.memory_bytes })?;
        let period = tick_period(limits.timeout_ms);
        tick(&inner, period).map_err(|error| StartEngineError::Ticker(error.kind()))?;
        let ticks = limits.timeout_ms.saturating_mul(1000).div_ceil(period.as_micros().try_into().unwrap_or(1000));
        Ok(Self { inner, limits: Arc::new(limits.clone()), ticks, workshop, keys: Arc::default() })
    }

    /// A fresh store for one call, its deadline running from now.
    fn store(&self, patience: Patience) -> Store<Guest> {
        let mut store = Store::new(&self.inner, Guest::new(&self.limits, Arc::clone(&self.keys)));
        store.limiter(|guest| &mut guest.meter);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        store.set_epoch_deadline(self.deadline(patience));
        store
    }

    /// In ticks from now.
    fn deadline(&self, patience: Patience) -> u64 {
        match patience {
            Patience::Full => self.ticks.saturating_add(1),
            Patience::Brief => 2,
        }
    }

    fn compile(&self, file: &str, digest: Digest, bytes: &[u8]) -> Result<Component, LoadComponentError> {
        self.workshop
            .make(&self.inner, file, digest, bytes)?
            .load(&self.inner)
            .map_err(|error| LoadComponentError::Compile { file: file.to_owned(), reason: limits::first_line(&error) })
    }

    /// What every call is held to.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// Whatever bears on the machine code that comes out of a component, and nothing else: the same for every pool, and for the process
/// that compiles.
fn code() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        // Same bits for the same inputs on every machine.
        .cranelift_nan_canonicalization(true);
    config
}

fn tick_period(timeout_ms: u64) -> Duration {
    Duration::from_micros(timeout_ms.saturating_mul(1000) / TICKS_PER_TIMEOUT)
        .clamp(Duration::from_millis(1), LONGEST_TICK)
}

/// Starts the thread that advances the epoch, and ends it when the engine is gone. It is a thread of its own because tasks of
/// the async runtime are late exactly when the machine is busy; it sleeps between ticks, so a late tick is never made up for by
/// a burst that would cut calls short.
fn tick(engine: &wasmtime::Engine, period: Duration) -> std::io::Result<()> {
    let engine = engine.weak();
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
