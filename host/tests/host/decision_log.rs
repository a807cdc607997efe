//! The decision log as a file: what a line says, who it is about, where it goes when it grows, and what happens when it cannot be kept.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::policy_changes::Desk;
use super::support::guests::{in_shell, write};
use super::support::host::{
    Host, NATIONAL_ID, RELAY_SECRET, SIDEP_SECRET, SMURTAB_SECRET, SUBJECT, claims, eager, login_body, question,
    userinfo, write_config,
};
use super::support::keys::Key;
use super::support::program::{Served, until};
use super::support::provider::Provider;

fn vigie(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigie")).args(arguments).output().unwrap()
}

fn verified(log: &Path) -> Value {
    let output = vigie(&["log", "verify", "--format", "json", log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn with_log(provider: &Provider, from: &str, to: &str) -> Host {
    Host::start_edited(provider, &eager(), |text| {
        assert!(text.contains(from), "{text}");
        text.replace(from, to)
    })
    .await
}

#[tokio::test]
async fn a_line_has_the_names_that_others_read() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = with_log(&provider, "[log]\n", "[log]\nlabels = { site = \"nord\" }\n").await;
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await;
    host.post("/access/v1/evaluation", SMURTAB_SECRET, &question("no-handle")).await;
    let lines = host.log_lines();
    let line = &lines[1];
    assert_eq!(line["timestamp"], "2026-05-28T20:26:40Z", "NOW, as RFC 3339 has it");
    assert_eq!((&line["path"], &line["requested_by"]), (&json!("access/v1/evaluation"), &json!("smurtab")));
    assert_eq!((&line["req_id"], &line["result"]), (&json!(2), &json!(true)));
    assert_eq!(line["bundles"]["smurtab-rules"]["revision"], line["policies"][0]["digest"]);
    assert!(line["metrics"]["timer_policy_evaluation_ns"].as_u64().unwrap() > 0);
    assert_eq!((&line["erased"], &line["masked"]), (&json!(["/input"]), &json!(["/person"])));
    let labels = &line["labels"];
    assert_eq!((&labels["site"], &labels["version"]), (&json!("nord"), &json!(env!("CARGO_PKG_VERSION"))));
    assert_eq!(labels["id"], lines[0]["labels"]["id"]);
    assert!(labels["id"].as_str().unwrap().len() >= 16);
    assert_eq!((&lines[2]["masked"], lines[2].get("person")), (&json!([]), None), "nobody was found");
}

#[tokio::test]
async fn a_person_has_one_word_in_it_and_the_key_can_find_it() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start(&provider, &eager()).await;
    for (secret, client) in [(SMURTAB_SECRET, "smurtab"), (SIDEP_SECRET, "sidep")] {
        let mut id = claims(client);
        id["jti"] = client.into();
        let handle = host.log_in(secret, &provider.key.sign(&id)).await;
        host.post("/access/v1/evaluation", secret, &question(&handle)).await;
    }
    let lines = host.log_lines();
    let word = lines[0]["person"].as_str().unwrap().to_owned();
    assert!(word.starts_with("person_") && lines.iter().all(|line| line["person"] == word.as_str()), "{lines:?}");
    let key = host.config.with_file_name("state.redb.pseudonym-key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let config = host.config.display().to_string();
    let ask = |audience: &str, person: &str| {
        let script = "printf '%s\\n' \"$0\" | \"$@\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, person, env!("CARGO_BIN_EXE_vigie")]);
        command.args(["log", "pseudonym", "--config", &config, "--audience", audience]).output().unwrap()
    };
    let said = ask("smurtab", NATIONAL_ID);
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), word);
    assert_ne!(String::from_utf8_lossy(&ask("smurtab", "899700366240").stdout).trim(), word);
    let (long, control) = ("8".repeat(2_000), format!("{NATIONAL_ID}\u{1}"));
    for refused in [ask("nobody", NATIONAL_ID), ask("smurtab", ""), ask("smurtab", &long), ask("smurtab", &control)] {
        assert_eq!(refused.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&refused.stderr).starts_with("vigie: CFG-VALUE: "));
    }
    // Without the key nothing leads from a number to a line.
    std::fs::remove_file(&key).unwrap();
    let refused = ask("smurtab", NATIONAL_ID);
    assert!(String::from_utf8_lossy(&refused.stderr).starts_with("vigie: CFG-PSEUDONYM-KEY: "));
}

#[tokio::test]
async fn a_policy_that_writes_who_asks_is_masked() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let desk = Desk::new(&provider);
    let (guest, guest_digest) = write(desk.path(), "log-subject", &in_shell("log-subject"));
    desk.pin(&guest, &guest_digest.to_string());
    desk.set(|config| {
        let mut shadow = config["audience"][0]["policy"][0].clone();
        shadow["id"] = "shadow".into();
        shadow["shadow"] = true.into();
        shadow.as_object_mut().unwrap().remove("required").unwrap();
        config["audience"][0]["policy"].as_array_mut().unwrap().push(shadow);
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1["decision"], true);
    let text = std::fs::read_to_string(&host.log).unwrap();
    for name in [NATIONAL_ID, SUBJECT, "99700218896", "550dc1c8-d97b"] {
        assert!(!text.contains(name), "{name} is in {text}");
    }
    let line = &host.log_lines()[1];
    let mut pointers = vec!["/person".to_owned()];
    for (at, policy) in line["policies"].as_array().unwrap().iter().enumerate() {
        let lines = policy["log"].as_array().unwrap();
        assert_eq!((lines.len(), &policy["reason_admin"]), (7, &json!("[masked]")), "{policy}");
        assert_eq!(
            (&lines[0], &lines[5], &lines[6]),
            (&json!("[masked]"), &json!("who: [masked]"), &json!("who: [masked]"))
        );
        pointers.push(format!("/policies/{at}/reason_admin"));
        pointers.extend((0..7).map(|line| format!("/policies/{at}/log/{line}")));
    }
    assert_eq!(line["masked"], json!(pointers), "{line}");

    // Beside the question itself nothing is hidden, or a replay would find other words.
    desk.set(|config| {
        config["state"]["path"] = "another.redb".into();
        config["log"]["input"] = "full".into();
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await;
    let line = host.log_lines().pop().unwrap();
    assert_eq!((&line["policies"][0]["log"][0], &line["masked"]), (&json!(NATIONAL_ID), &json!(["/person"])), "{line}");
}

#[tokio::test]
async fn what_could_be_a_token_reaches_neither_policies_nor_the_log() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = Host::start_logging(&provider, &eager(), "full").await;
    let token = provider.key.sign(&claims("smurtab"));
    let handle = host.log_in(SMURTAB_SECRET, &token).await;
    let mut asked = question(&handle);
    asked["context"]["gateway"] =
        json!({ "authorization": format!("Bearer {token}"), "list": [handle, "kept"], "ip": "192.0.2.1" });
    asked["context"]["id_token"] = json!("by its name");
    for part in ["subject", "action", "resource"] {
        asked[part]["properties"] = json!({ "token": token, "kept": part });
    }
    let mut batch = asked.clone();
    batch["evaluations"] = json!([{}]);
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &asked).await.1["decision"], true);
    let answer = host.post("/access/v1/evaluations", SMURTAB_SECRET, &batch).await.1;
    assert_eq!(answer["evaluations"][0]["decision"], true, "{answer}");
    let lines = host.log_lines();
    assert_eq!(lines.len(), 3);
    for line in &lines[1..] {
        let text = line.to_string();
        assert!(!text.contains(&token) && !text.contains(&handle), "{text}");
        let input = &line["input"];
        assert_eq!(input["context"], json!({ "gateway": { "list": [null, "kept"], "ip": "192.0.2.1" } }), "{input}");
        assert_eq!(input["subject"]["properties"], json!({ "kept": "subject" }), "{input}");
        assert_eq!(input["action_properties"], json!({ "kept": "action" }), "{input}");
        assert_eq!(input["target"]["properties"], json!({ "kept": "resource" }), "{input}");
    }
}

#[tokio::test]
async fn asserted_and_verified_subjects_of_one_host_never_mix() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let desk = Desk::new(&provider);
    let (guest, guest_digest) = write(desk.path(), "log-subject", &in_shell("log-subject"));
    desk.set(|config| {
        let audience = config["audience"][1].as_object_mut().unwrap();
        for key in ["issuer", "client_id", "min_acr", "clock_skew_s", "userinfo", "forward_auth"] {
            audience.remove(key).unwrap();
        }
        audience.insert("subject".into(), "asserted".into());
        audience["policy"][0]["component"] = json!(guest);
        audience["policy"][0]["digest"] = guest_digest.to_string().into();
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let ask = async |secret: &str| host.post("/access/v1/evaluation", secret, &question(&handle)).await.1;
    assert_eq!(ask(SMURTAB_SECRET).await["decision"], true);
    // There a caller vouches itself, and a login of the other audience is none.
    let answer = ask(SIDEP_SECRET).await;
    assert_eq!(answer["code"], "HTTP-ASSERTED", "{answer}");
    let mut vouched = question(&handle);
    vouched["context"] = json!({});
    let answer = host.post("/access/v1/evaluation", SIDEP_SECRET, &vouched).await.1;
    let evidence = &answer["context"]["evidence"];
    assert_eq!((&answer["decision"], &evidence[0]["check"]), (&json!(true), &json!("subject")), "{answer}");
    assert_eq!(evidence.get(1), None, "nothing of a login: {answer}");
    // And whoever is vouched for there is nobody here.
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &vouched).await.1;
    assert_eq!(answer["context"]["reason_code"], "HTTP-LOGIN-MISSING", "{answer}");
    let (status, answer) = host.post("/v1/logins", SIDEP_SECRET, &login_body("x")).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-ASSERTED")), "{answer}");
    let revoked = host.post("/v1/logins/revoke", SIDEP_SECRET, &json!({ "login": handle, "scope": "person" })).await.1;
    assert_eq!(revoked["count"], 0, "{revoked}");
    let form = format!("token={handle}");
    let introspect = host.client.post(format!("{}/introspect", host.url)).basic_auth("sidep", Some(SIDEP_SECRET));
    let introspect = introspect.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(introspect.send().await.unwrap().json::<Value>().await.unwrap(), json!({ "active": false }));
    assert_eq!(ask(SMURTAB_SECRET).await["decision"], true, "it was not ended by the other caller");

    let lines: Vec<Value> = host.log_lines().into_iter().filter(|line| line["event"] == "decision").collect();
    let words: Vec<_> = lines.iter().map(|line| (line["audience"].clone(), line["subject"].clone())).collect();
    let (verified, asserted) = ((json!("smurtab"), json!("verified")), (json!("sidep"), json!("asserted")));
    assert_eq!(words, [verified.clone(), asserted, verified.clone(), verified]);
    assert_ne!(lines[0]["person"], lines[1]["person"], "the same word of the caller is not the same person");
    assert_eq!(lines[1]["policies"][0]["log"], json!(["[masked]"]), "the policy saw the subject and no login");
}

/// Linux, `O_NONBLOCK` (open(2)).
const NO_DELAY: i32 = 0o4000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_too_many_lines_waiting_is_refused() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("decisions = \"decisions.jsonl\"", &format!("decisions = {:?}", pipe.to_str().unwrap()));
    std::fs::write(&config, text.replace("queue = 1024", "queue = 1").replace("instances = 4", "instances = 16"))
        .unwrap();
    let served = Served::start(&config);
    // A full pipe that nobody reads: one line is being written, one waits, and more are too many.
    let mut both_ends = std::fs::OpenOptions::new().read(true).write(true).custom_flags(NO_DELAY).open(&pipe).unwrap();
    let mut full = 0;
    while let Ok(written) = both_ends.write(&[b'\n'; 4096]) {
        full += written;
    }
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    for _ in 0..4 {
        let call = client.post(format!("{}/access/v1/evaluation", served.url())).bearer_auth(RELAY_SECRET);
        let (sent, tell) = (call.json(&question("none")).send(), tell.clone());
        tokio::spawn(async move {
            let answer = sent.await.unwrap();
            tell.send((answer.status().as_u16(), answer.json::<Value>().await.unwrap())).unwrap();
        });
    }
    for _ in 0..2 {
        let (status, answer) = told.recv().await.unwrap();
        assert_eq!((status, &answer["code"]), (503, &json!("HTTP-RECORDS")), "{answer}");
    }
    both_ends.read_exact(&mut vec![0; full]).unwrap();
    for _ in 0..2 {
        let (status, answer) = told.recv().await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(served.terminate(), Some(0));
}

#[tokio::test]
async fn a_log_that_cannot_be_written_withholds_the_answer_or_is_counted() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let token = provider.key.sign(&claims("smurtab"));
    let full = "decisions = \"/dev/full\"";
    let host = with_log(&provider, "decisions = \"decisions.jsonl\"", full).await;
    let (status, answer) = host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await;
    assert_eq!((status, &answer["code"]), (503, &json!("HTTP-RECORDS")), "{answer}");
    let (status, _) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question("none")).await;
    assert_eq!(status, 503, "a refusal is a decision too");
    assert!(host.metrics().await.contains("vigie_decision_log_dropped_total 0"));

    let host = Host::start_edited(&provider, &eager(), |text| {
        text.replace("decisions = \"decisions.jsonl\"", full).replace("on_full = \"deny\"", "on_full = \"drop\"")
    })
    .await;
    assert_eq!(host.post("/v1/logins", SMURTAB_SECRET, &login_body(&token)).await.0, 201);
    assert_eq!(host.post("/access/v1/evaluation", SMURTAB_SECRET, &question("none")).await.0, 200);
    let metrics = host.metrics().await;
    assert!(metrics.contains("vigie_decision_log_dropped_total 2"), "{metrics}");
}

/// Questions without a login, each of which leaves one line.
async fn ask_many(url: &str, count: usize) {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    for _ in 0..count {
        let sent = client.post(format!("{url}/access/v1/evaluation")).bearer_auth(RELAY_SECRET).json(&question("none"));
        assert_eq!(sent.send().await.unwrap().status(), 200);
    }
}

fn set_aside(log: &Path) -> Vec<String> {
    let names = std::fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> =
        names.map(|name| name.into_string().unwrap()).filter(|name| name.starts_with("decisions.jsonl.")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn it_is_set_aside_by_size_and_the_chain_goes_on() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let host = with_log(&provider, "[log]\n", "[log]\nrotate_bytes = 65536\nkeep_files = 2\n").await;
    until("four files", async || {
        ask_many(&host.url, 20).await;
        set_aside(&host.log).last().is_some_and(|name| name.ends_with(".000004"))
    })
    .await;
    assert_eq!(set_aside(&host.log), ["decisions.jsonl.000003", "decisions.jsonl.000004"], "older ones are removed");
    for name in set_aside(&host.log) {
        assert!(std::fs::metadata(host.log.with_file_name(name)).unwrap().len() <= 65_536);
    }
    let report = verified(&host.log);
    assert!(report["lines"].as_u64().unwrap() > 100 && report["before"].is_string() && report["torn"] == 0, "{report}");
    // A file that is missing in between shows.
    std::fs::remove_file(host.log.with_file_name("decisions.jsonl.000004")).unwrap();
    let output = vigie(&["log", "verify", host.log.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("vigie: POL-LOG-CHAIN: "));
}

#[tokio::test]
async fn it_is_set_aside_at_a_signal_and_across_a_restart() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let log = directory.path().join("decisions.jsonl");
    let served = Served::start(&config);
    ask_many(served.url(), 3).await;
    served.signal("USR1");
    until("the file is set aside", async || set_aside(&log).len() == 1).await;
    ask_many(served.url(), 2).await;
    // Another program may move it; then the signal has it opened anew.
    std::fs::rename(&log, directory.path().join("decisions.jsonl.000007")).unwrap();
    served.signal("USR1");
    until("the file is opened anew", async || log.exists()).await;
    assert_eq!(served.terminate(), Some(0));
    let served = Served::start(&config);
    ask_many(served.url(), 1).await;
    assert_eq!(served.terminate(), Some(0));
    let report = verified(&log);
    assert_eq!((&report["lines"], &report["before"]), (&json!(6), &Value::Null), "{report}");
    let named: Vec<String> = ["decisions.jsonl.000007", "decisions.jsonl.000001"]
        .iter()
        .map(|name| directory.path().join(name).display().to_string())
        .collect();
    let output = vigie(&["log", "verify", &named[0], &named[1]]);
    assert_eq!(output.status.code(), Some(1), "out of order");
}

#[tokio::test]
async fn a_line_that_a_crash_cut_is_said_and_the_chain_goes_on() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    let config = write_config(directory.path(), &provider);
    let log = directory.path().join("decisions.jsonl");
    let served = Served::start(&config);
    ask_many(served.url(), 2).await;
    served.kill();
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.truncate(bytes.len() - 100);
    std::fs::write(&log, &bytes).unwrap();
    let served = Served::start_with(&config, &format!("exec 2>{}", directory.path().join("said").display()), &[]);
    ask_many(served.url(), 1).await;
    served.kill();
    let said = std::fs::read_to_string(directory.path().join("said")).unwrap();
    assert!(said.contains("CFG-LOG-TORN"), "{said}");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("\"event\":\"recovery\""), "{text}");
    let report = verified(&log);
    assert_eq!((&report["lines"], &report["torn"]), (&json!(3), &json!(1)), "{report}");
}

#[test]
fn what_is_no_log_is_not_called_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("picture.png");
    std::fs::write(&file, b"\x89PNG\n\0\0\n\xff\xfe\nIHDR\n").unwrap();
    let output = vigie(&["log", "verify", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("POL-LOG-LINE") && said.contains("holds no line of a decision log"), "{said}");
    // An empty log is a log in which nothing happened yet.
    std::fs::write(&file, b"").unwrap();
    assert!(vigie(&["log", "verify", file.to_str().unwrap()]).status.success());
}
