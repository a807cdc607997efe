//! The rules by which a page of a genuine host is recognised, as data.
//!
//! Real ids and names of the login pages are not public, so a rule rests on what a person reads: titles, tabs, buttons and
//! sentences, folded (lower case, no accents, one kind of space,
//! apostrophe and hyphen). Each rule is a list of groups; every group needs one clue that is present.
//! Rules are tried in order and the first that holds wins, so pages that say how a login ended come before pages that
//! still show the form below the message.
//!
//! Where each phrase comes from stands beside it: the guides; screenshots of the operator's and vendors' integration
//! guides (2025); public how-tos; or *assumed*, a wording that a page of that purpose is likely to use. Assumed phrases
//! never recognise a page on which something is filled or a number is shown.
//!
//! The table is Rust constants and not JSON read at start: with `serde_json` the same rules cost 33 kB more of Wasm (77 to
//! 110 kB before wasm-opt, measured on a module that does nothing but assess and recognise). `rules/page-rules.json` is the
//! same table for readers and other tools, with its schema beside it; a test holds the two together.

/// Grows whenever a rule or phrase changes, so that a report says which rules spoke.
pub const VERSION: u32 = 2;

/// What a rule recognises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageKind {
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
    /// "Do you confirm that you want to access PSC with this account?"
    Confirmation,
    /// The waiting page with the number.
    Number,
    /// The request expired.
    Expired,
    /// The request was refused.
    Refused,
    /// The person left the waiting page by its own button.
    Quit,
    /// The identifier was not known.
    UnknownIdentifier,
    /// Activation by card: the QR code to be scanned by the phone.
    ActivationQr,
    /// Activation by card: the code shown by the phone is typed here.
    ActivationCode,
    /// The session was closed.
    SignedOut,
    /// No card, no reader or no certificate was found.
    CardUnread,
    /// The card was read and its certificate refused.
    CardRefused,
    /// The provider says that it is out of order.
    Outage,
}

impl PageKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Portal,
        Self::Identifier,
        Self::Card,
        Self::Delegation,
        Self::SecurityKey,
        Self::Confirmation,
        Self::Number,
        Self::Expired,
        Self::Refused,
        Self::Quit,
        Self::UnknownIdentifier,
        Self::ActivationQr,
        Self::ActivationCode,
        Self::SignedOut,
        Self::CardUnread,
        Self::CardRefused,
        Self::Outage,
    ];

    /// A stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Identifier => "identifier",
            Self::Card => "card",
            Self::Delegation => "delegation",
            Self::SecurityKey => "security-key",
            Self::Confirmation => "confirmation",
            Self::Number => "number",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Quit => "quit",
            Self::UnknownIdentifier => "unknown-identifier",
            Self::ActivationQr => "activation-qr",
            Self::ActivationCode => "activation-code",
            Self::SignedOut => "signed-out",
            Self::CardUnread => "card-unread",
            Self::CardRefused => "card-refused",
            Self::Outage => "outage",
        }
    }
}

/// Where a phrase is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Title, headings, texts and alerts.
    Text,
    /// A button or a link.
    Button,
    /// The selected tab.
    Tab,
    /// A label or placeholder of a visible field.
    Label,
    /// Something like a QR code is on the page; the phrase is empty.
    Qr,
}

impl Place {
    /// A stable lower-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Button => "button",
            Self::Tab => "tab",
            Self::Label => "label",
            Self::Qr => "qr",
        }
    }
}

/// A phrase and where it stands. Phrases are written folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clue {
    /// Where it is looked for.
    pub place: Place,
    /// What is looked for, as whole words.
    pub phrase: &'static str,
}

/// One way to recognise a kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it recognises.
    pub kind: PageKind,
    /// When the page reports a selected tab, it must be one of these; empty: tabs do not matter.
    pub tabs: &'static [&'static str],
    /// Every group needs one clue that is present.
    pub groups: &'static [&'static [Clue]],
}

const fn text(phrase: &'static str) -> Clue {
    Clue { place: Place::Text, phrase }
}

const fn button(phrase: &'static str) -> Clue {
    Clue { place: Place::Button, phrase }
}

const fn tab(phrase: &'static str) -> Clue {
    Clue { place: Place::Tab, phrase }
}

const fn label(phrase: &'static str) -> Clue {
    Clue { place: Place::Label, phrase }
}

const QR: Clue = Clue { place: Place::Qr, phrase: "" };

/// The rules, in the order in which they are tried.
pub const RULES: &[Rule] = &[
    // How a login ended: assumed wordings, nothing is filled or shown on these pages.
    Rule {
        kind: PageKind::UnknownIdentifier,
        tabs: &[],
        groups: &[&[
            text("identifiant inconnu"),
            text("identifiant est inconnu"),
            text("identifiant n'est pas connu"),
            text("identifiant n'est pas reconnu"),
            text("identifiant non reconnu"),
            text("identifiant introuvable"),
            text("identifiant invalide"),
            text("identifiant incorrect"),
            text("identifiant saisi est incorrect"),
            text("utilisateur inconnu"),
            text("aucun compte ne correspond"),
        ]],
    },
    Rule {
        kind: PageKind::Expired,
        tabs: &[],
        groups: &[&[
            text("demande d'authentification a expire"),
            text("demande d'authentification est expiree"),
            text("demande de connexion a expire"),
            text("votre demande a expire"),
            text("demande expiree"),
            text("session a expire"),
            text("session expiree"),
            text("delai depasse"),
            text("delai est depasse"),
            text("temps imparti est ecoule"),
        ]],
    },
    Rule {
        kind: PageKind::Refused,
        tabs: &[],
        groups: &[&[
            text("demande refusee"),
            text("demande d'authentification refusee"),
            text("demande d'authentification a ete refusee"),
            text("demande d'authentification a ete rejetee"),
            text("demande de connexion a ete refusee"),
            text("demande a ete refusee"),
            text("demande a ete rejetee"),
            text("authentification refusee"),
            text("authentification a ete refusee"),
            text("vous avez refuse"),
        ]],
    },
    Rule {
        kind: PageKind::Quit,
        tabs: &[],
        groups: &[&[
            text("vous avez quitte l'authentification"),
            text("authentification quittee"),
            text("authentification abandonnee"),
        ]],
    },
    Rule {
        kind: PageKind::SignedOut,
        tabs: &[],
        groups: &[&[
            text("vous etes deconnecte"),
            text("vous etes maintenant deconnecte"),
            text("vous avez ete deconnecte"),
            text("session fermee"),
            text("session est fermee"),
            text("session a ete fermee"),
            text("deconnexion reussie"),
        ]],
    },
    // What becomes of a card: assumed wordings, after the words of the SI-DEP guide and of people who ask for help. They come
    // before the card tab, which may stand below the message.
    Rule {
        kind: PageKind::CardRefused,
        tabs: &["carte cps"],
        groups: &[
            &[text("carte"), text("certificat")],
            &[
                text("carte refusee"),
                text("carte est refusee"),
                text("carte a ete refusee"),
                text("carte expiree"),
                text("carte est expiree"),
                text("carte a expire"),
                text("carte revoquee"),
                text("carte est revoquee"),
                text("carte en opposition"),
                text("carte bloquee"),
                text("carte est bloquee"),
                text("carte n'est pas reconnue"),
                text("carte inconnue"),
                text("certificat refuse"),
                text("certificat a ete refuse"),
                text("certificat n'est pas accepte"),
                text("certificat expire"),
                text("certificat est expire"),
                text("certificat a expire"),
                text("certificat revoque"),
                text("certificat est revoque"),
                text("certificat a ete revoque"),
                text("certificat n'est pas valide"),
                text("certificat invalide"),
                text("de votre carte a ete revoque"),
                text("de votre carte est revoque"),
                text("de votre carte a expire"),
                text("de votre carte est expire"),
                text("de la carte a ete revoque"),
                text("de la carte est revoque"),
                text("de la carte a expire"),
                text("de la carte est expire"),
            ],
        ],
    },
    Rule {
        kind: PageKind::CardUnread,
        tabs: &["carte cps"],
        groups: &[
            &[text("carte"), text("certificat"), text("lecteur")],
            &[
                text("aucune carte"),
                text("carte absente"),
                text("carte non detectee"),
                text("carte n'a pas ete detectee"),
                text("carte non lue"),
                text("carte n'a pas ete lue"),
                text("carte n'a pas pu etre lue"),
                text("carte illisible"),
                text("aucun certificat"),
                text("certificat absent"),
                text("certificat n'a pas ete presente"),
                text("pas presente de certificat"),
                text("aucun lecteur"),
                text("lecteur non detecte"),
                text("lecteur n'a pas ete detecte"),
                text("lecteur de carte absent"),
            ],
        ],
    },
    // The waiting page, from the SMURT@B guide: the number's own sentence and one of the sentences around it.
    Rule {
        kind: PageKind::Number,
        tabs: &[],
        groups: &[
            &[
                text("pour valider votre demande d'authentification"),
                text("selection du code affiche"),
                text("selectionnez le code affiche"),
                text("parmi les trois codes proposes"),
            ],
            &[
                text("verification de votre identite en 2 etapes"),
                text("saisie de votre mot de passe"),
                text("validez la demande d'authentification sur votre telephone"),
                text("il vous reste"),
                button("quitter l'authentification"),
                text("quitter l'authentification"),
            ],
        ],
    },
    // Activation by card, from the SI-DEP guide and a public how-to.
    Rule {
        kind: PageKind::ActivationCode,
        tabs: &[],
        groups: &[
            &[
                text("code d'activation"),
                label("code d'activation"),
                text("code affiche par votre telephone"),
                text("code affiche sur votre telephone"),
                text("code affiche par l'application"),
            ],
            &[
                text("saisissez"),
                text("saisir"),
                label("code d'activation"),
                label("code affiche par votre telephone"),
                label("code affiche sur votre telephone"),
            ],
            &[text("telephone"), text("application e-cps"), text("smartphone"), text("mobile")],
        ],
    },
    // The word "QR code" is needed beside a picture that may be one: a square logo is no QR code.
    Rule {
        kind: PageKind::ActivationQr,
        tabs: &[],
        groups: &[
            &[QR, text("scannez le qr code"), text("scanner le qr code"), text("scannez le qr-code")],
            &[text("qr code"), text("qr-code"), text("qrcode")],
            &[text("activation"), text("activer"), text("activez"), text("application e-cps"), text("e-cps")],
        ],
    },
    // Screenshot in a vendor's integration guide, 2025.
    Rule {
        kind: PageKind::Confirmation,
        tabs: &[],
        groups: &[
            &[text("confirmez-vous vouloir acceder a psc"), text("confirmez-vous vouloir acceder a pro sante connect")],
            &[button("confirmer")],
        ],
    },
    // The four tabs of the login page, screenshots of 2025; the button of the e-CPS tab also in the SMURT@B guide.
    Rule {
        kind: PageKind::Delegation,
        tabs: &["delegation"],
        groups: &[&[tab("delegation"), button("se connecter via un fournisseur d'identite")]],
    },
    Rule {
        kind: PageKind::SecurityKey,
        tabs: &["cle de securite"],
        groups: &[&[
            tab("cle de securite"),
            button("se connecter avec une cle de securite"),
            button("se connecter avec la cle de securite"),
        ]],
    },
    Rule {
        kind: PageKind::Card,
        tabs: &["carte cps"],
        groups: &[&[tab("carte cps"), button("se connecter avec la carte cps"), button("se connecter avec carte cps")]],
    },
    Rule {
        kind: PageKind::Identifier,
        tabs: &["application e-cps"],
        groups: &[
            &[
                button("se connecter avec e-cps"),
                button("se connecter avec la e-cps"),
                button("se connecter avec l'e-cps"),
            ],
            &[
                text("connectez-vous"),
                tab("application e-cps"),
                text("application mobile e-cps"),
                text("memoriser mon identifiant"),
                label("memoriser mon identifiant"),
            ],
        ],
    },
    // Screenshot in a vendor's integration guide, 2025.
    Rule {
        kind: PageKind::Portal,
        tabs: &[],
        groups: &[
            &[text("pour acceder a votre portail de gestion"), text("portail de gestion")],
            &[
                button("s'identifier avec pro sante connect"),
                button("s'authentifier"),
                text("s'identifier avec pro sante connect"),
            ],
        ],
    },
    // Assumed wordings, and last: a notice of works to come stands on pages that are in order.
    Rule {
        kind: PageKind::Outage,
        tabs: &[],
        groups: &[&[
            text("service indisponible"),
            text("service est indisponible"),
            text("service momentanement indisponible"),
            text("service temporairement indisponible"),
            text("est momentanement indisponible"),
            text("est temporairement indisponible"),
            text("est actuellement indisponible"),
            text("maintenance en cours"),
            text("en cours de maintenance"),
            text("service unavailable"),
        ]],
    },
];
