//! Sample policy for an emergency-care board in the manner of SMURT@B. Its rules are examples: the service's own are not public.
//!
//! It lets in care professionals with a practice. One practice of the person, or the one that they act as, must satisfy all of
//! this: its profession is one of the health professions, and its category is one that the settings list (civil and military,
//! not students). A login without a level that PSC defines is refused, whatever the practice.

use vigie_policy::{Description, Login, Outcome, Policy, Practice, Reason, Request, SettingError, export_policy};

/// The rules.
#[derive(Debug)]
pub struct Smurtab;

export_policy!(Smurtab);

vigie_policy::settings! {
    /// What a deployment may set.
    #[derive(Debug)]
    pub struct Settings {
        /// Categories of professional that are let in (`codeCategorieProfessionnelle`).
        pub categories: Vec<String> = vigie_policy::list(&["C", "M"]),
    }
}

/// Codes of the health professions in TRE_G15. The social professions (R94) and the titles (R95) have codes of their own.
const HEALTH_PROFESSIONS: &[&str] = &[
    "10", "21", "26", "28", "31", "32", "35", "36", "37", "38", "39", "40", "50", "60", "69", "70", "80", "81", "82",
    "83", "84", "85", "86", "91", "92", "94", "95", "96", "98",
];

const ADMITTED: Reason = Reason::new(
    "SMURTAB-CARE-PRACTICE",
    "Accès accordé au titre de votre exercice.",
    "Access granted for your practice.",
);
const NO_LEVEL: Reason = Reason::new(
    "SMURTAB-LEVEL-UNKNOWN",
    "Le niveau d'authentification est inconnu. Reconnectez-vous avec Pro Santé Connect.",
    "The level of this login is unknown. Log in again with Pro Santé Connect.",
);
const NO_PRACTICE: Reason = Reason::new(
    "SMURTAB-NO-PRACTICE",
    "Aucun exercice ne figure pour vous dans l'annuaire. Rapprochez-vous de votre Ordre ou de votre employeur.",
    "The directory lists no practice for you. Ask your professional body or your employer.",
);
const NOT_CARE: Reason = Reason::new(
    "SMURTAB-NOT-A-CARE-PRACTICE",
    "Ce service est ouvert aux professionnels de santé en exercice. Choisissez un autre exercice si vous en avez un.",
    "This service is for practising care professionals. Choose another practice if you have one.",
);

impl Policy for Smurtab {
    const DESCRIPTION: Description = Description {
        name: "smurtab",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets in care professionals with a practice; a sample whose rules are examples, not those of the real service.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"categories":{"description":"Categories of professional that are let in: C civil, M military, E student.","type":"array","minItems":1,"items":{"enum":["C","M","E"]},"default":["C","M"]}}}"#,
        reasons: &[ADMITTED, NO_LEVEL, NO_PRACTICE, NOT_CARE],
        needs_login: true,
    };

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        if settings.categories.is_empty() {
            return Err(vec![SettingError::at("/categories", "name at least one category, or leave the setting out")]);
        }
        let unknown =
            settings.categories.iter().enumerate().filter(|(_, code)| !matches!(code.as_str(), "C" | "M" | "E"));
        let errors: Vec<SettingError> =
            unknown.map(|(index, _)| SettingError::item("/categories", index, "expected C, M or E")).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        if login.level.is_none() {
            return Outcome::deny(NO_LEVEL);
        }
        let mut practices = login.identity.acting_practices().peekable();
        if practices.peek().is_none() {
            Outcome::deny(NO_PRACTICE)
        } else if practices.any(|practice| is_care(practice, settings)) {
            Outcome::permit(ADMITTED)
        } else {
            Outcome::deny(NOT_CARE)
        }
    }
}

/// Both codes come from the same practice: a student nurse who is also a doctor elsewhere is a doctor only there.
fn is_care(practice: &Practice, settings: &Settings) -> bool {
    let profession = practice.profession.as_deref().is_some_and(|code| HEALTH_PROFESSIONS.contains(&code));
    let category =
        practice.category.as_deref().is_some_and(|code| settings.categories.iter().any(|listed| listed == code));
    profession && category
}

#[cfg(test)]
mod tests {
    use vigie_policy::{Case, Effect, SETTINGS_REFUSED};

    use super::*;

    fn practice(profession: &str, category: &str) -> Practice {
        let stated = |code: &str| Some(code).filter(|code| !code.is_empty()).map(String::from);
        Practice { profession: stated(profession), category: stated(category), ..Practice::default() }
    }

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<Smurtab>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<Smurtab>();
    }

    #[track_caller]
    fn check(case: Case, effect: Effect, reason: Reason) {
        let outcome = case.ask::<Smurtab>();
        assert_eq!((outcome.effect, outcome.reason), (effect, reason));
    }

    #[test]
    fn care_professionals_with_a_practice() {
        check(Case::new().practice(practice("10", "C")), Effect::Permit, ADMITTED);
        check(Case::new().practice(practice("60", "M")), Effect::Permit, ADMITTED);
        check(Case::new().practice(practice("80", "C")), Effect::Permit, ADMITTED);
        check(Case::new().practice(practice("41", "C")).practice(practice("10", "C")), Effect::Permit, ADMITTED);
    }

    #[test]
    fn everyone_else() {
        check(Case::new(), Effect::Deny, NO_PRACTICE);
        check(Case::new().practice(practice("10", "E")), Effect::Deny, NOT_CARE);
        check(Case::new().practice(practice("41", "C")), Effect::Deny, NOT_CARE);
        check(Case::new().practice(practice("", "C")), Effect::Deny, NOT_CARE);
        check(Case::new().practice(practice("10", "")), Effect::Deny, NOT_CARE);
        check(Case::new().practice(practice("10", "C")).without_level(), Effect::Deny, NO_LEVEL);
        check(Case::new().without_login(), Effect::Deny, vigie_policy::LOGIN_REQUIRED);
    }

    #[test]
    fn one_practice_must_satisfy_it_all() {
        // A student doctor who is also a social worker is no practising doctor.
        let both = Case::new().practice(practice("10", "E")).practice(practice("41", "C"));
        check(both, Effect::Deny, NOT_CARE);
        let chosen = Case::new().practice(practice("10", "C")).practice(practice("41", "C"));
        check(chosen.clone().acting_as(0), Effect::Permit, ADMITTED);
        check(chosen.clone().acting_as(1), Effect::Deny, NOT_CARE);
        check(chosen.acting_as(2), Effect::Deny, NO_PRACTICE);
    }

    #[test]
    fn settings() {
        let student = Case::new().practice(practice("60", "E"));
        check(student.clone().settings(r#"{"categories":["C","M","E"]}"#), Effect::Permit, ADMITTED);
        check(student.settings(r#"{"categories":[]}"#), Effect::Deny, SETTINGS_REFUSED);
        let paths = |json| {
            let errors = vigie_policy::validate_settings::<Smurtab>(json).err().unwrap_or_default();
            errors.into_iter().map(|error| error.path).collect::<Vec<_>>()
        };
        assert_eq!(paths("{}"), Vec::<String>::new());
        assert_eq!(paths(r#"{"categories":[]}"#), ["/categories"]);
        assert_eq!(paths(r#"{"categories":["C","X","m"]}"#), ["/categories/1", "/categories/2"]);
        assert_eq!(paths(r#"{"category":["C"]}"#), ["/category"]);
    }

    #[test]
    fn says_that_its_rules_are_examples() {
        assert!(Smurtab::DESCRIPTION.summary.contains("examples"));
    }
}
