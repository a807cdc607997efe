//! The words in which a tab is described: kept in `storage.session`, and in the popup's markup.

use serde::{Deserialize, Serialize};
use verifier_core::page::{Environment, Verdict};

/// A verdict on an address, as it is kept and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictWord {
    /// The genuine service.
    Production,
    /// The operator's sandbox.
    Bas,
    /// The sandbox on this machine.
    Local,
    /// Another host of the operator.
    Family,
    /// Made to be taken for Pro Santé Connect.
    Spoof,
    /// Close enough to be checked by a person.
    Suspect,
    /// Nothing to say.
    Unknown,
    /// Not an address of a login, or not known to us.
    Invalid,
}

impl VerdictWord {
    /// The word, as it stands in the popup's markup.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Bas => "bas",
            Self::Local => "local",
            Self::Family => "family",
            Self::Spoof => "spoof",
            Self::Suspect => "suspect",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        }
    }

    /// Whether the address is one of the exact table: only then is anything filled or a number shown.
    #[must_use]
    pub fn is_genuine(self) -> bool {
        matches!(self, Self::Production | Self::Bas | Self::Local)
    }

    /// Whether the person is warned.
    #[must_use]
    pub fn warns(self) -> bool {
        matches!(self, Self::Spoof | Self::Suspect)
    }
}

impl From<Verdict> for VerdictWord {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Exact(Environment::Production) => Self::Production,
            Verdict::Exact(Environment::Bas) => Self::Bas,
            Verdict::Exact(Environment::Local) => Self::Local,
            Verdict::Family => Self::Family,
            Verdict::Spoof => Self::Spoof,
            Verdict::Suspect => Self::Suspect,
            Verdict::Unknown => Self::Unknown,
            Verdict::Invalid => Self::Invalid,
        }
    }
}

/// What a tab shows, as it is kept and as it stands in `data-state` of the popup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageWord {
    /// Not a page of Pro Santé Connect.
    Elsewhere,
    /// A page that may be taken for Pro Santé Connect and is not.
    Lookalike,
    /// A genuine page that has not reported yet.
    Unreported,
    /// A genuine page that no rule recognises.
    Unrecognised,
    /// The landing page of the account portal.
    Portal,
    /// The e-CPS tab with the identifier field.
    Identifier,
    /// The card tab.
    Card,
    /// The tab of delegated identity providers.
    Delegation,
    /// The security key tab.
    SecurityKey,
    /// The intermediate page that asks for confirmation.
    Confirmation,
    /// The waiting page with the number.
    Number,
    /// The waiting page, number not read.
    NumberUnread,
    /// The time was up.
    Expired,
    /// The request was refused.
    Refused,
    /// The identifier was not known.
    UnknownIdentifier,
    /// Activation by card: a QR code.
    ActivationQr,
    /// Activation by card: a code to type.
    ActivationCode,
    /// The session was closed.
    SignedOut,
    /// The tab went back to the service after a number was shown.
    Returned,
}

impl PageWord {
    /// The word, as it stands in `data-state`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Elsewhere => "elsewhere",
            Self::Lookalike => "lookalike",
            Self::Unreported => "unreported",
            Self::Unrecognised => "unrecognised",
            Self::Portal => "portal",
            Self::Identifier => "identifier",
            Self::Card => "card",
            Self::Delegation => "delegation",
            Self::SecurityKey => "security-key",
            Self::Confirmation => "confirmation",
            Self::Number => "number",
            Self::NumberUnread => "number-unread",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::UnknownIdentifier => "unknown-identifier",
            Self::ActivationQr => "activation-qr",
            Self::ActivationCode => "activation-code",
            Self::SignedOut => "signed-out",
            Self::Returned => "returned",
        }
    }
}

/// What the identifier field of a recognised page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldView {
    /// No field is known.
    None,
    /// Nothing.
    Empty,
    /// What Vigie filled.
    Filled,
    /// Something that a person typed or the browser remembered.
    Other,
}
