//! AuthZEN 1.0 access evaluation: is this login good enough for this action?
//!
//! The subject is the verified login behind `context.login`; what the caller writes as `subject.id` is only compared with it.
//! A question that cannot be tied to a live login is answered with a refusal, not with an error: the decision is no. Unknown
//! members are ignored (section 5) and reach the policies only inside `properties` and `context`.
//!
//! An obligation attached to a permit binds the caller, so a caller that does not list its kind in
//! `context.supported_obligations` gets a refusal (AuthZEN obligations profile); attached to a refusal it is advice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use verifier_core::decision::{Decision, DenyReason, PolicyFailure, PolicyOpinion, PolicyVerdict, Required, combine};

use super::auth::Caller;
use super::body::Body;
use super::refusal::Refusal;
use super::{Evidence, evidence};
use crate::config::PolicyRole;
use crate::engine::json;
use crate::engine::limits::{Failure, GuestLog};
use crate::engine::policy::{Evaluation, types};
use crate::log::{DecisionLine, Event, PolicyLine, texts};
use crate::policies::table::LoadedPolicy;
use crate::service::{Audience, Service};
use crate::store::{FoundLogin, Handle, StoreError};

/// The question, as AuthZEN 1.0 section 6.1 has it.
#[derive(Deserialize)]
pub struct Question {
    subject: Entity,
    action: Action,
    resource: Entity,
    #[serde(default)]
    context: Map<String, Value>,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Action {
    name: String,
    properties: Option<Map<String, Value>>,
}

/// The answer.
#[derive(Serialize)]
pub struct Answer {
    decision: bool,
    context: Context,
}

#[derive(Serialize)]
struct Context {
    decision_id: String,
    reason_code: String,
    reason_user: BTreeMap<String, String>,
    evidence: Vec<Evidence>,
    policies: Vec<PolicyAnswer>,
    core_digest: String,
    obligations: Vec<Obligation>,
}

#[derive(Serialize)]
struct PolicyAnswer {
    id: String,
    digest: String,
    effect: &'static str,
    reason_code: String,
}

#[derive(Serialize)]
struct Obligation {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    properties: Value,
}

/// Members of `context` that are the host's and that policies do not see.
const HOST_MEMBERS: [&str; 2] = ["login", "supported_obligations"];

/// `POST /access/v1/evaluation`.
///
/// # Errors
/// The call is refused. A refusal of the person is an answer.
pub async fn evaluate(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(question): Body<Question>,
) -> Result<Json<Answer>, Refusal> {
    let audience = caller.audience(&service)?;
    let handle = match question.context.get("login") {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err(Refusal::Body("context.login is not a string".into())),
    };
    let supported = supported_obligations(&question.context)?;
    let (worker, asked_by) = (Arc::clone(&service), caller);
    let answer = service
        .gate
        .run(move || -> Result<Answer, Refusal> {
            let audience = asked_by.audience(&worker)?;
            decide(&worker, audience, question, handle.as_deref(), &supported)
        })
        .await??;
    tracing::debug!(audience = audience.config.id, decision = answer.decision, "evaluated");
    Ok(Json(answer))
}

fn supported_obligations(context: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::Body("context.supported_obligations is not a list of strings".into());
    match context.get("supported_obligations") {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}

/// A question without a live login of its subject.
enum NoLogin {
    Missing,
    Unknown,
    Expired,
    SubjectMismatch,
}

impl NoLogin {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "HTTP-LOGIN-MISSING",
            Self::Unknown => "HTTP-LOGIN-UNKNOWN",
            Self::Expired => "HTTP-LOGIN-EXPIRED",
            Self::SubjectMismatch => "HTTP-SUBJECT-MISMATCH",
        }
    }
}

/// The whole decision: login, policies, combination, log. Blocking; runs behind the gate.
fn decide(
    service: &Service,
    audience: &Audience,
    question: Question,
    handle: Option<&str>,
    supported: &[String],
) -> Result<Answer, Refusal> {
    let now = service.now();
    let login = match find_login(service, audience, now, handle, &question.subject)? {
        Ok(login) => login,
        Err(reason) => return refuse_without_login(service, audience, now, &reason),
    };
    let shown = evidence(&login.evidence);
    let request = request(audience, now, question, login);
    let policies = service.policies_of(audience);
    let (shadows, asked): (Vec<Asked<'_>>, Vec<Asked<'_>>) = policies
        .iter()
        .map(|policy| Asked::ask(policy, &request))
        .partition(|one| one.policy.role == PolicyRole::Shadow);
    if asked.iter().any(|one| matches!(one.evaluation.answer, Err(Failure::Busy))) {
        return Err(Refusal::Busy);
    }
    let opinions: Vec<PolicyOpinion> = asked.iter().map(Asked::opinion).collect();
    let combined = combine(&opinions);
    let obligations: Vec<&types::Obligation> = asked.iter().flat_map(Asked::obligations).collect();
    let unsupported = combined.permits() && obligations.iter().any(|one| !supported.contains(&one.kind));
    let permits = combined.permits() && !unsupported;
    let (reason_code, reason_user) = if unsupported {
        ("HTTP-OBLIGATION".to_owned(), texts_for(Reason::Refused))
    } else {
        reasons(&combined, &asked)
    };
    let answer = Answer {
        decision: permits,
        context: Context {
            decision_id: make_decision_id()?,
            reason_code,
            reason_user,
            evidence: shown,
            policies: asked.iter().map(Asked::answer).collect(),
            core_digest: service.core_digest.clone(),
            obligations: obligations.into_iter().map(obligation).collect(),
        },
    };
    let input = service.log.keeps_input().then(|| Box::new(json::Request::from(&request)));
    let lines = asked.iter().map(|one| one.line(input.is_some()));
    // A shadow is written down beside the decision that it would have changed, and is in no answer.
    let beside = shadows.iter().map(|one| one.line(input.is_some()).compared(one.permits() == combined.permits()));
    let lines = lines.chain(beside).collect();
    record(service, audience, now, &answer, input, lines)?;
    Ok(answer)
}

fn find_login(
    service: &Service,
    audience: &Audience,
    now: u64,
    handle: Option<&str>,
    subject: &Entity,
) -> Result<Result<types::Login, NoLogin>, Refusal> {
    let Some(text) = handle else { return Ok(Err(NoLogin::Missing)) };
    let Ok(handle) = Handle::parse(text) else { return Ok(Err(NoLogin::Unknown)) };
    let text = match service.store.login(now, &audience.config.id, &handle)? {
        FoundLogin::Live(text) => text,
        FoundLogin::Expired => return Ok(Err(NoLogin::Expired)),
        FoundLogin::Unknown => return Ok(Err(NoLogin::Unknown)),
    };
    let login: types::Login = serde_json::from_str(&text).map_err(|_| StoreError)?;
    let identity = &login.identity;
    let is_same = subject.kind == "user"
        && (subject.id == identity.subject
            || identity.national_id.as_ref().is_some_and(|national_id| *national_id == subject.id));
    Ok(if is_same { Ok(login) } else { Err(NoLogin::SubjectMismatch) })
}

fn refuse_without_login(service: &Service, audience: &Audience, now: u64, reason: &NoLogin) -> Result<Answer, Refusal> {
    let answer = Answer {
        decision: false,
        context: Context {
            decision_id: make_decision_id()?,
            reason_code: reason.code().to_owned(),
            reason_user: texts_for(Reason::LogInAgain),
            evidence: Vec::new(),
            policies: Vec::new(),
            core_digest: service.core_digest.clone(),
            obligations: Vec::new(),
        },
    };
    record(service, audience, now, &answer, None, Vec::new())?;
    Ok(answer)
}

fn record(
    service: &Service,
    audience: &Audience,
    now: u64,
    answer: &Answer,
    input: Option<Box<json::Request>>,
    policies: Vec<PolicyLine<'_>>,
) -> Result<(), Refusal> {
    service.log.write(&Event::Decision(DecisionLine {
        timestamp: now,
        decision_id: &answer.context.decision_id,
        audience: &audience.config.id,
        core_digest: &service.core_digest,
        result: answer.decision,
        reason_code: &answer.context.reason_code,
        input,
        policies,
    }))?;
    Ok(())
}

fn request(audience: &Audience, now: u64, question: Question, login: types::Login) -> types::Request {
    let text = |properties: Option<Map<String, Value>>| properties.map(|map| Value::Object(map).to_string());
    let entity =
        |entity: Entity| types::Entity { kind: entity.kind, id: entity.id, properties: text(entity.properties) };
    let mut context = question.context;
    for member in HOST_MEMBERS {
        context.remove(member);
    }
    types::Request {
        now,
        audience: audience.config.id.clone(),
        login: Some(login),
        subject: entity(question.subject),
        action: question.action.name,
        action_properties: text(question.action.properties),
        target: entity(question.resource),
        context: (!context.is_empty()).then(|| Value::Object(context).to_string()),
    }
}

/// A policy and what became of it.
struct Asked<'a> {
    policy: &'a LoadedPolicy,
    evaluation: Evaluation,
    duration_us: u64,
}

impl<'a> Asked<'a> {
    fn ask(policy: &'a LoadedPolicy, request: &types::Request) -> Self {
        let begun = Instant::now();
        let evaluation = policy.evaluate(request);
        let duration_us = begun.elapsed().as_micros().try_into().unwrap_or(u64::MAX);
        Self { policy, evaluation, duration_us }
    }

    fn opinion(&self) -> PolicyOpinion {
        let verdict = match &self.evaluation.answer {
            Ok(outcome) => match outcome.effect {
                types::Effect::Permit => PolicyVerdict::Permit,
                types::Effect::Deny => PolicyVerdict::Deny,
                types::Effect::Abstain => PolicyVerdict::Abstain,
            },
            Err(Failure::Timeout) => PolicyVerdict::Failed(PolicyFailure::Timeout),
            Err(Failure::BadOutput | Failure::Reason | Failure::OutcomeSize) => {
                PolicyVerdict::Failed(PolicyFailure::BadOutput)
            }
            Err(
                Failure::Memory | Failure::Table | Failure::Stack | Failure::Hostcall | Failure::Trap | Failure::Busy,
            ) => PolicyVerdict::Failed(PolicyFailure::Trap),
            Err(Failure::Missing) => PolicyVerdict::Failed(PolicyFailure::Missing),
            Err(Failure::Quarantined) => PolicyVerdict::Failed(PolicyFailure::Quarantined),
        };
        let required = if self.policy.role == PolicyRole::Required { Required::Yes } else { Required::No };
        PolicyOpinion { id: self.policy.id.clone(), required, verdict }
    }

    fn effect(&self) -> &'static str {
        match &self.evaluation.answer {
            Ok(outcome) => match outcome.effect {
                types::Effect::Permit => "permit",
                types::Effect::Deny => "deny",
                types::Effect::Abstain => "abstain",
            },
            Err(_) => "failed",
        }
    }

    fn permits(&self) -> bool {
        matches!(&self.evaluation.answer, Ok(outcome) if outcome.effect == types::Effect::Permit)
    }

    fn reason_code(&self) -> &str {
        match &self.evaluation.answer {
            Ok(outcome) => &outcome.reason_code,
            Err(failure) => failure.code(),
        }
    }

    fn obligations(&self) -> &[types::Obligation] {
        self.evaluation.answer.as_ref().map_or(&[], |outcome| outcome.obligations.as_slice())
    }

    fn answer(&self) -> PolicyAnswer {
        PolicyAnswer {
            id: self.policy.id.clone(),
            digest: self.policy.digest.clone(),
            effect: self.effect(),
            reason_code: self.reason_code().to_owned(),
        }
    }

    /// What a replay compares is only written beside the question.
    fn line(&self, replayable: bool) -> PolicyLine<'_> {
        let log: &GuestLog = &self.evaluation.log;
        let outcome = self.evaluation.answer.as_ref().ok().filter(|_| replayable);
        PolicyLine {
            id: &self.policy.id,
            role: self.policy.role.name(),
            agrees: None,
            digest: &self.policy.digest,
            settings_digest: &self.policy.settings_digest,
            outcome_digest: outcome.map(|outcome| json::digest(outcome).to_string()),
            effect: self.effect(),
            reason_code: self.reason_code(),
            reason_admin: self.evaluation.answer.as_ref().ok().and_then(|outcome| outcome.reason_admin.as_deref()),
            duration_us: self.duration_us,
            log: texts(log),
            log_dropped: log.dropped,
        }
    }
}

/// The code and sentences of the answer: those of the policy that decided, or the host's where it was not a policy's word.
fn reasons(decision: &Decision, asked: &[Asked<'_>]) -> (String, BTreeMap<String, String>) {
    let spoken = match decision {
        Decision::Permit => asked.iter().find(|one| one.effect() == "permit"),
        Decision::Deny(DenyReason::Denied { policy } | DenyReason::Abstained { policy }) => {
            asked.iter().find(|one| one.policy.id == *policy)
        }
        Decision::Deny(_) => None,
    };
    if let Some(outcome) = spoken.and_then(|one| one.evaluation.answer.as_ref().ok()) {
        let texts = outcome.reason_user.iter().map(|text| (text.language.clone(), text.message.clone())).collect();
        return (outcome.reason_code.clone(), texts);
    }
    match decision {
        Decision::Permit => ("POL-PERMITTED".into(), BTreeMap::new()),
        Decision::Deny(reason) => {
            let failed = reason.policy().and_then(|policy| asked.iter().find(|one| one.policy.id == policy));
            let code = failed.map_or(reason.code(), Asked::reason_code);
            (code.to_owned(), texts_for(Reason::NotDecidable))
        }
    }
}

/// Sentences of the host itself.
#[derive(Clone, Copy)]
enum Reason {
    LogInAgain,
    NotDecidable,
    Refused,
}

fn texts_for(reason: Reason) -> BTreeMap<String, String> {
    let (fr, en) = match reason {
        Reason::LogInAgain => (
            "Votre session Pro Santé Connect n'est plus valable ici. Reconnectez-vous.",
            "Your Pro Santé Connect session is no longer valid here. Log in again.",
        ),
        Reason::NotDecidable => (
            "L'accès n'a pas pu être vérifié. Réessayez, puis contactez le support du service.",
            "Access could not be checked. Try again, then contact the support of this service.",
        ),
        Reason::Refused => (
            "Le service n'a pas pu remplir une condition de l'accès. Contactez son support.",
            "The service could not meet a condition of the access. Contact its support.",
        ),
    };
    BTreeMap::from([("fr".to_owned(), fr.to_owned()), ("en".to_owned(), en.to_owned())])
}

fn obligation(obligation: &types::Obligation) -> Obligation {
    Obligation {
        id: obligation.id.clone(),
        kind: obligation.kind.clone(),
        properties: serde_json::from_str(&obligation.properties).unwrap_or_else(|_| Value::Object(Map::new())),
    }
}

/// 128 random bits: names an answer and its log line, and nothing else.
fn make_decision_id() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Refusal::Records)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
