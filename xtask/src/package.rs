//! Puts the extension together: one folder per browser and flavour, the same as `.zip`, the bill of materials, and the hashes.
//!
//! `manifest.json` is the one source of truth and is the store flavour. `extension/flavours.json` says in which hosts and
//! members a flavour or a browser differs; nothing else may. Everything written here is the same, byte for byte, wherever and
//! whenever it is made from the same sources. Packages are not signed: that is the stores' part.

mod archive;
mod manifest;
pub(crate) mod rebuild;
mod sbom;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::artefacts;
use crate::build::{copy_if_changed, write_if_changed};
use crate::progress::{Mark, Progress};
use crate::setup::Tools;

/// Browsers that get a package of each flavour.
const BROWSERS: &[&str] = &["chromium", "firefox"];

/// The flavours: what `manifest.json` says, and what `extension/flavours.json` makes of it for people who develop and test.
const FLAVOURS: &[&str] = &["store", "dev"];

/// Files and folders of `extension/` that ship as they are.
const SHIPPED: &[&str] = &["web", "_locales", "icons"];

/// The bill of materials and the hashes of everything that is handed out, beside the archives.
const SBOM: &str = "vigie-extension.cdx.json";
const HASHES: &str = "SHA256SUMS";

pub(crate) fn run(progress: &Progress, tools: &Tools) -> Result<()> {
    let hashes = progress.step("extension: packages for Chromium and Firefox, bill of materials, hashes", |_| {
        let root = artefacts::root();
        let packages = artefacts::packages();
        let base = read_json(&root.join("manifest.json"))?;
        let differences = read_json(&root.join("extension/flavours.json"))?;
        let mut handed_out = BTreeMap::new();
        for flavour in FLAVOURS {
            let flavoured = match *flavour {
                "store" => base.clone(),
                other => {
                    let wanted = differences.get(other).with_context(|| format!("no flavour `{other}`"))?;
                    manifest::flavoured(&base, wanted)?
                }
            };
            for browser in BROWSERS {
                let wanted = differences.pointer(&format!("/browsers/{browser}"));
                let wanted = wanted.with_context(|| format!("no browser `{browser}` in extension/flavours.json"))?;
                let name = format!("vigie-{browser}-{flavour}");
                assemble(&packages.join(&name), &manifest::for_browser(&flavoured, wanted)?)?;
                handed_out.insert(format!("{name}.zip"), archive::pack(&packages.join(&name))?);
            }
        }
        handed_out.insert(SBOM.to_owned(), sbom::write(&tools.wasm_bindgen_version)?.into_bytes());
        let mut hashes = String::new();
        for (name, bytes) in &handed_out {
            write_if_changed(&packages.join(name), bytes)?;
            // In the form that `sha256sum --check` reads. Writing to a string does not fail.
            let _ = writeln!(hashes, "{}  {name}", hexadecimal(&Sha256::digest(bytes)));
        }
        write_if_changed(&packages.join(HASHES), hashes.as_bytes())?;
        Ok(hashes)
    })?;
    for line in hashes.lines() {
        progress.line(Mark::Ok, None, line);
    }
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes one package folder; what does not belong there any more is removed.
fn assemble(folder: &Path, manifest: &Value) -> Result<()> {
    let mut files = Vec::new();
    let extension = artefacts::root().join("extension");
    for name in SHIPPED {
        let source = extension.join(name);
        // The pages lie at the root of the package, everything else under its own name.
        let target = if *name == "web" { folder.to_path_buf() } else { folder.join(name) };
        if source.is_dir() {
            collect(&source, &target, &mut files)?;
        }
    }
    // The sentences of the guidance tree belong to the core; the popup reads those of one language.
    collect(&artefacts::root().join("verifier-core/texts"), &folder.join("texts"), &mut files)?;
    for name in ["vigie.js", "vigie_bg.wasm"] {
        files.push((artefacts::extension().join(name), folder.join(name)));
    }
    files.push((artefacts::root().join("LICENSE"), folder.join("LICENSE")));
    for (from, to) in &files {
        if from.ends_with("web/content.js") {
            write_if_changed(to, bare(&std::fs::read_to_string(from)?).as_bytes())?;
        } else {
            copy_if_changed(from, to)?;
        }
    }
    let path = folder.join("manifest.json");
    let mut text = serde_json::to_string_pretty(manifest)?;
    text.push('\n');
    write_if_changed(&path, text.as_bytes())?;

    let mut present = Vec::new();
    collect(folder, folder, &mut present)?;
    for (file, _) in present {
        if file != path && !files.iter().any(|(_, to)| *to == file) {
            std::fs::remove_file(&file)?;
        }
    }
    Ok(())
}

/// The content script is read anew on every page of a login: it ships without indentation and without the lines that are
/// nothing but a comment. No text of it spans lines.
fn bare(script: &str) -> String {
    let is_comment = |line: &&str| line.starts_with("//") || line.starts_with("/**") && line.ends_with("*/");
    script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !is_comment(line))
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// All files below `source`, with the place each gets below `target`. What only a type checker or a test reads stays out.
fn collect(source: &Path, target: &Path, files: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let place = target.join(name.as_ref());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &place, files)?;
        } else if !name.ends_with(".d.ts") && name != "jsconfig.json" && !name.starts_with('.') {
            files.push((entry.path(), place));
        }
    }
    Ok(())
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", artefacts::shown(path)))?;
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", artefacts::shown(path)))?;
    if !value.is_object() {
        bail!("{} is not a JSON object", artefacts::shown(path));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn only_comments_and_indentation_go() {
        let script =
            "// one\n'use strict';\n\n/** two */\nconst a = 1; // three\n  // four\n  /** five */ const b = 2;\n";
        assert_eq!(bare(script), "'use strict';\nconst a = 1; // three\n/** five */ const b = 2;\n");
    }
}
