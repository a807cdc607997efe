//! `/openapi.json` says what there is: every route and no other, and real answers are as it describes them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use vigie_host::http::{PATHS, policies};

use super::support::host::{
    Host, RELAY_SECRET, SMURTAB_SECRET, claims, eager, login_body, question, userinfo, write_config,
};
use super::support::keys::Key;
use super::support::provider::Provider;
use super::support::schema;

fn description() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

const ADMIN_SECRET: &str = "secret-of-the-operator-for-tests";

/// A host that an operator may change.
async fn administered(directory: &Path, provider: &Provider) -> Host {
    let path = write_config(directory, provider);
    std::fs::write(directory.join("operator.secret"), ADMIN_SECRET).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n[admin]\nsecret_file = \"operator.secret\"\n")).unwrap();
    Host::serve(&path).await.unwrap()
}

/// Holds a value to a schema of the description.
fn holds(description: &Value, schema: &Value, value: &Value, what: &str) {
    let problem = schema::problem(description, schema, value, "");
    assert_eq!(problem, None, "{what}\n{value:#}");
}

/// The schema of an answer, references to whole answers followed.
fn answer_schema<'a>(description: &'a Value, path: &str, method: &str, status: u16) -> &'a Value {
    let mut answer = &description["paths"][path][method]["responses"][status.to_string()];
    if let Some(reference) = answer["$ref"].as_str() {
        answer = description.pointer(&reference[1..]).unwrap();
    }
    assert!(answer.is_object(), "{method} {path} does not say that it answers {status}");
    &answer["content"]["application/json"]["schema"]
}

#[tokio::test]
async fn every_route_is_described_with_its_methods_and_no_other() {
    let description = description();
    let described: BTreeSet<&str> = description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, PATHS.into_iter().chain(policies::PATHS).collect());
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let host = administered(directory.path(), &provider).await;
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "delete"] {
            let verb = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let url = format!("{}{}", host.url, path.replace("{audience}", "smurtab"));
            let secret = if policies::PATHS.contains(&path.as_str()) { ADMIN_SECRET } else { SMURTAB_SECRET };
            let status = host.client.request(verb, url).bearer_auth(secret).send().await.unwrap().status();
            assert_ne!(status, 404, "{method} {path}");
            // A proxy may hand on its client's method, so there every one is taken.
            let taken = operations.get(method).is_some() || path.starts_with("/forward-auth");
            assert_eq!(status == 405, !taken, "{method} {path}: {status}");
        }
    }
    let served: Value =
        host.client.get(format!("{}/openapi.json", host.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(served, description);
}

#[test]
fn its_own_examples_hold() {
    let description = description();
    let mut seen = 0;
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        for example in schema["examples"].as_array().into_iter().flatten() {
            holds(&description, schema, example, name);
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen} examples");
    // A description that takes anything would hold everything.
    let question = &description["components"]["schemas"]["Question"];
    for wrong in [json!({ "subject": "alice" }), json!([]), json!({ "subject": {}, "action": {}, "resource": {} })] {
        assert!(schema::problem(&description, question, &wrong, "").is_some(), "{wrong}");
    }
}

#[tokio::test]
async fn real_answers_are_as_described() {
    let description = description();
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let token = provider.key.sign(&claims("smurtab"));
    let handle = host.log_in(SMURTAB_SECRET, &token).await;
    let mut batch = question(&handle);
    batch["evaluations"] = json!([{}, { "subject": 1 }, { "context": { "login": "vigie_x" } }]);
    let mut stranger = question(&handle);
    stranger["context"] = json!({ "supported_obligations": ["step-up"] });
    let mut another = claims("relay");
    another["jti"] = "0e2c8d8c-3c43-4d5e-9a55-8b8e5f0f6c11".into();
    let relayed = json!({
        "id_token": provider.key.sign(&another), "nonce": super::support::host::NONCE, "userinfo": userinfo("10"),
    });
    for (path, secret, body, status) in [
        ("/v1/logins", SMURTAB_SECRET, login_body(&token), 409),
        ("/v1/logins", SMURTAB_SECRET, login_body("x"), 422),
        ("/v1/logins", SMURTAB_SECRET, json!({}), 400),
        ("/v1/logins", RELAY_SECRET, relayed, 201),
        ("/v1/logins", "secret-that-nobody-has", login_body(&token), 401),
        ("/access/v1/evaluation", SMURTAB_SECRET, question(&handle), 200),
        ("/access/v1/evaluation", SMURTAB_SECRET, stranger, 200),
        ("/access/v1/evaluation", SMURTAB_SECRET, json!({}), 400),
        ("/access/v1/evaluations", SMURTAB_SECRET, batch, 200),
        ("/access/v1/evaluations", SMURTAB_SECRET, question(&handle), 200),
        ("/v1/logins/revoke", SMURTAB_SECRET, json!({ "login": handle }), 200),
        ("/v1/logins/revoke", SMURTAB_SECRET, json!({ "login": 1 }), 400),
    ] {
        let (found, answer) = host.post(path, secret, &body).await;
        assert_eq!(found, status, "{path}: {answer}");
        holds(&description, answer_schema(&description, path, "post", status), &answer, path);
    }
    for path in ["/v1/logins", "/livez", "/readyz", "/version", "/.well-known/authzen-configuration"] {
        let call = host.client.get(format!("{}{path}", host.url)).bearer_auth(RELAY_SECRET);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let answer: Value = answer.json().await.unwrap();
        holds(&description, answer_schema(&description, path, "get", 200), &answer, path);
    }
    for (handle, headers, status) in
        [("vigie_x", &[("x-original-method", "GET"), ("x-original-uri", "/")][..], 401), ("vigie_x", &[], 400)]
    {
        let mut call = host.client.get(format!("{}/forward-auth/smurtab", host.url)).bearer_auth(SMURTAB_SECRET);
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let answer = call.header("cookie", format!("login={handle}")).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let answer: Value = answer.json().await.unwrap();
        holds(
            &description,
            answer_schema(&description, "/forward-auth/{audience}", "get", status),
            &answer,
            "forward-auth",
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let administered = administered(directory.path(), &provider).await;
    for (method, path) in [("get", "/v1/policies"), ("post", "/v1/policies/reload")] {
        let verb = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let call = administered.client.request(verb, format!("{}{path}", administered.url)).bearer_auth(ADMIN_SECRET);
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        holds(&description, answer_schema(&description, path, method, 200), &answer, path);
    }
    let call = host.client.post(format!("{}/introspect", host.url)).bearer_auth(SMURTAB_SECRET);
    let call = call.header("content-type", "application/x-www-form-urlencoded").body("token=vigie_x");
    let answer: Value = call.send().await.unwrap().json().await.unwrap();
    holds(&description, answer_schema(&description, "/introspect", "post", 200), &answer, "introspect");
}
