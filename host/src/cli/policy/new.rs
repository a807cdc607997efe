//! `vigie policy new` and `vigie policy build`: from nothing to a component.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::{Desk, Kind, kilobytes, say};
use crate::authoring::builder;
use crate::authoring::scaffold::{self, Language, Name};
use crate::problem::{Explain, Sentence};

#[derive(clap::Args)]
pub(super) struct New {
    /// Name of the policy, for example night-ward.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = LanguageName::Rust)]
    lang: LanguageName,
    /// Where the directory of the project is made.
    #[arg(long, value_name = "DIR", default_value = ".")]
    parent: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LanguageName {
    /// A component of its own.
    Rust,
    /// Rules as text, run by the interpreter component vigie-cel.wasm.
    Cel,
}

pub(super) fn new(arguments: &New) -> ExitCode {
    let (language, steps) = match arguments.lang {
        LanguageName::Rust => {
            (Language::Rust, "its rules are in src/lib.rs. Next:\n\n  vigie policy build {}\n  vigie policy test {}\n")
        }
        LanguageName::Cel => (Language::Cel, "its rules are in settings.json. Next:\n\n  vigie policy test {}\n"),
    };
    match Name::parse(&arguments.name).and_then(|name| scaffold::create(&arguments.parent, &name, language)) {
        Ok(place) => {
            let shown = place.strip_prefix(".").unwrap_or(&place).display().to_string();
            say(&format!("{shown} is made; {}", steps.replace("{}", &shown)));
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

#[derive(clap::Args)]
pub(super) struct Build {
    /// The directory of a project.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn build(arguments: &Build) -> ExitCode {
    let built = match builder::build(&arguments.directory) {
        Ok(built) => built,
        Err(error) => return refused(&error),
    };
    let candidate = match arguments.desk.open(&built.component, Kind::Compiled.into()) {
        Ok(candidate) => candidate,
        Err(error) => return error.exit(),
    };
    match built.keep() {
        Ok(place) => {
            let seen = &candidate.inspected;
            say(&format!("{}\n  {}\n  {}\n", place.display(), kilobytes(seen.size), seen.digest));
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &dyn Explain) -> ExitCode {
    eprintln!("vigie: {}", Sentence(error));
    ExitCode::from(if matches!(error.code(), "POL-NAME" | "POL-EXISTS" | "POL-PROJECT") { 2 } else { 1 })
}
