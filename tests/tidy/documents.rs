//! The documents tell the truth: commands exist, pictures and paths exist, every code is explained.

use crate::tree::{files, none, root, text};

const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md"];

/// Words in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn commands_in_the_documents_exist() {
    let help = text("xtask/src/main.rs");
    let mut broken = Vec::new();
    for document in DOCUMENTS {
        for part in text(document).split("cargo xtask ").skip(1) {
            let word: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
            if !help.contains(&format!("\n  {word} ")) {
                broken.push(format!("{document}: cargo xtask {word}"));
            }
        }
    }
    none("the README's commands exist", &broken);
}

#[test]
fn the_readme_begins_with_the_two_commands() {
    let readme = text("README.md");
    let place = |what: &str| readme.find(what).unwrap_or_else(|| panic!("README.md does not have {what:?}"));
    let pictures = place("docs/screenshots/");
    assert!(place("cargo xtask demo") < pictures && place("cargo xtask test") < pictures);
}

#[test]
fn the_documents_point_at_things_that_exist() {
    let mut broken = Vec::new();
    for document in DOCUMENTS {
        let text = text(document);
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let local = linked.filter(|target| !target.contains("://") && !target.starts_with('#'));
        let folders = ["verifier-core/", "extension/", "plugins/", "host/", "sandbox/", "tests/", "xtask/", "docs/"];
        let paths = quoted(&text).into_iter().filter(|word| folders.iter().any(|folder| word.starts_with(folder)));
        for target in local.chain(paths) {
            let plain = target.split(['#', ' ', '{', '*']).next().unwrap_or_default();
            if !root().join(plain).exists() {
                broken.push(format!("{document}: {target}"));
            }
        }
    }
    none("links and paths lead somewhere", &broken);
}

#[test]
fn the_architecture_fits_a_reading() {
    let lines = text("ARCHITECTURE.md").lines().count();
    assert!(lines <= 200, "ARCHITECTURE.md has {lines} lines");
}

#[test]
fn pictures_are_kept_small() {
    let pictures = files().into_iter().filter(|file| file.path.ends_with(".png") && file.path.starts_with("docs/"));
    let large = pictures.filter(|file| root().join(&file.path).metadata().unwrap().len() > 200_000);
    none("a picture in the documents stays under 200 kB", &large.map(|file| file.path).collect::<Vec<_>>());
}
