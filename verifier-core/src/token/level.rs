//! How strongly and by which means the person logged in: `acr` and PSC's `authMode`.
//!
//! Levels are ordered and compared with "at least", never with equality: PSC has answered `eidas1` for the app and both
//! `eidas2` and `eidas3` for the card, and the official connector fails on all but the first. A missing `acr` is not the
//! lowest level: it is no statement at all.

/// Authentication level, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// `eidas1`: the e-CPS app, the only value that may be requested.
    Eidas1,
    /// `eidas2`: the card in production since 2026.
    Eidas2,
    /// `eidas3`: the card in the national sandbox.
    Eidas3,
}

impl Acr {
    /// The level of exactly that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Acr::Eidas1, Acr::Eidas2, Acr::Eidas3].into_iter().find(|level| level.name() == name)
    }

    /// The value of `acr`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Acr::Eidas1 => "eidas1",
            Acr::Eidas2 => "eidas2",
            Acr::Eidas3 => "eidas3",
        }
    }
}

/// By which means the person logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMode {
    /// `MOBILE`: the e-CPS app.
    Mobile,
    /// `CARD`: a card of the CPS family.
    Card,
    /// `IDENTITY_BROKER`: a login delegated to the person's own organisation.
    IdentityBroker,
    /// `WEBAUTHN` or `FIDO2`: a security key.
    Webauthn,
    /// Anything else, or no statement.
    Unknown,
}

impl AuthMode {
    /// Reads `authMode`; what is not in the table is [`AuthMode::Unknown`].
    #[must_use]
    pub fn from_claim(claim: Option<&str>) -> Self {
        match claim {
            Some("MOBILE") => AuthMode::Mobile,
            Some("CARD") => AuthMode::Card,
            Some("IDENTITY_BROKER") => AuthMode::IdentityBroker,
            Some("WEBAUTHN" | "FIDO2") => AuthMode::Webauthn,
            _ => AuthMode::Unknown,
        }
    }

    /// Stable name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AuthMode::Mobile => "mobile",
            AuthMode::Card => "card",
            AuthMode::IdentityBroker => "identity-broker",
            AuthMode::Webauthn => "webauthn",
            AuthMode::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_exact() {
        assert!(Acr::Eidas1 < Acr::Eidas2 && Acr::Eidas2 < Acr::Eidas3);
        for name in ["eidas0", "eidas4", "EIDAS1", "eidas1 ", "0", "1", ""] {
            assert_eq!(Acr::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn modes() {
        let check = |claim: Option<&str>, name: &str| assert_eq!(AuthMode::from_claim(claim).name(), name);
        check(Some("MOBILE"), "mobile");
        check(Some("CARD"), "card");
        check(Some("IDENTITY_BROKER"), "identity-broker");
        check(Some("WEBAUTHN"), "webauthn");
        check(Some("FIDO2"), "webauthn");
        check(Some("mobile"), "unknown");
        check(None, "unknown");
    }
}
