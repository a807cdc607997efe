//! Asks a policy its test vectors, and says which of its reasons none of them reaches.
//!
//! A reason that no vector reaches is a sentence that nobody has seen a person get. What a trial does not do: measure, or judge the
//! rules themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Candidate;
use super::settings::{Settings, TryPolicyError};
use super::vectors::{Expected, Vector};
use crate::engine::json::{Effect, Outcome};
use crate::engine::limits::Failure;
use crate::engine::policy::{Evaluation, IN_SETTINGS, Policy, types};
use crate::problem::{Explain, Sentence};

/// Reasons that the SDK answers by itself: without a login, and with settings that the host refuses before it would ask. A policy is
/// not held to reach them.
const OF_THE_SDK: [&str; 2] = ["LOGIN-REQUIRED", SETTINGS_REFUSED];

/// What a policy answers when it is asked with settings that it refuses. A vector may expect it, which asks it in spite of them.
const SETTINGS_REFUSED: &str = "SETTINGS-REFUSED";

/// What became of all vectors of a policy.
#[derive(Serialize)]
pub struct Report {
    /// As the policy calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest of the component.
    pub digest: String,
    /// Each vector, in order.
    pub vectors: Vec<Tried>,
    /// How many hold.
    pub passed: usize,
    /// How many do not.
    pub failed: usize,
    /// Which reasons were given.
    pub coverage: Coverage,
}

/// One vector.
#[derive(Serialize)]
pub struct Tried {
    /// Where it stands.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Whether the answer is the expected one.
    pub passed: bool,
    /// What was expected.
    pub expected: Value,
    /// What was answered, or how the policy failed.
    pub found: Value,
    /// Why it does not hold, one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Reasons that the policy declares.
#[derive(Serialize)]
pub struct Coverage {
    /// Given in answer to a vector.
    pub reached: Vec<String>,
    /// Never given, those of the SDK left out.
    pub unreached: Vec<String>,
}

impl Report {
    /// True when every vector holds.
    pub fn holds(&self) -> bool {
        self.failed == 0
    }
}

/// Asks every vector.
pub fn run(candidate: &Candidate, vectors: &[Vector]) -> Report {
    let about = candidate.policy.description();
    // By text and place: equal settings in two files are refused in each with its own line.
    let mut prepared: BTreeMap<&Settings, Result<Policy, TryPolicyError>> = BTreeMap::new();
    let mut reached = BTreeSet::new();
    let mut tried = Vec::with_capacity(vectors.len());
    for vector in vectors {
        let settings = &vector.settings;
        let policy = prepared
            .entry(settings)
            .or_insert_with(|| candidate.with(&settings.text).map_err(|error| settings.explain(error)));
        let answer = match policy {
            Ok(policy) => answer(policy.evaluate(&vector.request)),
            Err(TryPolicyError::Settings { .. } | TryPolicyError::NoSettings { .. })
                if vector.expect.reason_code == SETTINGS_REFUSED =>
            {
                answer(candidate.policy.with_settings(settings.text.clone()).evaluate(&vector.request))
            }
            Err(error) => Err((error.code(), Sentence(error).to_string())),
        };
        if let Ok(outcome) = &answer {
            reached.insert(outcome.reason_code.clone());
        }
        tried.push(compare(vector, &answer, &about.reason_codes));
    }
    let declared: BTreeSet<String> = if about.reason_codes.iter().any(|code| code == IN_SETTINGS) {
        // Of an interpreter, the reasons of the rules are to be reached, not those of its own mishaps.
        vectors.iter().flat_map(|vector| spelt(&vector.settings.text)).collect()
    } else {
        about.reason_codes.iter().cloned().collect()
    };
    let failed = tried.iter().filter(|one| !one.passed).count();
    let wanted = |code: &String| !reached.contains(code) && !OF_THE_SDK.contains(&code.as_str());
    let unreached = declared.into_iter().filter(wanted).collect();
    Report {
        name: about.name.clone(),
        version: about.version.clone(),
        digest: candidate.inspected.digest.to_string(),
        passed: tried.len() - failed,
        failed,
        vectors: tried,
        coverage: Coverage { reached: reached.into_iter().collect(), unreached },
    }
}

/// The reason codes that stand in the settings of an interpreter, wherever they stand.
fn spelt(settings: &str) -> Vec<String> {
    let (mut left, mut found) = (vec![serde_json::from_str(settings).unwrap_or(Value::Null)], Vec::new());
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(code) if name == "reason_code" => found.push(code),
                        other => left.push(other),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// An answer, or the code and the sentence of the failure.
type Answer = Result<types::Outcome, (&'static str, String)>;

fn answer(evaluation: Evaluation) -> Answer {
    let undeclared = evaluation.undeclared;
    evaluation.answer.map_err(|failure| (failure.code(), failed("", failure, undeclared.as_deref())))
}

/// How a policy failed, with the reason that its author has to declare or correct. `who` is what failed, where the reader cannot know.
pub fn failed(who: &str, failure: Failure, undeclared: Option<&str>) -> String {
    let (code, separator) = (failure.code(), if who.is_empty() { "" } else { ": " });
    match undeclared {
        Some(reason) => format!(
            "{code}: {who}{separator}it answered with the reason {reason}, which its description does not list. \
             Add it to the reasons of the description, or correct it."
        ),
        None => format!("{code}: {who}{separator}{failure}."),
    }
}

fn compare(vector: &Vector, answer: &Answer, declared: &[String]) -> Tried {
    let Expected { effect, reason_code, obligations } = &vector.expect;
    let (found, problem) = match answer {
        Err((code, sentence)) => (json!({ "failed": code }), Some(sentence.clone())),
        Ok(outcome) => (
            serde_json::to_value(Outcome::from(outcome)).unwrap_or(Value::Null),
            difference(&vector.expect, outcome, declared),
        ),
    };
    let mut expected = json!({ "effect": effect, "reason_code": reason_code });
    if let (Some(object), Some(list)) = (expected.as_object_mut(), obligations) {
        let list = list.iter().map(|one| json!({ "id": one.id, "kind": one.kind, "properties": one.properties }));
        object.insert("obligations".to_owned(), list.collect());
    }
    Tried {
        file: vector.file.clone(),
        line: vector.line,
        name: vector.name.clone(),
        passed: problem.is_none(),
        expected,
        found,
        problem,
    }
}

fn difference(expect: &Expected, outcome: &types::Outcome, declared: &[String]) -> Option<String> {
    let effect = Effect::from(outcome.effect);
    if (effect, &outcome.reason_code) != (expect.effect, &expect.reason_code) {
        let unknown =
            if declared.contains(&expect.reason_code) { "" } else { ", a reason that the policy does not declare" };
        return Some(format!(
            "expected {} {}{unknown}; the policy answers {} {}",
            expect.effect.word(),
            expect.reason_code,
            effect.word(),
            outcome.reason_code
        ));
    }
    let expected = expect.obligations.as_deref().unwrap_or_default();
    let properties = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let same = expected.len() == outcome.obligations.len()
        && expected.iter().zip(&outcome.obligations).all(|(wanted, found)| {
            wanted.kind == found.kind
                && wanted.id.as_ref().is_none_or(|id| *id == found.id)
                && wanted.properties == properties(&found.properties)
        });
    let kinds = |kinds: Vec<String>| if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") };
    (!same).then(|| {
        let wanted = expected.iter().map(|one| format!("{} {}", one.kind, Value::Object(one.properties.clone())));
        let found = outcome.obligations.iter().map(|one| format!("{} {}", one.kind, one.properties));
        format!("expected the obligations {}; the policy answers {}", kinds(wanted.collect()), kinds(found.collect()))
    })
}
