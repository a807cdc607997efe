//! One question, answered: what stands behind its subject, what each policy says, what that means together, and the line in the log.
//!
//! Every interface asks here, so that AuthZEN, a batch and a proxy get the same decision for the same question. What this module does
//! not know is how a question was written: that is [`super::evaluation`]'s and [`super::forward_auth`]'s business.
//!
//! An obligation attached to a permit binds the caller, so a caller that does not list its kind gets a refusal; attached to a
//! refusal it is advice, and only of the kinds that the caller lists (AuthZEN obligations profile).

mod asked;
mod masked;
mod quick;
mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use verifier_core::decision::{Decision, DenyReason, PolicyOpinion, combine};

use super::level_word;
use super::logins;
use super::refusal::Refusal;
use crate::config::PolicyRole;
use crate::engine::policy::types;
use crate::engine::{Patience, json};
use crate::log::pseudonym::asserted_realm;
use crate::log::{DecisionLine, Encoded, Event, PolicyLine, Pseudonym};
use crate::metrics::Stage;
use crate::service::{Audience, Service};
use asked::Asked;
use masked::Identifiers;
pub(crate) use quick::Detours;
use quick::Stop;
pub(super) use quick::{Case, ask};
pub(super) use standing::{Behind, Standing};
use standing::{NoLogin, Shown};

/// The kind of obligation that asks for another login, as the AuthZEN obligations profile names it.
pub(super) const STEP_UP: &str = "step-up";

/// Through which interface a question came: a label of metrics.
#[derive(Debug, Clone, Copy)]
pub(super) enum Endpoint {
    Evaluation,
    Evaluations,
    ForwardAuth,
}

impl Endpoint {
    fn word(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Evaluations => "evaluations",
            Self::ForwardAuth => "forward-auth",
        }
    }

    /// As the decision log names it.
    fn path(self) -> &'static str {
        match self {
            Self::Evaluation => "access/v1/evaluation",
            Self::Evaluations => "access/v1/evaluations",
            Self::ForwardAuth => "forward-auth",
        }
    }
}

/// A subject or a resource.
#[derive(Clone)]
pub(super) struct Entity {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) properties: Option<Map<String, Value>>,
}

/// A question in the form that policies are asked in, however it was written.
pub(super) struct Question {
    /// Absent when it is whoever the login is of.
    pub(super) subject: Option<Entity>,
    pub(super) action: String,
    pub(super) action_properties: Option<Map<String, Value>>,
    pub(super) resource: Entity,
    /// Without the members that are the host's.
    pub(super) context: Map<String, Value>,
    /// Kinds of obligation that the caller carries out.
    pub(super) supported: Vec<String>,
}

/// The answer, as AuthZEN 1.0 section 6.2 has it.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) decision: bool,
    pub(super) context: Context,
}

/// Why.
#[derive(Serialize)]
pub(super) struct Context {
    pub(super) decision_id: String,
    pub(super) reason_code: String,
    pub(super) reason_user: BTreeMap<String, String>,
    /// Why a batch ends with this answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    /// The decision could not be had otherwise than as a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
    evidence: Shown,
    policies: Vec<PolicyAnswer>,
    core_digest: String,
    pub(super) obligations: Vec<Obligation>,
}

/// An error of one evaluation (AuthZEN 1.0, section 7.2.1).
#[derive(Serialize)]
pub(super) struct Fault {
    pub(super) status: u16,
    pub(super) message: String,
}

#[derive(Serialize)]
struct PolicyAnswer {
    id: String,
    digest: String,
    effect: &'static str,
    reason_code: String,
}

/// Something that the caller must do, or may offer.
#[derive(Serialize)]
pub(super) struct Obligation {
    id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) properties: Value,
}

/// A decision that is not written down yet.
pub(super) struct Decided {
    answer: Answer,
    standing: Standing,
    line: Encoded,
}

/// The whole decision: subject, policies, combination, and the line for the log. With all patience it blocks and runs behind the gate.
fn decide(service: &Service, audience: &Audience, case: &Case, patience: Patience) -> Result<Decided, Stop> {
    let now = service.now();
    let standing = match &case.behind {
        Behind::Found(standing) => standing.clone(),
        Behind::Handle(handle) => {
            Standing::find(service, audience, handle.as_deref(), patience)?.ok_or(Stop::Elsewhere)?
        }
    };
    let question = &case.question;
    let login = match standing {
        Standing::Nothing(reason) => return Ok(without_login(service, audience, now, reason, case, standing)?),
        Standing::Login(ref login) if !question.is_about(login) => {
            return Ok(without_login(service, audience, now, NoLogin::SubjectMismatch, case, standing)?);
        }
        Standing::Login(login) => Some(login),
        Standing::Asserted => None,
    };
    // Whom an audience vouches for has a name of that audience's own.
    let person = match &login {
        Some(login) => logins::person(service, &login.identity),
        None => service.log.pseudonym(&asserted_realm(&audience.config.id), question.subject_id()),
    };
    let mut request = request(audience, now, question, login);
    let policies = service.policies_of(audience);
    let begun = Instant::now();
    let Some(asked) = Asked::ask_all(&policies, &request, patience) else {
        audience.detours.cut();
        return Err(Stop::Elsewhere);
    };
    if asked.iter().any(|one| one.policy.role != PolicyRole::Shadow && one.found_no_place()) {
        if patience == Patience::Brief {
            return Err(Stop::Elsewhere);
        }
        service.metrics.pool_exhausted();
        return Err(Refusal::Busy.into());
    }
    service.metrics.stage(Stage::Policy, begun.elapsed());
    asked.iter().for_each(|one| one.count(service, audience));
    let input = service.log.keeps_input().then(|| Box::new(json::Request::from(&request)));
    let standing = request.login.take().map_or(Standing::Asserted, |login| Standing::Login(Arc::new(login)));
    let (shadows, asked): (Vec<Asked<'_>>, Vec<Asked<'_>>) =
        asked.into_iter().partition(|one| one.policy.role == PolicyRole::Shadow);
    let combined = combine(&asked.iter().map(Asked::opinion).collect::<Vec<PolicyOpinion>>());
    let obligations: Vec<&types::Obligation> = asked.iter().flat_map(Asked::obligations).collect();
    let unsupported = combined.permits() && obligations.iter().any(|one| !question.supported.contains(&one.kind));
    let permits = combined.permits() && !unsupported;
    let (reason_code, reason_user) = if unsupported {
        ("HTTP-OBLIGATION".to_owned(), texts_for(Reason::Refused))
    } else {
        reasons(&combined, &asked)
    };
    let understood = |one: &&types::Obligation| question.supported.contains(&one.kind);
    let answer = Answer {
        decision: permits,
        context: Context {
            decision_id: make_decision_id()?,
            reason_code,
            reason_user,
            reason: None,
            error: fault(&combined),
            evidence: standing.clone().into(),
            policies: asked.iter().map(Asked::answer).collect(),
            core_digest: service.core_digest.clone(),
            obligations: obligations.into_iter().filter(understood).map(obligation).collect(),
        },
    };
    let login = if let Standing::Login(login) = &standing { Some(&**login) } else { None };
    // A line with the question has the person in it, and a replay compares what policies said word by word.
    let hidden = input.is_none().then(|| Identifiers::of(login, question.subject_id()));
    let lines = asked.iter().map(|one| one.line(hidden.as_ref()));
    // A shadow is written down beside the decision that it would have changed, and is in no answer.
    let beside = shadows.iter().map(|one| {
        let agrees = one.permits() == combined.permits();
        if !agrees {
            service.metrics.shadow_differs(&audience.config.id, &one.policy.id);
        }
        one.line(hidden.as_ref()).compared(agrees)
    });
    let policies = lines.chain(beside).collect();
    let line = line(service, audience, case.endpoint, now, &answer, About { person: Some(person), input, policies })?;
    Ok(Decided { answer, standing, line })
}

fn without_login(
    service: &Service,
    audience: &Audience,
    now: u64,
    reason: NoLogin,
    case: &Case,
    standing: Standing,
) -> Result<Decided, Refusal> {
    // Who may be sent to log in again is told how well; a subject that is somebody else is not helped by that.
    let supported = &case.question.supported;
    let step_up = !matches!(reason, NoLogin::SubjectMismatch) && supported.iter().any(|kind| kind == STEP_UP);
    let wanted = audience.config.login.as_ref().filter(|_| step_up).map(|rules| level_word(rules.min_acr));
    let obligations = wanted
        .map(|level| Obligation { id: "login".into(), kind: STEP_UP.into(), properties: json!({ "acr_value": level }) })
        .into_iter()
        .collect();
    let answer = Answer {
        decision: false,
        context: Context {
            decision_id: make_decision_id()?,
            reason_code: reason.code().to_owned(),
            reason_user: texts_for(Reason::LogInAgain),
            reason: None,
            error: None,
            evidence: Standing::Nothing(reason).into(),
            policies: Vec::new(),
            core_digest: service.core_digest.clone(),
            obligations,
        },
    };
    let line = line(service, audience, case.endpoint, now, &answer, About::default())?;
    Ok(Decided { answer, standing, line })
}

/// What the line of a decision holds beside the answer; nothing of it when nobody was found.
#[derive(Default)]
struct About<'a> {
    person: Option<Pseudonym>,
    input: Option<Box<json::Request>>,
    policies: Vec<PolicyLine<'a>>,
}

fn line(
    service: &Service,
    audience: &Audience,
    endpoint: Endpoint,
    now: u64,
    answer: &Answer,
    about: About<'_>,
) -> Result<Encoded, Refusal> {
    let line = service.log.encode(&Event::Decision(DecisionLine {
        timestamp: now,
        decision_id: &answer.context.decision_id,
        path: endpoint.path(),
        audience: &audience.config.id,
        subject: audience.config.subject(),
        core_digest: &service.core_digest,
        person: about.person,
        result: answer.decision,
        reason_code: &answer.context.reason_code,
        input: about.input,
        policies: about.policies,
    }))?;
    Ok(line)
}

impl Question {
    /// The subject's id, where the question names one.
    fn subject_id(&self) -> &str {
        self.subject.as_ref().map_or("", |subject| &subject.id)
    }

    /// True when its subject is the person of the login, named by the provider's `sub` or by the national id, or not named at all.
    fn is_about(&self, login: &types::Login) -> bool {
        let identity = &login.identity;
        self.subject.as_ref().is_none_or(|subject| {
            let by_national_id = identity.national_id.as_ref() == Some(&subject.id);
            subject.kind == "user" && (subject.id == identity.subject || by_national_id)
        })
    }
}

fn request(audience: &Audience, now: u64, question: &Question, login: Option<Arc<types::Login>>) -> types::Request {
    let text = |map: &Map<String, Value>| serde_json::to_string(map).ok();
    let entity = |entity: &Entity| types::Entity {
        kind: entity.kind.clone(),
        id: entity.id.clone(),
        properties: entity.properties.as_ref().and_then(text),
    };
    let of_login = || types::Entity {
        kind: "user".into(),
        id: login.as_ref().map(|login| login.identity.subject.clone()).unwrap_or_default(),
        properties: None,
    };
    types::Request {
        now,
        audience: audience.config.id.clone(),
        subject: question.subject.as_ref().map_or_else(of_login, entity),
        action: question.action.clone(),
        action_properties: question.action_properties.as_ref().and_then(text),
        target: entity(&question.resource),
        context: if question.context.is_empty() { None } else { text(&question.context) },
        // Copied only where another question of the same call is about it, too.
        login: login.map(Arc::unwrap_or_clone),
    }
}

/// A policy that gave no answer is the operator's trouble, not the person's, and the answer says so.
fn fault(decision: &Decision) -> Option<Fault> {
    let Decision::Deny(reason) = decision else { return None };
    let by_itself = matches!(reason, DenyReason::Denied { .. } | DenyReason::Abstained { .. });
    (!by_itself).then(|| Fault { status: 500, message: "a policy gave no answer".into() })
}

/// The code and sentences of the answer: those of the policy that decided, or the host's where it was not a policy's word.
fn reasons(decision: &Decision, asked: &[Asked<'_>]) -> (String, BTreeMap<String, String>) {
    let spoken = match decision {
        Decision::Permit => asked.iter().find(|one| one.permits()),
        Decision::Deny(DenyReason::Denied { policy } | DenyReason::Abstained { policy }) => {
            asked.iter().find(|one| one.policy.id == *policy)
        }
        Decision::Deny(_) => None,
    };
    if let Some(outcome) = spoken.and_then(Asked::outcome) {
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
