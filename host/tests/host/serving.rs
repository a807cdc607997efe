//! The shipped program: its ready line, its end, and what it still knows after it was killed.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::support::components;
use super::support::host::{SMURTAB_SECRET, claims_at, login_body, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::program::Served;
use super::support::provider::Provider;

async fn post(client: &reqwest::Client, url: String, body: &Value) -> (u16, Value) {
    let response = client.post(url).bearer_auth(SMURTAB_SECRET).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn killed_and_started_again_it_knows_its_logins_and_its_replays() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let body = login_body(&provider.key.sign(&claims_at("smurtab", now)));

    let first = Served::start(&config);
    assert_eq!(first.ready["core_digest"], components::digest("vigie-verifier").to_string());
    let policies = first.ready["policies"].as_array().unwrap();
    assert_eq!(
        policies[0],
        json!({ "audience": "smurtab", "id": "smurtab-rules", "digest": components::digest("smurtab").to_string() })
    );
    let (status, login) = post(&client, format!("{}/v1/logins", first.url()), &body).await;
    assert_eq!(status, 201, "{login}");
    first.kill();

    let second = Served::start(&config);
    let (status, answer) = post(&client, format!("{}/v1/logins", second.url()), &body).await;
    assert_eq!((status, &answer["code"]), (409, &json!("HTTP-REPLAYED")));
    let handle = login["login"].as_str().unwrap();
    let (_, answer) = post(&client, format!("{}/access/v1/evaluation", second.url()), &question(handle)).await;
    assert_eq!(answer["decision"], true, "{answer}");

    let output = Command::new(env!("CARGO_BIN_EXE_vigie")).args(["serve", "--config"]).arg(&config).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("vigie: CFG-STATE-IN-USE: "));

    assert_eq!(second.terminate(), Some(0));
}
