//! Sessions of the demo services inside the session of the provider: what ends them, and how people come back.

use serde_json::json;
use vigie_sandbox::HostNames;

use crate::services::{decision_point, follow, handle, revoked};
use crate::world::{Browser, DOCTOR, Page, World};

const MINUTE: u64 = 60;

/// A world whose decision point lets everybody in.
async fn open_world(name: &str) -> World {
    let permit = json!({"decision": true, "context": {"reason_code": "OK"}});
    let file = decision_point(name, handle(), permit).await;
    World::start_with(false, HostNames::Loopback, Some(file)).await
}

impl World {
    fn party(&self, service: &str, page: &str) -> String {
        format!("http://{}/rp/{service}/{page}", self.ready.listen)
    }

    /// Enters a service with a push.
    async fn enter(&self, browser: &mut Browser, service: &str) -> Page {
        let to_psc = browser.get(&self.party(service, "login")).await;
        let callback = self.log_in(browser, &to_psc.location(), DOCTOR).await;
        let page = follow(browser, callback.as_str()).await;
        assert!(page.body.contains("data-decision=\"permit\""), "{}", page.body);
        page
    }

    async fn click(&self, browser: &mut Browser, service: &str) -> Page {
        browser.get(&self.party(service, "decision")).await
    }
}

fn has_ended(page: &Page, code: &str) {
    assert!(page.body.contains("data-decision=\"ended\""), "{}", page.body);
    assert!(page.body.contains(&format!("data-reason=\"{code}\"")), "{code}: {}", page.body);
    assert!(!page.body.contains("id=\"psc-logout\""), "there is nothing left to leave");
}

/// Takes up an ended session; the last page that is met.
async fn resume(browser: &mut Browser, page: &Page) -> Page {
    let link = page.between("data-test=\"resume\" href=\"", "\"");
    follow(browser, page.url.join(&link).unwrap().as_str()).await
}

#[tokio::test]
async fn thirty_minutes_without_a_click_end_both() {
    let world = open_world("idle").await;
    let mut browser = world.browser();
    world.enter(&mut browser, "smurtab").await;
    world.clock.advance_s(30 * MINUTE - 1);
    assert!(world.click(&mut browser, "smurtab").await.body.contains("data-decision=\"permit\""));
    world.clock.advance_s(30 * MINUTE);
    let ended = world.click(&mut browser, "smurtab").await;
    has_ended(&ended, "SBX-RP-IDLE");
    assert_eq!(revoked("idle"), 1, "the handle ends with the session");
    let page = resume(&mut browser, &ended).await;
    assert!(page.body.contains("name=\"saisie\""), "the provider's session is over as well: {}", page.body);
    // The explanation is given once; afterwards nobody is logged in.
    assert_eq!(world.click(&mut browser, "smurtab").await.status, 302);
}

#[tokio::test]
async fn another_service_keeps_the_session_and_the_first_comes_back_without_a_push() {
    let world = open_world("sso").await;
    let mut browser = world.browser();
    world.enter(&mut browser, "smurtab").await;
    let second = follow(&mut browser, &world.party("sidep", "login?session=reuse")).await;
    assert!(second.url.path().starts_with("/rp/sidep/") && second.body.contains("data-decision=\"permit\""));
    for _ in 0..2 {
        world.clock.advance_s(16 * MINUTE);
        assert!(world.click(&mut browser, "sidep").await.body.contains("data-decision=\"permit\""));
    }
    let ended = world.click(&mut browser, "smurtab").await;
    has_ended(&ended, "SBX-RP-IDLE");
    let back = resume(&mut browser, &ended).await;
    assert!(back.url.path().starts_with("/rp/smurtab/") && back.body.contains("data-decision=\"permit\""));
    assert!(world.requests(DOCTOR).await.is_empty());
}

#[tokio::test]
async fn four_hours_after_the_login_it_is_over_however_busy() {
    let world = open_world("hours").await;
    let mut browser = world.browser();
    world.enter(&mut browser, "smurtab").await;
    // Enters the second service in the third hour, which prolongs nothing.
    for click in 1..12 {
        world.clock.advance_s(20 * MINUTE);
        assert!(world.click(&mut browser, "smurtab").await.body.contains("data-decision=\"permit\""), "{click}");
    }
    let second = follow(&mut browser, &world.party("sidep", "login?session=reuse")).await;
    assert!(second.body.contains("data-decision=\"permit\""));
    world.clock.advance_s(20 * MINUTE);
    for service in ["smurtab", "sidep"] {
        let ended = world.click(&mut browser, service).await;
        has_ended(&ended, "SBX-RP-FOUR-HOURS");
        assert!(resume(&mut browser, &ended).await.body.contains("name=\"saisie\""));
    }
}

#[tokio::test]
async fn leaving_one_service_closes_the_other() {
    let world = open_world("leave").await;
    let mut browser = world.browser();
    let page = world.enter(&mut browser, "smurtab").await;
    follow(&mut browser, &world.party("sidep", "login?session=reuse")).await;
    let left = browser.submit(&page, &[]).await;
    assert_eq!(left.location(), world.ready.relying_parties.smurtab);
    assert_eq!(revoked("leave"), 1, "whoever leaves ends the handle too");
    assert_eq!(world.click(&mut browser, "smurtab").await.status, 302);
    let silent = browser.get(&world.authorize_url(&[("prompt", "none")])).await;
    assert!(silent.location().contains("error=login_required"));
    world.clock.advance_s(MINUTE);
    let ended = world.click(&mut browser, "sidep").await;
    has_ended(&ended, "SBX-RP-CLOSED");
    assert_eq!(revoked("leave"), 2);
    assert!(resume(&mut browser, &ended).await.body.contains("name=\"saisie\""));
}

#[tokio::test]
async fn an_outage_of_the_provider_throws_nobody_out() {
    let world = open_world("outage").await;
    let mut browser = world.browser();
    world.enter(&mut browser, "smurtab").await;
    world.switch(json!({"outage": true})).await;
    world.clock.advance_s(10 * MINUTE);
    assert!(world.click(&mut browser, "smurtab").await.body.contains("data-decision=\"permit\""));
    world.switch(json!({"outage": false})).await;
    world.clock.advance_s(MINUTE);
    assert!(world.click(&mut browser, "smurtab").await.body.contains("data-decision=\"permit\""));
}

#[tokio::test]
async fn connected_without_rights_and_a_wish_for_more() {
    let refusal = json!({"decision": false, "context": {"reason_code": "PROFESSION"}});
    let file = decision_point("no-rights", handle(), refusal).await;
    let world = World::start_with(false, HostNames::Loopback, Some(file)).await;
    let mut browser = world.browser();
    let to_psc = browser.get(&world.party("smurtab", "login")).await;
    let callback = world.log_in(&mut browser, &to_psc.location(), DOCTOR).await;
    let page = follow(&mut browser, callback.as_str()).await;
    assert!(page.body.contains("data-connected") && page.body.contains("Vous êtes bien connecté à Pro Santé Connect"));

    let step_up = json!({"decision": false, "context": {"reason_code": "LEVEL", "obligations":
        [{"id": "step-up", "type": "step-up", "properties": {"acr_value": "eidas2"}}]}});
    let file = decision_point("step-up", handle(), step_up).await;
    let world = World::start_with(false, HostNames::Loopback, Some(file)).await;
    let mut browser = world.browser();
    let to_psc = browser.get(&world.party("smurtab", "login")).await;
    let callback = world.log_in(&mut browser, &to_psc.location(), DOCTOR).await;
    let page = follow(&mut browser, callback.as_str()).await;
    assert!(page.body.contains("data-step-up=\"eidas2\"") && page.body.contains("Carte CPS"), "{}", page.body);
    assert!(!page.body.contains("data-connected"));
    let again = page.url.join(&page.between("data-step-up=\"eidas2\" href=\"", "\"")).unwrap();
    let asked = follow(&mut browser, again.as_str()).await;
    assert!(asked.body.contains("Connectez-vous"), "the person is asked although a session lives");
}

#[tokio::test]
async fn services_refuse_what_the_faults_break() {
    let world = open_world("broken").await;
    for (fault, reason) in [
        (json!({"signing": "unknown_kid"}), "SBX-RP-ID-TOKEN"),
        (json!({"signing": "hs256"}), "SBX-RP-ID-TOKEN"),
        (json!({"clock_skew_s": -3600}), "SBX-RP-ID-TOKEN"),
        (json!({"duplicate_claim": "same"}), "SBX-RP-TOKEN"),
        (json!({"duplicate_claim": "other"}), "SBX-RP-TOKEN"),
        (json!({"rotate_keys": "drop_old"}), "OK"),
        (json!({"userinfo": "only_sub"}), "OK"),
        (json!({"sub": "uuid"}), "OK"),
        (json!({"acr": "eidas2", "auth_mode": "CARD"}), "OK"),
        (json!({"authorize": "redirect"}), "OK"),
    ] {
        world.switch(json!({"reset": true})).await;
        let mut browser = world.browser();
        let to_psc = browser.get(&world.party("smurtab", "login")).await;
        world.switch(fault.clone()).await;
        let mut url = to_psc.location();
        if fault.get("authorize").is_some() {
            url = browser.get(&url).await.location();
        }
        let callback = world.log_in(&mut browser, &url, DOCTOR).await;
        let page = follow(&mut browser, callback.as_str()).await;
        assert!(page.body.contains(&format!("data-reason=\"{reason}\"")), "{fault}: {}", page.body);
        world.clock.advance_s(MINUTE);
    }
    world.switch(json!({"reset": true, "outage": true})).await;
    let page = follow(&mut world.browser(), &world.party("smurtab", "login")).await;
    assert!(page.body.contains("data-reason=\"SBX-RP-UNREACHABLE\""));
}
