//! Machine code: made by a process that can be killed, kept under a seal, and never taken from anybody else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigie_host::engine::cache::Cache;
use vigie_host::engine::compiler::{Compiler, Worker, Workshop};
use vigie_host::engine::inspect::Role;
use vigie_host::engine::policy::Policy;
use vigie_host::engine::{CompileLimit, Engine, LoadComponentError};
use vigie_host::policies::folder::Folder;
use vigie_host::problem::Explain;

use super::policy_in_a_component::request;
use super::support::components::{limits, wat};
use super::support::guests::{bomb, guest, in_shell};
use super::support::host::compiler;

fn engine(compiler: Compiler, folder: Option<&Path>) -> Engine {
    let cache = folder.map(|folder| Cache::new(Arc::new(Folder::open(folder).unwrap())));
    Engine::start_with(&limits(), Workshop::new(compiler, cache)).unwrap()
}

fn prepare(engine: &Engine, bytes: &[u8]) -> Result<Policy, LoadComponentError> {
    let inspected = engine.inspect("guest".into(), bytes, None, Role::Policy)?;
    Policy::prepare(engine, &inspected, "{}".into())
}

/// Files of machine code in a folder, in the order of their names.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|end| end == "cwasm"));
    found.sort();
    found
}

/// What the policy answers: the code of its reason, or of its failure.
fn answer(policy: &Policy) -> String {
    policy
        .evaluate(&request(vec![]))
        .answer
        .map_or_else(|failure| failure.code().to_owned(), |outcome| outcome.reason_code)
}

#[test]
fn only_what_this_host_sealed_is_run() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("policies");
    let (honest, trap) = (in_shell("honest"), in_shell("trap"));
    assert_eq!(answer(&prepare(&engine(compiler(), Some(&folder)), &honest).unwrap()), "HOSTILE-PERMIT");
    let file = kept(&folder).pop().unwrap();
    prepare(&engine(compiler(), Some(&folder)), &trap).unwrap();
    let foreign = kept(&folder).into_iter().find(|path| *path != file).unwrap();

    let whole = std::fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = whole.len() - 1;
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("cut in the kind", whole[..4].to_vec()),
        ("cut in the seal", whole[..20].to_vec()),
        ("nothing behind the seal", whole[..40].to_vec()),
        ("cut in the code", whole[..last / 2].to_vec()),
        ("another kind", flipped(0)),
        ("another seal", flipped(8)),
        ("another byte of code", flipped(last / 2)),
        ("another last byte", flipped(last)),
        ("one byte more", [&whole[..], &[0]].concat()),
        ("machine code without a seal", whole[40..].to_vec()),
        ("the code of another policy", std::fs::read(&foreign).unwrap()),
    ] {
        std::fs::write(&file, &bytes).unwrap();
        // A new engine, as after a restart. Another policy's code would trap.
        assert_eq!(answer(&prepare(&engine(compiler(), Some(&folder)), &honest).unwrap()), "HOSTILE-PERMIT", "{what}");
        assert_ne!(std::fs::read(&file).unwrap(), bytes, "{what}: it was made again");
    }

    // What another host sealed, with a key of its own, is as forged as anything else.
    let sealed = std::fs::read(&file).unwrap();
    std::fs::remove_file(folder.join("host.key")).unwrap();
    assert_eq!(answer(&prepare(&engine(compiler(), Some(&folder)), &honest).unwrap()), "HOSTILE-PERMIT");
    assert_ne!(std::fs::read(&file).unwrap(), sealed);
}

#[test]
fn what_was_sealed_is_not_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("policies");
    let honest = in_shell("honest");
    prepare(&engine(compiler(), Some(&folder)), &honest).unwrap();
    // This compiler makes nothing, so whatever answers comes from the folder.
    let idle = Compiler::Worker(Worker::new("/bin/false".into(), 10_000, 1 << 30));
    assert_eq!(answer(&prepare(&engine(idle.clone(), Some(&folder)), &honest).unwrap()), "HOSTILE-PERMIT");
    assert!(prepare(&engine(idle, Some(&folder)), &in_shell("trap")).is_err());
}

#[test]
fn a_compilation_that_wants_too_much_is_killed() {
    let held = |timeout_ms, memory_bytes| {
        engine(Compiler::Worker(Worker::new(env!("CARGO_BIN_EXE_vigie").into(), timeout_ms, memory_bytes)), None)
    };
    let slow = held(300, 8 << 30);
    let error = prepare(&slow, &bomb(3_000, 40)).expect_err("it was compiled");
    assert!(matches!(error, LoadComponentError::CompileLimit { limit: CompileLimit::Time(300), .. }), "{error}");
    assert_eq!(error.code(), "POL-COMPILE-LIMIT");
    let memory = 240 << 20;
    let narrow = held(600_000, memory);
    let error = prepare(&narrow, &bomb(1, 200_000)).expect_err("it was compiled");
    assert!(matches!(error, LoadComponentError::CompileLimit { limit: CompileLimit::Memory(_), .. }), "{error}");
    assert_eq!(error.code(), "POL-COMPILE-LIMIT");
    assert_eq!(answer(&prepare(&narrow, &in_shell("honest")).unwrap()), "HOSTILE-PERMIT", "others have room enough");
    // A worker that is not there is no crash either.
    let absent = engine(Compiler::Worker(Worker::new("/nowhere/vigie".into(), 1_000, 1 << 30)), None);
    assert_eq!(prepare(&absent, &in_shell("honest")).err().unwrap().code(), "POL-WORKER");
}

#[test]
fn a_process_of_its_own_refuses_what_this_one_refuses() {
    let engine = engine(compiler(), None);
    for (bytes, code) in [
        (b"not wasm".to_vec(), "POL-COMPILE"),
        (wat(&guest("core-module")), "POL-COMPILE"),
        (in_shell("second-memory"), "POL-COMPILE"),
        (in_shell("trap-on-start"), "POL-LOAD"),
        (wat(&guest("import-other-version")), "POL-IMPORT"),
        (wat(&guest("no-exports")), "POL-EXPORT"),
    ] {
        let error = prepare(&engine, &bytes).err().unwrap();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
    assert_eq!(answer(&prepare(&engine, &in_shell("honest")).unwrap()), "HOSTILE-PERMIT");
}
