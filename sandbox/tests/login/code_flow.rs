//! A login that goes well, and what the tokens and UserInfo say afterwards.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::world::{CALLBACK, DOCTOR, World, decode, param};

#[tokio::test]
async fn a_login_yields_tokens_in_the_published_shape() {
    let world = World::start().await;
    let mut browser = world.browser();
    let answer = world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    assert!(answer.as_str().starts_with(CALLBACK));
    assert_eq!(param(&answer, "state").as_deref(), Some("the state"));
    assert_eq!(param(&answer, "iss").as_deref(), Some(world.ready.issuer.as_str()));

    let (status, tokens) = world.redeem(&param(&answer, "code").unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["expires_in"], 120);
    assert_eq!(tokens["refresh_expires_in"], 1800);
    assert_eq!(tokens["scope"], "openid scope_all");
    assert_eq!(tokens["session_state"], param(&answer, "session_state").unwrap().as_str());

    let id_token = tokens["id_token"].as_str().unwrap();
    verify_signature(&world, id_token).await;
    let (header, claims) = decode(id_token);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
    assert_eq!(claims["aud"], "demo-client");
    assert_eq!(claims["azp"], "demo-client");
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["acr"], "eidas1");
    assert_eq!(claims["authMode"], "MOBILE");
    assert_eq!(claims["SubjectNameID"], DOCTOR);
    assert_eq!(claims["sub"], format!("f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:{DOCTOR}"));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 120);
    assert_eq!(claims["sid"], tokens["session_state"]);

    let access = tokens["access_token"].as_str().unwrap();
    let (_, claims) = decode(access);
    assert_eq!(claims.get("aud"), None, "the access token of PSC has no audience");
    assert_eq!(claims["typ"], "Bearer");
    assert_eq!(claims["otherIds"][0]["identifiant"], DOCTOR);

    let (status, info) = world.user_info(access).await;
    assert_eq!(status, 200);
    assert_eq!(info["SubjectRefPro"]["exercices"][0]["activities"].as_array().unwrap().len(), 3);
    assert_eq!(info["SubjectRole"], json!(["10^1.2.250.1.213.1.1.5.5"]));
}

pub(crate) async fn verify_signature(world: &World, token: &str) {
    let jwks: Value = world.browser().http.get(world.endpoint("certs")).send().await.unwrap().json().await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let kinds: Vec<&str> = keys.iter().map(|key| key["use"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["enc", "sig"]);
    let (header, _) = decode(token);
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!(key["use"], "sig");
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
}

#[tokio::test]
async fn user_info_repeats_the_published_sample() {
    let world = World::start().await;
    let tokens = world.tokens("ANS20231122132732").await;
    let (_, info) = world.user_info(tokens["access_token"].as_str().unwrap()).await;
    // Captured from the national sandbox in November 2023 by a public test suite (psc-facts §2.5).
    let expected: Value = serde_json::from_str(include_str!("published_userinfo.json")).unwrap();
    assert_eq!(info, expected);
}

#[tokio::test]
async fn a_person_without_practice_has_the_minimal_user_info() {
    let world = World::start().await;
    let tokens = world.tokens("899700427885").await;
    let (_, info) = world.user_info(tokens["access_token"].as_str().unwrap()).await;
    let mut keys: Vec<&str> = info.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["SubjectNameID", "codeCivilite", "family_name", "given_name", "preferred_username", "sub"]);
}

#[tokio::test]
async fn a_login_page_can_also_be_reached_by_a_redirect() {
    let world = World::start().await;
    let switched = world
        .browser()
        .http
        .post(format!("{}/api/faults", world.ready.wallet))
        .json(&json!({"authorize": "redirect"}))
        .send()
        .await
        .unwrap();
    assert_eq!(switched.status(), 200);
    let mut browser = world.browser();
    let redirect = browser.get(&world.authorize_url(&[])).await;
    assert_eq!(redirect.status, 302);
    let answer = world.log_in(&mut browser, &redirect.location(), DOCTOR).await;
    assert!(param(&answer, "code").is_some());
}

#[tokio::test]
async fn a_live_session_answers_without_asking_again() {
    let world = World::start().await;
    let mut browser = world.browser();
    world.log_in(&mut browser, &world.authorize_url(&[]), DOCTOR).await;
    let code = async |browser: &mut crate::world::Browser, changes: &[(&str, &str)]| {
        let page = browser.get(&world.authorize_url(changes)).await;
        (page.status == 302).then(|| url::Url::parse(&page.location()).unwrap())
    };
    let silent = code(&mut browser, &[("prompt", "none")]).await.unwrap();
    let (_, tokens) = world.redeem(&param(&silent, "code").unwrap()).await;
    let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["auth_time"], 1_800_000_000);

    assert!(code(&mut browser, &[("prompt", "login")]).await.is_none(), "prompt=login asks again");
    world.clock.advance_s(90);
    assert!(code(&mut browser, &[("max_age", "60")]).await.is_none(), "max_age asks again");
    assert!(code(&mut browser, &[]).await.is_some());
    world.clock.advance_s(30 * 60);
    let idle = code(&mut browser, &[("prompt", "none")]).await.unwrap();
    assert_eq!(param(&idle, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn refresh_introspection_revocation_and_logout() {
    let world = World::start().await;
    let tokens = world.tokens(DOCTOR).await;
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();

    world.clock.advance_s(121);
    assert_eq!(world.user_info(&text(&tokens, "access_token")).await.0, 401, "an access token lives 120 s");
    let refreshed =
        world.token(&[("grant_type", "refresh_token"), ("refresh_token", &text(&tokens, "refresh_token"))]).await;
    assert_eq!(refreshed.0, 200, "{}", refreshed.1);
    let access = text(&refreshed.1, "access_token");
    assert_eq!(world.user_info(&access).await.0, 200);
    assert_eq!(decode(&text(&refreshed.1, "id_token")).1["auth_time"], 1_800_000_000);

    let introspect = async |token: &str| {
        world.post_as("demo-client", "demo-secret", "token/introspect", &[("token", token)]).await.1
    };
    let seen = introspect(&access).await;
    assert_eq!((&seen["active"], &seen["SubjectNameID"]), (&json!(true), &json!(DOCTOR)));
    let seen = introspect(&text(&refreshed.1, "refresh_token")).await;
    assert_eq!((&seen["active"], seen.get("SubjectNameID")), (&json!(true), None));
    assert_eq!(introspect("nothing").await, json!({"active": false}));

    world.post_as("demo-client", "demo-secret", "revoke", &[("token", &access)]).await;
    assert_eq!(introspect(&access).await, json!({"active": false}));

    let mut browser = world.browser();
    let leave = |pairs: &[(&str, &str)]| format!("{}?{}", world.endpoint("logout"), crate::world::encode(pairs));
    let hint = text(&refreshed.1, "id_token");
    let wrong =
        browser.get(&leave(&[("id_token_hint", &hint), ("post_logout_redirect_uri", "https://example.org/")])).await;
    assert_eq!(wrong.status, 400, "an unregistered address is not followed");
    let left = browser
        .get(&leave(&[("id_token_hint", &hint), ("post_logout_redirect_uri", CALLBACK), ("state", "bye")]))
        .await;
    assert_eq!(left.location(), format!("{CALLBACK}?state=bye"));
    let dead =
        world.token(&[("grant_type", "refresh_token"), ("refresh_token", &text(&refreshed.1, "refresh_token"))]).await;
    assert_eq!((dead.0, &dead.1["error"]), (400, &json!("invalid_grant")));
    let bare = browser.get(&leave(&[("id_token_hint", &text(&tokens, "id_token"))])).await;
    assert_eq!(bare.status, 200);
    assert!(bare.body.contains("Session fermée"));
}

#[tokio::test]
async fn an_identifier_is_remembered_on_request_only() {
    let world = World::start().await;
    let mut browser = world.browser();
    let page = browser.get(&world.authorize_url(&[])).await;
    browser.submit(&page, &[("saisie", DOCTOR), ("memoriser", "oui")]).await;
    let page = browser.get(&world.authorize_url(&[])).await;
    assert_eq!(page.between("name=\"saisie\" value=\"", "\""), DOCTOR);
    browser.submit(&page, &[("saisie", DOCTOR)]).await;
    let page = browser.get(&world.authorize_url(&[])).await;
    assert_eq!(page.between("name=\"saisie\" value=\"", "\""), "");
}

#[tokio::test]
async fn a_person_with_a_psi_is_found_by_either_identifier() {
    let world = World::start().await;
    let psi = "00000000-0000-4000-8000-00000000c0de";
    for typed in [psi, "899700000125"] {
        let mut browser = world.browser();
        let waiting = world.reach_number(&mut browser, typed).await;
        let (status, _) = world.answer(typed, json!({"pin": "1234", "number": waiting.number})).await;
        assert_eq!(status, 200);
        let done = browser.get(&format!("{}/suite", waiting.base)).await.location();
        let (_, tokens) = world.redeem(&param(&url::Url::parse(&done).unwrap(), "code").unwrap()).await;
        let (_, claims) = decode(tokens["id_token"].as_str().unwrap());
        assert_eq!((&claims["SubjectNameID"], &claims["preferred_username"]), (&json!(psi), &json!(psi)));
        let (_, info) = world.user_info(tokens["access_token"].as_str().unwrap()).await;
        let expected = json!([
            {"identifiant": psi, "origine": "PSI", "qualite": 2},
            {"identifiant": "899700000125", "origine": "RPPS", "qualite": 1},
        ]);
        assert_eq!(info["otherIds"], expected);
    }
}
