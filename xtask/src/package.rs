//! Puts the extension together as folders that a browser loads: one per browser and flavour.
//!
//! `manifest.json` is the one source of truth; `extension/flavours.json` holds, for each package, a JSON merge patch
//! (RFC 7396) to it. Store archives are not made here.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::artefacts;
use crate::build::{copy_if_changed, write_if_changed};
use crate::progress::Progress;

/// Every package, by name: browser, then flavour.
const PACKAGES: &[&str] = &[
    "chromium-store",
    "chromium-dev",
    "firefox-store",
    "firefox-dev",
];

/// Files and folders of `extension/` that ship as they are.
const SHIPPED: &[&str] = &["web", "_locales", "icons"];

pub(crate) fn run(progress: &Progress) -> Result<()> {
    progress.step("extension: packages for Chromium and Firefox", |_| {
        let root = artefacts::root();
        let base = read_json(&root.join("manifest.json"))?;
        let flavours = read_json(&root.join("extension/flavours.json"))?;
        for package in PACKAGES {
            let patch = flavours
                .get(package)
                .with_context(|| format!("extension/flavours.json has no `{package}`"))?;
            assemble(
                &artefacts::packages().join(format!("vigie-{package}")),
                &merged(base.clone(), patch),
            )?;
        }
        Ok(())
    })?;
    for package in PACKAGES {
        println!(
            "                     {}",
            artefacts::shown(&artefacts::packages().join(format!("vigie-{package}")))
        );
    }
    Ok(())
}

/// Writes one package folder; what does not belong there any more is removed.
fn assemble(folder: &Path, manifest: &Value) -> Result<()> {
    let mut files = Vec::new();
    let extension = artefacts::root().join("extension");
    for name in SHIPPED {
        let source = extension.join(name);
        // The pages lie at the root of the package, everything else under its own name.
        let target = if *name == "web" {
            folder.to_path_buf()
        } else {
            folder.join(name)
        };
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
fn collect(
    source: &Path,
    target: &Path,
    files: &mut Vec<(std::path::PathBuf, std::path::PathBuf)>,
) -> Result<()> {
    let mut entries = std::fs::read_dir(source)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let place = target.join(name.as_ref());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &place, files)?;
        } else if !name.ends_with(".d.ts") && name != "tsconfig.json" && !name.starts_with('.') {
            files.push((entry.path(), place));
        }
    }
    Ok(())
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", artefacts::shown(path)))?;
    let value: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is not JSON", artefacts::shown(path)))?;
    if !value.is_object() {
        bail!("{} is not a JSON object", artefacts::shown(path));
    }
    Ok(value)
}

/// RFC 7396: objects are merged member by member, `null` removes, anything else replaces.
fn merged(base: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch.clone();
    };
    let mut members = match base {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            let before = members.remove(name).unwrap_or(Value::Null);
            members.insert(name.clone(), merged(before, change));
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merged;

    #[track_caller]
    fn check(base: &serde_json::Value, patch: &serde_json::Value, expect: &serde_json::Value) {
        assert_eq!(&merged(base.clone(), patch), expect);
    }

    #[test]
    fn patches_follow_rfc_7396() {
        check(&json!({"a": "b"}), &json!({"a": "c"}), &json!({"a": "c"}));
        check(
            &json!({"a": "b"}),
            &json!({"b": "c"}),
            &json!({"a": "b", "b": "c"}),
        );
        check(
            &json!({"a": "b", "b": "c"}),
            &json!({"a": null}),
            &json!({"b": "c"}),
        );
        check(
            &json!({"a": ["b"]}),
            &json!({"a": ["c", "d"]}),
            &json!({"a": ["c", "d"]}),
        );
        check(
            &json!({"a": {"b": "c"}}),
            &json!({"a": {"b": "d", "c": null}}),
            &json!({"a": {"b": "d"}}),
        );
        check(
            &json!({}),
            &json!({"a": {"bb": {"ccc": null}}}),
            &json!({"a": {"bb": {}}}),
        );
    }
}
