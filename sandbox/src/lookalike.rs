//! The imitation: a login page and a number page under a host that is not the genuine one.
//!
//! It looks like the genuine page, on purpose, because a look-alike does. Only a comment in the HTML says that it is a test
//! page. It keeps nothing of what is typed, sends nothing to any phone and shows a number that nobody waits for.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use minijinja::context;

use crate::app::{App, Failure};
use crate::random::make_below;
use crate::web::see_other;

/// Every path of the imitation.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/lookalike/", get(login).post(submit)).route("/lookalike/attente", get(number))
}

async fn login(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let none: Option<&str> = None;
    app.pages.render(
        "identifier.html",
        StatusCode::OK,
        context! {
            login => "", csrf => "", value => "", alert => none, remember => false,
            action => "/lookalike/", lookalike => true,
        },
    )
}

/// What was typed is not even read.
async fn submit() -> Response {
    see_other("/lookalike/attente")
}

async fn number(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    let number = format!("{:02}", make_below(100)?);
    app.pages.render(
        "number.html",
        StatusCode::OK,
        context! {
            login => "", csrf => "", number, remaining_s => 94, service => "SMURT@B", lookalike => true,
        },
    )
}
