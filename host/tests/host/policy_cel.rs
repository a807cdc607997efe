//! Rules as text in the settings of an audience: what `check-config` says of them, and what a served host answers by them.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::support::components::{digest, path};
use super::support::host::{Host, SMURTAB_SECRET, claims, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::provider::Provider;

fn rule(when: &str, effect: &str, reason: &str) -> Value {
    json!({ "when": when, "effect": effect, "reason_code": reason, "reason_user": { "fr": "Oui.", "en": "Yes." } })
}

/// The first audience is asked by these rules.
fn configure(directory: &Path, provider: &Provider, rules: &[Value]) -> std::path::PathBuf {
    let file = write_config(directory, provider);
    let mut config: toml::Table = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let policy = json!({
        "id": "ward", "component": path("vigie-cel"), "digest": digest("vigie-cel").to_string(), "required": true,
        "settings": { "rules": rules },
    });
    config["audience"][0]["policy"][0] = toml::Value::try_from(policy).unwrap();
    std::fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    file
}

/// Exit code and what is said on standard error.
fn check_config(config: &Path) -> (Option<i32>, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_vigie")).args(["check-config", "--config"]).arg(config).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_answers_by_rules_that_are_text() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    // The longest chain that is taken can also be evaluated within the limits of a small policy.
    let chain = format!("{} == 121", vec!["1"; 120].join(" + "));
    let rules = [
        rule(&chain, "permit", "WARD-NEVER"),
        rule("request.action.name == 'erase'", "deny", "WARD-ERASE"),
        rule("login.practices.existsOne (p, p.profession == '10') && login.level >= eidas1", "permit", "WARD-OURS"),
    ];
    let config = configure(directory.path(), &provider, &rules);
    let (code, said) = check_config(&config);
    assert_eq!(code, Some(0), "{said}");

    let host = Host::serve(&config).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let mut body = question(&handle);
    for (action, decision, reason) in [("open", true, "WARD-OURS"), ("erase", false, "WARD-ERASE")] {
        body["action"]["name"] = action.into();
        let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &body).await.1;
        assert_eq!(
            (&answer["decision"], &answer["context"]["reason_code"]),
            (&json!(decision), &json!(reason)),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_cannot_hold_is_refused_when_it_is_loaded() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    for (when, place) in [
        ("login.practices.exists(p, true) && p.role == '1'", "line 1, column 36: nothing is named p"),
        ("true &&\n login.levl > 1", "line 2, column 8: the login has no member levl"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let rules = [rule("true", "permit", "WARD-OURS"), rule(when, "deny", "WARD-NEVER")];
        let (code, said) = check_config(&configure(directory.path(), &provider, &rules));
        assert_ne!(code, Some(0), "{said}");
        assert!(said.contains("POL-SETTINGS") && said.contains(&format!("/rules/1/when {place}")), "{said}");
    }
}
