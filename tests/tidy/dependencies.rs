//! Arrows between our crates, the building blocks that must be there, and the one stack of the shipped host.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::tree::{cargo, files, none};

/// Which of our crates each of our crates may name, in any kind of dependency.
const ARROWS: &[(&str, &[&str])] = &[
    ("verifier-core", &[]),
    ("vigie-extension", &["verifier-core"]),
    ("vigie-verifier", &["verifier-core"]),
    ("vigie-policy", &[]),
    ("smurtab", &["vigie-policy"]),
    ("sidep", &["vigie-policy"]),
    ("require-level", &["vigie-policy"]),
    ("same-practice", &["vigie-policy"]),
    ("step-up-for-write", &["vigie-policy"]),
    ("office-hours", &["vigie-policy"]),
    ("allow-structures", &["vigie-policy"]),
    ("authzen-fixture", &["vigie-policy"]),
    ("vigie-cel", &["vigie-policy"]),
    ("vigie-host", &["verifier-core"]),
    ("vigie-sandbox", &["verifier-core"]),
    ("vigie-e2e", &["verifier-core"]),
    ("xtask", &[]),
];

/// Building blocks, each used directly by the crate that needs it: package, its folder, what it must name.
const BLOCKS: &[(&str, &str, &[&str])] = &[
    ("vigie-extension", "extension/src/", &["wasm-bindgen", "web-sys", "js-sys", "gloo", "getrandom"]),
    ("vigie-host", "host/src/", &["wasmtime"]),
    ("verifier-core", "verifier-core/src/", &["p256", "base64"]),
    ("vigie-sandbox", "sandbox/src/", &["getrandom"]),
];

fn packages() -> Vec<Value> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn named(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    dependencies.iter().map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn arrows_point_downward_only() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut broken = Vec::new();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let Some(may) = allowed.get(name) else {
            broken.push(format!("{name} is new: say in this table what it may depend on"));
            continue;
        };
        for dependency in named(&package) {
            if allowed.contains_key(dependency.as_str()) && !may.contains(&dependency.as_str()) {
                broken.push(format!("{name} names {dependency}"));
            }
        }
    }
    none("our crates depend on each other downward only", &broken);
}

#[test]
fn building_blocks_are_used_directly() {
    let packages = packages();
    let files = files();
    let mut broken = Vec::new();
    for (package, folder, blocks) in BLOCKS {
        let found = packages.iter().find(|one| one["name"] == *package).unwrap();
        let source: String = files
            .iter()
            .filter(|file| file.path.starts_with(folder) && file.path.ends_with(".rs"))
            .filter_map(|file| file.text.as_deref())
            .collect();
        for block in *blocks {
            if !named(found).contains(*block) {
                broken.push(format!("{package} does not depend on {block}"));
            } else if !source.contains(&format!("{}::", block.replace('-', "_"))) {
                broken.push(format!("{package} depends on {block} and never uses it"));
            }
        }
    }
    none("required building blocks are used by the crate that needs them", &broken);
}

#[test]
fn the_host_has_one_stack() {
    let tree = cargo(&["tree", "--package", "vigie-host", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let mut broken = Vec::new();
    for unwanted in
        ["ring", "openssl", "openssl-sys", "native-tls", "async-std", "smol", "actix-web", "ureq", "simd-json"]
    {
        if versions.contains_key(unwanted) {
            broken.push(format!("{unwanted} is linked"));
        }
    }
    for one in ["tokio", "hyper", "http", "rustls", "reqwest", "axum", "serde_json", "wasmtime", "aws-lc-rs"] {
        if versions.get(one).map(BTreeSet::len) != Some(1) {
            broken.push(format!("{one}: {:?}", versions.get(one)));
        }
    }
    if !versions["wasmtime"].iter().all(|version| version.starts_with("v48.")) {
        broken.push(format!("wasmtime is not of the 48 line: {:?}", versions["wasmtime"]));
    }
    none("vigie has one HTTP, TLS, JSON and async stack", &broken);
}

#[test]
fn the_shipped_extension_verifies_no_token() {
    let target = "wasm32-unknown-unknown";
    let arguments =
        ["tree", "--package", "vigie-extension", "--target", target, "--edges", "normal", "--prefix", "none"];
    let tree = cargo(&arguments);
    let linked: Vec<String> = ["p256", "rsa", "url", "regex", "chrono"]
        .into_iter()
        .filter(|name| tree.lines().any(|line| line.split_whitespace().next() == Some(name)))
        .map(str::to_owned)
        .collect();
    none("the extension leaves out what it does not need", &linked);
}
