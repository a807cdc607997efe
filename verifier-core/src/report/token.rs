//! `token`: one ID or access token.

use serde::Serialize;

use super::{Explained, Fields, LineError};
use crate::evidence::Evidence;
use crate::limits;
use crate::token::{
    Acr, Audience, AudienceSettings, CertificateBinding, ClockSkew, CnfEncoding, ExpectedNonce, InspectInput,
    InspectedKind, InspectedToken, Jwks, KnownRpps, SignatureVerifier, VerifyLoginError, inspect_token,
};
use crate::wire::json::Json;

#[derive(Serialize)]
pub(super) struct TokenReport {
    verified: bool,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityReport>,
    evidence: Vec<EvidenceReport>,
    #[serde(flatten)]
    explained: Option<Explained>,
}

/// Who the person is, as far as it is stated.
#[derive(Serialize)]
pub(super) struct IdentityReport {
    pub(super) national_id: Option<String>,
    pub(super) rpps: Option<String>,
}

#[derive(Serialize)]
pub(super) struct EvidenceReport {
    check: &'static str,
    outcome: &'static str,
    detail: Option<String>,
}

pub(super) fn evidence_report(evidence: &Evidence) -> Vec<EvidenceReport> {
    let entry = |entry: &crate::evidence::Entry| EvidenceReport {
        check: entry.check().name(),
        outcome: entry.outcome().name(),
        detail: entry.detail().map(str::to_owned),
    };
    evidence.entries().iter().map(entry).collect()
}

/// The RPPS for a report; an ambiguous one is not told.
pub(super) fn rpps(known: &KnownRpps) -> Option<String> {
    known.one().map(|rpps| rpps.canonical().to_owned())
}

pub(super) fn answer(line: &str, verifier: &impl SignatureVerifier) -> Result<TokenReport, LineError> {
    let fields = Fields::parse(line, &["value", "kind", "issuer", "audience", "nonce", "now", "jwks", "min_acr"])?;
    let kind = match fields.text("kind")? {
        "id" => InspectedKind::Id,
        "access" => InspectedKind::Access,
        _ => return Err(LineError::Value("kind")),
    };
    let min_level = match fields.optional_text("min_acr")? {
        None => None,
        Some(name) => Some(Acr::from_name(name).ok_or(LineError::Value("min_acr"))?),
    };
    let nonce = match (fields.has("nonce"), fields.optional_text("nonce")?) {
        (false, _) => None,
        (true, None) => Some(ExpectedNonce::NotSent),
        (true, Some(sent)) => Some(ExpectedNonce::Exactly(sent.to_owned())),
    };
    let audience = Audience::new(AudienceSettings {
        issuer: fields.text("issuer")?.to_owned(),
        client_id: fields.text("audience")?.to_owned(),
        // Not used by an inspection: `min_level` below decides, and may leave the question open.
        min_level: Acr::Eidas3,
        max_auth_age: None,
        clock_skew: ClockSkew::from_seconds(limits::CLOCK_SKEW_USUAL_S).map_err(|_| LineError::Value("now"))?,
        cnf_encoding: CnfEncoding::Rfc8705,
        certificate_binding: CertificateBinding::IfPresent,
    })
    .map_err(|_| LineError::Value("audience"))?;
    let now = fields.seconds("now")?;
    let token = fields.text("value")?;
    let answer = match fields.value("jwks")? {
        Json::String(text) => Jwks::parse(text),
        set => Jwks::from_json(set),
    }
    .map_err(VerifyLoginError::from)
    .and_then(|jwks| {
        let input =
            InspectInput { kind, now, audience: &audience, nonce: nonce.as_ref(), min_level, token, jwks: &jwks };
        inspect_token(&input, verifier)
    });
    Ok(match answer {
        Ok(token) => accepted(&token),
        Err(error) => TokenReport {
            verified: false,
            code: Some(error.code()),
            identity: None,
            evidence: evidence_report(error.evidence()),
            explained: Some(Explained { message: error.to_string(), help: error.help() }),
        },
    })
}

fn accepted(token: &InspectedToken) -> TokenReport {
    TokenReport {
        verified: true,
        code: None,
        identity: Some(IdentityReport {
            national_id: token.national_id().map(|id| id.canonical().to_owned()),
            rpps: rpps(token.rpps()),
        }),
        evidence: evidence_report(token.evidence()),
        explained: None,
    }
}
