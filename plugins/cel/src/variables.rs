//! What a rule sees. The names are those of the contract; a code that the directory left empty is the empty text, so that a
//! rule compares with what it wants and never fails on what is missing.
//!
//! `level` and the constants are numbers because levels are ordered: `login.level >= eidas2`. A login without a level has 0.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Value};
use vigie_policy::json::Json;
use vigie_policy::{AuthMode, CheckOutcome, Entity, Level, Login, Practice, Request, UserinfoSource};

/// Every name that an expression may begin with.
pub(crate) const NAMES: [&str; 5] = ["login", "request", "eidas1", "eidas2", "eidas3"];

/// The variables of one question.
pub(crate) fn context<'p, 'v>(login: &Login, request: &Request) -> Context<'p, 'v> {
    let mut context = Context::default();
    context.add_variable_from_value("login", self::login(login));
    context.add_variable_from_value("request", self::request(request));
    for (name, level) in [("eidas1", Level::Eidas1), ("eidas2", Level::Eidas2), ("eidas3", Level::Eidas3)] {
        context.add_variable_from_value(name, Value::Int(number(Some(level))));
    }
    context
}

fn number(level: Option<Level>) -> i64 {
    match level {
        None => 0,
        Some(Level::Eidas1) => 1,
        Some(Level::Eidas2) => 2,
        Some(Level::Eidas3) => 3,
    }
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(String::from(text)))
}

fn code(code: Option<&String>) -> Value {
    text(code.map_or("", String::as_str))
}

fn seconds(seconds: u64) -> Value {
    Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn list(items: impl Iterator<Item = Value>) -> Value {
    Value::List(Arc::new(items.collect()))
}

fn map<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let members = members.into_iter().map(|(name, value)| (Key::String(Arc::new(String::from(name))), value));
    Value::Map(Map { map: Arc::new(members.collect::<HashMap<Key, Value>>()) })
}

fn login(login: &Login) -> Value {
    let identity = &login.identity;
    let auth_mode = match login.auth_mode {
        AuthMode::Mobile => "mobile",
        AuthMode::Card => "card",
        AuthMode::IdentityBroker => "identity-broker",
        AuthMode::Webauthn => "webauthn",
        AuthMode::Unknown => "unknown",
    };
    let userinfo = match login.userinfo {
        UserinfoSource::None => "none",
        UserinfoSource::Fetched => "fetched",
        UserinfoSource::Relayed => "relayed",
    };
    let evidence = login.evidence.iter().map(|evidence| {
        let outcome = match evidence.outcome {
            CheckOutcome::Passed => "passed",
            CheckOutcome::Absent => "absent",
            CheckOutcome::Noted => "noted",
        };
        (evidence.check.as_str(), text(outcome))
    });
    map([
        ("level", Value::Int(number(login.level))),
        ("auth_mode", text(auth_mode)),
        // A login that does not say when it was made is as old as can be.
        ("auth_time", seconds(login.auth_time.unwrap_or(0))),
        ("verified_at", seconds(login.verified_at)),
        ("userinfo", text(userinfo)),
        ("issuer", text(&identity.issuer)),
        ("subject", text(&identity.subject)),
        ("national_id", code(identity.national_id.as_ref())),
        ("rpps", code(identity.rpps.as_ref())),
        (
            "identifiers",
            list(
                identity
                    .identifiers
                    .iter()
                    .map(|one| map([("origin", text(&one.origin)), ("value", text(&one.value))])),
            ),
        ),
        // Those that count for this question: the one that the person acts in, or all.
        ("practices", list(identity.acting_practices().map(practice))),
        ("all_practices", list(identity.practices.iter().map(practice))),
        ("evidence", map(evidence)),
    ])
}

fn practice(practice: &Practice) -> Value {
    let structure = practice.structure.as_ref();
    map([
        ("profession", code(practice.profession.as_ref())),
        ("category", code(practice.category.as_ref())),
        ("speciality", code(practice.speciality.as_ref())),
        ("role", code(practice.role.as_ref())),
        ("sector", code(practice.sector.as_ref())),
        ("mode", code(practice.mode.as_ref())),
        ("structure", code(structure.and_then(|structure| structure.id.as_ref()))),
        ("finess", code(structure.and_then(|structure| structure.finess.as_ref()))),
        ("siret", code(structure.and_then(|structure| structure.siret.as_ref()))),
    ])
}

fn request(request: &Request) -> Value {
    let action = map([("name", text(&request.action)), ("properties", object(request.action_properties.as_deref()))]);
    map([
        ("now", seconds(request.now)),
        ("audience", text(&request.audience)),
        ("subject", entity(&request.subject)),
        ("action", action),
        ("resource", entity(&request.target)),
        ("context", object(request.context.as_deref())),
    ])
}

fn entity(entity: &Entity) -> Value {
    map([("type", text(&entity.kind)), ("id", text(&entity.id)), ("properties", object(entity.properties.as_deref()))])
}

/// The host hands on what it has parsed itself, so text that is no JSON cannot come; it would read like `{}`.
fn object(json: Option<&str>) -> Value {
    json.and_then(Json::parse).map_or_else(|| map([]), |json| value(&json))
}

fn value(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.parse() {
            Ok(whole) => Value::Int(whole),
            Err(_) => Value::Float(number.parse().unwrap_or(f64::NAN)),
        },
        Json::Text(value) => text(value),
        Json::List(items) => list(items.iter().map(value)),
        Json::Object(members) => map(members.iter().map(|(name, member)| (name.as_str(), value(member)))),
    }
}
