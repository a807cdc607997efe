//! Many questions in one call: AuthZEN 1.0, section 7.

use serde_json::{Value, json};

use super::support::host::{Host, NATIONAL_ID, SIDEP_SECRET, SMURTAB_SECRET, claims, eager, question, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

const PATH: &str = "/access/v1/evaluations";

/// A host, and the handle of a doctor at the audience smurtab.
async fn doctor() -> (std::sync::Arc<Provider>, Host, String) {
    let provider = Provider::start(Key::es256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    (provider, host, handle)
}

/// A call with everything at the top and these items.
fn batch(handle: &str, items: Value) -> Value {
    let mut body = question(handle);
    body["evaluations"] = items;
    body
}

fn decisions(answer: &Value) -> Vec<bool> {
    answer["evaluations"].as_array().unwrap().iter().map(|one| one["decision"].as_bool().unwrap()).collect()
}

#[tokio::test]
async fn members_at_the_top_are_what_items_do_not_say() {
    let (_provider, host, handle) = doctor().await;
    let body = batch(
        &handle,
        json!([
            {},
            { "resource": { "type": "board", "id": "b-2" } },
            { "subject": { "type": "user", "id": "899700366240" } },
            // A context of its own, without the login, which is still that of the top.
            { "context": { "purpose": "care" } },
            { "context": { "login": "vigie_x" } },
        ]),
    );
    let (status, answer) = host.post(PATH, SMURTAB_SECRET, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(decisions(&answer), [true, true, false, true, false]);
    let code = |item: usize| answer["evaluations"][item]["context"]["reason_code"].as_str().unwrap().to_owned();
    assert_eq!(code(2), "HTTP-SUBJECT-MISMATCH");
    assert_eq!(code(4), "HTTP-LOGIN-UNKNOWN");
    // Five decisions are five lines, each with the id of its answer.
    let lines = host.log_lines();
    let logged: Vec<&Value> = lines.iter().filter(|line| line["event"] == "decision").collect();
    assert_eq!(logged.len(), 5);
    for (line, one) in logged.iter().zip(answer["evaluations"].as_array().unwrap()) {
        assert_eq!(line["decision_id"], one["context"]["decision_id"]);
    }
}

#[tokio::test]
async fn a_batch_stops_where_its_semantic_says() {
    let (_provider, host, handle) = doctor().await;
    let stranger = json!({ "subject": { "type": "user", "id": "899700366240" } });
    let items = json!([{}, stranger, {}, stranger]);
    for (semantic, expected, reason) in [
        ("execute_all", &[true, false, true, false][..], Value::Null),
        ("deny_on_first_deny", &[true, false], json!("deny_on_first_deny")),
        ("permit_on_first_permit", &[true], json!("permit_on_first_permit")),
    ] {
        let mut body = batch(&handle, items.clone());
        body["options"] = json!({ "evaluations_semantic": semantic, "future": 1 });
        let (status, answer) = host.post(PATH, SMURTAB_SECRET, &body).await;
        assert_eq!((status, decisions(&answer).as_slice()), (200, expected), "{semantic}: {answer}");
        let last = answer["evaluations"].as_array().unwrap().last().unwrap();
        assert_eq!(last["context"]["reason"], reason, "{semantic}");
    }
    let mut unknown = batch(&handle, items);
    unknown["options"] = json!({ "evaluations_semantic": "coin_toss" });
    let (status, answer) = host.post(PATH, SMURTAB_SECRET, &unknown).await;
    assert_eq!((status, &answer["code"]), (400, &json!("HTTP-BODY")));
}

#[tokio::test]
async fn without_items_it_is_one_question() {
    let (_provider, host, handle) = doctor().await;
    for mut body in [question(&handle), batch(&handle, json!([])), batch(&handle, Value::Null)] {
        let (status, answer) = host.post(PATH, SMURTAB_SECRET, &body).await;
        assert_eq!((status, &answer["decision"]), (200, &json!(true)), "{answer}");
        assert_eq!(answer.get("evaluations"), None);
        body.as_object_mut().unwrap().remove("resource");
        let (status, answer) = host.post(PATH, SMURTAB_SECRET, &body).await;
        assert_eq!((status, &answer["code"]), (400, &json!("HTTP-BODY")), "{answer}");
    }
}

#[tokio::test]
async fn an_item_that_is_not_as_asked_is_a_refusal_of_its_own() {
    let (_provider, host, handle) = doctor().await;
    for item in [
        json!(1),
        json!("x"),
        json!([1]),
        json!({ "subject": "alice" }),
        json!({ "subject": { "type": "user" } }),
        json!({ "action": { "name": 1 } }),
        json!({ "resource": { "type": "board", "id": "b-1", "properties": [] } }),
        json!({ "context": 1 }),
        json!({ "context": { "login": 1 } }),
        json!({ "context": { "supported_obligations": "step-up" } }),
    ] {
        let (status, answer) = host.post(PATH, SMURTAB_SECRET, &batch(&handle, json!([item, {}]))).await;
        assert_eq!((status, decisions(&answer)), (200, vec![false, true]), "{item}: {answer}");
        let context = &answer["evaluations"][0]["context"];
        assert_eq!(
            (&context["error"]["status"], &context["reason_code"]),
            (&json!(400), &json!("HTTP-BODY")),
            "{item}"
        );
        assert!(!context["error"]["message"].as_str().unwrap().contains("alice"), "nothing is repeated");
    }
}

#[tokio::test]
async fn a_call_that_is_not_as_asked_is_400() {
    let (_provider, host, handle) = doctor().await;
    let change = |path: &str, value: Value| {
        let mut body = batch(&handle, json!([{}]));
        body[path] = value;
        body
    };
    for (body, code) in [
        (json!([]), "HTTP-BODY"),
        (json!({}), "HTTP-BODY"),
        (change("evaluations", json!("all")), "HTTP-BODY"),
        (change("evaluations", json!({})), "HTTP-BODY"),
        (change("subject", json!("alice")), "HTTP-BODY"),
        (change("action", json!([])), "HTTP-BODY"),
        (change("context", json!(1)), "HTTP-BODY"),
        (change("options", json!(1)), "HTTP-BODY"),
        (change("evaluations", Value::Array(vec![json!({}); 101])), "HTTP-BATCH"),
    ] {
        let (status, answer) = host.post(PATH, SMURTAB_SECRET, &body).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{answer}");
    }
    let (status, answer) =
        host.post(PATH, SMURTAB_SECRET, &change("evaluations", Value::Array(vec![json!({}); 100]))).await;
    assert_eq!((status, decisions(&answer)), (200, vec![true; 100]));
    let (status, _) = host.post(PATH, "secret-that-nobody-has", &batch(&handle, json!([{}]))).await;
    assert_eq!(status, 401);
    // Another audience's caller has no use for the handle.
    let (_, answer) = host.post(PATH, SIDEP_SECRET, &batch(&handle, json!([{}]))).await;
    assert_eq!(answer["evaluations"][0]["context"]["reason_code"], "HTTP-LOGIN-UNKNOWN");
}

#[tokio::test]
async fn who_may_log_in_again_is_told_how_well_when_the_caller_understands() {
    let (_provider, host, _) = doctor().await;
    let mut body = json!({
        "subject": { "type": "user", "id": NATIONAL_ID }, "action": { "name": "open" }, "resource": { "type": "board", "id": "b-1" },
    });
    let (_, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await;
    assert_eq!(answer["context"]["obligations"], json!([]));
    body["context"] = json!({ "supported_obligations": ["step-up"] });
    let (_, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await;
    assert_eq!(
        answer["context"]["obligations"],
        json!([{ "id": "login", "type": "step-up", "properties": { "acr_value": "eidas1" } }])
    );
}
