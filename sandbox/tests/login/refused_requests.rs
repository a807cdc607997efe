//! Requests that are wrong: the error that the standards name, and never a failure of the server.

use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::world::{CALLBACK, DOCTOR, VERIFIER, World, param};

#[tokio::test]
async fn an_unproved_service_is_not_answered() {
    let world = World::start().await;
    for (changes, error) in [
        (&[("client_id", "nobody")][..], "unauthorized_client"),
        (&[("redirect_uri", "https://example.org/cb")][..], "invalid_request"),
        (&[("redirect_uri", "http://127.0.0.1.example.org/cb")][..], "invalid_request"),
        (&[("redirect_uri", "")][..], "invalid_request"),
    ] {
        let page = world.browser().get(&world.authorize_url(changes)).await;
        assert_eq!(page.status, 400, "{changes:?}");
        page.has_code(error);
    }
}

#[tokio::test]
async fn a_proved_service_gets_its_error() {
    let world = World::start().await;
    for (changes, error) in [
        (("acr_values", ""), "invalid_request"),
        (("acr_values", "eidas7"), "invalid_request"),
        (("scope", "openid"), "invalid_scope"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "S512"), "invalid_request"),
        (("request", "x.y.z"), "invalid_request_object"),
        (("request_uri", "https://example.org/"), "request_uri_not_supported"),
        (("registration", "{}"), "registration_not_supported"),
        (("response_mode", "jwt"), "invalid_request"),
        (("acr_values", "eidas2"), "invalid_request"),
        (("prompt", "none"), "login_required"),
    ] {
        let page = world.browser().get(&world.authorize_url(&[changes])).await;
        let back = Url::parse(&page.location()).unwrap();
        assert!(back.as_str().starts_with(CALLBACK));
        assert_eq!(param(&back, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(param(&back, "state").as_deref(), Some("the state"));
    }
}

#[tokio::test]
async fn codes_are_redeemed_once_by_their_owner() {
    let world = World::start().await;
    let code = async || {
        let answer = world.log_in(&mut world.browser(), &world.authorize_url(&[]), DOCTOR).await;
        param(&answer, "code").unwrap()
    };
    let form = |code: &str, changes: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        let mut form =
            vec![("grant_type", "authorization_code"), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        let mut form: Vec<(String, String)> =
            form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        form.push(("code".to_owned(), code.to_owned()));
        form
    };
    let send = async |form: Vec<(String, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (status, answer) = world.token(&form).await;
        (status, answer["error"].as_str().unwrap_or("none").to_owned())
    };
    let refused = (400, "invalid_grant".to_owned());
    assert_eq!(
        send(form(&code().await, &[("code_verifier", "another-verifier-of-at-least-43-characters-here")])).await,
        refused
    );
    assert_eq!(send(form(&code().await, &[("code_verifier", "")])).await, refused, "PKCE cannot be left out");
    assert_eq!(send(form(&code().await, &[("redirect_uri", "http://127.0.0.1:9/other")])).await, refused);
    assert_eq!(send(form(&code().await, &[("redirect_uri", "")])).await, refused);
    assert_eq!(send(form("never-issued", &[])).await, refused);
    let late = code().await;
    world.clock.advance_s(60);
    assert_eq!(send(form(&late, &[])).await, refused);

    let replayed = code().await;
    let (status, tokens) = world.redeem(&replayed).await;
    assert_eq!(status, 200);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.user_info(access).await.0, 200);
    assert_eq!(send(form(&replayed, &[])).await, refused);
    assert_eq!(world.user_info(access).await.0, 401, "a replay revokes what the code had given");
}

#[tokio::test]
async fn clients_must_prove_themselves() {
    let world = World::start().await;
    let grant = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", CALLBACK)];
    for (id, secret) in [("demo-client", "wrong"), ("nobody", "demo-secret"), ("", "")] {
        let (status, answer) = world.post_as(id, secret, "token", &grant).await;
        assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")), "{id}");
    }
    let both = [("grant_type", "authorization_code"), ("client_id", "demo-client"), ("client_secret", "demo-secret")];
    let (status, answer) = world.token(&both).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")), "two ways at once");
    let (status, answer) = world.token(&[("grant_type", "password")]).await;
    assert_eq!((status, &answer["error"]), (400, &json!("unsupported_grant_type")));
    let (status, answer) = world.token(&[("code", "x")]).await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn the_secret_may_stand_in_the_form() {
    let world = World::start().await;
    let answer = world.log_in(&mut world.browser(), &world.authorize_url(&[]), DOCTOR).await;
    let code = param(&answer, "code").unwrap();
    let page = world
        .browser()
        .post(
            &world.endpoint("token"),
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "demo-client"),
                ("client_secret", "demo-secret"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
        )
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
}

#[tokio::test]
async fn nothing_that_is_sent_makes_the_server_fail() {
    let world = World::start().await;
    let realm = "/auth/realms/esante-wallet/protocol/openid-connect";
    let paths = [
        "/auth".to_owned(),
        "/auth/mire/x".to_owned(),
        "/auth/mire/x/ecps".to_owned(),
        "/auth/mire/%ff/suite".to_owned(),
        format!("{realm}/token"),
        format!("{realm}/userinfo"),
        format!("{realm}/token/introspect"),
        format!("{realm}/revoke"),
        format!("{realm}/logout"),
        "/phone/x/demandes/y/pin".to_owned(),
        "/phone/%00".to_owned(),
        format!("/api/phone/{DOCTOR}/requests/x"),
        "/api/faults".to_owned(),
        "/faults".to_owned(),
        "/rp/smurtab/callback".to_owned(),
        "/rp/nobody/login".to_owned(),
        "/assets/..%2f..%2fCargo.toml".to_owned(),
        "/lookalike/".to_owned(),
    ];
    let long = "a=b&".repeat(5_000);
    let bodies: [&[u8]; 7] = [
        b"",
        b"\xff\xfe",
        b"{",
        b"a=1&a=2",
        b"grant_type=refresh_token&refresh_token=%00",
        br#"{"pin":1}"#,
        long.as_bytes(),
    ];
    let kinds = ["application/x-www-form-urlencoded", "application/json", "text/plain"];
    let http = world.browser().http;
    for path in &paths {
        for method in [Method::GET, Method::POST, Method::PUT] {
            for body in bodies {
                for kind in kinds {
                    let url = format!("{}{path}?x=%ff&{}", world.ready.wallet, "y".repeat(50));
                    let answer = http
                        .request(method.clone(), url)
                        .header("content-type", kind)
                        .header("authorization", "Basic %%%")
                        .header("cookie", "vigie_psc_browser=\"; vigie_form=%")
                        .body(body.to_vec())
                        .send()
                        .await
                        .unwrap();
                    assert!(answer.status().as_u16() < 500, "{method} {path} {kind} {body:?}: {}", answer.status());
                }
            }
        }
    }
}
