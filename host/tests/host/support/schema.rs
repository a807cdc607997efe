//! JSON Schema, as much of it as `host/openapi.json` uses; a keyword that is not known here fails the test instead of holding everything.
//!
//! The crates that know all of it bring thirty others, and change how wasmtime itself is compiled.

use serde_json::{Map, Value};

/// Words that say something to readers and nothing about values.
const SAYINGS: [&str; 5] = ["description", "examples", "default", "format", "$ref"];

/// The first place where a value is not as a schema says; `root` is where references lead.
pub fn problem(root: &Value, schema: &Value, value: &Value, place: &str) -> Option<String> {
    let schema = schema.as_object().unwrap_or_else(|| panic!("{place}: {schema} is no schema"));
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return problem(root, target, value, place);
    }
    schema.iter().find_map(|(keyword, says)| check(root, schema, keyword, says, value, place))
}

fn check(
    root: &Value,
    schema: &Map<String, Value>,
    keyword: &str,
    says: &Value,
    value: &Value,
    place: &str,
) -> Option<String> {
    let fits = |schema: &&Value| problem(root, schema, value, place).is_none();
    let list = || says.as_array().unwrap_or_else(|| panic!("{place}: {keyword} is a list"));
    let right = match keyword {
        "type" => match says {
            Value::Array(types) => types.iter().any(|one| is(one, value)),
            one => is(one, value),
        },
        "const" => says == value,
        "enum" => list().contains(value),
        "minimum" => value.as_f64().is_none_or(|number| number >= says.as_f64().unwrap()),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= says.as_u64().unwrap()),
        "required" => {
            let absent = |name: &&Value| value.as_object().is_some_and(|map| !map.contains_key(name.as_str().unwrap()));
            match list().iter().find(absent) {
                Some(name) => return Some(format!("{place}: {name} is missing")),
                None => true,
            }
        }
        "properties" => {
            let below =
                |(name, schema): (&String, &Value)| problem(root, schema, value.get(name)?, &format!("{place}/{name}"));
            return says.as_object().unwrap().iter().find_map(below);
        }
        "additionalProperties" => {
            let known = schema.get("properties").and_then(Value::as_object);
            let others = value.as_object().into_iter().flatten();
            let mut others = others.filter(|(name, _)| known.is_none_or(|known| !known.contains_key(*name)));
            return match says {
                Value::Bool(false) => others.next().map(|(name, _)| format!("{place}: {name} is not known")),
                schema => others.find_map(|(name, value)| problem(root, schema, value, &format!("{place}/{name}"))),
            };
        }
        "items" => {
            let items = value.as_array().into_iter().flatten().enumerate();
            return items.into_iter().find_map(|(at, item)| problem(root, says, item, &format!("{place}/{at}")));
        }
        "anyOf" => list().iter().any(|schema| fits(&schema)),
        "oneOf" => list().iter().filter(fits).count() == 1,
        known if SAYINGS.contains(&known) => true,
        other => panic!("{place}: the keyword {other} is not known here"),
    };
    (!right).then(|| format!("{place}: {keyword} is {says}, the value is {value}"))
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known here"),
    }
}
