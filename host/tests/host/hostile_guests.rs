//! Policies that break their contract: each is contained, named, and followed by an honest answer from the same engine.

use vigie_host::config::Limits;
use vigie_host::engine::inspect::Role;
use vigie_host::engine::limits::Failure;
use vigie_host::engine::policy::{Evaluation, Policy};
use vigie_host::engine::{Engine, LoadComponentError, Patience};
use vigie_host::problem::Explain;

use super::policy_in_a_component::request;
use super::support::components::{limits, wat};
use super::support::guests::{guest, in_shell};

fn engine() -> Engine {
    Engine::start(&Limits { timeout_ms: 200, memory_bytes: 4 << 20, stack_bytes: 128 << 10, instances: 2, ..limits() })
        .unwrap()
}

fn prepare(engine: &Engine, bytes: &[u8]) -> Result<Policy, LoadComponentError> {
    let inspected = engine.inspect("guest".into(), bytes, None, Role::Policy)?;
    Policy::prepare(engine, &inspected, "{}".into())
}

fn ask(engine: &Engine, name: &str) -> Evaluation {
    prepare(engine, &in_shell(name)).unwrap().evaluate(&request(vec![]))
}

#[test]
fn each_failure_is_named_and_leaves_the_engine_whole() {
    let engine = engine();
    let honest = prepare(&engine, &in_shell("honest")).unwrap();
    for (name, failure) in [
        ("endless-loop", Failure::Timeout),
        ("memory-growth", Failure::Memory),
        ("table-growth", Failure::Table),
        ("deep-recursion", Failure::Stack),
        ("trap", Failure::Trap),
        ("outcome-huge", Failure::Hostcall),
        ("outcome-large", Failure::OutcomeSize),
        ("outcome-empty-obligations", Failure::OutcomeSize),
        ("outcome-many-obligations", Failure::BadOutput),
        ("outcome-malformed-code", Failure::BadOutput),
        ("outcome-undeclared-code", Failure::Reason),
        ("outcome-misaligned", Failure::BadOutput),
        ("outcome-not-utf8", Failure::BadOutput),
        ("outcome-out-of-bounds", Failure::BadOutput),
        ("outcome-unknown-effect", Failure::BadOutput),
        ("log-large-line", Failure::Hostcall),
    ] {
        let answer = ask(&engine, name).answer.err();
        assert_eq!(answer, Some(failure), "{name}");
        for _ in 0..3 {
            let outcome = honest.evaluate(&request(vec![])).answer.unwrap();
            assert_eq!(outcome.reason_code, "HOSTILE-PERMIT", "after {name}");
        }
    }
}

#[test]
fn a_flood_of_log_lines_is_cut_and_the_answer_stands() {
    let engine = engine();
    let evaluation = ask(&engine, "log-flood");
    assert_eq!(evaluation.answer.unwrap().reason_code, "HOSTILE-PERMIT");
    let most = limits().log_lines as usize;
    assert_eq!(evaluation.log.lines.len(), most);
    assert_eq!(evaluation.log.dropped as usize, 10_000 - most);
    for (_, line) in &evaluation.log.lines {
        assert!(line.len() <= limits().log_line_bytes && !line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn some_are_refused_before_they_are_asked() {
    let engine = engine();
    for (name, code) in [("trap-on-start", "POL-LOAD"), ("endless-start", "POL-LOAD"), ("second-memory", "POL-COMPILE")]
    {
        let error = prepare(&engine, &in_shell(name)).err().unwrap_or_else(|| panic!("{name} was let in"));
        assert_eq!(error.code(), code, "{name}: {error}");
    }
    for (name, code, mentions) in [
        ("import-wasi", "POL-IMPORT", "wasi:random/random@0.2.0"),
        ("import-host-function", "POL-IMPORT", "vigie:policy/secrets@0.1.0"),
        ("import-other-version", "POL-IMPORT", "vigie:policy/log@0.9.0"),
        ("no-exports", "POL-EXPORT", "vigie:policy/lifecycle"),
        ("core-module", "POL-COMPILE", ""),
    ] {
        let error = prepare(&engine, &wat(&guest(name))).err().unwrap_or_else(|| panic!("{name} was let in"));
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(mentions), "{name}: {error}");
    }
}

#[test]
fn brief_patience_ends_within_two_ticks_and_full_patience_asks_again() {
    let engine = Engine::start(&Limits { timeout_ms: 10_000, ..limits() }).unwrap();
    let slow = prepare(&engine, &in_shell("slow-answer")).unwrap();
    let cut = slow.evaluate_within(Patience::Brief, &request(vec![])).answer.err();
    assert_eq!(cut, Some(Failure::Timeout));
    assert_eq!(slow.evaluate(&request(vec![])).answer.unwrap().reason_code, "HOSTILE-PERMIT");
}

#[test]
fn every_guest_is_in_a_test() {
    let here = [
        include_str!("hostile_guests.rs"),
        include_str!("decision_log.rs"),
        include_str!("unhealthy_policies.rs"),
        include_str!("support/guests.rs"),
    ]
    .concat();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/guests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|extension| extension == "wat") {
            assert!(here.contains(&format!("\"{name}\"")), "{name} is asked by no test");
        }
    }
}

#[test]
fn hostile_and_honest_at_the_same_time() {
    let engine = Engine::start(&Limits { timeout_ms: 100, instances: 4, ..limits() }).unwrap();
    let honest = prepare(&engine, &in_shell("honest")).unwrap();
    let endless = prepare(&engine, &in_shell("endless-loop")).unwrap();
    let greedy = prepare(&engine, &in_shell("memory-growth")).unwrap();
    std::thread::scope(|scope| {
        for hostile in [&endless, &greedy] {
            scope.spawn(move || {
                for _ in 0..5 {
                    assert!(hostile.evaluate(&request(vec![])).answer.is_err());
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert!(honest.evaluate(&request(vec![])).answer.is_ok());
                }
            });
        }
    });
}
