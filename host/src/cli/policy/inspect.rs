//! `vigie policy inspect`: what a component is, as the gate of the host sees it and in its own words.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::Format;
use super::{Desk, DeskError, kilobytes, plain, say};
use crate::authoring::Candidate;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A component, or the directory of a project.
    #[arg(value_name = "FILE", default_value = ".")]
    place: PathBuf,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    desk: Desk,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let opened = || -> Result<Candidate, DeskError> {
        let found = arguments.desk.find(&arguments.place)?;
        arguments.desk.open(&found.file, found.kind.into())
    };
    match opened() {
        Ok(candidate) => {
            say(&match arguments.format {
                Format::Json => format!("{}\n", program(&candidate)),
                Format::Human => human(&candidate),
            });
            ExitCode::SUCCESS
        }
        Err(error) => error.exit(),
    }
}

fn program(candidate: &Candidate) -> Value {
    let (seen, about) = (&candidate.inspected, candidate.policy.description());
    let schema: Value = serde_json::from_str(&about.settings_schema).unwrap_or_default();
    json!({
        "file": seen.file,
        "size": seen.size,
        "digest": seen.digest.to_string(),
        "name": about.name,
        "version": about.version,
        "summary": about.summary,
        "needs_login": about.needs_login,
        "imports": seen.imports,
        "exports": seen.exports,
        "reason_codes": about.reason_codes,
        "settings_schema": schema,
    })
}

fn human(candidate: &Candidate) -> String {
    let (seen, about) = (&candidate.inspected, candidate.policy.description());
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{name:<12}{}", plain(value));
    };
    line("policy", &format!("{} {}", about.name, about.version));
    line("", &about.summary);
    line("file", &format!("{}, {}", seen.file, kilobytes(seen.size)));
    line("digest", &seen.digest.to_string());
    line("login", if about.needs_login { "needed" } else { "not needed" });
    let mut list = |name: &str, items: &[String]| {
        let mut name = name;
        for item in items {
            line(name, item);
            name = "";
        }
        if items.is_empty() {
            line(name, "none");
        }
    };
    list("imports", &seen.imports);
    list("exports", &seen.exports);
    list("reasons", &about.reason_codes);
    let schema = serde_json::from_str::<Value>(&about.settings_schema)
        .and_then(|schema| serde_json::to_string_pretty(&schema))
        .unwrap_or_else(|_| about.settings_schema.clone());
    list("settings", &schema.lines().map(str::to_owned).collect::<Vec<_>>());
    text
}
