//! A directory that holds one policy: where its component, its settings and its vectors lie.
//!
//! Two kinds. A Rust project has a `Cargo.toml`; its component is what cargo or `vigie policy build` left. A project of an interpreter has
//! a `policy.toml` that names the interpreter's component and the settings that hold the rules. Nothing is built here.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::document::{self, ObjectText, ReadDocumentError};
use super::settings::Settings;
use super::vectors;
use crate::components;
use crate::problem::Explain;

/// Where a policy lies.
pub struct Project {
    /// Its directory.
    pub directory: PathBuf,
    /// The name of its package.
    pub name: String,
    settings: Settings,
    kind: Kind,
}

enum Kind {
    Rust,
    Interpreted { component: PathBuf },
}

/// Why a directory is no policy project, or has not what is asked of it.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Neither file is there.
    #[error("{} is no policy project: it has neither Cargo.toml nor policy.toml", .0.display())]
    None(PathBuf),
    /// The file does not say what it must.
    #[error("{}: {}", .0.display(), .1)]
    Manifest(PathBuf, String),
    /// The component is not there yet.
    #[error("the component of {name} is not built: it is neither in {} nor among the built components", .directory.display())]
    NotBuilt {
        /// The project.
        name: String,
        /// Its directory.
        directory: PathBuf,
    },
    /// The component that runs the rules is not there.
    #[error("the interpreter {component} of {name} is neither in {} nor among the built components", .directory.display())]
    NoInterpreter {
        /// The project.
        name: String,
        /// Its directory.
        directory: PathBuf,
        /// The file's name.
        component: String,
    },
    /// There is no vector.
    #[error("{} has no test vectors: there is no .json file in vectors/", .0.display())]
    NoVectors(PathBuf),
    /// A component alone has no vectors whose questions could be asked.
    #[error("{} is a component, and no question is named", .0.display())]
    NoQuestion(PathBuf),
    /// One of its files.
    #[error(transparent)]
    Document(#[from] ReadDocumentError),
}

impl Explain for ProjectError {
    fn code(&self) -> &'static str {
        match self {
            Self::None(_) | Self::Manifest(..) => "POL-PROJECT",
            Self::NotBuilt { .. } => "POL-NOT-BUILT",
            Self::NoInterpreter { .. } => "POL-INTERPRETER",
            Self::NoVectors(_) | Self::NoQuestion(_) => "POL-NO-VECTORS",
            Self::Document(error) => error.code(),
        }
    }

    fn help(&self) -> String {
        match self {
            Self::None(_) => "Name the directory of a policy, or begin one with `vigie policy new NAME`.".into(),
            Self::Manifest(..) => "Correct that file.".into(),
            Self::NotBuilt { .. } => "Run `vigie policy build` there, or name the component.".into(),
            Self::NoInterpreter { component, .. } => format!(
                "Nothing of such a project is compiled: lay the {component} of your Vigie beside policy.toml, or name its folder with \
                 --components or in {}.",
                components::VARIABLE
            ),
            Self::NoVectors(_) => "Write one: a question and the answer that you expect.".into(),
            Self::NoQuestion(_) => {
                "Name a file with --request, or the directory of a project, whose vectors are asked.".into()
            }
            Self::Document(error) => error.help(),
        }
    }
}

#[derive(Deserialize)]
struct CargoManifest {
    package: Option<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyManifest {
    name: String,
    component: PathBuf,
    settings: PathBuf,
}

impl Project {
    /// Looks at a directory.
    ///
    /// # Errors
    /// It holds no policy, or a file of it does not say what it must.
    pub fn open(directory: &Path) -> Result<Self, ProjectError> {
        let (interpreted, rust) = (directory.join("policy.toml"), directory.join("Cargo.toml"));
        let manifest = |path: &Path, error: toml::de::Error| {
            ProjectError::Manifest(path.to_owned(), error.message().trim().replace('\n', " "))
        };
        if interpreted.is_file() {
            let text = document::read(&interpreted)?;
            let wire: PolicyManifest = toml::from_str(&text).map_err(|error| manifest(&interpreted, error))?;
            let file = directory.join(&wire.settings);
            let settings = document::read(&file)?;
            document::parse::<ObjectText>(&file.display().to_string(), &settings)?;
            let settings = Settings::of_file(file.display().to_string(), settings);
            let kind = Kind::Interpreted { component: wire.component };
            return Ok(Self { directory: directory.to_owned(), name: wire.name, settings, kind });
        }
        if !rust.is_file() {
            return Err(ProjectError::None(directory.to_owned()));
        }
        let wire: CargoManifest = toml::from_str(&document::read(&rust)?).map_err(|error| manifest(&rust, error))?;
        let package = wire.package.ok_or_else(|| ProjectError::Manifest(rust, "it describes no package".to_owned()))?;
        let settings = Settings::none();
        Ok(Self { directory: directory.to_owned(), name: package.name, settings, kind: Kind::Rust })
    }

    /// True when there is Rust to compile.
    pub fn is_rust(&self) -> bool {
        matches!(self.kind, Kind::Rust)
    }

    /// Where `vigie policy build` leaves the component of a Rust project.
    pub fn built(&self) -> PathBuf {
        self.directory.join(format!("{}.wasm", self.name))
    }

    /// The component: the newest that lies in the project, or one of this name among the built components.
    ///
    /// # Errors
    /// It is in none of the places.
    pub fn component(&self, built: Option<&Path>) -> Result<PathBuf, ProjectError> {
        let (name, own) = match &self.kind {
            Kind::Rust => {
                let library = format!("{}.wasm", self.name.replace('-', "_"));
                let cargo = |profile| self.directory.join("target/wasm32-unknown-unknown").join(profile).join(&library);
                (format!("{}.wasm", self.name), vec![self.built(), cargo("release"), cargo("debug")])
            }
            Kind::Interpreted { component } => (
                component.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                vec![self.directory.join(component)],
            ),
        };
        let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|about| about.modified()).ok();
        let newest = own.into_iter().filter_map(|path| Some((changed(&path)?, path))).max();
        if let Some((_, path)) = newest {
            return Ok(path);
        }
        components::find(built, &name).map_err(|_| {
            let (project, directory) = (self.name.clone(), self.directory.clone());
            match &self.kind {
                Kind::Rust => ProjectError::NotBuilt { name: project, directory },
                Kind::Interpreted { .. } => {
                    ProjectError::NoInterpreter { name: project, directory, component: name.clone() }
                }
            }
        })
    }

    /// The settings of a vector that has none.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its vectors.
    ///
    /// # Errors
    /// There are none, or one is wrong.
    pub fn vectors(&self) -> Result<Vec<vectors::Vector>, ProjectError> {
        self.vectors_with(&self.settings)
    }

    /// Its vectors, where those that have no settings are asked with these.
    ///
    /// # Errors
    /// There are none, or one is wrong.
    pub fn vectors_with(&self, settings: &Settings) -> Result<Vec<vectors::Vector>, ProjectError> {
        let mut all = Vec::new();
        for file in vectors::files(&self.directory.join("vectors"))? {
            all.extend(vectors::read(&file, settings.clone())?);
        }
        if all.is_empty() { Err(ProjectError::NoVectors(self.directory.clone())) } else { Ok(all) }
    }
}
