//! Sample policy: a least level of authentication.
//!
//! A login below it is refused with the obligation `step-up`, which tells the relying party what to ask Pro Santé Connect for. A
//! login without a level that PSC defines is treated alike: no level is not the lowest one.

use vigie_policy::{Description, Level, Login, Outcome, Policy, Reason, Request, export_policy};

/// The rule.
#[derive(Debug)]
pub struct RequireLevel;

export_policy!(RequireLevel);

vigie_policy::settings! {
    /// What a deployment may set.
    #[derive(Debug)]
    pub struct Settings {
        /// The least level.
        pub level: Level = Level::Eidas2,
    }
}

const REACHED: Reason =
    Reason::new("LEVEL-REACHED", "Votre niveau d'authentification suffit.", "The level of your login is sufficient.");
const TOO_LOW: Reason = Reason::new(
    "LEVEL-TOO-LOW",
    "Ce service demande une authentification plus forte. Reconnectez-vous avec votre carte.",
    "This service asks for a stronger login. Log in again with your card.",
);

impl Policy for RequireLevel {
    const DESCRIPTION: Description = Description {
        name: "require-level",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Asks for a least level of authentication; below it the obligation step-up names the level.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"level":{"description":"The least level.","enum":["eidas1","eidas2","eidas3"],"default":"eidas2"}}}"#,
        reasons: &[REACHED, TOO_LOW],
        needs_login: true,
    };

    type Settings = Settings;

    fn decide(settings: &Settings, login: &Login, _request: &Request) -> Outcome {
        if login.reaches(settings.level) { Outcome::permit(REACHED) } else { Outcome::step_up(TOO_LOW, settings.level) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<RequireLevel>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<RequireLevel>();
    }

    #[test]
    fn settings_name_a_level() {
        let error = |json| vigie_policy::validate_settings::<RequireLevel>(json).err().unwrap_or_default();
        assert!(error("{}").is_empty());
        assert_eq!(error(r#"{"level":"eidas4"}"#)[0].path, "/level");
        assert_eq!(error(r#"{"levl":"eidas3"}"#)[0].path, "/levl");
    }
}
