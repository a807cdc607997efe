//! What could be a raw token is taken out of a question before policies or the decision log see it.
//!
//! Gateways put whatever they have into `context` and `properties`, and what they have is often the caller's token. Policies decide on the
//! verified login; a token would only let them, or whoever reads a full log, be that person elsewhere. A string is taken for a token when
//! some part of it has the form of a compact JWS or JWE (RFC 7515 section 3.1, RFC 7516 section 3.1: three or five parts in base64url, the
//! first of which decodes to a JSON object), or of a login handle of this host. Ids and names are left as they are: they say what is asked about.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::store::Handle;

/// Takes every member out whose name or text holds a token, at any depth. In a list `null` stands in its place, since its order may
/// mean something.
pub(super) fn take_out(members: &mut Map<String, Value>) {
    members.retain(|name, value| !holds_token(name) && !matches!(value, Value::String(text) if holds_token(text)));
    members.values_mut().for_each(take_out_below);
}

fn take_out_below(value: &mut Value) {
    match value {
        Value::Object(members) => take_out(members),
        Value::Array(items) => items.iter_mut().for_each(|item| match item {
            Value::String(text) if holds_token(text) => *item = Value::Null,
            _ => take_out_below(item),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Shorter than any of the two.
const SHORTEST: usize = 16;

fn holds_token(text: &str) -> bool {
    let is_of_one = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.len() >= SHORTEST && text.split(|c| !is_of_one(c)).any(|word| is_jose(word) || Handle::parse(word).is_ok())
}

fn is_jose(word: &str) -> bool {
    let Some((header, rest)) = word.split_once('.') else { return false };
    let is_object = |bytes: &[u8]| {
        bytes.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
    };
    matches!(rest.matches('.').count(), 1 | 3) && URL_SAFE_NO_PAD.decode(header).is_ok_and(|bytes| is_object(&bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JWS: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";

    #[test]
    fn what_has_the_form_of_a_token_is_taken_out_wherever_it_is() {
        let handle = format!("vigie_{}", URL_SAFE_NO_PAD.encode([7; 32]));
        let jwe = "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn";
        let spaced = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(" {\"alg\": \"none\"}"));
        let context = json!({
            "token": JWS, "encrypted": jwe, "spaced": spaced, "unsigned": "eyJhbGciOiJub25lIn0.e30.",
            "header": format!("Bearer {JWS}"), "cookie": format!("a=b; login={handle}; c=d"),
            "deep": { "list": ["kept", JWS, { "handle": handle.as_str(), "kept": 1 }, [handle.as_str()]] },
            JWS: "a name is as good as a text",
        });
        let Value::Object(mut members) = context else { panic!("an object") };
        take_out(&mut members);
        assert_eq!(Value::Object(members), json!({ "deep": { "list": ["kept", null, { "kept": 1 }, [null]] } }));
    }

    #[test]
    fn what_only_looks_alike_stays() {
        let context = json!({
            "version": "10.20.30-beta.1", "host": "www.hopital.example", "mail": "a.b@c.example.fr", "path": "/a/b.c.d",
            "number": "899700218896", "handle": "vigie_of_a_lighthouse_by_the_sea", "dots": "eyJ.eyJ.eyJ.eyJ.eyJ.eyJ",
            "half": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0", "list": [1, null, true, { "x": "1.2.3" }], "text": "é.è.à",
        });
        let Value::Object(mut members) = context.clone() else { panic!("an object") };
        take_out(&mut members);
        assert_eq!(Value::Object(members), context);
    }
}
