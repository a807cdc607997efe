//! Puts the extension together as folders that a browser loads: one per browser and flavour.
//!
//! `manifest.json` is the one source of truth and is the store flavour. `extension/flavours.json` says in which hosts and
//! top-level members another flavour differs; nothing else may. Chromium and Firefox read the same manifest, each skipping
//! what only the other knows. Store archives are not made here.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::artefacts;
use crate::build::{copy_if_changed, write_if_changed};
use crate::progress::Progress;

/// Browsers that get a package of each flavour.
const BROWSERS: &[&str] = &["chromium", "firefox"];

/// The flavours: what `manifest.json` says, and what `extension/flavours.json` makes of it for people who develop and test.
const FLAVOURS: &[&str] = &["store", "dev"];

/// Files and folders of `extension/` that ship as they are.
const SHIPPED: &[&str] = &["web", "_locales", "icons"];

pub(crate) fn run(progress: &Progress) -> Result<()> {
    progress.step("extension: packages for Chromium and Firefox", |_| {
        let root = artefacts::root();
        let base = read_json(&root.join("manifest.json"))?;
        let flavours = read_json(&root.join("extension/flavours.json"))?;
        for flavour in FLAVOURS {
            let manifest = match *flavour {
                "store" => base.clone(),
                other => flavoured(&base, flavours.get(other).with_context(|| format!("no flavour `{other}`"))?)?,
            };
            for browser in BROWSERS {
                assemble(&artefacts::packages().join(format!("vigie-{browser}-{flavour}")), &manifest)?;
            }
        }
        Ok(())
    })
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
    for name in ["vigie_extension.js", "vigie_extension_bg.wasm"] {
        files.push((artefacts::extension().join(name), folder.join(name)));
    }
    for (from, to) in &files {
        copy_if_changed(from, to)?;
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

/// All files below `source`, with the place each gets below `target`. What only a type checker or a test reads stays out.
fn collect(source: &Path, target: &Path, files: &mut Vec<(std::path::PathBuf, std::path::PathBuf)>) -> Result<()> {
    let mut entries = std::fs::read_dir(source)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
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

/// Adds the flavour's hosts wherever the manifest names hosts, and sets the members that the flavour replaces.
fn flavoured(base: &Value, flavour: &Value) -> Result<Value> {
    let mut manifest = base.clone();
    let hosts = flavour.get("hosts").and_then(Value::as_array).context("a flavour has a list `hosts`")?;
    let patterns: Vec<Value> =
        hosts.iter().filter_map(Value::as_str).map(|host| Value::from(format!("https://{host}/*"))).collect();
    for place in ["/host_permissions", "/content_scripts/0/matches"] {
        let list = manifest.pointer_mut(place).and_then(Value::as_array_mut);
        list.with_context(|| format!("manifest.json has no list at {place}"))?.extend(patterns.iter().cloned());
    }
    let members = manifest.as_object_mut().context("manifest.json is not an object")?;
    for (name, value) in flavour.get("set").and_then(Value::as_object).into_iter().flatten() {
        members.insert(name.clone(), value.clone());
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::flavoured;

    #[test]
    fn a_flavour_adds_hosts_and_sets_members_and_nothing_else() {
        let base = json!({
            "name": "a", "permissions": ["storage"],
            "host_permissions": ["https://one.example/*"],
            "content_scripts": [{ "matches": ["https://one.example/*"], "js": ["content.js"] }],
        });
        let flavour = json!({ "hosts": ["two.example"], "set": { "name": "b" } });
        let expect = json!({
            "name": "b", "permissions": ["storage"],
            "host_permissions": ["https://one.example/*", "https://two.example/*"],
            "content_scripts": [{ "matches": ["https://one.example/*", "https://two.example/*"], "js": ["content.js"] }],
        });
        assert_eq!(flavoured(&base, &flavour).unwrap(), expect);
    }
}
