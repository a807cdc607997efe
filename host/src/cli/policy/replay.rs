//! `vigie policy replay`: which policies, and how the differences are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::Format;
use super::{Desk, DeskError, say};
use crate::authoring::replay::{self, Change, Judge, ReplayError, Replayed};
use crate::config::Config;
use crate::engine::compiler::Compiler;
use crate::policies::loader::Loader;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The decision log, written with log.input = "full".
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// The configuration whose policies and settings are asked again.
    #[arg(long, value_name = "FILE", required_unless_present = "policy")]
    config: Option<PathBuf>,
    /// This component for the policy of this id; with --config it takes the place of the configured one and keeps its settings.
    #[arg(long, value_name = "ID=FILE", value_parser = pair)]
    policy: Vec<(String, PathBuf)>,
    /// These settings for the policy of this id.
    #[arg(long, value_name = "ID=FILE", value_parser = pair)]
    settings: Vec<(String, PathBuf)>,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

fn pair(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((id, file)) if !id.is_empty() && !file.is_empty() => Ok((id.to_owned(), file.into())),
        _ => Err("write ID=FILE".to_owned()),
    }
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let replayed = match replay(arguments) {
        Ok(replayed) => replayed,
        Err(error) => return error.exit(),
    };
    say(&match arguments.format {
        Format::Json => serde_json::to_string(&replayed).map(|text| format!("{text}\n")).unwrap_or_default(),
        Format::Human => human(&replayed),
    });
    ExitCode::from(u8::from(!replayed.differences.is_empty()))
}

fn replay(arguments: &Arguments) -> Result<Replayed, DeskError> {
    let shown = arguments.log.display().to_string();
    let unreadable = |error: std::io::Error| ReplayError::Unreadable { file: shown.clone(), kind: error.kind() };
    let log = BufReader::new(File::open(&arguments.log).map_err(unreadable)?);
    let judges = judges(arguments)?;
    Ok(replay::replay(&shown, log, &judges)?)
}

fn judges(arguments: &Arguments) -> Result<Vec<Judge>, DeskError> {
    let components: BTreeMap<&str, &Path> =
        arguments.policy.iter().map(|(id, file)| (id.as_str(), file.as_path())).collect();
    let mut settings = BTreeMap::new();
    for (id, file) in &arguments.settings {
        settings.insert(id.as_str(), super::settings(file)?);
    }
    let mut judges = Vec::new();
    let Some(file) = &arguments.config else {
        known("--settings", settings.keys(), &components.keys().copied().collect())?;
        for (id, file) in components {
            let found = arguments.desk.find(file)?;
            let candidate = arguments.desk.open(&found.file, found.kind.into())?;
            let policy = super::with(&candidate, settings.get(id).unwrap_or(&found.settings))?;
            judges.push(Judge { audience: None, id: id.to_owned(), policy });
        }
        return Ok(judges);
    };
    let config = Config::read(file)?;
    let configured = config.audiences.iter().flat_map(|audience| &audience.policies);
    let ids: BTreeSet<&str> = configured.map(|wanted| wanted.id.as_str()).collect();
    known("--policy", components.keys(), &ids)?;
    known("--settings", settings.keys(), &ids)?;
    let loader = Loader::start(&config, &Compiler::Here, None)?;
    for audience in &config.audiences {
        for wanted in &audience.policies {
            let id = wanted.id.as_str();
            let settings = settings.get(id).map(|settings| settings.text.clone());
            let policy = loader.try_out(wanted, components.get(id).copied(), settings)?;
            judges.push(Judge { audience: Some(audience.id.clone()), id: id.to_owned(), policy });
        }
    }
    Ok(judges)
}

/// A mistyped id would be a policy that nobody asks, or settings that nobody is asked with.
fn known<'a>(
    option: &'static str,
    named: impl IntoIterator<Item = &'a &'a str>,
    ids: &BTreeSet<&str>,
) -> Result<(), ReplayError> {
    match named.into_iter().find(|id| !ids.contains(**id)) {
        None => Ok(()),
        Some(id) => {
            let known = ids.iter().map(|id| (*id).to_owned()).collect();
            Err(ReplayError::Unknown { option, id: (*id).to_owned(), known })
        }
    }
}

fn human(replayed: &Replayed) -> String {
    let mut text = String::new();
    for one in &replayed.differences {
        let what = match one.kind {
            Change::NotReproduced => "NOT REPRODUCED, same component and settings",
            Change::Changed => "changed",
            Change::Reworded => "same effect and reason",
        };
        let parts: Vec<&str> = one.differs.iter().map(|part| part.words()).collect();
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "line {}, decision {}, {} asks {}: {} -> {} ({what}; differs: {})",
            one.line,
            one.decision_id,
            one.audience,
            one.policy,
            one.logged,
            one.replayed,
            parts.join(", ")
        );
    }
    let same = replayed.verdicts - replayed.differences.len() as u64;
    let _ = writeln!(
        text,
        "{} questions, {} answers again: {same} the same bit for bit, {} not",
        replayed.decisions,
        replayed.verdicts,
        replayed.differences.len()
    );
    for (count, what) in [
        (replayed.without_question, "decisions without a question"),
        (replayed.not_asked, "answers of policies that were not asked"),
        (replayed.by_host, "answers that the host gave, for want of time, of an instance or of the policy"),
        (replayed.torn, "lines cut short"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "left out: {count} {what}");
        }
    }
    text
}
