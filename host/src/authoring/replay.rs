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
    /// There is nothing to ask.
    #[error("{file} has no question to ask again")]
    Nothing {
        /// As named.
        file: String,
    },
}

impl Explain for ReplayError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-LOG-FILE",
            Self::Line { .. } => "POL-LOG-LINE",
            Self::Nothing { .. } => "POL-LOG-INPUT",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Correct the path, or run this as an account that may read it.".into(),
            Self::Line { .. } => "Name the file of log.decisions, as `vigie serve` wrote it.".into(),
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
    /// What differs.
    pub kind: Change,
    /// Effect and reason in the log.
    pub logged: String,
    /// Effect and reason now.
    pub replayed: String,
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
            replayed.verdicts += 1;
            let now = judge.policy.evaluate(&request);
            if let Some(kind) = compare(verdict, &judge.policy, &now) {
                replayed.differences.push(Difference {
                    line: index + 1,
                    decision_id: line.decision_id.clone(),
                    audience: line.audience.clone(),
                    policy: verdict.id.clone(),
                    kind,
                    logged: format!("{} {}", verdict.effect, verdict.reason_code),
                    replayed: format!("{} {}", words(&now).0, words(&now).1),
                });
            }
        }
    }
    match cut {
        Some(error) if replayed.decisions + replayed.without_question == 0 => Err(error),
        _ if replayed.verdicts == 0 => Err(ReplayError::Nothing { file: file.to_owned() }),
        _ => Ok(replayed),
    }
}

/// Effect and reason as the log writes them.
fn words(evaluation: &Evaluation) -> (&'static str, &str) {
    match &evaluation.answer {
        Ok(outcome) => (json::Effect::from(outcome.effect).word(), &outcome.reason_code),
        Err(failure) => ("failed", failure.code()),
    }
}

fn compare(logged: &Verdict, policy: &Policy, now: &Evaluation) -> Option<Change> {
    let same_policy =
        policy.digest().to_string() == logged.digest && policy.settings_digest().to_string() == logged.settings_digest;
    let same_words = words(now) == (logged.effect.as_str(), logged.reason_code.as_str());
    let digest = now.answer.as_ref().ok().map(|outcome| json::digest(outcome).to_string());
    let same_bits = digest == logged.outcome_digest
        && now.log.dropped == logged.log_dropped
        && now.log.lines.iter().map(|(_, text)| text).eq(&logged.log);
    match (same_words, same_bits, same_policy) {
        (true, true, _) => None,
        (_, _, true) => Some(Change::NotReproduced),
        (false, _, false) => Some(Change::Changed),
        (true, false, false) => Some(Change::Reworded),
    }
}
