//! `id`: one identifier.

use serde::Serialize;

use super::{Explained, Fields, LineError};
use crate::ids::infer::{Identifier, Kind as IdentifierKind};

#[derive(Serialize)]
pub(super) struct IdReport {
    ok: bool,
    kind: Option<&'static str>,
    key: &'static str,
    canonical: Option<String>,
    code: Option<&'static str>,
    #[serde(flatten)]
    explained: Option<Explained>,
}

pub(super) fn answer(line: &str) -> Result<IdReport, LineError> {
    let fields = Fields::parse(line, &["value", "kind"])?;
    let value = fields.text("value")?;
    let asked = match fields.optional_text("kind")? {
        None => None,
        Some(name) => Some(IdentifierKind::from_name(name).ok_or(LineError::Value("kind"))?),
    };
    let read = match asked {
        None => Identifier::infer(value),
        Some(kind) => Identifier::parse_as(kind, value),
    };
    Ok(match read {
        Ok(id) => IdReport {
            ok: true,
            kind: Some(id.kind().as_str()),
            key: id.key().as_str(),
            canonical: Some(id.canonical().to_owned()),
            code: None,
            explained: None,
        },
        Err(error) => IdReport {
            ok: false,
            kind: asked.map(IdentifierKind::as_str),
            key: "none",
            canonical: None,
            code: Some(error.code()),
            explained: Some(Explained { message: error.to_string(), help: error.help() }),
        },
    })
}
