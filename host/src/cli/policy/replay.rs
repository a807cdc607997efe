//! `vigie policy replay`: which policies, and how the differences are printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::Format;
use super::{Desk, DeskError, Kind, say};
use crate::authoring::document::{self, ObjectText};
use crate::authoring::replay::{self, Change, Judge, ReplayError, Replayed};
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::compiler::Compiler;
use crate::engine::inspect::Role;
use crate::engine::policy::Policy;
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
    let mut components: BTreeMap<&str, &Path> =
        arguments.policy.iter().map(|(id, file)| (id.as_str(), file.as_path())).collect();
    let mut settings = BTreeMap::new();
    for (id, file) in &arguments.settings {
        let text = document::read(file)?;
        let object: ObjectText = document::parse(&file.display().to_string(), &text)?;
        settings.insert(id.as_str(), object.into_text());
    }
    let mut judges = Vec::new();
    let engine = match &arguments.config {
        None => Engine::start(&arguments.desk.class(Kind::Compiled).limits())?,
        Some(file) => {
            let config = Config::read(file)?;
            let loader = Loader::start(&config, &Compiler::Here, None)?;
            for audience in &config.audiences {
                for wanted in &audience.policies {
                    let id = wanted.id.as_str();
                    let policy = loader.try_out(wanted, components.get(id).copied(), settings.get(id).cloned())?;
                    judges.push(Judge { audience: Some(audience.id.clone()), id: id.to_owned(), policy });
                }
            }
            components.retain(|id, _| !judges.iter().any(|judge| judge.id == *id));
            loader.engine().clone()
        }
    };
    for (id, file) in components {
        let found = arguments.desk.find(file)?;
        let inspected = engine.load(&found.file, None, Role::Policy)?;
        let policy = Policy::prepare(&engine, &inspected, settings.get(id).cloned().unwrap_or(found.settings))?;
        judges.push(Judge { audience: None, id: id.to_owned(), policy });
    }
    Ok(judges)
}

fn human(replayed: &Replayed) -> String {
    let mut text = String::new();
    for one in &replayed.differences {
        let what = match one.kind {
            Change::NotReproduced => "NOT REPRODUCED, same component and settings",
            Change::Changed => "changed",
            Change::Reworded => "same reason, other texts, obligations or log lines",
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "line {}, decision {}, {} asks {}: {} -> {} ({what})",
            one.line, one.decision_id, one.audience, one.policy, one.logged, one.replayed
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
        (replayed.torn, "lines cut short"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "left out: {count} {what}");
        }
    }
    text
}
