//! `vigie policy new`: a project that builds without anything of this repository beside it.
//!
//! It vendors the SDK and the contract as they are here, pins the crates that they were tested with, and is a workspace of its own,
//! wherever it is put. All of it is written beside its final place first and moved there in one step: a project is there or it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::problem::Explain;

mod embedded {
    //! Made by `build.rs`: paths in the project and what stands there.
    include!(concat!(env!("OUT_DIR"), "/scaffold.rs"));
}

/// The manifest and the lock file of the workspace that this program was built from.
const MANIFEST: &str = include_str!("../../../Cargo.toml");
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What a policy is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A component of its own.
    Rust,
    /// Text that the interpreter component runs.
    Cel,
}

/// Why there is no new project.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The name would be no package, file or reason code.
    #[error("{name:?} cannot name a policy: {problem}")]
    Name {
        /// As typed.
        name: String,
        /// Why.
        problem: &'static str,
    },
    /// Something is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The system refuses.
    #[error("{} cannot be written ({kind})", .path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// What this program carries cannot be read.
    #[error("this program was built from a workspace that it cannot read")]
    Own,
}

impl Explain for ScaffoldError {
    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "POL-NAME",
            Self::Exists(_) => "POL-EXISTS",
            Self::Write { .. } | Self::Own => "POL-WRITE",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Name { .. } => "Choose a name such as night-ward.".into(),
            Self::Exists(_) => "Choose another name, or remove it if you do not need it any more.".into(),
            Self::Write { .. } => "Choose a directory that this account may write to, with room in it.".into(),
            Self::Own => "Report this with the output of `vigie version`.".into(),
        }
    }
}

/// A name of a policy: of its package, its file and, in capitals, of its reason codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Words that cannot name a crate. Names of the crates below the SDK are taken too, whichever they are: [`lock`] knows them.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "example",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

impl Name {
    /// Reads a name: lower-case letters, digits and single hyphens, a letter first, at most 40 characters.
    ///
    /// # Errors
    /// It is another thing, or a word that Rust or the project has already.
    pub fn parse(text: &str) -> Result<Self, ScaffoldError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let problem = if !text.bytes().all(plain) || !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            "a name is made of a-z, 0-9 and -, and starts with a letter"
        } else if text.ends_with('-') || text.contains("--") {
            "hyphens stand between words"
        } else if text.len() > 40 {
            "a name has at most 40 characters, for the reason codes begin with it"
        } else if TAKEN.contains(&text) {
            "the word is taken"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(ScaffoldError::Name { name: text.to_owned(), problem })
    }

    /// A template with this name in all its forms. None of them is a name within the program, where it could be one of the SDK's or of
    /// Rust's own.
    fn put_into(&self, template: &str) -> String {
        template
            .replace("policy-name", &self.0)
            .replace("policy_name", &self.0.replace('-', "_"))
            .replace("POLICY-NAME", &self.0.to_ascii_uppercase())
    }
}

/// Makes a project in `parent`, named like the policy. Returns its directory.
///
/// # Errors
/// Something has that name already, or the system refuses.
pub fn create(parent: &Path, name: &Name, language: Language) -> Result<PathBuf, ScaffoldError> {
    let place = parent.join(&name.0);
    if place.symlink_metadata().is_ok() {
        return Err(ScaffoldError::Exists(place));
    }
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    let template = match language {
        Language::Rust => embedded::RUST,
        Language::Cel => embedded::CEL,
    };
    for (path, text) in template {
        // Git and cargo would take these names for their own in this repository.
        let path = if *path == "gitignore" { ".gitignore" } else { path };
        files.insert(path.into(), name.put_into(text));
    }
    if language == Language::Rust {
        files.extend(embedded::SDK.iter().map(|(path, text)| (path.into(), (*text).to_owned())));
        files.insert(".cargo/config.toml".into(), CARGO_CONFIG.to_owned());
        files.insert("Cargo.toml".into(), manifest(name)?);
        files.insert("Cargo.lock".into(), lock(name)?);
    }
    let beside = parent.join(format!(".{}.{}", name.0, std::process::id()));
    let written = write_all(&beside, &files).and_then(|()| {
        std::fs::rename(&beside, &place)
            .map_err(|error| ScaffoldError::Write { path: place.clone(), kind: error.kind() })
    });
    if written.is_err() {
        // What is half there helps nobody; that it cannot be removed changes nothing about the error.
        let _removed = std::fs::remove_dir_all(&beside);
    }
    written.map(|()| place)
}

fn write_all(directory: &Path, files: &BTreeMap<PathBuf, String>) -> Result<(), ScaffoldError> {
    for (path, text) in files {
        let file = directory.join(path);
        let refused = |error: std::io::Error| ScaffoldError::Write { path: file.clone(), kind: error.kind() };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(refused)?;
        }
        std::fs::write(&file, text).map_err(refused)?;
    }
    Ok(())
}

/// A component is what the linker of the Rust toolchain makes of a module without an operating system. 32 KiB of stack are plenty for a
/// policy and keep its smallest memory at a few pages.
const CARGO_CONFIG: &str = r#"# `cargo build` makes a component: no WASI, no other tool.
[build]
target = "wasm32-unknown-unknown"

[target.wasm32-unknown-unknown]
linker = "wasm-component-ld"
rustflags = ["-Clink-arg=-zstack-size=32768"]

# `cargo unit` runs the tests that are written in Rust, on this machine.
[alias]
unit = "test --target host-tuple"
"#;

/// The profile of policies in this workspace.
const PROFILE: &str = "policy";

/// The manifest, with the profile that the components of this repository are built with: for both of cargo's profiles, so that `cargo build`
/// alone makes what ships.
fn manifest(name: &Name) -> Result<String, ScaffoldError> {
    let own: toml::Table = toml::from_str(MANIFEST).map_err(|_| ScaffoldError::Own)?;
    let table = |table: &toml::Table, key: &str| table.get(key).and_then(toml::Value::as_table).cloned();
    let profiles = table(&own, "profile").ok_or(ScaffoldError::Own)?;
    let mut profile = table(&profiles, PROFILE).ok_or(ScaffoldError::Own)?;
    // What it inherits is written out, up to cargo's own profiles.
    while let Some(inherited) = profile.remove("inherits") {
        let parent = inherited.as_str().filter(|name| *name != "release");
        for (key, value) in parent.and_then(|name| table(&profiles, name)).into_iter().flatten() {
            profile.entry(key).or_insert(value);
        }
    }
    let package = table(&own, "workspace").and_then(|all| table(&all, "package")).ok_or(ScaffoldError::Own)?;
    let text = |key: &str| package.get(key).and_then(toml::Value::as_str).ok_or(ScaffoldError::Own);
    for (key, value) in
        [("debug", false), ("debug-assertions", false), ("overflow-checks", false), ("incremental", false)]
    {
        profile.entry(key).or_insert(value.into());
    }
    let profile = toml::to_string(&profile).map_err(|_| ScaffoldError::Own)?;
    Ok(format!(
        r#"[package]
name = "{name}"
description = "A policy for Vigie"
version = "0.1.0"
edition = "{edition}"
rust-version = "{rust}"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
vigie-policy = {{ path = "vigie/sdk" }}

# A workspace of its own, wherever this folder lies.
[workspace]

# `cargo build` alone makes the component that ships.
[profile.dev]
{profile}
[profile.release]
{profile}"#,
        name = name.0,
        edition = text("edition")?,
        rust = text("rust-version")?,
    ))
}

/// The part of this workspace's lock file that the SDK needs, so that a project is built from the crates that were tested.
fn lock(name: &Name) -> Result<String, ScaffoldError> {
    let own: toml::Table = toml::from_str(LOCK).map_err(|_| ScaffoldError::Own)?;
    let packages = own.get("package").and_then(toml::Value::as_array).ok_or(ScaffoldError::Own)?;
    let of = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned();
    let mut wanted = vec!["vigie-policy".to_owned()];
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    while let Some(next) = wanted.pop() {
        // A dependency is written with its version where several have the name.
        let mut words = next.split(' ');
        let (called, version) = (words.next().unwrap_or(""), words.next());
        let found = packages
            .iter()
            .find(|one| of(one, "name") == called && version.is_none_or(|version| of(one, "version") == version))
            .ok_or(ScaffoldError::Own)?;
        if !seen.insert((of(found, "name"), of(found, "version"))) {
            continue;
        }
        let dependencies = found.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        wanted.extend(dependencies.filter_map(toml::Value::as_str).map(str::to_owned));
        kept.push(found.clone());
    }
    let project = toml::Table::from_iter([
        ("name".to_owned(), toml::Value::from(name.0.as_str())),
        ("version".to_owned(), "0.1.0".into()),
        ("dependencies".to_owned(), vec!["vigie-policy"].into()),
    ]);
    if seen.iter().any(|(taken, _)| *taken == name.0) {
        return Err(ScaffoldError::Name { name: name.0.clone(), problem: "a crate of the project has it already" });
    }
    kept.push(project.into());
    kept.sort_by_key(|one| (of(one, "name"), of(one, "version")));
    let version = own.get("version").cloned().ok_or(ScaffoldError::Own)?;
    let whole = toml::Table::from_iter([("version".to_owned(), version), ("package".to_owned(), kept.into())]);
    toml::to_string(&whole).map_err(|_| ScaffoldError::Own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_packages_files_and_codes() {
        for good in ["night-ward", "a", "a1-b2", &"a".repeat(40)] {
            assert_eq!(Name::parse(good).unwrap().0, good);
        }
        for bad in
            ["", "-a", "a-", "a--b", "1a", "A", "a_b", "a b", "é", "../a", "a/b", ".", "test", "fn", &"a".repeat(41)]
        {
            let error = Name::parse(bad).expect_err(bad);
            assert_eq!((error.code(), error.to_string().lines().count()), ("POL-NAME", 1), "{error}");
        }
        let put = Name::parse("night-ward").unwrap().put_into("policy-name policy_name POLICY-NAME-X");
        assert_eq!(put, "night-ward night_ward NIGHT-WARD-X");
    }

    #[test]
    fn the_sdk_and_the_contract_are_those_of_this_repository() {
        let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
        let there: BTreeMap<&str, &str> = embedded::SDK.iter().copied().collect();
        let own = |path: &str| std::fs::read_to_string(plugins.join(path)).unwrap();
        assert_eq!(there["vigie/sdk/Cargo.toml"], own("sdk/Cargo.toml"));
        assert_eq!(there["vigie/sdk/src/lib.rs"], own("sdk/src/lib.rs"));
        assert_eq!(there["vigie/wit/policy/policy.wit"], own("wit/policy/policy.wit"));
    }

    /// Whatever the name, the program is the same but for its texts: what compiles under one name compiles under every other.
    #[test]
    fn no_name_is_a_name_within_the_program() {
        let parent = tempfile::tempdir().unwrap();
        let mut programs = BTreeSet::new();
        for name in [
            "night-ward",
            "login",
            "level",
            "policy",
            "request",
            "reason",
            "outcome",
            "description",
            "settings",
            "vec",
            "string",
            "ok",
            "err",
            "some",
            "none",
            "option",
            "rules",
            "default",
            "debug",
            "clone",
            "bool",
            "str",
            "list",
        ] {
            let place = create(parent.path(), &Name::parse(name).unwrap(), Language::Rust).unwrap();
            let program = std::fs::read_to_string(place.join("src/lib.rs")).unwrap();
            let lines = program.lines().filter(|line| !line.starts_with("//!")).map(|line| {
                let texts = line.split('"').enumerate();
                texts.filter(|(index, _)| index % 2 == 0).map(|(_, code)| code).collect::<String>()
            });
            programs.insert(lines.collect::<Vec<_>>());
        }
        assert_eq!(programs.len(), 1);
        for taken in ["vigie-policy", "wit-bindgen", "syn"] {
            let error = create(parent.path(), &Name::parse(taken).unwrap(), Language::Rust).expect_err(taken);
            assert_eq!(error.code(), "POL-NAME", "{error}");
        }
    }

    #[test]
    fn an_existing_directory_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let name = Name::parse("night-ward").unwrap();
        let place = create(parent.path(), &name, Language::Rust).unwrap();
        let error = create(parent.path(), &name, Language::Rust).unwrap_err();
        assert_eq!(error.code(), "POL-EXISTS");
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1, "nothing half made is left");
        assert!(place.join(".gitignore").is_file() && place.join("vigie/sdk/src/lib.rs").is_file());
        let lock = std::fs::read_to_string(place.join("Cargo.lock")).unwrap();
        assert!(lock.contains("name = \"wit-bindgen\"") && !lock.contains("name = \"wasmtime\""));
        let nowhere = create(&parent.path().join("absent/\0"), &name, Language::Cel).unwrap_err();
        assert_eq!(nowhere.code(), "POL-WRITE");
    }
}
