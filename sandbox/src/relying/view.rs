//! What the decision page shows: the outcome in words, the reason, the evidence, and the digests of what decided.

use serde::Serialize;

use super::decision_point::{Answer, AskError, EvidenceLine, PolicyLine};
use super::oidc::{LoginError, VerifiedLogin};
use super::session::Ended;

/// One decision page. No `Debug`: it names a person.
#[derive(Clone, Serialize)]
pub(crate) struct DecisionView {
    /// `permit`, `deny`, `ended` or `error`.
    decision: &'static str,
    reason: String,
    reason_fr: String,
    reason_en: String,
    person: Option<String>,
    level: String,
    auth_mode: String,
    evidence: Vec<EvidenceLine>,
    policies: Vec<PolicyLine>,
    core_digest: String,
    decision_id: String,
    /// The level to come back with, if that would help.
    step_up: Option<&'static str>,
}

impl DecisionView {
    /// The word for tests and logs.
    pub(crate) fn decision(&self) -> &'static str {
        self.decision
    }

    /// The reason code for tests and logs.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    fn error(reason: &str, fr: &str, en: &str) -> Self {
        Self::without_decision("error", reason, fr, en)
    }

    /// A session that is over although nobody left the service.
    pub(crate) fn ended(ended: Ended) -> Self {
        let (fr, en) = match ended {
            Ended::Idle => (
                "Vous n'avez rien fait ici depuis trente minutes : le service a fermé votre session. Si votre session Pro Santé Connect vit encore, vous la reprenez sans nouvelle demande sur le téléphone.",
                "Nothing happened here for thirty minutes: the service closed your session. If your Pro Santé Connect session still lives, you come back without a new request on the phone.",
            ),
            Ended::FourHours => (
                "Quatre heures ont passé depuis votre authentification : la session est terminée. Authentifiez-vous à nouveau.",
                "Four hours have passed since you authenticated: the session is over. Authenticate again.",
            ),
            Ended::Closed => (
                "Votre session Pro Santé Connect a été fermée depuis un autre service, ou elle n'a plus servi depuis trente minutes. Ce service se ferme avec elle.",
                "Your Pro Santé Connect session was closed from another service, or was not used for thirty minutes. This service closes with it.",
            ),
        };
        Self::without_decision("ended", ended.code(), fr, en)
    }

    fn without_decision(decision: &'static str, reason: &str, fr: &str, en: &str) -> Self {
        Self {
            decision,
            reason: reason.to_owned(),
            reason_fr: fr.to_owned(),
            reason_en: en.to_owned(),
            person: None,
            level: String::new(),
            auth_mode: String::new(),
            evidence: Vec::new(),
            policies: Vec::new(),
            core_digest: String::new(),
            decision_id: String::new(),
            step_up: None,
        }
    }

    /// Nobody was logged in.
    pub(crate) fn failed(error: &LoginError) -> Self {
        let (fr, en) = match error {
            LoginError::AccessDenied => (
                "La connexion a été refusée, abandonnée ou n'a pas été validée à temps sur le téléphone. Recommencez si vous en êtes à l'origine.",
                "The login was refused, abandoned or not validated in time on the phone. Start again if it was yours.",
            ),
            LoginError::NotStarted | LoginError::State | LoginError::Issuer => (
                "Cette réponse ne correspond à aucune connexion commencée dans ce navigateur. Recommencez depuis la page d'accueil.",
                "This answer belongs to no login started in this browser. Start again from the home page.",
            ),
            LoginError::Unreachable => (
                "Pro Santé Connect ne répond pas. Réessayez dans quelques instants.",
                "Pro Santé Connect does not answer. Try again in a moment.",
            ),
            LoginError::Provider | LoginError::Token | LoginError::IdToken | LoginError::UserInfo => (
                "L'identité reçue n'a pas pu être vérifiée. Recommencez ; si le problème persiste, prévenez le support du service.",
                "The identity received could not be verified. Start again; if it persists, tell the support of the service.",
            ),
        };
        Self::error(error.code(), fr, en)
    }

    /// Somebody was logged in, but no decision came.
    pub(crate) fn undecided(login: &VerifiedLogin, error: &AskError) -> Self {
        let (fr, en) = match error {
            AskError::Refused { .. } => (
                "Le point de décision a refusé cette connexion. L'accès reste fermé.",
                "The decision point refused this login. Access stays closed.",
            ),
            AskError::NotConfigured | AskError::File => (
                "Aucun point de décision n'est configuré pour ce service. Par sécurité, l'accès reste fermé.",
                "No decision point is configured for this service. To be safe, access stays closed.",
            ),
            AskError::Form => (
                "La réponse du point de décision n'est pas compréhensible. Par sécurité, l'accès reste fermé. Prévenez le support du service.",
                "The answer of the decision point cannot be understood. To be safe, access stays closed. Tell the support of the service.",
            ),
            AskError::Unreachable => (
                "Le point de décision ne répond pas. Par sécurité, l'accès reste fermé. Réessayez dans quelques instants.",
                "The decision point does not answer. To be safe, access stays closed. Try again in a moment.",
            ),
        };
        let mut view = Self::error(error.code(), fr, en);
        if let AskError::Refused { message, evidence, .. } = error {
            view.reason_en = format!("{en} ({message})");
            view.evidence.clone_from(evidence);
        }
        view.person = Some(login.display_name.clone());
        view
    }

    /// A decision came.
    pub(crate) fn decided(login: &VerifiedLogin, answer: Answer) -> Self {
        Self {
            decision: if answer.permit { "permit" } else { "deny" },
            reason: answer.reason_code,
            reason_fr: answer.reason_fr,
            reason_en: answer.reason_en,
            person: Some(login.display_name.clone()),
            level: answer.level,
            auth_mode: answer.auth_mode,
            evidence: answer.evidence,
            policies: answer.policies,
            core_digest: answer.core_digest,
            decision_id: answer.decision_id,
            step_up: answer.step_up,
        }
    }
}
