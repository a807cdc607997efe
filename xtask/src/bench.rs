//! Measures, and asserts no time.
//!
//! - `bench sandbox` sends many logins at once through the sandbox and says how many were lost, how long they took and how much
//!   memory that wanted (`sandbox/examples/load`).
//! - `bench host` measures the served host beside its floor and its peers, see [`host`].
//! - `bench policies` asks each sample policy its own vectors (`vigie policy bench`).
//! - `bench extension` says what the extension costs, see [`extension`].
//! - `bench inspect` feeds many lines through `vigie inspect … --jsonl` and says how many a second were answered, by the component
//!   engine and by the native one as its floor. Lines come from the shared vectors and from counters, so no two runs differ.
//!   Tokens repeat: nothing is kept between lines, so the same token costs the same each time. Start-up, which compiles the
//!   component, is measured by a run without lines and stands beside the rate, which leaves it out. The processor time of a line
//!   says what the rate would be on a quiet machine.

pub(crate) mod extension;
pub(crate) mod host;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::succeed;
use crate::progress::Progress;
use crate::setup::{self, Scope};
use crate::{artefacts, build};

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One line.
    Json,
}

impl Format {
    pub(crate) fn parse(word: &str) -> Result<Self> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => bail!("there is no format `{other}`; there are text and json"),
        }
    }
}

/// What the numbers of the first issue on the core ask for, in lines a second on two cores.
const OPERATIONS: &[(&str, usize, u32)] =
    &[("id", 200_000, 20_000), ("url", 200_000, 20_000), ("token", 20_000, 2_000)];

/// Runs per row; the fastest counts, since the others measure the neighbours too.
const RUNS: usize = 3;

pub(crate) fn sandbox(progress: &Progress) -> Result<ExitCode> {
    progress.heading("Benchmark");
    progress.step("sandbox and load: compile for release", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["build", "--release", "-p", "vigie-sandbox", "--bin", "vigie-sandbox", "--example", "load"]);
        succeed(running, &mut cargo).map(drop)
    })?;
    println!();
    let program = artefacts::cargo_target()?.join("release/examples/load");
    let status = Command::new(&program)
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} does not start", artefacts::shown(&program)))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `vigie`, linked with the versions that `bench host` measures, so that wasmtime is compiled for release once.
const SHIPPED: &str = "vigie-host-served";

/// Components and a `vigie` as they ship; where the program lies.
fn shipped_host(progress: &Progress) -> Result<PathBuf> {
    setup::run(progress, Scope::Build)?;
    build::components(progress, build::Components::All)?;
    progress.heading("Benchmark");
    progress.step("host: compile for release", |running| host::compile(running, &["--bin", SHIPPED]))?;
    Ok(artefacts::cargo_target()?.join("release").join(SHIPPED))
}

/// What each sample policy costs, asked its own vectors.
pub(crate) fn policies(progress: &Progress) -> Result<ExitCode> {
    let program = shipped_host(progress)?;
    let mut samples = Vec::new();
    for entry in std::fs::read_dir(artefacts::root().join("plugins"))? {
        let directory = entry?.path();
        if directory.join("vectors").is_dir() && directory.join("Cargo.toml").is_file() {
            samples.push(directory);
        }
    }
    samples.sort();
    for sample in samples {
        println!();
        let mut bench = Command::new(&program);
        bench.args(["policy", "bench"]).arg(&sample).current_dir(artefacts::root()).stdin(Stdio::null());
        if !bench.status().with_context(|| format!("{} does not start", artefacts::shown(&program)))?.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn inspect(progress: &Progress) -> Result<ExitCode> {
    let program = shipped_host(progress)?;
    let directory = artefacts::root().join("target/bench");
    std::fs::create_dir_all(&directory)?;
    let nothing = directory.join("nothing.jsonl");
    File::create(&nothing)?;

    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("\n{processors} processors; lines a second without start-up, the best of {RUNS} runs\n");
    println!("  operation  engine          lines  start-up    lines/s   of native  CPU µs/line   asked for");
    for (operation, count, asked) in OPERATIONS {
        let lines = directory.join(format!("{operation}.jsonl"));
        write_lines(operation, *count, &lines)?;
        let native = measure(&program, operation, "native", &lines, &nothing)?;
        for engine in ["native", "component", "pure"] {
            let measured =
                if engine == "native" { native } else { measure(&program, operation, engine, &lines, &nothing)? };
            let rate = measured.rate(*count);
            let ratio = rate / native.rate(*count);
            let asked = if engine == "component" { asked.to_string() } else { String::new() };
            let start = measured.start_up();
            let busy = measured.busy_us(*count);
            println!(
                "  {operation:<9}  {engine:<10} {count:>10}  {start:>6.2} s  {rate:>9.0}   {ratio:>9.2}  {busy:>11.1}   {asked:>9}"
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The fastest of several runs of one kind.
#[derive(Clone, Copy)]
struct Run {
    took: Duration,
    /// On all processors together.
    busy: Duration,
}

#[derive(Clone, Copy)]
struct Measured {
    start_up: Run,
    whole: Run,
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
impl Measured {
    fn start_up(self) -> f64 {
        self.start_up.took.as_secs_f64()
    }

    fn rate(self, lines: usize) -> f64 {
        lines as f64 / self.whole.took.saturating_sub(self.start_up.took).as_secs_f64().max(0.001)
    }

    fn busy_us(self, lines: usize) -> f64 {
        self.whole.busy.saturating_sub(self.start_up.busy).as_secs_f64() * 1e6 / lines as f64
    }
}

fn measure(program: &Path, operation: &str, engine: &str, lines: &Path, nothing: &Path) -> Result<Measured> {
    let fastest = |input: &Path| -> Result<Run> {
        let mut best = Run { took: Duration::MAX, busy: Duration::MAX };
        for _ in 0..RUNS {
            let run = once(program, operation, engine, input)?;
            best = Run { took: best.took.min(run.took), busy: best.busy.min(run.busy) };
        }
        Ok(best)
    };
    Ok(Measured { start_up: fastest(nothing)?, whole: fastest(lines)? })
}

fn once(program: &Path, operation: &str, engine: &str, input: &Path) -> Result<Run> {
    let (started, busy) = (Instant::now(), time_of_children());
    let status = Command::new(program)
        .args(["inspect", operation, "--jsonl", "--engine", engine, "--components"])
        .arg(artefacts::components())
        .stdin(File::open(input)?)
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("{} does not start", artefacts::shown(program)))?;
    // 1 says that a line was refused, which some are meant to be.
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("`vigie inspect {operation} --engine {engine}` ended with {status}");
    }
    Ok(Run { took: started.elapsed(), busy: time_of_children().saturating_sub(busy) })
}

/// Processor time of the programs that were run and have ended: `cutime` and `cstime` of proc(5), in hundredths of a second. Zero
/// where there is no such file.
fn time_of_children() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Counted after the name in parentheses, which may hold anything: fields 16 and 17 of the line.
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn write_lines(operation: &str, count: usize, path: &Path) -> Result<()> {
    let vectors = vectors(operation)?;
    let mut out = BufWriter::new(File::create(path)?);
    for index in 0..count {
        // Every other line of a vector, which holds the hard cases; the others are what most lines look like.
        let vector = vectors.get(index / 2 % vectors.len()).context("no vector")?;
        let line = match operation {
            "id" if index % 2 == 0 => json!({ "value": format!("8{:011}", index * 7919) }),
            "url" if index % 2 == 0 => {
                json!({ "value": format!("https://www.hopital-{}.example/dossier?page={index}", index % 977) })
            }
            _ => vector.clone(),
        };
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    Ok(())
}

/// The lines of the shared vectors of one operation; of tokens those signed with RS256 that verify.
fn vectors(operation: &str) -> Result<Vec<Value>> {
    let path: PathBuf = artefacts::root().join("tests/vectors").join(format!("{operation}.json"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} is gone", artefacts::shown(&path)))?;
    let file: Value = serde_json::from_str(&text)?;
    let vectors = file.get("vectors").and_then(Value::as_array).context("a vector file without vectors")?;
    let wanted = vectors.iter().filter(|vector| operation != "token" || is_genuine_rs256(vector));
    let lines: Vec<Value> =
        wanted.filter_map(|vector| vector.get("line")).filter(|line| line.is_object()).cloned().collect();
    if lines.is_empty() {
        bail!("{} has no line that fits", artefacts::shown(&path));
    }
    Ok(lines)
}

/// The evidence of the expected report names the algorithm.
fn is_genuine_rs256(vector: &Value) -> bool {
    let expect = vector.get("expect");
    let verified = expect.and_then(|report| report.get("verified")).and_then(Value::as_bool) == Some(true);
    let evidence = expect.and_then(|report| report.get("evidence")).and_then(Value::as_array);
    verified && evidence.is_some_and(|checks| checks.iter().any(|check| check.get("detail") == Some(&json!("RS256"))))
}

#[cfg(test)]
mod tests {
    use super::{OPERATIONS, vectors};

    #[test]
    fn every_operation_has_lines() {
        for (operation, ..) in OPERATIONS {
            assert!(!vectors(operation).unwrap().is_empty(), "{operation}");
        }
    }
}
