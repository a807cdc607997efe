//! The rules of policy-name.
//!
//! `decide` is asked once for each question, in a fresh instance without clock, network, files or memory of earlier questions. It is told
//! a login that was verified before, and it can only restrict: whatever goes wrong here is a refusal. The documentation of the SDK reads
//! from top to bottom: `cargo doc --open -p vigie-policy`.

use vigie_policy::{Description, Level, Login, Outcome, Policy, Reason, Request, export_policy};

/// The rules.
#[derive(Debug)]
pub struct Rules;

export_policy!(Rules);

/// The lowest level of authentication that is let in.
const LOWEST: Level = Level::Eidas1;

vigie_policy::settings! {
    /// What a deployment may set in its `vigie.toml`.
    #[derive(Debug)]
    pub struct Settings {
        /// Codes of the professions that are let in (`codeProfession`): doctors and nurses, unless a deployment says otherwise.
        pub professions: Vec<String> = vigie_policy::list(&["10", "60"]),
    }
}

// A reason is what the person reads: it says what they can do next. French first.
const ADMITTED: Reason = Reason::new("POLICY-NAME-ADMITTED", "Accès accordé.", "Access granted.");
const LEVEL: Reason = Reason::new(
    "POLICY-NAME-LEVEL",
    "Ce service demande une authentification plus forte. Reconnectez-vous avec votre carte.",
    "This service asks for a stronger login. Log in again with your card.",
);
const PROFESSION: Reason = Reason::new(
    "POLICY-NAME-PROFESSION",
    "Ce service n'est pas ouvert à votre profession. Choisissez un autre exercice si vous en avez un.",
    "This service is not open to your profession. Choose another practice if you have one.",
);

impl Policy for Rules {
    const DESCRIPTION: Description = Description {
        name: "policy-name",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Lets in the listed professions from a least level of authentication on.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"professions":{"description":"Codes of the professions that are let in.","type":"array","items":{"type":"string"}}}}"#,
        reasons: &[ADMITTED, LEVEL, PROFESSION],
        needs_login: true,
    };

    type Settings = Settings;

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        if !login.reaches(LOWEST) {
            return Outcome::step_up(LEVEL, LOWEST);
        }
        // Within one practice: what a person is in one place says nothing about another.
        let listed = |code: &String| settings.professions.contains(code);
        if login.identity.acting_practices().any(|practice| practice.profession.as_ref().is_some_and(listed)) {
            Outcome::permit(ADMITTED)
        } else {
            Outcome::deny(PROFESSION)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rules;

    /// The same vectors as `vigie policy test`, without WebAssembly.
    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<Rules>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<Rules>();
    }
}
