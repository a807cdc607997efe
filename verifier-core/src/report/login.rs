//! `login`: everything that a host hands to [`verify_login`], as one line. It serves the shared vectors, so that the path which
//! matters most runs in every skin; nobody types such a line by hand, so nothing in it is optional that a login needs.

use serde::Serialize;

use super::token::{EvidenceReport, evidence_report, rpps};
use super::userinfo::PracticeReport;
use super::{Explained, Fields, LineError};
use crate::token::{
    Acr, Audience, AudienceSettings, CertificateBinding, ClockSkew, CnfEncoding, ExpectedNonce, Jwks, LoginInput,
    SignatureVerifier, UserInfoInput, VerifiedLogin, VerifyLoginError, verify_login,
};
use crate::wire::json::Json;

#[derive(Serialize)]
pub(super) struct LoginLineReport {
    verified: bool,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<LoginReport>,
    evidence: Vec<EvidenceReport>,
    #[serde(flatten)]
    explained: Option<Explained>,
}

#[derive(Serialize)]
struct LoginReport {
    issuer: String,
    subject: String,
    national_id: Option<String>,
    rpps: Option<String>,
    identifiers: Vec<IdentifierReport>,
    practices: Vec<PracticeReport>,
    acting_as: Option<u32>,
    level: &'static str,
    auth_mode: &'static str,
    auth_time: Option<u64>,
    verified_at: u64,
    userinfo: &'static str,
    one_shots: Vec<OneShotReport>,
}

#[derive(Serialize)]
struct IdentifierReport {
    origin: String,
    value: String,
}

#[derive(Serialize)]
struct OneShotReport {
    key: String,
    expires: u64,
}

const MEMBERS: &[&str] = &[
    "issuer",
    "audience",
    "min_acr",
    "max_auth_age",
    "clock_skew",
    "cnf_encoding",
    "require_cnf",
    "nonce",
    "now",
    "id_token",
    "access_token",
    "jwks",
    "userinfo_source",
    "userinfo",
    "certificate",
    "acting_as",
];

pub(super) fn answer(line: &str, verifier: &impl SignatureVerifier) -> Result<LoginLineReport, LineError> {
    let fields = Fields::parse(line, MEMBERS)?;
    let audience = audience(&fields)?;
    let nonce = match fields.value("nonce")? {
        Json::Null => ExpectedNonce::NotSent,
        Json::String(sent) => ExpectedNonce::Exactly(sent.clone().into_owned()),
        _ => return Err(LineError::Type("nonce")),
    };
    let userinfo = fields.optional_text("userinfo")?;
    let userinfo = match (userinfo, fields.optional_text("userinfo_source")?) {
        (None, None) => None,
        (Some(body), Some("fetched")) => Some(UserInfoInput::Fetched(body)),
        (Some(body), Some("relayed")) => Some(UserInfoInput::Relayed(body)),
        _ => return Err(LineError::Value("userinfo_source")),
    };
    let certificate = fields.optional_text("certificate")?.map(hex32).transpose()?;
    let acting_as = fields.optional_seconds("acting_as")?.map(u32::try_from).transpose();
    let jwks = match fields.value("jwks")? {
        Json::String(text) => Jwks::parse(text),
        set => Jwks::from_json(set),
    };
    let (now, id_token) = (fields.seconds("now")?, fields.text("id_token")?);
    let (access_token, acting_as) =
        (fields.optional_text("access_token")?, acting_as.map_err(|_| LineError::Value("acting_as"))?);
    let answer = jwks.map_err(VerifyLoginError::from).and_then(|jwks| {
        let input = LoginInput {
            now,
            audience: &audience,
            nonce: &nonce,
            id_token,
            access_token,
            jwks: &jwks,
            userinfo,
            certificate_thumbprint: certificate.as_ref(),
            acting_as,
        };
        verify_login(&input, verifier)
    });
    Ok(match answer {
        Ok(login) => LoginLineReport {
            verified: true,
            code: None,
            login: Some(LoginReport::from(&login)),
            evidence: evidence_report(login.evidence()),
            explained: None,
        },
        Err(error) => LoginLineReport {
            verified: false,
            code: Some(error.code()),
            login: None,
            evidence: evidence_report(error.evidence()),
            explained: Some(Explained { message: error.to_string(), help: error.help() }),
        },
    })
}

fn audience(fields: &Fields<'_>) -> Result<Audience, LineError> {
    let clock_skew = u32::try_from(fields.seconds("clock_skew")?).map_err(|_| LineError::Value("clock_skew"))?;
    Audience::new(AudienceSettings {
        issuer: fields.text("issuer")?.to_owned(),
        client_id: fields.text("audience")?.to_owned(),
        min_level: Acr::from_name(fields.text("min_acr")?).ok_or(LineError::Value("min_acr"))?,
        max_auth_age: fields.optional_seconds("max_auth_age")?,
        clock_skew: ClockSkew::from_seconds(clock_skew).map_err(|_| LineError::Value("clock_skew"))?,
        cnf_encoding: match fields.text("cnf_encoding")? {
            "rfc8705" => CnfEncoding::Rfc8705,
            "ans-hex" => CnfEncoding::AnsHex,
            _ => return Err(LineError::Value("cnf_encoding")),
        },
        certificate_binding: match fields.value("require_cnf")? {
            Json::Bool(true) => CertificateBinding::Required,
            Json::Bool(false) => CertificateBinding::IfPresent,
            _ => return Err(LineError::Type("require_cnf")),
        },
    })
    .map_err(|_| LineError::Value("audience"))
}

/// A SHA-256 digest as 64 hexadecimal digits.
fn hex32(text: &str) -> Result<[u8; 32], LineError> {
    let wrong = LineError::Value("certificate");
    let digits: Vec<u32> = text.chars().map_while(|c| c.to_digit(16)).collect();
    let bytes: Vec<u8> =
        digits.as_chunks::<2>().0.iter().filter_map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect();
    bytes.try_into().ok().filter(|_| text.len() == 64).ok_or(wrong)
}

impl From<&VerifiedLogin> for LoginReport {
    fn from(login: &VerifiedLogin) -> Self {
        let identity = login.identity();
        Self {
            issuer: identity.issuer().to_owned(),
            subject: identity.subject().to_owned(),
            national_id: identity.national_id().map(|id| id.canonical().to_owned()),
            rpps: rpps(identity.rpps()),
            identifiers: identity
                .identifiers()
                .iter()
                .map(|other| IdentifierReport { origin: other.origin().to_owned(), value: other.value().to_owned() })
                .collect(),
            practices: identity.practices().iter().map(PracticeReport::from).collect(),
            acting_as: identity.acting_as(),
            level: login.level().name(),
            auth_mode: login.auth_mode().name(),
            auth_time: login.auth_time(),
            verified_at: login.verified_at(),
            userinfo: login.userinfo().name(),
            one_shots: login
                .one_shots()
                .iter()
                .map(|shot| OneShotReport {
                    key: shot.key().iter().map(|byte| format!("{byte:02x}")).collect(),
                    expires: shot.expires(),
                })
                .collect(),
        }
    }
}
