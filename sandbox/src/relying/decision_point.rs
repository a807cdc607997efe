//! Asking `vigie serve`: first the login is handed over and becomes a handle, then the handle is evaluated (AuthZEN 1.0).
//!
//! Where it listens and which secret each service has stands in a small TOML file that is read for every login, so that
//! either program may be started first. Anything that is not a complete answer is an error, and an error lets nobody in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Service;
use super::oidc::VerifiedLogin;
use crate::app::App;
use crate::provider::request::LEVELS;

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// The sandbox runs without one.
    #[error("no decision point is configured")]
    NotConfigured,
    /// The file is missing or wrong.
    #[error("the file that names the decision point cannot be read")]
    File,
    /// Nobody listens.
    #[error("the decision point does not answer")]
    Unreachable,
    /// It refused the login; its own stable code.
    #[error("the decision point refused the login ({code})")]
    Refused {
        /// Code of the refusal.
        code: String,
        /// Its sentence.
        message: String,
        /// The checks up to the one that failed.
        evidence: Vec<EvidenceLine>,
    },
    /// Not the agreed form.
    #[error("the decision point answered in a form that is not understood")]
    Form,
}

impl AskError {
    /// Stable code. A refusal keeps the code of the decision point.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::NotConfigured => "SBX-DP-NOT-CONFIGURED",
            Self::File => "SBX-DP-FILE",
            Self::Unreachable => "SBX-DP-UNREACHABLE",
            Self::Refused { code, .. } => code,
            Self::Form => "SBX-DP-FORM",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionPointFile {
    url: String,
    secrets: BTreeMap<String, String>,
}

/// A text that the answer may leave out or state as `null`: the page shows nothing for either.
fn or_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// One line of evidence.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct EvidenceLine {
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) check: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) outcome: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) detail: String,
}

/// One policy that was asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PolicyLine {
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) id: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) digest: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) effect: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) reason_code: String,
}

#[derive(Deserialize)]
struct LoginAnswer {
    login: String,
    #[serde(default, deserialize_with = "or_empty")]
    level: String,
    #[serde(default, deserialize_with = "or_empty")]
    auth_mode: String,
    #[serde(default)]
    evidence: Vec<EvidenceLine>,
}

#[derive(Default, Deserialize)]
struct Reason {
    #[serde(default, deserialize_with = "or_empty")]
    fr: String,
    #[serde(default, deserialize_with = "or_empty")]
    en: String,
}

#[derive(Default, Deserialize)]
struct EvaluationContext {
    #[serde(default, deserialize_with = "or_empty")]
    decision_id: String,
    #[serde(default, deserialize_with = "or_empty")]
    reason_code: String,
    #[serde(default)]
    reason_user: Reason,
    #[serde(default)]
    evidence: Vec<EvidenceLine>,
    #[serde(default)]
    policies: Vec<PolicyLine>,
    #[serde(default, deserialize_with = "or_empty")]
    core_digest: String,
    #[serde(default)]
    obligations: Vec<Obligation>,
}

#[derive(Deserialize)]
struct Obligation {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
struct EvaluationAnswer {
    decision: bool,
    #[serde(default)]
    context: EvaluationContext,
}

/// A decision, as far as a page shows it.
pub(crate) struct Answer {
    pub(crate) permit: bool,
    pub(crate) decision_id: String,
    pub(crate) reason_code: String,
    pub(crate) reason_fr: String,
    pub(crate) reason_en: String,
    pub(crate) level: String,
    pub(crate) auth_mode: String,
    pub(crate) evidence: Vec<EvidenceLine>,
    pub(crate) policies: Vec<PolicyLine>,
    pub(crate) core_digest: String,
    /// The level that a step-up obligation asks for.
    pub(crate) step_up: Option<&'static str>,
    /// Handle of the login at the decision point, to be revoked at logout.
    pub(crate) handle: String,
}

/// Largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// Hands the login over and asks whether this person may use this service.
pub(crate) async fn ask(app: &App, service: Service, login: &VerifiedLogin) -> Result<Answer, AskError> {
    let site = locate(app, service).await?;
    let http = &app.relying.http.0;

    let body = json!({"id_token": login.id_token, "access_token": login.access_token, "nonce": login.nonce});
    let opened: LoginAnswer = post(http, &site, "/v1/logins", &body).await?;
    let body = json!({
        // The login's `sub` names the subject, so that no national identifier travels in a body.
        "subject": {"type": "user", "id": login.sub},
        "action": {"name": "enter"},
        "resource": {"type": "service", "id": service.key()},
        "context": {"login": opened.login},
    });
    let answer: EvaluationAnswer = post(http, &site, "/access/v1/evaluation", &body).await?;
    let context = answer.context;
    let step_up = context.obligations.iter().filter(|one| one.kind == "step-up").find_map(|one| {
        let asked = one.properties.get("acr_value").and_then(Value::as_str)?;
        LEVELS.into_iter().find(|level| *level == asked)
    });
    Ok(Answer {
        permit: answer.decision,
        decision_id: context.decision_id,
        reason_code: context.reason_code,
        reason_fr: context.reason_user.fr,
        reason_en: context.reason_user.en,
        level: opened.level,
        auth_mode: opened.auth_mode,
        evidence: if context.evidence.is_empty() { opened.evidence } else { context.evidence },
        policies: context.policies,
        core_digest: context.core_digest,
        step_up,
        handle: opened.login,
    })
}

/// Ends a login at the decision point. If it cannot be reached, the handle ends by its own time limits.
pub(crate) async fn revoke(app: &App, service: Service, handle: &str) {
    let Ok(site) = locate(app, service).await else {
        return;
    };
    let revoked: Result<Value, AskError> =
        post(&app.relying.http.0, &site, "/v1/logins/revoke", &json!({"login": handle})).await;
    if revoked.is_err() {
        tracing::warn!(service = service.key(), "the decision point could not be told about a logout");
    }
}

/// Where the decision point is, and the secret of one service.
struct DecisionPoint {
    url: String,
    secret: String,
}

async fn locate(app: &App, service: Service) -> Result<DecisionPoint, AskError> {
    let path = app.relying.decision_point.as_ref().ok_or(AskError::NotConfigured)?;
    let text = tokio::fs::read_to_string(path).await.map_err(|_| AskError::File)?;
    let mut file: DecisionPointFile = toml::from_str(&text).map_err(|_| AskError::File)?;
    let secret = file.secrets.remove(service.key()).ok_or(AskError::File)?;
    Ok(DecisionPoint { url: file.url.trim_end_matches('/').to_owned(), secret })
}

async fn post<T: serde::de::DeserializeOwned>(
    http: &reqwest::Client,
    site: &DecisionPoint,
    path: &str,
    body: &Value,
) -> Result<T, AskError> {
    let url = format!("{}{path}", site.url);
    let mut answer =
        http.post(url).bearer_auth(&site.secret).json(body).send().await.map_err(|_| AskError::Unreachable)?;
    let status = answer.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| AskError::Unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(AskError::Form);
        }
    }
    if status.is_success() {
        return serde_json::from_slice(&bytes).map_err(|_| AskError::Form);
    }
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        evidence: Vec<EvidenceLine>,
    }
    match serde_json::from_slice::<Refusal>(&bytes) {
        Ok(refusal) => {
            Err(AskError::Refused { code: refusal.code, message: refusal.message, evidence: refusal.evidence })
        }
        Err(_) => Err(AskError::Form),
    }
}
