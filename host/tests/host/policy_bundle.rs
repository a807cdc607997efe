//! Signed bundles: made, checked, and refused when anything is not as it was signed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::policy_command::question;
use super::support::components::{digest, path, wat};
use super::support::guests::guest;

/// An author's desk.
pub struct Desk(tempfile::TempDir);

impl Desk {
    /// The sample policy smurtab with one vector, and a key.
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(desk.at("project/vectors")).unwrap();
        std::fs::write(desk.at("project/Cargo.toml"), "[package]\nname = \"smurtab\"\n").unwrap();
        std::fs::copy(path("smurtab"), desk.at("project/smurtab.wasm")).unwrap();
        desk.vector("SMURTAB-CARE-PRACTICE");
        let output = desk.vigie(&["keygen", "key"]);
        assert!(output.status.success(), "{}", said(&output));
        desk
    }

    fn vector(&self, reason: &str) {
        let expect = json!({ "effect": "permit", "reason_code": reason });
        let file = json!({ "vectors": [{ "name": "a doctor", "request": question("10"), "expect": expect }] });
        std::fs::write(self.at("project/vectors/a.json"), file.to_string()).unwrap();
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn vigie(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_vigie"))
            .arg("policy")
            .args(arguments)
            .current_dir(self.0.path())
            .output()
            .unwrap()
    }

    pub fn sign(&self, revision: u32, out: &str) -> Output {
        self.vigie(&["sign", "project", "--key", "key", "--revision", &revision.to_string(), "--out", out])
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], exit: i32, code: &str) {
        let output = self.vigie(arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(exit), "{said}");
        assert!(said.starts_with(&format!("vigie: {code}: ")) && said.lines().count() == 1, "{said}");
    }

    fn verify<'a>(&self, bundle: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["verify", bundle, "--key", "key.pub.json"], more].concat()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

fn change(file: &Path, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, change(bytes)).unwrap();
}

#[test]
fn what_was_signed_is_accepted_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    assert_eq!(std::fs::metadata(desk.at("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let output = desk.sign(7, "bundle");
    assert!(output.status.success(), "{}", said(&output));
    let output = desk.vigie(&desk.verify("bundle", &["--format", "json"]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["revision"], &report["vectors"]), (&json!(7), &json!(1)));
    assert_eq!(report["digest"], digest("smurtab").to_string());

    desk.refused(&["sign", "project", "--key", "key", "--revision", "8", "--out", "bundle"], 1, "POL-EXISTS");
    desk.refused(&["keygen", "key"], 1, "POL-EXISTS");
    desk.refused(&["verify", "bundle", "--key", "project/Cargo.toml"], 2, "POL-KEY");
    desk.refused(&["verify", "project", "--key", "key.pub.json"], 2, "POL-INPUT-FILE");

    let another = desk.vigie(&["keygen", "other"]);
    assert!(another.status.success());
    desk.refused(&["verify", "bundle", "--key", "other.pub.json"], 1, "POL-SIGNATURE");

    for (file, code) in
        [("policy.wasm", "POL-BUNDLE"), ("settings.json", "POL-BUNDLE"), ("manifest.jws", "POL-SIGNATURE")]
    {
        let whole = std::fs::read(desk.at("bundle").join(file)).unwrap();
        // A letter in the middle, so that the base64url of the manifest keeps its form.
        change(&desk.at("bundle").join(file), |mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
            bytes
        });
        desk.refused(&desk.verify("bundle", &[]), 1, code);
        std::fs::write(desk.at("bundle").join(file), whole).unwrap();
    }
    std::fs::write(desk.at("bundle/vectors/more.json"), "{}").unwrap();
    desk.refused(&desk.verify("bundle", &[]), 1, "POL-BUNDLE");
    std::fs::remove_file(desk.at("bundle/vectors/more.json")).unwrap();
    std::fs::remove_file(desk.at("bundle/vectors/a.json")).unwrap();
    desk.refused(&desk.verify("bundle", &[]), 1, "POL-BUNDLE");
}

#[test]
fn a_revision_may_only_grow() {
    let desk = Desk::new();
    for revision in [1, 2, 3] {
        assert!(desk.sign(revision, &format!("r{revision}")).status.success());
    }
    desk.refused(&desk.verify("r1", &["--min-revision", "2"]), 1, "POL-REVISION");
    let state = ["--state", "seen.json"];
    assert!(desk.vigie(&desk.verify("r2", &state)).status.success());
    assert!(desk.vigie(&desk.verify("r2", &state)).status.success(), "the same one again is no step back");
    desk.refused(&desk.verify("r1", &state), 1, "POL-REVISION");
    assert!(desk.vigie(&desk.verify("r3", &state)).status.success());
    desk.refused(&desk.verify("r2", &state), 1, "POL-REVISION");

    std::fs::write(desk.at("project/vectors/b.json"), r#"{"vectors":[]}"#).unwrap();
    assert!(desk.sign(3, "r3-again").status.success());
    desk.refused(&desk.verify("r3-again", &state), 1, "POL-REVISION");
}

#[test]
fn nothing_is_signed_that_fails_its_own_vectors() {
    let desk = Desk::new();
    desk.vector("SMURTAB-NO-PRACTICE");
    desk.refused(&["sign", "project", "--key", "key", "--revision", "1", "--out", "bundle"], 1, "POL-VECTORS");
    assert!(!desk.at("bundle").exists());
    std::fs::write(desk.at("settings.json"), r#"{"categories":[]}"#).unwrap();
    let sign = ["sign", "project", "--key", "key", "--revision", "1", "--out", "bundle", "--settings", "settings.json"];
    desk.refused(&sign, 3, "POL-SETTINGS");

    // The vectors are asked with the settings that are signed: with these a doctor is not let in.
    desk.vector("SMURTAB-CARE-PRACTICE");
    std::fs::write(desk.at("settings.json"), r#"{"categories":["E"]}"#).unwrap();
    desk.refused(&sign, 1, "POL-VECTORS");
    assert!(!desk.at("bundle").exists());
}

#[test]
fn a_bundle_says_which_limits_it_wants() {
    let desk = Desk::new();
    // 300 pages of memory are more than the small class grants and less than the large one.
    let honest = guest("shell").replace("@hostile", &guest("honest"));
    let large = honest.replace("(memory (export \"memory\") 1)", "(memory (export \"memory\") 300)");
    std::fs::create_dir_all(desk.at("rules/vectors")).unwrap();
    std::fs::write(desk.at("rules/large.wasm"), wat(&large)).unwrap();
    let manifest = "name = \"rules\"\ncomponent = \"large.wasm\"\nsettings = \"settings.json\"\n";
    std::fs::write(desk.at("rules/policy.toml"), manifest).unwrap();
    std::fs::write(desk.at("rules/settings.json"), "{}").unwrap();
    let expect = json!({ "effect": "permit", "reason_code": "HOSTILE-PERMIT" });
    let file = json!({ "vectors": [{ "name": "anybody", "request": question("10"), "expect": expect }] });
    std::fs::write(desk.at("rules/vectors/a.json"), file.to_string()).unwrap();

    // A project of an interpreter is tried within the large class by itself, and so is its bundle.
    let sign = ["sign", "rules", "--key", "key", "--revision", "1", "--out", "bundle"];
    let output = desk.vigie(&sign);
    assert!(output.status.success(), "{}", said(&output));
    let output = desk.vigie(&desk.verify("bundle", &["--format", "json"]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["class"], "large");
    let output = desk.vigie(&desk.verify("bundle", &[]));
    assert!(String::from_utf8_lossy(&output.stdout).contains("wants the large class of limits"));
    desk.refused(&desk.verify("bundle", &["--class", "small"]), 3, "POL-COMPILE");

    assert!(desk.sign(1, "compiled").status.success());
    let output = desk.vigie(&desk.verify("compiled", &["--format", "json"]));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["class"], "small");
}

#[test]
fn a_key_is_made_whole_or_not_at_all() {
    let desk = Desk::new();
    std::fs::write(desk.at("half.pub.json"), "mine").unwrap();
    desk.refused(&["keygen", "half"], 1, "POL-EXISTS");
    assert!(!desk.at("half").exists(), "no private key without its public half");
    std::fs::remove_file(desk.at("half.pub.json")).unwrap();
    assert!(desk.vigie(&["keygen", "half"]).status.success(), "the next try succeeds");
}
