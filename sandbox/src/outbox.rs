//! Mail and SMS that the sandbox "sent": pages for people, JSON for scripts. Nothing leaves the machine.
//!
//! Whoever opens these pages reads everybody's mail. Activation links and codes stand here and nowhere else.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use minijinja::{Value, context};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::json;
use verifier_core::activation::TicketToken;

use crate::app::{App, Failure};
use crate::store::{Content, Message};
use crate::web::{error_page, found};

/// Every path of the outbox.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/activation/lien/{ticket}", get(follow))
        .route("/outbox", get(list))
        .route("/outbox/", get(list))
        .route("/outbox/{id}", get(read))
        .route("/outbox/{id}/qr.svg", get(qr))
        .route("/api/outbox", get(all))
        .route("/api/outbox/{person}", get(of_person))
}

fn messages(app: &App) -> Vec<Message> {
    app.store.with(|state, _| state.messages().cloned().collect())
}

/// On a genuine host, as a person may check it before opening; the phone's page follows. The real address is not published.
fn link(app: &App, ticket: &str) -> String {
    format!("{}/activation/lien/{ticket}", app.sites.wallet)
}

/// `GET {wallet}/activation/lien/{ticket}`: on a phone the app opens; here its page does.
async fn follow(State(app): State<Arc<App>>, Path(ticket): Path<String>) -> Result<Response, Failure> {
    match TicketToken::parse(&ticket) {
        Some(ticket) => Ok(found(&format!("{}/phone/activation/lien/{}", app.sites.phone, ticket.to_text()))),
        None => gone(&app),
    }
}

fn line(message: &Message) -> Value {
    let (id, kind, to) = (message.id, message.channel.as_str(), message.to.as_str());
    let (subject, text) = (message.subject.as_str(), message.text.as_str());
    context! { id, kind, to, subject, text, blocked => matches!(message.content, Content::Blocked) }
}

/// `GET /outbox`.
async fn list(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let messages: Vec<Value> = messages(&app).iter().map(line).collect();
    app.pages.render("outbox.html", StatusCode::OK, context! { messages })
}

/// `GET /outbox/{id}`: one message as its reader sees it.
async fn read(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Failure> {
    let Some(message) = messages(&app).into_iter().find(|message| message.id.to_string() == id) else {
        return gone(&app);
    };
    let link = match &message.content {
        Content::Ticket(ticket) => Some((link(&app, ticket), ticket.clone())),
        Content::Code(_) | Content::Notice | Content::Blocked => None,
    };
    let (link, ticket) = link.unzip();
    app.pages.render("outbox_message.html", StatusCode::OK, context! { message => line(&message), link, ticket })
}

fn gone(app: &App) -> Result<Response, Failure> {
    error_page(
        &app.pages,
        StatusCode::NOT_FOUND,
        "Message introuvable",
        "Ce message n'existe pas, ou il est trop ancien pour être gardé.",
        "Revenez à la liste des courriels et SMS simulés.",
        "SBX-NOT-FOUND",
    )
}

/// `GET /outbox/{id}/qr.svg`: the QR code of an activation mail.
async fn qr(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Failure> {
    let code =
        messages(&app).into_iter().find(|message| message.id.to_string() == id).and_then(|message| {
            match message.content {
                Content::Ticket(ticket) => QrCode::new(ticket.as_bytes()).ok(),
                Content::Code(_) | Content::Notice | Content::Blocked => None,
            }
        });
    let Some(code) = code else {
        return gone(&app);
    };
    let image = code.render::<svg::Color<'_>>().min_dimensions(280, 280).build();
    Ok(([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")], image).into_response())
}

fn for_scripts(app: &App, message: &Message) -> serde_json::Value {
    let mut value = json!({
        "id": message.id,
        "kind": message.channel.as_str(),
        "person": message.person,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "sent_at": message.sent_ms / 1000,
        "delivered": !matches!(message.content, Content::Blocked),
    });
    if let serde_json::Value::Object(members) = &mut value {
        match &message.content {
            Content::Ticket(ticket) => {
                members.insert("qr".into(), ticket.clone().into());
                members.insert("link".into(), link(app, ticket).into());
            }
            Content::Code(code) => {
                members.insert("code".into(), code.clone().into());
            }
            Content::Notice | Content::Blocked => {}
        }
    }
    value
}

/// `GET /api/outbox`: newest first.
async fn all(State(app): State<Arc<App>>) -> Json<Vec<serde_json::Value>> {
    Json(messages(&app).iter().map(|message| for_scripts(&app, message)).collect())
}

/// `GET /api/outbox/{person}`: newest first.
async fn of_person(State(app): State<Arc<App>>, Path(person): Path<String>) -> Json<Vec<serde_json::Value>> {
    let of_person = messages(&app).into_iter().filter(|message| message.person == person);
    Json(of_person.map(|message| for_scripts(&app, &message)).collect())
}
