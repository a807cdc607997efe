//! `vigie policy`: writing, trying out and shipping a policy.
//!
//! Thin as the rest of the command line: what is done is in [`crate::authoring`]. Exit codes everywhere: 0 done (of `run`: permit), 1 not
//! (deny or abstain), 2 a wrong use, an author's file that cannot be read included, 3 a policy that the host would not load, an absent
//! component and refused settings included, or that failed.

mod bench;
mod inspect;
mod new;
mod replay;
mod rollback;
mod run;
mod sign;
mod test;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

use crate::authoring::bundle::BundleError;
use crate::authoring::document::{self, ObjectText, ReadDocumentError};
use crate::authoring::project::{Project, ProjectError};
use crate::authoring::replay::ReplayError;
use crate::authoring::settings::{Settings, TryPolicyError};
use crate::authoring::{Candidate, Class, Tryout};
use crate::components;
use crate::config::ConfigError;
use crate::engine::policy::Policy;
use crate::engine::{LoadComponentError, StartEngineError};
use crate::policies::loader::LoadFailure;
use crate::problem::{Explain, Sentence};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Begin a project: rules, test vectors, and everything that it needs to build.
    New(new::New),
    /// Compile a project to a component.
    Build(new::Build),
    /// Say what a component is: imports, exports, size, digest, settings, reasons.
    Inspect(inspect::Arguments),
    /// Ask a policy one question.
    Run(run::Arguments),
    /// Ask a policy its test vectors.
    Test(test::Arguments),
    /// Measure instance, call and decision beside one signature check.
    Bench(bench::Arguments),
    /// Ask the questions of a decision log again, and say which answers differ.
    Replay(replay::Arguments),
    /// Put an older revision of a policy into service again, on a host that serves.
    Rollback(rollback::Arguments),
    /// Make a key that signs policies.
    Keygen(sign::Keygen),
    /// Put component, settings and vectors into a signed bundle.
    Sign(sign::Sign),
    /// Check a signed bundle: signature, files, revision, and its own vectors.
    Verify(sign::Verify),
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match &arguments.command {
        Command::New(arguments) => new::new(arguments),
        Command::Build(arguments) => new::build(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Keygen(arguments) => sign::keygen(arguments),
        Command::Sign(arguments) => sign::sign(arguments),
        Command::Verify(arguments) => sign::verify(arguments),
    }
}

/// How a component is found and what it is held to.
#[derive(clap::Args)]
struct Desk {
    /// The limits: small as in host/examples/vigie.toml, large for interpreters. Without it, what suits the project.
    #[arg(long, value_enum)]
    class: Option<ClassName>,
    /// Where built components are, for a project that has none of its own.
    #[arg(long, value_name = "DIR", env = components::VARIABLE)]
    components: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClassName {
    /// Policies that were compiled for their one purpose.
    Small,
    /// Components that carry an interpreter.
    Large,
}

/// What a component is, as far as its place tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Compiled,
    Interpreter,
}

/// A component, with the settings of the project that it belongs to.
struct Found {
    file: PathBuf,
    settings: Settings,
    kind: Kind,
}

impl From<Kind> for Class {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Compiled => Self::Small,
            Kind::Interpreter => Self::Large,
        }
    }
}

impl Desk {
    /// The class that was asked for, or else this one.
    fn class(&self, usual: Class) -> Class {
        match self.class {
            Some(ClassName::Large) => Class::Large,
            Some(ClassName::Small) => Class::Small,
            None => usual,
        }
    }

    /// The component behind a path: the file, or that of the project in the directory.
    fn find(&self, place: &Path) -> Result<Found, DeskError> {
        if place.is_dir() {
            self.found(&Project::open(place)?)
        } else {
            Ok(Found { file: place.to_owned(), settings: Settings::none(), kind: Kind::Compiled })
        }
    }

    fn found(&self, project: &Project) -> Result<Found, DeskError> {
        let kind = if project.is_rust() { Kind::Compiled } else { Kind::Interpreter };
        let file = project.component(self.components.as_deref())?;
        Ok(Found { file, settings: project.settings().clone(), kind })
    }

    fn open(&self, file: &Path, class: Class) -> Result<Candidate, DeskError> {
        Ok(Tryout::start(self.class(class))?.open(file)?)
    }
}

/// The settings in a file that the command line names.
fn settings(file: &Path) -> Result<Settings, ReadDocumentError> {
    let (shown, text) = (file.display().to_string(), document::read(file)?);
    document::parse::<ObjectText>(&shown, &text)?;
    Ok(Settings::of_file(shown, text))
}

/// The policy with its settings, which it has checked.
fn with(candidate: &Candidate, settings: &Settings) -> Result<Policy, TryPolicyError> {
    candidate.with(&settings.text).map_err(|error| settings.explain(error))
}

/// Whatever keeps a policy from being tried out.
#[derive(Debug, thiserror::Error)]
enum DeskError {
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Document(#[from] ReadDocumentError),
    #[error(transparent)]
    Engine(#[from] StartEngineError),
    #[error(transparent)]
    Component(#[from] LoadComponentError),
    #[error(transparent)]
    Policy(#[from] TryPolicyError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Bundle(BundleError),
    #[error(transparent)]
    Load(#[from] LoadFailure),
}

impl DeskError {
    fn explain(&self) -> &dyn Explain {
        match self {
            Self::Project(error) => error,
            Self::Document(error) => error,
            Self::Engine(error) => error,
            Self::Component(error) => error,
            Self::Policy(error) => error,
            Self::Config(error) => error,
            Self::Replay(error) => error,
            Self::Bundle(error) => error,
            Self::Load(error) => error,
        }
    }

    /// The exit code of a command that was used wrongly is 2, that of a policy which cannot be asked 3.
    fn exit(&self) -> ExitCode {
        eprintln!("vigie: {}", Sentence(self.explain()));
        ExitCode::from(match self {
            Self::Component(_) | Self::Policy(_) | Self::Load(_) => 3,
            Self::Bundle(BundleError::Document(_) | BundleError::Project(_) | BundleError::Key { .. }) => 2,
            Self::Bundle(_) => 1,
            _ => 2,
        })
    }
}

/// Prints to standard output. A reader that has gone away is no failure of the command.
fn say(text: &str) {
    let _gone = std::io::stdout().lock().write_all(text.as_bytes());
}

/// A policy's words for a terminal: like lines of a log, they hold nothing that moves a cursor or begins a line.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A size for people.
fn kilobytes(size: u64) -> String {
    format!("{}.{} kB", size / 1000, size % 1000 / 100)
}
