//! Where policies come from, what they may use, who checks signatures, and the way back from a command line.

use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::{Value, json};
use vigie_host::problem::Explain;

use super::policy_bundle;
use super::policy_changes::{Desk, OPERATOR};
use super::support::components::{digest, path, wat};
use super::support::guests::{guest, write};
use super::support::host::{Host, SMURTAB_SECRET, claims, question, userinfo};
use super::support::keys::Key;
use super::support::provider::Provider;

async fn doctor() -> Arc<Provider> {
    Provider::start(Key::rs256("first"), &userinfo("10")).await
}

async fn reload(host: &Host) -> Value {
    let (status, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
    assert_eq!(status, 200, "{report}");
    report["audiences"][0]["policies"][0].clone()
}

#[tokio::test]
async fn a_signed_bundle_is_taken_and_may_only_grow() {
    let provider = doctor().await;
    let (desk, author) = (Desk::new(&provider), policy_bundle::Desk::new());
    for revision in [1, 2] {
        // Each with settings of its own, or they would be one and the same policy.
        let settings = json!({ "categories": (0..revision).map(|at| ["C", "M"][at as usize]).collect::<Vec<_>>() });
        std::fs::write(author.at("settings.json"), settings.to_string()).unwrap();
        let (number, out) = (revision.to_string(), format!("r{revision}"));
        let sign =
            ["sign", "project", "--key", "key", "--settings", "settings.json", "--revision", &number, "--out", &out];
        let signed = author.vigie(&sign);
        assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    }
    let serve = |bundle: &str, key: &str| {
        let policy =
            json!({ "id": "smurtab-rules", "bundle": author.at(bundle), "key": author.at(key), "required": true });
        desk.set(|config| config["audience"][0]["policy"] = json!([policy]));
    };
    serve("r1", "key.pub.json");
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let first = desk.report(&host).await["audiences"][0]["policies"][0].clone();
    assert_eq!((&first["bundle_revision"], &first["state"]), (&json!(1), &json!("active")), "{first}");
    serve("r2", "key.pub.json");
    assert_eq!(reload(&host).await["bundle_revision"], 2);

    assert!(author.vigie(&["keygen", "other"]).status.success());
    let mut forged = std::fs::read(author.at("r1/policy.wasm")).unwrap();
    std::fs::create_dir(author.at("forged")).unwrap();
    for file in ["manifest.jws", "settings.json"] {
        std::fs::copy(author.at("r2").join(file), author.at("forged").join(file)).unwrap();
    }
    *forged.last_mut().unwrap() ^= 1;
    std::fs::write(author.at("forged/policy.wasm"), forged).unwrap();
    for (bundle, key, code) in [
        ("r1", "key.pub.json", "POL-REVISION"),
        ("r2", "other.pub.json", "POL-SIGNATURE"),
        ("r2", "nowhere.pub.json", "POL-INPUT-FILE"),
        ("forged", "key.pub.json", "POL-BUNDLE"),
        ("nowhere", "key.pub.json", "POL-INPUT-FILE"),
    ] {
        serve(bundle, key);
        let about = reload(&host).await;
        assert_eq!((&about["state"], &about["bundle_revision"]), (&json!("last-good"), &json!(2)), "{about}");
        let problem = &about["problem"];
        assert_eq!((problem["code"].as_str(), problem["stage"].as_str()), (Some(code), Some("signature")), "{about}");
    }
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["decision"], true, "{answer}");
}

#[tokio::test]
async fn the_same_content_under_another_revision_counts_too() {
    let provider = doctor().await;
    let (desk, author) = (Desk::new(&provider), policy_bundle::Desk::new());
    for revision in [1, 2, 5] {
        assert!(author.sign(revision, &format!("r{revision}")).status.success());
    }
    let bundle = |name: &str, least: u64| {
        let (bundle, key) = (author.at(name), author.at("key.pub.json"));
        json!([{ "id": "smurtab-rules", "bundle": bundle, "key": key, "required": true, "min_revision": least }])
    };
    let serve = |name: &str, least: u64| desk.set(|config| config["audience"][0]["policy"] = bundle(name, least));
    serve("r1", 0);
    // Another audience is still at an older revision of the same bundle, and is none the worse for it.
    desk.set(|config| config["audience"][2]["policy"] = bundle("r2", 0));
    let host = Host::serve(&desk.config()).await.unwrap();
    let first = desk.report(&host).await["audiences"][0]["policies"][0].clone();
    assert_eq!((&first["bundle_revision"], &first["state"]), (&json!(1), &json!("active")), "{first}");

    serve("r5", 0);
    let about = reload(&host).await;
    assert_eq!((&about["bundle_revision"], &about["state"]), (&json!(5), &json!("active")), "{about}");
    assert_eq!((&about["retired"], &about["since"]), (&json!([]), &first["since"]), "nothing else was exchanged");
    for (name, least) in [("r2", 0), ("r5", 6)] {
        serve(name, least);
        let about = reload(&host).await;
        assert_eq!(
            (&about["problem"]["code"], &about["bundle_revision"]),
            (&json!("POL-REVISION"), &json!(5)),
            "{about}"
        );
    }
    serve("r5", 5);
    let (_, report) = host.post("/v1/policies/reload", OPERATOR, &json!({})).await;
    for (audience, revision) in [(0, 5), (2, 2)] {
        let about = &report["audiences"][audience]["policies"][0];
        assert_eq!((&about["bundle_revision"], &about["state"]), (&json!(revision), &json!("active")), "{about}");
    }
}

#[tokio::test]
async fn vectors_that_change_are_asked_again() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let vectors = desk.path().join("vectors");
    std::fs::create_dir(&vectors).unwrap();
    let expect = |reason: &str| {
        let expect = json!({ "effect": "permit", "reason_code": reason });
        let question = super::policy_command::question("10");
        let text = json!({ "vectors": [{ "name": "one", "request": question, "expect": expect }] }).to_string();
        std::fs::write(vectors.join("one.json"), text).unwrap();
    };
    expect("SMURTAB-CARE-PRACTICE");
    desk.set(|config| config["audience"][0]["policy"][0]["vectors"] = json!(vectors));
    let host = Host::serve(&desk.config()).await.unwrap();
    assert_eq!(reload(&host).await["state"], "active");
    expect("SMURTAB-NO-PRACTICE");
    let about = reload(&host).await;
    assert_eq!((&about["problem"]["code"], &about["state"]), (&json!("POL-VECTORS"), &json!("last-good")), "{about}");
    expect("SMURTAB-CARE-PRACTICE");
    assert_eq!(reload(&host).await["state"], "active");
}

#[tokio::test]
async fn a_large_policy_needs_the_class_that_grants_it() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let honest = guest("shell").replace("@hostile", &guest("honest"));
    // 300 pages are more than limits.memory_bytes and less than limits.large.memory_bytes.
    let large = honest.replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 300)");
    let (large, large_digest) = write(desk.path(), "large", &wat(&large));
    let host = Host::serve(&desk.config()).await.unwrap();
    desk.pin(&large, &large_digest.to_string());
    let about = reload(&host).await;
    assert_eq!((&about["state"], &about["problem"]["code"]), (&json!("last-good"), &json!("POL-COMPILE")), "{about}");

    desk.set(|config| {
        config["limits"]["large"] = json!({
            "timeout_ms": 5_000, "memory_bytes": 64 << 20, "table_elements": 10_000, "stack_bytes": 512 << 10, "instances": 2,
        });
        config["audience"][0]["policy"][0]["class"] = "large".into();
    });
    let about = reload(&host).await;
    assert_eq!(about["problem"]["code"], "POL-CLASS", "limits are read at the start: {about}");
    desk.set(|config| config["state"]["path"] = "another.redb".into());
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["context"]["reason_code"], "HOSTILE-PERMIT", "{answer}");
}

#[tokio::test]
async fn signatures_are_checked_where_the_configuration_says() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let engine = |component: &str, engine: &str| {
        desk.set(|config| config["verifier"] = json!({ "component": path(component), "engine": engine }));
    };
    for (component, word) in [("vigie-verifier", "pure"), ("vigie-verifier-pure", "host")] {
        engine(component, word);
        let error = Host::serve(&desk.config()).await.err().expect("it started");
        assert_eq!(error.code(), "CFG-VERIFIER-ENGINE", "{error}");
    }
    engine("vigie-verifier-pure", "pure");
    let host = Host::serve(&desk.config()).await.unwrap();
    let handle = host.log_in(SMURTAB_SECRET, &provider.key.sign(&claims("smurtab"))).await;
    let answer = host.post("/access/v1/evaluation", SMURTAB_SECRET, &question(&handle)).await.1;
    assert_eq!(answer["decision"], true, "{answer}");
    assert_eq!(answer["context"]["core_digest"], digest("vigie-verifier-pure").to_string());
    let (status, answer) = host
        .post(
            "/v1/logins",
            SMURTAB_SECRET,
            &super::support::host::login_body(&Key::rs256("first").sign(&claims("smurtab"))),
        )
        .await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("TOK-SIGNATURE")), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_rolls_back() {
    let provider = doctor().await;
    let desk = Desk::new(&provider);
    let host = Host::serve(&desk.config()).await.unwrap();
    desk.pin(&path("sidep"), &digest("sidep").to_string());
    assert_eq!(reload(&host).await["digest"], digest("sidep").to_string());
    let roll_back = |url: &str, secret: &str, policy: &str| -> Output {
        Command::new(env!("CARGO_BIN_EXE_vigie"))
            .args(["policy", "rollback", "smurtab", policy, "--url", url, "--secret-file", secret])
            .current_dir(desk.path())
            .output()
            .unwrap()
    };
    let output = roll_back(&host.url, "operator.secret", "smurtab-rules");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(said, format!("smurtab asks smurtab-rules {} (rolled-back)\n", digest("smurtab")));
    for (url, secret, policy, code) in [
        (host.url.as_str(), "operator.secret", "smurtab-rules", "POL-NOT-KEPT"),
        (host.url.as_str(), "operator.secret", "other", "POL-UNKNOWN"),
        (host.url.as_str(), "smurtab.secret", "smurtab-rules", "HTTP-CALLER"),
        (host.url.as_str(), "nothing.secret", "smurtab-rules", "POL-INPUT-FILE"),
        ("http://127.0.0.1:1", "operator.secret", "smurtab-rules", "POL-HOST"),
        (&format!("{}/nowhere", host.url), "operator.secret", "smurtab-rules", "POL-HOST-ANSWER"),
    ] {
        let output = roll_back(url, secret, policy);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with(&format!("vigie: {code}: ")) && said.lines().count() == 1, "{said}");
        assert!(!said.contains(OPERATOR), "{said}");
    }
}
