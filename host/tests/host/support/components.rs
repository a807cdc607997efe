//! The built components, and small ones written as text.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use vigie_host::config::Limits;
use vigie_host::digest::Digest;
use vigie_host::engine::Engine;
use vigie_host::engine::inspect::Role;
use vigie_host::engine::verifier::Verifier;

/// Path of a shipped component; a missing one fails the test, since a skipped test proves nothing.
pub fn path(name: &str) -> PathBuf {
    let directory = std::env::var_os("VIGIE_COMPONENTS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/components")), PathBuf::from);
    let path = directory.join(format!("{name}.wasm"));
    assert!(path.is_file(), "the component {name}.wasm is not built: run `cargo xtask build` first");
    path
}

pub fn digest(name: &str) -> Digest {
    Digest::of(&std::fs::read(path(name)).unwrap())
}

/// Limits that a test may narrow.
pub fn limits() -> Limits {
    Limits {
        timeout_ms: 2_000,
        memory_bytes: 16 << 20,
        table_elements: 10_000,
        stack_bytes: 512 << 10,
        hostcall_bytes: 1 << 20,
        instances: 4,
        request_bytes: 64 << 10,
        log_lines: 5,
        log_line_bytes: 64,
        outcome_bytes: 16 << 10,
    }
}

/// One engine for all tests that do not narrow the limits.
pub fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::start(&Limits { instances: 32, ..limits() }).unwrap())
}

/// A verifier by the name of its component, compiled once.
pub fn verifier(name: &'static str) -> Arc<Verifier> {
    static VERIFIERS: Mutex<BTreeMap<&str, Arc<Verifier>>> = Mutex::new(BTreeMap::new());
    let mut known = VERIFIERS.lock().unwrap_or_else(PoisonError::into_inner);
    let load = || {
        let inspected = engine().load(&path(name), None, Role::Verifier).unwrap();
        Arc::new(Verifier::prepare(engine(), &inspected).unwrap())
    };
    Arc::clone(known.entry(name).or_insert_with(load))
}

/// A component from its text form.
pub fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}
