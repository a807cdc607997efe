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
    let output = vigie(&["log", "verify", &forged.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("vigie: POL-LOG-CHAIN: "));

    let output = vigie(&["log", "verify", &host.log.display().to_string()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.starts_with("7 lines, each follows the one before it"), "{said}");
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
