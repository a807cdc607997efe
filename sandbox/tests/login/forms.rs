//! Forms are taken only from pages that were opened in the same browser, and tries are bounded.

use serde_json::{Value, json};

use crate::world::{DOCTOR, World, param};

#[tokio::test]
async fn no_form_is_taken_without_the_token_of_its_page() {
    let world = World::start().await;
    let mut browser = world.browser();
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let login = waiting.base.strip_prefix(world.ready.wallet.as_str()).unwrap().to_owned();
    let fresh = browser.get(&world.authorize_url(&[])).await;
    let second = fresh.between("<form method=\"post\" action=\"", "\"");
    let request = world.requests(DOCTOR).await[0]["id"].as_str().unwrap().to_owned();
    // Makes the cookie that the tokens of the other forms derive from.
    browser.get(&format!("{}/faults", world.ready.wallet)).await;
    let phone = format!("/phone/{DOCTOR}");
    let forms = [
        (second, "saisie=899700427869"),
        (format!("{login}/quitter"), ""),
        (format!("{login}/recommencer"), ""),
        (format!("{phone}/supprimer"), ""),
        (format!("{phone}/demandes/{request}/pin"), "pin=1234"),
        (format!("{phone}/demandes/{request}/reponse"), "refuse=1"),
        ("/phone/activation/conditions".to_owned(), ""),
        ("/phone/activation/demande".to_owned(), "saisie=899700075064"),
        ("/phone/activation/envoyer".to_owned(), "person=899700075064"),
        ("/ordre".to_owned(), "saisie=899700427885&mobile=0639980077"),
        ("/faults".to_owned(), "outage=true"),
        ("/rp/smurtab/logout".to_owned(), ""),
    ];
    for (path, fields) in &forms {
        for token in ["", "jeton=&csrf=", "jeton=forged&csrf=forged", "jeton=a&jeton=b&csrf=a&csrf=b"] {
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(format!("{fields}&{token}").as_bytes()).into_owned().collect();
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let refused = browser.post(&format!("{}{path}", world.ready.wallet), &pairs).await;
            assert_eq!(refused.status, 403, "{path} {token}: {}", refused.body);
            refused.has_code("SBX-FORM");
        }
    }
    // Nothing happened: the request waits, nobody else was asked, nothing is switched, nobody was written to.
    assert_eq!(world.requests(DOCTOR).await.len(), 1);
    assert!(world.requests("899700427869").await.is_empty());
    let http = browser.http.clone();
    let faults: Value =
        http.get(format!("{}/api/faults", world.ready.wallet)).send().await.unwrap().json().await.unwrap();
    assert_eq!(faults["outage"], false);
    let mails: Value = http.get(&world.ready.outbox_api).send().await.unwrap().json().await.unwrap();
    assert_eq!(mails, json!([]));
    let (status, _) = world.answer(DOCTOR, json!({"pin": "1234", "number": waiting.number})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_token_of_one_browser_is_nothing_to_another() {
    let world = World::start().await;
    let (mut mine, mut theirs) = (world.browser(), world.browser());
    let page = mine.get(&format!("{}/faults", world.ready.wallet)).await;
    theirs.get(&format!("{}/faults", world.ready.wallet)).await;
    assert_eq!(theirs.submit(&page, &[("outage", "true")]).await.status, 403);
    assert_eq!(mine.submit(&page, &[("slow_ms", "0")]).await.status, 303);
}

#[tokio::test]
async fn wrong_identifiers_are_bounded() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    for number in 0..10 {
        let refused = browser.submit(&page, &[("saisie", &format!("89970000000{number}"))]).await;
        assert_eq!(refused.status, 422);
    }
    let stopped = browser.submit(&page, &[("saisie", "899700000010")]).await;
    assert_eq!(stopped.status, 429);
    stopped.has_code("SBX-ID-LIMIT");
    // Another login in the same browser is held up as well; the right identifier and other browsers are not.
    let again = browser.get(&world.authorize_url(&[])).await;
    assert_eq!(browser.submit(&again, &[("saisie", "99700218896")]).await.status, 429);
    assert_eq!(world.browser().get(&world.authorize_url(&[])).await.status, 200);
    let mut other = world.browser();
    let theirs = other.get(&world.authorize_url(&[])).await;
    assert_eq!(other.submit(&theirs, &[("saisie", "99700218896")]).await.status, 422);
    world.clock.advance_s(60);
    assert_eq!(browser.submit(&again, &[("saisie", "99700218896")]).await.status, 422);
    let done = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    assert!(param(&done, "code").is_some());
}

#[tokio::test]
async fn pushes_are_bounded_whichever_way_they_come() {
    let world = World::start().await;
    for _ in 0..5 {
        world.reach_number(&mut world.browser(), DOCTOR).await;
    }
    let ciba = [
        ("scope", "openid scope_all"),
        ("acr_values", "eidas1"),
        ("binding_message", "07"),
        ("login_hint", DOCTOR),
        ("channel", "MOBILE"),
    ];
    for _ in 0..5 {
        assert_eq!(world.post_as("demo-client", "demo-secret", "ext/ciba/auth", &ciba).await.0, 200);
    }
    let (status, answer) = world.post_as("demo-client", "demo-secret", "ext/ciba/auth", &ciba).await;
    assert_eq!((status, &answer["error"]), (403, &json!("access_denied")));
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    let refused = browser.submit(&page, &[("saisie", DOCTOR)]).await;
    assert_eq!(refused.status, 429);
    refused.has_code("SBX-PUSH-LIMIT");
    assert_eq!(world.requests(DOCTOR).await.len(), 10, "the phone shows what was sent and no more");
    world.clock.advance_s(60);
    assert_eq!(browser.submit(&page, &[("saisie", DOCTOR)]).await.status, 303);
}
