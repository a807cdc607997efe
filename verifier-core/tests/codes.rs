//! Every code that the sources use is explained in `code::TABLE`, and every explained code is used.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test reads its own sources")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use verifier_core::code::{TABLE, meaning};

const PREFIXES: [&str; 10] = ["ID", "URL", "PAGE", "LOG", "ACT", "GUIDE", "TOK", "UI", "IN", "POL"];

/// Every string literal of the sources that looks like a code, the table itself left out.
fn used(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            used(&path, found);
        } else if path.file_name().unwrap() != "code.rs" {
            let source = fs::read_to_string(&path).unwrap();
            found.extend(source.split('"').filter(|literal| is_code(literal)).map(str::to_owned));
        }
    }
}

fn is_code(literal: &str) -> bool {
    let Some((prefix, rest)) = literal.split_once('-') else { return false };
    let parts = |text: &str| {
        text.split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
    };
    PREFIXES.contains(&prefix) && parts(rest)
}

#[test]
fn every_code_is_explained_and_used() {
    let mut used_codes = BTreeSet::new();
    used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used_codes);
    let explained: BTreeSet<String> = TABLE.iter().map(|code| code.name.to_owned()).collect();
    assert_eq!(explained.len(), TABLE.len(), "a code stands twice in the table");
    let unexplained: Vec<_> = used_codes.difference(&explained).collect();
    let unused: Vec<_> = explained.difference(&used_codes).collect();
    assert!(unexplained.is_empty(), "add to code::TABLE: {unexplained:?}");
    assert!(unused.is_empty(), "nothing answers with: {unused:?}");
}

#[test]
fn meanings_are_sentences_without_a_full_stop() {
    for code in TABLE {
        assert!(is_code(code.name), "{}", code.name);
        assert!(!code.meaning.is_empty() && !code.meaning.ends_with('.'), "{}", code.name);
        assert_eq!(meaning(code.name), Some(code.meaning));
    }
    assert_eq!(meaning("TOK-NO-SUCH"), None);
}
