//! `vigie policy test`: the vectors of a project, and the reasons that none of them reaches.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::super::Format;
use super::{Desk, DeskError, Kind, plain, say};
use crate::authoring::project::Project;
use crate::authoring::trial::{self, Report};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The directory of a project.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Ask this component instead of the project's own.
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Also fail when a reason is reached by no vector.
    #[arg(long)]
    full_coverage: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let report = match report(arguments) {
        Ok(report) => report,
        Err(error) => return error.exit(),
    };
    say(&match arguments.format {
        Format::Json => serde_json::to_string(&report).map(|text| format!("{text}\n")).unwrap_or_default(),
        Format::Human => human(&report),
    });
    let uncovered = arguments.full_coverage && !report.coverage.unreached.is_empty();
    ExitCode::from(u8::from(!report.holds() || uncovered))
}

fn report(arguments: &Arguments) -> Result<Report, DeskError> {
    let project = Project::open(&arguments.directory)?;
    // The files of the author first: what is wrong in them is said before anything is compiled.
    let vectors = project.vectors()?;
    let (file, kind) = match &arguments.component {
        Some(file) => (file.clone(), Kind::Compiled),
        None => {
            let found = arguments.desk.found(&project)?;
            (found.file, found.kind)
        }
    };
    Ok(trial::run(&arguments.desk.open(&file, kind.into())?, &vectors))
}

fn human(report: &Report) -> String {
    let mut text = format!("{} {} {}\n", plain(&report.name), plain(&report.version), report.digest);
    let width = report.vectors.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).min(60);
    let mut file = "";
    for one in &report.vectors {
        // Writing to a string does not fail.
        if one.file != file {
            file = &one.file;
            let _ = writeln!(text, "{file}");
        }
        let mark = if one.passed { "ok  " } else { "FAIL" };
        let answer = ["effect", "reason_code"].map(|member| one.found.get(member).and_then(|value| value.as_str()));
        let answer = match answer {
            [Some(effect), Some(reason)] => format!("{effect} {reason}"),
            _ => "no answer".to_owned(),
        };
        let _ = writeln!(text, "  {mark} {:<width$}  {answer}", one.name);
        if let Some(problem) = &one.problem {
            let _ = writeln!(text, "       line {}: {}", one.line, plain(problem));
        }
    }
    let (all, reached, unreached) = (report.vectors.len(), report.coverage.reached.len(), &report.coverage.unreached);
    let _ = writeln!(text, "{} of {all} vectors hold", report.passed);
    if unreached.is_empty() {
        let _ = writeln!(text, "every reason of the policy is reached");
    } else {
        let _ = writeln!(text, "{reached} reasons are reached; no vector reaches {}", unreached.join(", "));
    }
    text
}
