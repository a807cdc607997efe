//! The switches: each makes the provider wrong in one way, and in no other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{DOCTOR, World, decode};

impl World {
    pub(crate) async fn switch(&self, change: Value) {
        let url = format!("http://{}/api/faults", self.ready.listen);
        let answer = self.browser().http.post(url).json(&change).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{change}");
    }

    async fn kids(&self) -> Vec<String> {
        let keys: Value = self.browser().http.get(self.endpoint("certs")).send().await.unwrap().json().await.unwrap();
        let keys = keys["keys"].as_array().unwrap().iter().filter(|key| key["use"] == "sig");
        keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }
}

fn part(token: &Value, name: &str) -> (Value, Value) {
    decode(token[name].as_str().unwrap())
}

#[tokio::test]
async fn tokens_that_must_be_refused() {
    let world = World::start().await;
    world.switch(json!({"signing": "unknown_kid"})).await;
    let (header, _) = part(&world.tokens(DOCTOR).await, "id_token");
    assert_eq!(header["alg"], "RS256");
    assert!(!world.kids().await.contains(&header["kid"].as_str().unwrap().to_owned()));
    world.switch(json!({"signing": "hs256"})).await;
    let tokens = world.tokens(DOCTOR).await;
    let (header, _) = part(&tokens, "id_token");
    assert_eq!(header["alg"], "HS256");
    let token = tokens["id_token"].as_str().unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"demo-secret");
    let signature = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
    aws_lc_rs::hmac::verify(&key, message.as_bytes(), &signature).unwrap();
    world.switch(json!({"signing": "normal", "duplicate_claim": "other"})).await;
    let tokens = world.tokens(DOCTOR).await;
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims = String::from_utf8(claims).unwrap();
    assert_eq!(claims.matches("\"acr\":").count(), 2, "{claims}");
    assert!(claims.contains("\"acr\":\"eidas3\"") && claims.contains("\"acr\":\"eidas1\""));
    let _: Value = serde_json::from_str(&claims).unwrap();
    world.switch(json!({"reset": true})).await;
    let (header, claims) = part(&world.tokens(DOCTOR).await, "id_token");
    assert_eq!((&header["alg"], claims["acr"].as_str()), (&json!("RS256"), Some("eidas1")));
}

#[tokio::test]
async fn a_skewed_clock_shows_in_tokens_only() {
    let world = World::start().await;
    world.switch(json!({"clock_skew_s": 300})).await;
    let tokens = world.tokens(DOCTOR).await;
    let (_, claims) = part(&tokens, "id_token");
    assert_eq!(claims["iat"], 1_800_000_300);
    assert_eq!(claims["exp"], 1_800_000_420);
    world.clock.advance_s(119);
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 200);
    world.clock.advance_s(1);
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.0, 401);
}

#[tokio::test]
async fn user_info_with_parts_missing_and_the_uuid() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let check = async |parts: &str, has: &[&str], lacks: &[&str]| {
        world.switch(json!({"userinfo": parts})).await;
        let (_, info) = world.user_info(&access).await;
        assert!(has.iter().all(|name| info.get(name).is_some()), "{parts}");
        assert!(lacks.iter().all(|name| info.get(name).is_none()), "{parts}");
        info
    };
    check("full", &["sub", "SubjectRefPro", "otherIds", "SubjectNameID"], &[]).await;
    check("no_practices", &["sub", "otherIds"], &["SubjectRefPro"]).await;
    check("no_identifiers", &["sub", "SubjectRefPro"], &["SubjectNameID", "otherIds", "preferred_username"]).await;
    check("only_sub", &["sub"], &["SubjectRefPro", "given_name"]).await;
    let info = check("no_activities", &["SubjectRefPro"], &[]).await;
    assert_eq!(info["SubjectRefPro"]["exercices"][0]["activities"], json!([]));
    world.switch(json!({"reset": true, "sub": "uuid"})).await;
    let tokens = world.tokens(DOCTOR).await;
    let (_, claims) = part(&tokens, "id_token");
    let sub = claims["sub"].as_str().unwrap();
    assert_eq!((sub.len(), sub.matches('-').count()), (36, 4), "{sub}");
    assert!(!sub.contains(DOCTOR));
    let (_, info) = world.user_info(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(info["sub"], sub);
    assert_eq!(part(&tokens, "access_token").1["sub"], sub);
}

#[tokio::test]
async fn keys_rotate_with_and_without_the_old_one() {
    let world = World::start().await;
    let first = world.kids().await;
    world.switch(json!({"rotate_keys": "keep_old"})).await;
    let second = world.kids().await;
    assert_eq!((second.len(), &second[1]), (2, &first[0]));
    let (header, _) = part(&world.tokens(DOCTOR).await, "id_token");
    assert_eq!(header["kid"], second[0]);
    world.switch(json!({"rotate_keys": "drop_old"})).await;
    let third = world.kids().await;
    assert!(third.len() == 1 && !second.contains(&third[0]));
}

#[tokio::test]
async fn outage_and_slowness_are_the_provider_s_alone() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.switch(json!({"outage": true})).await;
    let page = browser.get(&world.authorize_url(&[])).await;
    assert_eq!(page.status, 503);
    page.has_code("SBX-OUTAGE");
    let certs = world.browser().http.get(world.endpoint("certs")).send().await.unwrap();
    assert_eq!(certs.status(), 503);
    assert_eq!(certs.json::<Value>().await.unwrap()["error"], "temporarily_unavailable");
    world.switch(json!({"reset": true, "slow_ms": 60_000})).await;
    let patience = Duration::from_millis(50);
    let waited = world.browser().http.get(world.endpoint("certs")).timeout(patience).send().await;
    assert!(waited.unwrap_err().is_timeout());
    world.switch(json!({"slow_ms": 0})).await;
    assert_eq!(browser.get(&world.authorize_url(&[])).await.status, 200);
}

#[tokio::test]
async fn the_page_sets_what_scripts_set_and_refuses_the_rest() {
    let world = World::start().await;
    let url = format!("http://{}/api/faults", world.ready.listen);
    for wrong in
        [json!({"slow_ms": 60_001}), json!({"clock_skew_s": -3601}), json!({"signing": "none"}), json!({"x": 1})]
    {
        let answer = world.browser().http.post(&url).json(&wrong).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "SBX-FAULTS");
    }
    let mut browser = world.browser();
    let page = browser.get(&format!("http://{}/faults", world.ready.listen)).await;
    let fields = [("signing", "hs256"), ("clock_skew_s", "-30"), ("mail_blocked", "true"), ("rotate_keys", "")];
    assert_eq!(browser.submit(&page, &fields).await.status, 303);
    let now: Value = world.browser().http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((&now["signing"], &now["clock_skew_s"]), (&json!("hs256"), &json!(-30)));
    let page = browser.get(&format!("http://{}/faults", world.ready.listen)).await;
    assert!(page.body.contains("value=\"hs256\" selected") && page.body.contains("value=\"false\" selected"));
    assert_eq!(browser.submit_form(&page, 1, &[]).await.status, 303);
    let now: Value = world.browser().http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((&now["signing"], &now["mail_blocked"]), (&json!("normal"), &json!(false)));
}

#[tokio::test]
async fn levels_and_means_change_what_tokens_say() {
    let world = World::start().await;
    world.switch(json!({"acr": "eidas2", "auth_mode": "CARD"})).await;
    let tokens = world.tokens(DOCTOR).await;
    let (_, id) = part(&tokens, "id_token");
    assert_eq!((&id["acr"], &id["authMode"], &id["SubjectNameID"]), (&json!("eidas2"), &json!("CARD"), &json!(DOCTOR)));
    let (_, access) = part(&tokens, "access_token");
    assert_eq!((&access["authMode"], &access["preferred_username"]), (&json!("CARD"), &json!(DOCTOR)));
    assert_eq!(access.get("SubjectNameID"), None, "as observed with a card");
}

#[tokio::test]
async fn a_push_expires_as_soon_as_it_is_told_to() {
    let world = World::start().await;
    world.switch(json!({"push_seconds": 5})).await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    assert!(waiting.page.body.contains("Il vous reste 5 secondes"), "{}", waiting.page.body);
    world.clock.advance_s(5);
    assert!(world.requests(DOCTOR).await.is_empty());
    browser.get(&format!("{}/suite", waiting.base)).await.has_code("SBX-EXPIRED");
}

#[tokio::test]
async fn other_sites_cannot_set_switches() {
    let world = World::start().await;
    let url = format!("http://{}/api/faults", world.ready.listen);
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let sent = world.browser().http.post(&url).header("content-type", kind).body(r#"{"outage":true}"#);
        assert_eq!(sent.send().await.unwrap().status(), 400, "{kind}");
    }
    assert_eq!(world.browser().get(&world.authorize_url(&[])).await.status, 200);
}
