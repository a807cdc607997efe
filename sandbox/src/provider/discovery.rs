//! Discovery documents and the key set.
//!
//! The field set is the one reconstructed from published captures (psc-facts §1.3), without what the sandbox does not do:
//! advertised and absent would teach an integrator something false. `tests/login/discovery.rs` names each missing value with its
//! reason. Two documents exist: the one under PSC's own name points at the login host, the plain one at the token service, as
//! observed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::request;
use crate::app::App;
use crate::names::REALM;

/// `wallet-openid-configuration`: the document that integrators are told to use.
pub(crate) async fn wallet(State(app): State<Arc<App>>) -> Json<Value> {
    Json(document(&app, &format!("{}/auth", app.sites.wallet)))
}

/// `openid-configuration`: same document, authorization endpoint of the token service.
pub(crate) async fn plain(State(app): State<Arc<App>>) -> Json<Value> {
    Json(document(&app, &app.sites.realm("protocol/openid-connect/auth")))
}

/// The public keys.
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.keys.jwks())
}

fn document(app: &App, authorization_endpoint: &str) -> Value {
    let endpoint = |path: &str| app.sites.realm(&format!("protocol/openid-connect/{path}"));
    let mut methods = vec!["client_secret_basic", "client_secret_post"];
    if app.sites.certified.is_some() {
        methods.push("tls_client_auth");
    }
    let authentication_methods = json!(methods);
    let mut document = json!({
        "issuer": app.sites.issuer(),
        "authorization_endpoint": authorization_endpoint,
        "token_endpoint": endpoint("token"),
        "introspection_endpoint": endpoint("token/introspect"),
        "userinfo_endpoint": endpoint("userinfo"),
        "end_session_endpoint": endpoint("logout"),
        "frontchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "jwks_uri": endpoint("certs"),
        "grant_types_supported": ["authorization_code", "refresh_token", super::ciba::GRANT],
        // As published: the list does not name the level that is really accepted.
        "acr_values_supported": ["0", "0"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "request_object_signing_alg_values_supported": request::object::ALGORITHMS,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "token_endpoint_auth_methods_supported": authentication_methods,
        "introspection_endpoint_auth_methods_supported": authentication_methods,
        "claims_supported":
            ["aud", "sub", "iss", "auth_time", "name", "given_name", "family_name", "preferred_username", "email", "acr"],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": false,
        "scopes_supported": request::SCOPES,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": false,
        "code_challenge_methods_supported": ["plain", "S256"],
        "revocation_endpoint": endpoint("revoke"),
        "revocation_endpoint_auth_methods_supported": authentication_methods,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_authentication_endpoint": endpoint("ext/ciba/auth"),
        "require_pushed_authorization_requests": false,
        "pushed_authorization_request_endpoint": endpoint("ext/par/request"),
        "authorization_response_iss_parameter_supported": true,
    });
    if let (Some(sites), Value::Object(members)) = (&app.sites.certified, &mut document) {
        let alias = |path: &str| format!("{}{REALM}/protocol/openid-connect/{path}", sites.mtls);
        members.insert("tls_client_certificate_bound_access_tokens".into(), true.into());
        members.insert(
            "mtls_endpoint_aliases".into(),
            json!({
                "token_endpoint": alias("token"),
                "revocation_endpoint": alias("revoke"),
                "introspection_endpoint": alias("token/introspect"),
                "userinfo_endpoint": alias("userinfo"),
                "backchannel_authentication_endpoint": alias("ext/ciba/auth"),
                "pushed_authorization_request_endpoint": alias("ext/par/request"),
            }),
        );
    }
    document
}
