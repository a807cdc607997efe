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
