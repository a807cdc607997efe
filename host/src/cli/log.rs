//! `vigie log verify`: whether a decision log is the one that was written; `vigie log pseudonym`: which lines are about a person.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::{Format, refuse};
use crate::config::{Config, ConfigError};
use crate::log::chain::{Verified, VerifyChainError};
use crate::log::file::set_aside;
use crate::log::pseudonym::asserted_realm;
use crate::log::{OpenLogError, Pseudonym, PseudonymKey};
use crate::service::StartError;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Follow the chain of hashes from the first line to the last, through the files that were set aside as well.
    Verify {
        /// The decision log, whose numbered files come first by themselves; or its files, oldest first.
        #[arg(value_name = "LOG", required = true)]
        logs: Vec<PathBuf>,
        /// For people or for programs.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
    /// Print the word under which a person stands in the decision log of this host. Reads the identifier from standard input, so
    /// that it is in no list of processes and no history: the national id as the provider has it, type digit first, or the `sub`.
    Pseudonym {
        /// The configuration file; the key lies beside its state.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The relying party that the person logged in to.
        #[arg(long, value_name = "ID")]
        audience: String,
    },
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match &arguments.command {
        Command::Verify { logs, format } => match verify(logs) {
            Ok(verified) => {
                print(&verified, *format);
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        },
        Command::Pseudonym { config, audience } => match pseudonym(config, audience) {
            Ok(word) => {
                println!("{word}");
                ExitCode::SUCCESS
            }
            Err(error) => refuse(&error),
        },
    }
}

/// In bytes, with the end of its line: a `sub` is the longest, and has some sixty.
const LONGEST_IDENTIFIER: u64 = 1024;

fn pseudonym(file: &Path, audience: &str) -> Result<Pseudonym, StartError> {
    let config = Config::read(file)?;
    let refuse = |place: &str, problem: String| ConfigError::Value { place: place.into(), problem };
    let audience = config
        .audiences
        .iter()
        .find(|known| known.id == audience)
        .ok_or_else(|| refuse("audience", format!("the file has none with the id {audience:?}")))?;
    let key = PseudonymKey::open_existing(&PseudonymKey::path(&config.state)).map_err(OpenLogError::from)?;
    let mut line = String::new();
    BufReader::new(io::stdin().take(LONGEST_IDENTIFIER + 1))
        .read_line(&mut line)
        .map_err(|error| refuse("standard input", format!("it cannot be read ({error})")))?;
    let person = line.trim();
    // A word for what names nobody would be looked for in vain.
    if person.is_empty() || line.len() as u64 > LONGEST_IDENTIFIER || person.contains(char::is_control) {
        return Err(refuse("standard input", "it holds no identifier in its first line".into()).into());
    }
    let realm = audience.login.as_ref().map_or_else(|| asserted_realm(&audience.id), |login| login.issuer.clone());
    Ok(key.of(&realm, person))
}

fn verify(logs: &[PathBuf]) -> Result<Verified, VerifyChainError> {
    let unreadable = |file: &Path, error: &io::Error| VerifyChainError::Unreadable {
        file: file.display().to_string(),
        kind: error.kind(),
    };
    let files = match logs {
        [log] => {
            let earlier = set_aside(log).map_err(|error| unreadable(log, &error))?;
            earlier.into_iter().map(|(_, file)| file).chain([log.clone()]).collect()
        }
        named => named.to_vec(),
    };
    let followed = files.iter().try_fold(Verified::default(), |verified, file| {
        let opened = File::open(file).map_err(|error| unreadable(file, &error))?;
        verified.follow(&file.display().to_string(), BufReader::new(opened))
    });
    followed?.end()
}

fn print(verified: &Verified, format: Format) {
    let Verified { lines, torn, before, last, .. } = verified;
    if format == Format::Json {
        println!("{}", json!({ "lines": lines, "torn": torn, "before": before, "last": last }));
        return;
    }
    println!("{lines} lines, each follows the one before it");
    if let Some(before) = before {
        println!("the first follows {before}, which is not among them");
    }
    if *torn > 0 {
        println!("left out: {torn} lines cut short");
    }
    if let Some(last) = last {
        println!("the last is {last}; lines missing after it do not show");
    }
}
