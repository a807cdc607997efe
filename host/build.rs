//! Collects what `vigie policy new` puts into a project: the SDK and the contract as they are in `plugins/`, and the templates of
//! `scaffold/`. They are read from there at each build, so that what a project gets cannot differ from what this host speaks.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A list in the source made here: its name, the folder it is read from, and the prefix that its paths get.
const LISTS: &[(&str, &[(&str, &str)])] = &[
    ("SDK", &[("../plugins/sdk", "vigie/sdk"), ("../plugins/wit/policy", "vigie/wit/policy")]),
    ("RUST", &[("scaffold/rust", "")]),
    ("CEL", &[("scaffold/cel", "")]),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut source = String::new();
    for (name, folders) in LISTS {
        writeln!(source, "pub(super) const {name}: &[(&str, &str)] = &[")?;
        for (folder, prefix) in *folders {
            println!("cargo:rerun-if-changed={folder}");
            let mut files = Vec::new();
            collect(&root.join(folder), Path::new(prefix), &mut files)?;
            files.sort();
            for (shown, file) in files {
                writeln!(source, "    ({:?}, include_str!({:?})),", shown.display().to_string(), file.canonicalize()?)?;
            }
        }
        writeln!(source, "];")?;
    }
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("scaffold.rs"), source)?;
    Ok(())
}

fn collect(folder: &Path, shown: &Path, found: &mut Vec<(PathBuf, PathBuf)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = shown.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, &name, found)?;
            }
        } else {
            found.push((name, path));
        }
    }
    Ok(())
}
