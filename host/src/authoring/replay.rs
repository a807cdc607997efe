//! `vigie policy replay`: asks the questions of a decision log again.
//!
//! The same component with the same settings must give the same answer bit for bit; a question for which it does not was decided by
//! something that a policy must not have. Another component, or other settings, may answer differently: then the list of differences is a
//! preview of what a change would do, on the questions that were really asked. Only a log written with `log.input = "full"` has questions.
//!
//! Policies are asked one by one; what several answers mean together is decided where they are combined, not here.

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::engine::json::{self, Request};
use crate::engine::policy::{Evaluation, Policy, types};
use crate::problem::Explain;

/// A policy that questions are put to again.
pub struct Judge {
    /// The audience whose questions it gets; absent means every audience's.
    pub audience: Option<String>,
    /// The id under which the log knows it.
    pub id: String,
    /// The policy.
    pub policy: Policy,
}

/// Why a log cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("{file} cannot be read ({kind})")]
    Unreadable {
        /// As named.
        file: String,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// A line is none of a decision log.
    #[error("{file}, line {line}: this is no line of a decision log: {problem}")]
    Line {
        /// As named.
        file: String,
        /// From 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A policy is named that nobody would ask.
    #[error("{option} names {id}, and {}", listed(.known))]
    Unknown {
        /// As typed.
        option: &'static str,
        /// As typed.
        id: String,
        /// The ids that there are.
        known: Vec<String>,
    },
    /// There is nothing to ask.
    #[error("{file} has no question to ask again")]
    Nothing {
        /// As named.
        file: String,
    },
}

fn listed(ids: &[String]) -> String {
    if ids.is_empty() { "no policy is asked".to_owned() } else { format!("only {} are asked", ids.join(", ")) }
}

impl Explain for ReplayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-LOG-FILE",
            Self::Line { .. } => "POL-LOG-LINE",
            Self::Unknown { .. } => "POL-UNKNOWN",
            Self::Nothing { .. } => "POL-LOG-INPUT",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Correct the path, or run this as an account that may read it.".into(),
            Self::Line { .. } => "Name the file of log.decisions, as `vigie serve` wrote it.".into(),
            Self::Unknown { .. } => {
                "Correct the id: policies are those of --config, or, without it, those that --policy names.".into()
            }
            Self::Nothing { .. } => {
                "Questions are kept from the moment when log.input = \"full\" stands in vigie.toml, and only these policies' are asked.".into()
            }
        }
    }
}

#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(default)]
    decision_id: String,
    #[serde(default)]
    audience: String,
    input: Option<Request>,
    #[serde(default)]
    policies: Vec<Verdict>,
}

/// What the log says of one policy's answer. Members that other versions write are no concern of a replay.
#[derive(Deserialize)]
struct Verdict {
    id: String,
    digest: String,
    #[serde(default)]
    settings_digest: String,
    #[serde(default)]
    outcome_digest: Option<String>,
    effect: String,
    reason_code: String,
    #[serde(default)]
    log: Vec<String>,
    #[serde(default)]
    log_dropped: u32,
}

/// What came of a replay.
#[derive(Debug, Default, Serialize)]
pub struct Replayed {
    /// Decisions with a question.
    pub decisions: u64,
    /// Decisions without one: nobody was logged in, or questions were not kept then.
    pub without_question: u64,
    /// Answers that were given again.
    pub verdicts: u64,
    /// Answers in the log of policies that were not to be asked.
    pub not_asked: u64,
    /// Answers that the host gave in the place of a policy, for want of time, of an instance or of the policy: nothing of the policy's
    /// could be given again.
    pub by_host: u64,
    /// Lines that a crash cut short.
    pub torn: u64,
    /// Answers that are not the same.
    pub differences: Vec<Difference>,
}

/// An answer that is not the one in the log.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// In the log, from 1.
    pub line: usize,
    /// As in the log.
    pub decision_id: String,
    /// Relying party.
    pub audience: String,
    /// The policy.
    pub policy: String,
    /// What the difference means.
    pub kind: Change,
    /// In what the answers differ.
    pub differs: Vec<Part>,
    /// Effect and reason in the log.
    pub logged: String,
    /// Effect and reason now.
    pub replayed: String,
}

/// A part of an answer. A log holds the outcome as a digest, which tells that it differs and not where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Permit, deny, abstain or failed.
    Effect,
    /// The code.
    ReasonCode,
    /// With the same effect and reason, the rest of the answer: sentences, remark or obligations.
    Outcome,
    /// What the policy logged on the way.
    Log,
    /// How many lines it logged beyond its limit.
    LogDropped,
}

impl Part {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Effect => "effect",
            Self::ReasonCode => "reason",
            Self::Outcome => "sentences, remark or obligations",
            Self::Log => "log lines",
            Self::LogDropped => "number of log lines beyond the limit",
        }
    }
}

/// What a difference means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Same component, same settings, another answer.
    NotReproduced,
    /// Another component or other settings, and another effect or reason.
    Changed,
    /// Another component or other settings, same effect and reason, but other texts, obligations or log lines.
    Reworded,
}

/// Asks every question of a log that a judge is there for.
///
/// # Errors
/// The log cannot be read, is none, or holds no question.
pub fn replay(file: &str, log: impl BufRead, judges: &[Judge]) -> Result<Replayed, ReplayError> {
    let mut replayed = Replayed::default();
    let mut cut: Option<ReplayError> = None;
    for (index, line) in log.split(b'\n').enumerate() {
        let bytes = line.map_err(|error| ReplayError::Unreadable { file: file.to_owned(), kind: error.kind() })?;
        if bytes.is_empty() {
            continue;
        }
        // A line that a crash cut short is followed by whole ones or by nothing; a file of another kind never has a whole one.
        let line: Line = match serde_json::from_slice(&bytes) {
            Ok(line) => line,
            Err(error) if error.is_eof() => {
                replayed.torn += 1;
                cut = Some(ReplayError::Line { file: file.to_owned(), line: index + 1, problem: error.to_string() });
                continue;
            }
            Err(error) => {
                return Err(ReplayError::Line { file: file.to_owned(), line: index + 1, problem: error.to_string() });
            }
        };
        if line.event != "decision" {
            continue;
        }
        let Some(input) = line.input else {
            replayed.without_question += 1;
            continue;
        };
        replayed.decisions += 1;
        let request = types::Request::from(input);
        for verdict in &line.policies {
            let judge = judges.iter().find(|judge| {
                judge.id == verdict.id && judge.audience.as_ref().is_none_or(|audience| *audience == line.audience)
            });
            let Some(judge) = judge else {
                replayed.not_asked += 1;
                continue;
            };
            if verdict.effect == FAILED && OF_THE_HOST.contains(&verdict.reason_code.as_str()) {
                replayed.by_host += 1;
                continue;
            }
            replayed.verdicts += 1;
            let now = judge.policy.evaluate(&request);
            let differs = compare(verdict, &now);
            if !differs.is_empty() {
                replayed.differences.push(Difference {
                    line: index + 1,
                    decision_id: line.decision_id.clone(),
                    audience: line.audience.clone(),
                    policy: verdict.id.clone(),
                    kind: meaning(verdict, &judge.policy, &differs),
                    differs,
                    logged: format!("{} {}", verdict.effect, verdict.reason_code),
                    replayed: format!("{} {}", words(&now).0, words(&now).1),
                });
            }
        }
    }
    match cut {
        Some(error) if replayed.decisions + replayed.without_question == 0 => Err(error),
        _ if replayed.verdicts + replayed.by_host == 0 => Err(ReplayError::Nothing { file: file.to_owned() }),
        _ => Ok(replayed),
    }
}

/// The effect of a policy that did not answer.
const FAILED: &str = "failed";

/// Failures that say how the host was, and nothing of the policy: another day the same question is answered.
const OF_THE_HOST: [&str; 4] = ["POL-TIMEOUT", "POL-BUSY", "POL-QUARANTINED", "POL-MISSING"];

/// Effect and reason as the log writes them.
fn words(evaluation: &Evaluation) -> (&'static str, &str) {
    match &evaluation.answer {
        Ok(outcome) => (json::Effect::from(outcome.effect).word(), &outcome.reason_code),
        Err(failure) => (FAILED, failure.code()),
    }
}

/// In what an answer differs from the one in the log.
fn compare(logged: &Verdict, now: &Evaluation) -> Vec<Part> {
    let (effect, reason_code) = words(now);
    let digest = now.answer.as_ref().ok().map(|outcome| json::digest(outcome).to_string());
    let same_words = (effect, reason_code) == (logged.effect.as_str(), logged.reason_code.as_str());
    let parts = [
        (Part::Effect, effect != logged.effect),
        (Part::ReasonCode, reason_code != logged.reason_code),
        (Part::Outcome, same_words && digest != logged.outcome_digest),
        (Part::Log, !now.log.lines.iter().map(|(_, text)| text).eq(&logged.log)),
        (Part::LogDropped, now.log.dropped != logged.log_dropped),
    ];
    parts.into_iter().filter_map(|(part, differs)| differs.then_some(part)).collect()
}

fn meaning(logged: &Verdict, policy: &Policy, differs: &[Part]) -> Change {
    let same_policy =
        policy.digest().to_string() == logged.digest && policy.settings_digest().to_string() == logged.settings_digest;
    if same_policy {
        Change::NotReproduced
    } else if differs.iter().any(|part| matches!(part, Part::Effect | Part::ReasonCode)) {
        Change::Changed
    } else {
        Change::Reworded
    }
}
