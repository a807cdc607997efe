//! `cargo xtask bench host`: what the policy host costs, beside the least that such a host could cost and beside peers, with what is asked
//! of it. The figures are taken by `tests/bench`, a crate outside the workspace, since its peers would burden every other build;
//! this builds it, divides, compares and prints. It fails when something could not be measured, not when a target is missed.

use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Format;
use crate::process::succeed;
use crate::progress::{Progress, Running};
use crate::setup::{self, Scope};
use crate::{artefacts, build};

/// Compiles the crate that lies outside the workspace, or some of it.
pub(super) fn compile(running: &Running<'_>, what: &[&str]) -> Result<()> {
    let mut cargo = artefacts::cargo();
    cargo.args(["build", "--release", "--manifest-path"]).arg(artefacts::root().join("tests/bench/Cargo.toml"));
    succeed(running, cargo.arg("--target-dir").arg(artefacts::cargo_target()?).args(what)).map(drop)
}

pub(crate) fn run(progress: &Progress, format: Format) -> Result<ExitCode> {
    setup::run(progress, Scope::Build)?;
    build::components(progress, build::Components::All)?;
    progress.heading("Benchmark");
    let wide = build::wide_verifier(progress)?;
    let target = artefacts::cargo_target()?;
    progress.step("the host and the program that measures it, with its peers: compile for release", |running| {
        compile(running, &[])
    })?;
    let before = load();
    let output = Command::new(target.join("release/vigie-host-bench"))
        .arg("measure")
        .args([&artefacts::root(), &artefacts::components(), &wide])
        .current_dir(artefacts::root())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("vigie-host-bench could not be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let measured: Vec<Value> = printed.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let rows: Vec<Row<'_>> = measured.iter().map(Row::read).collect::<Result<_>>()?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let after = load();
    match format {
        Format::Json => {
            let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
            println!(
                "{}",
                json!({ "processors": processors, "load_before": before, "load_after": after, "rows": rows })
            );
        }
        Format::Text => {
            println!(
                "\n{processors} processors, load {before} before and {after} after, of which one is the benchmark's own\n"
            );
            print!("{}", table(&rows));
        }
    }
    // What was measured before is printed all the same.
    if !output.status.success() {
        bail!("vigie-host-bench ended with {}", output.status);
    }
    Ok(ExitCode::SUCCESS)
}

/// Of the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// One figure, as the program that measures wrote it.
struct Row<'r> {
    what: &'r str,
    value: f64,
    unit: &'r str,
    floor: Option<(&'r str, f64)>,
    target: Option<Target>,
}

/// What the ratio, or without a floor the figure, should be.
#[derive(Clone, Copy)]
struct Target {
    bound: Bound,
    value: f64,
    goal: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtMost,
    AtLeast,
}

impl<'r> Row<'r> {
    fn read(row: &'r Value) -> Result<Self> {
        let text = |value: &'r Value, name: &str| {
            value.get(name).and_then(Value::as_str).with_context(|| format!("a row without {name}: {row}"))
        };
        let number = |value: &'r Value, name: &str| {
            value.get(name).and_then(Value::as_f64).with_context(|| format!("a row without {name}: {row}"))
        };
        let floor = row.get("floor").map(|floor| -> Result<_> { Ok((text(floor, "what")?, number(floor, "value")?)) });
        let target = row.get("target").map(|target| -> Result<_> {
            let bound = match text(target, "bound")? {
                "at most" => Bound::AtMost,
                "at least" => Bound::AtLeast,
                other => bail!("no bound is called {other}"),
            };
            Ok(Target { bound, value: number(target, "value")?, goal: target.get("goal").and_then(Value::as_f64) })
        });
        Ok(Self {
            what: text(row, "what")?,
            value: number(row, "value")?,
            unit: text(row, "unit")?,
            floor: floor.transpose()?,
            target: target.transpose()?,
        })
    }

    fn ratio(&self) -> Option<f64> {
        self.floor.map(|(_, floor)| self.value / floor)
    }

    /// Whether the target is met; `None` without one. A ratio that is no number meets nothing.
    fn is_met(&self) -> Option<bool> {
        let judged = self.ratio().unwrap_or(self.value);
        self.target.map(|target| match target.bound {
            Bound::AtMost => judged <= target.value,
            Bound::AtLeast => judged >= target.value,
        })
    }

    fn to_json(&self) -> Value {
        let floor = self.floor.map(|(what, value)| json!({ "what": what, "value": value }));
        let target = self
            .target
            .map(|target| json!({ "bound": target.bound.words(), "value": target.value, "goal": target.goal }));
        json!({
            "what": self.what, "value": self.value, "unit": self.unit, "floor": floor, "ratio": self.ratio(), "target": target,
            "met": self.is_met(),
        })
    }
}

impl Bound {
    fn words(self) -> &'static str {
        match self {
            Self::AtMost => "at most",
            Self::AtLeast => "at least",
        }
    }
}

fn table(rows: &[Row<'_>]) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: &str, ratio: &str, verdict: &str, floor: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {what:<62} {value:>18} {ratio:>7}   {verdict:<36} {floor}");
    };
    line("", "", "ratio", "asked for", "beside");
    for row in rows {
        let value = format!("{} {}", shown(row.value), row.unit);
        let ratio = row.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let verdict = row.target.zip(row.is_met()).map(|(target, met)| {
            let goal = target.goal.map(|goal| format!(" (goal {goal})")).unwrap_or_default();
            format!("{}: {} {}{goal}", if met { "met" } else { "MISSED" }, target.bound.words(), target.value)
        });
        let floor = row.floor.map(|(what, value)| format!("{what}: {}", shown(value)));
        line(row.what, &value, &ratio, &verdict.unwrap_or_default(), &floor.unwrap_or_default());
    }
    let judged = rows.iter().filter_map(Row::is_met);
    let (met, missed): (Vec<bool>, Vec<bool>) = judged.partition(|met| *met);
    let _ = writeln!(text, "\n{} targets met, {} missed", met.len(), missed.len());
    text
}

/// Small figures with a decimal.
fn shown(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(row: &Value) -> Option<bool> {
        Row::read(row).unwrap().is_met()
    }

    #[test]
    fn a_target_is_held_against_the_ratio_or_without_a_floor_against_the_figure() {
        let row = |value: f64, bound: &str, target: f64| {
            json!({
                "what": "w", "value": value, "unit": "µs", "floor": { "what": "f", "value": 10.0 },
                "target": { "bound": bound, "value": target },
            })
        };
        assert_eq!(met(&row(15.0, "at most", 1.5)), Some(true));
        assert_eq!(met(&row(15.1, "at most", 1.5)), Some(false));
        assert_eq!(met(&row(20.0, "at least", 2.0)), Some(true));
        assert_eq!(met(&row(19.9, "at least", 2.0)), Some(false));
        let bare =
            json!({ "what": "w", "value": 0.0, "unit": "requests", "target": { "bound": "at most", "value": 0.0 } });
        assert_eq!(met(&bare), Some(true));
        assert_eq!(met(&json!({ "what": "w", "value": 1.0, "unit": "MB" })), None);
        let nothing = json!({ "what": "w", "value": 0.0, "unit": "µs", "floor": { "what": "f", "value": 0.0 }, "target": { "bound": "at most", "value": 2.0 } });
        assert_eq!(met(&nothing), Some(false), "nothing was measured");
    }

    #[test]
    fn the_table_counts_what_is_met() {
        let rows = [
            json!({ "what": "fast", "value": 30.0, "unit": "µs", "floor": { "what": "check", "value": 60.0 }, "target": { "bound": "at most", "value": 1.0, "goal": 0.5 } }),
            json!({ "what": "large", "value": 160.4, "unit": "MB", "target": { "bound": "at most", "value": 150.0 } }),
            json!({ "what": "for comparison", "value": 5.0, "unit": "ms" }),
        ];
        let rows: Vec<Row<'_>> = rows.iter().map(|row| Row::read(row).unwrap()).collect();
        let text = table(&rows);
        assert!(text.contains("0.50   met: at most 1 (goal 0.5)"), "{text}");
        assert!(text.contains("160 MB") && text.contains("MISSED: at most 150"), "{text}");
        assert!(text.ends_with("1 targets met, 1 missed\n"), "{text}");
        assert!(Row::read(&json!({ "what": "no figure", "unit": "µs" })).is_err());
    }
}
