//! The plastic card over real TLS: a client certificate, the code, and everything that can be missing.

use std::path::Path;

use serde_json::{Value, json};
use url::Url;
use vigie_sandbox::{HostNames, Options};

use crate::world::{Browser, DOCTOR, Page, World, decode, param};

impl World {
    pub(crate) async fn with_cards() -> Self {
        Self::start_with(true, HostNames::Loopback, None).await
    }

    /// A browser in which the card of this name was imported.
    pub(crate) fn browser_with_card(&self, name: &str) -> Browser {
        self.browser_with(&self.ready.cards.as_ref().unwrap().join(format!("{name}.pem")))
    }

    pub(crate) async fn set_desk(&self, change: Value) -> Value {
        let answer = self.browser().http.post(&self.ready.card_api).json(&change).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{change}");
        answer.json().await.unwrap()
    }

    /// From the authorization request to the window that asks for the code.
    pub(crate) async fn reach_window(&self, browser: &mut Browser, url: &str) -> Page {
        let page = browser.get(url).await;
        let login = page.between("href=\"/auth/mire/", "?");
        let tab = browser.get(&format!("{}/auth/mire/{login}?onglet=carte", self.ready.wallet)).await;
        let button = tab.between("id=\"card-login\" href=\"", "\"");
        let start = browser.get(&format!("{}{button}", self.ready.wallet)).await;
        let window = start.location();
        assert!(window.starts_with(self.ready.card.as_ref().unwrap()), "{window}");
        browser.get(&window).await
    }

    /// The whole way, up to the address that carries the answer to the service.
    pub(crate) async fn log_in_by_card(&self, browser: &mut Browser, url: &str) -> Url {
        let window = self.reach_window(browser, url).await;
        let done = browser.submit(&window, &[("code", "1234")]).await;
        let answer = browser.get(&done.between("id=\"next\" href=\"", "\"")).await;
        Url::parse(&answer.location()).unwrap()
    }
}

#[tokio::test]
async fn a_login_by_card_says_so_in_every_token() {
    let world = World::with_cards().await;
    let mut browser = world.browser_with_card(DOCTOR);
    let window = world.reach_window(&mut browser, &world.authorize_url(&[])).await;
    assert!(window.body.contains("ROBERT SPECIALISTE0021889"), "{}", window.body);
    let mistyped = browser.submit(&window, &[("code", "12")]).await;
    assert_eq!(mistyped.status, 422);
    assert!(mistyped.body.contains("3 essais"), "a code of the wrong length costs no try: {}", mistyped.body);
    let wrong = browser.submit(&mistyped, &[("code", "0000")]).await;
    wrong.has_code("SBX-CARD-CODE");
    assert!(wrong.body.contains("2 essais"), "{}", wrong.body);
    let done = browser.submit(&wrong, &[("code", "1234")]).await;
    let next = done.between("id=\"next\" href=\"", "\"");

    // The way back is good once, and in this browser only.
    world.browser().get(&next).await.has_code("SBX-LOGIN-GONE");
    world.browser_with_card(DOCTOR).get(&next).await.has_code("SBX-LOGIN-GONE");
    let answer = Url::parse(&browser.get(&next).await.location()).unwrap();
    browser.get(&next).await.has_code("SBX-LOGIN-GONE");
    browser.get(window.url.as_str()).await.has_code("SBX-CARD-WINDOW");

    let (status, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    let (_, id) = decode(tokens["id_token"].as_str().unwrap());
    let (_, access) = decode(tokens["access_token"].as_str().unwrap());
    for claims in [&id, &access] {
        assert_eq!((&claims["authMode"], &claims["acr"]), (&json!("CARD"), &json!("eidas2")), "{claims}");
        assert_eq!(claims["auth_level"], "1");
        assert_eq!(claims["preferred_username"], DOCTOR);
    }
    assert_eq!(id["SubjectNameID"], DOCTOR);
    assert_eq!(access.get("SubjectNameID"), None, "as observed: the access token of a card login lacks it");
    assert_eq!(world.user_info(tokens["access_token"].as_str().unwrap()).await.1["SubjectNameID"], DOCTOR);

    // The other level that was observed.
    world.set_desk(json!({"acr": "eidas3"})).await;
    let mut browser = world.browser_with_card(DOCTOR);
    let answer = world.log_in_by_card(&mut browser, &world.authorize_url(&[])).await;
    let (_, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    let (_, id) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["acr"], id.get("auth_level")), (&json!("eidas3"), None));
}

#[tokio::test]
async fn what_is_missing_becomes_a_page_that_helps() {
    let world = World::with_cards().await;
    let url = world.authorize_url(&[]);
    let check = async |browser: &mut Browser, code: &str| {
        let page = world.reach_window(browser, &url).await;
        page.has_code(code);
        assert_eq!(page.status, 403);
        assert!(page.between("id=\"back\" href=\"", "\"").ends_with("?onglet=carte"), "{}", page.body);
    };
    check(&mut world.browser(), "SBX-CARD-CERTIFICATE").await;
    check(&mut world.browser_with_card("other-environment"), "SBX-CARD-ENVIRONMENT").await;
    let service = world.ready.client_certificates.as_ref().unwrap().join("demo-client.pem");
    check(&mut world.browser_with(&service), "SBX-CARD-UNKNOWN").await;
    let elsewhere = World::with_cards().await;
    let foreign = elsewhere.ready.cards.as_ref().unwrap().join(format!("{DOCTOR}.pem"));
    check(&mut world.browser_with(&foreign), "SBX-CARD-UNKNOWN").await;
    let troubles = [
        (json!({"cryptolib": "missing"}), "SBX-CARD-CRYPTOLIB"),
        (json!({"galss": "missing"}), "SBX-CARD-GALSS"),
        (json!({"reader": "unplugged"}), "SBX-CARD-READER"),
        (json!({"card": "removed"}), "SBX-CARD-ABSENT"),
        (json!({"card": "other_environment"}), "SBX-CARD-ENVIRONMENT"),
    ];
    for (desk, code) in troubles {
        world.set_desk(desk).await;
        check(&mut world.browser_with_card(DOCTOR), code).await;
        world.set_desk(json!({"reset": true})).await;
    }
    // The card is taken out between the certificate and the code.
    let mut browser = world.browser_with_card(DOCTOR);
    let window = world.reach_window(&mut browser, &url).await;
    world.set_desk(json!({"card": "removed"})).await;
    browser.submit(&window, &[("code", "1234")]).await.has_code("SBX-CARD-ABSENT");
    world.set_desk(json!({"reset": true})).await;
    assert!(browser.submit(&window, &[("code", "1234")]).await.body.contains("Carte reconnue"));

    // A window under a name that asks for no certificate, too late, or that never was.
    let mut browser = world.browser_with_card(DOCTOR);
    let window = world.reach_window(&mut browser, &url).await;
    let path = window.url.path().to_owned();
    browser.get(&format!("{}{path}", world.ready.wallet)).await.has_code("SBX-CARD-HOST");
    assert_eq!(browser.post(window.url.as_str(), &[("code", "1234"), ("csrf", "x")]).await.status, 403);
    world.clock.advance_s(300);
    browser.submit(&window, &[("code", "1234")]).await.has_code("SBX-CARD-WINDOW");
    // After three years the card is no longer good.
    for _ in 0..366 {
        world.clock.advance_s(3 * 86_400);
    }
    let mut browser = world.browser_with_card(DOCTOR);
    check(&mut browser, "SBX-CARD-EXPIRED").await;
}

#[tokio::test]
async fn without_tls_the_tab_says_why() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    let login = page.between("href=\"/auth/mire/", "?");
    let tab = browser.get(&format!("{}/auth/mire/{login}?onglet=carte", world.ready.wallet)).await;
    assert!(tab.body.contains("--tls") && !tab.body.contains("card-login"), "{}", tab.body);
    browser.get(&format!("{}/auth/mire/{login}/carte", world.ready.wallet)).await.has_code("SBX-CARD-TLS");
    browser.get(&format!("{}/testssl", world.ready.wallet)).await.has_code("SBX-CARD-TLS");
    assert_eq!((&world.ready.cards, &world.ready.mtls, &world.ready.ssl_test), (&None, &None, &None));
}

#[tokio::test]
async fn three_wrong_codes_block_the_card_until_the_support_unblocks_it() {
    let world = World::with_cards().await;
    let url = world.authorize_url(&[]);
    let mut browser = world.browser_with_card(DOCTOR);
    let window = world.reach_window(&mut browser, &url).await;
    browser.submit(&window, &[("code", "0000")]).await.has_code("SBX-CARD-CODE");
    browser.submit(&window, &[("code", "0000")]).await.has_code("SBX-CARD-CODE");
    browser.submit(&window, &[("code", "0000")]).await.has_code("SBX-CARD-BLOCKED");
    browser.submit(&window, &[("code", "1234")]).await.has_code("SBX-CARD-BLOCKED");
    // Neither another browser nor the SSL test gets around it; other cards are not touched.
    world.reach_window(&mut world.browser_with_card(DOCTOR), &url).await.has_code("SBX-CARD-BLOCKED");
    let test = world.ready.ssl_test.clone().unwrap();
    world.browser_with_card(DOCTOR).get(&test).await.has_code("SBX-CARD-BLOCKED");
    assert_eq!(world.browser_with_card("899700427869").get(&test).await.status, 200);

    let mut desk = world.browser();
    let page = desk.get(&world.ready.desk).await;
    assert!(page.body.contains(&format!("data-card=\"{DOCTOR}\" data-tries=\"0\"")), "{}", page.body);
    let unblocked = desk.submit_form(&page, 1, &[]).await;
    assert_eq!(unblocked.status, 303, "{}", unblocked.body);
    let answer = world.log_in_by_card(&mut world.browser_with_card(DOCTOR), &url).await;
    assert!(param(&answer, "code").is_some());
}

#[tokio::test]
async fn the_ssl_test_has_both_its_screens() {
    let world = World::with_cards().await;
    let test = world.ready.ssl_test.clone().unwrap();
    let mut browser = world.browser_with_card(DOCTOR);
    let window = browser.get(&test).await;
    browser.submit(&window, &[("code", "1111")]).await.has_code("SBX-CARD-CODE");
    let success = browser.submit(&window, &[("code", "1234")]).await;
    assert!(success.body.contains("data-result=\"success\""), "{}", success.body);
    let failure = world.browser().get(&test).await;
    failure.has_code("SBX-CARD-CERTIFICATE");
    assert!(failure.body.contains("data-result=\"failure\"") && failure.body.contains("0 825 852 000"));
    world.set_desk(json!({"galss": "missing"})).await;
    browser.get(&test).await.has_code("SBX-CARD-GALSS");
    // Under another name of the sandbox the test leads to its own.
    let there = world.browser().get(&format!("{}/testssl", world.ready.wallet)).await;
    assert_eq!(there.location(), test);
}

#[tokio::test]
async fn the_diagnostic_stops_at_the_first_trouble() {
    let world = World::with_cards().await;
    let diagnostic = world.ready.desk.replace("/card", "/card/diagnostic");
    let outcomes = async || {
        let page = world.browser().get(&diagnostic).await;
        let rows: Vec<String> =
            page.body.split("data-outcome=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        (rows.join(" "), page)
    };
    let (rows, page) = outcomes().await;
    assert_eq!(rows, "good good good good");
    assert!(page.body.contains("id=\"ssl-test\""));
    let mut desk = world.browser();
    let page = desk.get(&world.ready.desk).await;
    let changed = desk.submit(&page, &[("reader", "unplugged"), ("card", "removed")]).await;
    assert_eq!(changed.status, 303, "{}", changed.body);
    let (rows, page) = outcomes().await;
    assert_eq!(rows, "good good bad skipped");
    page.has_code("SBX-CARD-READER");
    let again = desk.get(&world.ready.desk).await;
    assert_eq!(desk.submit(&again, &[("reader", "on fire")]).await.status, 403);
    assert_eq!(desk.post(&world.ready.desk, &[("reader", "plugged"), ("csrf", "x")]).await.status, 403);
    let wrong = [json!({"reader": "on fire"}), json!({"colour": 1}), json!({"unblock": "899700427885"})];
    for body in wrong {
        let answer = world.browser().http.post(&world.ready.card_api).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "SBX-CARD-BODY");
    }
}

#[tokio::test]
async fn a_login_without_a_browser_asks_the_card_on_the_desk() {
    let world = World::start().await;
    let ask = async |hint: &str, number: &str| {
        let form = [
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("channel", "CARD"),
            ("login_hint", hint),
            ("binding_message", number),
        ];
        world.post_as("demo-client", "demo-secret", "ext/ciba/auth", &form).await
    };
    let poll = async |answer: &Value| {
        world.clock.advance_s(1);
        let id = answer["auth_req_id"].as_str().unwrap().to_owned();
        world.token(&[("grant_type", "urn:openid:params:grant-type:ciba"), ("auth_req_id", &id)]).await
    };
    let answer_desk = async |body: Value| {
        let requests = format!("{}/{DOCTOR}/requests", world.ready.card_api);
        let list: Vec<Value> = world.browser().http.get(&requests).send().await.unwrap().json().await.unwrap();
        let url = format!("{requests}/{}", list[0]["id"].as_str().unwrap());
        let answer = world.browser().http.post(url).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap(), list)
    };
    // Not activated: the card is enough. No card: nobody to ask.
    assert_eq!(ask("899700075064", "00").await.0, 200);
    assert_eq!(ask("899700427885", "07").await.1["error_description"], "invalid_user");

    let (status, opened) = ask(DOCTOR, "07").await;
    assert_eq!(status, 200, "{opened}");
    assert_eq!(poll(&opened).await.1["error"], "authorization_pending");
    assert!(world.requests(DOCTOR).await.is_empty(), "the phone is not asked");
    let (status, wrong, list) = answer_desk(json!({"code": "0000"})).await;
    assert_eq!((status, &wrong["code"], &list[0]["number"]), (403, &json!("SBX-CARD-CODE"), &json!("07")));
    world.set_desk(json!({"reader": "unplugged"})).await;
    assert_eq!(answer_desk(json!({"code": "1234"})).await.1["code"], "SBX-CARD-READER");
    world.set_desk(json!({"reset": true})).await;
    let url = format!("{}/{DOCTOR}/requests/{}", world.ready.card_api, list[0]["id"].as_str().unwrap());
    assert_eq!(answer_desk(json!({"code": "1234"})).await.1["state"], "approved");
    let again = world.browser().http.post(&url).json(&json!({"code": "1234"})).send().await.unwrap();
    assert_eq!(again.status(), 409);
    let (status, tokens) = poll(&opened).await;
    assert_eq!(status, 200, "{tokens}");
    let (_, id) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!((&id["authMode"], &id["acr"]), (&json!("CARD"), &json!("eidas2")));

    let (_, opened) = ask(DOCTOR, "42").await;
    let mut desk = world.browser();
    let page = desk.get(&format!("{}/{DOCTOR}", world.ready.desk)).await;
    assert!(page.body.contains("42") && page.body.contains("Service de démonstration"), "{}", page.body);
    assert_eq!(desk.submit(&page, &[("refuse", "oui")]).await.status, 303);
    assert_eq!(poll(&opened).await.1["error"], "access_denied");
    let (_, opened) = ask(DOCTOR, "43").await;
    let page = desk.get(&format!("{}/{DOCTOR}", world.ready.desk)).await;
    for _ in 0..2 {
        assert_eq!(desk.submit(&page, &[("code", "9999")]).await.status, 422);
    }
    desk.submit(&page, &[("code", "9999")]).await.has_code("SBX-CARD-BLOCKED");
    assert_eq!(poll(&opened).await.1["error"], "access_denied");
    let (_, opened) = ask("899700427869", "44").await;
    world.clock.advance_s(120);
    assert_eq!(poll(&opened).await.1["error"], "expired_token");
    desk.get(&format!("{}/899700427885", world.ready.desk)).await.has_code("SBX-CARD-HOLDER");
}

#[tokio::test]
async fn cards_in_a_folder_of_ones_own_stay() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-cards", std::process::id()));
    let options = || Options { tls: true, cards: Some(folder.clone()), ..World::options() };
    let first = World::start_as(options()).await;
    let again = World::start_as(options()).await;
    assert_eq!(first.ready.cards, again.ready.cards);
    // A browser that imported the card before the restart.
    let window = again.reach_window(&mut first_browser(&first, &again), &again.authorize_url(&[])).await;
    assert!(window.body.contains("id=\"card-code\""), "{}", window.body);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(folder.join(format!("{DOCTOR}.p12"))).unwrap().permissions(),
    );
    assert_eq!(mode & 0o077, 0, "only the owner reads a card");
    std::fs::remove_dir_all(&folder).unwrap();
}

fn first_browser(first: &World, again: &World) -> Browser {
    again.browser_with(&first.ready.cards.as_ref().unwrap().join(format!("{DOCTOR}.pem")))
}
