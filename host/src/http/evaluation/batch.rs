//! Many questions in one call: `POST /access/v1/evaluations` (AuthZEN 1.0, section 7).
//!
//! Members at the top are what an item does not say itself. Each login is looked up once, each item waits for its own place among the
//! instances, so that a large batch does not keep others waiting. An item that is not as asked, or that could not be decided, is a
//! refusal with `context.error`; the others are answered.
//!
//! One thing goes beyond the standard: `login` and `supported_obligations` of the top `context` hold for items that bring a `context`
//! of their own without them. A whole `context` would otherwise have to be repeated to add one member.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::auth::Caller;
use super::super::body::{self, Body, Object};
use super::super::decide::{self, Answer, Behind, Case, Endpoint, Fault, Standing};
use super::super::refusal::Refusal;
use super::{Action, Entity, ForHost, Question, one};
use crate::service::Service;

/// Each item costs an instance for each policy.
pub(in crate::http) const MOST_ITEMS: usize = 100;

/// The call.
#[derive(Deserialize)]
pub struct Batch {
    subject: Option<Object<Entity>>,
    action: Option<Object<Action>>,
    resource: Option<Object<Entity>>,
    context: Option<Map<String, Value>>,
    #[serde(default)]
    options: Object<Options>,
    evaluations: Option<Vec<Value>>,
}

#[derive(Deserialize, Default)]
struct Options {
    #[serde(default)]
    evaluations_semantic: Semantic,
}

/// When a batch stops.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Semantic {
    #[default]
    ExecuteAll,
    DenyOnFirstDeny,
    PermitOnFirstPermit,
}

/// A question of which some members may stand elsewhere.
#[derive(Deserialize, Clone)]
struct Item {
    subject: Option<Object<Entity>>,
    action: Option<Object<Action>>,
    resource: Option<Object<Entity>>,
    context: Option<Map<String, Value>>,
}

impl Item {
    fn complete(self, defaults: &Self) -> Result<Question, Refusal> {
        let missing = |member: &str| Refusal::Body(format!("the member {member} is missing"));
        Ok(Question {
            subject: self.subject.or_else(|| defaults.subject.clone()).ok_or_else(|| missing("subject"))?,
            action: self.action.or_else(|| defaults.action.clone()).ok_or_else(|| missing("action"))?,
            resource: self.resource.or_else(|| defaults.resource.clone()).ok_or_else(|| missing("resource"))?,
            context: self.context.or_else(|| defaults.context.clone()).unwrap_or_default(),
        })
    }
}

impl Semantic {
    /// The word by which the last answer says why it is the last.
    fn stops_at(self, decision: bool) -> Option<&'static str> {
        match self {
            Self::DenyOnFirstDeny if !decision => Some("deny_on_first_deny"),
            Self::PermitOnFirstPermit if decision => Some("permit_on_first_permit"),
            Self::ExecuteAll | Self::DenyOnFirstDeny | Self::PermitOnFirstPermit => None,
        }
    }
}

#[derive(Serialize)]
struct Answers {
    evaluations: Vec<OneAnswer>,
}

/// An answer, or the error in its place.
#[derive(Serialize)]
#[serde(untagged)]
enum OneAnswer {
    Decided(Box<Answer>),
    Failed { decision: bool, context: Failed },
}

#[derive(Serialize)]
struct Failed {
    reason_code: String,
    error: Fault,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `POST /access/v1/evaluations`.
///
/// # Errors
/// The call is refused as a whole.
pub async fn evaluate(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(batch): Body<Batch>,
) -> Result<Response, Refusal> {
    let mut defaults =
        Item { subject: batch.subject, action: batch.action, resource: batch.resource, context: batch.context };
    let items = batch.evaluations.unwrap_or_default();
    if items.is_empty() {
        // Section 7.1.1: as if it had been the one question.
        let question = Item { subject: None, action: None, resource: None, context: None }.complete(&defaults)?;
        let answer = one(&service, caller, Endpoint::Evaluations, question).await?;
        return super::super::json(&answer);
    }
    if items.len() > MOST_ITEMS {
        return Err(Refusal::TooMany { found: items.len(), most: MOST_ITEMS });
    }
    let for_host = defaults.context.as_mut().map(ForHost::take).transpose()?.unwrap_or_default();
    let mut known = BTreeMap::new();
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let asked = ask(&service, caller, &mut known, item, &defaults, &for_host).await;
        let decision = asked.as_ref().is_ok_and(|answer| answer.decision);
        let stop = batch.options.0.evaluations_semantic.stops_at(decision);
        answers.push(match asked {
            Ok(mut answer) => {
                answer.context.reason = stop;
                OneAnswer::Decided(Box::new(answer))
            }
            Err(refusal) => OneAnswer::Failed {
                decision: false,
                context: Failed {
                    reason_code: refusal.code().to_owned(),
                    error: Fault { status: refusal.status().as_u16(), message: refusal.to_string() },
                    reason: stop,
                },
            },
        });
        if stop.is_some() {
            break;
        }
    }
    super::super::json(&Answers { evaluations: answers })
}

/// One item. What stands behind a handle is looked up at its first use.
async fn ask(
    service: &Arc<Service>,
    caller: Caller,
    known: &mut BTreeMap<Option<String>, Standing>,
    item: Value,
    defaults: &Item,
    for_host: &ForHost,
) -> Result<Answer, Refusal> {
    let Object(item) =
        serde_json::from_value::<Object<Item>>(item).map_err(|error| Refusal::Body(body::explain(&error)))?;
    let (question, handle) = item.complete(defaults)?.read(for_host)?;
    let behind = known.remove(&handle).map_or_else(|| Behind::Handle(handle.clone()), Behind::Found);
    let (answer, standing) =
        decide::ask(service, Case { caller, endpoint: Endpoint::Evaluations, behind, question }).await?;
    known.insert(handle, standing);
    Ok(answer)
}
