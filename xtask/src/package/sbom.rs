//! The bill of materials of the packages, as CycloneDX 1.5 in JSON: every crate that is linked into the WebAssembly, with its
//! version, licence and checksum, and the tools that made it.
//!
//! Which crates are linked is what `cargo tree` resolves for this one crate and target, without build scripts and macros.
//! Nothing from npm is shipped; wasm-opt stands among the tools. No serial number and no time: the same sources give the same
//! bytes. Specification: <https://cyclonedx.org/docs/1.5/json/>. A test reads the file with the standard's own library.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::artefacts;
use crate::process::first_line;

/// The package whose contents are listed, and where it runs.
const PACKAGE: &str = "vigie-extension";
const TARGET: &str = "wasm32-unknown-unknown";

/// One crate, as `cargo tree` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
}

impl Crate {
    fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }
}

/// The file's text.
pub(super) fn write(wasm_bindgen: &str) -> Result<String> {
    let root = artefacts::root();
    let mut cargo = artefacts::cargo();
    cargo.args(["tree", "--locked", "--package", PACKAGE, "--target", TARGET, "--edges", "normal,no-proc-macro"]);
    // One crate a line, its depth in front: the tree says who depends on whom.
    cargo.args(["--prefix", "depth", "--no-dedupe", "--format", "\t{p}\t{l}"]);
    let output = cargo.output().context("cargo tree did not run")?;
    let tree = String::from_utf8(output.stdout)?;
    anyhow::ensure!(output.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&output.stderr));

    let checksums = checksums(&std::fs::read_to_string(root.join("Cargo.lock"))?);
    let npm: Value = serde_json::from_str(&std::fs::read_to_string(root.join("package-lock.json"))?)?;
    let rustc = first_line(std::process::Command::new("rustc").current_dir(&root).arg("--version"));
    let rustc = rustc.as_deref().and_then(|line| line.split(' ').nth(1)).context("rustc names no version")?.to_owned();
    let tools = [
        tool("rustc", &rustc, &format!("pkg:generic/rustc@{rustc}")),
        tool("wasm-bindgen-cli", wasm_bindgen, &format!("pkg:cargo/wasm-bindgen-cli@{wasm_bindgen}")),
        from_npm(&npm, "binaryen")?,
    ];
    let bom = bom(&tree, &checksums, &tools)?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&bom)?))
}

fn tool(name: &str, version: &str, purl: &str) -> Value {
    json!({ "type": "application", "bom-ref": purl, "name": name, "version": version, "purl": purl })
}

/// A tool in the version that `package-lock.json` holds.
fn from_npm(lock: &Value, name: &str) -> Result<Value> {
    let entry = lock.get("packages").and_then(|packages| packages.get(format!("node_modules/{name}")));
    let version = entry.and_then(|entry| entry.get("version")).and_then(Value::as_str);
    let version = version.with_context(|| format!("package-lock.json has no {name}"))?;
    Ok(tool(name, version, &format!("pkg:npm/{name}@{version}")))
}

fn bom(tree: &str, checksums: &BTreeMap<(String, String), String>, tools: &[Value]) -> Result<Value> {
    let mut edges: BTreeMap<Crate, Vec<String>> = BTreeMap::new();
    let mut above: Vec<Crate> = Vec::new();
    let mut shipped = None;
    for line in tree.lines() {
        let (depth, one) = parse(line).with_context(|| format!("cargo tree printed `{line}`"))?;
        above.truncate(depth);
        if let Some(parent) = above.last() {
            edges.entry(parent.clone()).or_default().push(one.reference());
        }
        edges.entry(one.clone()).or_default();
        shipped.get_or_insert_with(|| one.clone());
        above.push(one);
    }
    let shipped = shipped.context("cargo tree printed nothing")?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (one, mut on) in edges {
        on.sort();
        on.dedup();
        dependencies.push(json!({ "ref": one.reference(), "dependsOn": on }));
        if one != shipped {
            components.push(component("library", &one, checksums));
        }
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "tools": { "components": tools }, "component": component("application", &shipped, checksums) },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// `1⇥name v1.2.3 (where)⇥MIT OR Apache-2.0`
fn parse(line: &str) -> Option<(usize, Crate)> {
    let mut columns = line.split('\t');
    let depth = columns.next()?.parse().ok()?;
    let mut words = columns.next()?.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    // Older crates write a slash where SPDX wants the word.
    let licence = columns.next()?.replace(" / ", "/").replace('/', " OR ");
    Some((depth, Crate { name, version, licence }))
}

fn component(kind: &str, one: &Crate, checksums: &BTreeMap<(String, String), String>) -> Value {
    let reference = one.reference();
    let mut component = json!({
        "type": kind, "bom-ref": reference, "name": one.name, "version": one.version, "scope": "required", "purl": reference,
    });
    if let Some(members) = component.as_object_mut() {
        if !one.licence.is_empty() {
            members.insert("licenses".into(), json!([{ "expression": one.licence }]));
        }
        // Our own crates have no checksum: they are the repository.
        if let Some(checksum) = checksums.get(&(one.name.clone(), one.version.clone())) {
            members.insert("hashes".into(), json!([{ "alg": "SHA-256", "content": checksum }]));
        }
    }
    component
}

/// Name and version to checksum, from `Cargo.lock`.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")).map(str::to_owned))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    lock.split("[[package]]")
        .filter_map(|block| Some(((field(block, "name")?, field(block, "version")?), field(block, "checksum")?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{bom, checksums};

    #[test]
    fn a_tree_becomes_components_and_edges() {
        let tree = "0\tapp v1.0.0 (where)\tApache-2.0\n1\tone v2.0.0\tMIT/Apache-2.0\n2\ttwo v3.0.0\tMIT\n1\ttwo v3.0.0\tMIT\n";
        let lock =
            "[[package]]\nname = \"one\"\nversion = \"2.0.0\"\nchecksum = \"ab\"\n\n[[package]]\nname = \"app\"\n";
        let bom = bom(tree, &checksums(lock), &[]).unwrap();
        assert_eq!(bom["metadata"]["component"]["name"], "app");
        assert_eq!(
            bom["components"],
            json!([
                {
                    "type": "library", "bom-ref": "pkg:cargo/one@2.0.0", "name": "one", "version": "2.0.0",
                    "scope": "required", "purl": "pkg:cargo/one@2.0.0",
                    "licenses": [{ "expression": "MIT OR Apache-2.0" }], "hashes": [{ "alg": "SHA-256", "content": "ab" }],
                },
                {
                    "type": "library", "bom-ref": "pkg:cargo/two@3.0.0", "name": "two", "version": "3.0.0",
                    "scope": "required", "purl": "pkg:cargo/two@3.0.0", "licenses": [{ "expression": "MIT" }],
                },
            ])
        );
        let app = json!({ "ref": "pkg:cargo/app@1.0.0", "dependsOn": ["pkg:cargo/one@2.0.0", "pkg:cargo/two@3.0.0"] });
        assert_eq!(bom["dependencies"][0], app);
        assert!(super::bom("nonsense", &checksums(""), &[]).is_err());
    }
}
