//! AuthZEN's certification scenario against the program as it ships, with `host/examples/authzen/vigie.toml` as it stands: Basic, Batch
//! and Discovery, and what the standard says of the calls around them.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::support::components;

/// The program, which ends with the test.
struct Program {
    child: Child,
    ready: Value,
    client: reqwest::Client,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}

fn example() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/authzen/vigie.toml"))
}

impl Program {
    fn start() -> Self {
        let text = std::fs::read_to_string(example()).unwrap();
        let digest = components::digest("authzen-fixture").to_string();
        assert!(
            text.contains(&digest),
            "the fixture was built anew: write {digest} into host/examples/authzen/vigie.toml"
        );
        let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["serve", "--format", "json", "--listen", "127.0.0.1:0", "--config"])
            .arg(example())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).expect("the first line is JSON");
        Self { child, ready, client: reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready["listening"].as_str().unwrap())
    }

    /// Status, content type and body. No caller says who it is.
    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.client.post(self.url(path)).json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers()["content-type"], "application/json");
        (status, answer.json().await.unwrap())
    }

    /// What it said on standard error, once it has ended.
    fn said(mut self) -> String {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        text
    }
}

/// The eight questions of the scenario and their answers.
fn scenario() -> Vec<(Value, bool)> {
    let question = |subject: Value, action: Value, resource: Value| json!({ "subject": subject, "action": action, "resource": resource });
    let user = |id: &str| json!({ "type": "user", "id": id });
    let record = |id: &str, status: &str| json!({ "type": "record", "id": id, "properties": { "status": status } });
    let plain = || json!({ "type": "record", "id": "record-1" });
    let action = |name: &str| json!({ "name": name });
    let delete = |soft: bool| json!({ "name": "delete", "properties": { "soft": soft } });
    let admin = json!({ "type": "user", "id": "bob", "properties": { "role": "admin" } });
    vec![
        (question(user("alice"), action("read"), plain()), true),
        (question(user("alice"), action("write"), plain()), true),
        (question(user("bob"), action("read"), plain()), true),
        (question(user("bob"), action("write"), plain()), false),
        (question(user("alice"), action("write"), record("record-2", "archived")), false),
        (question(admin, action("write"), record("record-2", "archived")), true),
        (question(user("alice"), delete(true), plain()), true),
        (question(user("alice"), delete(false), plain()), false),
    ]
}

async fn basic(program: &Program) {
    for (number, (question, expected)) in scenario().into_iter().enumerate() {
        // The same question, the same answer; and no part of it is an identifier that somebody verified.
        let mut answers = Vec::new();
        for _ in 0..2 {
            let (status, mut answer) = program.post("/access/v1/evaluation", &question).await;
            assert_eq!((status, &answer["decision"]), (200, &json!(expected)), "case {}: {answer}", number + 1);
            answer["context"].as_object_mut().unwrap().remove("decision_id");
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1]);
        let evidence = &answers[0]["context"]["evidence"];
        assert_eq!((&evidence[0]["check"], &evidence[0]["outcome"]), (&json!("subject"), &json!("noted")));
        assert!(evidence[0]["detail"].as_str().unwrap().contains("asserted"), "{evidence}");
    }
    // Members that nobody knows, with and without a context.
    for extra in [json!({ "future": 1 }), json!({ "context": {} }), json!({ "context": { "time": "noon", "x": [1] } })]
    {
        let (mut question, expected) = scenario().remove(0);
        question.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        question["subject"]["future"] = json!({ "a": null });
        let (status, answer) = program.post("/access/v1/evaluation", &question).await;
        assert_eq!((status, &answer["decision"]), (200, &json!(expected)));
    }
}

async fn calls_that_are_wrong(program: &Program) {
    let good = scenario().remove(0).0;
    let without = |path: &[&str]| {
        let mut body = good.clone();
        let (last, above) = path.split_last().unwrap();
        let place = above.iter().fold(&mut body, |place, name| &mut place[*name]);
        place.as_object_mut().unwrap().remove(*last);
        body.to_string()
    };
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string()
    };
    let json = Some("application/json");
    for (content_type, body) in [
        (None, good.to_string()),
        (Some("text/plain"), good.to_string()),
        (Some("application/x-www-form-urlencoded"), "subject=alice".into()),
        (json, String::new()),
        (json, "{".into()),
        (json, "null".into()),
        (json, "[]".into()),
        (json, "\u{feff}{}".into()),
        (json, "\"\\ud800\"".into()),
        (json, "[".repeat(10_000)),
        (json, with("context", json!([]))),
        (json, with("subject", json!("alice"))),
        (json, with("action", json!(null))),
        (json, with("resource", json!([1]))),
        (json, format!("{}{}", good, "x")),
        (json, good.to_string().replacen("{", "{\"subject\":{\"type\":\"user\",\"id\":\"bob\"},", 1)),
        (json, without(&["subject"])),
        (json, without(&["subject", "type"])),
        (json, without(&["subject", "id"])),
        (json, without(&["action"])),
        (json, without(&["action", "name"])),
        (json, without(&["resource"])),
        (json, without(&["resource", "type"])),
        (json, without(&["resource", "id"])),
    ] {
        for path in ["/access/v1/evaluation", "/access/v1/evaluations"] {
            let mut call = program.client.post(program.url(path)).body(body.clone());
            if let Some(content_type) = content_type {
                call = call.header("content-type", content_type);
            }
            let answer = call.send().await.unwrap();
            assert_eq!(answer.status(), 400, "{path} {content_type:?} {}", body.chars().take(80).collect::<String>());
            assert_eq!(answer.headers()["content-type"], "application/json");
        }
    }
    let invalid = program.client.post(program.url("/access/v1/evaluation")).header("content-type", "application/json");
    assert_eq!(invalid.body(vec![b'"', 0xff, b'"']).send().await.unwrap().status(), 400);
    for id in ["bfe9eb29", "2f0c5a1e-6a35-4b0f-9a5e-14a5d2a7b8c1"] {
        let call = program.client.post(program.url("/access/v1/evaluation")).header("x-request-id", id).json(&good);
        assert_eq!(call.send().await.unwrap().headers()["x-request-id"], id);
    }
}

async fn batch(program: &Program) {
    let (items, expected): (Vec<Value>, Vec<bool>) = scenario().into_iter().unzip();
    let decisions = |answer: &Value| -> Vec<bool> {
        answer["evaluations"].as_array().unwrap().iter().map(|one| one["decision"].as_bool().unwrap()).collect()
    };
    let (status, answer) = program.post("/access/v1/evaluations", &json!({ "evaluations": items })).await;
    assert_eq!((status, decisions(&answer)), (200, expected.clone()));
    // Subject and action at the top, resources below; an item says otherwise.
    let body = json!({
        "subject": { "type": "user", "id": "alice" }, "action": { "name": "write" },
        "evaluations": [
            { "resource": { "type": "record", "id": "record-1" } },
            { "resource": { "type": "record", "id": "record-2", "properties": { "status": "archived" } } },
            { "subject": { "type": "user", "id": "bob" }, "resource": { "type": "record", "id": "record-1" } },
            { "action": { "name": "read" }, "resource": { "type": "record", "id": "record-2" } },
            { "action": { "name": "delete", "properties": { "soft": true } }, "resource": { "type": "record", "id": "record-1" } },
            { "subject": { "type": "user", "id": "alice" } },
        ],
    });
    let (_, answer) = program.post("/access/v1/evaluations", &body).await;
    assert_eq!(decisions(&answer), [true, false, false, true, true, false]);
    assert_eq!(answer["evaluations"][5]["context"]["error"]["status"], 400);
    for (semantic, length) in [("execute_all", 8), ("deny_on_first_deny", 4), ("permit_on_first_permit", 1)] {
        let body = json!({ "evaluations": items, "options": { "evaluations_semantic": semantic } });
        let (_, answer) = program.post("/access/v1/evaluations", &body).await;
        assert_eq!(decisions(&answer), expected[..length], "{semantic}");
    }
    let (mut question, expected) = scenario().remove(3);
    let (_, answer) = program.post("/access/v1/evaluations", &question).await;
    assert_eq!((&answer["decision"], answer.get("evaluations")), (&json!(expected), None));
    question["evaluations"] = json!([]);
    assert_eq!(program.post("/access/v1/evaluations", &question).await.1["decision"], expected);
}

async fn discovery(program: &Program) {
    let answer = program.client.get(program.url("/.well-known/authzen-configuration")).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
        (200, "application/json")
    );
    let document: Value = answer.json().await.unwrap();
    assert_eq!(document["policy_decision_point"], program.ready["listening"]);
    assert_eq!(document["access_evaluation_endpoint"], program.url("/access/v1/evaluation"));
    assert_eq!(document["access_evaluations_endpoint"], program.url("/access/v1/evaluations"));
    assert_eq!(document["supported_obligations"], json!(["step-up"]));
    let searches = document.as_object().unwrap().keys().filter(|name| name.starts_with("search_")).count();
    assert_eq!(searches, 0, "what is not offered is not named");
    // What is named is there.
    let (question, _) = scenario().remove(0);
    let named = document["access_evaluation_endpoint"].as_str().unwrap();
    assert_eq!(program.client.post(named).json(&question).send().await.unwrap().status(), 200);
}

/// No login comes in where subjects are asserted, and what stands there is said everywhere.
async fn asserted(program: &Program) {
    let (mut question, _) = scenario().remove(0);
    question["context"] = json!({ "login": "vigie_x" });
    let (status, answer) = program.post("/access/v1/evaluation", &question).await;
    assert_eq!((status, &answer["code"]), (400, &json!("HTTP-ASSERTED")));
    let (status, answer) = program.post("/v1/logins", &json!({ "id_token": "x", "nonce": null })).await;
    assert_eq!((status, &answer["code"]), (400, &json!("HTTP-ASSERTED")));
    let introspection = program.client.post(program.url("/introspect")).body("token=vigie_x");
    let introspection = introspection.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(introspection.send().await.unwrap().json::<Value>().await.unwrap(), json!({ "active": false }));
    assert_eq!(program.client.get(program.url("/forward-auth/certification")).send().await.unwrap().status(), 403);
    assert_eq!(program.ready["audiences"], json!([{ "id": "certification", "subject": "asserted" }]));
    let metrics = program.client.get(program.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"vigie_audience_info{audience="certification",subject="asserted"} 1"#), "{metrics}");
}

#[tokio::test]
async fn the_scenario_passes_at_every_level() {
    let program = Program::start();
    basic(&program).await;
    calls_that_are_wrong(&program).await;
    batch(&program).await;
    discovery(&program).await;
    asserted(&program).await;
    let said = program.said();
    assert!(said.starts_with("vigie: CFG-ASSERTED: audience \"certification\""), "{said}");
    let decided =
        said.lines().filter(|line| line.contains("asserted by the caller") || line.contains("\"FIXTURE-ALLOWED\""));
    let decided: Vec<&str> = decided.collect();
    assert!(decided.iter().all(|line| line.contains("\"subject\":\"asserted\"")), "each line says so: {decided:?}");
    assert!(!decided.is_empty(), "decisions are in the log, which is standard error here: {said}");
}

#[test]
fn the_example_stays_on_this_machine() {
    let output = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["serve", "--listen", "0.0.0.0:0", "--config"])
        .arg(example())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.lines().any(|line| line.starts_with("vigie: CFG-OPEN: ")), "{text}");
}
