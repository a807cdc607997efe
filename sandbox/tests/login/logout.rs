//! The end of a session: by a service, by the person, and how other services of the session learn of it.

use std::path::PathBuf;

use axum::{Router, body::Bytes, routing::post};
use serde_json::json;
use tokio::sync::mpsc;

use crate::world::{CALLBACK, DOCTOR, World, decode, encode, param};

fn leave(world: &World, pairs: &[(&str, &str)]) -> String {
    format!("{}?{}", world.endpoint("logout"), encode(pairs))
}

#[tokio::test]
async fn a_service_closes_the_session_that_it_names() {
    let world = World::start().await;
    let mut browser = world.browser();
    let answer = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let (_, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    let hint = tokens["id_token"].as_str().unwrap();

    let check = async |pairs: &[(&str, &str)]| {
        let page = world.browser().get(&leave(&world, pairs)).await;
        assert_eq!(page.status, 400, "{pairs:?}");
        page.has_code("invalid_request");
    };
    check(&[("id_token_hint", "unknown")]).await;
    check(&[("id_token_hint", hint), ("client_id", "vigie-demo-smurtab")]).await;
    check(&[("id_token_hint", hint), ("post_logout_redirect_uri", "https://example.org/")]).await;
    check(&[("id_token_hint", hint), ("state", "a"), ("state", "b")]).await;
    check(&[("post_logout_redirect_uri", CALLBACK)]).await;
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 200, "the session is still open");

    // An expired ID token names its session all the same.
    world.clock.advance_s(121);
    let left = world
        .browser()
        .get(&leave(
            &world,
            &[
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", CALLBACK),
                ("state", "a&b"),
                ("client_id", "demo-client"),
            ],
        ))
        .await;
    assert_eq!(left.location(), format!("{CALLBACK}?state=a%26b"));
    let (status, answer) = world
        .token(&[("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())])
        .await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
    let silent = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(silent.location().contains("error=login_required"));
    let again = browser.get(&leave(&world, &[("id_token_hint", hint)])).await;
    assert!(again.body.contains("Session fermée"), "closing twice is no mistake");
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let pairs = [("client_id", "demo-client"), ("post_logout_redirect_uri", CALLBACK), ("state", "\"bye\"")];
    let asked = browser.get(&leave(&world, &pairs)).await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.contains("Voulez-vous fermer votre session"), "{}", asked.body);
    assert!(asked.policy.contains("form-action 'self' http://127.0.0.1:9;"), "{}", asked.policy);
    let silent = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(silent.location().contains("code="), "nothing is closed by looking");
    let forged = browser.post(&world.endpoint("logout"), &[("csrf", "forged")]).await;
    assert!(forged.body.contains("Voulez-vous fermer votre session"));
    let left = browser.submit(&asked, &[]).await;
    assert_eq!(left.location(), format!("{CALLBACK}?state=%22bye%22"));
    let silent = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(silent.location().contains("error=login_required"));
    assert!(browser.get(&leave(&world, &[])).await.body.contains("Session fermée"));
}

/// A service that keeps the logout tokens that it is posted.
async fn listener() -> (String, mpsc::UnboundedReceiver<String>) {
    let (heard, hears) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/closed",
        post(move |body: Bytes| async move {
            let form: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
            let [(name, token)] = form.as_slice() else { panic!("one parameter") };
            assert_eq!(name, "logout_token");
            heard.send(token.clone()).unwrap();
        }),
    );
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    (format!("http://{address}/closed"), hears)
}

fn people(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[tokio::test]
async fn services_of_the_session_are_told_in_both_ways() {
    let (address, mut hears) = listener().await;
    let file = people(
        "told",
        &format!(
            "[[client]]\nid = \"told\"\nsecret = \"s\"\nname = \"T\"\nbackchannel_logout_uri = \"{address}\"\n\
             frontchannel_logout_uri = \"http://127.0.0.1:9/closed?x=1\"\n"
        ),
    );
    let world = World::start_with_people(&file).await;
    let mut browser = world.browser();
    let first = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let (_, demo) = world.redeem(&param(&first, "code").unwrap()).await;
    // The same browser enters the second service within the same session, without a push.
    let second = browser.get(&world.authorize_url(&[("client_id", "told")])).await;
    let second = url::Url::parse(&second.location()).unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &param(&second, "code").unwrap()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::world::VERIFIER),
    ];
    let (status, told) = world.post_as("told", "s", "token", &form).await;
    assert_eq!((status, &told["session_state"]), (200, &demo["session_state"]));

    let hint = demo["id_token"].as_str().unwrap();
    let pairs = [("id_token_hint", hint), ("post_logout_redirect_uri", CALLBACK)];
    let page = browser.get(&leave(&world, &pairs)).await;
    assert_eq!(page.status, 200);
    let frame = url::Url::parse(&page.between("data-src=\"", "\"")).unwrap();
    assert_eq!(param(&frame, "sid").as_deref(), demo["session_state"].as_str());
    assert_eq!(param(&frame, "iss").as_deref(), Some(world.ready.issuer.as_str()));
    assert_eq!(param(&frame, "x").as_deref(), Some("1"));
    assert!(page.policy.ends_with("frame-src http://127.0.0.1:9"), "{}", page.policy);
    assert_eq!(page.between("class=\"pill\" href=\"", "\""), CALLBACK);

    let token = hears.recv().await.unwrap();
    crate::code_flow::verify_signature(&world, &token).await;
    let (_, claims) = decode(&token);
    let (_, id) = decode(told["id_token"].as_str().unwrap());
    for (name, expected) in [("iss", &id["iss"]), ("sub", &id["sub"]), ("sid", &id["sid"]), ("aud", &json!("told"))] {
        assert_eq!(&claims[name], expected, "{name}");
    }
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
    std::fs::remove_file(file).unwrap();
}
