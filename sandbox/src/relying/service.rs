//! The two services, and what follows from which one it is: names, cookies, addresses.

use crate::names::Sites;

/// Which of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    /// Like SMURT@B: care professionals on call.
    Smurtab,
    /// Like SI-DEP: test results, listed professions.
    Sidep,
}

impl Service {
    /// By its key.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        match key {
            "smurtab" => Some(Self::Smurtab),
            "sidep" => Some(Self::Sidep),
            _ => None,
        }
    }

    /// Key in paths, configuration and audience.
    #[must_use]
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Smurtab => "smurtab",
            Self::Sidep => "sidep",
        }
    }

    /// Name on pages, and on the phone.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Smurtab => "SMURT@B (démonstration)",
            Self::Sidep => "SI-DEP (démonstration)",
        }
    }

    /// Cookie of a login under way.
    #[must_use]
    pub(crate) fn pending_cookie(self) -> &'static str {
        match self {
            Self::Smurtab => "vigie_rp_smurtab_login",
            Self::Sidep => "vigie_rp_sidep_login",
        }
    }

    /// Cookie of a session.
    #[must_use]
    pub(crate) fn session_cookie(self) -> &'static str {
        match self {
            Self::Smurtab => "vigie_rp_smurtab",
            Self::Sidep => "vigie_rp_sidep",
        }
    }

    /// Where both cookies are sent.
    #[must_use]
    pub(crate) fn cookie_path(self) -> String {
        format!("/rp/{}/", self.key())
    }

    fn origin(self, sites: &Sites) -> &str {
        match self {
            Self::Smurtab => &sites.smurtab,
            Self::Sidep => &sites.sidep,
        }
    }

    /// Landing page.
    #[must_use]
    pub(crate) fn home(self, sites: &Sites) -> String {
        format!("{}/rp/{}/", self.origin(sites), self.key())
    }

    /// Redirect URI.
    #[must_use]
    pub(crate) fn callback(self, sites: &Sites) -> String {
        format!("{}callback", self.home(sites))
    }

    /// `client_id`.
    #[must_use]
    pub(crate) fn client_id(self) -> &'static str {
        match self {
            Self::Smurtab => "vigie-demo-smurtab",
            Self::Sidep => "vigie-demo-sidep",
        }
    }
}
