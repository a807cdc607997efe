//! Refusals explain themselves: checked on every refusal that the shared vectors bring about.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics")]

#[allow(dead_code, reason = "only the list of files is used here")]
mod shared;

use std::collections::BTreeSet;

use serde_json::Value;
use verifier_core::code::{TABLE, meaning};

/// Name of the vector and its report, for every vector of every file.
fn reports() -> Vec<(String, Value)> {
    let vectors = shared::FILES.iter().flat_map(|(file, text)| {
        let parsed: Value = serde_json::from_str(text).unwrap();
        parsed["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| (format!("{file}: {}", v["name"]), v["expect"].clone()))
            .collect::<Vec<_>>()
    });
    vectors.collect()
}

#[test]
fn every_refusal_has_a_code_a_sentence_and_a_next_step() {
    for (name, report) in reports() {
        let Some(code) = report["code"].as_str() else { continue };
        assert!(meaning(code).is_some(), "{name}: {code} stands in no table");
        let Some(message) = report["message"].as_str() else { continue };
        let help = report["help"].as_str().unwrap();
        for sentence in [message, help] {
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{name}: {sentence}");
            assert!(!sentence.starts_with(char::is_uppercase), "{name}: {sentence}");
        }
        // Neither an identifier nor a time nor a piece of a token: the longest numbers are limits and seconds of age.
        let longest = message.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
        assert!(longest < 8 || code == "TOK-EXPIRED" || code.contains("FUTURE"), "{name}: {message}");
        assert!(!message.contains("eyJ") && !message.contains("ANS2"), "{name}: {message}");
    }
}

/// Every rule has a vector: what the token side can answer is answered at least once.
#[test]
fn every_code_of_the_token_side_is_brought_about() {
    // Answered outside the line contract, each with a test beside its code.
    let elsewhere = [
        "TOK-CLOCK-SKEW",
        "TOK-AUDIENCE-EMPTY",
        "TOK-INACTIVE",
        "TOK-INTROSPECTION-FORM",
        "IN-REPORT",
        "IN-OPERATION",
        "IN-TOO-LARGE",
    ];
    let answered: BTreeSet<String> =
        reports().iter().filter_map(|(_, report)| report["code"].as_str().map(str::to_owned)).collect();
    let missing: Vec<_> = TABLE
        .iter()
        .map(|code| code.name)
        .filter(|name| ["TOK-", "UI-", "IN-"].iter().any(|prefix| name.starts_with(prefix)))
        .filter(|name| !answered.contains(*name) && !elsewhere.contains(name))
        .collect();
    assert!(missing.is_empty(), "no vector brings about {missing:?}");
}
