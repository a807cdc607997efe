//! What the log may never contain, at its most talkative level.

use std::cell::RefCell;
use std::io::Write;

use serde_json::json;

use crate::world::{DOCTOR, VERIFIER, World, param};

thread_local! {
    /// What this thread logged since it began to listen.
    static KEPT: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what the thread logs, if it listens.
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        KEPT.with_borrow_mut(|kept| kept.iter_mut().for_each(|kept| kept.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_nobody() {
    // For the whole process: whether a line is wanted is remembered per line, and other tests run beside this one. One thread
    // runs both the server and this test, so that it hears all of its own and nothing else.
    tracing_subscriber::fmt().with_env_filter("vigie_sandbox=trace").with_writer(|| Kept).with_ansi(false).init();
    KEPT.set(Some(Vec::new()));
    let world = World::with_cards().await;
    let mut card = world.browser_with_card("899700427869");
    let window = world.reach_window(&mut card, &world.authorize_url(&[])).await;
    card.submit(&window, &[("code", "8642")]).await;
    let done = card.submit(&window, &[("code", "1234")]).await;
    let next = done.between("id=\"next\" href=\"", "\"");
    card.get(&next).await;
    world.browser().get(&world.ready.ssl_test.clone().unwrap()).await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    browser.submit(&page, &[("saisie", "899700000000")]).await;
    let waiting = world.reach_number(&mut browser, DOCTOR).await;
    world.answer(DOCTOR, json!({"pin": "9876", "number": waiting.number})).await;
    world.answer(DOCTOR, json!({"pin": "1234", "number": waiting.number})).await;
    let done = browser.get(&format!("{}/suite", waiting.base)).await;
    let code = param(&url::Url::parse(&done.location()).unwrap(), "code").unwrap();
    let (_, tokens) = world.redeem(&code).await;
    world.redeem(&code).await;
    world.user_info(tokens["access_token"].as_str().unwrap()).await;
    world.user_info("not-a-token-that-was-issued").await;
    let qr = world.until_wrong_code("899700075064").await;
    let hint =
        [("scope", "openid scope_all"), ("acr_values", "eidas1"), ("binding_message", "07"), ("channel", "MOBILE")];
    let hint: Vec<(&str, &str)> = hint.into_iter().chain([("login_hint", "899700000001")]).collect();
    world.post_as("demo-client", "demo-secret", "ext/ciba/auth", &hint).await;

    let log = String::from_utf8(KEPT.take().unwrap()).unwrap();
    assert!(log.contains("login approved"), "{log}");
    assert!(log.contains("activation"), "{log}");
    assert!(log.contains("card recognised") && log.contains("SBX-CARD-CERTIFICATE"), "{log}");
    for secret in ["899700427869", "8642", "DOC0042786", next.rsplit('/').next().unwrap()] {
        assert!(!log.contains(secret), "the log contains {secret}: {log}");
    }
    let activation = [qr.as_str(), "899700075064", "899700000001", "charlie", "0639980009", "13571357"];
    for secret in activation {
        assert!(!log.contains(secret), "the log contains {secret}: {log}");
    }
    let secrets =
        [DOCTOR, "899700000000", "9876", VERIFIER, &code, "not-a-token", "the-nonce", "the state", "SPECIALISTE"];
    for secret in secrets.into_iter().chain([tokens["access_token"].as_str().unwrap()]) {
        assert!(!log.contains(secret), "the log contains {secret}: {log}");
    }
}
