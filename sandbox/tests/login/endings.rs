//! Logins that do not go well: each ends in one sentence for the person and one error for the service.

use serde_json::json;
use url::Url;

use crate::world::{Browser, DOCTOR, Waiting, World, param};

/// What the person sees, and what the service gets when the person goes back to it.
async fn check_ending(world: &World, browser: &mut Browser, waiting: &Waiting, code: &str, says: &str) {
    let ended = browser.get(&format!("{}/suite", waiting.base)).await;
    assert_eq!(ended.status, 200);
    ended.has_code(code);
    assert!(ended.body.contains(says), "{}", ended.body);
    let back = browser.get(&format!("{}/retour", waiting.base)).await;
    let back = Url::parse(&back.location()).unwrap();
    assert_eq!(param(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(param(&back, "state").as_deref(), Some("the state"));
    assert_eq!(param(&back, "code"), None);
    let again = browser.get(&format!("{}/suite", waiting.base)).await;
    assert_eq!(again.status, 404, "an answered login is over");
    assert!(world.requests(DOCTOR).await.is_empty());
}

#[tokio::test]
async fn a_wrong_number_ends_the_login() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let wrong = waiting.other_number(&world.requests(DOCTOR).await[0]);
    let id = world.requests(DOCTOR).await[0]["id"].as_str().unwrap().to_owned();
    let (status, answer) = world.answer(DOCTOR, json!({"pin": "1234", "number": wrong})).await;
    assert_eq!((status, &answer["code"]), (403, &json!("SBX-WRONG-NUMBER")));
    let (status, answer) = world.answer_request(DOCTOR, &id, json!({"pin": "1234", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (410, &json!("SBX-WRONG-NUMBER")), "there is no second guess");
    check_ending(&world, &mut browser, &waiting, "SBX-WRONG-NUMBER", "Authentification refusée").await;
}

#[tokio::test]
async fn wrong_pins_are_counted() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    for tries_left in ["2 tries", "1 tries"] {
        let (status, answer) = world.answer(DOCTOR, json!({"pin": "0000", "number": waiting.number})).await;
        assert_eq!((status, &answer["code"]), (403, &json!("SBX-WRONG-PIN")));
        assert!(answer["message"].as_str().unwrap().contains(tries_left));
    }
    let (status, answer) = world.answer(DOCTOR, json!({"pin": "0000", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (410, &json!("SBX-WRONG-PIN")));
    check_ending(&world, &mut browser, &waiting, "SBX-WRONG-PIN", "Trop de codes PIN").await;
}

#[tokio::test]
async fn not_me() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let (status, answer) = world.answer(DOCTOR, json!({"refuse": true})).await;
    assert_eq!((status, &answer["state"]), (200, &json!("refused")));
    check_ending(&world, &mut browser, &waiting, "SBX-REFUSED", "refusée sur le téléphone").await;
}

#[tokio::test]
async fn the_countdown_runs_out() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    assert!(
        waiting.page.body.contains("Il vous reste 120 secondes pour valider votre demande d&#x27;authentification")
            || waiting.page.body.contains("Il vous reste 120 secondes pour valider votre demande d'authentification")
    );
    let id = world.requests(DOCTOR).await[0]["id"].as_str().unwrap().to_owned();
    world.clock.advance_s(26);
    let state = browser.get(&format!("{}/etat", waiting.base)).await;
    assert_eq!(state.body, r#"{"attente":true,"secondes":94}"#);
    world.clock.advance_s(94);
    let state = browser.get(&format!("{}/etat", waiting.base)).await;
    assert_eq!(state.body, r#"{"attente":false,"secondes":0}"#);
    let (status, answer) = world.answer_request(DOCTOR, &id, json!({"pin": "1234", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (410, &json!("SBX-EXPIRED")));
    check_ending(&world, &mut browser, &waiting, "SBX-EXPIRED", "Délai dépassé").await;
}

#[tokio::test]
async fn after_the_countdown_the_person_may_start_again() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    world.clock.advance_s(120);
    let ended = browser.get(&format!("{}/suite", waiting.base)).await;
    let form = browser.submit(&ended, &[]).await;
    let answer = world.log_in(&mut browser, &form.location(), DOCTOR).await;
    assert!(param(&answer, "code").is_some());
}

#[tokio::test]
async fn quitting_cancels_the_push() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let id = world.requests(DOCTOR).await[0]["id"].as_str().unwrap().to_owned();
    browser.submit(&waiting.page, &[]).await;
    assert!(world.requests(DOCTOR).await.is_empty());
    let (status, answer) = world.answer_request(DOCTOR, &id, json!({"pin": "1234", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (410, &json!("SBX-QUIT")));
    check_ending(&world, &mut browser, &waiting, "SBX-QUIT", "Vous avez quitté").await;
}

#[tokio::test]
async fn identifiers_that_lead_nowhere() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    for (typed, code, says) in [
        ("99700218896", "SBX-ID-EIGHT", "Il manque le « 8 » devant votre numéro RPPS"),
        ("899700000000", "SBX-ID-UNKNOWN", "Identifiant inconnu"),
        ("12", "SBX-ID-FORM", "compte 12 chiffres"),
        ("", "SBX-ID-EMPTY", "Identifiant manquant"),
        ("899700075064", "SBX-ID-NOT-ACTIVATED", "e-CPS non activée"),
        ("<script>alert(1)</script>", "SBX-ID-FORM", "&lt;script&gt;"),
    ] {
        let refused = browser.submit(&page, &[("saisie", typed)]).await;
        assert_eq!(refused.status, 422, "{typed}");
        refused.has_code(code);
        assert!(refused.body.contains(says), "{typed}: {}", refused.body);
        assert!(!refused.body.contains("<script>alert"));
    }
    // The same page still works.
    assert_eq!(browser.submit(&page, &[("saisie", DOCTOR)]).await.status, 303);
}

#[tokio::test]
async fn a_login_belongs_to_one_browser() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let mut stranger = world.browser();
    stranger.get(&world.authorize_url(&[])).await;
    for step in ["attente", "suite", "retour"] {
        assert_eq!(stranger.get(&format!("{}/{step}", waiting.base)).await.status, 404, "{step}");
    }
    assert_eq!(stranger.get(&format!("{}/etat", waiting.base)).await.body, r#"{"attente":false,"secondes":0}"#);
    let forged = browser.post(&format!("{}/quitter", waiting.base), &[("jeton", "forged")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(world.requests(DOCTOR).await.len(), 1);
}

#[tokio::test]
async fn pushes_are_limited() {
    let world = World::start().await;
    let mut browser = world.browser();
    for _ in 0..10 {
        world.reach_number(&mut browser, DOCTOR).await;
    }
    let page = browser.get(&world.authorize_url(&[])).await;
    let refused = browser.submit(&page, &[("saisie", DOCTOR)]).await;
    assert_eq!(refused.status, 429);
    refused.has_code("SBX-PUSH-LIMIT");
    assert_eq!(browser.submit(&page, &[("saisie", "899700427869")]).await.status, 303, "others are not held up");
    world.clock.advance_s(60);
    world.reach_number(&mut browser, DOCTOR).await;
}

#[tokio::test]
async fn an_e_cps_deleted_while_a_login_waits_ends_it() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let mut phone = world.browser();
    let id = world.requests(DOCTOR).await[0]["id"].as_str().unwrap().to_owned();
    // Another person's request keeps the idle page of this phone away, so the deletion is sent as its form would.
    let request = phone.get(&format!("http://{}/phone/{DOCTOR}/demandes/{id}", world.ready.listen)).await;
    let csrf = request.between("name=\"csrf\" value=\"", "\"");
    phone.post(&format!("http://{}/phone/{DOCTOR}/supprimer", world.ready.listen), &[("csrf", &csrf)]).await;
    let (status, answer) = world.answer_request(DOCTOR, &id, json!({"pin": "1234", "number": waiting.number})).await;
    assert_eq!((status, &answer["code"]), (410, &json!("SBX-DELETED")));
    check_ending(&world, &mut browser, &waiting, "SBX-DELETED", "supprimée du téléphone").await;
}

#[tokio::test]
async fn blocking_keeps_requests_away_for_an_hour() {
    let world = World::start().await;
    world.reach_number(&mut world.browser(), DOCTOR).await;
    let (status, _) = world.answer(DOCTOR, json!({"refuse": true, "block": true})).await;
    assert_eq!(status, 200);
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    let refused = browser.submit(&page, &[("saisie", DOCTOR)]).await;
    assert_eq!(refused.status, 403);
    refused.has_code("SBX-PUSH-BLOCKED");
    assert!(world.requests(DOCTOR).await.is_empty());
    let form = [
        ("scope", "openid scope_all"),
        ("acr_values", "eidas1"),
        ("channel", "MOBILE"),
        ("login_hint", DOCTOR),
        ("binding_message", "07"),
    ];
    let (status, answer) = world.post_as("demo-client", "demo-secret", "ext/ciba/auth", &form).await;
    assert_eq!((status, &answer["error"]), (403, &json!("access_denied")), "{answer}");
    world.clock.advance_s(3600);
    world.reach_number(&mut browser, DOCTOR).await;

    // In the pages: blocked after the refusal, and unblocked.
    let mut phone = world.browser();
    let address = format!("http://{}/phone/{DOCTOR}", world.ready.listen);
    let request = phone.get(&address).await.location();
    let request = phone.get(&request).await;
    let refused = phone.submit_form(&request, 1, &[("refuse", "1")]).await;
    let refused = phone.get(&refused.location()).await;
    assert!(refused.body.contains("id=\"block\""), "{}", refused.body);
    phone.submit(&refused, &[]).await;
    let idle = phone.get(&address).await;
    assert!(idle.body.contains("Demandes bloquées") && idle.body.contains("60 minutes"), "{}", idle.body);
    let url = format!("{}/{DOCTOR}/block", world.ready.phone_api);
    let blocked: serde_json::Value = phone.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert!(blocked["blocked_until"].is_u64(), "{blocked}");
    phone.submit(&idle, &[]).await;
    assert!(phone.get(&address).await.body.contains("Aucune demande en attente"));
    let answer = phone.http.post(&url).json(&json!({"blocked": "yes"})).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    for (wish, known) in [(true, true), (false, false)] {
        let answer = phone.http.post(&url).json(&json!({ "blocked": wish })).send().await.unwrap();
        let answer: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(answer["blocked_until"].is_u64(), known, "{answer}");
    }
}
