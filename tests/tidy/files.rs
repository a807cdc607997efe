//! What every file holds, and what no file may hold.

use crate::tree::{File, files, none, root, text};

/// Longest Rust file, its unit tests not counted. The charter asks to argue above this.
const LONGEST: usize = 600;

/// Longer files, each with the argument.
const ARGUED: &[(&str, &str)] = &[
    (
        "verifier-core/src/token/login.rs",
        "the steps of OIDC Core 3.1.3.7 in their order, to be read beside the standard",
    ),
    (
        "verifier-core/examples/make_token_vectors/token.rs",
        "a list of vectors: it grows with the attacks it writes down",
    ),
];

fn rust(files: &[File]) -> impl Iterator<Item = (&str, &str)> {
    files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
}

/// Lines that hold one of the words; the words are given in two halves so that this file holds none of them.
fn lines_with(files: &[File], skip: fn(&str) -> bool, words: &[(&str, &str)]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !skip(&file.path)) {
        for (number, line) in file.text.as_deref().unwrap_or_default().lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let files = files();
    // A file that others include cannot have inner documentation; it starts with a plain comment.
    let header = |path: &str, text: &str| {
        text.starts_with("//! ") || path == "tests/vectors/runner.rs" && text.starts_with("// ")
    };
    let broken: Vec<String> =
        rust(&files).filter(|(path, text)| !header(path, text)).map(|(path, _)| path.to_owned()).collect();
    none("a Rust file starts with its `//!` header", &broken);
}

#[test]
fn rust_files_stay_readable() {
    let files = files();
    let lines = |text: &str| text.split("\n#[cfg(test)]").next().unwrap_or_default().lines().count();
    let broken: Vec<String> = rust(&files)
        .filter(|(path, text)| lines(text) > LONGEST && !ARGUED.iter().any(|(argued, _)| argued == path))
        .map(|(path, text)| format!("{path}: {} lines", lines(text)))
        .collect();
    none("no Rust file is longer than the charter allows", &broken);
}

#[test]
fn no_module_file_is_called_mod() {
    // Cargo takes every file in `tests/` for a test of its own, so what several share needs the old form.
    let named = |path: &String| path.ends_with("/mod.rs") && !path.contains("/tests/");
    let broken: Vec<String> = files().into_iter().map(|file| file.path).filter(named).collect();
    none("a module is named by its file", &broken);
}

#[test]
fn no_key_material_is_kept() {
    let files = files();
    let named = [".pem", ".p12", ".pfx", ".key", ".jks", ".der"];
    let mut broken: Vec<String> = files
        .iter()
        .filter(|file| named.iter().any(|end| file.path.ends_with(end)))
        .map(|file| file.path.clone())
        .collect();
    broken.extend(lines_with(&files, |_| false, &[("PRIVATE ", "KEY-----"), ("AKI", "AIOSFOD")]));
    // The private member of a JWK: 43 characters of base64url for P-256, more for RSA.
    for file in files.iter().filter(|file| !file.path.ends_with(".lock")) {
        let text: String = file.text.as_deref().unwrap_or_default().split_whitespace().collect();
        for (_, rest) in
            text.match_indices(&format!("\"{}\":\"", 'd')).map(|(at, found)| text.split_at(at + found.len()))
        {
            let value = rest.split('"').next().unwrap_or_default();
            if value.len() >= 43 && value.chars().all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_') {
                broken.push(format!("{}: the private member of a JWK", file.path));
            }
        }
    }
    none("no private key is under version control", &broken);
}

#[test]
fn no_file_knows_a_machine_or_a_registry() {
    let words = [
        ("/ro", "ot/"),
        ("/wo", "rk/"),
        ("/ho", "me/"),
        ("/tmp", "/"),
        ("crates", ".io"),
        ("registry.npm", "js.org"),
        ("py", "pi.org"),
    ];
    // The lock file names the index that cargo itself writes there.
    let broken = lines_with(&files(), |path| path.ends_with("Cargo.lock"), &words);
    none("no path of one machine and no registry host", &broken);
}

#[test]
fn nothing_is_unfinished_or_hidden() {
    let words = [("#[ig", "nore"), ("tod", "o!("), ("FIX", "ME"), ("unimpl", "emented!(")];
    let broken = lines_with(&files(), |path| !path.ends_with(".rs"), &words);
    none("no ignored test, nothing unfinished", &broken);
}

#[test]
fn tests_do_not_sleep() {
    let elsewhere = |path: &str| !(path.ends_with(".rs") && (path.starts_with("tests/") || path.contains("/tests/")));
    let words = [("thread::sl", "eep"), ("sleep(Dur", "ation"), ("time::sl", "eep("), ("setTime", "out(")];
    none("a test waits for a condition, never for a time", &lines_with(&files(), elsewhere, &words));
}

#[test]
fn the_product_claims_no_more_than_it_does() {
    let shown = |path: &str| ![".md", ".json", ".html", ".js"].iter().any(|end| path.ends_with(end));
    let broken = lines_with(
        &files(),
        shown,
        &[("phishing-", "resistant"), ("phishing ", "resistant"), ("anti-", "hameçonnage")],
    );
    none("a compared number can be relayed: the word is not ours", &broken);
}

#[test]
fn only_test_persons_appear() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| !file.path.ends_with(".lock")) {
        let text = file.text.as_deref().unwrap_or_default();
        for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let national = word.len() == 12 && word.starts_with('8') && word.bytes().all(|byte| byte.is_ascii_digit());
            // Test identities all lie in the range 99700…; a wrong key or nothing but zeros belongs to nobody.
            if national && !word.starts_with("8997") && !word.ends_with("00000000000") && luhn(word.split_at(1).1) {
                broken.push(format!("{}: {word}", file.path));
            }
        }
    }
    none("only published test identities appear", &broken);
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn the_licence_is_apache_2() {
    assert!(text("LICENSE").contains("Apache License") && text("LICENSE").contains("Version 2.0, January 2004"));
    assert!(text("Cargo.toml").contains("license = \"Apache-2.0\""));
    let broken: Vec<String> = files()
        .iter()
        .filter(|file| file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml")
        .filter(|file| !file.text.as_deref().unwrap_or_default().contains("license"))
        .map(|file| file.path.clone())
        .collect();
    none("every crate carries the workspace's licence", &broken);
}

#[test]
fn continuous_integration_runs_the_one_command() {
    assert!(text(".ci/run").contains("cargo xtask test"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&root().join(".ci/run").metadata().unwrap().permissions());
    assert!(mode & 0o111 != 0, ".ci/run is not executable");
}
