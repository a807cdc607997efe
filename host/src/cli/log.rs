//! `vigie log verify`: whether a decision log is the one that was written.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::refuse;
use crate::log::chain::{self, Verified, VerifyChainError};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Follow the chain of hashes from the first line to the last.
    Verify {
        /// The decision log.
        #[arg(value_name = "LOG")]
        log: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Command::Verify { log } = &arguments.command;
    let opened = File::open(log).map_err(|error| VerifyChainError::Unreadable(error.kind()));
    match opened.and_then(|file| chain::verify(BufReader::new(file))) {
        Ok(Verified { lines, torn, last }) => {
            println!("{lines} lines, each follows the one before it");
            if torn > 0 {
                println!("left out: {torn} lines cut short");
            }
            if let Some(last) = last {
                println!("the last is {last}; lines missing after it do not show");
            }
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}
