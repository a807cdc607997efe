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

use crate::check::{Item, Record, Shape};

/// Every name that an expression may begin with.
pub(crate) const NAMES: [(&str, Shape); 5] = [
    ("login", Shape::Record(&LOGIN)),
    ("request", Shape::Record(&REQUEST)),
    ("eidas1", Shape::Number),
    ("eidas2", Shape::Number),
    ("eidas3", Shape::Number),
];

// What `context` below makes; a test compares the two.

static LOGIN: Record = Record {
    name: "the login",
    members: &[
        ("level", Shape::Number),
        ("auth_mode", Shape::Text),
        ("auth_time", Shape::Number),
        ("verified_at", Shape::Number),
        ("userinfo", Shape::Text),
        ("issuer", Shape::Text),
        ("subject", Shape::Text),
        ("national_id", Shape::Text),
        ("rpps", Shape::Text),
        ("identifiers", Shape::List(Item::Record(&IDENTIFIER))),
        ("practices", Shape::List(Item::Record(&PRACTICE))),
        ("all_practices", Shape::List(Item::Record(&PRACTICE))),
        ("evidence", Shape::Texts),
    ],
};

static IDENTIFIER: Record =
    Record { name: "an identifier", members: &[("origin", Shape::Text), ("value", Shape::Text)] };

static PRACTICE: Record = Record {
    name: "a practice",
    members: &[
        ("profession", Shape::Text),
        ("category", Shape::Text),
        ("speciality", Shape::Text),
        ("role", Shape::Text),
        ("sector", Shape::Text),
        ("mode", Shape::Text),
        ("structure", Shape::Text),
        ("finess", Shape::Text),
        ("siret", Shape::Text),
    ],
};

static REQUEST: Record = Record {
    name: "the request",
    members: &[
        ("now", Shape::Number),
        ("audience", Shape::Text),
        ("subject", Shape::Record(&ENTITY)),
        ("action", Shape::Record(&ACTION)),
        ("resource", Shape::Record(&ENTITY)),
        ("context", Shape::Any),
    ],
};

static ACTION: Record = Record { name: "the action", members: &[("name", Shape::Text), ("properties", Shape::Any)] };

static ENTITY: Record = Record {
    name: "subject or resource",
    members: &[("type", Shape::Text), ("id", Shape::Text), ("properties", Shape::Any)],
};

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

#[cfg(test)]
mod tests {
    use vigie_policy::{Case, Evidence};

    use super::*;

    #[track_caller]
    fn compare(value: &Value, shape: Shape, place: &str) {
        match (value, shape) {
            (Value::Int(_), Shape::Number) | (Value::String(_), Shape::Text) | (Value::Map(_), Shape::Any) => {}
            (Value::Map(Map { map }), Shape::Texts) => {
                assert!(!map.is_empty() && map.values().all(|value| matches!(value, Value::String(_))), "{place}");
            }
            (Value::List(items), Shape::List(item)) => {
                assert!(!items.is_empty(), "{place} is compared");
                items.iter().for_each(|one| compare(one, item.into(), place));
            }
            (Value::Map(Map { map }), Shape::Record(record)) => {
                assert_eq!(map.len(), record.members.len(), "{place}");
                for (name, shape) in record.members {
                    let key = Key::String(Arc::new(String::from(*name)));
                    let value = map.get(&key).unwrap_or_else(|| panic!("{place} has no {name}"));
                    compare(value, *shape, name);
                }
            }
            _ => panic!("{place} is {value:?} and not {shape:?}"),
        }
    }

    #[test]
    fn what_a_rule_is_checked_by_is_what_it_sees() {
        let case = Case::new().practice(Practice::default()).login(|login| {
            let check = String::from("signature");
            login.evidence.push(Evidence { check, outcome: CheckOutcome::Passed, detail: None });
        });
        let asked = case.request();
        for (name, shape) in NAMES {
            let value = match name {
                "login" => self::login(asked.login.as_ref().unwrap()),
                "request" => self::request(asked),
                _ => Value::Int(number(Some(Level::Eidas1))),
            };
            compare(&value, shape, name);
        }
    }
}
