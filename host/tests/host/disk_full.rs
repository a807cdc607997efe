//! A disk without room: nobody gets in, nothing that was accepted is accepted again, and with room again it goes on by itself.
//!
//! The limit on the size of a file stands in for the disk: the system refuses the write alike, and it needs no rights.

use std::process::Command;

use serde_json::{Value, json};
use vigie_host::service::system_clock;

use super::support::host::{NONCE, RELAY_SECRET, claims_at, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::Provider;

/// In blocks of 512 bytes, as dash counts: little more than an empty state file has.
const ROOM: &str = "trap '' XFSZ; ulimit -S -f 3200";

#[tokio::test]
async fn a_full_disk_is_a_refusal_until_there_is_room() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    // The log has its own test; here it must not be what fills up first.
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("decisions = \"decisions.jsonl\"", "decisions = \"/dev/null\"")).unwrap();
    let served = Served::start_with(&config, ROOM, &[]);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let post = async |path: &str, body: &Value| {
        let sent = client.post(format!("{}{path}", served.url())).bearer_auth(RELAY_SECRET).json(body);
        let answer = sent.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let body = |number: usize| {
        let mut id = claims_at("relay", (system_clock())());
        id["jti"] = format!("login-{number}").into();
        json!({ "id_token": provider.key.sign(&id), "nonce": NONCE, "userinfo": userinfo("10") })
    };

    let (mut accepted, mut handle, mut number) = (Vec::new(), String::new(), 0);
    until("the disk is full", async || {
        number += 1;
        let body = body(number);
        match post("/v1/logins", &body).await {
            (201, answer) => {
                accepted.push(body);
                handle = answer["login"].as_str().unwrap().to_owned();
                false
            }
            (503, answer) => {
                assert_eq!(answer["code"], "HTTP-RECORDS", "{answer}");
                true
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
    assert!(!accepted.is_empty(), "there was room for some");
    let refused = |status: u16, answer: &Value| status == 503 || answer["code"] == "HTTP-REPLAYED";
    for body in accepted.iter().rev().take(10) {
        let (status, answer) = post("/v1/logins", body).await;
        assert!(refused(status, &answer), "{answer}");
    }

    // Room again: the limit is lifted from outside, as an operator would make room.
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &served.id()]).status().unwrap();
    assert!(lifted.success(), "prlimit (util-linux) is needed");
    until("it goes on by itself", async || {
        number += 1;
        post("/v1/logins", &body(number)).await.0 == 201
    })
    .await;
    for body in &accepted {
        let (status, answer) = post("/v1/logins", body).await;
        assert!(status != 201, "accepted again: {answer}");
    }
    let (_, answer) = post("/access/v1/evaluation", &question(&handle)).await;
    assert_eq!(answer["decision"], true, "{answer}");
    let ready = client.get(format!("{}/readyz", served.url())).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    assert_eq!(served.terminate(), Some(0));
}
