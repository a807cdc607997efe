//! What is in the checkout, and one way to report what breaks a rule.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// A file under version control, or about to be.
pub(crate) struct File {
    /// From the root, with slashes.
    pub(crate) path: String,
    /// Its text; `None` for pictures and other bytes.
    pub(crate) text: Option<String>,
}

/// Every file that git tracks or would track.
pub(crate) fn files() -> Vec<File> {
    let listed = run("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    let paths = listed.lines().filter(|path| root().join(path).is_file());
    paths.map(|path| File { path: path.to_owned(), text: std::fs::read_to_string(root().join(path)).ok() }).collect()
}

/// The text of a file that must be there.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file that must be JSON.
pub(crate) fn json(path: &str) -> serde_json::Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a command prints; it must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Cargo, offline: rules must not depend on a registry.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    run(&cargo, &[arguments, &["--locked", "--offline"]].concat())
}

/// Fails with all that breaks a rule, not only the first.
#[track_caller]
pub(crate) fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
}
