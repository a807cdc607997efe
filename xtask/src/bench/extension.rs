//! `cargo xtask bench extension`: the size of what ships, and how long digits take to the badge and a stopped worker to its first
//! answer. The times are measured by `vigie-bench` in a browser; this adds the sizes and the goals, and judges nothing.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Format;
use crate::process::succeed;
use crate::progress::Progress;
use crate::setup::{self, Scope};
use crate::{artefacts, build, package};

/// Sizes of one file as it is, and as it travels, by Node's own zlib.
const COMPRESSED: &str = "\
    import { readFileSync } from 'node:fs';\
    import { brotliCompressSync, gzipSync } from 'node:zlib';\
    const bytes = readFileSync(process.argv[1]);\
    console.log(JSON.stringify({ gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }));";

pub(crate) fn run(progress: &Progress, format: Format) -> Result<ExitCode> {
    let tools = setup::run(progress, Scope::Build)?;
    build::extension(progress, &tools)?;
    package::run(progress, &tools)?;
    progress.heading("Benchmark");
    progress.step("the program that measures", |running| {
        succeed(running, artefacts::cargo().args(["build", "-p", "vigie-e2e", "--bin", "vigie-bench"])).map(drop)
    })?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let output = Command::new(artefacts::cargo_target()?.join("debug/vigie-bench"))
        .current_dir(artefacts::root())
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("vigie-bench could not be started")?;
    let times: Value = serde_json::from_slice(&output.stdout).context("vigie-bench measured nothing")?;

    let shipped = artefacts::packages().join("vigie-chromium-store");
    let wasm = shipped.join("vigie_bg.wasm");
    let mut node = tools.command("node");
    node.args(["--input-type=module", "--eval", COMPRESSED]).arg(&wasm);
    let compressed: Value = serde_json::from_slice(&node.output()?.stdout).context("node compressed nothing")?;
    let sizes = json!({
        "wasm_compiled": size(&artefacts::extension().join("compiled.wasm"))?,
        "wasm": size(&wasm)?,
        "wasm_gzip": compressed.get("gzip"),
        "wasm_brotli": compressed.get("brotli"),
        "content_script": size(&shipped.join("content.js"))?,
        "javascript_lines": javascript_lines()?,
    });
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let all = json!({ "processors": processors, "load": load, "sizes": sizes, "times": times });
    match format {
        Format::Json => println!("{all}"),
        Format::Text => print(&all),
    }
    Ok(ExitCode::SUCCESS)
}

fn print(all: &Value) {
    let text = |path: &str| all.pointer(path).map(|value| value.to_string().replace('"', "")).unwrap_or_default();
    println!("\n{} processors, load {} before the measurement\n", text("/processors"), text("/load"));
    for (name, path, goal) in [
        ("WebAssembly, compiled", "/sizes/wasm_compiled", ""),
        ("WebAssembly, as it ships", "/sizes/wasm", "at most 250000"),
        ("  with gzip", "/sizes/wasm_gzip", ""),
        ("  with brotli", "/sizes/wasm_brotli", ""),
        ("content script, as it ships", "/sizes/content_script", "at most 6144"),
    ] {
        println!("  {name:<34} {:>8} bytes   {goal}", text(path));
    }
    println!("  {:<34} {:>8} lines   at most 400", "JavaScript written by hand", text("/sizes/javascript_lines"));
    println!("\n  {:<34} {:>8} {:>8} {:>8}   rounds   goal for the median", "milliseconds", "least", "median", "p95");
    for (name, path, goal) in [
        ("digits in the page to the badge", "/times/badge", "50"),
        ("  of which one question for it", "/times/badge_question", "the method's own error"),
        ("stopped worker to its answer", "/times/cold_start", "150"),
        ("running worker to its answer", "/times/warm", ""),
    ] {
        let part = |name: &str| text(&format!("{path}/{name}"));
        let (least, median, tail) = (part("least_ms"), part("median_ms"), part("p95_ms"));
        println!("  {name:<34} {least:>8} {median:>8} {tail:>8}   {:>6}   {goal}", part("rounds"));
    }
}

fn size(path: &Path) -> Result<u64> {
    Ok(path.metadata().with_context(|| format!("{} is gone", artefacts::shown(path)))?.len())
}

/// Lines of the loaders and the content script, comments included.
fn javascript_lines() -> Result<usize> {
    let mut lines = 0;
    for entry in std::fs::read_dir(artefacts::root().join("extension/web"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            lines += std::fs::read_to_string(&path)?.lines().count();
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_loaders_are_counted() {
        assert!(super::javascript_lines().unwrap() > 100);
    }
}
