//! What a policy is told: the question, and the login that the verifier has checked.
//!
//! These types are those of `vigie:policy/types`, member for member: the generated bindings lift straight into them (see
//! `component.rs`), and a test builds them without WebAssembly. They deliberately hold no token, no key and no name of a
//! person, and `Debug` leaves identifiers out, so that a policy cannot log by accident what it was told in confidence.

use core::fmt;

use crate::json::{self, FromJson};
use crate::settings::SettingError;

/// Authentication level as PSC states it in `acr`. The order is part of the meaning: compare with `<`, never for equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `eidas1`, seen with the e-CPS application.
    Eidas1,
    /// `eidas2`, seen with cards in production.
    Eidas2,
    /// `eidas3`, seen with cards in the national sandbox.
    Eidas3,
}

impl Level {
    /// The `acr` value as PSC writes it.
    #[must_use]
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Eidas1 => "eidas1",
            Self::Eidas2 => "eidas2",
            Self::Eidas3 => "eidas3",
        }
    }
}

/// How the person logged in (PSC `authMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// The e-CPS application.
    Mobile,
    /// A CPS card.
    Card,
    /// An identity provider of the person's own institution.
    IdentityBroker,
    /// A security key.
    Webauthn,
    /// Absent, or a value outside the table.
    Unknown,
}

/// One of the person's identifiers, with the register that it comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    /// `RPPS`, `ADELI`, `EDIT`, `PSI`, ...
    pub origin: String,
    /// The identifier as the register writes it.
    pub value: String,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.origin)?;
        formatter.write_str(" [redacted]")
    }
}

/// Where a practice takes place. Every member may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Structure {
    /// Technical id, for example `R81311`.
    pub id: Option<String>,
    /// Registered or trade name.
    pub name: Option<String>,
    /// FINESS of the site.
    pub finess: Option<String>,
    /// SIRET of the site.
    pub siret: Option<String>,
}

/// One activity of one exercise. Its members belong together: a rule that combines two of them reads both from one practice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Practice {
    /// `codeProfession`, for example `10` for a doctor.
    pub profession: Option<String>,
    /// `codeCategorieProfessionnelle`: `C` civil, `M` military, `E` student.
    pub category: Option<String>,
    /// `codeSavoirFaire`, for example `SM54`.
    pub speciality: Option<String>,
    /// `codeRole`.
    pub role: Option<String>,
    /// `codeSecteurDactivite`, for example `SA07`.
    pub sector: Option<String>,
    /// `codeModeExercice`: `L` self-employed, `S` employed, ...
    pub mode: Option<String>,
    /// Where it takes place.
    pub structure: Option<Structure>,
}

/// The verified person. Names are left out on purpose: no rule needs them.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Exact issuer of the login.
    pub issuer: String,
    /// `sub`: the issuer's own name for the account. Not to be taken apart.
    pub subject: String,
    /// National id with its type digit, for example `8` followed by the RPPS.
    pub national_id: Option<String>,
    /// The RPPS, 11 digits, where the person has one.
    pub rpps: Option<String>,
    /// Every identifier known of the person.
    pub identifiers: Vec<Identifier>,
    /// Every practice of the person, in the order of the directory.
    pub practices: Vec<Practice>,
    /// Index into `practices` of the one that the relying party says the person acts as.
    pub acting_as: Option<u32>,
}

impl Identity {
    /// The practices that count for this question: the one that the person acts as, or all of them when none was named.
    ///
    /// A rule must hold within *one* of these, so write `acting_practices().any(|practice| …)` and never gather the professions
    /// of one practice and the structure of another. An index that points nowhere yields no practice at all: a choice that
    /// cannot be followed must not widen what the person may do.
    pub fn acting_practices(&self) -> impl Iterator<Item = &Practice> {
        let chosen = self.acting_as.map(|index| index as usize);
        self.practices
            .iter()
            .enumerate()
            .filter(move |(index, _)| chosen.is_none_or(|chosen| chosen == *index))
            .map(|(_, practice)| practice)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("practices", &self.practices)
            .field("acting_as", &self.acting_as)
            .finish_non_exhaustive()
    }
}

/// How one step of the verification ended. A failed step never reaches a policy: there is no login then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckOutcome {
    /// Checked and in order.
    Passed,
    /// Nothing to check, for example no `cnf` in the token.
    Absent,
    /// In order, with a remark in `detail`.
    Noted,
}

/// One step of the verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Stable name of the check.
    pub check: String,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What was found, never an identifier.
    pub detail: Option<String>,
}

/// How the attributes of the person reached the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserinfoSource {
    /// They did not: there are no practices.
    None,
    /// Fetched from PSC with the access token.
    Fetched,
    /// Handed on by the relying party, which is trusted for it.
    Relayed,
}

/// A login that the verifier has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Who logged in.
    pub identity: Identity,
    /// Absent when the token carries no `acr` or one outside the table. That is not the lowest level: refuse it.
    pub level: Option<Level>,
    /// With what.
    pub auth_mode: AuthMode,
    /// When the person authenticated, in seconds since the Unix epoch; PSC sessions make it older than the token.
    pub auth_time: Option<u64>,
    /// When the verifier checked the login, in seconds since the Unix epoch.
    pub verified_at: u64,
    /// Where the practices come from.
    pub userinfo: UserinfoSource,
    /// The steps of the verification, in the order in which they were made.
    pub evidence: Vec<Evidence>,
}

impl Login {
    /// True when the login states a level and it is at least `level`.
    #[must_use]
    pub fn reaches(&self, level: Level) -> bool {
        self.level.is_some_and(|reached| reached >= level)
    }

    /// How the named check ended, or `None` when it was not made.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<CheckOutcome> {
        self.evidence.iter().find(|evidence| evidence.check == name).map(|evidence| evidence.outcome)
    }
}

/// The subject or the target of the question.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Entity {
    /// `type` in AuthZEN.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// JSON text; read it with [`Entity::properties_as`].
    pub properties: Option<String>,
}

impl Entity {
    /// Reads the properties into a type declared with [`properties!`](crate::properties); no properties read like `{}`.
    ///
    /// # Errors
    ///
    /// The first member that does not fit, by its JSON Pointer.
    pub fn properties_as<T: FromJson>(&self) -> Result<T, SettingError> {
        json::read(self.properties.as_deref().unwrap_or_default())
    }
}

impl fmt::Debug for Entity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The id of a subject is a person's and the properties are anything.
        formatter.debug_struct("Entity").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The question: may this subject do this to that, now?
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// Seconds since the Unix epoch. A policy has no other clock.
    pub now: u64,
    /// The audience of the configuration that is asked.
    pub audience: String,
    /// Absent when the relying party vouches for its subjects itself. [`Policy::decide`](crate::Policy::decide) receives it by itself.
    pub login: Option<Login>,
    /// Who asks. Cross-checked with the login by the host; never take an identity from its properties.
    pub subject: Entity,
    /// What they want to do, for example `read`.
    pub action: String,
    /// JSON text; read it with [`Request::action_properties_as`].
    pub action_properties: Option<String>,
    /// To what: `resource` in AuthZEN.
    pub target: Entity,
    /// JSON text without the members that the host consumed; read it with [`Request::context_as`].
    pub context: Option<String>,
}

impl Request {
    /// Reads the properties of the action into a type declared with [`properties!`](crate::properties); none read like `{}`.
    ///
    /// # Errors
    ///
    /// The first member that does not fit, by its JSON Pointer.
    pub fn action_properties_as<T: FromJson>(&self) -> Result<T, SettingError> {
        json::read(self.action_properties.as_deref().unwrap_or_default())
    }

    /// Reads the context into a type declared with [`properties!`](crate::properties); none reads like `{}`.
    ///
    /// # Errors
    ///
    /// The first member that does not fit, by its JSON Pointer.
    pub fn context_as<T: FromJson>(&self) -> Result<T, SettingError> {
        json::read(self.context.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Case;

    fn practice(profession: &str) -> Practice {
        Practice { profession: Some(profession.into()), ..Practice::default() }
    }

    #[test]
    fn acting_practices_follow_the_choice() {
        let check = |acting_as: Option<u32>, expected: &[&str]| {
            let case = Case::new().practice(practice("10")).practice(practice("60"));
            let case = case.login(|login| login.identity.acting_as = acting_as);
            let login = case.request().login.as_ref().unwrap();
            let found: Vec<_> = login.identity.acting_practices().filter_map(|one| one.profession.as_deref()).collect();
            assert_eq!(found, expected, "{acting_as:?}");
        };
        check(None, &["10", "60"]);
        check(Some(0), &["10"]);
        check(Some(1), &["60"]);
        check(Some(2), &[]);
        check(Some(u32::MAX), &[]);
    }

    #[test]
    fn levels_are_ordered_and_none_reaches_nothing() {
        let check = |level: Option<Level>, wanted: Level, expected: bool| {
            let case = Case::new().login(|login| login.level = level);
            assert_eq!(case.request().login.as_ref().unwrap().reaches(wanted), expected, "{level:?} {wanted:?}");
        };
        check(Some(Level::Eidas1), Level::Eidas1, true);
        check(Some(Level::Eidas3), Level::Eidas1, true);
        check(Some(Level::Eidas1), Level::Eidas2, false);
        check(None, Level::Eidas1, false);
    }

    #[test]
    fn properties_read_into_a_type() {
        crate::properties! {
            #[derive(Debug, PartialEq)]
            struct Context {
                purpose: Option<String>,
            }
        }
        let check = |json: Option<&str>, expected: Result<Option<&str>, &str>| {
            let request = Request { context: json.map(Into::into), ..Request::default() };
            let read = request.context_as::<Context>();
            let read = read.as_ref().map(|context| context.purpose.as_deref()).map_err(|error| error.path.as_str());
            assert_eq!(read, expected, "{json:?}");
        };
        check(None, Ok(None));
        check(Some(r#"{"purpose":"care","other":[1]}"#), Ok(Some("care")));
        check(Some(r#"{"purpose":1}"#), Err("/purpose"));
    }

    /// The bindings lift and lower enums by their place, so the order of the variants is part of the contract.
    #[test]
    fn enums_stand_in_the_order_of_the_contract() {
        let contract = include_str!("../../wit/policy/policy.wit");
        let check = |name: &str, variants: &[(u8, &str)]| {
            let line = contract.split_once(&format!("enum {name} {{")).unwrap().1.split_once('}').unwrap().0;
            let stated: Vec<&str> = line.split(',').map(str::trim).collect();
            let ours: Vec<&str> = variants.iter().map(|(_, name)| *name).collect();
            assert_eq!(stated, ours, "{name}");
            assert!(variants.iter().enumerate().all(|(place, (ours, _))| place == usize::from(*ours)), "{name}");
        };
        check("level", &[Level::Eidas1, Level::Eidas2, Level::Eidas3].map(|level| (level as u8, level.acr())));
        check(
            "auth-mode",
            &[
                (AuthMode::Mobile as u8, "mobile"),
                (AuthMode::Card as u8, "card"),
                (AuthMode::IdentityBroker as u8, "identity-broker"),
                (AuthMode::Webauthn as u8, "webauthn"),
                (AuthMode::Unknown as u8, "unknown"),
            ],
        );
        check(
            "check-outcome",
            &[
                (CheckOutcome::Passed as u8, "passed"),
                (CheckOutcome::Absent as u8, "absent"),
                (CheckOutcome::Noted as u8, "noted"),
            ],
        );
        check(
            "userinfo-source",
            &[
                (UserinfoSource::None as u8, "none"),
                (UserinfoSource::Fetched as u8, "fetched"),
                (UserinfoSource::Relayed as u8, "relayed"),
            ],
        );
        use crate::Effect;
        check(
            "effect",
            &[(Effect::Permit as u8, "permit"), (Effect::Deny as u8, "deny"), (Effect::Abstain as u8, "abstain")],
        );
    }

    #[test]
    fn debug_discloses_nobody() {
        let login = Case::new().practice(practice("10")).request().login.clone().unwrap();
        let shown = format!("{:?} {:?} {:?}", login, login.identity.identifiers, Case::new().request());
        assert!(!shown.contains("99700366240") && shown.contains("[redacted]"), "{shown}");
    }
}
