//! AuthZEN 1.0 access evaluation: is this login good enough for this action?
//!
//! A question that cannot be tied to a live login is answered with a refusal, not with an error: the decision is no. Unknown
//! members are ignored (section 5) and reach the policies only inside `properties` and `context`; the members of `context` that are
//! the host's, and whatever could be a token ([`tokens`]), do not.
//!
//! Many questions at once are in [`batch`].

pub mod batch;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::auth::Caller;
use super::body::{Body, Object};
use super::decide::{self, Answer, Behind, Case, Endpoint};
use super::refusal::Refusal;
use super::tokens;
use crate::service::Service;

/// The question, as AuthZEN 1.0 section 6.1 has it.
#[derive(Deserialize)]
pub struct Question {
    subject: Object<Entity>,
    action: Object<Action>,
    resource: Object<Entity>,
    #[serde(default)]
    context: Map<String, Value>,
}

#[derive(Deserialize, Clone)]
struct Entity {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize, Clone)]
struct Action {
    name: String,
    properties: Option<Map<String, Value>>,
}

/// Members of `context` that are the host's, or that are a raw token by their name. Policies see none of them.
const HOST_MEMBERS: [&str; 6] = ["login", "supported_obligations", "id_token", "access_token", "nonce", "userinfo"];

/// What the host itself reads from a `context`.
#[derive(Clone, Default)]
struct ForHost {
    login: Option<String>,
    supported: Option<Vec<String>>,
}

impl ForHost {
    /// Takes the host's members out of a `context`.
    fn take(context: &mut Map<String, Value>) -> Result<Self, Refusal> {
        let login = match context.remove("login") {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(Refusal::Body("context.login is not a string".into())),
        };
        let wrong = || Refusal::Body("context.supported_obligations is not a list of strings".into());
        let supported = match context.remove("supported_obligations") {
            None => None,
            Some(Value::Array(list)) => Some(
                list.into_iter()
                    .map(|one| if let Value::String(kind) = one { Ok(kind) } else { Err(wrong()) })
                    .collect::<Result<_, _>>()?,
            ),
            Some(_) => return Err(wrong()),
        };
        for member in HOST_MEMBERS {
            context.remove(member);
        }
        Ok(Self { login, supported })
    }
}

impl Question {
    /// The question in the form that policies are asked in, and the handle that it came with.
    fn read(mut self, defaults: &ForHost) -> Result<(decide::Question, Option<String>), Refusal> {
        let own = ForHost::take(&mut self.context)?;
        let Self { subject: Object(subject), action: Object(action), resource: Object(resource), context } = &mut self;
        let properties = [&mut subject.properties, &mut action.properties, &mut resource.properties];
        properties.into_iter().flatten().chain([context]).for_each(tokens::take_out);
        let entity = |Object(entity): Object<Entity>| decide::Entity {
            kind: entity.kind,
            id: entity.id,
            properties: entity.properties,
        };
        let question = decide::Question {
            subject: Some(entity(self.subject)),
            action: self.action.0.name,
            action_properties: self.action.0.properties,
            resource: entity(self.resource),
            context: self.context,
            supported: own.supported.or_else(|| defaults.supported.clone()).unwrap_or_default(),
        };
        Ok((question, own.login.or_else(|| defaults.login.clone())))
    }
}

/// `POST /access/v1/evaluation`.
///
/// # Errors
/// The call is refused. A refusal of the person is an answer.
pub async fn evaluate(
    State(service): State<Arc<Service>>,
    caller: Caller,
    Body(question): Body<Question>,
) -> Result<Response, Refusal> {
    let answer = one(&service, caller, Endpoint::Evaluation, question).await?;
    super::json(&answer)
}

async fn one(
    service: &Arc<Service>,
    caller: Caller,
    endpoint: Endpoint,
    question: Question,
) -> Result<Answer, Refusal> {
    let (question, handle) = question.read(&ForHost::default())?;
    let (answer, _) = decide::ask(service, Case { caller, endpoint, behind: Behind::Handle(handle), question }).await?;
    Ok(answer)
}
