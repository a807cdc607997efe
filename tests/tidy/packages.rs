//! The packages as they are handed out: what each browser is asked for, what lies in each archive, and that the bill of
//! materials and the hashes belong to them. Packages are built, not kept; `cargo xtask test` builds them first.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use cyclonedx_bom::models::bom::Bom;
use cyclonedx_bom::validation::Validate as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipArchive};

use crate::extension::powers;
use crate::tree::{json, none, root, text};

const PACKAGES: [&str; 4] = ["vigie-chromium-dev", "vigie-chromium-store", "vigie-firefox-dev", "vigie-firefox-store"];

const SBOM: &str = "vigie-extension.cdx.json";

fn folder() -> PathBuf {
    let folder = root().join("target/package");
    assert!(folder.join("SHA256SUMS").is_file(), "no packages yet: run `cargo xtask package`");
    folder
}

/// Names and contents of all files below a folder.
fn contents(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            contents(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn each_browser_is_asked_for_what_the_golden_files_say() {
    folder();
    let own = json("tests/tidy/packages.golden.json");
    for browser in ["chromium", "firefox"] {
        let manifest = json(&format!("target/package/vigie-{browser}-store/manifest.json"));
        assert_eq!(powers(&manifest), json("tests/tidy/manifest.golden.json"), "{browser}: the powers");
        let names = ["background", "browser_specific_settings", "minimum_chrome_version", "key", "update_url"];
        let found: serde_json::Map<String, Value> =
            names.iter().filter_map(|name| Some(((*name).to_owned(), manifest.get(name)?.clone()))).collect();
        assert_eq!(Value::Object(found), own[browser], "{browser}: what is its own");
    }
}

#[test]
fn reviewers_are_told_why_each_permission_is_asked_for() {
    let told = text("docs/for-reviewers.md");
    let manifest = json("manifest.json");
    let mut broken = Vec::new();
    for list in ["permissions", "optional_permissions", "host_permissions", "optional_host_permissions"] {
        for asked in manifest[list].as_array().into_iter().flatten() {
            let asked = asked.as_str().unwrap();
            let name = asked.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/*")).unwrap_or(asked);
            let row = told.lines().any(|line| line.starts_with("| ") && line.contains(&format!("`{name}`")));
            broken.extend((!row).then(|| format!("{list}: {asked}")));
        }
    }
    none("docs/for-reviewers.md says why each permission is asked for", &broken);
}

#[test]
fn the_flavour_for_developers_differs_in_hosts_and_name() {
    folder();
    for browser in ["chromium", "firefox"] {
        let read = |flavour: &str| json(&format!("target/package/vigie-{browser}-{flavour}/manifest.json"));
        let (store, mut dev) = (read("store"), read("dev"));
        for place in ["/name", "/host_permissions", "/content_scripts/0/matches"] {
            let (wider, narrower) = (dev.pointer_mut(place).unwrap(), store.pointer(place).unwrap());
            assert_ne!(wider, narrower, "{browser}: {place}");
            *wider = narrower.clone();
        }
        assert_eq!(dev, store, "{browser}");
    }
}

#[test]
fn an_archive_holds_its_folder_and_nothing_of_the_moment() {
    for package in PACKAGES {
        let mut expected = BTreeMap::new();
        contents(&folder().join(package), "", &mut expected);
        assert!(expected.contains_key("manifest.json") && expected.contains_key("vigie_bg.wasm"), "{package}");
        let mut archive = ZipArchive::new(File::open(folder().join(format!("{package}.zip"))).unwrap()).unwrap();
        let mut names = Vec::new();
        for at in 0..archive.len() {
            let mut entry = archive.by_index(at).unwrap();
            let name = entry.name().unwrap().into_owned();
            assert_eq!(entry.compression(), CompressionMethod::Stored, "{package}: {name}");
            assert_eq!(entry.last_modified(), Some(DateTime::DEFAULT), "{package}: {name}");
            assert_eq!(entry.unix_mode(), Some(0o100_644), "{package}: {name}");
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            assert!(expected.get(&name) == Some(&bytes), "{package}: {name} is not what the folder holds");
            names.push(name);
        }
        // The map is sorted; so must be the archive.
        assert_eq!(names, expected.into_keys().collect::<Vec<_>>(), "{package}");
    }
}

#[test]
fn no_package_names_the_place_where_it_was_made() {
    let home = std::env::var("HOME").expect("a home");
    let places = [root().display().to_string(), format!("{home}/"), ["registry", "src"].join("/")];
    let mut broken = Vec::new();
    for package in PACKAGES {
        let mut found = BTreeMap::new();
        contents(&folder().join(package), "", &mut found);
        for (name, bytes) in found {
            let text = String::from_utf8_lossy(&bytes);
            broken.extend(places.iter().filter(|place| text.contains(*place)).map(|_| format!("{package}/{name}")));
        }
    }
    none("the same sources give the same bytes on every machine", &broken);
}

#[test]
fn the_hashes_are_those_of_the_files() {
    let sums = text("target/package/SHA256SUMS");
    let mut named: Vec<String> = Vec::new();
    for line in sums.lines() {
        let (hash, name) = line.split_once("  ").expect("a hash, two spaces, a name");
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let actual: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(actual, hash, "{name}");
        named.push(name.to_owned());
    }
    let mut expected: Vec<String> = PACKAGES.iter().map(|package| format!("{package}.zip")).collect();
    expected.push(SBOM.into());
    expected.sort();
    assert_eq!(named, expected);
}

#[test]
fn the_bill_of_materials_is_cyclonedx_and_names_what_is_linked() {
    let file = File::open(folder().join(SBOM)).unwrap();
    let bom = Bom::parse_from_json_v1_5(file).expect("the standard's own library reads it");
    let result = bom.validate();
    assert!(result.passed(), "{result:?}");

    let bom = json(&format!("target/package/{SBOM}"));
    assert_eq!(bom["metadata"]["component"]["name"], "vigie-extension");
    let components = bom["components"].as_array().unwrap();
    let named = |name: &str| components.iter().find(|one| one["name"] == name);
    let lock = text("Cargo.lock");
    for component in components {
        let (name, version) = (component["name"].as_str().unwrap(), component["version"].as_str().unwrap());
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&entry), "{name} {version} is not in Cargo.lock");
        assert!(component["licenses"][0]["expression"].is_string(), "{name} names no licence");
        let ours = name.starts_with("vigie-") || name == "verifier-core";
        assert_eq!(component["hashes"].is_array(), !ours, "{name}: a checksum for what was downloaded");
    }
    for linked in ["verifier-core", "wasm-bindgen", "serde-json-core", "getrandom"] {
        assert!(named(linked).is_some(), "{linked} is linked and not named");
    }
    // Tokens are not verified in the browser, and macros and tests do not ship.
    for absent in ["rsa", "p256", "wasm-bindgen-test", "syn"] {
        assert!(named(absent).is_none(), "{absent} is named and not linked");
    }
    let tools = bom["metadata"]["tools"]["components"].as_array().unwrap();
    let tools: Vec<&Value> = tools.iter().map(|tool| &tool["name"]).collect();
    assert_eq!(tools, [&json!("rustc"), &json!("wasm-bindgen-cli"), &json!("binaryen")]);
}
