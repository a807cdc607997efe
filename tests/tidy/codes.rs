//! Stable codes: every one that a program can say stands, with its meaning, in the table of its crate, and every one in a
//! table is said somewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{File, files, none};

/// What comes before the first dash of a code.
const PREFIXES: &[&str] =
    &["ID-", "URL-", "PAGE-", "TOK-", "UI-", "ACT-", "LOG-", "GUIDE-", "IN-", "POL-", "CFG-", "SBX-", "EXT-", "HTTP-"];

/// Where the codes of each crate are explained.
const TABLES: &[(&str, &str)] = &[
    ("verifier-core", "verifier-core/src/code.rs"),
    ("host", "host/src/code.rs"),
    ("extension", "extension/src/code.rs"),
    ("sandbox", "sandbox/README.md"),
];

/// Words that have the form of a code, in program text outside comments or in a document.
fn codes(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = lines.flat_map(|line| line.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')));
    let form = |word: &&str| {
        PREFIXES.iter().any(|prefix| word.starts_with(prefix))
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
            && !word.ends_with('-')
    };
    words.filter(form).map(str::to_owned).collect()
}

fn of(files: &[File], choose: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let sources = files.iter().filter(|file| choose(&file.path));
    sources.filter_map(|file| file.text.as_deref()).flat_map(codes).collect()
}

#[test]
fn every_code_is_explained_once_and_used() {
    let files = files();
    let mut explained: BTreeMap<String, &str> = BTreeMap::new();
    let mut broken = Vec::new();
    for (name, table) in TABLES {
        // The sandbox's document also names codes of others.
        let own = |code: &String| *name != "sandbox" || code.starts_with("SBX-");
        for code in of(&files, |path| path == *table).into_iter().filter(own) {
            if let Some(other) = explained.insert(code.clone(), name) {
                broken.push(format!("{code} is explained in {other} and in {name}"));
            }
        }
    }
    let said = of(&files, |path| {
        let ours = TABLES.iter().any(|(name, _)| path.starts_with(&format!("{name}/src/")));
        (ours || path.starts_with("plugins/")) && path.ends_with(".rs") && !path.ends_with("/code.rs")
    });
    // Codes that exist to be compared in a unit test are none that a program says.
    broken.extend(
        said.iter()
            .filter(|code| !explained.contains_key(*code) && !code.ends_with("-TEST"))
            .map(|code| format!("{code} is explained nowhere")),
    );
    broken.extend(explained.keys().filter(|code| !said.contains(*code)).map(|code| format!("{code} is never said")));
    none("every code is explained once, and used", &broken);
}
