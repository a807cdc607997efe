//! How long things live: tokens, refresh tokens, the session of the provider. The clock is moved, never waited for.

use serde_json::{Value, json};
use url::Url;

use crate::world::{Browser, DOCTOR, World, decode, param};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl World {
    async fn refresh(&self, tokens: &Value) -> (u16, Value) {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn is_active(&self, token: &Value) -> bool {
        let token = token.as_str().unwrap();
        let (_, answer) = self.post_as("demo-client", "demo-secret", "token/introspect", &[("token", token)]).await;
        answer["active"].as_bool().unwrap()
    }

    /// What the provider answers a service that must not show a page.
    async fn silent(&self, browser: &mut Browser) -> String {
        let page = browser.get(&self.authorize_url(&[("prompt", "none")])).await;
        let back = Url::parse(&page.location()).unwrap();
        param(&back, "error").unwrap_or_else(|| "code".to_owned())
    }
}

#[tokio::test]
async fn tokens_live_two_minutes() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    for name in ["id_token", "access_token"] {
        let (_, claims) = decode(tokens[name].as_str().unwrap());
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 120, "{name}");
    }
    assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(120), &json!(1800)));
    world.clock.advance_s(119);
    assert!(world.is_active(&tokens["access_token"]).await);
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 200);
    world.clock.advance_s(1);
    assert!(!world.is_active(&tokens["access_token"]).await);
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 401);
}

#[tokio::test]
async fn a_refresh_token_lives_thirty_minutes() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    world.clock.advance_s(30 * MINUTE - 1);
    let (status, newer) = world.refresh(&tokens).await;
    assert_eq!(status, 200, "{newer}");
    world.clock.advance_s(1);
    assert_eq!(world.refresh(&tokens).await.1["error"], "invalid_grant", "the old one has had its time");
    assert_eq!(world.refresh(&newer).await.0, 200);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_after_thirty_minutes() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    world.clock.advance_s(30 * MINUTE - 1);
    assert_eq!(world.silent(&mut browser).await, "code", "and this was a use");
    world.clock.advance_s(30 * MINUTE - 1);
    assert_eq!(world.silent(&mut browser).await, "code");
    world.clock.advance_s(30 * MINUTE);
    assert_eq!(world.silent(&mut browser).await, "login_required");
}

#[tokio::test]
async fn looking_at_a_refresh_token_does_not_keep_a_session_alive() {
    let world = World::start().await;
    let mut browser = world.browser();
    let answer = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let (_, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    world.clock.advance_s(20 * MINUTE);
    assert!(world.is_active(&tokens["refresh_token"]).await);
    world.clock.advance_s(10 * MINUTE);
    assert_eq!(world.silent(&mut browser).await, "login_required");
}

#[tokio::test]
async fn refreshing_keeps_a_session_alive_until_its_fourth_hour() {
    let world = World::start().await;
    let mut browser = world.browser();
    let answer = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let (_, mut tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    for _ in 0..9 {
        world.clock.advance_s(25 * MINUTE);
        let (status, newer) = world.refresh(&tokens).await;
        assert_eq!(status, 200, "{newer}");
        tokens = newer;
    }
    // 3 h 45 min: fifteen minutes are left, and no token outlives the session.
    assert_eq!((&tokens["expires_in"], &tokens["refresh_expires_in"]), (&json!(120), &json!(900)));
    world.clock.advance_s(14 * MINUTE);
    let (_, last) = world.refresh(&tokens).await;
    assert_eq!((&last["expires_in"], &last["refresh_expires_in"]), (&json!(60), &json!(60)));
    assert_eq!(world.silent(&mut browser).await, "code");
    world.clock.advance_s(MINUTE);
    assert_eq!(world.refresh(&last).await.1["error"], "invalid_grant");
    assert!(!world.is_active(&last["access_token"]).await);
    assert_eq!(world.silent(&mut browser).await, "login_required");
    assert_eq!(4 * HOUR, 9 * 25 * MINUTE + 15 * MINUTE);
}

#[tokio::test]
async fn a_login_page_stays_open_for_thirty_minutes() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    world.clock.advance_s(30 * MINUTE - 1);
    assert_eq!(browser.submit(&page, &[("saisie", DOCTOR)]).await.status, 303);
    let late = browser.get(&world.authorize_url(&[])).await;
    world.clock.advance_s(30 * MINUTE);
    browser.submit(&late, &[("saisie", DOCTOR)]).await.has_code("SBX-LOGIN-GONE");
}

#[tokio::test]
async fn introspection_says_what_is_published() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (_, seen) = world.post_as("demo-client", "demo-secret", "token/introspect", &[("token", token)]).await;
    let mut names: Vec<&str> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut published = [
        "exp",
        "iat",
        "auth_time",
        "jti",
        "iss",
        "sub",
        "typ",
        "azp",
        "nonce",
        "session_state",
        "preferred_username",
        "email_verified",
        "acr",
        "scope",
        "client_id",
        "username",
        "active",
        "SubjectNameID",
    ];
    published.sort_unstable();
    assert_eq!(names, published);
    let (_, claims) = decode(token);
    for name in ["exp", "iat", "auth_time", "jti", "iss", "sub", "azp", "session_state", "acr", "scope"] {
        assert_eq!(seen[name], claims[name], "{name}");
    }
    // Another service learns nothing.
    let (_, answer) = world.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
    assert_eq!(answer["error"], "invalid_grant");
}
