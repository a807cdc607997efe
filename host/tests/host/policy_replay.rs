//! A decision log that holds its questions, asked again: the same policy answers bit for bit, another one shows what would change.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::support::components::{digest, path};
use super::support::host::{Host, NATIONAL_ID, SIDEP_SECRET, SMURTAB_SECRET, claims, eager, question, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

fn vigie(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigie")).args(arguments).output().unwrap()
}

fn replay(log: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let log = log.display().to_string();
    let output = vigie(&[&["policy", "replay", &log, "--format", "json"], more].concat());
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
}

/// Three questions of two audiences about one login each, all of them logged.
async fn asked(input: &str) -> Host {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start_logging(&provider, &eager(), input).await;
    for (secret, client) in [(SMURTAB_SECRET, "smurtab"), (SIDEP_SECRET, "sidep")] {
        let mut token = claims(client);
        // A token makes one login, whoever shows it.
        token["jti"] = client.into();
        let handle = host.log_in(secret, &provider.key.sign(&token)).await;
        let mut body = question(&handle);
        body["resource"]["properties"] = serde_json::json!({ "weight": 0.1, "tags": ["a", "é"] });
        for _ in 0..2 {
            assert_eq!(host.post("/access/v1/evaluation", secret, &body).await.0, 200);
        }
    }
    // Without a login nobody is asked, and there is no question to keep.
    let body = question("not-a-handle");
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await.1["decision"], false);
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_policies_answer_bit_for_bit_and_others_show_what_changes() {
    let host = asked("full").await;
    let config = host.config.display().to_string();
    assert_eq!(std::fs::metadata(&host.log).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, report, said) = replay(&host.log, &["--config", &config]);
    assert_eq!(code, Some(0), "{report} {said}");
    assert_eq!(
        (&report["decisions"], &report["verdicts"], &report["without_question"]),
        (&4.into(), &4.into(), &1.into())
    );

    // The component that the other audience has, in the place of this one's: a preview of what would change.
    let other = format!("sidep-rules={}", path("smurtab").display());
    let (code, report, said) = replay(&host.log, &["--config", &config, "--policy", &other]);
    assert_eq!(code, Some(1), "{said}");
    let differences = report["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 2, "{report}");
    assert!(differences.iter().all(|one| one["policy"] == "sidep-rules" && one["kind"] == "changed"), "{report}");

    // Without a configuration only the named policy is asked.
    let only = format!("smurtab-rules={}", path("smurtab").display());
    let (code, report, _) = replay(&host.log, &["--policy", &only]);
    assert_eq!((code, &report["verdicts"], &report["not_asked"]), (Some(0), &2.into(), &2.into()), "{report}");

    // A log that says something else than what the same policy answers is not reproduced.
    let text = std::fs::read_to_string(&host.log).unwrap();
    let forged = host.log.with_extension("forged");
    std::fs::write(&forged, text.replacen("SMURTAB-CARE-PRACTICE\",\"duration", "SMURTAB-NO-PRACTICE\",\"duration", 1))
        .unwrap();
    let (code, report, _) = replay(&forged, &["--policy", &only]);
    assert_eq!(code, Some(1));
    assert_eq!(report["differences"][0]["kind"], "not_reproduced", "{report}");
    assert_eq!(report["differences"][0]["differs"], serde_json::json!(["reason_code"]), "{report}");
    let output = vigie(&["log", "verify", &forged.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("vigie: POL-LOG-CHAIN: "));

    let output = vigie(&["log", "verify", &host.log.display().to_string()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("7 lines, each follows the one before it"), "{said}");
}

/// A copy of the log in which one answer of the policy is another.
fn forge(log: &Path, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> std::path::PathBuf {
    let mut change = Some(change);
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let asked = line["input"].is_object() && line["policies"][0]["id"] == "smurtab-rules";
        if let (true, Some(change)) = (asked, change.take_if(|_| asked)) {
            change(line["policies"][0].as_object_mut().unwrap());
        }
        format!("{line}\n")
    });
    let text: String = lines.collect();
    assert!(change.is_none(), "there is an answer to forge");
    let forged = log.with_extension("forged");
    std::fs::write(&forged, text).unwrap();
    forged
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_differs_of_an_answer_is_named() {
    let host = asked("full").await;
    let only = format!("smurtab-rules={}", path("smurtab").display());
    let other = digest("sidep").to_string();
    let check = |member: &'static str, value: Value, elsewhere: bool, kind: &str, differs: &str, words: &str| {
        let forged = forge(&host.log, |answer| {
            assert_ne!(answer.insert(member.to_owned(), value.clone()), Some(value));
            if elsewhere {
                answer.insert("digest".to_owned(), other.clone().into());
            }
        });
        let (code, report, said) = replay(&forged, &["--policy", &only]);
        assert_eq!(code, Some(1), "{report} {said}");
        let differences = report["differences"].as_array().unwrap();
        assert_eq!(differences.len(), 1, "{report}");
        assert_eq!(
            (&differences[0]["kind"], &differences[0]["differs"]),
            (&kind.into(), &serde_json::json!([differs]))
        );
        let output = vigie(&["policy", "replay", &forged.display().to_string(), "--policy", &only]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("differs: {words})")), "{text}");
    };
    let digest_of_another = || Value::from(format!("sha256:{}", "0".repeat(64)));
    let sentences = "sentences, remark or obligations";
    check("outcome_digest", digest_of_another(), false, "not_reproduced", "outcome", sentences);
    check("outcome_digest", digest_of_another(), true, "reworded", "outcome", sentences);
    check("log", serde_json::json!(["a line"]), false, "not_reproduced", "log", "log lines");
    check("log", serde_json::json!(["a line"]), true, "reworded", "log", "log lines");
    check("log_dropped", 3.into(), false, "not_reproduced", "log_dropped", "number of log lines beyond the limit");
    check("effect", "deny".into(), true, "changed", "effect", "effect");

    // The same answer of another component is no difference.
    let forged = forge(&host.log, |answer| drop(answer.insert("digest".to_owned(), other.clone().into())));
    assert_eq!(replay(&forged, &["--policy", &only]).0, Some(0));

    // What the host answered for a policy says nothing of the policy.
    for code in ["POL-TIMEOUT", "POL-BUSY", "POL-QUARANTINED", "POL-MISSING"] {
        let forged = forge(&host.log, |answer| {
            answer.remove("outcome_digest");
            answer.insert("effect".to_owned(), "failed".into());
            answer.insert("reason_code".to_owned(), code.into());
        });
        let (exit, report, said) = replay(&forged, &["--policy", &only]);
        assert_eq!(exit, Some(0), "{report} {said}");
        assert_eq!((&report["by_host"], &report["verdicts"]), (&1.into(), &1.into()), "{report}");
    }
    let forged = forge(&host.log, |answer| {
        answer.insert("effect".to_owned(), "failed".into());
        answer.insert("reason_code".to_owned(), "POL-TRAP".into());
    });
    assert_eq!(replay(&forged, &["--policy", &only]).0, Some(1), "a trap is the policy's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_nobody_has_is_no_preview() {
    let host = asked("full").await;
    let config = host.config.display().to_string();
    let smurtab = path("smurtab").display().to_string();
    let settings = host.config.with_file_name("settings.json");
    std::fs::write(&settings, "{}").unwrap();
    let settings = settings.display();
    let refused = |more: &[&str], mentions: &[&str]| {
        let (code, _, said) = replay(&host.log, more);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.starts_with("vigie: POL-UNKNOWN: ") && said.lines().count() == 1, "{said}");
        assert!(mentions.iter().all(|mention| said.contains(mention)), "{said}");
    };
    let mistyped = format!("smurtab-ruels={smurtab}");
    refused(
        &["--config", &config, "--policy", &mistyped],
        &["--policy names smurtab-ruels", "sidep-rules, smurtab-rules"],
    );
    let typo = format!("typo={settings}");
    refused(&["--config", &config, "--settings", &typo], &["--settings names typo", "smurtab-rules"]);
    let only = format!("smurtab-rules={smurtab}");
    refused(&["--policy", &only, "--settings", &typo], &["--settings names typo, and only smurtab-rules are asked"]);
    let right = format!("smurtab-rules={settings}");
    assert_eq!(replay(&host.log, &["--policy", &only, "--settings", &right]).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_questions_names_nobody_and_cannot_be_replayed() {
    let host = asked("none").await;
    let text = std::fs::read_to_string(&host.log).unwrap();
    assert!(!text.contains(NATIONAL_ID) && !text.contains("\"input\"") && !text.contains("outcome_digest"), "{text}");
    let only = format!("smurtab-rules={}", path("smurtab").display());
    let (code, _, said) = replay(&host.log, &["--policy", &only]);
    assert_eq!(code, Some(2));
    assert!(said.starts_with("vigie: POL-LOG-INPUT: ") && said.contains("log.input = \"full\""), "{said}");

    let (code, _, said) = replay(&path("smurtab"), &["--policy", &only]);
    assert_eq!(code, Some(2));
    assert!(said.starts_with("vigie: POL-LOG-LINE: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains("line 1"), "{said}");
    assert_eq!(replay(Path::new("absent.jsonl"), &["--policy", &only]).0, Some(2));
    assert_eq!(vigie(&["policy", "replay", "absent.jsonl"]).status.code(), Some(2), "no policy is named");
    assert!(digest("smurtab") != digest("sidep"));
}
