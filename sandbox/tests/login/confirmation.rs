//! The page that asks who enters which service, and the sets of login pages.

use serde_json::{Value, json};
use url::Url;

use crate::world::{Browser, DOCTOR, Page, World, param};

impl World {
    async fn change(&self, change: Value) -> (u16, Value) {
        let url = format!("http://{}/api/faults", self.ready.listen);
        let answer = self.browser().http.post(url).json(&change).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Logs in up to the confirmation page.
    async fn reach_confirmation(&self, browser: &mut Browser, url: &str) -> Page {
        let waiting = self.reach_number_from(browser, url, DOCTOR).await;
        self.answer(DOCTOR, json!({"pin": "1234", "number": waiting.number})).await;
        let done = browser.get(&format!("{}/suite", waiting.base)).await;
        let page = browser.get(&done.location()).await;
        assert!(page.body.contains("confirmez-vous vouloir accéder à PSC"), "{}", page.body);
        assert!(page.body.contains("ROBERT SPECIALISTE0021889") && page.body.contains("Service de démonstration"));
        page
    }
}

async fn check_confirmed(browser: &mut Browser, page: &Page) {
    let next = browser.submit(page, &[("choix", "confirmer")]).await;
    assert_eq!(next.status, 200, "a form must not lead to another host");
    assert!(next.body.contains("Vous êtes à présent authentifié"), "{}", next.body);
    let next = next.url.join(&next.between("data-suite href=\"", "\"")).unwrap();
    let answer = browser.get(next.as_str()).await.location();
    assert!(param(&Url::parse(&answer).unwrap(), "code").is_some(), "{answer}");
    assert_eq!(browser.get(next.as_str()).await.status, 404, "the login is over");
}

#[tokio::test]
async fn a_service_may_ask_for_a_confirmation() {
    let world = World::start().await;
    let mut browser = world.browser();
    let url = world.authorize_url(&[("prompt", "consent")]);
    let page = world.reach_confirmation(&mut browser, &url).await;
    check_confirmed(&mut browser, &page).await;
    // With the session that is open now nobody is asked for the phone, but for the confirmation.
    let again = browser.get(&url).await;
    let page = browser.get(&again.location()).await;
    check_confirmed(&mut browser, &page).await;
    // Without the wish of the service the session is enough.
    let silent = browser.get(&world.authorize_url(&[])).await;
    assert!(param(&Url::parse(&silent.location()).unwrap(), "code").is_some());
}

#[tokio::test]
async fn rejecting_closes_the_session() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.change(json!({"confirm": "always"})).await;
    let page = world.reach_confirmation(&mut browser, &world.authorize_url(&[])).await;
    let stranger = world.browser().get(page.url.as_str()).await;
    assert_eq!(stranger.status, 404);
    browser.post(page.url.as_str(), &[("jeton", "x"), ("choix", "confirmer")]).await.has_code("SBX-FORM");
    let rejected = browser.submit(&page, &[("choix", "rejeter")]).await;
    rejected.has_code("SBX-REJECTED");
    let back = rejected.url.join(&rejected.between("class=\"link\" href=\"", "\"")).unwrap();
    let answer = Url::parse(&browser.get(back.as_str()).await.location()).unwrap();
    assert_eq!(param(&answer, "error").as_deref(), Some("access_denied"));
    // No session is left.
    let none = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(none.location().contains("login_required"), "{}", none.location());
}

#[tokio::test]
async fn every_set_logs_a_person_in_and_switches_at_once() {
    let world = World::start().await;
    for (set, mark) in [
        ("spa", "id=\"racine\""),
        ("guide", "guide.css"),
        ("awkward", "shadowrootmode=\"open\""),
        ("forms", "class=\"bar\""),
    ] {
        let (status, faults) = world.change(json!({"templates": set})).await;
        assert_eq!((status, &faults["templates"]), (200, &json!(set)));
        let mut browser = world.browser();
        let page = browser.get(&world.authorize_url(&[])).await;
        assert!(page.body.contains(mark) && page.body.contains("sondage"), "{set}: {}", page.body);
        let refused = browser.submit(&page, &[("saisie", "12")]).await;
        refused.has_code("SBX-ID-FORM");
        let sent = browser.submit(&page, &[("saisie", DOCTOR)]).await;
        let number = browser.get(&sent.location()).await;
        assert!(number.body.contains(mark) && number.body.contains("data-attente"), "{set}: {}", number.body);
    }
    let (status, refusal) = world.change(json!({"templates": "own"})).await;
    assert_eq!((status, &refusal["code"]), (400, &json!("SBX-FAULTS")), "there are no own pages in this run");
    let (status, faults) = world.change(json!({"templates": "spa"})).await;
    assert_eq!((status, &faults["templates"]), (200, &json!("spa")));
    let (_, faults) = world.change(json!({"reset": true})).await;
    assert_eq!(faults["templates"], "forms");
}

#[tokio::test]
async fn the_links_of_the_guides_lead_to_pages() {
    let world = World::start().await;
    for path in ["/donnees-et-droits", "/sondage"] {
        let page = world.browser().get(&format!("{}{path}", world.ready.wallet)).await;
        assert_eq!(page.status, 200);
    }
}
