//! The extension's own stable codes, prefix `EXT-`, each with what it means. Those of the core are in `verifier_core::code`.
//!
//! Codes never change meaning. Sentences for people stand in `_locales`, under `code_` and the code with underscores; a test
//! proves that every code of this table is used, that no other is, and that those which people meet have a sentence in every
//! language.

/// A code, what it means, and who meets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable text.
    pub name: &'static str,
    /// What it says, as a sentence without a full stop.
    pub meaning: &'static str,
    /// Who meets it.
    pub audience: Audience,
}

/// Who meets a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The person at the screen, as a sentence.
    Person,
    /// Developers only: the sender of a refused message gets no answer.
    Developer,
}

const fn person(name: &'static str, meaning: &'static str) -> Code {
    Code { name, meaning, audience: Audience::Person }
}

const fn developer(name: &'static str, meaning: &'static str) -> Code {
    Code { name, meaning, audience: Audience::Developer }
}

/// Every code of the extension.
pub const TABLE: &[Code] = &[
    person("EXT-FIELD-ALTERED", "the page changed the text that was written"),
    person("EXT-FIELD-COVERED", "something lies over the middle of the field"),
    person(
        "EXT-FIELD-GONE",
        "the field, its document or the promise under a token is no longer there, or the page did not answer in time",
    ),
    person("EXT-FIELD-HIDDEN", "a person could not see the field"),
    person("EXT-FIELD-LOCKED", "the field is disabled, read-only or takes something else than text"),
    person("EXT-FIELD-NOT-EMPTY", "the field holds another text, which is not overwritten"),
    person("EXT-FILL-NOT-GENUINE", "the tab does not show the genuine page that reported the field"),
    person("EXT-FILL-NO-FIELD", "the page has no field that was recognised as taking the identifier"),
    person("EXT-FILL-NO-PAGE", "no page of this tab has reported, or it was left"),
    person("EXT-FILL-RANDOM", "the browser gave no random bytes"),
    developer("EXT-MESSAGE-SHAPE", "a message is not JSON of the expected shape"),
    developer("EXT-MESSAGE-SIZE", "a message is too long to be read"),
    developer("EXT-MESSAGE-VERSION", "a message is of another version"),
    person("EXT-POLICY-KEY", "the organisation's policy has a key that does not exist"),
    person("EXT-POLICY-RANGE", "a value of the organisation's policy is out of bounds"),
    person("EXT-POLICY-TYPE", "a value of the organisation's policy is of another type"),
    person("EXT-POLICY-UNREADABLE", "the browser did not hand out the organisation's policy"),
    developer("EXT-SENDER-FOREIGN", "a message comes from another extension"),
    developer("EXT-SENDER-FRAME", "a message comes from a frame within a page"),
    developer("EXT-SENDER-ORIGIN", "a message comes from no usable origin"),
    developer("EXT-SENDER-TAB", "a message comes from a page outside any tab"),
    developer("EXT-SENDER-UNRELATED", "a message comes from an origin with which Vigie has nothing to do"),
    person("EXT-STORAGE", "the browser refused to keep or remove a value"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, found: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if !path.ends_with("code.rs") {
                found.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_code_is_used_and_no_other() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let used: BTreeSet<&str> = text.split('"').filter(|part| part.starts_with("EXT-")).collect();
        let listed: BTreeSet<&str> = TABLE.iter().map(|code| code.name).collect();
        assert_eq!(used, listed);
    }

    #[test]
    fn people_get_sentences_in_every_language() {
        for language in ["fr", "en"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("_locales").join(language).join("messages.json");
            let messages: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            for code in TABLE.iter().filter(|code| code.audience == Audience::Person) {
                let key = format!("code_{}", code.name.replace('-', "_"));
                assert!(messages[&key]["message"].is_string(), "{language}: {key}");
            }
        }
    }
}
