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
