//! The account portal, and the activation with the card: desktop over TLS with a client certificate, phone over its pages and API.

use serde_json::{Value, json};

use crate::world::{Browser, DOCTOR, Page, PhoneKey, World};

/// Not activated, has a card.
const NEWCOMER: &str = "899700075064";

/// A desktop at the portal.
struct Desktop<'a> {
    world: &'a World,
    browser: Browser,
}

impl<'a> Desktop<'a> {
    /// Logged in by card, at the account.
    async fn by_card(world: &'a World, person: &str) -> (Self, Page) {
        let mut desktop = Self { world, browser: world.browser_with_card(person) };
        let landing = desktop.get("/login-page").await;
        let authorize = desktop.get(&landing.between("id=\"start\" href=\"", "\"")).await.location();
        let back = world.log_in_by_card(&mut desktop.browser, &authorize).await;
        let account = desktop.browser.get(back.as_str()).await.location();
        let account = desktop.browser.get(&account).await;
        (desktop, account)
    }

    async fn get(&mut self, path: &str) -> Page {
        self.browser.get(&format!("{}{path}", self.world.ready.wallet)).await
    }

    /// Accepts the terms, and asks for a QR code; returns its text.
    async fn ask(&mut self, page: &Page) -> String {
        let asked = self.browser.submit(page, &[("cgu", "oui")]).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let shown = self.get("/portail/activation").await;
        assert_eq!(self.get("/portail/activation/qr.svg").await.status, 200);
        shown.between("data-ticket=\"", "\"")
    }

    async fn state(&mut self) -> String {
        let body: Value = serde_json::from_str(&self.get("/portail/activation/etat").await.body).unwrap();
        body["etat"].as_str().unwrap().to_owned()
    }

    async fn type_code(&mut self, code: &str) -> Page {
        let page = self.get("/portail/activation").await;
        self.browser.submit(&page, &[("code", code)]).await
    }
}

impl World {
    async fn on_phone(&self, step: Value) -> (u16, Value) {
        let url = format!("https://{}/api/activation/{NEWCOMER}", self.ready.listen);
        let answer = self.browser().http.post(url).json(&step).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn scan(&self, device: u64, qr: &str) -> Value {
        self.on_phone(json!({"step": "scan", "device": device, "qr": qr})).await.1
    }
}

#[tokio::test]
async fn activated_with_the_card_and_then_used() {
    let world = World::with_cards().await;
    let (mut desktop, account) = Desktop::by_card(&world, NEWCOMER).await;
    assert!(account.body.contains("data-ecps=\"none\""), "{}", account.body);
    let refused = desktop.browser.submit(&account, &[]).await;
    refused.has_code("SBX-PORTAL-TERMS");
    let qr = desktop.ask(&account).await;
    assert_eq!(desktop.state().await, "qr");

    // On the phone, in its pages: terms, scan, the code.
    let mut phone = world.browser();
    let terms = phone.get(&format!("{}/activation/conditions", world.ready.phone)).await;
    phone.submit(&terms, &[]).await;
    let scan = phone.get(&format!("{}/activation/scanner", world.ready.phone)).await;
    let running = phone.submit(&scan, &[("qr", &qr)]).await.location();
    let shown = phone.get(&running).await;
    let code = shown.between("data-code=\"", "\"");
    assert_eq!(code.len(), 6);

    // On the desktop: the code, first mistyped.
    assert_eq!(desktop.state().await, "code");
    desktop.type_code("12").await.has_code("ACT-CODE-LENGTH");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    desktop.type_code(wrong).await.has_code("ACT-CODE-WRONG");
    assert_eq!(desktop.type_code(&code).await.status, 303);
    assert_eq!(desktop.state().await, "pin");
    assert!(desktop.get("/portail/activation").await.body.contains("Continuez sur votre téléphone"));

    // On the phone: the PIN, twice.
    let pin = phone.get(&running).await;
    let again = phone.submit(&pin, &[("pin", "2580")]).await.location();
    let again = phone.get(&again).await;
    let key = PhoneKey::make();
    let done = phone.submit(&again, &[("pin", "2580"), ("cle", &key.public())]).await;
    assert!(done.body.contains("data-result=\"activated\""), "{}", done.body);
    assert!(desktop.get("/portail/activation").await.body.contains("data-result=\"active\""));
    assert!(desktop.get("/portail").await.body.contains("data-ecps=\"active\""));

    // And a login by e-CPS, on that phone only.
    let waiting = world.reach_number(&mut world.browser(), NEWCOMER).await;
    let home = phone.get(&format!("{}/{NEWCOMER}", world.ready.phone)).await.location();
    let pin = phone.get(&home).await;
    let unlocked = phone.submit(&pin, &[("pin", "2580")]).await.location();
    let numbers = phone.get(&unlocked).await;
    key.approve(&mut phone, &numbers, &waiting.number).await;
    assert!(world.requests(NEWCOMER).await.is_empty(), "the login is approved");
}

#[tokio::test]
async fn the_qr_code_lives_ninety_seconds_and_dies_by_a_newer_one() {
    let world = World::with_cards().await;
    let (mut desktop, account) = Desktop::by_card(&world, NEWCOMER).await;
    let first = desktop.ask(&account).await;
    world.clock.advance_s(89);
    assert!(desktop.get("/portail/activation").await.body.contains("<span data-secondes>1</span>"));
    world.clock.advance_s(1);
    assert_eq!(desktop.state().await, "expired");
    assert_eq!(desktop.get("/portail/activation/qr.svg").await.status, 404);
    assert_eq!(world.scan(1, &first).await["code"], "ACT-CARD-QR-EXPIRED");
    let expired = desktop.get("/portail/activation").await;
    expired.has_code("ACT-CARD-QR-EXPIRED");
    let second = desktop.ask(&expired).await;
    assert_eq!(world.scan(1, &first).await["code"], "ACT-QR-SUPERSEDED");

    // Another desktop of the same person starts over; this one is told.
    let (mut other, account) = Desktop::by_card(&world, NEWCOMER).await;
    let third = other.ask(&account).await;
    assert_eq!(world.scan(1, &second).await["code"], "ACT-QR-SUPERSEDED");
    desktop.get("/portail/activation").await.has_code("ACT-QR-SUPERSEDED");
    assert_eq!(world.scan(1, &third).await["state"], "showing_code");
    assert_eq!(world.scan(2, &third).await["code"], "ACT-QR-USED");
    // A request by the contacts disables it as well.
    assert_eq!(world.on_phone(json!({"step": "request"})).await.0, 200);
    assert_eq!(other.state().await, "superseded");
}

#[tokio::test]
async fn wrong_codes_end_the_activation() {
    let world = World::with_cards().await;
    let (mut desktop, account) = Desktop::by_card(&world, NEWCOMER).await;
    let qr = desktop.ask(&account).await;
    let shown = world.scan(7, &qr).await;
    let code = shown["code"].as_str().unwrap().to_owned();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    desktop.type_code(wrong).await.has_code("ACT-CODE-WRONG");
    desktop.type_code(wrong).await.has_code("ACT-CODE-WRONG");
    desktop.type_code(wrong).await.has_code("ACT-CODE-LOCKED");
    assert_eq!(desktop.state().await, "ended");
    let (status, late) = world.on_phone(json!({"step": "pin", "device": 7, "pin": "1234"})).await;
    assert_eq!((status, &late["code"]), (403, &json!("ACT-ORDER")));

    // Given up on the phone; then a code that is older than ten minutes.
    let page = desktop.get("/portail/activation").await;
    let qr = desktop.ask(&page).await;
    let shown = world.scan(7, &qr).await;
    let code = shown["code"].as_str().unwrap().to_owned();
    world.clock.advance_s(600);
    desktop.type_code(&code).await.has_code("ACT-CODE-EXPIRED");
}

#[tokio::test]
async fn the_portal_keeps_to_its_visitor() {
    let world = World::with_cards().await;
    let wallet = world.ready.wallet.clone();
    // By e-CPS there is an account, and no activation.
    let mut browser = world.browser();
    let authorize = browser.get(&format!("{wallet}/portail/entrer")).await.location();
    let back = world.log_in(&mut browser, &authorize, DOCTOR).await;
    let account = browser.get(back.as_str()).await.location();
    let account = browser.get(&account).await;
    assert!(account.body.contains("id=\"with-card\"") && account.body.contains("data-ecps=\"active\""));
    let token = account.between("name=\"jeton\" value=\"", "\"");
    let forced = browser.post(&format!("{wallet}/portail/activation"), &[("jeton", &token), ("cgu", "oui")]).await;
    forced.has_code("SBX-PORTAL-CARD");
    // The answer of another browser's login, and one without any login.
    world.browser().get(back.as_str()).await.has_code("SBX-PORTAL");
    world.browser().get(&format!("{wallet}/portail/retour?code=x&state=y")).await.has_code("SBX-PORTAL");
    for path in ["", "/activation"] {
        assert!(world.browser().get(&format!("{wallet}/portail{path}")).await.location().ends_with("/login-page"));
    }
    for path in ["activation", "activation/code", "sessions", "quitter"] {
        assert_eq!(browser.post(&format!("{wallet}/portail/{path}"), &[("jeton", "x")]).await.status, 403, "{path}");
    }
    assert!(browser.get(&format!("{wallet}/portail/activation")).await.location().ends_with("/portail"));

    // Every session is closed, that of another browser too.
    let tokens = world.tokens(DOCTOR).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(world.user_info(access).await.0, 200);
    let closed = browser.submit(&account, &[]).await;
    assert_eq!(closed.status, 200, "{}", closed.body);
    assert_eq!(world.user_info(access).await.0, 401);
    assert!(browser.get(&format!("{wallet}/portail")).await.location().ends_with("/login-page"));
}
