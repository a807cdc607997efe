//! The command line: `vigie serve | check-config | inspect | policy | log | version`.
//!
//! Thin on purpose: arguments in, one call into the library, exit code out. 0 is success, 1 a refusal (a configuration that does
//! not hold, an inspected value that is not accepted), 2 a wrong use of the command line.

mod check_config;
mod inspect;
mod log;
mod policy;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::components;
use crate::engine::worker;
use crate::problem::{Explain, Sentence};

/// Verifies Pro Santé Connect logins and asks a relying party's own sandboxed policies about them.
#[derive(Parser)]
#[command(name = "vigie", version, disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer relying parties over HTTP.
    Serve(serve::Arguments),
    /// Check a configuration, its secrets, its components and their settings; open no socket and no state.
    CheckConfig(check_config::Arguments),
    /// Say what an identifier, URL, token or UserInfo is worth.
    Inspect(inspect::Arguments),
    /// Write, try out and ship a policy.
    Policy(policy::Arguments),
    /// Check a decision log.
    Log(log::Arguments),
    /// Compile one component: the host starts itself like this, in a process that can be killed.
    #[command(hide = true)]
    CompileComponent(worker::Bounds),
    /// Print the version, and the digest of the verification core.
    Version {
        /// Where vigie-verifier.wasm is.
        #[arg(long, value_name = "DIR", env = components::VARIABLE)]
        components: Option<PathBuf>,
        /// For people or for programs.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Policy(arguments) => policy::run(&arguments),
        Command::Log(arguments) => log::run(&arguments),
        Command::CompileComponent(bounds) => worker::run(bounds),
        Command::Version { components, format } => version(components.as_deref(), format),
    }
}

/// One sentence on standard error, exit code 1.
fn refuse(error: &dyn Explain) -> ExitCode {
    eprintln!("vigie: {}", Sentence(error));
    ExitCode::from(1)
}

fn version(directory: Option<&std::path::Path>, format: Format) -> ExitCode {
    let core = components::find(directory, components::VERIFIER)
        .and_then(|path| std::fs::read(&path).map_err(|_| components::NotFound::at(&path)))
        .map(|bytes| crate::digest::Digest::of(&bytes).to_string());
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Json => {
            println!("{}", serde_json::json!({ "vigie": version, "wasmtime": WASMTIME, "core_digest": core.ok() }));
        }
        Format::Human => {
            println!("vigie {version} (wasmtime {WASMTIME})");
            match core {
                Ok(digest) => println!("verification core {digest}"),
                Err(error) => println!("verification core not found: {error}. {}", error.help()),
            }
        }
    }
    ExitCode::SUCCESS
}

/// The line that `Cargo.toml` pins.
pub(crate) const WASMTIME: &str = "48 LTS";
