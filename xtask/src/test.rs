//! Every test of the repository in one command, with one table and one last line of counts.
//!
//! Counts come from what the test runners print, never from this file. A step that is not a test runner (formatting,
//! lints, types) counts as one test, passed or failed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{BUILD, Finished, observe, succeed};
use crate::progress::{Mark, Progress};
use crate::setup::Tools;
use crate::{artefacts, build, setup};

/// How long one test program may take before it counts as hanging.
const TEST_PROGRAM: Duration = Duration::from_secs(15 * 60);

/// A part of the tests that can be asked for on its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    Format,
    Lints,
    Types,
    Native,
    Browser,
    Stories,
    Rules,
}

impl Area {
    const ALL: &'static [(&'static str, Self)] = &[
        ("format", Self::Format),
        ("lints", Self::Lints),
        ("types", Self::Types),
        ("native", Self::Native),
        ("browser", Self::Browser),
        ("stories", Self::Stories),
        ("rules", Self::Rules),
    ];

    pub(crate) fn parse(word: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|(name, _)| *name == word);
        let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
        Ok(known.with_context(|| format!("there is no area `{word}`; there are {}", names.join(", ")))?.1)
    }
}

/// One row of the closing table.
struct Row {
    name: String,
    took: Duration,
    passed: usize,
    failed: usize,
}

/// A test program that cargo built.
struct Program {
    name: String,
    area: Area,
    executable: PathBuf,
    directory: PathBuf,
}

pub(crate) fn run(progress: &Progress, areas: &[Area]) -> Result<ExitCode> {
    let started = Instant::now();
    let wanted = |area: Area| areas.is_empty() || areas.contains(&area);
    let tools = setup::run(progress, setup::Scope::Test)?;
    let runs_something = [Area::Types, Area::Native, Area::Browser, Area::Stories, Area::Rules];
    if runs_something.into_iter().any(wanted) {
        build::webassembly(progress, &tools, build::Components::All)?;
    }

    let mut rows = Vec::new();
    progress.heading("Tests");
    if wanted(Area::Format) {
        rows.push(whole(progress, "format", artefacts::cargo().args(["fmt", "--all", "--check"]))?);
    }
    if wanted(Area::Lints) {
        let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        rows.push(whole(progress, "lints", artefacts::cargo().args(arguments))?);
        let arguments =
            ["clippy", "-p", "vigie-extension", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
        rows.push(whole(progress, "lints: extension as WebAssembly", artefacts::cargo().args(arguments))?);
    }
    if wanted(Area::Types) {
        let mut check = tools.command("node");
        check.args(["node_modules/typescript/bin/tsc", "--project", "extension/jsconfig.json"]);
        rows.push(whole(progress, "types of the extension's JavaScript", &mut check)?);
    }
    if wanted(Area::Rules) {
        rows.push(mozillas_rules(progress, &tools)?);
    }
    if [Area::Native, Area::Stories, Area::Rules].into_iter().any(wanted) {
        match compile(progress) {
            Ok(programs) => {
                for program in programs.iter().filter(|program| wanted(program.area)) {
                    rows.push(test_program(progress, program)?);
                }
            }
            Err(_) => {
                rows.push(Row { name: "compile the native tests".into(), took: Duration::ZERO, passed: 0, failed: 1 })
            }
        }
    }
    if wanted(Area::Native) {
        let mut script = tools.command("node");
        script.current_dir(artefacts::root().join("plugins/javascript")).arg("--test");
        rows.push(whole(progress, "plugins: policy in JavaScript", &mut script)?);
        let mut examples = artefacts::cargo();
        examples.args(["test", "--workspace", "--doc", "--no-fail-fast"]);
        rows.push(runner(progress, "examples in the documentation", &mut examples, BUILD)?);
    }
    if wanted(Area::Browser) {
        for package in ["verifier-core", "extension"] {
            rows.push(in_chromium(progress, &tools, package)?);
            if let Some(driver) = &tools.geckodriver {
                rows.push(in_firefox(progress, &tools, driver, package)?);
            }
        }
        rows.push(optimised(progress, &tools)?);
    }
    Ok(summary(progress, &rows, started.elapsed()))
}

/// The Firefox packages against what Mozilla asks of an add-on. A warning counts like an error.
fn mozillas_rules(progress: &Progress, tools: &Tools) -> Result<Row> {
    let mut row = Row { name: "packages: Mozilla's linter".into(), took: Duration::ZERO, passed: 0, failed: 0 };
    for package in ["vigie-firefox-store.zip", "vigie-firefox-dev.zip"] {
        let mut lint = tools.command("node");
        lint.args(["node_modules/addons-linter/bin/addons-linter", "--warnings-as-errors"]);
        lint.arg(artefacts::packages().join(package));
        let one = whole(progress, &format!("{package}: Mozilla's linter"), &mut lint)?;
        row =
            Row { took: row.took + one.took, passed: row.passed + one.passed, failed: row.failed + one.failed, ..row };
    }
    Ok(row)
}

/// A tool that either is content or is not.
fn whole(progress: &Progress, name: &str, command: &mut Command) -> Result<Row> {
    record(progress, name, command, BUILD, |_| None)
}

/// A test runner, whose own counts are taken.
fn runner(progress: &Progress, name: &str, command: &mut Command, at_most: Duration) -> Result<Row> {
    record(progress, name, command, at_most, |finished| counts(&finished.lines))
}

fn record(
    progress: &Progress,
    name: &str,
    command: &mut Command,
    at_most: Duration,
    count: impl Fn(&Finished) -> Option<(usize, usize)>,
) -> Result<Row> {
    let started = Instant::now();
    let mut row = Row { name: name.to_owned(), took: Duration::ZERO, passed: 0, failed: 0 };
    // A failing step is a row of the table, not the end of the run.
    let _ = progress.step(name, |running| {
        let finished = observe(running, command, at_most)?;
        let runner = count(&finished);
        (row.passed, row.failed) = match (runner, finished.success()) {
            (Some((passed, failed)), true) => (passed, failed),
            // The runner died, or counted no failure and still was not content.
            (Some((passed, failed)), false) => (passed, failed.max(1)),
            (None, true) => (1, 0),
            (None, false) => (0, 1),
        };
        if row.failed > 0 {
            if !progress.verbose {
                finished.print();
            }
            bail!("{name}");
        }
        Ok(())
    });
    row.took = started.elapsed();
    Ok(row)
}

/// Sums every `test result: ok. 3 passed; 0 failed; …` line. `None` when there is none.
fn counts(lines: &[String]) -> Option<(usize, usize)> {
    let mut sum = None;
    for line in lines {
        let Some((_, result)) = line.split_once("test result: ") else {
            continue;
        };
        let number_before = |word: &str| {
            let (before, _) = result.split_once(word)?;
            before.rsplit([' ', '.', ';']).find(|part| !part.is_empty())?.parse::<usize>().ok()
        };
        let (passed, failed) = sum.unwrap_or((0, 0));
        sum = Some((passed + number_before(" passed").unwrap_or(0), failed + number_before(" failed").unwrap_or(0)));
    }
    sum
}

/// Compiles all native tests in one go, which shares every dependency and builds the programs that they start, and says
/// what there is to run.
fn compile(progress: &Progress) -> Result<Vec<Program>> {
    progress.step("compile the native tests", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["test", "--workspace", "--no-run", "--message-format", "json-render-diagnostics"]);
        let finished = succeed(running, &mut cargo)?;
        let messages = finished.lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs: Vec<Program> = messages.filter_map(|message| program(&message)).collect();
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(programs)
    })
}

/// One of cargo's `compiler-artifact` messages, when it is a test program.
fn program(message: &Value) -> Option<Program> {
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    if !message.get("profile")?.get("test")?.as_bool()? {
        return None;
    }
    let executable = PathBuf::from(text(message, "executable")?);
    let target = message.get("target")?;
    let directory = PathBuf::from(text(message, "manifest_path")?).parent()?.to_path_buf();
    let package = directory.strip_prefix(artefacts::root()).ok()?.display().to_string();
    let name = text(target, "name")?;
    let is_test = target.get("kind")?.as_array()?.iter().any(|kind| kind == "test");
    let area = match (package.as_str(), is_test, name.as_str()) {
        ("tests", true, "tidy") => Area::Rules,
        ("tests", true, _) => Area::Stories,
        _ => Area::Native,
    };
    let name = match (area, is_test) {
        (Area::Rules, _) => "rules of the repository".to_owned(),
        (Area::Stories, _) => format!("story: {}", name.replace('_', " ")),
        (_, true) => format!("{package}: {}", name.replace('_', " ")),
        (_, false) => format!("{package}: unit tests"),
    };
    Some(Program { name, area, executable, directory })
}

fn test_program(progress: &Progress, program: &Program) -> Result<Row> {
    let mut command = Command::new(&program.executable);
    command.current_dir(&program.directory).env("CARGO_MANIFEST_DIR", &program.directory);
    // Tests that start our programs find them where cargo put them.
    command.env("CARGO", std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    runner(progress, &program.name, &mut command, TEST_PROGRAM)
}

/// The tests that run as WebAssembly in headless Chromium.
fn in_chromium(progress: &Progress, tools: &Tools, package: &str) -> Result<Row> {
    let driver = tools.chromedriver.as_deref().context("set-up found no chromedriver")?;
    let mut pack = tools.command("wasm-pack");
    pack.args(["test", "--mode", "no-install", "--headless", "--chrome", "--chromedriver"]);
    pack.arg(driver).arg(package).args(["--test", "browser"]);
    runner(progress, &format!("{package}: WebAssembly in Chromium"), &mut pack, BUILD)
}

/// The same tests in headless Firefox, where geckodriver is there.
fn in_firefox(progress: &Progress, tools: &Tools, driver: &Path, package: &str) -> Result<Row> {
    let mut pack = tools.command("wasm-pack");
    pack.args(["test", "--mode", "no-install", "--headless", "--firefox", "--geckodriver"]);
    pack.arg(driver).arg(package).args(["--test", "browser"]);
    runner(progress, &format!("{package}: WebAssembly in Firefox"), &mut pack, BUILD)
}

/// The shared vectors against what wasm-opt made of the extension.
fn optimised(progress: &Progress, tools: &Tools) -> Result<Row> {
    let directory = build::parity(progress, tools)?;
    let mut node = tools.command("node");
    node.arg(artefacts::root().join("extension/tests/parity.mjs"));
    node.arg(directory.join("parity.js")).arg(directory.join("parity_bg.wasm"));
    node.arg(artefacts::root().join("tests/vectors"));
    runner(progress, "extension: optimised WebAssembly, shared vectors", &mut node, TEST_PROGRAM)
}

/// The closing table, and the last line that machines read too.
fn summary(progress: &Progress, rows: &[Row], took: Duration) -> ExitCode {
    progress.heading("Summary");
    for row in rows {
        let mark = if row.failed == 0 { Mark::Ok } else { Mark::Failed };
        let failed = if row.failed == 0 { String::new() } else { format!(", {} failed", row.failed) };
        progress.line(mark, Some(row.took), &format!("{:<44} {:>4} passed{failed}", row.name, row.passed));
    }
    let passed: usize = rows.iter().map(|row| row.passed).sum();
    let failed: usize = rows.iter().map(|row| row.failed).sum();
    println!("\nin {:.0} s, set-up and build included", took.as_secs_f64());
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[track_caller]
    fn check(lines: &[&str], expect: Option<(usize, usize)>) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(counts(&lines), expect);
    }

    #[test]
    fn counts_are_summed_over_runners() {
        check(&[], None);
        check(
            &["test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s"],
            Some((12, 0)),
        );
        check(
            &[
                "test result: FAILED. 3 passed; 2 failed; 0 ignored",
                "noise",
                "test result: ok. 1 passed; 0 failed; 0 ignored",
            ],
            Some((4, 2)),
        );
    }
}
