//! Sample policy: who practises at a listed structure.
//!
//! Structures are listed by FINESS or by SIRET, the two numbers of the site that PSC states. A match by name is deliberately not
//! offered: names are not unique and change.

use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, SettingError, Structure, export_policy};

/// The rule.
#[derive(Debug)]
pub struct AllowStructures;

export_policy!(AllowStructures);

vigie_policy::settings! {
    /// What a deployment sets: at least one structure.
    #[derive(Debug)]
    pub struct Settings {
        /// FINESS of sites, nine characters.
        pub finess: Vec<String> = Vec::new(),
        /// SIRET of sites, fourteen digits.
        pub siret: Vec<String> = Vec::new(),
    }
}

const LISTED: Reason = Reason::new(
    "STRUCTURE-LISTED",
    "Accès accordé au titre de votre exercice dans cette structure.",
    "Access granted for your practice at this structure.",
);
const NONE: Reason = Reason::new(
    "STRUCTURE-NO-PRACTICE",
    "Aucun exercice ne figure pour vous dans l'annuaire. Rapprochez-vous de votre Ordre ou de votre employeur.",
    "The directory lists no practice for you. Ask your professional body or your employer.",
);
const NOT_LISTED: Reason = Reason::new(
    "STRUCTURE-NOT-LISTED",
    "Ce service est réservé à certaines structures. Choisissez un autre exercice si vous en avez un.",
    "This service is for certain structures. Choose another practice if you have one.",
);

impl Policy for AllowStructures {
    const DESCRIPTION: Description = Description {
        name: "allow-structures",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets in whoever practises at a structure that is listed by FINESS or SIRET.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"finess":{"description":"FINESS of sites.","type":"array","items":{"type":"string","pattern":"^[0-9A-Z]{9}$"}},"siret":{"description":"SIRET of sites.","type":"array","items":{"type":"string","pattern":"^[0-9]{14}$"}}},"anyOf":[{"required":["finess"]},{"required":["siret"]}]}"#,
        reasons: &[LISTED, NONE, NOT_LISTED],
        needs_login: true,
    };

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        let mut errors = Vec::new();
        if settings.finess.is_empty() && settings.siret.is_empty() {
            errors.push(SettingError::at("", "list at least one structure, in finess or in siret"));
        }
        for (index, number) in settings.finess.iter().enumerate() {
            // The department of Corsican numbers has a letter: 2A, 2B.
            if number.len() != 9 || !number.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
                errors.push(SettingError::item("/finess", index, "expected a FINESS number of nine characters"));
            }
        }
        for (index, number) in settings.siret.iter().enumerate() {
            if number.len() != 14 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                errors.push(SettingError::item("/siret", index, "expected a SIRET number of fourteen digits"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        let mut outcome = Outcome::deny(NONE);
        for practice in login.identity.acting_practices() {
            if practice.structure.as_ref().is_some_and(|structure| is_listed(structure, settings)) {
                return Outcome::permit(LISTED);
            }
            outcome = Outcome::deny(NOT_LISTED);
        }
        outcome
    }
}

fn is_listed(structure: &Structure, settings: &Settings) -> bool {
    let among = |number: &Option<String>, list: &[String]| number.as_ref().is_some_and(|number| list.contains(number));
    among(&structure.finess, &settings.finess) || among(&structure.siret, &settings.siret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<AllowStructures>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<AllowStructures>();
    }

    #[test]
    fn settings_list_numbers_that_can_exist() {
        let paths = |json| {
            let errors = vigie_policy::validate_settings::<AllowStructures>(json).err().unwrap_or_default();
            errors.into_iter().map(|error| error.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(r#"{"finess":["990000001","2A0000001"],"siret":["99999999999999"]}"#), Vec::<String>::new());
        assert_eq!(paths("{}"), [""]);
        assert_eq!(paths(r#"{"finess":["990000001","99"],"siret":["9999999999999A"]}"#), ["/finess/1", "/siret/0"]);
    }
}
