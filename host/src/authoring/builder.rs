//! `vigie policy build`: cargo does it, and what it made is copied beside the manifest once the host's gate has let it through.
//!
//! Cargo's own progress and errors go to standard error as they are: they are better than any summary of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::project::{Project, ProjectError};
use crate::problem::Explain;

/// Why nothing was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The directory.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// There is nothing to compile.
    #[error("{0} is text that an interpreter runs, so there is nothing to build")]
    Interpreted(String),
    /// Cargo is not there.
    #[error("cargo cannot be started ({0})")]
    NoCargo(std::io::ErrorKind),
    /// Cargo failed, and has said why.
    #[error("cargo did not build {0}")]
    Failed(String),
    /// Cargo built something else.
    #[error("cargo built {0}, but no component: there is no .wasm file of a cdylib")]
    NoComponent(String),
    /// The component cannot be copied.
    #[error("{} cannot be written ({})", .0.display(), .1)]
    Copy(PathBuf, std::io::ErrorKind),
}

impl Explain for BuildError {
    fn code(&self) -> &'static str {
        match self {
            Self::Project(error) => error.code(),
            Self::Interpreted(_) => "POL-NOTHING-TO-BUILD",
            Self::NoCargo(_) | Self::Failed(_) | Self::NoComponent(_) => "POL-CARGO",
            Self::Copy(..) => "POL-WRITE",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Project(error) => error.help(),
            Self::Interpreted(_) => "Change its rules as you like, and ask its vectors with `vigie policy test`.".into(),
            Self::NoCargo(_) => "Install Rust with rustup, then `rustup target add wasm32-unknown-unknown`.".into(),
            Self::Failed(_) => {
                "Correct what cargo names above; if it does not find `core`, run `rustup target add wasm32-unknown-unknown`.".into()
            }
            Self::NoComponent(_) => "Set crate-type = [\"cdylib\"] under [lib] in its Cargo.toml.".into(),
            Self::Copy(..) => "Check the rights of that file and the room on the disk.".into(),
        }
    }
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// What cargo made, not yet in its place.
pub struct Built {
    /// Where cargo left it.
    pub component: PathBuf,
    place: PathBuf,
}

impl Built {
    /// Copies it to [`Project::built`]. What was there before stays until then, so that a component which the host refuses takes
    /// nothing's place.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(self) -> Result<PathBuf, BuildError> {
        let Self { component, place } = self;
        match std::fs::copy(&component, &place) {
            Ok(_) => Ok(place),
            Err(error) => Err(BuildError::Copy(place, error.kind())),
        }
    }
}

/// Builds the component of a Rust project.
///
/// # Errors
/// Cargo is absent or fails, or what it makes is no component.
pub fn build(directory: &Path) -> Result<Built, BuildError> {
    let project = Project::open(directory)?;
    if !project.is_rust() {
        return Err(BuildError::Interpreted(project.name));
    }
    // Whoever runs `vigie` from a cargo of their own means that one.
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(directory).args(["build", "--lib", "--message-format", "json-render-diagnostics"]);
    if !directory.join(".cargo/config.toml").is_file() {
        // Not a scaffolded project: what its configuration and its profiles would say.
        cargo.args(["--release", "--target", "wasm32-unknown-unknown"]);
        cargo.args(["--config", "target.wasm32-unknown-unknown.linker=\"wasm-component-ld\""]);
    }
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| BuildError::NoCargo(error.kind()))?;
    if !output.status.success() {
        return Err(BuildError::Failed(project.name));
    }
    let library = project.name.replace('-', "_");
    let component = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == library))
        .flat_map(|message| message.filenames)
        .find(|file| file.extension().is_some_and(|end| end == "wasm"));
    let Some(component) = component else { return Err(BuildError::NoComponent(project.name)) };
    Ok(Built { component, place: project.built() })
}
