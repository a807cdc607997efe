//! The shared vectors, native. `browser.rs` runs the same files in a browser, the host's tests run them through components.
#![cfg(all(feature = "rustcrypto", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test reads its own directory")]

mod shared;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_vector_holds() {
    let mut failures = Vec::new();
    for (name, file) in shared::FILES {
        if let Err(differing) = shared::check(file) {
            failures.extend(differing.into_iter().map(|sentence| format!("{name}: {sentence}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_file_is_listed() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let found: BTreeSet<String> = std::fs::read_dir(directory)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    let listed: BTreeSet<String> = shared::FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "list the new file in tests/shared/mod.rs");
}

#[test]
fn names_are_unique_in_their_file() {
    for (name, file) in shared::FILES {
        let (answers, _) = shared::runner::run(file, |_, _| String::new());
        let names: BTreeSet<_> = answers.iter().map(|answered| &answered.name).collect();
        assert_eq!(names.len(), answers.len(), "{name}");
    }
}
