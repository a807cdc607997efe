//! The sample policies of the repository, as components: each holds its own vectors, and they reach every reason that it declares.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::components::path;

/// Every directory of `plugins/` that holds a Rust policy with vectors.
fn samples() -> Vec<PathBuf> {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let entries = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<PathBuf> =
        entries.filter(|path| path.join("Cargo.toml").is_file() && path.join("vectors").is_dir()).collect();
    samples.sort();
    samples
}

/// The page that introduces the samples says how large each is; the build says it of the same ones.
#[test]
fn the_page_of_the_policies_names_the_size_of_every_sample() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let readme = std::fs::read_to_string(plugins.join("README.md")).unwrap();
    let sizes = readme.split("\n## Sizes\n").nth(1).expect("there is a chapter of sizes");
    let named: Vec<&str> =
        sizes.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name).collect();
    let name = |sample: PathBuf| {
        let manifest: toml::Table =
            toml::from_str(&std::fs::read_to_string(sample.join("Cargo.toml")).unwrap()).unwrap();
        manifest["package"]["name"].as_str().unwrap().to_owned()
    };
    let built: Vec<String> = samples().into_iter().map(name).collect();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    let mut expected: Vec<&str> = built.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(sorted, expected, "plugins/README.md, \"Sizes\"");
    assert!(built.iter().all(|name| path(name).is_file()), "each is built");
}

#[test]
fn every_sample_holds_its_vectors_as_a_component() {
    let samples = samples();
    assert!(samples.len() >= 9, "{samples:?}");
    for sample in samples {
        let output = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["policy", "test", "--full-coverage"])
            .arg(&sample)
            .env("VIGIE_COMPONENTS", path("smurtab").parent().unwrap())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert_eq!(output.status.code(), Some(0), "{}: {}", sample.display(), String::from_utf8_lossy(&said));
    }
}
