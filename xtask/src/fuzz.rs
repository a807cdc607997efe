//! Fuzzes the core: `cargo xtask fuzz [TARGET…] [--seconds N]`, every target for half a minute unless told otherwise.
//!
//! libFuzzer comes as a crate and the coverage instrumentation is asked of LLVM directly, so the compiler of this repository is
//! enough and nothing is installed. AddressSanitizer would need a nightly one; `verifier-core` has no unsafe code that it could
//! watch. What a target does stands in `tests/fuzz/src`. New inputs are collected in `target/fuzz`, never in the kept corpus: a
//! person chooses what is worth keeping.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::artefacts;
use crate::process::{Finished, first_line, observe, succeed};
use crate::progress::{Mark, Progress};

/// What `-fsanitize=fuzzer` would ask for: counters at edges, and comparisons with constants are found by their own feedback.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    --cfg fuzzing -Ccodegen-units=1";

/// Seconds per target when none are named.
pub(crate) const USUAL_SECONDS: u64 = 30;

/// Longest input: somewhat more than the largest token, so that the limits themselves are reached.
const MAX_LEN: usize = 20_000;

/// One input may take this many seconds, a thousand times what any should.
const ONE_INPUT: usize = 5;

pub(crate) fn run(progress: &Progress, wanted: &[String], seconds: u64) -> Result<ExitCode> {
    let targets = choose(all()?, wanted)?;
    progress.heading("Fuzzing");
    let built = build(progress, &targets)?;
    let mut findings = 0;
    let mut rows = Vec::new();
    for target in &targets {
        let (row, found) = fuzz(progress, &built, target, seconds)?;
        findings += usize::from(found);
        rows.push(row);
    }
    progress.heading("Executions");
    for row in &rows {
        println!("  {row}");
    }
    println!("\n{} targets, {findings} with a finding", targets.len());
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every file of `fuzz_targets` is a target.
fn all() -> Result<Vec<String>> {
    let directory = crate_directory().join("fuzz_targets");
    let files = std::fs::read_dir(&directory).with_context(|| format!("{} is gone", artefacts::shown(&directory)))?;
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.ok()?.file_name().to_str()?.strip_suffix(".rs")?.to_owned())).collect();
    names.sort();
    Ok(names)
}

fn choose(all: Vec<String>, wanted: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target `{unknown}`; there are {}", all.join(", "));
    }
    Ok(if wanted.is_empty() { all } else { wanted.to_vec() })
}

fn crate_directory() -> PathBuf {
    artefacts::root().join("tests/fuzz")
}

/// Compiles the targets and says where they are.
fn build(progress: &Progress, targets: &[String]) -> Result<PathBuf> {
    if first_line(Command::new("c++").arg("--version")).is_none() {
        bail!("there is no C++ compiler, which libFuzzer is built with (as root on Debian: `apt-get install g++`)");
    }
    let host = host_triple()?;
    let directory = artefacts::cargo_target()?.join("fuzz");
    progress.step("fuzz targets: compile with coverage, 1 to 3 minutes the first time", |running| {
        let mut cargo = artefacts::cargo();
        // With a target named, build scripts and macros stay without instrumentation.
        cargo.args(["build", "--release", "--target", &host, "--manifest-path"]);
        cargo.arg(crate_directory().join("Cargo.toml")).arg("--target-dir").arg(&directory);
        for target in targets {
            cargo.args(["--bin", target]);
        }
        cargo.env("RUSTFLAGS", INSTRUMENTATION);
        succeed(running, &mut cargo).map(drop)
    })?;
    Ok(directory.join(host).join("release"))
}

fn host_triple() -> Result<String> {
    let output = Command::new("rustc").current_dir(artefacts::root()).arg("-vV").output().context("rustc is absent")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not name its host")?.to_owned())
}

/// One row of the closing table, and whether something was found.
fn fuzz(progress: &Progress, built: &Path, target: &str, seconds: u64) -> Result<(String, bool)> {
    let collected = artefacts::root().join("target/fuzz/corpus").join(target);
    let findings = artefacts::root().join("target/fuzz/findings");
    std::fs::create_dir_all(&collected)?;
    std::fs::create_dir_all(&findings)?;
    let mut fuzzer = Command::new(built.join(target));
    fuzzer.current_dir(artefacts::root());
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={MAX_LEN}"));
    fuzzer.arg(format!("-timeout={ONE_INPUT}")).arg("-print_final_stats=1");
    fuzzer.arg(format!("-artifact_prefix={}/{target}-", findings.display()));
    // What is new goes to the first directory; the kept corpus is only read.
    fuzzer.arg(&collected).arg(crate_directory().join("corpus").join(target));
    let mut outcome = None;
    // A finding is a row of the table; the other targets still run.
    let _ = progress.step(&format!("{target}: {seconds} s"), |running| {
        let finished = observe(running, &mut fuzzer, Duration::from_secs(seconds + 120))?;
        let quiet = finished.success();
        if !quiet && !progress.verbose {
            finished.print();
        }
        outcome = Some(finished);
        if quiet { Ok(()) } else { bail!("{target}") }
    });
    let Some(finished) = outcome else { bail!("the target {target} could not be run") };
    let executions = executions(&finished);
    let found = !finished.success();
    if found {
        progress.line(Mark::Failed, None, &format!("the input lies in {}", artefacts::shown(&findings)));
    }
    let row =
        format!("{target:<14} {executions:>12} executions  {}", if found { "a finding" } else { "nothing found" });
    Ok((row, found))
}

/// libFuzzer's own count.
fn executions(finished: &Finished) -> u64 {
    let count = |line: &String| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok();
    finished.lines.iter().rev().find_map(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{all, choose};

    #[test]
    fn targets_are_found_and_unknown_ones_named() {
        let targets = all().unwrap();
        assert!(targets.iter().any(|target| target == "verify"));
        assert_eq!(choose(targets.clone(), &[]).unwrap(), targets);
        let refused = choose(targets, &["verfiy".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("verfiy") && refused.contains("verify"), "{refused}");
    }

    #[test]
    fn every_target_keeps_a_corpus() {
        for target in all().unwrap() {
            let corpus = super::crate_directory().join("corpus").join(&target);
            assert!(corpus.read_dir().is_ok_and(|mut files| files.next().is_some()), "{target}");
        }
    }
}
