//! The settings that a policy is tried with, and where they came from: a policy names what it refuses by its JSON Pointer, its author looks
//! for a file and a line.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::document::{self, Place};
use crate::engine::LoadComponentError;
use crate::problem::Explain;

/// JSON text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settings {
    /// The text.
    pub text: String,
    /// Where it was read.
    pub origin: Origin,
}

/// Where settings were read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody wrote any: an empty object is asked with.
    Nowhere,
    /// In a file, from this line on.
    File {
        /// As named.
        file: String,
        /// From 1.
        line: usize,
    },
}

impl Settings {
    /// What a policy gets for which nobody wrote settings.
    pub fn none() -> Self {
        Self { text: "{}".to_owned(), origin: Origin::Nowhere }
    }

    /// The whole of a file.
    pub fn of_file(file: String, text: String) -> Self {
        Self { text, origin: Origin::File { file, line: 1 } }
    }

    /// The error of a policy that was tried with them; a refusal gets its place.
    pub fn explain(&self, error: LoadComponentError) -> TryPolicyError {
        match (error, &self.origin) {
            (LoadComponentError::Settings { file, problems }, Origin::Nowhere) => {
                TryPolicyError::NoSettings { component: file, problems }
            }
            (LoadComponentError::Settings { file: component, problems }, Origin::File { file, line }) => {
                let place = Place {
                    file: file.clone(),
                    line: line + find(&self.text, &problems),
                    column: 0,
                    path: String::new(),
                };
                TryPolicyError::Settings { place, component, problems: problems.trim_start().to_owned() }
            }
            (error, _) => TryPolicyError::Component(error),
        }
    }
}

/// Settings of which only the text matters.
impl From<&str> for Settings {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), origin: Origin::Nowhere }
    }
}

/// Why a policy cannot be tried with its settings.
#[derive(Debug, thiserror::Error)]
pub enum TryPolicyError {
    /// The component itself.
    #[error(transparent)]
    Component(#[from] LoadComponentError),
    /// It refuses what was written.
    #[error("{place}: component {component} refuses these settings: {problems}")]
    Settings {
        /// Of the first problem.
        place: Place,
        /// As named.
        component: String,
        /// JSON Pointers and messages, as the policy wrote them.
        problems: String,
    },
    /// It says nothing that a program can read about its settings.
    #[error("the schema of the settings that component {component} describes is no JSON object: {problem}")]
    Schema {
        /// As named.
        component: String,
        /// In the words of the parser.
        problem: String,
    },
    /// It does not do without settings.
    #[error("component {component} wants settings, and none are given: {problems}")]
    NoSettings {
        /// As named.
        component: String,
        /// JSON Pointers and messages, as the policy wrote them.
        problems: String,
    },
}

impl Explain for TryPolicyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Component(error) => error.code(),
            Self::Schema { .. } => "POL-SCHEMA",
            Self::Settings { .. } | Self::NoSettings { .. } => "POL-SETTINGS",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Component(error) => error.help(),
            Self::Schema { .. } => "Correct `settings_schema` in its description; an object without members allows anything.".into(),
            Self::Settings { .. } => {
                "Correct that line; `vigie policy inspect` prints the schema of the settings.".into()
            }
            Self::NoSettings { .. } => {
                "Write a file and name it with --settings, or `settings` into the vectors; `vigie policy inspect` prints the schema.".into()
            }
        }
    }
}

/// The lines before the value that the first problem is about. A member that is missing is looked for where it should be: in the object
/// around it.
fn find(text: &str, problems: &str) -> usize {
    let Ok(mut value) = serde_json::from_str::<&RawValue>(text) else { return 0 };
    let mut pointer = problems;
    while let Some((inner, rest)) = step(value, pointer) {
        (value, pointer) = (inner, rest);
    }
    document::line_of(text, value) - 1
}

/// One step along a JSON Pointer (RFC 6901) that ends in a space. A name may hold spaces itself, so the longest that fits is taken.
fn step<'t, 'p>(value: &'t RawValue, pointer: &'p str) -> Option<(&'t RawValue, &'p str)> {
    let pointer = pointer.strip_prefix('/')?;
    let after = |name: &str| {
        let rest = pointer.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with(['/', ' '])).then_some(rest)
    };
    if value.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        let (index, rest) = pointer.split_at(pointer.find(['/', ' ']).unwrap_or(pointer.len()));
        return Some((items.get(index.parse::<usize>().ok()?)?, rest));
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
    let fitting = members.into_iter().filter_map(|(name, inner)| {
        let name = name.replace('~', "~0").replace('/', "~1");
        Some((name.len(), inner, after(&name)?))
    });
    fitting.max_by_key(|(length, ..)| *length).map(|(_, inner, rest)| (inner, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"rules\": [\n    { \"when\": \"a\" },\n    {\n      \"when\":\n        \"b\"\n    }\n  ],\n  \"a/b c\": 1\n}";

    #[track_caller]
    fn check(problems: &str, line: usize) {
        assert_eq!(find(TEXT, problems) + 1, line, "{problems}");
    }

    #[test]
    fn a_pointer_becomes_a_line() {
        check("/rules/0/when line 1, column 3: no", 3);
        check("/rules/1/when no; /rules/0 no", 6);
        check("/rules/1/effect is missing", 4);
        check("/default is missing", 1);
        check("/a~1b c unknown", 9);
        check("/rules/7 unknown", 2);
        check(" expected an object", 1);
        assert_eq!(find("no json", "/a b"), 0);
    }

    #[test]
    fn a_refusal_names_the_file_of_the_settings() {
        let refusal = || LoadComponentError::Settings { file: "p.wasm".into(), problems: "/rules/0/when no".into() };
        let settings = Settings { text: TEXT.into(), origin: Origin::File { file: "vectors/a.json".into(), line: 11 } };
        let error = settings.explain(refusal());
        assert_eq!(error.code(), "POL-SETTINGS");
        assert_eq!(
            error.to_string(),
            "vectors/a.json, line 13: component p.wasm refuses these settings: /rules/0/when no"
        );
        let error = Settings::none().explain(refusal()).to_string();
        assert_eq!(error, "component p.wasm wants settings, and none are given: /rules/0/when no");
    }
}
