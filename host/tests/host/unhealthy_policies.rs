//! Policies that trap, disagree or are not there: what people are answered, and what an operator sees.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::policy_changes::{Desk, OPERATOR};
use super::support::components::{digest, path};
use super::support::guests::{in_shell, write};
use super::support::host::{Host, RELAY_SECRET, SMURTAB_SECRET, claims, question, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

fn policy(id: &str, component: &Path, digest: &str, role: (&str, bool)) -> Value {
    json!({ "id": id, "component": component, "digest": digest, role.0: role.1 })
}

fn smurtab() -> Value {
    policy("smurtab-rules", &path("smurtab"), &digest("smurtab").to_string(), ("required", true))
}

async fn doctor() -> Arc<Provider> {
    Provider::start(Key::rs256("first"), &userinfo("10")).await
}

async fn ask(host: &Host, handle: &str) -> Value {
    let (status, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(handle)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_policy_that_traps_five_times_running_is_asked_no_more() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (guest, guest_digest) = write(desk.path(), "trap", &in_shell("trap"));
    let trap = policy("hostile", &guest, &guest_digest.to_string(), ("required", false));
    desk.set(|config| config["audience"][0]["policy"] = json!([smurtab(), trap]));
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    for round in 1..=7 {
        let answer = ask(&host, &handle).await;
        let expected = if round <= 5 { "POL-TRAP" } else { "POL-QUARANTINED" };
        assert_eq!((&answer["decision"], &answer["context"]["reason_code"]), (&json!(false), &json!(expected)));
        // People read what they can do, and nothing about the inside of a policy.
        let text = answer["context"]["reason_user"]["fr"].as_str().unwrap();
        assert!(!text.contains("POL-") && !text.contains("hostile"), "{text}");
    }
    assert_eq!(desk.report(&host).await["audiences"][0]["policies"][1]["state"], "quarantined");
    let metrics = host.client.get(format!("{}/metrics", host.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"vigie_policy_quarantined{audience="smurtab",policy="hostile"} 1"#), "{metrics}");
    let ready = host.client.get(format!("{}/readyz?verbose", host.url)).send().await.unwrap();
    let ready = ready.json::<Value>().await.unwrap();
    let part = json!({ "part": "policy", "name": "smurtab hostile", "state": "POL-QUARANTINED" });
    assert!(ready["parts"].as_array().unwrap().contains(&part), "{ready}");
    // Others are not touched, and another look at the configuration begins anew.
    let relay = host.post("/access/v1/evaluation", RELAY_SECRET, &question(&handle)).await.1;
    assert_eq!(relay["context"]["reason_code"], "HTTP-LOGIN-UNKNOWN");
    assert_eq!(host.post("/v1/policies/reload", OPERATOR, &json!({})).await.0, 200);
    assert_eq!(ask(&host, &handle).await["context"]["reason_code"], "POL-TRAP");
}

/// The value of the one line of the metrics that begins so; 0 where there is none.
async fn metric(host: &Host, line: &str) -> u64 {
    let text = host.client.get(format!("{}/metrics", host.url)).send().await.unwrap().text().await.unwrap();
    let value = text.lines().find_map(|found| found.strip_prefix(line)).unwrap_or(" 0");
    value.trim().parse().unwrap()
}

const WAITED: &str = r#"vigie_stage_duration_seconds_count{stage="wait"}"#;

#[tokio::test]
async fn a_slow_policy_is_asked_again_where_it_keeps_nobody_waiting_and_a_quick_one_where_the_request_was_read() {
    const QUESTIONS: u64 = 40;
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    // With "group" each line waits for the disk, on another thread.
    desk.set(|config| config["log"]["sync"] = "system".into());
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let before = metric(&host, WAITED).await;
    for _ in 0..QUESTIONS {
        assert_eq!(ask(&host, &handle).await["decision"], true);
    }
    // A quick one that is cut by the clock is asked again, and a few after it are asked there at once.
    assert!(metric(&host, WAITED).await - before < QUESTIONS, "no question was answered where it was read");
    assert_eq!(host.log_lines().iter().filter(|line| line["event"] == "decision").count() as u64, QUESTIONS);

    let (guest, guest_digest) = write(desk.path(), "slow", &in_shell("slow-answer"));
    let slow = policy("slow", &guest, &guest_digest.to_string(), ("required", true));
    desk.set(|config| config["audience"][0]["policy"] = json!([smurtab(), slow]));
    assert_eq!(host.post("/v1/policies/reload", OPERATOR, &json!({})).await.0, 200);
    let before = metric(&host, WAITED).await;
    for _ in 0..3 {
        let answer = ask(&host, &handle).await;
        assert_eq!(answer["decision"], true, "{answer}");
    }
    assert_eq!(metric(&host, WAITED).await - before, 3);
    // What was asked twice is counted, and written down, once.
    let permits = r#"vigie_policy_evaluations_total{audience="smurtab",policy="slow",outcome="permit"}"#;
    assert_eq!(metric(&host, permits).await, 3);
    assert_eq!(host.log_lines().iter().filter(|line| line["event"] == "decision").count() as u64, QUESTIONS + 3);
}

#[tokio::test]
async fn a_failure_counts_once_although_the_question_was_asked_twice() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (trap, trap_digest) = write(desk.path(), "trap", &in_shell("trap"));
    let (slow, slow_digest) = write(desk.path(), "slow", &in_shell("slow-answer"));
    desk.set(|config| {
        config["audience"][0]["policy"] = json!([
            policy("hostile", &trap, &trap_digest.to_string(), ("required", false)),
            policy("slow", &slow, &slow_digest.to_string(), ("required", true)),
        ]);
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    for round in 1..=6 {
        let expected = if round <= 5 { "POL-TRAP" } else { "POL-QUARANTINED" };
        assert_eq!(ask(&host, &handle).await["context"]["reason_code"], expected, "{round}");
    }
}

#[tokio::test]
async fn a_shadow_is_compared_and_never_counted() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (guest, guest_digest) = write(desk.path(), "trap", &in_shell("trap"));
    let (honest, honest_digest) = write(desk.path(), "honest", &in_shell("honest"));
    desk.set(|config| {
        config["audience"][0]["policy"] = json!([
            policy("differs", &guest, &guest_digest.to_string(), ("shadow", true)),
            smurtab(),
            policy("agrees", &honest, &honest_digest.to_string(), ("shadow", true)),
        ]);
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let answer = ask(&host, &handle).await;
    assert_eq!(answer["decision"], true, "{answer}");
    assert_eq!(answer["context"]["policies"].as_array().unwrap().len(), 1, "a shadow is in no answer");
    let line = host.log_lines().pop().unwrap();
    let written: Vec<_> = line["policies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["role"].as_str(), one["agrees"].as_bool()))
        .collect();
    assert_eq!(
        written,
        [(Some("required"), None), (Some("shadow"), Some(false)), (Some("shadow"), Some(true))],
        "{line}"
    );
    let metrics = host.client.get(format!("{}/metrics", host.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"vigie_shadow_mismatch_total{audience="smurtab",policy="differs"} 1"#), "{metrics}");
    assert!(!metrics.contains(r#"vigie_shadow_mismatch_total{audience="smurtab",policy="agrees"}"#), "{metrics}");
    let report = desk.report(&host).await;
    assert_eq!(report["audiences"][0]["policies"][2]["state"], "shadow");
}

#[tokio::test]
async fn an_audience_without_its_policy_is_refused_and_the_others_serve() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    desk.set(|config| config["audience"][0]["policy"][0]["digest"] = digest("sidep").to_string().into());
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let answer = ask(&host, &handle).await;
    assert_eq!((&answer["decision"], &answer["context"]["reason_code"]), (&json!(false), &json!("POL-MISSING")));
    assert_eq!(answer["context"]["policies"][0]["id"], "smurtab-rules");
    let report = desk.report(&host).await;
    let about = &report["audiences"][0]["policies"][0];
    assert_eq!((&about["state"], &about["problem"]["stage"]), (&json!("missing"), &json!("fetched")), "{about}");
    assert_eq!(about["problem"]["code"], "POL-DIGEST");
    assert_eq!(report["audiences"][1]["policies"][0]["state"], "active");

    // A host that could answer nobody does not start.
    desk.set(|config| {
        config["state"]["path"] = "another.redb".into();
        config["policies"]["folder"] = "nothing-kept".into();
        for at in 0..3 {
            config["audience"][at]["policy"][0]["digest"] = digest("vigie-verifier").to_string().into();
        }
    });
    let error = Host::serve(&desk.config()).await.err().expect("it started");
    assert!(error.to_string().contains("smurtab-rules"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_no_place_is_told_at_once() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (endless, endless_digest) = write(desk.path(), "endless", &in_shell("endless-loop"));
    desk.set(|config| {
        config["limits"]["instances"] = 1.into();
        config["limits"]["timeout_ms"] = 1_000.into();
        config["audience"][0]["policy"] =
            json!([policy("endless", &endless, &endless_digest.to_string(), ("required", true))]);
    });
    let host = Arc::new(Host::serve(&desk.config()).await.unwrap());
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (host, handle) = (Arc::clone(&host), handle.clone());
            tokio::spawn(async move { host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await })
        })
        .collect();
    let mut busy = 0;
    for call in calls {
        let (status, answer) = call.await.unwrap();
        match status {
            503 => {
                assert_eq!(answer["code"], "HTTP-BUSY", "{answer}");
                busy += 1;
            }
            _ => assert_eq!((status, &answer["decision"]), (200, &json!(false)), "{answer}"),
        }
    }
    assert!(busy > 0, "one instance and four places to wait are not twenty");
    desk.set(|config| config["audience"][0]["policy"] = json!([smurtab()]));
    assert_eq!(host.post("/v1/policies/reload", OPERATOR, &json!({})).await.0, 200);
    assert_eq!(ask(&host, &handle).await["decision"], true, "the place is free again");
}
