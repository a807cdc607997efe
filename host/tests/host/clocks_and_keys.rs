//! A provider that is down or talks nonsense, keys that grow old, and clocks that jump: nobody gets in who should not, and who should
//! does for as long as the last keys may be used.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use vigie_host::config::Config;
use vigie_host::metrics::Metrics;
use vigie_host::provider::{Pace, Providers};
use vigie_host::service::system_clock;

use super::support::host::{
    Host, NONCE, NOW, RELAY_SECRET, SMURTAB_SECRET, claims, claims_at, eager, login_body, question, userinfo,
    write_config,
};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::{ISSUER, Provider};

const HOUR: u64 = 3600;

/// A login whose UserInfo the relying party relays, so that only the keys come from the provider.
fn relayed(provider: &Provider, now: u64, jti: &str) -> Value {
    let mut id = claims_at("relay", now);
    id["jti"] = jti.into();
    json!({ "id_token": provider.key.sign(&id), "nonce": NONCE, "userinfo": userinfo("10") })
}

fn unix_now() -> u64 {
    (system_clock())()
}

#[tokio::test]
async fn a_provider_that_is_down_is_bridged_for_a_day() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let log_in = async |now: u64| {
        host.set_clock(now);
        host.post("/v1/logins", RELAY_SECRET, &relayed(&provider, now, &now.to_string())).await
    };
    assert_eq!(log_in(NOW).await.0, 201);
    provider.change(|answers| answers.is_down = true);
    assert_eq!(log_in(NOW + 23 * HOUR).await.0, 201);
    let (status, answer) = log_in(NOW + 25 * HOUR).await;
    assert_eq!((status, &answer["code"]), (502, &json!("HTTP-PROVIDER-ANSWER")), "{answer}");
    let ready = host.client.get(format!("{}/readyz", host.url)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let metrics = host.metrics().await;
    let refreshes = |result: &str| format!("vigie_jwks_refresh_total{{issuer={ISSUER:?},result={result:?}}}");
    assert!(metrics.contains(&format!("{} 1", refreshes("ok"))), "{metrics}");
    assert!(metrics.contains(&refreshes("HTTP-PROVIDER-ANSWER")), "{metrics}");
    assert!(metrics.contains(&format!("vigie_jwks_age_seconds{{issuer={ISSUER:?}}} {}", 25 * HOUR)), "{metrics}");
    provider.change(|answers| answers.is_down = false);
    assert_eq!(log_in(NOW + 25 * HOUR).await.0, 201);
}

#[tokio::test]
async fn a_host_that_starts_while_the_provider_is_down_takes_the_keys_of_before() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let log_in = async |served: &Served, jti: &str| {
        let body = relayed(&provider, unix_now(), jti);
        let sent = client.post(format!("{}/v1/logins", served.url())).bearer_auth(RELAY_SECRET).json(&body);
        sent.send().await.unwrap().status().as_u16()
    };
    let served = Served::start(&config);
    assert_eq!(log_in(&served, "one").await, 201);
    served.kill();
    let copies = || {
        let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains(".keys-")).collect::<Vec<_>>()
    };
    let [copy] = &copies()[..] else { panic!("{:?}", copies()) };

    provider.change(|answers| answers.is_down = true);
    let served = Served::start(&config);
    assert_eq!(log_in(&served, "two").await, 201, "the copy serves");
    served.kill();

    let text = std::fs::read_to_string(copy).unwrap();
    let mut parsed: Value = serde_json::from_str(&text).unwrap();
    for (what, fetched_at) in [("too old", unix_now() - 25 * HOUR), ("from the future", unix_now() + HOUR)] {
        parsed["fetched_at"] = fetched_at.into();
        std::fs::write(copy, parsed.to_string()).unwrap();
        let served = Served::start(&config);
        assert_eq!(log_in(&served, what).await, 502, "{what}");
        served.kill();
    }
    // The copy is what is verified with: under another key id a genuine token finds no key.
    let forged = text.replace("first", "other");
    std::fs::write(copy, forged).unwrap();
    let served = Served::start(&config);
    assert_eq!(log_in(&served, "three").await, 422);
    served.kill();
}

#[tokio::test]
async fn nonsense_does_not_take_the_place_of_good_keys() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    assert_eq!(host.post("/v1/logins", RELAY_SECRET, &relayed(&provider, NOW, "one")).await.0, 201);
    let forged = Key::rs256("unknown").sign(&claims("smurtab"));
    for (number, garbage) in [
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[7]}",
        "{\"keys\":[{}]}",
        &"[".repeat(100_000),
        &" ".repeat(200_000),
    ]
    .into_iter()
    .enumerate()
    {
        provider.change(|answers| answers.garbage = Some(garbage.to_owned()));
        // An unknown key has them fetched again.
        let (_, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&forged)).await;
        assert_eq!(answer["code"], "TOK-KEY-UNKNOWN", "{answer}");
        let (status, answer) =
            host.post("/v1/logins", RELAY_SECRET, &relayed(&provider, NOW, &number.to_string())).await;
        assert_eq!(status, 201, "{number}: {answer}");
    }
    // Whoever publishes a private key has lost it: nobody gets in, not with what was there before either.
    let mut key = provider.key.jwk();
    key["d"] = "AQAB".into();
    provider.change(|answers| answers.garbage = Some(json!({ "keys": [key] }).to_string()));
    host.post("/v1/logins", SMURTAB_SECRET, &login_body(&forged)).await;
    assert_eq!(host.post("/v1/logins", RELAY_SECRET, &relayed(&provider, NOW, "last")).await.0, 422);
}

#[tokio::test]
async fn keys_are_renewed_beside_the_requests() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = Config::read(&write_config(directory.path(), &provider)).unwrap();
    let pace = Pace { fresh: Duration::ZERO, ..eager() };
    let providers = Providers::new(&config, &pace, &system_clock(), &Arc::new(Metrics::new("sha256:00"))).unwrap();
    assert_eq!(provider.key_fetches(), 0);
    let renewing = providers.renew_in_background();
    until("the keys are fetched again and again", async || provider.key_fetches() > 3).await;
    drop(renewing);
    let before = providers.of(ISSUER).unwrap().keys().await.unwrap();
    let fetches = provider.key_fetches();
    for _ in 0..5 {
        providers.of(ISSUER).unwrap().keys().await.unwrap();
    }
    assert!(provider.key_fetches() <= fetches + 1, "a request fetches nothing where there are keys");
    assert!(before.jwks.contains("first"));
}

#[tokio::test]
async fn a_clock_that_jumps_accepts_no_token_twice_and_no_login_too_long() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let token = provider.key.sign(&claims("smurtab"));
    let handle = host.log_in(SMURTAB_SECRET, &token).await;
    let replay = async || host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await.1["code"].clone();
    let ask = async || {
        host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1["context"]["reason_code"].clone()
    };
    assert_eq!(replay().await, "HTTP-REPLAYED");
    host.set_clock(NOW + 6 * HOUR);
    assert_eq!((replay().await, ask().await), (json!("TOK-EXPIRED"), json!("HTTP-LOGIN-EXPIRED")));
    host.set_clock(NOW);
    assert_eq!(replay().await, "HTTP-REPLAYED", "back again it is still known");
    host.set_clock(NOW - 6 * HOUR);
    assert_eq!((replay().await, ask().await), (json!("TOK-ISSUED-IN-FUTURE"), json!("HTTP-LOGIN-EXPIRED")));
}
