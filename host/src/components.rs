//! Where the built components are, for commands that take no configuration file.
//!
//! `vigie serve` never guesses: it reads the paths and digests of its configuration. `inspect` and `version` look in the directory
//! they are told, then beside the program, then where a build in this repository puts them.

use std::path::{Path, PathBuf};

use crate::problem::Explain;

/// Environment variable that names the directory.
pub const VARIABLE: &str = "VIGIE_COMPONENTS";
/// The core with signature checks answered by the host.
pub const VERIFIER: &str = "vigie-verifier.wasm";
/// The core with its own signature checks.
pub const VERIFIER_PURE: &str = "vigie-verifier-pure.wasm";

/// The component is nowhere.
#[derive(Debug, thiserror::Error)]
#[error("the component {0} is not there")]
pub struct NotFound(String);

impl NotFound {
    /// Names a path that was expected to exist.
    pub fn at(path: &Path) -> Self {
        Self(path.display().to_string())
    }
}

impl Explain for NotFound {
    fn code(&self) -> &'static str {
        "POL-FILE"
    }

    fn help(&self) -> String {
        format!("Build it with `cargo xtask build`, or name its directory in {VARIABLE}.")
    }
}

/// Finds a component by its file name.
///
/// # Errors
/// It is in none of the places.
pub fn find(directory: Option<&Path>, name: &str) -> Result<PathBuf, NotFound> {
    if let Some(directory) = directory {
        let path = directory.join(name);
        return if path.is_file() { Ok(path) } else { Err(NotFound::at(&path)) };
    }
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let places = beside
        .into_iter()
        .flat_map(|directory| [directory.join("components"), directory.join("../components")])
        .chain([PathBuf::from("target/components")]);
    places.map(|place| place.join(name)).find(|path| path.is_file()).ok_or_else(|| NotFound(name.to_owned()))
}
