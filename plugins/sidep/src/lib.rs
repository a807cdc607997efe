//! Sample policy for a screening-results portal in the manner of SI-DEP. Its rules are examples: the portal's own are not public.
//!
//! It lets in the professions that the settings list. One practice of the person, or the one that they act as, must have a listed
//! profession; everyone else is refused with [`NOT_LISTED`] and told so in French and in English.

use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, SettingError, export_policy};

/// The rules.
#[derive(Debug)]
pub struct Sidep;

export_policy!(Sidep);

vigie_policy::settings! {
    /// What a deployment may set.
    #[derive(Debug)]
    pub struct Settings {
        /// Codes of the professions that are let in (`codeProfession`). Without it an example: doctor, pharmacist, dental surgeon,
        /// midwife, nurse and laboratory technician.
        pub professions: Vec<String> = vigie_policy::list(&["10", "21", "40", "50", "60", "86"]),
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

#[cfg(test)]
mod tests {
    use vigie_policy::{Case, Effect, Practice, SETTINGS_REFUSED};

    use super::*;

    fn practice(profession: &str) -> Practice {
        Practice { profession: Some(profession.into()), ..Practice::default() }
    }

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<Sidep>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<Sidep>();
    }

    #[track_caller]
    fn check(case: Case, effect: Effect, reason: Reason) {
        let outcome = case.ask::<Sidep>();
        assert_eq!((outcome.effect, outcome.reason), (effect, reason));
    }

    #[test]
    fn listed_professions() {
        for profession in ["10", "21", "40", "50", "60", "86"] {
            check(Case::new().practice(practice(profession)), Effect::Permit, LISTED);
        }
        check(Case::new().practice(practice("80")).practice(practice("60")), Effect::Permit, LISTED);
    }

    #[test]
    fn everyone_else() {
        // The podologist of the published UserInfo sample.
        check(Case::new().practice(practice("80")), Effect::Deny, NOT_LISTED);
        check(Case::new().practice(practice("1")), Effect::Deny, NOT_LISTED);
        check(Case::new().practice(Practice::default()), Effect::Deny, NOT_LISTED);
        check(Case::new(), Effect::Deny, NO_PRACTICE);
        check(Case::new().practice(practice("10")).without_level(), Effect::Deny, NO_LEVEL);
        check(Case::new().without_login(), Effect::Deny, vigie_policy::LOGIN_REQUIRED);
    }

    #[test]
    fn only_the_practice_acted_in_counts() {
        let two = Case::new().practice(practice("80")).practice(practice("60"));
        check(two.clone().acting_as(1), Effect::Permit, LISTED);
        check(two.clone().acting_as(0), Effect::Deny, NOT_LISTED);
        check(two.acting_as(7), Effect::Deny, NO_PRACTICE);
    }

    #[test]
    fn settings() {
        let podologist = Case::new().practice(practice("80"));
        check(podologist.clone().settings(r#"{"professions":["80"]}"#), Effect::Permit, LISTED);
        check(podologist.settings(r#"{"professions":["8O"]}"#), Effect::Deny, SETTINGS_REFUSED);
        let paths = |json| {
            let errors = vigie_policy::validate_settings::<Sidep>(json).err().unwrap_or_default();
            errors.into_iter().map(|error| error.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(""), Vec::<String>::new());
        assert_eq!(paths(r#"{"professions":["10","x","1234"]}"#), ["/professions/1", "/professions/2"]);
        assert_eq!(paths(r#"{"professions":["10",21]}"#), ["/professions/1"]);
        assert_eq!(paths(r#"{"professions":[]}"#), ["/professions"]);
        assert_eq!(paths(r#"{"profession":["10"]}"#), ["/profession"]);
    }

    #[test]
    fn says_why_in_both_languages_and_that_its_rules_are_examples() {
        assert!(
            NOT_LISTED.french().starts_with("Votre profession") && NOT_LISTED.english().starts_with("Your profession")
        );
        assert!(Sidep::DESCRIPTION.summary.contains("examples"));
    }
}
