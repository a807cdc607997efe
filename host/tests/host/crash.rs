//! `kill -9` under load: no decision that somebody was told is missing in the log, and no token that made a login makes another.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use vigie_host::service::system_clock;

use super::support::host::{SMURTAB_SECRET, claims_at, login_body, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::Provider;

/// What the callers were told before the end.
#[derive(Default)]
struct Told {
    /// Login bodies and the handles that they were answered with.
    logins: Mutex<Vec<(Value, String)>>,
    decisions: Mutex<Vec<String>>,
    next: AtomicUsize,
}

async fn post(client: &reqwest::Client, url: &str, body: &Value) -> Option<(u16, Value)> {
    let answer = client.post(url).bearer_auth(SMURTAB_SECRET).json(body).send().await.ok()?;
    Some((answer.status().as_u16(), answer.json().await.ok()?))
}

/// Logs in and asks until nobody answers any more.
async fn press(client: reqwest::Client, url: String, provider: Arc<Provider>, told: Arc<Told>) -> Option<()> {
    loop {
        let mut claims = claims_at("smurtab", (system_clock())());
        claims["jti"] = format!("login-{}", told.next.fetch_add(1, Ordering::SeqCst)).into();
        let body = login_body(&provider.key.sign(&claims));
        let (status, answer) = post(&client, &format!("{url}/v1/logins"), &body).await?;
        assert_eq!(status, 201, "{answer}");
        let handle = answer["login"].as_str()?.to_owned();
        told.logins.lock().unwrap().push((body, handle.clone()));
        let (status, answer) = post(&client, &format!("{url}/access/v1/evaluation"), &question(&handle)).await?;
        // All instances may be in use; that is no decision.
        if status == 200 {
            assert_eq!(answer["decision"], true, "{answer}");
            told.decisions.lock().unwrap().push(answer["context"]["decision_id"].as_str()?.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_it_forgets_nothing_that_it_said() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let (served, told) = (Served::start(&config), Arc::new(Told::default()));
    let callers: Vec<_> = (0..4)
        .map(|_| tokio::spawn(press(client.clone(), served.url().to_owned(), Arc::clone(&provider), Arc::clone(&told))))
        .collect();
    until("some are in", async || told.decisions.lock().unwrap().len() >= 20).await;
    served.kill();
    for caller in callers {
        caller.await.unwrap();
    }
    let logins = std::mem::take(&mut *told.logins.lock().unwrap());
    let decisions = std::mem::take(&mut *told.decisions.lock().unwrap());

    let log = directory.path().join("decisions.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    for decision in &decisions {
        assert!(text.contains(&format!("\"decision_id\":\"{decision}\"")), "{decision} was told and is not in the log");
    }
    let served = Served::start(&config);
    for (body, handle) in &logins {
        let (status, answer) = post(&client, &format!("{}/v1/logins", served.url()), body).await.unwrap();
        assert!(status == 409 || answer["code"] == "TOK-EXPIRED", "a token was accepted again: {answer}");
        let (_, answer) =
            post(&client, &format!("{}/access/v1/evaluation", served.url()), &question(handle)).await.unwrap();
        assert_eq!(answer["decision"], true, "{answer}");
    }
    assert_eq!(served.terminate(), Some(0));
    let output = Command::new(env!("CARGO_BIN_EXE_vigie")).args(["log", "verify"]).arg(&log).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
