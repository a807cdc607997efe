//! The app on a phone without e-CPS: activation by the registered contacts, screen by screen as in the guides.
//!
//! Commencer l'activation → conditions → envoyer une demande (8 + RPPS, masked contacts) or scanner un QR code → SMS on a
//! tap → PIN twice → active on this phone and on no other. A QR code of the portal (activation by card) leads past the SMS: the
//! phone shows a code that is typed on the desktop. The rules are the core's; this module shows them.
//!
//! The QR code is scanned by camera or from an image file (`scan`), its text is pasted, or the link of the mail is opened.
//!
//! Not here: the portal (`portal`).

pub(super) mod api;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_extra::extract::CookieJar;
use minijinja::context;
use serde_json::json;
use verifier_core::activation::{
    Device, Missing, NotEligible, PhoneCode, RedeemError, Refusal, Route, SmsCode, TicketToken,
};

use super::device;
use crate::app::{App, Failure};
use crate::device_key::DeviceKey;
use crate::identifier;
use crate::params::Params;
use crate::random::{NoRandomness, make_bytes};
use crate::store::{ActivationError, MailOperator, Masked, Progress};
use crate::web::{self, found, see_other};

const HOME: &str = "/phone/activation";
const RUNNING: &str = "/phone/activation/suite";

/// Every path of the activation.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, get(home))
        .route("/phone/activation/conditions", get(terms).post(accept))
        .route("/phone/activation/choix", get(choice))
        .route("/phone/activation/demande", get(ask).post(contacts))
        .route("/phone/activation/envoyer", post(send))
        .route("/phone/activation/scanner", get(scanner).post(scan))
        .route("/phone/activation/lien/{ticket}", get(link))
        .route(RUNNING, get(running))
        .route("/phone/activation/etat", get(waiting))
        .route("/phone/activation/sms", post(sms))
        .route("/phone/activation/code", post(code))
        .route("/phone/activation/pin", post(pin))
        .route("/phone/activation/quitter", post(quit))
        .route("/phone/activation/autre", post(other_phone))
        .route("/api/activation/{person}", post(api::step))
}

/// Draws the ticket of a QR code.
pub(crate) fn make_ticket() -> Result<TicketToken, NoRandomness> {
    Ok(TicketToken::from_random(make_bytes::<16>()?))
}

/// Draws the code of an SMS.
fn make_code() -> Result<SmsCode, ActivationError> {
    let bytes =
        make_bytes::<64>().map_err(|_| ActivationError::Draw(verifier_core::activation::draw::DrawError::Exhausted))?;
    SmsCode::make(&mut bytes.into_iter()).map_err(ActivationError::Draw)
}

/// Draws the code that a phone shows after it scanned the QR code of the portal.
fn make_phone_code() -> Result<PhoneCode, ActivationError> {
    let bytes =
        make_bytes::<64>().map_err(|_| ActivationError::Draw(verifier_core::activation::draw::DrawError::Exhausted))?;
    PhoneCode::make(&mut bytes.into_iter()).map_err(ActivationError::Draw)
}

fn operator(app: &App) -> MailOperator {
    if app.faults().mail_blocked { MailOperator::Blocks } else { MailOperator::Delivers }
}

/// Puts a screen of the app into a page, with the token of its forms.
fn screen(app: &App, jar: CookieJar, name: &str, values: minijinja::Value) -> Result<Response, Failure> {
    let (jar, csrf) = web::csrf(jar, &app.sites)?;
    let page = app.pages.render(name, StatusCode::OK, context! { csrf, ..values })?;
    Ok((jar, page).into_response())
}

/// A screen that says why a step was not done.
fn refused(app: &App, error: ActivationError, back: &str) -> Result<Response, Failure> {
    tracing::info!(code = error.code(), "activation step refused");
    let (title, message) = in_french(error);
    let order = matches!(error, ActivationError::NotEligible(_));
    app.pages.render(
        "phone_activation_refused.html",
        StatusCode::UNPROCESSABLE_ENTITY,
        context! { title, message, code => error.code(), back, order },
    )
}

pub(crate) fn in_french(error: ActivationError) -> (&'static str, &'static str) {
    match error {
        ActivationError::UnknownPerson => {
            ("Identifiant inconnu", "Cet identifiant n'est pas dans l'annuaire du bac à sable.")
        }
        ActivationError::NotEligible(reason) => (
            "Coordonnées incomplètes",
            match reason {
                NotEligible::Card => "Cette voie demande une carte nominative. Activez par vos coordonnées.",
                NotEligible::Contacts(Missing::Mail) => {
                    "Aucun courriel n'est enregistré pour vous. Faites-le enregistrer par votre Ordre ou votre employeur ; comptez environ 72 heures."
                }
                NotEligible::Contacts(Missing::Phone) => {
                    "Aucun téléphone mobile n'est enregistré pour vous. Faites-le enregistrer par votre Ordre ou votre employeur ; comptez environ 72 heures."
                }
                NotEligible::Contacts(Missing::MailAndPhone) => {
                    "Ni courriel ni téléphone mobile ne sont enregistrés pour vous. Faites-les enregistrer par votre Ordre ou votre employeur ; comptez environ 72 heures."
                }
                NotEligible::ContactsButCard(_) => {
                    "Il manque une coordonnée à votre dossier. Activez avec votre carte, ou faites enregistrer vos coordonnées par votre Ordre (environ 72 heures)."
                }
            },
        ),
        ActivationError::Ticket(reason) => (
            "QR code refusé",
            match reason {
                RedeemError::Expired { route: Route::Contacts } => {
                    "Ce QR code a plus de deux jours. Envoyez une nouvelle demande d'activation."
                }
                RedeemError::Expired { route: Route::Card } => {
                    "Ce QR code a plus de 90 secondes. Recommencez sur le portail, téléphone en main."
                }
                RedeemError::Used => {
                    "Ce QR code a déjà servi. Continuez sur le téléphone qui l'a scanné ; si ce n'est pas le vôtre, appelez le support e-CPS."
                }
                RedeemError::Superseded => {
                    "Une demande plus récente a désactivé ce QR code. Utilisez celui du dernier courriel."
                }
                RedeemError::Unknown => "Ce n'est pas un QR code d'activation de ce bac à sable.",
            },
        ),
        ActivationError::Refused(reason) => match reason {
            Refusal::OutOfOrder => ("Étape indisponible", "Aucune activation n'attend cette étape sur ce téléphone."),
            Refusal::OtherDevice => {
                ("Autre téléphone", "Un autre téléphone a scanné le QR code. Continuez sur celui-là.")
            }
            Refusal::WrongCode { left: 0 } => (
                "Activation arrêtée",
                "Le code était faux trop de fois. Envoyez une nouvelle demande d'activation ; l'ancien QR code ne sert plus.",
            ),
            Refusal::WrongCode { left: 1 } => ("Code erroné", "Ce n'est pas le bon code. Il vous reste 1 essai."),
            Refusal::WrongCode { .. } => ("Code erroné", "Ce n'est pas le bon code. Il vous reste 2 essais."),
            Refusal::CodeExpired { route: Route::Card } => (
                "Code trop ancien",
                "Le code affiché par le téléphone a plus de dix minutes. Affichez un nouveau QR code sur le portail.",
            ),
            Refusal::CodeExpired { .. } => {
                ("Code trop ancien", "Le code du SMS a plus de dix minutes. Envoyez une nouvelle demande d'activation.")
            }
            Refusal::PinsDiffer => {
                ("Codes différents", "Les deux codes PIN diffèrent. Choisissez-en un à nouveau et tapez-le deux fois.")
            }
        },
        ActivationError::Form(_) => ("Code incomplet", "Le code d'activation a six chiffres, le code PIN en a quatre."),
        ActivationError::Contact(_) => {
            ("Coordonnées illisibles", "Donnez une adresse de courriel ou un numéro de mobile français (06 ou 07).")
        }
        ActivationError::TooOften => (
            "Trop de demandes",
            "Trop de courriels ont été demandés en une minute. Attendez, puis utilisez le plus récent.",
        ),
        ActivationError::Key => (
            "Téléphone sans clé",
            "Ce téléphone n'a pas créé sa clé. Ouvrez cette page en https ou sur 127.0.0.1, avec JavaScript.",
        ),
        ActivationError::NoEcps => ("Pas de e-CPS", "Il n'y a pas de e-CPS à supprimer."),
        ActivationError::OtherPhone => ("Autre téléphone", "Cette e-CPS est active sur un autre téléphone."),
        ActivationError::Draw(_) => ("Code impossible", "Aucun code n'a pu être tiré. Recommencez."),
        ActivationError::Body => ("Demande illisible", "Cette étape n'existe pas."),
    }
}

/// The form of a step, if it was made by one of our pages in this browser, and the phone that sent it.
fn form(jar: &CookieJar, body: &[u8]) -> Option<(Params, Device)> {
    let params = Params::parse(body).ok().filter(|params| web::csrf_holds(jar, params))?;
    Some((params, device::known(jar)?))
}

/// `GET /phone/activation`: the app as it opens for the first time.
async fn home(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let (jar, device) = device::known_or_new(jar, &app.sites)?;
    let running = app.store.with(|state, _| state.progress(device)) != Progress::Nothing;
    screen(&app, jar, "phone_activation_home.html", context! { running })
}

/// `POST …/autre`: another phone in this browser.
async fn other_phone(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    if form(&jar, &body).is_none() {
        return web::bad_form(&app.pages);
    }
    let (jar, _) = device::another(jar, &app.sites)?;
    Ok((jar, see_other(HOME)).into_response())
}

/// `GET …/conditions`.
async fn terms(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let (jar, _) = device::known_or_new(jar, &app.sites)?;
    screen(&app, jar, "phone_activation_terms.html", context! { ticket => "" })
}

/// `POST …/conditions`: accepted.
async fn accept(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    app.store.with(|state, _| state.accept_terms(device));
    // Whoever came by the link of the mail goes on with it.
    Ok(see_other(&match params.value("ticket").and_then(TicketToken::parse) {
        Some(ticket) => format!("/phone/activation/lien/{}", ticket.to_text()),
        None => "/phone/activation/choix".to_owned(),
    }))
}

/// Whether the holder of the phone that this browser plays accepted the terms.
fn accepted(app: &App, jar: &CookieJar) -> bool {
    device::known(jar).is_some_and(|device| app.store.with(|state, _| state.has_accepted_terms(device)))
}

fn to_terms() -> Result<Response, Failure> {
    Ok(found("/phone/activation/conditions"))
}

/// `GET …/choix`: send a request, or scan.
async fn choice(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    if !accepted(&app, &jar) {
        return to_terms();
    }
    screen(&app, jar, "phone_activation_choice.html", context! {})
}

/// `GET …/demande`: who are you?
async fn ask(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let none: Option<String> = None;
    if !accepted(&app, &jar) {
        return to_terms();
    }
    screen(&app, jar, "phone_activation_ask.html", context! { value => "", alert => none })
}

/// `POST …/demande`: the registered contacts, masked.
async fn contacts(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, _)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    if !accepted(&app, &jar) {
        return to_terms();
    }
    let typed = params.value("saisie").unwrap_or_default();
    let person = match identifier::read(&app.persons, typed) {
        Ok(person) => person,
        Err(refusal) => {
            tracing::info!(code = refusal.code(), "identifier refused");
            let alert = context! { message => refusal.message(), code => refusal.code() };
            return screen(&app, jar, "phone_activation_ask.html", context! { value => typed, alert });
        }
    };
    match app.store.with(|state, now_ms| state.masked_contacts(person.id(), now_ms)) {
        Err(error) => refused(&app, error, "/phone/activation/demande"),
        Ok(Masked { mail, phone }) => {
            screen(&app, jar, "phone_activation_contacts.html", context! { saisie => person.id(), mail, phone })
        }
    }
}

/// `POST …/envoyer`: the mail goes out.
async fn send(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, _)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    if !accepted(&app, &jar) {
        return to_terms();
    }
    let (ticket, blocks) = (make_ticket()?, operator(&app));
    let sent = identifier::read(&app.persons, params.value("saisie").unwrap_or_default())
        .map_err(|_| ActivationError::UnknownPerson)
        .and_then(|person| {
            app.store.with(|state, now_ms| {
                state.request_activation(person.id(), ticket, blocks, app.pushes_per_minute, now_ms)
            })
        });
    match sent {
        Err(error) => refused(&app, error, "/phone/activation/demande"),
        Ok(Masked { mail, .. }) => {
            tracing::info!("activation requested");
            screen(&app, jar, "phone_activation_sent.html", context! { mail })
        }
    }
}

/// `GET …/scanner`.
async fn scanner(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    if !accepted(&app, &jar) {
        return to_terms();
    }
    screen(&app, jar, "phone_activation_scan.html", context! {})
}

/// `POST …/scanner`: the text of a QR code, or the link of the mail.
async fn scan(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    if !accepted(&app, &jar) {
        return to_terms();
    }
    let text = params.value("qr").unwrap_or_default();
    match make_phone_code().and_then(|code| app.store.with(|state, now_ms| state.scan(device, text, code, now_ms))) {
        Ok(()) => Ok(see_other(RUNNING)),
        Err(error) => refused(&app, error, "/phone/activation/choix"),
    }
}

/// `GET …/lien/{ticket}`: the link of the mail, opened on the phone. Looking at it uses nothing up: mail programs look, too.
async fn link(State(app): State<Arc<App>>, jar: CookieJar, Path(ticket): Path<String>) -> Result<Response, Failure> {
    let (jar, device) = device::known_or_new(jar, &app.sites)?;
    let Some(ticket) = TicketToken::parse(&ticket).map(|ticket| ticket.to_text()) else {
        return refused(&app, ActivationError::Ticket(RedeemError::Unknown), HOME);
    };
    let accepted = app.store.with(|state, _| state.has_accepted_terms(device));
    let name = if accepted { "phone_activation_link.html" } else { "phone_activation_terms.html" };
    screen(&app, jar, name, context! { ticket })
}

/// `GET …/suite`: where the activation on this phone stands. With `sms=lire` the app reads the code by itself.
async fn running(State(app): State<Arc<App>>, jar: CookieJar, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let Some(device) = device::known(&jar) else {
        return Ok(found(HOME));
    };
    let none: Option<String> = None;
    match app.store.with(|state, _| state.progress(device)) {
        Progress::Nothing => Ok(found(HOME)),
        Progress::Scanned { masked_phone } => {
            screen(&app, jar, "phone_activation_sms.html", context! { phone => masked_phone })
        }
        Progress::AwaitingSms { masked_phone } => {
            let read = query.as_deref() == Some("sms=lire");
            let code = app
                .store
                .with(|state, _| state.read_sms(device).filter(|_| read).map(str::to_owned))
                .unwrap_or_default();
            screen(&app, jar, "phone_activation_code.html", context! { phone => masked_phone, code, alert => none })
        }
        Progress::ShowingCode { code } => screen(&app, jar, "phone_activation_show.html", context! { code }),
        Progress::ChoosingPin => pin_screen(&app, jar, false, None),
        Progress::ConfirmingPin => pin_screen(&app, jar, true, None),
    }
}

/// `GET …/etat`: whether the phone still shows its code, for the page to move on by itself.
async fn waiting(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    let progress = device::known(&jar).map(|device| app.store.with(|state, _| state.progress(device)));
    let shows = matches!(progress, Some(Progress::ShowingCode { .. }));
    ([(axum::http::header::CACHE_CONTROL, "no-store")], Json(json!({"attente": shows}))).into_response()
}

fn pin_screen(app: &App, jar: CookieJar, again: bool, alert: Option<&str>) -> Result<Response, Failure> {
    screen(app, jar, "phone_activation_pin.html", context! { again, alert })
}

/// `POST …/sms`: the tap that asks for the code.
async fn sms(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((_, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    let sent = make_code().and_then(|code| app.store.with(|state, now_ms| state.ask_sms(device, code, now_ms)));
    match sent {
        // A second tap finds the SMS already sent.
        Ok(()) | Err(ActivationError::Refused(Refusal::OutOfOrder)) => Ok(see_other(RUNNING)),
        Err(error) => refused(&app, error, HOME),
    }
}

/// `POST …/code`: six digits.
async fn code(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    let typed = params.value("code").unwrap_or_default();
    match app.store.with(|state, now_ms| (state.type_sms(device, typed, now_ms), state.progress(device))) {
        (Ok(()), _) => Ok(see_other(RUNNING)),
        (Err(error), Progress::AwaitingSms { masked_phone }) => {
            tracing::info!(code = error.code(), "activation step refused");
            let alert = Some(in_french(error).1);
            screen(&app, jar, "phone_activation_code.html", context! { phone => masked_phone, code => "", alert })
        }
        (Err(error), _) => refused(&app, error, HOME),
    }
}

/// `POST …/pin`: four digits, then the same ones.
async fn pin(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((params, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    let typed = params.value("pin").unwrap_or_default();
    let key = params.value("cle").and_then(|key| DeviceKey::parse(key).ok());
    let entered = app.store.with(|state, now_ms| {
        // In the pages an e-CPS is never bound to a phone without a key.
        if key.is_none() && state.progress(device) == Progress::ConfirmingPin {
            return (Err(ActivationError::Key), Progress::ConfirmingPin);
        }
        (state.type_pin(device, typed, key, now_ms), state.progress(device))
    });
    match entered {
        (Ok(None), _) => Ok(see_other(RUNNING)),
        (Ok(Some(person)), _) => {
            tracing::info!("e-CPS activated");
            let name = app.persons.find(&person).map(crate::persons::Person::display_name).unwrap_or_default();
            screen(&app, jar, "phone_activation_done.html", context! { id => person, name })
        }
        (Err(error), Progress::ChoosingPin) => pin_screen(&app, jar, false, Some(in_french(error).1)),
        (Err(error), Progress::ConfirmingPin) => pin_screen(&app, jar, true, Some(in_french(error).1)),
        (Err(error), _) => refused(&app, error, HOME),
    }
}

/// `POST …/quitter`.
async fn quit(State(app): State<Arc<App>>, jar: CookieJar, body: Bytes) -> Result<Response, Failure> {
    let Some((_, device)) = form(&jar, &body) else {
        return web::bad_form(&app.pages);
    };
    app.store.with(|state, now_ms| state.abandon(device, now_ms));
    Ok(see_other(HOME))
}
