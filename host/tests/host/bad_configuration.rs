//! Whatever is wrong with a configuration ends in one sentence with a code and a next action, and a non-zero exit.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vigie_host::config::{Config, ConfigError, Overrides, Source};

use super::support::components;

/// A configuration that holds, but for its component files, which do not exist.
const GOOD: &str = r#"
mode = "development"

[server]
listen = "127.0.0.1:0"

[state]
path = "state.redb"
entries = 1000

[verifier]
component = "vigie-verifier.wasm"

[development]
connect_to = [{ host = "auth.esw.esante.gouv.fr", to = "127.0.0.1:8443" }]

[limits]
timeout_ms = 100
memory_bytes = 16777216
table_elements = 10000
stack_bytes = 262144
hostcall_bytes = 1048576
instances = 4
request_bytes = 65536
log_lines = 20
log_line_bytes = 1024
outcome_bytes = 16384
compile_timeout_ms = 120000
compile_memory_bytes = 4294967296

[[audience]]
id = "smurtab"
issuer = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet"
client_id = "smurtab"
caller_secret_file = "smurtab.secret"
min_acr = "eidas1"
clock_skew_s = 5
userinfo = "fetch"

[[audience.policy]]
id = "rules"
component = "smurtab.wasm"
digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
required = true
"#;

/// Writes it, with its secret; returns where it is.
pub fn good(directory: &Path) -> PathBuf {
    std::fs::write(directory.join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    let path = directory.join("vigie.toml");
    std::fs::write(&path, GOOD).unwrap();
    path
}

fn vigie(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigie")).current_dir(directory).args(arguments).output().unwrap()
}

/// The first column of the answer is the code; it is one line, and no panic.
fn refused(output: &Output, code: &str, mentions: &[&str]) {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with(&format!("vigie: {code}: ")), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for word in mentions {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

fn check(config: &str, code: &str, mentions: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    std::fs::write(directory.path().join("vigie.toml"), config).unwrap();
    for command in ["check-config", "serve"] {
        refused(&vigie(directory.path(), &[command, "--config", "vigie.toml"]), code, mentions);
    }
}

#[test]
fn a_missing_file() {
    let directory = tempfile::tempdir().unwrap();
    refused(&vigie(directory.path(), &["serve", "--config", "nowhere.toml"]), "CFG-MISSING", &["nowhere.toml"]);
}

#[test]
fn a_file_that_is_no_text() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("vigie.toml"), b"mode = \"development\"\n# caf\xe9\n").unwrap();
    for command in ["check-config", "serve"] {
        let output = vigie(directory.path(), &[command, "--config", "vigie.toml"]);
        refused(&output, "CFG-SYNTAX", &["vigie.toml", "not UTF-8 text", "line 2", "Save it as UTF-8"]);
        let output = vigie(directory.path(), &[command, "--config", "."]);
        refused(&output, "CFG-UNREADABLE", &["is a directory", "Name the file"]);
    }
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    let config = GOOD.replace("timeout_ms = 100", "timeout_ms = 100\ntimeuot_ms = 100");
    check(&config, "CFG-SYNTAX", &["vigie.toml, line 19, column 1", "timeuot_ms"]);
}

#[test]
fn a_missing_limit_is_named() {
    check(&GOOD.replace("stack_bytes = 262144\n", ""), "CFG-SYNTAX", &["stack_bytes"]);
}

#[test]
fn values_that_cannot_be() {
    for (from, to, word) in [
        ("timeout_ms = 100", "timeout_ms = 1", "timeout_ms"),
        ("memory_bytes = 16777216", "memory_bytes = 16777217", "65536"),
        ("clock_skew_s = 5", "clock_skew_s = 31", "30"),
        ("to = \"127.0.0.1:8443\"", "to = \"192.0.2.1:8443\"", "192.0.2.1"),
        ("https://auth", "http://auth", "https"),
        ("esante-wallet\"", "esante-wallet/\"", "slash"),
        ("id = \"smurtab\"", "id = \"SMURT@B\"", "a-z"),
    ] {
        check(&GOOD.replacen(from, to, 1), "CFG-VALUE", &[word]);
    }
    for (from, to) in [
        ("\"eidas1\"", "\"eidas9\""),
        ("\"fetch\"", "\"guess\""),
        ("sha256:e3", "sha256:E3"),
        ("mode = \"dev", "mode = \"prod"),
    ] {
        check(&GOOD.replacen(from, to, 1), "CFG-SYNTAX", &["line"]);
    }
}

#[test]
fn a_policy_says_what_it_is_and_where_it_comes_from() {
    for (from, to, word) in [
        ("required = true", "required = true\nshadow = true", "neither required nor advisory"),
        ("required = true", "required = true\nclass = \"large\"", "[limits.large]"),
        ("required = true", "required = true\nmin_revision = 3", "belong to a bundle"),
        ("required = true", "required = true\nbundle = \"b\"", "both a component and a bundle"),
        ("component = \"smurtab.wasm\"\n", "", "neither a component nor a bundle"),
        ("component = \"smurtab.wasm\"", "bundle = \"b\"", "no key"),
        ("component = \"smurtab.wasm\"", "bundle = \"b\"\nkey = \"k\"", "leave them out"),
        ("id = \"rules\"", "id = \"\"", "1 to 64"),
        ("compile_timeout_ms = 120000", "compile_timeout_ms = 1", "limits.compile_timeout_ms"),
        ("[limits]", "[admin]\nsecret_file = \"nowhere\"\n[limits]", "admin.secret_file"),
        ("[limits]", "[admin]\nsecret_file = \"smurtab.secret\"\n[limits]", "the same secret as audience"),
    ] {
        check(&GOOD.replacen(from, to, 1), "CFG-VALUE", &[word]);
    }
    // The same when a certificate is demanded beside it: the operator's secret alone names no caller, and is shared all the same.
    let pinned = format!("caller_certificates = [\"sha256:{}\"]", "0".repeat(64));
    let both = GOOD.replacen("[limits]", "[admin]\nsecret_file = \"smurtab.secret\"\n[limits]", 1);
    let both = both.replacen("clock_skew_s", &format!("{pinned}\nclock_skew_s"), 1);
    let tls = "[server.tls]\ncertificate = \"no.pem\"\nkey = \"no.key\"\n\n[state]";
    check(&both.replacen("[state]", tls, 1), "CFG-VALUE", &["admin.secret_file", "the same secret as audience"]);
    let shadow_only = GOOD.replace("required = true", "shadow = true");
    check(&shadow_only, "CFG-NO-REQUIRED-POLICY", &["smurtab"]);
    let silent = GOOD.replace("required = true", "")
        + "[[audience.policy]]\nid = \"other\"\nbundle = \"b\"\nkey = \"k\"\nrequired = true\n";
    check(&silent, "CFG-VALUE", &["neither required"]);
    let large = GOOD.replace("[[audience]]", "[limits.large]\ntimeout_ms = 1000\n\n[[audience]]");
    check(&large, "CFG-SYNTAX", &["memory_bytes"]);
}

#[test]
fn production_knows_no_development_table() {
    check(&GOOD.replace("\"development\"", "\"production\""), "CFG-DEVELOPMENT-IN-PRODUCTION", &["[development]"]);
}

#[test]
fn an_audience_that_could_only_deny() {
    check(&GOOD.replace("required = true", "required = false"), "CFG-NO-REQUIRED-POLICY", &["smurtab"]);
}

#[test]
fn who_asks_and_who_vouches() {
    // The same host for subjects that its caller asserts.
    let asserted = GOOD
        .replace("issuer = \"https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet\"\n", "subject = \"asserted\"\n")
        .replace("client_id = \"smurtab\"\n", "")
        .replace("min_acr = \"eidas1\"\nclock_skew_s = 5\nuserinfo = \"fetch\"\n", "");
    let holds = |config: &str| {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
        let path = directory.path().join("vigie.toml");
        Config::parse(config, &path, &Overrides::default()).unwrap()
    };
    assert_eq!(holds(&asserted).audiences[0].subject(), "asserted");
    assert_eq!(holds(GOOD).audiences[0].subject(), "verified");
    check(&asserted.replace("subject =", "min_acr = \"eidas1\"\nsubject ="), "CFG-VALUE", &["min_acr", "asserted"]);
    let open = asserted.replace("caller_secret_file = \"smurtab.secret\"\n", "");
    assert!(holds(&open).audiences[0].callers.are_open());
    check(&open.replace("127.0.0.1:0", "192.0.2.1:0"), "CFG-OPEN", &["192.0.2.1", "smurtab"]);
    let (_, audience) = asserted.split_once("[[audience]]").unwrap();
    let second = format!("{open}\n[[audience]]{}", audience.replacen("smurtab", "second", 1));
    check(&second, "CFG-VALUE", &["alone"]);
    check(&GOOD.replace("caller_secret_file = \"smurtab.secret\"\n", ""), "CFG-CALLER", &["caller_certificates"]);
    for missing in [
        "issuer = \"https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet\"\n",
        "min_acr = \"eidas1\"\n",
        "clock_skew_s = 5\n",
    ] {
        let key = missing.split(' ').next().unwrap();
        check(&GOOD.replace(missing, ""), "CFG-VALUE", &[key, "missing"]);
    }
    let pinned = GOOD.replace(
        "caller_secret_file = \"smurtab.secret\"",
        &format!("caller_certificates = [{:?}]", components::digest("smurtab").to_string()),
    );
    check(&pinned, "CFG-VALUE", &["caller_certificates", "[server.tls]"]);
}

#[test]
fn production_sends_nothing_in_clear_over_a_network() {
    let production = GOOD
        .replace("\"development\"", "\"production\"")
        .replace("[development]\nconnect_to = [{ host = \"auth.esw.esante.gouv.fr\", to = \"127.0.0.1:8443\" }]\n", "")
        .replace(
            "component = \"vigie-verifier.wasm\"",
            &format!(
                "component = \"vigie-verifier.wasm\"\ndigest = {:?}",
                components::digest("vigie-verifier").to_string()
            ),
        );
    check(&production, "POL-FILE", &["vigie-verifier.wasm"]);
    let network = production.replace("127.0.0.1:0", "192.0.2.1:8181");
    check(&network, "CFG-CLEAR-TEXT", &["192.0.2.1:8181", "[server.tls]"]);
    // An address of the command line is held to the same.
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    std::fs::write(directory.path().join("vigie.toml"), &production).unwrap();
    let output = vigie(directory.path(), &["serve", "--config", "vigie.toml", "--listen", "192.0.2.1:8181"]);
    refused(&output, "CFG-CLEAR-TEXT", &["192.0.2.1:8181"]);
    let encrypted =
        |config: &str| config.replace("[state]", "[server.tls]\ncertificate = \"no.pem\"\nkey = \"no.key\"\n\n[state]");
    std::fs::write(directory.path().join("vigie.toml"), encrypted(&network)).unwrap();
    let output = vigie(directory.path(), &["serve", "--config", "vigie.toml"]);
    refused(&output, "CFG-CERTIFICATE", &["no.pem"]);
}

#[test]
fn a_policy_that_needs_logins_does_not_stand_where_there_are_none() {
    let config = GOOD
        .replace("issuer = \"https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet\"\n", "subject = \"asserted\"\n")
        .replace("client_id = \"smurtab\"\n", "")
        .replace("min_acr = \"eidas1\"\nclock_skew_s = 5\nuserinfo = \"fetch\"\n", "")
        .replace("vigie-verifier.wasm", &components::path("vigie-verifier").display().to_string())
        .replace("\"smurtab.wasm\"", &format!("{:?}", components::path("smurtab").display().to_string()))
        .replace(
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &components::digest("smurtab").to_string(),
        );
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    std::fs::write(directory.path().join("vigie.toml"), &config).unwrap();
    let output = vigie(directory.path(), &["check-config", "--config", "vigie.toml"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("POL-NEEDS-LOGIN") && text.contains("smurtab"), "{text}");
}

#[test]
fn a_secret_that_is_missing_or_short() {
    check(&GOOD.replace("smurtab.secret", "other.secret"), "CFG-SECRET", &["other.secret"]);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "short").unwrap();
    std::fs::write(directory.path().join("vigie.toml"), GOOD).unwrap();
    let output = vigie(directory.path(), &["check-config", "--config", "vigie.toml"]);
    refused(&output, "CFG-SECRET", &["5 characters"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("short."), "the secret itself is not shown");
}

#[test]
fn a_port_in_an_issuer_that_is_redirected() {
    let verifier = components::path("vigie-verifier");
    let smurtab = components::path("smurtab");
    let config = GOOD
        .replace("esante.gouv.fr/auth", "esante.gouv.fr:8444/auth")
        .replace("vigie-verifier.wasm", &verifier.display().to_string())
        .replace("\"smurtab.wasm\"", &format!("{:?}", smurtab.display().to_string()))
        .replace(
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &components::digest("smurtab").to_string(),
        );
    check(&config, "CFG-CONNECT-TO", &["auth.esw.esante.gouv.fr"]);
}

#[test]
fn a_pool_that_cannot_be_reserved() {
    let config = GOOD
        .replace("instances = 4", "instances = 100000")
        .replace("memory_bytes = 16777216", "memory_bytes = 1073741824");
    check(&config, "POL-POOL", &["instances"]);
}

#[test]
fn a_component_that_is_missing() {
    check(GOOD, "POL-FILE", &["vigie-verifier.wasm", "cargo xtask build"]);
}

#[test]
fn a_digest_that_does_not_match() {
    let config = GOOD
        .replace("vigie-verifier.wasm", &components::path("vigie-verifier").display().to_string())
        .replace("\"smurtab.wasm\"", &format!("{:?}", components::path("smurtab").display().to_string()));
    check(&config, "POL-DIGEST", &["e3b0c442", &components::digest("smurtab").to_string()]);
}

#[test]
fn a_policy_that_wants_wasi() {
    let directory = tempfile::tempdir().unwrap();
    let wasi = components::wat(
        r#"(component (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64))))))"#,
    );
    let path = directory.path().join("wasi.wasm");
    std::fs::write(&path, &wasi).unwrap();
    let config = GOOD
        .replace("vigie-verifier.wasm", &components::path("vigie-verifier").display().to_string())
        .replace("\"smurtab.wasm\"", &format!("{:?}", path.display().to_string()))
        .replace(
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            &vigie_host::digest::Digest::of(&wasi).to_string(),
        );
    check(&config, "POL-IMPORT", &["wasi:random/random@0.2.0", "wasm32-unknown-unknown"]);
}

#[test]
fn a_port_in_use() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    std::fs::write(directory.path().join("vigie.toml"), GOOD).unwrap();
    let output = vigie(directory.path(), &["serve", "--config", "vigie.toml", "--listen", &address]);
    refused(&output, "CFG-PORT-IN-USE", &[&address, "--listen"]);
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in
        [&["serve"][..], &["inspect", "id"], &["inspect", "shoe", "x"], &["inspect", "id", "x", "--jsonl"], &["fly"]]
    {
        assert_eq!(vigie(directory.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
}

/// True for a line that becomes a setting, or begins a table, when its first two characters are taken away.
fn is_commented(line: &str) -> bool {
    line.strip_prefix("# ").is_some_and(|rest| {
        let key = rest.split(" = ").next().unwrap_or_default();
        rest.starts_with('[') || (key != rest && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    })
}

#[test]
fn every_key_of_the_example_can_be_uncommented() {
    let example = include_str!("../../examples/vigie.toml");
    let lines: Vec<&str> = example.lines().collect();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    let mut seen = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_commented(line)) {
        // A table comes with what is below it, as far as the next empty line.
        let end = if line.starts_with("# [") {
            at + lines[at..].iter().position(|line| line.is_empty()).unwrap_or(lines.len() - at)
        } else {
            at + 1
        };
        let below_a_table =
            lines[..at].iter().rev().take_while(|line| !line.is_empty()).any(|line| line.starts_with("# ["));
        if below_a_table {
            continue;
        }
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            let is_wanted = (at..end).contains(&number) && is_commented(line);
            text.push_str(if is_wanted { &line[2..] } else { line });
            text.push('\n');
        }
        // Files that it names are not there, and a bundle excludes a component; but what is written is understood.
        match Config::parse(&text, &directory.path().join("vigie.toml"), &Overrides::none()) {
            Err(error @ ConfigError::Syntax { .. }) => panic!("{line}: {error}"),
            Ok(_) | Err(_) => seen += 1,
        }
    }
    assert!(seen >= 20, "{seen}");
}

#[test]
fn two_state_files_never_share_a_folder_of_policies() {
    let directory = tempfile::tempdir().unwrap();
    let path = good(directory.path());
    let folder = |state: &str| {
        let text = GOOD.replace("state.redb", state);
        Config::parse(&text, &path, &Overrides::none()).unwrap().policies.folder
    };
    assert_ne!(folder("data.v1"), folder("data.v2"));
    assert_eq!(folder("data.v1"), directory.path().join("data.v1.policies"));
}

#[test]
fn the_example_holds_but_for_its_digest() {
    let example = include_str!("../../examples/vigie.toml");
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("smurtab.secret"), "a-secret-of-enough-length").unwrap();
    let config = Config::parse(example, &directory.path().join("vigie.toml"), &Overrides::none()).unwrap();
    let Source::Component { settings, .. } = &config.audiences[0].policies[0].source else { panic!("a component") };
    assert_eq!(settings, r#"{"categories":["C","M"]}"#);
}
