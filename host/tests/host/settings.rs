//! One file, the environment on top of it, and the schema of both: the same checks for whatever says a setting.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use vigie_host::config::{Config, Overrides};

use super::support::host::{userinfo, write_config};
use super::support::keys::Key;
use super::support::provider::Provider;

fn vigie(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigie"));
    command.current_dir(directory).args(arguments).envs(environment.iter().copied()).output().unwrap()
}

#[tokio::test]
async fn the_environment_meets_every_check_that_the_file_meets() {
    let provider = Provider::start(Key::rs256("first"), &userinfo("10")).await;
    let directory = tempfile::tempdir().unwrap();
    write_config(directory.path(), &provider);
    let check = |environment: &[(&str, &str)]| {
        let output =
            vigie(directory.path(), &["check-config", "--config", "vigie.toml", "--format", "json"], environment);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(if report["holds"] == true { 0 } else { 1 }), "{report}");
        report
    };
    let report = check(&[]);
    assert_eq!((&report["holds"], &report["audiences"][0]["id"]), (&json!(true), &json!("smurtab")), "{report}");
    assert_eq!(report["audiences"][0]["policies"][0]["role"], "required");
    assert_eq!(
        check(&[("VIGIE__LIMITS__INSTANCES", "2"), ("VIGIE__AUDIENCE__SIDEP__MIN_ACR", "eidas2")])["holds"],
        true
    );
    for (name, value, code, word) in [
        ("VIGIE__LIMITS__TIMEUOT_MS", "100", "CFG-ENVIRONMENT", "timeuot_ms"),
        ("VIGIE__SEVRER__LISTEN", "127.0.0.1:1", "CFG-ENVIRONMENT", "sevrer"),
        ("VIGIE__LIMITS", "3", "CFG-ENVIRONMENT", "expected a table"),
        ("VIGIE__LIMITS__TIMEOUT_MS", "soon", "CFG-ENVIRONMENT", "VIGIE__LIMITS__TIMEOUT_MS"),
        ("VIGIE__LIMITS__TIMEOUT_MS", "1", "CFG-VALUE", "limits.timeout_ms"),
        ("VIGIE__AUDIENCE__NOBODY__MIN_ACR", "eidas1", "CFG-ENVIRONMENT", "NOBODY"),
        ("VIGIE__AUDIENCE__SIDEP__MIN_ACR", "eidas9", "CFG-ENVIRONMENT", "VIGIE__AUDIENCE__SIDEP__MIN_ACR"),
        ("VIGIE__AUDIENCE__SIDEP__POLICY__SIDEP_RULES__DIGEST", "sha256:00", "CFG-ENVIRONMENT", "SIDEP_RULES"),
        ("VIGIE__MODE", "production", "CFG-DEVELOPMENT-IN-PRODUCTION", "[development]"),
        ("VIGIE__LOG__ON_FULL", "perhaps", "CFG-ENVIRONMENT", "deny"),
        ("VIGIE__LOG__QUEUE", "0", "CFG-VALUE", "log.queue"),
        ("VIGIE__STATE__ENTRIES", "1", "CFG-VALUE", "state.entries"),
        ("VIGIE__STATE__PATH", "nowhere/state.redb", "CFG-VALUE", "nowhere"),
        ("VIGIE__PROVIDER__PROXY", "http://user:word@127.0.0.1:1", "CFG-VALUE", "proxy_credentials_file"),
        ("VIGIE__PROVIDER__PROXY", "socks5://127.0.0.1:1", "CFG-VALUE", "socks5"),
        ("VIGIE__PROVIDER__PROXY", "http://127.0.0.1:1", "CFG-VALUE", "connect_to"),
        ("VIGIE__PROVIDER__PROXY_CREDENTIALS_FILE", "x", "CFG-VALUE", "no provider.proxy"),
    ] {
        let report = check(&[(name, value)]);
        assert_eq!((&report["holds"], &report["code"]), (&json!(false), &json!(code)), "{name}={value}: {report}");
        assert!(report["message"].as_str().unwrap().contains(word), "{name}={value}: {report}");
        assert!(!report["help"].as_str().unwrap().is_empty());
    }
}

#[test]
fn the_schema_is_the_kept_one_and_knows_the_examples() {
    let output = vigie(Path::new("."), &["check-config", "--schema"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept: Value = serde_json::from_str(include_str!("../../vigie.schema.json")).unwrap();
    assert_eq!(printed, kept, "run `vigie check-config --schema > host/vigie.schema.json`");
    for example in [include_str!("../../examples/vigie.toml"), include_str!("../../examples/cel.toml")] {
        let value = serde_json::to_value(toml::from_str::<toml::Table>(example).unwrap()).unwrap();
        fits(&kept, &kept, &value, "");
    }
}

/// Every key of the example is one that the schema names, and every table is closed.
fn fits(root: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(choice) = schema["anyOf"].as_array() {
        let some = choice.iter().find(|one| one["type"] != "null").unwrap();
        return fits(root, some, value, place);
    }
    match value {
        Value::Object(members) if schema.get("properties").is_some() => {
            assert_eq!(schema["additionalProperties"], false, "{place} is open");
            for (key, value) in members {
                let property =
                    schema["properties"].get(key).unwrap_or_else(|| panic!("{place}.{key} is not in the schema"));
                fits(root, property, value, &format!("{place}.{key}"));
            }
        }
        Value::Array(list) => list.iter().for_each(|one| fits(root, &schema["items"], one, place)),
        _ => {}
    }
}

#[test]
fn the_unit_and_the_image_start_what_there_is() {
    let unit = include_str!("../../deploy/vigie.service");
    let image = include_str!("../../deploy/Containerfile");
    let starts = unit.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    let mut starts: Vec<Vec<&str>> = starts.map(|line| line.split(' ').skip(1).collect()).collect();
    let command = image.lines().find_map(|line| line.strip_prefix("CMD [")?.strip_suffix(']')).unwrap();
    starts.push(command.split(", ").map(|word| word.trim_matches('"')).collect());
    assert_eq!(starts.len(), 2);
    for mut start in starts {
        // The place where it will lie, which is not on this machine: known words, absent file.
        *start.last_mut().unwrap() = "absent/vigie.toml";
        let output = vigie(Path::new("."), &start, &[]);
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("vigie: CFG-MISSING: "), "{start:?} {output:?}");
    }
    // What they set holds with a file that says only what it must, so without a table [log].
    let directory = tempfile::tempdir().unwrap();
    let path = super::bad_configuration::good(directory.path());
    let text = std::fs::read_to_string(&path).unwrap();
    for recipe in [unit, image] {
        let words = recipe.lines().flat_map(|line| line.split(' ')).filter_map(|word| word.split_once("VIGIE__"));
        let variables = words.filter_map(|(_, word)| word.split_once('='));
        let variables: Vec<(OsString, OsString)> =
            variables.map(|(name, value)| (format!("VIGIE__{name}").into(), value.into())).collect();
        assert!(!variables.is_empty(), "{recipe}");
        let overrides = Overrides::from_variables(variables).unwrap();
        let config = Config::parse(&text, &path, &overrides).unwrap();
        assert_eq!(config.state, Path::new("/var/lib/vigie/state.redb"));
    }
}

#[test]
fn colour_is_for_terminals() {
    for arguments in [&["--help"][..], &["check-config", "--config", "absent.toml"], &["serve"]] {
        let output = vigie(Path::new("."), arguments, &[]);
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{arguments:?}");
    }
}
