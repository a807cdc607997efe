//! What a line of the decision log says.
//!
//! Names are those of OPA's decision log where it has one: `decision_id`, `timestamp`, `labels`, `bundles`, `path`, `input`, `result`,
//! `requested_by`, `req_id`, `erased`, `masked`, `metrics`. There is no digest of an input that is not kept: a question holds a national
//! identifier and little else that is hard to guess, so its digest would name the person to whoever tries all numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::pseudonym::Pseudonym;
use crate::engine::json::Request;

/// What happened.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event<'a> {
    /// A login was verified and has a handle, or was refused.
    Login(LoginLine<'a>),
    /// A question was answered.
    Decision(DecisionLine<'a>),
    /// Handles were revoked.
    Revocation(RevocationLine<'a>),
}

/// A login, accepted or refused.
#[derive(Serialize)]
pub struct LoginLine<'a> {
    /// Unix seconds; RFC 3339 in the log.
    #[serde(serialize_with = "rfc3339")]
    pub timestamp: u64,
    /// Relying party.
    pub audience: &'a str,
    /// Digest of the verifier.
    pub core_digest: &'a str,
    /// Who it is about, masked; absent when nobody was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Pseudonym>,
    /// The login, by its id in the list of logins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_id: Option<String>,
    /// True when a handle was given.
    pub accepted: bool,
    /// Why not.
    pub code: Option<&'a str>,
    /// PSC `acr`, when it is one of the table.
    pub level: Option<&'a str>,
    /// PSC `authMode`.
    pub auth_mode: Option<&'a str>,
    /// The checks that were made.
    pub evidence: &'a [crate::http::Evidence],
}

/// An answer.
#[derive(Serialize)]
pub struct DecisionLine<'a> {
    /// Unix seconds; RFC 3339 in the log.
    #[serde(serialize_with = "rfc3339")]
    pub timestamp: u64,
    /// As in the answer.
    pub decision_id: &'a str,
    /// What was asked, as a path of the interface.
    pub path: &'a str,
    /// Relying party.
    pub audience: &'a str,
    /// Whose word its subjects are: verified or asserted.
    pub subject: &'a str,
    /// Digest of the verifier.
    pub core_digest: &'a str,
    /// Who it is about, masked; absent when nobody was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Pseudonym>,
    /// As in the answer.
    pub result: bool,
    /// As in the answer.
    pub reason_code: &'a str,
    /// What the policies were told: with `log.input = "full"` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Box<Request>>,
    /// Each policy that was asked.
    pub policies: Vec<PolicyLine<'a>>,
}

/// One policy's part.
#[derive(Serialize)]
pub struct PolicyLine<'a> {
    /// As configured.
    pub id: &'a str,
    /// required, advisory or shadow.
    pub role: &'a str,
    /// Of a shadow: whether it would have decided the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// Digest of the component.
    pub digest: &'a str,
    /// Digest of its settings.
    pub settings_digest: &'a str,
    /// Digest of its whole answer, beside `input` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_digest: Option<String>,
    /// permit, deny, abstain or failed.
    pub effect: &'a str,
    /// The policy's own, or how it failed.
    pub reason_code: &'a str,
    /// The policy's remark for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_admin: Option<Cow<'a, str>>,
    /// Microseconds from instantiation to answer.
    pub duration_us: u64,
    /// What the policy logged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<Cow<'a, str>>,
    /// How many more lines it wanted to log.
    #[serde(skip_serializing_if = "is_zero")]
    pub log_dropped: u32,
    /// JSON Pointers, from here, of texts in which the person was masked.
    #[serde(skip)]
    pub masked: Vec<String>,
}

impl PolicyLine<'_> {
    /// The line of a shadow, with what the comparison said.
    #[must_use]
    pub fn compared(self, agrees: bool) -> Self {
        Self { agrees: Some(agrees), ..self }
    }
}

/// The end of handles.
#[derive(Serialize)]
pub struct RevocationLine<'a> {
    /// Unix seconds; RFC 3339 in the log.
    #[serde(serialize_with = "rfc3339")]
    pub timestamp: u64,
    /// Relying party.
    pub audience: &'a str,
    /// One login, all of its person, or all of the audience.
    pub scope: &'a str,
    /// How many ended.
    pub count: u64,
    /// The login that was named, by its id in the list of logins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_id: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What the log adds to every event.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event<'a>,
    /// Which host, which start of it, and what the operator wrote down about it.
    labels: &'a BTreeMap<String, String>,
    requested_by: &'a str,
    /// Counts the lines of one start; with `labels.id` it names a line.
    req_id: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bundles: BTreeMap<&'a str, Bundle<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics>,
    /// JSON Pointers of what was known and is not here.
    erased: &'a [&'a str],
    /// JSON Pointers of what is here under another word.
    masked: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
struct Bundle<'a> {
    revision: &'a str,
}

#[derive(Serialize)]
struct Metrics {
    timer_policy_evaluation_ns: u64,
}

impl<'a> Line<'a> {
    pub(super) fn new(event: &'a Event<'a>, labels: &'a BTreeMap<String, String>, req_id: u64) -> Self {
        let (audience, person) = match event {
            Event::Login(line) => (line.audience, line.person),
            Event::Decision(line) => (line.audience, line.person),
            Event::Revocation(line) => (line.audience, None),
        };
        let decision = if let Event::Decision(line) = event { Some(line) } else { None };
        let erased: &[&str] = match event {
            Event::Login(_) => &["/input"],
            // A handle opens a login, so it is kept in no case.
            Event::Decision(line) if line.input.is_some() => &["/input/context/login"],
            Event::Decision(_) => &["/input"],
            Event::Revocation(_) => &[],
        };
        let policies = decision.map_or(&[][..], |line| line.policies.as_slice());
        let texts = policies
            .iter()
            .enumerate()
            .flat_map(|(at, policy)| policy.masked.iter().map(move |text| format!("/policies/{at}{text}")));
        Self {
            event,
            labels,
            requested_by: audience,
            req_id,
            bundles: policies.iter().map(|policy| (policy.id, Bundle { revision: policy.digest })).collect(),
            metrics: decision.map(|line| Metrics {
                timer_policy_evaluation_ns: line
                    .policies
                    .iter()
                    .fold(0u64, |sum, policy| sum.saturating_add(policy.duration_us.saturating_mul(1000))),
            }),
            erased,
            masked: person.iter().map(|_| Cow::Borrowed("/person")).chain(texts.map(Cow::Owned)).collect(),
        }
    }
}

/// A line was cut short when the host or its machine stopped; the chain goes on behind it.
#[derive(Serialize)]
pub(super) struct RecoveryLine<'a> {
    pub(super) event: &'static str,
    #[serde(serialize_with = "rfc3339")]
    pub(super) timestamp: u64,
    pub(super) labels: &'a BTreeMap<String, String>,
    pub(super) torn_bytes: u64,
}

/// Lines were lost because `on_full = "drop"`.
#[derive(Serialize)]
pub(super) struct DroppedLine<'a> {
    pub(super) event: &'static str,
    #[serde(serialize_with = "rfc3339")]
    pub(super) timestamp: u64,
    pub(super) labels: &'a BTreeMap<String, String>,
    /// Since the last such line.
    pub(super) dropped: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn rfc3339<S: Serializer>(seconds: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    let moment = i64::try_from(*seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    // Beyond the year 9999 there is no such text; the clock is wrong then, and the number says how.
    match moment.and_then(|moment| moment.format(&Rfc3339).ok()) {
        Some(text) => serializer.serialize_str(&text),
        None => serializer.collect_str(seconds),
    }
}
