//! A request object: the parameters of an authorization request inside a JWT (`request`).
//!
//! OpenID Connect Core 6.1: what stands inside takes the place of what stands beside it; `client_id` and `response_type`
//! beside it must agree. Signed with HS256 and the client's secret, or not signed at all (`none`), which the standard allows
//! because the parameters could as well stand in the open.
//!
//! Not offered: asymmetric signatures, since no service registers a key here, and encryption.

use aws_lc_rs::hmac;
use serde_json::{Map, Value};

use super::Rules;
use crate::clients::Client;
use crate::encoding::from_base64url;
use crate::params::Params;

/// Algorithms that are read, as discovery announces them.
pub(crate) const ALGORITHMS: [&str; 2] = ["HS256", "none"];

/// Why a request object is not read. The answer is `invalid_request_object` for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadObjectError {
    /// Not three parts of base64url with JSON objects.
    #[error("request is not a JWT whose claims are an object")]
    Form,
    /// Another algorithm.
    #[error("request must be signed with HS256 and the client's secret, or with alg none")]
    Algorithm,
    /// The signature is somebody else's.
    #[error("the signature of request does not verify")]
    Signature,
    /// A member that names another client, provider or response type.
    #[error("{0} of request does not agree with this request")]
    Disagrees(&'static str),
    /// Past `exp`, or before `nbf`.
    #[error("request is too old, or not valid yet")]
    Time,
    /// RFC 9101 §4: no request objects inside request objects.
    #[error("request must not contain request or request_uri")]
    Nested,
    /// A parameter that is neither text, number nor truth value.
    #[error("a parameter inside request is neither text nor a number")]
    Value,
}

/// Claims about the object itself; they are no parameters.
const ABOUT_ITSELF: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters of a request with those of its object in their place.
pub(crate) fn read(
    object: &str,
    beside: &Params,
    client: &Client,
    rules: Rules<'_>,
) -> Result<Params, ReadObjectError> {
    let [header, claims, signature] =
        <[&str; 3]>::try_from(object.split('.').collect::<Vec<_>>()).map_err(|_| ReadObjectError::Form)?;
    let parsed = |part: &str| -> Result<Map<String, Value>, ReadObjectError> {
        let bytes = from_base64url(part).ok_or(ReadObjectError::Form)?;
        serde_json::from_slice(&bytes).map_err(|_| ReadObjectError::Form)
    };
    match parsed(header)?.get("alg").and_then(Value::as_str) {
        Some("none") if signature.is_empty() => {}
        Some("HS256") => {
            let signature = from_base64url(signature).ok_or(ReadObjectError::Form)?;
            let message = format!("{header}.{claims}");
            let key = hmac::Key::new(hmac::HMAC_SHA256, client.secret().as_bytes());
            hmac::verify(&key, message.as_bytes(), &signature).map_err(|_| ReadObjectError::Signature)?;
        }
        _ => return Err(ReadObjectError::Algorithm),
    }
    let claims = parsed(claims)?;
    check(&claims, beside, client, rules)?;
    let inside = claims.iter().filter(|(name, _)| !ABOUT_ITSELF.contains(&name.as_str())).map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return Err(ReadObjectError::Value),
        };
        Ok((name.clone(), text))
    });
    Ok(beside.overlaid(&["request"], inside.collect::<Result<_, _>>()?))
}

fn check(
    claims: &Map<String, Value>,
    beside: &Params,
    client: &Client,
    rules: Rules<'_>,
) -> Result<(), ReadObjectError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(ReadObjectError::Nested);
    }
    for name in ["client_id", "iss"] {
        if claims.contains_key(name) && text(name) != Some(client.id()) {
            return Err(ReadObjectError::Disagrees(name));
        }
    }
    let outside = beside.value("response_type");
    if outside.is_some() && claims.contains_key("response_type") && text("response_type") != outside {
        return Err(ReadObjectError::Disagrees("response_type"));
    }
    let for_us = match claims.get("aud") {
        None => true,
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(rules.issuer)),
        Some(one) => one.as_str() == Some(rules.issuer),
    };
    if !for_us {
        return Err(ReadObjectError::Disagrees("aud"));
    }
    let seconds = |name: &str| claims.get(name).map(|value| value.as_u64().ok_or(ReadObjectError::Time)).transpose();
    if seconds("exp")?.is_some_and(|end| rules.now_s >= end) || seconds("nbf")?.is_some_and(|start| rules.now_s < start)
    {
        return Err(ReadObjectError::Time);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clients::RedirectRule;
    use crate::encoding::base64url;
    use crate::provider::request::LevelsAsked;

    const BESIDE: &str = "client_id=c&response_type=code&scope=openid&state=outside";

    fn signed(header: Value, claims: &Value, secret: &str) -> String {
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        format!("{message}.{}", base64url(hmac::sign(&key, message.as_bytes()).as_ref()))
    }

    fn hs256(claims: Value) -> String {
        signed(json!({"alg": "HS256"}), &claims, "secret")
    }

    fn reading(object: &str) -> Result<Params, ReadObjectError> {
        let client = Client::new("c", "secret", "C", RedirectRule::AnyLoopback, RedirectRule::AnyLoopback);
        let beside = Params::parse(BESIDE.as_bytes()).unwrap();
        let rules = Rules { issuer: "https://issuer.example", now_s: 1_000, levels: LevelsAsked::Eidas1 };
        read(object, &beside, &client, rules)
    }

    #[test]
    fn what_stands_inside_wins() {
        let inside = json!({"client_id": "c", "iss": "c", "aud": ["https://issuer.example"], "exp": 1_001, "nbf": 1_000,
            "scope": "openid scope_all", "state": "inside", "max_age": 60});
        let params = reading(&hs256(inside)).ok().unwrap();
        assert_eq!(params.value("state"), Some("inside"));
        assert_eq!(params.value("scope"), Some("openid scope_all"));
        assert_eq!(params.value("max_age"), Some("60"));
        assert_eq!(params.value("response_type"), Some("code"));
        assert_eq!((params.value("aud"), params.value("request"), params.repeated()), (None, None, None));
        let unsigned = format!("{}.{}.", base64url(br#"{"alg":"none"}"#), base64url(br#"{"state":"inside"}"#));
        assert_eq!(reading(&unsigned).ok().unwrap().value("state"), Some("inside"));
    }

    #[test]
    fn everything_else_is_refused() {
        let refused = |object: &str, error: ReadObjectError| assert_eq!(reading(object).err(), Some(error), "{object}");
        refused("", ReadObjectError::Form);
        refused("a.b", ReadObjectError::Form);
        refused("a.b.c.d", ReadObjectError::Form);
        refused(&format!("{}.{}.", base64url(b"[]"), base64url(b"{}")), ReadObjectError::Form);
        refused(&signed(json!({"alg": "HS256"}), &json!({}), "other"), ReadObjectError::Signature);
        refused(&signed(json!({"alg": "RS256"}), &json!({}), "secret"), ReadObjectError::Algorithm);
        refused(&signed(json!({"alg": "none"}), &json!({}), "secret"), ReadObjectError::Algorithm);
        refused(&hs256(json!({"client_id": "d"})), ReadObjectError::Disagrees("client_id"));
        refused(&hs256(json!({"iss": 1})), ReadObjectError::Disagrees("iss"));
        refused(&hs256(json!({"aud": "https://other.example"})), ReadObjectError::Disagrees("aud"));
        refused(&hs256(json!({"response_type": "token"})), ReadObjectError::Disagrees("response_type"));
        refused(&hs256(json!({"exp": 1_000})), ReadObjectError::Time);
        refused(&hs256(json!({"nbf": 1_001})), ReadObjectError::Time);
        refused(&hs256(json!({"exp": "soon"})), ReadObjectError::Time);
        refused(&hs256(json!({"request": "x"})), ReadObjectError::Nested);
        refused(&hs256(json!({"request_uri": "x"})), ReadObjectError::Nested);
        refused(&hs256(json!({"claims": {"id_token": {}}})), ReadObjectError::Value);
    }
}
