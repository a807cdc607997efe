//! `vigie policy bench`: what a decision of a policy costs, beside one signature check.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::super::Format;
use super::{Desk, DeskError, Found, plain, say};
use crate::authoring::bench::{self, Measured, Spread, Unanswered};
use crate::authoring::document;
use crate::authoring::project::{Project, ProjectError};
use crate::authoring::trial::failed;
use crate::engine::json::Request;
use crate::engine::policy::types;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The directory of a project, whose vectors are the questions; or a component, with --request.
    #[arg(value_name = "DIR", default_value = ".")]
    place: PathBuf,
    /// The question, as in a test vector.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The settings; without it those of the first vector, or an empty object.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// How often each step is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match measured(arguments) {
        Ok((name, measured)) => {
            say(&match arguments.format {
                Format::Json => format!("{}\n", json!({ "policy": name, "measured": measured })),
                Format::Human => human(&name, &measured),
            });
            ExitCode::SUCCESS
        }
        Err(Unmeasured::Desk(error)) => error.exit(),
        Err(Unmeasured::Failed(sentence)) => {
            eprintln!("vigie: {sentence}");
            ExitCode::from(3)
        }
    }
}

enum Unmeasured {
    Desk(DeskError),
    /// How the policy failed, and on which question.
    Failed(String),
}

impl<E: Into<DeskError>> From<E> for Unmeasured {
    fn from(error: E) -> Self {
        Self::Desk(error.into())
    }
}

fn measured(arguments: &Arguments) -> Result<(String, Measured), Unmeasured> {
    if arguments.request.is_none() && arguments.place.is_file() {
        return Err(ProjectError::NoQuestion(arguments.place.clone()).into());
    }
    let Found { file, mut settings, kind } = arguments.desk.find(&arguments.place)?;
    let (places, questions): (Vec<String>, Vec<types::Request>) = match &arguments.request {
        Some(path) => {
            let shown = path.display().to_string();
            let request: Request = document::parse(&shown, &document::read(path)?)?;
            (vec![shown], vec![request.into()])
        }
        None => {
            let vectors = Project::open(&arguments.place)?.vectors()?;
            // One policy is measured, so the questions are those that are asked with the settings of the first.
            settings = vectors.first().map_or(settings, |vector| vector.settings.clone());
            let alike = vectors.into_iter().filter(|one| one.settings.text == settings.text);
            alike.map(|one| (format!("{}, line {}, {:?}", one.file, one.line, one.name), one.request)).unzip()
        }
    };
    if let Some(path) = &arguments.settings {
        settings = super::settings(path)?;
    }
    let candidate = arguments.desk.open(&file, kind.into())?;
    let policy = super::with(&candidate, &settings)?;
    let about = candidate.policy.description();
    let name = plain(&format!("{} {}", about.name, about.version));
    match bench::measure(&policy, &questions, arguments.rounds as usize) {
        Ok(measured) => Ok((name, measured)),
        Err(Unanswered { question, failure, undeclared }) => {
            let place = places.get(question).map_or("", String::as_str);
            let who = format!("component {}, asked {place}", file.display());
            Err(Unmeasured::Failed(failed(&who, failure, undeclared.as_deref())))
        }
    }
}

fn human(name: &str, measured: &Measured) -> String {
    let mut text = format!("{name}, {} rounds, microseconds\n{:<28}{:>10}{:>10}\n", measured.rounds, "", "p50", "p99");
    for (what, Spread { p50_ns, p99_ns }) in [
        ("fresh instance", measured.instance),
        ("call", measured.call),
        ("decision", measured.decision),
        ("floor: one P-256 signature", measured.floor),
    ] {
        let shown = |ns: u64| format!("{}.{}", ns / 1000, ns % 1000 / 100);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{what:<28}{:>10}{:>10}", shown(p50_ns), shown(p99_ns));
    }
    let ratio = measured.ratio_percent();
    let _ = writeln!(text, "a decision costs {}.{:02} of the floor", ratio / 100, ratio % 100);
    if measured.debug_build {
        let _ = writeln!(text, "this vigie is a debug build: take the figures from one that was built with --release");
    }
    text
}
