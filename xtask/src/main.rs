//! `cargo xtask …`: set-up, build, packages, demo and tests of Vigie.
//!
//! Everything that a newcomer or a build server has to do is one of these commands; there is no other script. This crate
//! depends on little, so that the first command answers after seconds. It decides nothing about the product:
//! what runs is the code of the other crates, as real processes.

mod artefacts;
mod bench;
mod build;
mod demo;
mod fuzz;
mod package;
mod process;
mod progress;
mod setup;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

use crate::progress::Progress;

const HELP: &str = "\
Usage: cargo xtask <command> [options]

Commands:
  setup             look for what the build needs and install what is absent
      --firefox     geckodriver too, for the WebAssembly tests in Firefox (compiled, about 5 minutes)
  build             extension, components, host and sandbox
  package           build, then the extension as folders and archives, with bill of materials and hashes (target/package/…)
      --rebuild     then again from a clone of this commit in another folder, to compare the hashes (2 minutes)
  demo              build, then show a first login from end to end
      --check       drive the login itself in headless Chromium (the default without a display)
      --headed      open Chromium and leave the login to you
      --firefox     open Firefox and leave the login to you
  test [AREA…]      every test of the repository, or only the areas named: format lints types native browser stories rules
  fuzz [TARGET…]    fuzz the core, every target or those named
      --seconds N   how long each (30)
  bench host        the served host beside its floor and its peers, with what is asked of it (10 minutes after building)
      --format json figures as one line of JSON, the last
  bench inspect     lines a second through `vigie inspect --jsonl`, against the native core
  bench policies    instance, call and decision of each sample policy, beside one P-256 verification
  bench extension   sizes of the extension, digits to the badge, a stopped worker to its answer
      --format json figures as one line of JSON, the last
  bench sandbox     200 logins at once through the sandbox: lost, p50, p99, memory
Options:
  -v, --verbose     show what the called tools print
  -h, --help        this text";

/// What the person asked for, parsed once.
enum Request {
    Help,
    Setup { firefox: bool },
    Build,
    Package { rebuild: bool },
    Demo(demo::Mode),
    Test(Vec<test::Area>),
    Fuzz { targets: Vec<String>, seconds: u64 },
    BenchInspect,
    BenchPolicies,
    BenchSandbox,
    BenchExtension(bench::Format),
    BenchHost(bench::Format),
}

fn main() -> ExitCode {
    let (request, verbose) = match parse(lexopt::Parser::from_env()) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(request, &Progress::new(verbose)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: lexopt::Parser) -> Result<(Request, bool)> {
    let mut verbose = false;
    let mut words = Vec::new();
    let mut mode = None;
    let mut seconds = None;
    let mut format = None;
    let mut firefox = false;
    let mut rebuild = false;
    while let Some(argument) = arguments.next()? {
        match argument {
            Short('v') | Long("verbose") => verbose = true,
            Short('h') | Long("help") => return Ok((Request::Help, verbose)),
            Long("check") => mode = Some(demo::Mode::Check),
            Long("headed") => mode = Some(demo::Mode::Headed),
            Long("firefox") => firefox = true,
            Long("rebuild") => rebuild = true,
            Long("seconds") => seconds = Some(arguments.value()?.parse()?),
            Long("format") => format = Some(bench::Format::parse(&arguments.value()?.string()?)?),
            Value(word) => words.push(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some((command, rest)) = words.split_first() else {
        return Ok((Request::Help, verbose));
    };
    if mode.is_some() && command != "demo" {
        bail!("--check and --headed belong to `demo`");
    }
    if firefox && command == "demo" {
        mode = Some(demo::Mode::Firefox);
    } else if firefox && command != "setup" {
        bail!("--firefox belongs to `setup` and `demo`");
    }
    if rebuild && command != "package" {
        bail!("--rebuild belongs to `package`");
    }
    if format.is_some() && words != ["bench", "extension"] && words != ["bench", "host"] {
        bail!("--format belongs to `bench extension` and `bench host`");
    }
    if seconds.is_some() && command != "fuzz" {
        bail!("--seconds belongs to `fuzz`");
    }
    if !rest.is_empty() && !["test", "fuzz", "bench"].contains(&command.as_str()) {
        bail!("`{command}` takes no further words");
    }
    let request = match command.as_str() {
        "help" => Request::Help,
        "setup" => Request::Setup { firefox },
        "build" => Request::Build,
        "package" => Request::Package { rebuild },
        "demo" => Request::Demo(mode.unwrap_or_else(demo::Mode::for_this_display)),
        "test" => Request::Test(rest.iter().map(|word| test::Area::parse(word)).collect::<Result<_>>()?),
        "fuzz" => Request::Fuzz { targets: rest.to_vec(), seconds: seconds.unwrap_or(fuzz::USUAL_SECONDS) },
        "bench" if rest == ["inspect"] => Request::BenchInspect,
        "bench" if rest == ["policies"] => Request::BenchPolicies,
        "bench" if rest == ["sandbox"] => Request::BenchSandbox,
        "bench" if rest == ["extension"] => Request::BenchExtension(format.unwrap_or(bench::Format::Text)),
        "bench" if rest == ["host"] => Request::BenchHost(format.unwrap_or(bench::Format::Text)),
        "bench" => bail!("`bench` measures `host`, `inspect`, `policies`, `extension` or `sandbox`"),
        unknown => bail!("there is no command `{unknown}`"),
    };
    Ok((request, verbose))
}

fn run(request: Request, progress: &Progress) -> Result<ExitCode> {
    match request {
        Request::Help => println!("{HELP}"),
        Request::Setup { firefox } => {
            setup::run(progress, setup::Scope::Test)?;
            if firefox {
                setup::geckodriver(progress)?;
            }
        }
        Request::Build => {
            let tools = setup::run(progress, setup::Scope::Build)?;
            build::run(progress, &tools, build::Components::All)?;
        }
        Request::Package { rebuild } => {
            let tools = setup::run(progress, setup::Scope::Build)?;
            build::extension(progress, &tools)?;
            package::run(progress, &tools)?;
            if rebuild {
                package::rebuild::run(progress)?;
            }
        }
        Request::Demo(mode) => return demo::run(progress, mode),
        Request::Fuzz { targets, seconds } => return fuzz::run(progress, &targets, seconds),
        Request::BenchInspect => return bench::inspect(progress),
        Request::BenchPolicies => return bench::policies(progress),
        Request::BenchSandbox => return bench::sandbox(progress),
        Request::BenchHost(format) => return bench::host::run(progress, format),
        Request::BenchExtension(format) => return bench::extension::run(progress, format),
        Request::Test(areas) => return test::run(progress, &areas),
    }
    Ok(ExitCode::SUCCESS)
}
