//! How a call is asked, and how a wrong one is answered: AuthZEN 1.0, section 10.

use serde_json::{Value, json};

use super::support::host::{Host, NATIONAL_ID, SMURTAB_SECRET, claims, eager, question, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

async fn host() -> (std::sync::Arc<Provider>, Host) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    (provider, host)
}

async fn raw(host: &Host, content_type: Option<&str>, body: &str) -> (u16, Value) {
    raw_at(host, "/access/v1/evaluation", content_type, body).await
}

async fn raw_at(host: &Host, path: &str, content_type: Option<&str>, body: &str) -> (u16, Value) {
    let mut request = host.client.post(format!("{}{path}", host.url)).bearer_auth(SMURTAB_SECRET).body(body.to_owned());
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    (status, response.json().await.unwrap())
}

#[tokio::test]
async fn a_call_that_is_not_as_asked_is_400_and_repeats_nothing() {
    let (_provider, host) = host().await;
    let good = question("vigie_x").to_string();
    for (content_type, body, code) in [
        (None, good.as_str(), "HTTP-CONTENT-TYPE"),
        (Some("text/plain"), &good, "HTTP-CONTENT-TYPE"),
        (Some("application/jsonp"), &good, "HTTP-CONTENT-TYPE"),
        (Some("application/json"), "", "HTTP-BODY"),
        (Some("application/json"), "{", "HTTP-BODY"),
        (Some("application/json"), "[]", "HTTP-BODY"),
        (Some("application/json"), "null", "HTTP-BODY"),
        (Some("application/json"), "\u{0}", "HTTP-BODY"),
        (Some("application/json"), &good.replace("\"action\"", "\"acton\""), "HTTP-BODY"),
        (Some("application/json"), &good.replace("\"subject\":{", "\"subject\":{\"properties\":1,"), "HTTP-BODY"),
        (Some("application/json"), &good.replace("\"899700218896\"", "899700218896"), "HTTP-BODY"),
        (Some("application/json"), &good.replace("\"vigie_x\"", "7"), "HTTP-BODY"),
        (Some("application/json"), &"[".repeat(10_000), "HTTP-BODY"),
    ] {
        let (status, answer) = raw(&host, content_type, body).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some(code)), "{body}: {answer}");
        assert!(!answer.to_string().contains("899700218896"), "{answer}");
    }
    let (status, answer) = raw(&host, Some("application/json"), &" ".repeat(70_000)).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("HTTP-TOO-LARGE")));
    let (status, _) = raw(&host, Some("Application/JSON; charset=utf-8"), &good).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn members_have_names_and_no_order() {
    let (provider, host) = host().await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let entity = json!(["user", NATIONAL_ID, null]);
    let by_position = |member: &str, value: Value| {
        let mut question = question(&handle);
        question[member] = value;
        question
    };
    let whole = json!([entity, ["open", null], ["board", "b-1", null], { "login": handle }]);
    for body in [
        whole.clone(),
        by_position("subject", entity.clone()),
        by_position("action", json!(["open", null])),
        by_position("resource", json!(["board", "b-1", null])),
        by_position("context", json!([["login", handle]])),
    ] {
        let (status, answer) = raw(&host, Some("application/json"), &body.to_string()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-BODY")), "{body}: {answer}");
    }
    let mut batch = question(&handle);
    batch["evaluations"] = json!([{}, [], [entity, ["open", null], ["board", "b-1", null], {}], { "subject": entity }]);
    let (status, answer) = raw_at(&host, "/access/v1/evaluations", Some("application/json"), &batch.to_string()).await;
    let answers = answer["evaluations"].as_array().unwrap();
    assert_eq!((status, &answers[0]["decision"]), (200, &json!(true)), "{answer}");
    for one in &answers[1..] {
        assert_eq!(one["context"]["reason_code"], "HTTP-BODY", "{one}");
    }
    let top = json!([entity, ["open", null], ["board", "b-1", null], {}, {}, [{}]]);
    let mut semantic = question(&handle);
    semantic["options"] = json!(["deny_on_first_deny"]);
    for (path, body) in [
        ("/access/v1/evaluations", top),
        ("/access/v1/evaluations", semantic),
        ("/v1/logins", json!([provider.key.sign(&claims("smurtab")), null, null, null, null, null])),
        ("/v1/logins/revoke", json!([handle, null, "login"])),
    ] {
        let (status, answer) = raw_at(&host, path, Some("application/json"), &body.to_string()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-BODY")), "{path}: {answer}");
    }
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["decision"], true, "nothing was revoked: {answer}");
}

#[tokio::test]
async fn a_caller_without_a_secret_is_401() {
    let (_provider, host) = host().await;
    let url = format!("{}/access/v1/evaluation", host.url);
    for header in
        [None, Some("Bearer"), Some("Bearer wrong-secret-of-some-length"), Some("Basic c211cnRhYg=="), Some("Bearer ")]
    {
        let mut request = host.client.post(&url).json(&question("x"));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "HTTP-CALLER");
    }
}

#[tokio::test]
async fn a_question_without_a_live_login_of_its_subject_is_answered_no() {
    let (provider, host) = host().await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let mut without = question(&handle);
    without.as_object_mut().unwrap().remove("context");
    let mut stranger = question(&handle);
    stranger["subject"]["id"] = "899700366240".into();
    let mut machine = question(&handle);
    machine["subject"]["type"] = "machine".into();
    let mut other_handle = handle.clone();
    let last = if other_handle.ends_with('A') { 'E' } else { 'A' };
    other_handle.pop();
    other_handle.push(last);
    for (body, code) in [
        (without, "HTTP-LOGIN-MISSING"),
        (question("vigie_x"), "HTTP-LOGIN-UNKNOWN"),
        (question(""), "HTTP-LOGIN-UNKNOWN"),
        (question(&other_handle), "HTTP-LOGIN-UNKNOWN"),
        (stranger, "HTTP-SUBJECT-MISMATCH"),
        (machine, "HTTP-SUBJECT-MISMATCH"),
    ] {
        let (status, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await;
        assert_eq!((status, &answer["decision"]), (200, &json!(false)));
        assert_eq!(answer["context"]["reason_code"], code);
        assert!(answer["context"]["reason_user"]["fr"].is_string());
    }
}

#[tokio::test]
async fn unknown_members_are_ignored_and_the_same_question_has_the_same_answer() {
    let (provider, host) = host().await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let mut body = question(&handle);
    body["future"] = json!({ "member": [1, 2, 3] });
    body["subject"]["future"] = json!(true);
    body["context"]["purpose"] = json!("care");
    let mut answers = Vec::new();
    for _ in 0..3 {
        let (status, mut answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await;
        assert_eq!(status, 200);
        answer["context"].as_object_mut().unwrap().remove("decision_id");
        answers.push(answer);
    }
    assert_eq!(answers[0]["decision"], true);
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn the_request_id_comes_back_only_when_sent() {
    let (_provider, host) = host().await;
    let ask = |id: Option<&'static str>| {
        let mut request = host
            .client
            .post(format!("{}/access/v1/evaluation", host.url))
            .bearer_auth(SMURTAB_SECRET)
            .json(&question("x"));
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        async { request.send().await.unwrap().headers().get("x-request-id").cloned() }
    };
    assert_eq!(ask(Some("bfe9eb29")).await.unwrap(), "bfe9eb29");
    assert_eq!(ask(None).await, None);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_json() {
    let (_provider, host) = host().await;
    let answer = host.client.get(format!("{}/nothing", host.url)).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "HTTP-NOT-FOUND");
    let answer = host.client.get(format!("{}/access/v1/evaluation", host.url)).send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "HTTP-METHOD");
    assert_eq!(host.client.get(format!("{}/livez", host.url)).send().await.unwrap().status(), 200);
}
