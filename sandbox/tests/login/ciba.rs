//! A login without a browser: the backchannel endpoint, the phone, and the service that asks again.

use serde_json::{Value, json};

use crate::program_world::Folder;
use crate::world::{DOCTOR, World, decode};

const GRANT: &str = "urn:openid:params:grant-type:ciba";

impl World {
    /// A valid request; `changes` replace or (with an empty value) remove parameters.
    async fn ask(&self, changes: &[(&str, &str)]) -> (u16, Value) {
        let mut form = std::collections::BTreeMap::from([
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("binding_message", "07"),
            ("login_hint", DOCTOR),
            ("channel", "MOBILE"),
        ]);
        form.extend(changes.iter().copied());
        let form: Vec<(&str, &str)> = form.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.post_as("demo-client", "demo-secret", "ext/ciba/auth", &form).await
    }

    async fn asked(&self) -> String {
        let (status, answer) = self.ask(&[]).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!((&answer["expires_in"], &answer["interval"]), (&json!(120), &json!(1)));
        answer["auth_req_id"].as_str().unwrap().to_owned()
    }

    async fn poll(&self, id: &str) -> (u16, Value) {
        self.token(&[("grant_type", GRANT), ("auth_req_id", id)]).await
    }

    async fn polls_to(&self, id: &str, error: &str) {
        let (status, answer) = self.poll(id).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{answer}");
    }
}

#[tokio::test]
async fn pending_then_tokens_once() {
    let world = World::start().await;
    let id = world.asked().await;
    world.polls_to(&id, "authorization_pending").await;
    let requests = world.requests(DOCTOR).await;
    let candidates = requests[0]["candidates"].as_array().unwrap();
    assert!(candidates.contains(&json!("07")) && candidates.len() == 3, "{candidates:?}");
    assert_eq!(requests[0]["service"], "Service de démonstration");
    let (status, _) = world.answer(DOCTOR, json!({"pin": "1234", "number": "07"})).await;
    assert_eq!(status, 200);
    world.clock.advance_s(1);
    let (status, tokens) = world.poll(&id).await;
    assert_eq!(status, 200, "{tokens}");
    let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!((&claims["SubjectNameID"], &claims["acr"]), (&json!(DOCTOR), &json!("eidas1")));
    assert!(claims.get("nonce").is_none());
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 200);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(world.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await.0, 200);
    world.clock.advance_s(1);
    world.polls_to(&id, "invalid_grant").await;
}

#[tokio::test]
async fn too_many_questions_slow_down() {
    let world = World::start().await;
    let id = world.asked().await;
    world.polls_to(&id, "authorization_pending").await;
    world.polls_to(&id, "slow_down").await;
    world.clock.advance_s(5);
    world.polls_to(&id, "slow_down").await;
    world.clock.advance_s(11);
    world.polls_to(&id, "authorization_pending").await;
}

#[tokio::test]
async fn refused_expired_or_somebody_else_s() {
    let world = World::start().await;
    let refused = world.asked().await;
    world.answer(DOCTOR, json!({"refuse": true})).await;
    world.polls_to(&refused, "access_denied").await;
    let wrong = world.asked().await;
    let request = &world.requests(DOCTOR).await[0];
    let other = request["candidates"].as_array().unwrap().iter().find(|number| **number != json!("07")).unwrap();
    world.answer(DOCTOR, json!({"pin": "1234", "number": other})).await;
    world.polls_to(&wrong, "access_denied").await;
    let late = world.asked().await;
    world.clock.advance_s(120);
    world.polls_to(&late, "expired_token").await;
    world.polls_to("never-issued", "invalid_grant").await;
    let (_, answer) = world.token(&[("grant_type", GRANT)]).await;
    assert_eq!(answer["error"], "invalid_request");
}

#[tokio::test]
async fn each_mistake_has_its_word() {
    let world = World::start().await;
    let check = async |name: &str, value: &str, error: &str| {
        let (status, answer) = world.ask(&[(name, value)]).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{name}={value}: {answer}");
        assert!(!answer.to_string().contains(DOCTOR), "{answer}");
    };
    check("scope", "", "invalid_request").await;
    check("scope", "openid", "invalid_scope").await;
    check("acr_values", "", "invalid_request").await;
    check("binding_message", "", "invalid_binding_message").await;
    check("binding_message", "7", "invalid_binding_message").await;
    check("binding_message", "٠٧", "invalid_binding_message").await;
    check("login_hint", "", "invalid_request").await;
    check("login_hint", "99700218896", "invalid_request").await;
    check("login_hint", "899700075064", "invalid_request").await;
    check("channel", "", "invalid_request").await;
    check("channel", "FAX", "invalid_request").await;
    check("login_hint_token", "x", "invalid_request").await;
    assert!(world.requests(DOCTOR).await.is_empty(), "no push was sent");
    let (status, answer) = world.post_as("demo-client", "wrong", "ext/ciba/auth", &[]).await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    for _ in 0..10 {
        world.asked().await;
    }
    let (status, answer) = world.ask(&[]).await;
    assert_eq!((status, &answer["error"]), (403, &json!("access_denied")));
}

/// What the server software of the provider was seen to answer (psc-facts §1.10).
#[tokio::test]
async fn refusals_have_the_published_words() {
    let folder = Folder::make("ciba");
    let file = folder.path().join("people.toml");
    std::fs::write(&file, "[[client]]\nid = \"browser-only\"\nsecret = \"s\"\nname = \"B\"\n").unwrap();
    let world = World::start_with_people(&file).await;
    let says = async |changes: &[(&str, &str)], text: &str| {
        let (status, answer) = world.ask(changes).await;
        assert_eq!(
            (status, &answer["error"], &answer["error_description"]),
            (400, &json!("invalid_request"), &json!(text))
        );
    };
    says(&[("login_hint", "")], "missing parameter : login_hint").await;
    says(&[("scope", "")], "missing parameter : scope").await;
    says(&[("login_hint", "899700000000")], "invalid_user").await;
    let id = world.asked().await;
    let (_, pending) = world.poll(&id).await;
    let text = "The authorization request is still pending as the end-user hasn't yet been authenticated.";
    assert_eq!((&pending["error"], &pending["error_description"]), (&json!("authorization_pending"), &json!(text)));
    let (status, answer) = world.post_as("browser-only", "s", "ext/ciba/auth", &[]).await;
    let expected = json!({"error": "invalid_grant", "error_description": "Client not allowed OIDC CIBA Grant"});
    assert_eq!((status, answer), (401, expected));
    // One level may be asked for here as well, unless the switch says otherwise.
    assert_eq!(world.ask(&[("acr_values", "eidas2")]).await.0, 400);
    world.switch(json!({"acr_values": "any"})).await;
    assert_eq!(world.ask(&[("acr_values", "eidas2")]).await.0, 200);
}
