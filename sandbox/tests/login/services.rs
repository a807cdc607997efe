//! The demo services: a login under the real host names over TLS, then the decision point's word, whatever it is.

use axum::http::HeaderMap;
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use vigie_sandbox::HostNames;

use crate::world::{Browser, DOCTOR, Page, World};

/// A decision point that answers what the test says, and checks what it is asked.
pub(crate) async fn decision_point(name: &str, login: Value, evaluation: Value) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("vigie-sandbox-test-{}-{name}.toml", std::process::id()));
    let revocations = revocations_of(&path);
    let bearer = |headers: &HeaderMap| {
        headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned).unwrap_or_default()
    };
    let router = Router::new()
        .route(
            "/v1/logins",
            post(move |headers: HeaderMap, Json(body): Json<Value>| async move {
                assert_eq!(bearer(&headers), "Bearer the-secret");
                for member in ["id_token", "access_token", "nonce"] {
                    assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
                }
                let status = if login.get("code").is_some() { 422 } else { 201 };
                (axum::http::StatusCode::from_u16(status).unwrap(), Json(login))
            }),
        )
        .route(
            "/access/v1/evaluation",
            post(move |Json(body): Json<Value>| async move {
                assert_eq!(body["context"]["login"], "the-handle");
                assert!(["smurtab", "sidep"].contains(&body["resource"]["id"].as_str().unwrap()));
                Json(evaluation)
            }),
        )
        .route(
            "/v1/logins/revoke",
            post(move |headers: HeaderMap, Json(body): Json<Value>| async move {
                assert_eq!(bearer(&headers), "Bearer the-secret");
                assert_eq!(body, json!({"login": "the-handle"}));
                let before = std::fs::read_to_string(&revocations).unwrap_or_default();
                std::fs::write(&revocations, format!("{before}revoked\n")).unwrap();
                Json(json!({"revoked": true}))
            }),
        );
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
    std::fs::write(
        &path,
        format!("url = \"http://{address}\"\n[secrets]\nsmurtab = \"the-secret\"\nsidep = \"the-secret\"\n"),
    )
    .unwrap();
    path
}

/// Where a decision point notes each handle that it was told to end.
fn revocations_of(file: &std::path::Path) -> std::path::PathBuf {
    file.with_extension("revoked")
}

/// How many handles the decision point of this name was told to end.
pub(crate) fn revoked(name: &str) -> usize {
    let file = std::env::temp_dir().join(format!("vigie-sandbox-test-{}-{name}.toml", std::process::id()));
    std::fs::read_to_string(revocations_of(&file)).unwrap_or_default().lines().count()
}

/// Follows redirects until a page stands still.
pub(crate) async fn follow(browser: &mut Browser, url: &str) -> Page {
    let mut page = browser.get(url).await;
    while (300..400).contains(&page.status) {
        page = browser.get(&page.location()).await;
    }
    page
}

async fn enter(world: &World, browser: &mut Browser) -> Page {
    let home = browser.get(&world.ready.relying_parties.smurtab).await;
    assert!(home.body.contains("id=\"psc-login\""));
    let start = home.url.join(&home.between("id=\"psc-login\" class=\"pill\" href=\"", "\"")).unwrap();
    let to_psc = browser.get(start.as_str()).await;
    let callback = world.log_in(browser, &to_psc.location(), DOCTOR).await;
    follow(browser, callback.as_str()).await
}

pub(crate) fn handle() -> Value {
    json!({"login": "the-handle", "expires_at": 1, "level": null, "auth_mode": "MOBILE", "evidence": [{"check": "x", "outcome": "passed", "detail": null}], "practices": []})
}

#[tokio::test]
async fn a_permit_lets_in_under_the_real_host_names() {
    let file = decision_point(
        "permit",
        handle(),
        json!({"decision": true, "context": {
            "decision_id": "d-1", "reason_code": "SMURTAB-OK", "reason_user": {"fr": "Bienvenue.", "en": "Welcome."},
            "evidence": [{"check": "id_token.signature", "outcome": "pass", "detail": "RS256 <b>"}],
            "policies": [{"id": "smurtab", "digest": "sha256:aa", "effect": "permit", "reason_code": "SMURTAB-OK"}],
            "core_digest": "sha256:bb", "obligations": []}}),
    )
    .await;
    let world = World::start_with(true, HostNames::Genuine, Some(file)).await;
    assert_eq!(world.ready.issuer, "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet");
    assert_eq!(world.ready.wallet, "https://wallet.esw.esante.gouv.fr");
    let mut browser = world.browser();
    let page = enter(&world, &mut browser).await;
    assert_eq!(page.url.host_str(), Some("smurtab.psc.localhost"));
    assert!(page.body.contains("data-decision=\"permit\""), "{}", page.body);
    assert!(page.body.contains("data-reason=\"SMURTAB-OK\""));
    assert!(page.body.contains("Bienvenue.") && page.body.contains("Welcome."));
    assert!(page.body.contains("RS256 &lt;b&gt;"), "evidence is escaped");
    assert!(page.body.contains("sha256:aa") && page.body.contains("sha256:bb"));

    let left = browser.submit(&page, &[]).await;
    assert_eq!(left.location(), world.ready.relying_parties.smurtab);
    assert_eq!(browser.get(page.url.as_str()).await.location(), world.ready.relying_parties.smurtab);
}

#[tokio::test]
async fn a_deny_and_a_refusal_keep_out() {
    let evaluation = json!({"decision": false, "context": {"reason_code": "PROFESSION", "reason_user": {"fr": "Non.", "en": "No."},
        "obligations": [{"id": "step-up", "type": "step-up", "properties": {"acr_value": "eidas2"}}]}});
    let file = decision_point("deny", handle(), evaluation.clone()).await;
    let world = World::start_with(false, HostNames::Loopback, Some(file)).await;
    let page = enter(&world, &mut world.browser()).await;
    assert!(page.body.contains("data-decision=\"deny\"") && page.body.contains("data-reason=\"PROFESSION\""));

    let file =
        decision_point("refused", json!({"code": "TOK-EXPIRED", "message": "too old", "help": "again"}), evaluation)
            .await;
    let world = World::start_with(false, HostNames::Loopback, Some(file)).await;
    let page = enter(&world, &mut world.browser()).await;
    assert!(page.body.contains("data-decision=\"error\"") && page.body.contains("data-reason=\"TOK-EXPIRED\""));
}

#[tokio::test]
async fn without_a_decision_nobody_gets_in() {
    let missing = std::env::temp_dir().join("vigie-sandbox-test-there-is-no-such-file.toml");
    let strange = decision_point("strange", handle(), json!({"decision": "yes"})).await;
    let silent = std::env::temp_dir().join(format!("vigie-sandbox-test-{}-silent.toml", std::process::id()));
    std::fs::write(&silent, "url = \"http://127.0.0.1:1\"\n[secrets]\nsmurtab = \"s\"\n").unwrap();
    for (file, reason) in [
        (None, "SBX-DP-NOT-CONFIGURED"),
        (Some(missing), "SBX-DP-FILE"),
        (Some(strange), "SBX-DP-FORM"),
        (Some(silent), "SBX-DP-UNREACHABLE"),
    ] {
        let world = World::start_with(false, HostNames::Loopback, file).await;
        let page = enter(&world, &mut world.browser()).await;
        assert!(page.body.contains("data-decision=\"error\""), "{reason}");
        assert!(page.body.contains(&format!("data-reason=\"{reason}\"")), "{reason}: {}", page.body);
    }
}

#[tokio::test]
async fn a_login_that_was_not_started_here_is_refused() {
    let world = World::start().await;
    let home = &world.ready.relying_parties.smurtab;
    let check = async |browser: &mut Browser, query: &str, reason: &str| {
        let page = follow(browser, &format!("{home}callback?{query}")).await;
        assert!(page.body.contains("data-decision=\"error\""), "{query}");
        assert!(page.body.contains(&format!("data-reason=\"{reason}\"")), "{query}: {}", page.body);
    };
    check(&mut world.browser(), "code=x&state=y", "SBX-RP-NOT-STARTED").await;
    let mut browser = world.browser();
    browser.get(&format!("{home}login")).await;
    check(&mut browser, "code=x&state=y", "SBX-RP-STATE").await;
    check(&mut browser, "code=x&state=y", "SBX-RP-NOT-STARTED").await;
    let to_psc = browser.get(&format!("{home}login")).await;
    let state = crate::world::param(&url::Url::parse(&to_psc.location()).unwrap(), "state").unwrap();
    check(&mut browser, &format!("code=x&state={state}"), "SBX-RP-ISSUER").await;
}

#[tokio::test]
async fn refusing_on_the_phone_reaches_the_service() {
    let world = World::start().await;
    let mut browser = world.browser();
    let to_psc = browser.get(&format!("{}login", world.ready.relying_parties.sidep)).await;
    let waiting = world.reach_number_from(&mut browser, &to_psc.location(), DOCTOR).await;
    world.answer(DOCTOR, json!({"refuse": true})).await;
    let page = follow(&mut browser, &format!("{}/retour", waiting.base)).await;
    assert!(page.url.path().starts_with("/rp/sidep/"));
    assert!(page.body.contains("data-decision=\"error\"") && page.body.contains("data-reason=\"access_denied\""));
}

#[tokio::test]
async fn the_imitation_asks_nobody() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.ready.lookalike).await;
    assert!(page.body.contains("<!-- Vigie test page"));
    assert!(page.body.contains("Connectez-vous"));
    let number = browser.submit(&page, &[("saisie", DOCTOR)]).await;
    let number = browser.get(&number.location()).await;
    assert_eq!(number.between("data-test=\"number\">", "<").len(), 2);
    assert!(number.body.contains("Il vous reste 94 secondes"));
    assert!(world.requests(DOCTOR).await.is_empty());
}
