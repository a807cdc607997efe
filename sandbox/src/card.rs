//! The plastic card on the desktop: a reader, its components, software cards, and the window that asks for the card's code.
//!
//! A browser shows its card by a certificate (TLS client authentication, on hosts of their own, chosen by name). The certificate
//! says whose card it is; what the middleware adds on a real desk is played here: whether reader, card and components are there, and
//! the code of four digits with its three tries. `/card` is the desk for people, `/api/card` for scripts.
//!
//! What goes wrong becomes a page that says what to do, never an aborted connection. Without TLS there are no cards, and the tab of
//! the login page says so.
//!
//! Not here: the login that a card leads to (`provider::card`), the portal (`portal`).

mod desk;
mod gestion;
mod issue;
mod ssl_test;
mod window;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use minijinja::context;
use verifier_core::activation::{ParseCodeError, Pin};

use crate::app::{App, Failure};
use crate::store::{CardAnswer, Component, Desk, Reader, Slot, State};
use crate::tls::{Door, Peer};

pub use issue::PASSWORD as CARD_PASSWORD;
pub(crate) use issue::{Certified, IssueError, Issued};

/// Every path of the desk.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/card", get(desk::page).post(desk::submit))
        .route("/card/diagnostic", get(desk::diagnostic))
        .route("/card/debloquer", post(desk::unblock))
        .route("/card/{person}", get(gestion::page))
        .route("/card/{person}/etat", get(gestion::state))
        .route("/card/{person}/demandes/{request}", post(gestion::answer))
        .route("/api/card", get(desk::read).post(desk::change))
        .route("/api/card/{person}/requests", get(gestion::list))
        .route("/api/card/{person}/requests/{request}", post(gestion::answer_by_script))
        .route("/carte/{window}", get(window::page).post(window::submit))
        .route("/testssl", get(ssl_test::page).post(ssl_test::submit))
}

/// Why there is no usable card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CardTrouble {
    /// The sandbox speaks plain HTTP.
    #[error("cards need TLS")]
    NoTls,
    /// The page was opened under a name that asks for no certificate.
    #[error("this host asks for no card")]
    OtherHost,
    /// Cryptolib CPS is missing.
    #[error("the component Cryptolib CPS is missing")]
    NoCryptolib,
    /// GALSS is missing.
    #[error("the component GALSS is missing")]
    NoGalss,
    /// No reader.
    #[error("no card reader is connected")]
    NoReader,
    /// No card.
    #[error("no card is in the reader")]
    NoCard,
    /// The browser presented no certificate.
    #[error("the browser presented no certificate")]
    NoCertificate,
    /// A card of another environment.
    #[error("the card belongs to another environment")]
    OtherEnvironment,
    /// A certificate that is no card of ours.
    #[error("the certificate is not that of a card of this sandbox")]
    Unknown,
    /// Older than three years.
    #[error("the card has expired")]
    Expired,
    /// Three wrong codes.
    #[error("the card is blocked after three wrong codes")]
    Blocked,
}

impl CardTrouble {
    /// Stable code.
    #[must_use]
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NoTls => "SBX-CARD-TLS",
            Self::OtherHost => "SBX-CARD-HOST",
            Self::NoCryptolib => "SBX-CARD-CRYPTOLIB",
            Self::NoGalss => "SBX-CARD-GALSS",
            Self::NoReader => "SBX-CARD-READER",
            Self::NoCard => "SBX-CARD-ABSENT",
            Self::NoCertificate => "SBX-CARD-CERTIFICATE",
            Self::OtherEnvironment => "SBX-CARD-ENVIRONMENT",
            Self::Unknown => "SBX-CARD-UNKNOWN",
            Self::Expired => "SBX-CARD-EXPIRED",
            Self::Blocked => "SBX-CARD-BLOCKED",
        }
    }

    /// Headline, what happened, and what the holder does next.
    #[must_use]
    pub(crate) fn in_french(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NoTls => (
                "Carte indisponible",
                "Ce bac à sable a été démarré sans TLS : aucun certificat de carte ne peut être demandé au navigateur.",
                "Redémarrez-le avec --tls, ou utilisez l'application e-CPS.",
            ),
            Self::OtherHost => (
                "Carte non demandée",
                "Cette adresse ne demande pas de carte au navigateur.",
                "Retournez sur le site du service, puis choisissez à nouveau l'onglet « Carte CPS ».",
            ),
            Self::NoCryptolib => (
                "Composant manquant : Cryptolib CPS",
                "Le composant qui dialogue avec la carte n'est pas installé sur ce poste.",
                "Installez la suite ATSAM, lancez son diagnostic, puis fermez et rouvrez le navigateur.",
            ),
            Self::NoGalss => (
                "Composant manquant : GALSS",
                "Le composant qui dialogue avec le lecteur n'est pas installé ou n'est pas démarré sur ce poste.",
                "Installez la suite ATSAM, lancez son diagnostic, puis fermez et rouvrez le navigateur.",
            ),
            Self::NoReader => (
                "Aucun lecteur de carte",
                "Aucun lecteur de carte n'est relié à cet ordinateur.",
                "Branchez le lecteur, insérez la carte, puis réessayez. Sinon, essayez un autre lecteur ou un autre ordinateur.",
            ),
            Self::NoCard => (
                "Aucune carte",
                "Le lecteur est prêt, mais aucune carte n'y est insérée.",
                "Insérez la carte, puce vers le lecteur, puis réessayez.",
            ),
            Self::NoCertificate => (
                "Aucune carte présentée",
                "Le navigateur n'a présenté aucun certificat : carte absente, lecteur débranché, composants manquants, ou choix du certificat annulé.",
                "Vérifiez le lecteur et la carte, fermez toutes les fenêtres du navigateur (il retient un choix annulé), puis recommencez.",
            ),
            Self::OtherEnvironment => (
                "Carte d'un autre environnement",
                "Cette carte n'est pas de cet environnement : une carte réelle ne sert pas sur un bac à sable, ni une carte de test en production.",
                "Utilisez une carte de cet environnement.",
            ),
            Self::Unknown => (
                "Certificat inconnu",
                "Le certificat choisi n'est pas celui d'une carte de ce bac à sable. Une carte d'un démarrage précédent n'est plus reconnue.",
                "Fermez le navigateur, puis choisissez le certificat d'une carte de ce démarrage, ou gardez les cartes avec --cards.",
            ),
            Self::Expired => (
                "Carte expirée",
                "La durée de vie de cette carte, trois ans, est dépassée.",
                "Utilisez la carte qui l'a remplacée, ou demandez son renouvellement.",
            ),
            Self::Blocked => (
                "Carte bloquée",
                "Trop de codes erronés ont été saisis : la carte est bloquée.",
                "Faites-la débloquer par le support, avec son code de déblocage. Dans ce bac à sable, un bouton joue le support.",
            ),
        }
    }
}

/// What is wrong at the desk, in the order in which the diagnostic looks.
#[must_use]
pub(crate) fn trouble_at(desk: Desk) -> Option<CardTrouble> {
    if desk.cryptolib == Component::Missing {
        return Some(CardTrouble::NoCryptolib);
    }
    if desk.galss == Component::Missing {
        return Some(CardTrouble::NoGalss);
    }
    if desk.reader == Reader::Unplugged {
        return Some(CardTrouble::NoReader);
    }
    match desk.card {
        Slot::Inserted => None,
        Slot::Removed => Some(CardTrouble::NoCard),
        Slot::OtherEnvironment => Some(CardTrouble::OtherEnvironment),
    }
}

/// The national identifier on the card that a connection presents, if desk and card are as they should be.
pub(crate) fn presented(app: &App, peer: &Peer) -> Result<String, CardTrouble> {
    let certified = app.certified.as_ref().ok_or(CardTrouble::NoTls)?;
    if peer.door != Door::Card {
        return Err(CardTrouble::OtherHost);
    }
    let (desk, now_ms) = app.store.with(|state, now_ms| (state.desk(), now_ms));
    if let Some(trouble) = trouble_at(desk) {
        return Err(trouble);
    }
    let certificate = peer.certificate.as_ref().ok_or(CardTrouble::NoCertificate)?;
    match certified.owner(certificate) {
        Some(Issued::Card { expires_ms, .. }) if now_ms >= expires_ms => Err(CardTrouble::Expired),
        Some(Issued::Card { person, .. }) => match app.store.with(|state, _| state.card_tries(person)) {
            Some(0) => Err(CardTrouble::Blocked),
            Some(_) => Ok(person.to_owned()),
            None => Err(CardTrouble::Unknown),
        },
        Some(Issued::OtherEnvironment) => Err(CardTrouble::OtherEnvironment),
        Some(Issued::Service { .. }) | None => Err(CardTrouble::Unknown),
    }
}

/// How a typed code was taken.
pub(crate) enum Typed {
    /// Right.
    Right,
    /// Asked again, with this sentence.
    Again(String),
    /// The card is blocked.
    Blocked,
}

/// Tries a code. What has not the form of one costs no try: a card would not take it.
pub(crate) fn try_code(state: &mut State, person: &str, typed: &str) -> Typed {
    match Pin::parse(typed) {
        Err(ParseCodeError::Length { .. } | ParseCodeError::NotDigits) => {
            Typed::Again("Le code de la carte a quatre chiffres.".to_owned())
        }
        Ok(code) => match state.try_card_code(person, &code) {
            CardAnswer::Right => Typed::Right,
            CardAnswer::Blocked => Typed::Blocked,
            CardAnswer::Wrong { left } => {
                let plural = if left > 1 { "s" } else { "" };
                Typed::Again(format!("Code erroné. Il vous reste {left} essai{plural} avant le blocage de la carte."))
            }
        },
    }
}

/// The page for a card that cannot be used: where to try again, and where to go back to.
pub(crate) fn refused(
    app: &App,
    trouble: CardTrouble,
    again: Option<String>,
    back: Option<String>,
) -> Result<Response, Failure> {
    tracing::info!(code = trouble.code(), "card refused");
    let (title, message, help) = trouble.in_french();
    let status = if trouble == CardTrouble::NoTls { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
    app.pages.render(
        "card_trouble.html",
        status,
        context! { title, message, help, code => trouble.code(), again, back },
    )
}
