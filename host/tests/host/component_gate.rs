//! What a component may be before it runs.

use vigie_host::digest::Digest;
use vigie_host::engine::inspect::Role;
use vigie_host::problem::Explain;

use super::support::components::{engine, path, wat};

fn check(text: &str, role: Role, code: &str, mentions: &str) {
    let error = engine().inspect("test".into(), &wat(text), None, role).err().expect("the gate let it through");
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(mentions), "{error}");
}

#[test]
fn imports_outside_the_contract_are_named() {
    for import in [
        "wasi:cli/environment@0.2.0",
        "wasi:clocks/wall-clock@0.2.3",
        "vigie:policy/log",
        "vigie:policy/log@0.2.0",
        "vigie:policy/log@0.10.0",
        "vigie:policy/logs@0.1.0",
        "evil:policy/log@0.1.0",
    ] {
        check(&format!(r#"(component (import "{import}" (instance)))"#), Role::Policy, "POL-IMPORT", import);
    }
    check(r#"(component (import "get-time" (func)))"#, Role::Policy, "POL-IMPORT", "get-time");
}

/// The compiler would say that the function in it does not hold.
#[test]
fn a_foreign_import_never_reaches_the_compiler() {
    let broken = "(core module (func (result i32)))";
    check(&format!("(component {broken})"), Role::Policy, "POL-EXPORT", "vigie:policy/lifecycle");
    let foreign = format!(r#"(component {broken} (import "wasi:random/random@0.2.0" (instance)))"#);
    check(&foreign, Role::Policy, "POL-IMPORT", "wasi:random");
    // Only what the outermost one imports is asked of the host.
    let inner = r#"(component (component (import "wasi:random/random@0.2.0" (instance))))"#;
    check(inner, Role::Policy, "POL-EXPORT", "vigie:policy/lifecycle");
}

#[test]
fn policies_and_verifier_do_not_share_imports() {
    check(r#"(component (import "vigie:verifier/crypto@0.2.0" (instance)))"#, Role::Policy, "POL-IMPORT", "crypto");
    check(r#"(component (import "vigie:policy/log@0.1.0" (instance)))"#, Role::Verifier, "POL-IMPORT", "log");
    check(r#"(component (import "wasi:random/random@0.2.0" (instance)))"#, Role::Verifier, "POL-IMPORT", "wasi:random");
}

#[test]
fn a_component_without_the_contract_is_refused() {
    check("(component)", Role::Policy, "POL-EXPORT", "vigie:policy/lifecycle");
    check("(component)", Role::Verifier, "POL-EXPORT", "vigie:verifier/verify");
    // The verifier of another release of the host.
    let older = r#"(component (instance $empty) (export "vigie:verifier/verify@0.1.0" (instance $empty)))"#;
    check(older, Role::Verifier, "POL-EXPORT", "vigie:verifier/verify@0.1.0");
    let imports = r#"(component (import "vigie:verifier/crypto@0.1.0" (instance)))"#;
    for text in [older, imports] {
        let error = engine().inspect("test".into(), &wat(text), None, Role::Verifier).err().unwrap();
        assert!(error.help().contains("vigie-verifier.wasm"), "{}", error.help());
    }
}

#[test]
fn what_is_no_component_is_refused() {
    let engine = engine();
    for bytes in [&b""[..], b"not wasm", &wat("(module)"), &wat("(component)")[..6], b"\x7fELF-a-forged-cwasm"] {
        let error = engine.inspect("test".into(), bytes, None, Role::Policy).err().unwrap();
        assert_eq!(error.code(), "POL-COMPILE", "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
}

#[test]
fn more_memories_or_a_larger_one_than_the_pool_has() {
    // With the names of the contract, so that it is compiled at all.
    let exports =
        ["lifecycle", "decide"].map(|name| format!(r#"(export "vigie:policy/{name}@0.1.0" (instance $empty))"#));
    let check = |inside: &str, mentions: &str| {
        let text = format!("(component {inside} (instance $empty) {})", exports.concat());
        check(&text, Role::Policy, "POL-COMPILE", mentions);
    };
    let twice = "(core instance (instantiate $m)) (core instance (instantiate $m))";
    check(&format!("(core module $m (memory 1)) {twice}"), "memor");
    check("(core module $m (memory 300)) (core instance (instantiate $m))", "memory");
    check("(core module $m (memory i64 1)) (core instance (instantiate $m))", "memory");
}

#[test]
fn the_digest_is_compared_before_anything_else() {
    let error = engine().inspect("test".into(), b"not wasm", Some(Digest::of(b"other")), Role::Policy).err().unwrap();
    assert_eq!(error.code(), "POL-DIGEST");
}

#[test]
fn the_shipped_components_pass_and_have_no_other_imports() {
    let engine = engine();
    for (name, role) in [
        ("smurtab", Role::Policy),
        ("sidep", Role::Policy),
        ("vigie-verifier", Role::Verifier),
        ("vigie-verifier-pure", Role::Verifier),
    ] {
        if let Err(error) = engine.load(&path(name), None, role) {
            panic!("{name}: {error}");
        }
    }
}
