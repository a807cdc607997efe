//! A question under construction, for native tests of a policy.
//!
//! ```
//! use vigie_policy::{AuthMode, Case, Level, Practice};
//!
//! let case = Case::new()
//!     .level(Level::Eidas1)
//!     .auth_mode(AuthMode::Mobile)
//!     .practice(Practice { profession: Some("60".into()), ..Practice::default() });
//! assert_eq!(case.request().action, "read");
//! ```
//!
//! It begins as a login by e-CPS at the lowest level of a person without a practice, with UserInfo fetched by the host, and a
//! question whether that person may read. Nothing in it is a real person's: the identifier is one of the published test
//! identities.

use crate::outcome::Outcome;
use crate::policy::{self, Policy};
use crate::request::{AuthMode, Entity, Identifier, Identity, Level, Login, Practice, Request, UserinfoSource};

/// A question under construction. See the [module's text](self).
#[derive(Debug, Clone)]
pub struct Case {
    settings: String,
    request: Request,
}

impl Default for Case {
    fn default() -> Self {
        Self::new()
    }
}

impl Case {
    /// A login by e-CPS of a person without a practice.
    #[must_use]
    pub fn new() -> Self {
        let now = 1_767_225_600;
        let identity = Identity {
            issuer: "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet".into(),
            subject: "00000000-0000-4000-8000-000000000000".into(),
            national_id: Some("899700366240".into()),
            rpps: Some("99700366240".into()),
            identifiers: vec![Identifier { origin: "RPPS".into(), value: "899700366240".into() }],
            practices: Vec::new(),
            acting_as: None,
        };
        let login = Login {
            identity,
            level: Some(Level::Eidas1),
            auth_mode: AuthMode::Mobile,
            auth_time: Some(now - 60),
            verified_at: now,
            userinfo: UserinfoSource::Fetched,
            evidence: Vec::new(),
        };
        let subject = Entity { kind: "user".into(), id: "899700366240".into(), properties: None };
        let target = Entity { kind: "service".into(), id: "test".into(), properties: None };
        let request = Request {
            now,
            audience: "test".into(),
            login: Some(login),
            subject,
            action: "read".into(),
            target,
            ..Request::default()
        };
        Self { settings: String::new(), request }
    }

    /// Asks with these settings, JSON text.
    #[must_use]
    pub fn settings(mut self, json: &str) -> Self {
        self.settings = json.into();
        self
    }

    /// The person has this practice too.
    #[must_use]
    pub fn practice(self, practice: Practice) -> Self {
        self.login(|login| login.identity.practices.push(practice))
    }

    /// The relying party says that the person acts in the practice with this index.
    #[must_use]
    pub fn acting_as(self, index: u32) -> Self {
        self.login(|login| login.identity.acting_as = Some(index))
    }

    /// The login states this level.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        self.login(|login| login.level = Some(level))
    }

    /// The login states no level that PSC defines.
    #[must_use]
    pub fn without_level(self) -> Self {
        self.login(|login| login.level = None)
    }

    /// The person logged in with this.
    #[must_use]
    pub fn auth_mode(self, mode: AuthMode) -> Self {
        self.login(|login| login.auth_mode = mode)
    }

    /// Changes the login in any other way; without one, does nothing.
    #[must_use]
    pub fn login(mut self, change: impl FnOnce(&mut Login)) -> Self {
        if let Some(login) = &mut self.request.login {
            change(login);
        }
        self
    }

    /// There is no login: the relying party vouches for its subjects itself.
    #[must_use]
    pub fn without_login(mut self) -> Self {
        self.request.login = None;
        self
    }

    /// Changes anything else of the question.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Request)) -> Self {
        change(&mut self.request);
        self
    }

    /// The question so far.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Asks a policy, exactly as its component would be asked.
    ///
    /// # Panics
    ///
    /// When the policy answers a reason that its description does not list: the host would report it as a defect.
    #[must_use]
    pub fn ask<P: Policy>(&self) -> Outcome {
        let outcome = policy::evaluate::<P>(&self.settings, &self.request);
        let mut declared = P::DESCRIPTION.reasons.iter().chain(&policy::COMMON_REASONS);
        assert!(
            P::REASONS_IN_SETTINGS || declared.any(|reason| *reason == outcome.reason),
            "{} is not in the description",
            outcome.reason.code()
        );
        outcome
    }
}
