//! Test vectors of a policy: `vectors/*.json`, each a list of questions with the answer that is expected.
//!
//! ```json
//! { "settings": {},
//!   "vectors": [ { "name": "a doctor may read", "request": { … },
//!                  "expect": { "effect": "permit", "reason_code": "WARD-OURS" } } ] }
//! ```
//!
//! `settings` holds for the file; a vector's own replace it as a whole. Obligations are compared
//! too; none are expected where none are named. Whether a vector holds is the business of [`trial`](super::trial).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::document::{self, Place, ReadDocumentError, Start};
use super::settings::{Origin, Settings};
use crate::engine::json::{Effect, Request};
use crate::engine::policy::types;

/// A question and its expected answer.
pub struct Vector {
    /// Unique within the file.
    pub name: String,
    /// The file, as it is shown.
    pub file: String,
    /// Where it begins.
    pub line: usize,
    /// What it is asked with.
    pub settings: Settings,
    /// The question.
    pub request: types::Request,
    /// The answer.
    pub expect: Expected,
}

/// What a policy should answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Permit, deny or abstain.
    pub effect: Effect,
    /// The code.
    pub reason_code: String,
    /// All of them, in order; absent means none.
    pub obligations: Option<Vec<ExpectedObligation>>,
}

/// What the relying party should be told to do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedObligation {
    /// Not compared when absent.
    pub id: Option<String>,
    /// For example `step-up`.
    pub kind: String,
    /// Compared as JSON.
    #[serde(default)]
    pub properties: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWire<'a> {
    #[serde(borrow)]
    settings: Option<Object<'a>>,
    #[serde(borrow)]
    vectors: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorWire<'a> {
    name: String,
    #[serde(borrow)]
    settings: Option<Object<'a>>,
    request: Request,
    expect: Expected,
}

/// An object that stays where it was read, so that its place is known.
struct Object<'a>(&'a RawValue);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') { Ok(Self(raw)) } else { Err(serde::de::Error::custom("expected an object")) }
    }
}

/// The vector files of a directory, in the order of their names. None at all is an empty list.
///
/// # Errors
/// The directory cannot be read.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>, ReadDocumentError> {
    let unreadable = |error: std::io::Error| ReadDocumentError::Unreadable {
        file: directory.display().to_string(),
        kind: error.kind(),
    };
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "json") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads one file. `usual` are the settings of the project or of the bundle, for a file that has none of its own.
///
/// # Errors
/// The first mistake, with file, line and path.
pub fn read(path: &Path, usual: impl Into<Settings>) -> Result<Vec<Vector>, ReadDocumentError> {
    parse(&path.display().to_string(), &document::read(path)?, usual.into())
}

fn parse(file: &str, text: &str, usual: Settings) -> Result<Vec<Vector>, ReadDocumentError> {
    let wire: FileWire<'_> = document::parse(file, text)?;
    let own = |Object(raw): Object<'_>| Settings {
        text: raw.get().to_owned(),
        origin: Origin::File { file: file.to_owned(), line: document::line_of(text, raw) },
    };
    let settings = wire.settings.map_or(usual, own);
    let mut names = BTreeSet::new();
    let mut vectors = Vec::with_capacity(wire.vectors.len());
    for (index, raw) in wire.vectors.into_iter().enumerate() {
        let (line, path) = (document::line_of(text, raw), format!("vectors[{index}]"));
        let one: VectorWire<'_> = document::parse_at(&Start { file, line, path: &path }, raw.get())?;
        let problem = if one.name.trim().is_empty() {
            Some("a vector needs a name".to_owned())
        } else if !names.insert(one.name.clone()) {
            Some(format!("the name {:?} is there twice", one.name))
        } else {
            None
        };
        if let Some(problem) = problem {
            let place = Place { file: file.to_owned(), line, column: 0, path: format!("{path}.name") };
            return Err(ReadDocumentError::Wrong { place, problem });
        }
        vectors.push(Vector {
            name: one.name,
            file: file.to_owned(),
            line,
            settings: one.settings.map_or_else(|| settings.clone(), own),
            request: one.request.into(),
            expect: one.expect,
        });
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
  "settings": { "a": 1 },
  "vectors": [
    {
      "name": "first",
      "request": { "now": 1, "audience": "a", "subject": { "kind": "k", "id": "i" }, "action": "read", "target": { "kind": "k", "id": "i" } },
      "expect": { "effect": "permit", "reason_code": "X" }
    },
    {
      "name": "second",
      "settings": { "b": 2 },
      "request": { "now": 1, "audience": "a", "subject": { "kind": "k", "id": "i" }, "action": "read", "target": { "kind": "k", "id": "i" } },
      "expect": { "effect": "deny", "reason_code": "Y", "obligations": [{ "kind": "step-up", "properties": {} }] }
    }
  ]
}"#;

    #[track_caller]
    fn refused(from: &str, to: &str, line: usize, expected: &str) {
        let error =
            parse("v.json", &FILE.replacen(from, to, 1), Settings::none()).err().expect("it was taken").to_string();
        assert!(error.starts_with(&format!("v.json, line {line}")) && error.contains(expected), "{error}");
    }

    #[test]
    fn vectors_know_their_line_and_settings() {
        let vectors = parse("v.json", FILE, Settings::none()).unwrap();
        let seen: Vec<_> = vectors.iter().map(|one| (one.name.as_str(), one.line, one.settings.clone())).collect();
        let at = |line, text: &str| Settings {
            text: text.to_owned(),
            origin: Origin::File { file: "v.json".to_owned(), line },
        };
        assert_eq!(seen, [("first", 4, at(2, r#"{ "a": 1 }"#)), ("second", 9, at(11, r#"{ "b": 2 }"#))]);
        let without = FILE.replacen("\"settings\": { \"a\": 1 },", "", 1);
        let usual = parse("v.json", &without, r#"{"u":0}"#.into()).unwrap();
        assert_eq!(usual.first().unwrap().settings.text, r#"{"u":0}"#);
    }

    /// The SDK reads the same files in a test of its own: what one of the two takes, the other takes.
    #[test]
    fn the_fixtures_of_the_sdk_are_taken_and_refused() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/sdk/fixtures");
        let mut seen = 0;
        for (folder, taken) in [("good", true), ("bad", false)] {
            for file in files(&fixtures.join(folder)).unwrap() {
                let read = read(&file, Settings::none());
                assert_eq!(read.is_ok(), taken, "{}: {:?}", file.display(), read.err());
                seen += 1;
            }
        }
        assert!(seen >= 12, "{seen} fixtures");
    }

    #[test]
    fn mistakes_are_placed() {
        refused("\"settings\"", "\"setings\"", 2, "at setings: unknown field `setings`");
        refused("\"effect\": \"deny\"", "\"efect\": \"deny\"", 13, "at vectors[1].expect.efect: unknown field `efect`");
        refused("\"deny\"", "\"refuse\"", 13, "at vectors[1].expect.effect: unknown variant `refuse`");
        refused("\"second\"", "\"first\"", 9, "at vectors[1].name: the name \"first\" is there twice");
        refused("\"first\"", "\" \"", 4, "at vectors[0].name: a vector needs a name");
        refused("\"audience\": \"a\", ", "", 6, "at vectors[0].request: missing field `audience`");
        refused("    }\n  ]\n}", "    }\n  ]\n", 16, "EOF");
    }
}
