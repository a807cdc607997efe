//! A disk without room: nobody gets in, nothing that was accepted is accepted again, and with room again it goes on by itself.
//!
//! The limit on the size of a file stands in for the disk: the system refuses the write alike, and it needs no rights.

use std::process::Command;

use serde_json::{Value, json};
use vigie_host::digest::Digest;
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

/// Two lines of a log that leave little of the room.
fn nearly_full(log: &std::path::Path) {
    let line = |before: &str, pad: usize| {
        format!(r#"{{"event":"decision","timestamp":"2026-05-28T20:26:40Z","pad":"{}"{before}}}"#, "x".repeat(pad))
    };
    let first = line("", 800_000);
    let before = format!(r#","prev_hash":"{}""#, Digest::of(first.as_bytes()));
    let second = line(&before, 1_638_400 - 800_000 - 6_000);
    std::fs::write(log, format!("{first}\n{second}\n")).unwrap();
}

/// Fills the disk with decisions, makes room again, and says how many answers came without a line. The log is whole in the end.
async fn fill_and_make_room(on_full: &str) -> (u64, Vec<Value>) {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let (config, log) = (write_config(directory.path(), &provider), directory.path().join("decisions.jsonl"));
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("on_full = \"deny\"", &format!("on_full = {on_full:?}"))).unwrap();
    nearly_full(&log);
    let served = Served::start_with(&config, ROOM, &[]);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let ask = async || {
        let sent = client.post(format!("{}/access/v1/evaluation", served.url())).bearer_auth(RELAY_SECRET);
        let answer = sent.json(&question("none")).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let dropped = async || {
        let metrics = client.get(format!("{}/metrics", served.url())).send().await.unwrap().text().await.unwrap();
        let line = metrics.lines().find(|line| line.starts_with("vigie_decision_log_dropped_total")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let mut told = 0;
    until("the disk is full", async || {
        let (status, answer) = ask().await;
        told += u64::from(status == 200);
        assert!(status == 200 || answer["code"] == "HTTP-RECORDS", "{answer}");
        status != 200 || dropped().await > 1
    })
    .await;
    let lost = dropped().await;
    assert!(told > lost, "there was room for some");
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &served.id()]).status().unwrap();
    assert!(lifted.success(), "prlimit (util-linux) is needed");
    until("it goes on by itself", async || {
        let (status, _) = ask().await;
        told += u64::from(status == 200);
        status == 200
    })
    .await;
    assert_eq!(dropped().await, lost);
    assert_eq!(served.terminate(), Some(0));
    let output = Command::new(env!("CARGO_BIN_EXE_vigie")).args(["log", "verify"]).arg(&log).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = text.lines().skip(2).map(|line| serde_json::from_str(line).unwrap()).collect();
    let decisions = lines.iter().filter(|line| line["event"] == "decision").count() as u64;
    assert_eq!(decisions + lost, told, "an answer for each line, but for those that were dropped");
    (lost, lines)
}

#[tokio::test]
async fn a_decision_that_the_disk_does_not_take_is_withheld() {
    let (lost, lines) = fill_and_make_room("deny").await;
    assert_eq!(lost, 0);
    assert!(lines.iter().all(|line| line["event"] == "decision"), "nothing else is to be said");
}

#[tokio::test]
async fn what_was_dropped_is_counted_in_the_log_itself() {
    let (lost, lines) = fill_and_make_room("drop").await;
    let dropped: Vec<_> = lines.iter().filter(|line| line["event"] == "dropped").collect();
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert_eq!(dropped[0]["dropped"], lost);
    assert!(dropped[0]["timestamp"].as_str().unwrap().ends_with('Z') && dropped[0]["labels"]["id"].is_string());
}
