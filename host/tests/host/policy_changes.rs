//! Policies change while the host answers: by a file, a signal and a call; what fails changes nothing; and there is a way back.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vigie_host::engine::compiler::{Compiler, Worker};

use super::support::components::{digest, path, wat};
use super::support::guests::{guest, in_shell, write};
use super::support::host::{Host, SMURTAB_SECRET, claims, question, userinfo, write_config};
use super::support::keys::Key;
use super::support::program::Served;
use super::support::provider::Provider;

pub const OPERATOR: &str = "secret-of-the-operator-for-tests";

/// A directory with a configuration that a test changes.
pub struct Desk {
    directory: tempfile::TempDir,
    config: Mutex<Value>,
}

impl Desk {
    pub fn new(provider: &Provider) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = write_config(directory.path(), provider);
        std::fs::write(directory.path().join("operator.secret"), OPERATOR).unwrap();
        let mut config: Value = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        config["admin"] = json!({ "secret_file": "operator.secret" });
        config["policies"] = json!({ "watch": "off" });
        let desk = Self { directory, config: Mutex::new(config) };
        desk.set(|_| ());
        desk
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("vigie.toml")
    }

    /// Changes the configuration, and puts the new file in the old one's place.
    pub fn set(&self, change: impl FnOnce(&mut Value)) {
        let mut config = self.config.lock().unwrap();
        change(&mut config);
        let beside = self.path().join("vigie.toml.new");
        std::fs::write(&beside, toml::to_string(&*config).unwrap()).unwrap();
        std::fs::rename(beside, self.config()).unwrap();
    }

    /// The component of the first audience's policy.
    pub fn pin(&self, component: &Path, digest: &str) {
        self.set(|config| {
            let policy = &mut config["audience"][0]["policy"][0];
            policy["component"] = component.to_str().unwrap().into();
            policy["digest"] = digest.into();
        });
    }

    fn pin_sample(&self, name: &str) {
        self.pin(&path(name), &digest(name).to_string());
    }

    pub async fn report(&self, host: &Host) -> Value {
        report(&host.client, &host.url).await
    }
}

async fn report(client: &reqwest::Client, url: &str) -> Value {
    let answer = client.get(format!("{url}/v1/policies")).bearer_auth(OPERATOR).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

fn first(report: &Value) -> &Value {
    &report["audiences"][0]["policies"][0]
}

fn digest_of(report: &Value) -> &str {
    first(report)["digest"].as_str().unwrap()
}

async fn doctor() -> Arc<Provider> {
    Provider::start(Key::rs256("first"), &userinfo("10")).await
}

/// Looks again and again until it is so, for at most a minute.
async fn until(client: &reqwest::Client, url: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let seen = report(client, url).await;
        if is_so(&seen) {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{seen}");
    }
}

#[tokio::test]
async fn a_file_a_signal_and_a_call_have_policies_reloaded() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    desk.set(|config| config["policies"] = json!({ "watch": "files" }));
    let host = Served::start(&desk.config());
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let (url, smurtab, sidep) = (host.url(), digest("smurtab").to_string(), digest("sidep").to_string());
    assert_eq!(digest_of(&report(&client, url).await), smurtab);

    // What is written beside it all the time, as a log is, keeps nobody waiting.
    let (beside, busy) = (desk.path().join("other.log"), Arc::new(AtomicBool::new(true)));
    let is_busy = Arc::clone(&busy);
    let writer = std::thread::spawn(move || {
        while is_busy.load(Ordering::SeqCst) {
            std::fs::write(&beside, "one more line").unwrap();
        }
    });
    desk.pin_sample("sidep");
    until(&client, url, |seen| digest_of(seen) == sidep).await;
    busy.store(false, Ordering::SeqCst);
    writer.join().unwrap();

    desk.set(|config| config["policies"] = json!({ "watch": "off" }));
    host.signal("HUP");
    let with_settings = |categories: Value| {
        desk.set(|config| config["audience"][0]["policy"][0]["settings"] = json!({ "categories": categories }));
        desk.pin_sample("smurtab");
    };
    with_settings(json!(["C"]));
    host.signal("HUP");
    let before = until(&client, url, |seen| digest_of(seen) == smurtab).await;

    with_settings(json!(["C", "M"]));
    let answer = client.post(format!("{url}/v1/policies/reload")).bearer_auth(OPERATOR).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let after: Value = answer.json().await.unwrap();
    assert_eq!(digest_of(&after), smurtab);
    assert_ne!(first(&after)["settings_digest"], first(&before)["settings_digest"]);
    assert_eq!(host.terminate(), Some(0));
}

#[tokio::test]
async fn what_does_not_load_changes_nothing() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let (smurtab, other) = (digest("smurtab").to_string(), digest("vigie-verifier").to_string());
    let (version, version_digest) = write(desk.path(), "version", &wat(&guest("import-other-version")));
    let (start, start_digest) = write(desk.path(), "start", &in_shell("trap-on-start"));
    let vectors = desk.path().join("vectors");
    std::fs::create_dir(&vectors).unwrap();
    let expect = json!({ "effect": "permit", "reason_code": "SIDEP-NO-SUCH-REASON" });
    let one =
        json!({ "vectors": [{ "name": "one", "request": super::policy_command::question("10"), "expect": expect }] });
    std::fs::write(vectors.join("one.json"), one.to_string()).unwrap();
    for (component, digest, more, stage, code) in [
        (desk.path().join("nothing.wasm"), other.clone(), json!({}), "fetched", "POL-FILE"),
        (path("sidep"), other, json!({}), "fetched", "POL-DIGEST"),
        (version, version_digest.to_string(), json!({}), "inspected", "POL-IMPORT"),
        (start, start_digest.to_string(), json!({}), "inspected", "POL-LOAD"),
        (path("sidep"), digest("sidep").to_string(), json!({ "settings": { "no": 1 } }), "settings", "POL-SETTINGS"),
        (path("sidep"), digest("sidep").to_string(), json!({ "vectors": vectors }), "self-test", "POL-VECTORS"),
        (path("sidep"), digest("sidep").to_string(), json!({ "vectors": "empty" }), "self-test", "POL-NO-VECTORS"),
    ] {
        desk.pin(&component, &digest);
        desk.set(|config| {
            let policy = config["audience"][0]["policy"][0].as_object_mut().unwrap();
            policy.remove("settings");
            policy.remove("vectors");
            policy.extend(more.as_object().unwrap().clone());
        });
        let (status, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
        assert_eq!(status, 200, "one policy that fails is no failure of the call: {report}");
        let about = first(&report);
        assert_eq!((&about["state"], &about["problem"]["stage"]), (&json!("last-good"), &json!(stage)), "{about}");
        assert_eq!((about["problem"]["code"].as_str(), digest_of(&report)), (Some(code), smurtab.as_str()));
        let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
        assert_eq!(answer["context"]["reason_code"], "SMURTAB-CARE-PRACTICE", "{answer}");
    }
    std::fs::write(desk.config(), "mode = ").unwrap();
    let (status, answer) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("CFG-SYNTAX")), "{answer}");
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["decision"], true, "{answer}");
    let metrics = host.client.get(format!("{}/metrics", host.url)).send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains(r#"vigie_policy_load_failures_total{audience="smurtab",policy="smurtab-rules",stage="#),
        "{metrics}"
    );
}

#[tokio::test]
async fn the_last_good_policy_outlives_its_file_and_the_host() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let copy = desk.path().join("rules.wasm");
    std::fs::copy(path("smurtab"), &copy).unwrap();
    let smurtab = digest("smurtab").to_string();
    desk.pin(&copy, &smurtab);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let host = Served::start(&desk.config());
    assert_eq!(first(&report(&client, host.url()).await)["state"], "active");
    assert_eq!(host.terminate(), Some(0));
    std::fs::remove_file(&copy).unwrap();
    let host = Served::start(&desk.config());
    let seen = report(&client, host.url()).await;
    assert_eq!((digest_of(&seen), &first(&seen)["state"]), (smurtab.as_str(), &json!("last-good")), "{seen}");
    host.terminate();

    // A record that somebody else wrote is not believed, so there is nothing to fall back to.
    let record = desk.path().join("state.redb.policies/revisions");
    let mut bytes = std::fs::read(&record).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&record, bytes).unwrap();
    let host = Served::start(&desk.config());
    assert_eq!(first(&report(&client, host.url()).await)["state"], "missing");
    host.terminate();
}

#[tokio::test]
async fn there_is_a_way_back_and_it_holds() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Host::serve(&desk.config()).await.unwrap();
    let (smurtab, sidep) = (digest("smurtab").to_string(), digest("sidep").to_string());
    let back = json!({ "audience": "smurtab", "policy": "smurtab-rules" });
    let (status, answer) = host.post("/v1/policies/rollback", OPERATOR, &back).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("POL-NOT-KEPT")), "{answer}");
    let unknown = json!({ "audience": "smurtab", "policy": "other" });
    assert_eq!(host.post("/v1/policies/rollback", OPERATOR, &unknown).await.1["code"], "POL-UNKNOWN");

    desk.pin_sample("sidep");
    let (_, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
    assert_eq!(digest_of(&report), sidep);
    let (status, report) = host.post("/v1/policies/rollback", OPERATOR, &back).await;
    assert_eq!((status, digest_of(&report)), (200, smurtab.as_str()), "{report}");
    assert_eq!(first(&report)["state"], "rolled-back");
    // The configuration still names what was rolled back from; another look at it must not bring that back.
    let (_, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
    assert_eq!((digest_of(&report), &first(&report)["state"]), (smurtab.as_str(), &json!("rolled-back")));

    // It can be gone forward too, by name.
    let forward = json!({ "audience": "smurtab", "policy": "smurtab-rules", "digest": sidep });
    let (_, report) = host.post("/v1/policies/rollback", OPERATOR, &forward).await;
    assert_eq!((digest_of(&report), &first(&report)["state"]), (sidep.as_str(), &json!("active")), "{report}");

    let names: Vec<_> = first(&report)["retired"].as_array().unwrap().iter().map(|one| one["digest"].clone()).collect();
    assert_eq!(names, [json!(smurtab)]);
}

#[tokio::test]
async fn a_roll_back_outlives_the_host() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let (smurtab, sidep) = (digest("smurtab").to_string(), digest("sidep").to_string());
    assert_eq!(Served::start(&desk.config()).terminate(), Some(0));
    desk.pin_sample("sidep");
    let host = Served::start(&desk.config());
    assert_eq!(digest_of(&report(&client, host.url()).await), sidep);
    let back = json!({ "audience": "smurtab", "policy": "smurtab-rules" });
    let call = client.post(format!("{}/v1/policies/rollback", host.url())).bearer_auth(OPERATOR).json(&back);
    assert_eq!(call.send().await.unwrap().status(), 200);
    assert_eq!(host.terminate(), Some(0));
    let host = Served::start(&desk.config());
    let seen = report(&client, host.url()).await;
    assert_eq!((digest_of(&seen), &first(&seen)["state"]), (smurtab.as_str(), &json!("rolled-back")), "{seen}");
    assert_eq!(host.terminate(), Some(0));
    // Until the configuration names something else than what was rolled back from.
    desk.set(|config| config["audience"][0]["policy"][0]["settings"] = json!({ "categories": ["C"] }));
    desk.pin_sample("smurtab");
    let host = Served::start(&desk.config());
    let seen = report(&client, host.url()).await;
    assert_eq!((digest_of(&seen), &first(&seen)["state"]), (smurtab.as_str(), &json!("active")), "{seen}");
    assert_eq!(host.terminate(), Some(0));
}

#[tokio::test]
async fn three_retired_revisions_are_kept() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Host::serve(&desk.config()).await.unwrap();
    let mut taken = Vec::new();
    for number in 0..5 {
        let (honest, honest_digest) = honest(desk.path(), number);
        desk.pin(&honest, &honest_digest);
        let (_, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
        assert_eq!((digest_of(&report), &first(&report)["state"]), (honest_digest.as_str(), &json!("active")));
        taken.push(json!(honest_digest));
    }
    let report = desk.report(&host).await;
    let names: Vec<_> = first(&report)["retired"].as_array().unwrap().iter().map(|one| one["digest"].clone()).collect();
    assert_eq!(names, [taken[3].clone(), taken[2].clone(), taken[1].clone()]);
    let copy = |digest: &Value| {
        let name = digest.as_str().unwrap().trim_start_matches("sha256:").to_owned();
        desk.path().join("state.redb.policies").join(name + ".wasm").exists()
    };
    assert_eq!(taken.iter().map(copy).collect::<Vec<_>>(), [false, true, true, true, true], "no copy is left behind");
    let to = |digest: &Value| json!({ "audience": "smurtab", "policy": "smurtab-rules", "digest": digest });
    let (status, answer) = host.post("/v1/policies/rollback", OPERATOR, &to(&taken[0])).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("POL-NOT-KEPT")), "{answer}");
    let (_, report) = host.post("/v1/policies/rollback", OPERATOR, &to(&taken[1])).await;
    assert_eq!(json!(digest_of(&report)), taken[1], "{report}");
}

/// The honest policy once more, as another component each time.
fn honest(directory: &Path, number: usize) -> (PathBuf, String) {
    let text = format!("(core module $other{number} (func)) {}", guest("honest"));
    let (path, digest) =
        write(directory, &format!("honest-{number}"), &wat(&guest("shell").replace("@hostile", &text)));
    (path, digest.to_string())
}

#[tokio::test]
async fn what_needs_a_login_does_not_return_where_there_is_none() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    assert_eq!(Served::start(&desk.config()).terminate(), Some(0));
    desk.set(|config| {
        let audience = config["audience"][0].as_object_mut().unwrap();
        for key in ["issuer", "client_id", "min_acr", "clock_skew_s", "userinfo", "forward_auth"] {
            audience.remove(key).unwrap();
        }
        audience.insert("subject".into(), "asserted".into());
    });
    let host = Served::start(&desk.config());
    let seen = report(&client, host.url()).await;
    let about = first(&seen);
    assert_eq!((&about["state"], &about["problem"]["code"]), (&json!("missing"), &json!("POL-NEEDS-LOGIN")), "{about}");
    let (honest, honest_digest) = write(desk.path(), "honest", &in_shell("honest"));
    desk.pin(&honest, &honest_digest.to_string());
    let call = async |path: &str, body: &Value| {
        let sent = client.post(format!("{}{path}", host.url())).bearer_auth(OPERATOR).json(body).send().await.unwrap();
        (sent.status().as_u16(), sent.json::<Value>().await.unwrap())
    };
    assert_eq!(first(&call("/v1/policies/reload", &json!({})).await.1)["state"], "active");
    let back = json!({ "audience": "smurtab", "policy": "smurtab-rules" });
    let (status, answer) = call("/v1/policies/rollback", &back).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("POL-NEEDS-LOGIN")), "{answer}");
    assert_eq!(first(&report(&client, host.url()).await)["state"], "active");
    assert_eq!(host.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_compiler_but_who_wants_its_work() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    // A compiler that waits at a gate, once there is one.
    let (script, gate, reached) = (desk.path().join("compiler"), desk.path().join("gate"), desk.path().join("reached"));
    let text = format!(
        "#!/bin/sh\nif [ -p '{gate}' ]; then : > '{reached}'; read _ < '{gate}'; fi\nexec '{vigie}' \"$@\"\n",
        gate = gate.display(),
        reached = reached.display(),
        vigie = env!("CARGO_BIN_EXE_vigie")
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let compiler = Compiler::Worker(Worker::new(script, 120_000, 4 << 30));
    let host = Arc::new(Host::serve_compiled_by(&desk.config(), &compiler).await.unwrap());
    desk.pin_sample("sidep");
    assert_eq!(digest_of(&host.post("/v1/policies/reload", OPERATOR, &json!({})).await.1), digest("sidep").to_string());

    assert!(Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let (honest, honest_digest) = write(desk.path(), "honest", &in_shell("honest"));
    desk.pin(&honest, &honest_digest.to_string());
    let caller = Arc::clone(&host);
    let reload = tokio::spawn(async move { caller.post("/v1/policies/reload", OPERATOR, &json!({})).await.1 });
    super::support::program::until("the compiler is at the gate", async || reached.exists()).await;
    assert!(host.metrics().await.contains("vigie_policy_quarantined"));
    let back = json!({ "audience": "smurtab", "policy": "smurtab-rules" });
    let (status, seen) = host.post("/v1/policies/rollback", OPERATOR, &back).await;
    assert_eq!((status, digest_of(&seen)), (200, digest("smurtab").to_string().as_str()), "{seen}");
    assert!(!reload.is_finished());
    // What the reload brings is what the configuration says after the roll back, which was from something else.
    std::fs::write(&gate, "open\n").unwrap();
    let after = reload.await.unwrap();
    assert_eq!(digest_of(&after), honest_digest.to_string(), "{after}");
    let retired: Vec<_> =
        first(&after)["retired"].as_array().unwrap().iter().map(|one| one["digest"].clone()).collect();
    assert_eq!(retired, [json!(digest("smurtab").to_string()), json!(digest("sidep").to_string())]);
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_a_change() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (root, client) = (desk.path(), reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap());
    // A release of two that `current` leads to, whose first has another component than the configuration names.
    for (release, component) in [("release-1", "smurtab"), ("release-2", "sidep")] {
        std::fs::create_dir(root.join(release)).unwrap();
        std::fs::copy(path(component), root.join(release).join("rules.wasm")).unwrap();
    }
    let lead = |link: &str, to: &str| {
        symlink(to, root.join("new-link")).unwrap();
        std::fs::rename(root.join("new-link"), root.join(link)).unwrap();
    };
    lead("current", "release-1");
    desk.set(|config| {
        config["policies"] = json!({ "watch": "files" });
        config["audience"][1]["policy"][0]["component"] = json!(root.join("current/rules.wasm"));
    });
    // A volume as Kubernetes makes it: the file is a link into ..data, which is a link to the version.
    for version in ["..1", "..2"] {
        std::fs::create_dir(root.join(version)).unwrap();
    }
    std::fs::copy(desk.config(), root.join("..1/vigie.toml")).unwrap();
    desk.pin_sample("sidep");
    std::fs::rename(desk.config(), root.join("..2/vigie.toml")).unwrap();
    lead("..data", "..1");
    lead("vigie.toml", "..data/vigie.toml");
    let host = Served::start(&desk.config());
    let seen = report(&client, host.url()).await;
    assert_eq!(digest_of(&seen), digest("smurtab").to_string());
    assert_eq!(seen["audiences"][1]["policies"][0]["problem"]["code"], "POL-DIGEST");

    lead("current", "release-2");
    until(&client, host.url(), |seen| seen["audiences"][1]["policies"][0]["state"] == "active").await;
    lead("..data", "..2");
    until(&client, host.url(), |seen| digest_of(seen) == digest("sidep").to_string()).await;
    assert_eq!(host.terminate(), Some(0));
}

#[tokio::test]
async fn only_an_operator_changes_policies() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Host::serve(&desk.config()).await.unwrap();
    for secret in [SMURTAB_SECRET, "another-secret-of-some-length", "x"] {
        for route in ["/v1/policies/reload", "/v1/policies/rollback"] {
            assert_eq!(host.post(route, secret, &json!({})).await.0, 401);
        }
        let answer = host.client.get(format!("{}/v1/policies", host.url)).bearer_auth(secret).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    assert_eq!(host.post("/access/v1/evaluation", OPERATOR, &question("x")).await.0, 401);
    let (status, answer) = host.post("/v1/policies/rollback", OPERATOR, &json!({ "audience": 7 })).await;
    assert_eq!((status, answer["code"].as_str()), (400, Some("HTTP-BODY")));

    desk.set(|config| {
        config["state"]["path"] = "another.redb".into();
        drop(config.as_object_mut().unwrap().remove("admin"));
    });
    let closed = Host::serve(&desk.config()).await.unwrap();
    assert_eq!(closed.post("/v1/policies/reload", OPERATOR, &json!({})).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_under_load_fails_no_request() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Arc::new(Host::serve(&desk.config()).await.unwrap());
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let (host, handle, done) = (Arc::clone(&host), handle.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut digests = std::collections::BTreeSet::new();
                let mut asked = 0;
                // Not fewer than fifty, not more than a few thousand on a fast machine.
                while asked < 50 || (!done.load(Ordering::SeqCst) && asked < 5_000) {
                    let (status, answer) = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await;
                    assert_eq!((status, &answer["decision"]), (200, &json!(true)), "{answer}");
                    let policies = answer["context"]["policies"].as_array().unwrap();
                    assert_eq!(policies.len(), 1, "one table, never parts of two: {answer}");
                    digests.insert(policies[0]["digest"].as_str().unwrap().to_owned());
                    asked += 1;
                }
                digests
            })
        })
        .collect();
    let (honest, honest_digest) = write(desk.path(), "honest", &in_shell("honest"));
    for round in 0..6 {
        match round % 2 {
            0 => desk.pin(&honest, &honest_digest.to_string()),
            _ => desk.pin_sample("smurtab"),
        }
        let (status, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
        assert_eq!((status, &first(&report)["state"]), (200, &json!("active")), "{report}");
        let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
        assert_eq!(
            answer["context"]["policies"][0]["digest"],
            digest_of(&report),
            "the next question is the new policy's"
        );
    }
    done.store(true, Ordering::SeqCst);
    for caller in callers {
        assert!(!caller.await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_hundred_policies() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let (honest, honest_digest) = write(desk.path(), "honest", &in_shell("honest"));
    desk.set(|config| {
        let policies = (0..100).map(|number| {
            json!({
                "id": format!("rules-{number}"), "component": honest, "digest": honest_digest.to_string(),
                "required": true, "settings": { "number": number },
            })
        });
        config["audience"][0]["policy"] = policies.collect();
    });
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["decision"], true, "{answer}");
    assert_eq!(answer["context"]["policies"].as_array().unwrap().len(), 100);
}
