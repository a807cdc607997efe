//! The words in which a tab is described: kept in `storage.session`, and in the popup's markup.

use verifier_core::guidance::{self, Node};
use verifier_core::page::{Environment, Verdict};

/// Enums whose variants are words: written as such, and read back.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$meaning])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What the word stands for.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// A verdict on an address, as it is kept and shown.
    VerdictWord {
        /// The genuine service.
        Production = "production",
        /// The operator's sandbox.
        Bas = "bas",
        /// The sandbox on this machine.
        Local = "local",
        /// Another host of the operator.
        Family = "family",
        /// Made to be taken for Pro Santé Connect.
        Spoof = "spoof",
        /// Close enough to be checked by a person.
        Suspect = "suspect",
        /// Nothing to say.
        Unknown = "unknown",
        /// Not an address of a login, or not known to us.
        Invalid = "invalid",
    }
}

impl VerdictWord {
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

words! {
    /// What a tab shows, as it is kept and as it stands in `data-state` of the popup.
    PageWord {
        /// Not a page of Pro Santé Connect.
        Elsewhere = "elsewhere",
        /// A page that may be taken for Pro Santé Connect and is not.
        Lookalike = "lookalike",
        /// A genuine page that has not reported yet.
        Unreported = "unreported",
        /// A genuine page that no rule recognises.
        Unrecognised = "unrecognised",
        /// The landing page of the account portal.
        Portal = "portal",
        /// The e-CPS tab with the identifier field.
        Identifier = "identifier",
        /// The card tab.
        Card = "card",
        /// The tab of delegated identity providers.
        Delegation = "delegation",
        /// The security key tab.
        SecurityKey = "security-key",
        /// The intermediate page that asks for confirmation.
        Confirmation = "confirmation",
        /// The waiting page with the number.
        Number = "number",
        /// The waiting page, number not read.
        NumberUnread = "number-unread",
        /// The time was up.
        Expired = "expired",
        /// The request was refused.
        Refused = "refused",
        /// The person left the waiting page by its own button.
        Quit = "quit",
        /// The identifier was not known.
        UnknownIdentifier = "unknown-identifier",
        /// Activation by card: a QR code.
        ActivationQr = "activation-qr",
        /// Activation by card: a code to type.
        ActivationCode = "activation-code",
        /// The session was closed.
        SignedOut = "signed-out",
        /// No card, no reader or no certificate was found.
        CardUnread = "card-unread",
        /// The card was read and its certificate refused.
        CardRefused = "card-refused",
        /// The card tab was left just now for a page that nobody here can read.
        CardAway = "card-away",
        /// Pro Santé Connect is out of order.
        Outage = "outage",
        /// Pro Santé Connect could not be reached from this computer.
        Unreachable = "unreachable",
        /// The tab went back to the service after a number was shown.
        Returned = "returned",
    }
}

/// How much a person needs help on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// Something went wrong: the checklist stands open.
    Now(&'static str),
    /// All is well: the checklist can be opened.
    Asked(&'static str),
}

impl Help {
    /// The situation of the guidance tree.
    #[must_use]
    pub fn node(self) -> Option<&'static Node> {
        let (Self::Now(code) | Self::Asked(code)) = self;
        guidance::node(code)
    }
}

impl PageWord {
    /// Whether codes are at stake that callers ask for: the two pages of an activation by card.
    #[must_use]
    pub fn is_activation(self) -> bool {
        matches!(self, Self::ActivationQr | Self::ActivationCode)
    }

    /// The situation in which a person on this page may be. Where the core names one for a recognised page, it is the same;
    /// a test holds the two together.
    #[must_use]
    pub fn help(self) -> Help {
        match self {
            Self::Lookalike => Help::Now("GUIDE-LOOKALIKE"),
            Self::Expired => Help::Now("GUIDE-TIME-UP"),
            Self::Refused => Help::Now("GUIDE-UNASKED-PUSH"),
            Self::UnknownIdentifier => Help::Now("GUIDE-UNKNOWN-IDENTIFIER"),
            Self::CardAway => Help::Now("GUIDE-CARD"),
            Self::CardUnread => Help::Now("GUIDE-READER"),
            Self::CardRefused => Help::Now("GUIDE-CARD-REFUSED"),
            Self::Outage => Help::Now("GUIDE-OUTAGE"),
            Self::Unreachable => Help::Now("GUIDE-NETWORK"),
            Self::NumberUnread | Self::Number => Help::Asked("GUIDE-NUMBER"),
            Self::Identifier | Self::Quit => Help::Asked("GUIDE-LOGIN"),
            Self::Card => Help::Asked("GUIDE-CARD"),
            Self::ActivationQr => Help::Asked("GUIDE-QR-CARD-EXPIRED"),
            Self::ActivationCode => Help::Asked("GUIDE-CODE-ON-DESKTOP"),
            Self::Returned => Help::Asked("GUIDE-RIGHTS"),
            Self::Elsewhere
            | Self::Unreported
            | Self::Unrecognised
            | Self::Portal
            | Self::Delegation
            | Self::SecurityKey
            | Self::Confirmation
            | Self::SignedOut => Help::Asked(guidance::START),
        }
    }
}

words! {
    /// Why a page of a genuine host did not come as it should, as the browser tells it.
    Trouble {
        /// The server answered that it cannot answer.
        Outage = "outage",
        /// No answer came.
        Unreachable = "unreachable",
        /// The connection needed the certificate of a card and got none that it takes.
        Card = "card",
        /// The card tab was left. The host that asks for the certificate is not one that we may observe, and the browser's
        /// own error page is read by nobody: all that is known is that the person went there.
        CardAway = "card-away",
    }
}

impl Trouble {
    /// What an HTTP status says; nothing for those of a server that works.
    #[must_use]
    pub fn of_status(status: u16) -> Option<Self> {
        (status >= 500).then_some(Self::Outage)
    }

    /// What the browser's name for a failed connection says; nothing when a person or a page broke it off.
    ///
    /// Of a failed TLS handshake Firefox gives a sentence in the language of the person, which counts as no answer.
    #[must_use]
    pub fn of_error(name: &str) -> Option<Self> {
        if name.contains("ABORT") || name.contains("BLOCKED_BY_CLIENT") {
            None
        } else if name.contains("CLIENT_AUTH") {
            Some(Self::Card)
        } else {
            Some(Self::Unreachable)
        }
    }

    /// The page that a person is told of.
    #[must_use]
    pub fn page(self) -> PageWord {
        match self {
            Self::Outage => PageWord::Outage,
            Self::Unreachable => PageWord::Unreachable,
            Self::Card => PageWord::CardUnread,
            Self::CardAway => PageWord::CardAway,
        }
    }
}

words! {
    /// What the identifier field of a recognised page holds.
    FieldView {
        /// No field is known.
        None = "none",
        /// Nothing.
        Empty = "empty",
        /// What Vigie filled.
        Filled = "filled",
        /// Something that a person typed or the browser remembered.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use verifier_core::page::RecognizedPage;

    use super::*;

    #[test]
    fn what_the_browser_says_of_a_failed_navigation() {
        let check = |name: &str, expect| assert_eq!(Trouble::of_error(name), expect, "{name}");
        check("net::ERR_ABORTED", None);
        check("NS_BINDING_ABORTED", None);
        check("NS_ERROR_ABORT", None);
        check("net::ERR_BLOCKED_BY_CLIENT", None);
        check("net::ERR_SSL_CLIENT_AUTH_CERT_NEEDED", Some(Trouble::Card));
        check("net::ERR_BAD_SSL_CLIENT_AUTH_CERT", Some(Trouble::Card));
        check("net::ERR_SSL_CLIENT_AUTH_SIGNATURE_FAILED", Some(Trouble::Card));
        check("net::ERR_CONNECTION_REFUSED", Some(Trouble::Unreachable));
        check("net::ERR_NAME_NOT_RESOLVED", Some(Trouble::Unreachable));
        check("NS_ERROR_UNKNOWN_HOST", Some(Trouble::Unreachable));
        check("NS_ERROR_NET_RESET", Some(Trouble::Unreachable));
        check("NS_ERROR_PROXY_FORBIDDEN", Some(Trouble::Unreachable));
        check("Le pair SSL n’a pas pu négocier un ensemble de paramètres acceptable.", Some(Trouble::Unreachable));
        for (status, expect) in [
            (200, None),
            (302, None),
            (404, None),
            (429, None),
            (500, Some(Trouble::Outage)),
            (503, Some(Trouble::Outage)),
        ] {
            assert_eq!(Trouble::of_status(status), expect, "{status}");
        }
    }

    #[test]
    fn help_is_that_of_the_core() {
        let check = |word: PageWord, page: RecognizedPage| {
            let expect = guidance::for_page(&page).map(|node| node.code);
            assert_eq!(word.help().node().map(|node| node.code), expect, "{word:?}");
        };
        check(PageWord::Identifier, RecognizedPage::Identifier { field: 1 });
        check(PageWord::NumberUnread, RecognizedPage::NumberUnread { code: "PAGE-NUMBER-NONE" });
        check(PageWord::Expired, RecognizedPage::Expired);
        check(PageWord::Refused, RecognizedPage::Refused);
        check(PageWord::Quit, RecognizedPage::Quit);
        check(PageWord::UnknownIdentifier, RecognizedPage::UnknownIdentifier);
        check(PageWord::Card, RecognizedPage::Card);
        check(PageWord::CardUnread, RecognizedPage::CardUnread);
        check(PageWord::CardRefused, RecognizedPage::CardRefused);
        check(PageWord::Outage, RecognizedPage::Outage);
        check(PageWord::ActivationQr, RecognizedPage::ActivationQr);
        check(PageWord::ActivationCode, RecognizedPage::ActivationCode);
    }

    #[test]
    fn every_page_has_a_situation() {
        for word in
            [PageWord::Elsewhere, PageWord::Lookalike, PageWord::Unreachable, PageWord::Returned, PageWord::Number]
        {
            assert!(word.help().node().is_some(), "{word:?}");
        }
    }
}
