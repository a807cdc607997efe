//! A login from token to decision, over HTTP, against a provider under its real name.

use serde_json::json;

use super::support::host::{
    Host, LONGEST, NATIONAL_ID, NONCE, NOW, RELAY_SECRET, SIDEP_SECRET, SMURTAB_SECRET, SUBJECT, claims, eager,
    login_body, question, userinfo,
};
use super::support::keys::Key;
use super::support::provider::{ACCESS_TOKEN, Provider};

async fn doctor() -> (std::sync::Arc<Provider>, Host) {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    (provider, host)
}

/// Claims with a `jti` of their own.
fn another_login() -> serde_json::Value {
    let mut claims = claims("smurtab");
    claims["jti"] = "0e2c8d8c-3c43-4d5e-9a55-8b8e5f0f6c11".into();
    claims
}

#[tokio::test]
async fn a_doctor_is_let_in_and_the_answer_says_why() {
    let (provider, host) = doctor().await;
    let token = provider.key.sign(&claims("smurtab"));
    let (status, login) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
    assert_eq!(status, 201, "{login}");
    assert_eq!(login["level"], "eidas1");
    assert_eq!(login["auth_mode"], "MOBILE");
    assert_eq!(login["expires_at"], NOW + LONGEST);
    assert_eq!(login["practices"][0]["profession"], "10");
    assert!(
        login["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["check"] == "signature" && one["outcome"] == "passed")
    );

    let handle = login["login"].as_str().unwrap();
    let (status, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(handle)).await;
    assert_eq!(status, 200);
    assert_eq!(answer["decision"], true, "{answer}");
    let context = &answer["context"];
    assert_eq!(context["reason_code"], "SMURTAB-CARE-PRACTICE");
    assert!(context["reason_user"]["fr"].is_string() && context["reason_user"]["en"].is_string());
    assert_eq!(context["policies"][0]["id"], "smurtab-rules");
    assert_eq!(context["policies"][0]["effect"], "permit");
    assert!(context["core_digest"].as_str().unwrap().starts_with("sha256:"));
    assert!(context["decision_id"].as_str().unwrap().len() >= 16);
    assert!(!context["evidence"].as_array().unwrap().is_empty());
    assert_eq!(context["obligations"], json!([]));
    // The login's `sub` names the same person.
    let mut by_sub = question(handle);
    by_sub["subject"]["id"] = SUBJECT.into();
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &by_sub).await.1["decision"], true);
}

#[tokio::test]
async fn every_algorithm_of_the_contract() {
    for key in [Key::ps256("p"), Key::es256("e")] {
        let provider = Provider::start(key, &userinfo("10")).await;
        let host = Host::start(&provider, &eager()).await;
        host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    }
}

#[tokio::test]
async fn a_profession_that_is_not_listed_is_refused_with_the_reason() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("80")).await;
    let host = Host::start(&provider, &eager()).await;
    let handle = host.log_in(SIDEP_SECRET, &provider.key.sign(&claims("sidep"))).await;
    let (status, answer) = host.post("/access/v1/evaluation", SIDEP_SECRET, &question(&handle)).await;
    assert_eq!(status, 200);
    assert_eq!(answer["decision"], false);
    assert_eq!(answer["context"]["reason_code"], "SIDEP-PROFESSION-NOT-LISTED");
    assert_eq!(answer["context"]["policies"][0]["effect"], "deny");
}

#[tokio::test]
async fn a_token_makes_one_handle() {
    let (provider, host) = doctor().await;
    let token = provider.key.sign(&claims("smurtab"));
    host.log_in(SMURTAB_SECRET, &token).await;
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("HTTP-REPLAYED")), "{answer}");
}

#[tokio::test]
async fn tokens_that_are_not_good_enough() {
    let (provider, host) = doctor().await;
    let good = provider.key.sign(&claims("smurtab"));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut tampered = claims("smurtab");
    tampered["acr"] = "eidas3".into();
    let other = Key::rs256("first").sign(&claims("smurtab"));
    let foreign_message = provider.key.sign(&tampered);
    for (what, token) in [
        ("another key of the same id", other),
        ("another message under the signature", format!("{}.{signature}", foreign_message.rsplit_once('.').unwrap().0)),
        ("no signature", format!("{message}.")),
        ("another audience", provider.key.sign(&claims("sidep"))),
        ("not a token", "x".to_owned()),
    ] {
        let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
        assert_eq!(status, 422, "{what}: {answer}");
        assert!(answer["code"].as_str().unwrap().starts_with("TOK-"), "{what}: {answer}");
        assert!(!answer["help"].as_str().unwrap().is_empty());
    }
    let mut wrong_nonce = login_body(&good);
    wrong_nonce["nonce"] = "another".into();
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &wrong_nonce).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("TOK-NONCE-MISMATCH")), "{answer}");
    host.set_clock(NOW + 300);
    let (_, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&good)).await;
    assert_eq!(answer["code"], "TOK-EXPIRED", "{answer}");
}

#[tokio::test]
async fn userinfo_of_somebody_else_is_refused() {
    let (provider, host) = doctor().await;
    provider.change(|answers| {
        answers.userinfo = answers.userinfo.replace(SUBJECT, "f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd:899700366240")
    });
    let (status, answer) =
        host.post("/v1/logins", SMURTAB_SECRET, &login_body(&provider.key.sign(&claims("smurtab")))).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer["code"].as_str().unwrap().starts_with("UI-"), "{answer}");
}

#[tokio::test]
async fn relayed_userinfo_is_evidence_and_not_fetched() {
    let (provider, host) = doctor().await;
    let token = provider.key.sign(&claims("relay"));
    let (status, answer) = host.post("/v1/logins", RELAY_SECRET, &json!({ "id_token": token, "nonce": NONCE })).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-USERINFO-MISSING")));
    let body = json!({ "id_token": token, "nonce": NONCE, "userinfo": userinfo("10") });
    let (status, answer) = host.post("/v1/logins", RELAY_SECRET, &body).await;
    assert_eq!(status, 201, "{answer}");
    let evidence = answer["evidence"].to_string();
    assert!(evidence.contains("relayed"), "{evidence}");
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &body).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-USERINFO-UNEXPECTED")));
}

#[tokio::test]
async fn new_keys_are_fetched_once_for_a_flood_of_unknown_ones() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &vigie_host::provider::Pace::default()).await;
    let forged = Key::rs256("second").sign(&claims("smurtab"));
    for _ in 0..3 {
        let (_, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&forged)).await;
        assert_eq!(answer["code"], "TOK-KEY-UNKNOWN", "{answer}");
    }
    // Fetched a moment ago: no second fetch within thirty seconds.
    assert_eq!(provider.key_fetches(), 1);
}

#[tokio::test]
async fn rolled_over_keys_are_found() {
    let (provider, host) = doctor().await;
    host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let next = Key::rs256("next");
    provider.change(|answers| answers.keys.push(next.jwk()));
    host.log_in(SMURTAB_SECRET, &next.sign(&another_login())).await;
    assert_eq!(provider.key_fetches(), 2);
}

#[tokio::test]
async fn a_provider_that_does_not_do_its_part() {
    let (provider, host) = doctor().await;
    let body = login_body(&provider.key.sign(&claims("smurtab")));
    provider.change(|answers| answers.issuer.push('x'));
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &body).await;
    assert_eq!((status, answer["code"].as_str()), (502, Some("HTTP-PROVIDER-ISSUER")), "{answer}");
    provider.change(|answers| {
        answers.issuer.pop();
        answers.userinfo = " ".repeat(100_000);
    });
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &body).await;
    assert_eq!((status, answer["code"].as_str()), (502, Some("HTTP-PROVIDER-ANSWER")), "{answer}");
    let mut refused = body.clone();
    refused["access_token"] = "another".into();
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &refused).await;
    assert_eq!(status, 422, "{answer}");
    let ready = host.client.get(format!("{}/readyz", host.url)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}

#[tokio::test]
async fn a_handle_ends_by_time_by_idleness_and_by_revocation() {
    let (provider, host) = doctor().await;
    let ask = async |handle: &str, secret| {
        host.post("/access/v1/evaluation", secret, &question(handle)).await.1["context"]["reason_code"].clone()
    };
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    assert_eq!(ask(&handle, SIDEP_SECRET).await, "HTTP-LOGIN-UNKNOWN", "a handle is its audience's alone");
    host.set_clock(NOW + 29 * 60);
    assert_eq!(ask(&handle, SMURTAB_SECRET).await, "SMURTAB-CARE-PRACTICE");
    host.set_clock(NOW + 58 * 60);
    assert_eq!(ask(&handle, SMURTAB_SECRET).await, "SMURTAB-CARE-PRACTICE");
    let (status, answer) = host.post("/v1/logins/revoke", SIDEP_SECRET, &json!({ "login": handle })).await;
    assert_eq!((status, &answer["revoked"]), (200, &json!(false)));
    let (status, answer) = host.post("/v1/logins/revoke", SMURTAB_SECRET, &json!({ "login": handle })).await;
    assert_eq!((status, &answer["revoked"]), (200, &json!(true)));
    assert_eq!(ask(&handle, SMURTAB_SECRET).await, "HTTP-LOGIN-UNKNOWN");

    host.set_clock(NOW);
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&another_login())).await;
    host.set_clock(NOW + 31 * 60);
    assert_eq!(ask(&handle, SMURTAB_SECRET).await, "HTTP-LOGIN-EXPIRED");
}

#[tokio::test]
async fn the_log_tells_what_was_decided_and_about_nobody() {
    let (provider, host) = doctor().await;
    let token = provider.key.sign(&claims("smurtab"));
    let handle = host.log_in(SMURTAB_SECRET, &token).await;
    let (_, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await;
    host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
    let lines = host.log_lines();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["event"], &lines[0]["accepted"]), (&json!("login"), &json!(true)));
    assert_eq!(lines[1]["decision_id"], answer["context"]["decision_id"]);
    assert_eq!(lines[1]["policies"][0]["digest"], answer["context"]["policies"][0]["digest"]);
    assert_eq!(lines[1]["core_digest"], answer["context"]["core_digest"]);
    assert_eq!((&lines[2]["accepted"], &lines[2]["code"]), (&json!(false), &json!("HTTP-REPLAYED")));
    let text = std::fs::read_to_string(&host.log).unwrap();
    for private in [NATIONAL_ID, &NATIONAL_ID[1..], SUBJECT, &token, &handle, ACCESS_TOKEN, NONCE, SMURTAB_SECRET] {
        assert!(!text.contains(private), "{text}");
    }
}
