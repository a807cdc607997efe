//! Sample policy for a screening-results portal in the manner of SI-DEP. Its rules are examples: the portal's own are not public.
//!
//! It lets in the professions that the settings list. One practice of the person, or the one that they act as, must have a listed
//! profession; everyone else is refused with [`NOT_LISTED`] and told so in French and in English.

use vigie_policy::serde::Deserialize;
use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, SettingError, export_policy};

/// The rules.
#[derive(Debug)]
pub struct Sidep;

export_policy!(Sidep);

/// What a deployment may set.
#[derive(Debug, Deserialize)]
#[serde(crate = "vigie_policy::serde", deny_unknown_fields, default)]
pub struct Settings {
    /// Codes of the professions that are let in (`codeProfession`).
    pub professions: Vec<String>,
}

impl Default for Settings {
    /// An example: doctor, pharmacist, dental surgeon, midwife, nurse and laboratory technician.
    fn default() -> Self {
        Self { professions: ["10", "21", "40", "50", "60", "86"].map(String::from).to_vec() }
    }
}

const LISTED: Reason = Reason::new(
    "SIDEP-PROFESSION-LISTED",
    "Accès accordé au titre de votre profession.",
    "Access granted for your profession.",
);
const NO_LEVEL: Reason = Reason::new(
    "SIDEP-LEVEL-UNKNOWN",
    "Le niveau d'authentification est inconnu. Reconnectez-vous avec Pro Santé Connect.",
    "The level of this login is unknown. Log in again with Pro Santé Connect.",
);
const NO_PRACTICE: Reason = Reason::new(
    "SIDEP-NO-PRACTICE",
    "Aucun exercice ne figure pour vous dans l'annuaire. Rapprochez-vous de votre Ordre ou de votre employeur.",
    "The directory lists no practice for you. Ask your professional body or your employer.",
);
/// The person has a practice, and none that counts here has a listed profession.
pub const NOT_LISTED: Reason = Reason::new(
    "SIDEP-PROFESSION-NOT-LISTED",
    "Votre profession ne figure pas parmi celles qui ont accès à ce service. En cas d'erreur, contactez son support.",
    "Your profession is not among those that may use this service. If this is a mistake, contact its support.",
);

impl Policy for Sidep {
    const DESCRIPTION: Description = Description {
        name: "sidep",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets in listed professions; a sample whose rules are examples, not those of the real service.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"professions":{"description":"Codes of the professions that are let in (codeProfession).","type":"array","minItems":1,"items":{"type":"string","pattern":"^[0-9]{2,3}$"},"default":["10","21","40","50","60","86"]}}}"#,
        reasons: &[LISTED, NO_LEVEL, NO_PRACTICE, NOT_LISTED],
        needs_login: true,
    };

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        if settings.professions.is_empty() {
            return Err(vec![SettingError::at(
                "/professions",
                "name at least one profession, or leave the setting out",
            )]);
        }
        let unknown = settings.professions.iter().enumerate().filter(|(_, code)| !is_profession_code(code));
        let errors: Vec<SettingError> = unknown
            .map(|(index, _)| {
                SettingError::item("/professions", index, "expected a code of two or three digits, for example 10")
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        if login.level.is_none() {
            return Outcome::deny(NO_LEVEL);
        }
        let mut practices = login.identity.acting_practices().peekable();
        if practices.peek().is_none() {
            return Outcome::deny(NO_PRACTICE);
        }
        let listed = |code: &str| settings.professions.iter().any(|profession| profession == code);
        if practices.any(|practice| practice.profession.as_deref().is_some_and(listed)) {
            Outcome::permit(LISTED)
        } else {
            Outcome::deny(NOT_LISTED)
        }
    }
}

fn is_profession_code(code: &str) -> bool {
    matches!(code.len(), 2 | 3) && code.bytes().all(|byte| byte.is_ascii_digit())
}
