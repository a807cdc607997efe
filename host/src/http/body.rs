//! A body, read within a size and a time, and refused without repeating it.
//!
//! serde's messages may quote what was sent, and what is sent here are tokens and identifiers; so a refusal says where, and
//! which member is missing, and no more.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::refusal::Refusal;
use super::server::{Connection, Times};
use crate::service::Service;

/// A parsed JSON body.
pub struct Body<T>(pub T);

/// The fields of a form, in order.
pub struct Form(pub Vec<(String, String)>);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Refusal> {
        let bytes = read(request, service, "application/json").await?;
        let Object(body) = serde_json::from_slice(&bytes).map_err(|error| Refusal::Body(explain(&error)))?;
        Ok(Self(body))
    }
}

/// A JSON object, and nothing but one. A derived `Deserialize` takes an array for a struct as well, its members by their order: a
/// question that no document describes, and that a filter in front of this host would not recognise.
#[derive(Clone, Default)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }

        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

impl FromRequest<Arc<Service>> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Refusal> {
        let bytes = read(request, service, "application/x-www-form-urlencoded").await?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

async fn read(request: Request, service: &Service, wanted: &'static str) -> Result<Bytes, Refusal> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = declared.split(';').next().unwrap_or("").trim();
    if !media_type.eq_ignore_ascii_case(wanted) {
        return Err(Refusal::ContentType(wanted));
    }
    let most = service.request_bytes;
    let patience = request.extensions().get::<Connection>().map_or_else(|| Times::default().body, |about| about.body);
    let reading = axum::body::to_bytes(request.into_body(), most);
    tokio::time::timeout(patience, reading).await.map_err(|_| Refusal::Slow)?.map_err(|error| {
        if is_length_limit(&error) { Refusal::TooLarge(most) } else { Refusal::Body("it broke off".into()) }
    })
}

fn is_length_limit(error: &axum::Error) -> bool {
    use std::error::Error as _;
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What is wrong with JSON, without a word of it.
pub(super) fn explain(error: &serde_json::Error) -> String {
    // A value that was parsed before has no lines.
    let place = match error.line() {
        0 => "in one of the evaluations".to_owned(),
        line => format!("line {line}, column {}", error.column()),
    };
    match error.classify() {
        Category::Eof => "it ends too early".into(),
        Category::Io => "it broke off".into(),
        Category::Syntax => format!("it is not JSON ({place})"),
        Category::Data => {
            let text = error.to_string();
            // The name of a missing member comes from our own code, not from the caller.
            match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
                Some((member, _)) => format!("the member {member} is missing"),
                None if text.starts_with("unknown field") => format!("it has a member that is not known ({place})"),
                None if text.starts_with("duplicate field") => format!("a member is there twice ({place})"),
                None => format!("a member has the wrong type ({place})"),
            }
        }
    }
}
