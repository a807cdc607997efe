//! Sample policy: profession, role and structure, all three in one and the same practice.
//!
//! Rules that gather the profession of one practice and the structure of another let a person in as something that they are
//! nowhere. This one asks each practice that counts, or the one that the person acts in, for all three. Whoever would pass with
//! several practices together is refused with a reason of its own, because choosing another practice will not help them.

use vigie_policy::{Description, Login, Outcome, Policy, Practice, Reason, Request, SettingError, export_policy};

/// The rule.
#[derive(Debug)]
pub struct SamePractice;

export_policy!(SamePractice);

vigie_policy::settings! {
    /// What a deployment sets: three lists, of which one practice must match a member each.
    #[derive(Debug)]
    pub struct Settings {
        /// Codes of professions (`codeProfession`).
        pub professions: Vec<String>,
        /// Codes of roles (`codeRole`).
        pub roles: Vec<String>,
        /// FINESS of structures.
        pub finess: Vec<String>,
    }
}

const MATCHES: Reason =
    Reason::new("PRACTICE-MATCHES", "Accès accordé au titre de votre exercice.", "Access granted for your practice.");
const NONE: Reason = Reason::new(
    "PRACTICE-NONE",
    "Aucun exercice ne figure pour vous dans l'annuaire. Rapprochez-vous de votre Ordre ou de votre employeur.",
    "The directory lists no practice for you. Ask your professional body or your employer.",
);
const MIXED: Reason = Reason::new(
    "PRACTICE-MIXED",
    "Aucun de vos exercices ne réunit à lui seul la profession, le rôle et l'établissement demandés.",
    "None of your practices has the profession, the role and the structure together.",
);
const OTHER: Reason = Reason::new(
    "PRACTICE-OTHER",
    "Votre exercice ne donne pas accès à ce service. Choisissez un autre exercice si vous en avez un.",
    "Your practice gives no access to this service. Choose another practice if you have one.",
);

impl Policy for SamePractice {
    const DESCRIPTION: Description = Description {
        name: "same-practice",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets in whoever has a listed profession, role and structure within one practice.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"required":["professions","roles","finess"],"properties":{"professions":{"description":"Codes of professions (codeProfession).","type":"array","minItems":1,"items":{"type":"string"}},"roles":{"description":"Codes of roles (codeRole).","type":"array","minItems":1,"items":{"type":"string"}},"finess":{"description":"FINESS of structures.","type":"array","minItems":1,"items":{"type":"string"}}}}"#,
        reasons: &[MATCHES, NONE, MIXED, OTHER],
        needs_login: true,
    };

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        let mut errors = Vec::new();
        for (path, list) in
            [("/professions", &settings.professions), ("/roles", &settings.roles), ("/finess", &settings.finess)]
        {
            if list.is_empty() {
                errors.push(SettingError::at(path, "name at least one"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        // What the practices have together, and whether one of them has it all.
        let (mut any, mut together, mut within_one) = (false, [false; 3], false);
        for practice in login.identity.acting_practices() {
            let found = matches(practice, settings);
            any = true;
            within_one |= found == [true; 3];
            for (one, all) in found.into_iter().zip(&mut together) {
                *all |= one;
            }
        }
        match (any, within_one, together) {
            (false, _, _) => Outcome::deny(NONE),
            (_, true, _) => Outcome::permit(MATCHES),
            (_, _, [true, true, true]) => Outcome::deny(MIXED),
            _ => Outcome::deny(OTHER),
        }
    }
}

fn matches(practice: &Practice, settings: &Settings) -> [bool; 3] {
    let finess = practice.structure.as_ref().and_then(|structure| structure.finess.as_ref());
    [
        listed(&settings.professions, practice.profession.as_ref()),
        listed(&settings.roles, practice.role.as_ref()),
        listed(&settings.finess, finess),
    ]
}

/// Absent is not a match.
fn listed(list: &[String], code: Option<&String>) -> bool {
    code.is_some_and(|code| list.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<SamePractice>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<SamePractice>();
    }

    #[test]
    fn settings_are_all_there_and_not_empty() {
        let paths = |json| {
            let errors = vigie_policy::validate_settings::<SamePractice>(json).err().unwrap_or_default();
            errors.into_iter().map(|error| error.path).collect::<Vec<_>>()
        };
        assert_eq!(paths(r#"{"professions":["10"],"roles":["1"],"finess":["990000001"]}"#), Vec::<String>::new());
        assert_eq!(paths(r#"{"professions":[],"roles":["1"],"finess":[]}"#), ["/professions", "/finess"]);
        assert_eq!(paths(r#"{"professions":["10"],"finess":["990000001"]}"#), ["/roles"]);
    }
}
