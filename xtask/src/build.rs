//! Builds what ships: the extension's WebAssembly, the components, the host and the sandbox. Each is left alone when its
//! input did not change, so that a second run costs seconds.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::artefacts;
use crate::process::succeed;
use crate::progress::{Mark, Progress, Running};
use crate::setup::Tools;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// A component that is built for speed: the crate, its features, the name that it gets, extra arguments.
struct Component {
    package: &'static str,
    features: &'static str,
    name: &'static str,
    arguments: &'static [&'static str],
}

const COMPONENTS: &[Component] = &[
    Component { package: "vigie-verifier", features: "pure", name: "vigie-verifier-pure", arguments: &[INLINED] },
    Component { package: "vigie-verifier", features: "", name: "vigie-verifier", arguments: &[] },
    // Expressions nest, and so does their evaluation: the vectors hold the deepest that the interpreter takes.
    Component { package: "vigie-cel", features: "", name: "vigie-cel", arguments: &["-Clink-arg=-zstack-size=262144"] },
];

/// The policies in Rust, each a crate and a component of the same name.
const POLICIES: &[&str] = &[
    "allow-structures",
    "authzen-fixture",
    "office-hours",
    "require-level",
    "same-practice",
    "sidep",
    "smurtab",
    "step-up-for-write",
];

/// What a policy in Rust may have. Its author ships the file and every call maps it, so growth should be noticed.
const LARGEST_POLICY: u64 = 25_000;

/// Wasmtime knows 128-bit vectors on every machine; they make the verifier a little quicker and smaller. Policies go without: whoever
/// reads one should meet nothing beyond the basic instructions.
const VECTORS: &str = "-Ctarget-feature=+simd128";

/// The arithmetic of signatures is made of functions a little too large to be inlined by default (275). It is worth a tenth of the time of a
/// P-256 check, and 160 kB; a verifier that leaves its checks to the host gains nothing.
const INLINED: &str = "-Cllvm-args=-inline-threshold=600";

/// Policies need little stack; 32 KiB keeps their smallest memory at a few pages.
const SMALL_STACK: &str = "-Clink-arg=-zstack-size=32768";

/// Which components are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Components {
    /// Those that the host loads by default: the demo.
    Default,
    /// Also the verifier that brings its own signature checks: the tests.
    All,
}

/// Builds everything that the demo runs.
pub(crate) fn run(progress: &Progress, tools: &Tools, wanted: Components) -> Result<()> {
    webassembly(progress, tools, wanted)?;
    programs(progress)
}

/// The extension with its packages, and the components. The tests need no more: cargo builds the programs with them, and
/// with the features that the tests unify, so that building them first would compile most of wasmtime twice.
pub(crate) fn webassembly(progress: &Progress, tools: &Tools, wanted: Components) -> Result<()> {
    extension(progress, tools)?;
    crate::package::run(progress, tools)?;
    components(progress, wanted)
}

/// What the files of the extension's module are called. Short: each of the module's hundred and forty imports repeats it.
const NAME: &str = "vigie";

/// How a module is made small. The lowest kilobyte of its memory is the far end of the stack, where no value has its place.
/// Building the control flow anew from flat code, once all else is done, is worth another kilobyte.
const OPTIMISE: &[&str] = &[
    "--merge-similar-functions",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--strip-producers",
    "--strip-target-features",
];

/// The extension: compiled for size, wrapped by wasm-bindgen, shrunk by wasm-opt, and loaded once in its final form.
pub(crate) fn extension(progress: &Progress, tools: &Tools) -> Result<()> {
    progress.heading("Extension");
    let compiled = artefacts::cargo_target()?.join(WASM_TARGET).join("wasm-size/vigie_extension.wasm");
    progress.step("extension: compile for size", |running| {
        let mut cargo = artefacts::cargo();
        // Named alone, the crate type is linked with the whole-program optimisation of the profile; beside an rlib it is not.
        cargo.args(["rustc", "-p", "vigie-extension", "--lib", "--crate-type", "cdylib"]);
        cargo.args(["--target", WASM_TARGET, "--profile", "wasm-size"]);
        succeed(running, cargo.args(without_places()?)).map(drop)
    })?;

    // The input of the last run and the tools that worked on it: nothing else decides the output.
    let directory = artefacts::extension();
    let stamp = directory.join("made-from.txt");
    let raw = directory.join("compiled.wasm");
    let lock = std::fs::read_to_string(artefacts::root().join("package-lock.json"))?;
    let made_from = format!("wasm-bindgen {} as {NAME}, wasm-opt {OPTIMISE:?}\n{lock}", tools.wasm_bindgen_version);
    let unchanged = std::fs::read_to_string(&stamp).is_ok_and(|last| last == made_from)
        && std::fs::read(&raw).ok() == Some(std::fs::read(&compiled)?);
    if !unchanged {
        if directory.exists() {
            std::fs::remove_dir_all(&directory)?;
        }
        std::fs::create_dir_all(&directory)?;
        progress.step("extension: bind, optimise, load once", |running| {
            bind_and_optimise(running, tools, &compiled, &directory, NAME)?;
            smoke_test(running, tools)
        })?;
        std::fs::copy(&compiled, &raw)?;
        std::fs::write(&stamp, made_from)?;
    }
    let size = std::fs::metadata(directory.join(format!("{NAME}_bg.wasm")))?.len();
    progress.line(Mark::Ok, None, &format!("extension: {} kB of WebAssembly", size / 1000));
    Ok(())
}

/// Arguments that keep the folder of the downloaded crates out of the module: panic messages name source files, and the same
/// sources must give the same bytes on every machine, wherever its registry or mirror keeps them.
fn without_places() -> Result<[String; 2]> {
    Ok(["--config".to_owned(), rustflags(Vec::new())?])
}

/// These flags and those of `without_places`, as a line of cargo's configuration.
fn rustflags(mut flags: Vec<String>) -> Result<String> {
    let mut cargo = artefacts::cargo();
    let output = cargo.args(["metadata", "--locked", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata gave no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata names no packages")?;
    let downloaded = packages.iter().filter(|package| package.get("source").is_some_and(|source| !source.is_null()));
    let manifests = downloaded.filter_map(|package| package.get("manifest_path").and_then(Value::as_str));
    let folders: BTreeSet<&Path> = manifests.filter_map(|manifest| Path::new(manifest).parent()?.parent()).collect();
    flags.extend(folders.iter().map(|folder| format!("--remap-path-prefix={}=crates", folder.display())));
    Ok(format!("target.{WASM_TARGET}.rustflags={}", serde_json::to_string(&flags)?))
}

/// The module as it ships with one export more, which answers the shared vectors. Returns the folder with both its files.
pub(crate) fn parity(progress: &Progress, tools: &Tools) -> Result<PathBuf> {
    let directory = artefacts::root().join("target/parity");
    progress.step("extension: the same with an export for the shared vectors", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["build", "-p", "vigie-extension", "--example", "parity", "--target", WASM_TARGET]);
        succeed(running, cargo.args(["--profile", "wasm-size"]).args(without_places()?))?;
        std::fs::create_dir_all(&directory)?;
        let compiled = artefacts::cargo_target()?.join(WASM_TARGET).join("wasm-size/examples/parity.wasm");
        bind_and_optimise(running, tools, &compiled, &directory, "parity")?;
        Ok(std::fs::write(directory.join("package.json"), ES_MODULES)?)
    })?;
    Ok(directory)
}

/// The glue is an ES module, which Node takes from a `.js` file only beside a package.json that says so.
const ES_MODULES: &str = "{ \"type\": \"module\" }\n";

fn bind_and_optimise(
    running: &Running<'_>,
    tools: &Tools,
    compiled: &Path,
    directory: &Path,
    name: &str,
) -> Result<()> {
    let mut bindgen = tools.command(&tools.wasm_bindgen);
    bindgen.args(["--target", "web", "--out-name", name, "--out-dir"]).arg(directory).arg(compiled);
    succeed(running, &mut bindgen)?;

    let bound = directory.join(format!("{name}_bg.wasm"));
    let optimised = directory.join("optimised.wasm");
    let mut optimise = tools.command("node");
    optimise.arg(artefacts::root().join("node_modules/binaryen/bin/wasm-opt"));
    optimise.args(OPTIMISE).arg(&bound).arg("-o").arg(&optimised);
    succeed(running, &mut optimise)?;
    std::fs::rename(&optimised, &bound)?;
    Ok(())
}

/// Some versions of wasm-opt silently break what wasm-bindgen wrote; only loading the optimised file shows it.
fn smoke_test(running: &Running<'_>, tools: &Tools) -> Result<()> {
    let script = "\
        import { readFile } from 'node:fs/promises';\
        const { default: init } = await import('./vigie.js');\
        const exports = await init({ module_or_path: await readFile('./vigie_bg.wasm') });\
        if (!exports.memory) throw new Error('the module exports no memory');";
    let mut node = tools.command("node");
    std::fs::write(artefacts::extension().join("package.json"), ES_MODULES)?;
    node.current_dir(artefacts::extension()).args(["--input-type=module", "--eval", script]);
    succeed(running, &mut node).context("the optimised WebAssembly does not load").map(drop)
}

/// The verifier and the policies, each a component with no import beyond its contract, and the table of their sizes.
pub(crate) fn components(progress: &Progress, wanted: Components) -> Result<()> {
    progress.heading("Components");
    std::fs::create_dir_all(artefacts::components())?;
    let target = artefacts::cargo_target()?.join(WASM_TARGET);
    let built_for_speed = || COMPONENTS.iter().filter(|one| wanted == Components::All || one.features.is_empty());
    for Component { package, features, name, arguments } in built_for_speed() {
        progress.step(&format!("component: {name}"), |running| {
            let mut cargo = artefacts::cargo();
            cargo.args(["rustc", "-p", package, "--lib", "--target", WASM_TARGET, "--profile", "component"]);
            cargo.args(["--config", &rustflags(vec![VECTORS.to_owned()])?]);
            cargo.args(["--features", features, "--", "-Clinker=wasm-component-ld"]);
            succeed(running, cargo.args(*arguments))?;
            copy_if_changed(&library(&target, "component", package), &component(name))
        })?;
    }
    progress.step("components: policies in Rust", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["build", "--lib", "--target", WASM_TARGET, "--profile", "policy"]);
        cargo.args(["--config", &format!("target.{WASM_TARGET}.linker='wasm-component-ld'")]);
        cargo.args(["--config", &rustflags(vec![SMALL_STACK.to_owned()])?]);
        succeed(running, cargo.args(POLICIES.iter().flat_map(|name| ["-p", name])))?;
        for name in POLICIES {
            let library = library(&target, "policy", name);
            let size = std::fs::metadata(&library)?.len();
            ensure!(size <= LARGEST_POLICY, "{name} has {size} bytes; a policy in Rust has at most {LARGEST_POLICY}");
            copy_if_changed(&library, &component(name))?;
        }
        Ok(())
    })?;
    sizes(progress, built_for_speed().map(|one| one.name).chain(POLICIES.iter().copied()))
}

/// The verifier with its own signature checks once more, compiled for 128-bit arithmetic: for `bench host`, which says what that would
/// be worth. The same source, other instructions, so it lies in a target directory of its own. Browsers do not know them.
pub(crate) fn wide_verifier(progress: &Progress) -> Result<PathBuf> {
    let directory = artefacts::cargo_target()?.join("wide");
    progress.step("component: vigie-verifier-pure with wide arithmetic", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["rustc", "-p", "vigie-verifier", "--lib", "--target", WASM_TARGET, "--profile", "component"]);
        cargo.arg("--target-dir").arg(&directory).args(["--features", "pure", "--config"]);
        cargo.arg(rustflags(vec!["-Ctarget-feature=+wide-arithmetic".to_owned()])?);
        succeed(running, cargo.args(["--", "-Clinker=wasm-component-ld", INLINED])).map(drop)
    })?;
    Ok(library(&directory.join(WASM_TARGET), "component", "vigie-verifier"))
}

/// Where cargo leaves the library of a package.
fn library(target: &Path, profile: &str, package: &str) -> PathBuf {
    target.join(profile).join(format!("{}.wasm", package.replace('-', "_")))
}

fn component(name: &str) -> PathBuf {
    artefacts::components().join(format!("{name}.wasm"))
}

/// Prints how large each component is and keeps the table beside them.
fn sizes<'a>(progress: &Progress, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut table = String::from("| component | bytes |\n|---|---:|\n");
    for name in names {
        let bytes = std::fs::metadata(component(name))?.len();
        progress.line(Mark::Ok, None, &format!("{name}: {bytes} bytes"));
        writeln!(table, "| `{name}` | {bytes} |")?;
    }
    write_if_changed(&artefacts::components().join("sizes.md"), table.as_bytes())
}

/// The host, the sandbox and the program that shows them, built together so that they share every dependency.
fn programs(progress: &Progress) -> Result<()> {
    progress.heading("Programs");
    progress.step("host, sandbox, demo", |running| {
        let mut cargo = artefacts::cargo();
        cargo.args(["build", "--bins", "-p", "vigie-host", "-p", "vigie-sandbox", "-p", "vigie-e2e"]);
        succeed(running, &mut cargo).map(drop)
    })
}

/// A file that did not change keeps its time, so that nothing that depends on it is made again.
pub(crate) fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let bytes = std::fs::read(from).with_context(|| format!("{} cannot be read", artefacts::shown(from)))?;
    write_if_changed(to, &bytes)
}

/// As `copy_if_changed`, for bytes at hand.
pub(crate) fn write_if_changed(to: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(directory) = to.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(to, bytes).with_context(|| format!("{} cannot be written", artefacts::shown(to)))
}
