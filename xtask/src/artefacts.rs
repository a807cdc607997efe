//! Where things are. What is built for people and tests always lies in `target/` of the checkout, under fixed names, even
//! when cargo itself writes elsewhere (`CARGO_TARGET_DIR`).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Tools that set-up installs without touching the person's own.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// WebAssembly components: the verifier and the sample policies.
pub(crate) fn components() -> PathBuf {
    root().join("target/components")
}

/// The extension's WebAssembly with its JavaScript glue, optimised.
pub(crate) fn extension() -> PathBuf {
    root().join("target/extension")
}

/// Folders that a browser loads as an unpacked extension.
pub(crate) fn packages() -> PathBuf {
    root().join("target/package")
}

/// A name as people type it from the root of the checkout.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// `cargo` as the one that started us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// What `cargo metadata --no-deps` says about this workspace.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let output = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")
}

/// Where cargo writes: the directory of the person's configuration, or `target/`.
pub(crate) fn cargo_target() -> Result<PathBuf> {
    let metadata = metadata()?;
    let directory = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    Ok(PathBuf::from(directory.context("cargo metadata names no target directory")?))
}
