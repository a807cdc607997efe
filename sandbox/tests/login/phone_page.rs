//! The phone as a page: notification, PIN, three numbers.

use crate::world::{DOCTOR, World, param};
use url::Url;

#[tokio::test]
async fn pin_then_number() {
    let world = World::start().await;
    let (mut browser, mut phone) = (world.browser(), world.browser());
    let home = format!("{}/phone/{DOCTOR}", world.ready.wallet);
    assert!(phone.get(&home).await.body.contains("Aucune demande en attente"));
    let waiting = world.reach_number(&mut browser, DOCTOR).await;

    let notification = phone.get(&home).await;
    let page = phone.get(&notification.location()).await;
    assert!(page.body.contains("id=\"pin\"") && page.body.contains("name=\"refuse\""));
    assert!(!page.body.contains(&format!("value=\"{}\"", waiting.number)), "no number before the PIN");
    let wrong = phone.submit(&page, &[("pin", "9999")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Il vous reste 2 essais"));
    let right = phone.submit(&page, &[("pin", "1234")]).await;
    let numbers = phone.get(&right.location()).await;
    assert_eq!(numbers.body.matches("name=\"number\"").count(), 3);
    let chosen = phone.submit(&numbers, &[("number", &waiting.number)]).await;
    assert!(phone.get(&chosen.location()).await.body.contains("à présent authentifié"));
    let done = browser.get(&format!("{}/suite", waiting.base)).await;
    assert!(param(&Url::parse(&done.location()).unwrap(), "code").is_some());
}

#[tokio::test]
async fn not_me_and_forged_forms() {
    let world = World::start().await;
    let (mut browser, mut phone) = (world.browser(), world.browser());
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    let notification = phone.get(&format!("{}/phone/{DOCTOR}", world.ready.wallet)).await;
    let page = phone.get(&notification.location()).await;
    let forged = phone.post(&format!("{}/reponse", notification.location()), &[("refuse", "1"), ("csrf", "x")]).await;
    assert_eq!(forged.status, 403);
    let other_phone = phone.post(&notification.location().replace(DOCTOR, "899700427869"), &[("refuse", "1")]).await;
    assert!(other_phone.status >= 400);
    let refused = phone.submit_form(&page, 1, &[("refuse", "1")]).await;
    assert!(phone.get(&refused.location()).await.body.contains("Demande refusée"));
    let ended = browser.get(&format!("{}/suite", waiting.base)).await;
    ended.has_code("SBX-REFUSED");
}

#[tokio::test]
async fn several_requests_are_listed_and_strangers_unknown() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.reach_number(&mut browser, DOCTOR).await;
    world.reach_number(&mut browser, DOCTOR).await;
    let mut phone = world.browser();
    let page = phone.get(&format!("{}/phone/{DOCTOR}", world.ready.wallet)).await;
    assert!(page.body.contains("Plusieurs demandes"));
    assert_eq!(phone.get(&format!("{}/phone/0", world.ready.wallet)).await.status, 404);
    assert!(phone.get(&format!("{}/phone", world.ready.wallet)).await.body.contains(DOCTOR));
}

#[tokio::test]
async fn a_new_request_shows_up_in_place() {
    let world = World::start().await;
    let mut phone = world.browser();
    let address = format!("{}/phone/{DOCTOR}/etat", world.ready.wallet);
    assert_eq!(phone.get(&address).await.body, r#"{"demandes":[]}"#);
    world.reach_number(&mut world.browser(), DOCTOR).await;
    let state: serde_json::Value = serde_json::from_str(&phone.get(&address).await.body).unwrap();
    assert_eq!(state["demandes"][0]["service"], "Service de démonstration", "{state}");
    assert_eq!(state["demandes"][0]["id"], world.requests(DOCTOR).await[0]["id"]);
}
