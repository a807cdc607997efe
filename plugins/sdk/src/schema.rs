//! The JSON Schema of a policy's settings beside the settings that it reads. Natively only.
//!
//! The schema is text that an author writes for operators and their editors; what is accepted is what
//! [`settings!`](crate::settings) declares. A test keeps the two together:
//!
//! ```no_run
//! # use vigie_policy::{Description, Login, Outcome, Policy, Request};
//! # pub struct NightWard;
//! # vigie_policy::settings! { pub struct Settings {} }
//! # impl Policy for NightWard {
//! #     const DESCRIPTION: Description = Description {
//! #         name: "", version: "", summary: "", settings_schema: "{}", reasons: &[], needs_login: true,
//! #     };
//! #     type Settings = Settings;
//! #     fn decide(_: &Settings, _: &Login, _: &Request) -> Outcome { Outcome::deny(vigie_policy::LOGIN_REQUIRED) }
//! # }
//! #[test]
//! fn the_schema_is_that_of_the_settings() {
//!     vigie_policy::schema::check::<NightWard>();
//! }
//! ```
//!
//! Names and what must be there are compared, at the top. What a member may hold is compared nowhere: a schema may say more than a
//! type, for example how many items a list has.

use std::collections::BTreeSet;

use crate::json::{Declared, Json};
use crate::policy::Policy;

/// Compares them.
///
/// # Panics
///
/// When the schema is no JSON object, allows another member than the policy reads, or demands another; the message says which.
#[track_caller]
pub fn check<P: Policy>()
where
    P::Settings: Declared,
{
    let wrong = problems::<P::Settings>(P::DESCRIPTION.settings_schema);
    assert!(wrong.is_empty(), "the schema of the settings of {}:\n{}", P::DESCRIPTION.name, wrong.join("\n"));
}

fn problems<S: Declared>(schema: &str) -> Vec<String> {
    let Some(schema @ Json::Object(_)) = Json::parse(schema).filter(|_| !schema.is_empty()) else {
        return vec!["it is no JSON object".into()];
    };
    let mut wrong = Vec::new();
    let text = |json: &Json<'_>| match json {
        Json::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    if schema.member("type").map(text).as_deref() != Some("object") {
        wrong.push(String::from("its type is not \"object\""));
    }
    if schema.member("additionalProperties") != Some(&Json::Bool(false)) {
        wrong.push(String::from(
            "it does not say \"additionalProperties\": false, and a policy refuses what it does not know",
        ));
    }
    let properties: BTreeSet<String> = match schema.member("properties") {
        Some(Json::Object(members)) => members.iter().map(|(name, _)| name.clone()).collect(),
        _ => BTreeSet::new(),
    };
    let required: BTreeSet<String> = match schema.member("required") {
        Some(Json::List(items)) => items.iter().map(text).collect(),
        _ => BTreeSet::new(),
    };
    let read: BTreeSet<String> = S::MEMBERS.iter().map(|member| member.name.to_owned()).collect();
    let demanded: BTreeSet<String> =
        S::MEMBERS.iter().filter(|member| (member.required)()).map(|member| member.name.to_owned()).collect();
    for (left, right, what) in [
        (&properties, &read, "is described and not read"),
        (&read, &properties, "is read and not described"),
        (&required, &demanded, "is required and may be left out"),
        (&demanded, &required, "must be there and is not required"),
    ] {
        wrong.extend(left.difference(right).map(|name| format!("{name} {what}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::settings! {
        #[expect(dead_code, reason = "only its names matter")]
        struct Settings {
            finess: String,
            names: Vec<String> = Vec::new(),
            oldest: Option<u64>,
        }
    }

    const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["finess"],"properties":{"finess":{},"names":{},"oldest":{}}}"#;

    #[track_caller]
    fn check(from: &str, to: &str, expected: &[&str]) {
        let schema = SCHEMA.replacen(from, to, 1);
        assert_eq!(problems::<Settings>(&schema), expected, "{schema}");
    }

    #[test]
    fn a_schema_that_says_something_else_is_told_where() {
        check("", "", &[]);
        check("\"names\":{}", "\"nmes\":{}", &["nmes is described and not read", "names is read and not described"]);
        check("\"required\":[\"finess\"],", "", &["finess must be there and is not required"]);
        check("[\"finess\"]", "[\"finess\",\"oldest\"]", &["oldest is required and may be left out"]);
        check(
            "false",
            "true",
            &["it does not say \"additionalProperties\": false, and a policy refuses what it does not know"],
        );
        check("\"object\"", "\"array\"", &["its type is not \"object\""]);
        check("}}}", "}}", &["it is no JSON object"]);
        assert_eq!(problems::<Settings>(""), ["it is no JSON object"]);
    }
}
