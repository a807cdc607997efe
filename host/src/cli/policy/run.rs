//! `vigie policy run`: one question, one answer. The exit code is the answer, so that a script need not read it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::super::Format;
use super::{Desk, DeskError, plain, say};
use crate::authoring::document;
use crate::authoring::trial::failed;
use crate::engine::json::{Effect, Outcome, Request};
use crate::engine::limits::Failure;
use crate::engine::policy::{Evaluation, types};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A component, or the directory of a project.
    #[arg(value_name = "COMPONENT")]
    place: PathBuf,
    /// The question, as in a test vector.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The settings; without it those of the project, or an empty object.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let (component, evaluation) = match evaluate(arguments) {
        Ok(evaluated) => evaluated,
        Err(error) => return error.exit(),
    };
    let why = |failure: Failure| {
        failed(&format!("component {}", component.display()), failure, evaluation.undeclared.as_deref())
    };
    let code = match &evaluation.answer {
        Ok(outcome) if outcome.effect == types::Effect::Permit => 0,
        Ok(_) => 1,
        Err(_) => 3,
    };
    match arguments.format {
        Format::Json => {
            let answer = match &evaluation.answer {
                Ok(outcome) => json!(Outcome::from(outcome)),
                Err(failure) => json!({ "failed": failure.code(), "message": why(*failure) }),
            };
            let log: Vec<_> = evaluation.log.lines.iter().map(|(severity, text)| json!([severity, text])).collect();
            say(&format!("{}\n", json!({ "answer": answer, "log": log, "log_dropped": evaluation.log.dropped })));
        }
        Format::Human => say(&human(&evaluation)),
    }
    if let Err(failure) = evaluation.answer {
        eprintln!("vigie: {}", why(failure));
    }
    ExitCode::from(code)
}

/// The component, and what it answers.
fn evaluate(arguments: &Arguments) -> Result<(PathBuf, Evaluation), DeskError> {
    let request: Request =
        document::parse(&arguments.request.display().to_string(), &document::read(&arguments.request)?)?;
    let found = arguments.desk.find(&arguments.place)?;
    let settings = match &arguments.settings {
        None => found.settings,
        Some(path) => super::settings(path)?,
    };
    let candidate = arguments.desk.open(&found.file, found.kind.into())?;
    Ok((found.file, super::with(&candidate, &settings)?.evaluate(&request.into())))
}

fn human(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    if let Ok(outcome) = &evaluation.answer {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{} {}", Effect::from(outcome.effect).word(), outcome.reason_code);
        for sentence in &outcome.reason_user {
            let _ = writeln!(text, "  {}: {}", plain(&sentence.language), plain(&sentence.message));
        }
        if let Some(remark) = &outcome.reason_admin {
            let _ = writeln!(text, "  for the log: {}", plain(remark));
        }
        for one in &outcome.obligations {
            let _ = writeln!(text, "  obligation {}: {}", plain(&one.kind), plain(&one.properties));
        }
    }
    for (severity, line) in &evaluation.log.lines {
        let _ = writeln!(text, "  {severity}: {line}");
    }
    if evaluation.log.dropped > 0 {
        let _ = writeln!(text, "  {} more lines were dropped", evaluation.log.dropped);
    }
    text
}
