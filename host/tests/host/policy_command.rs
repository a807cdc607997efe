//! `vigie policy` on the command line: what it says of a component, how it answers, and how each mistake reads.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::support::components::{digest, path, wat};

fn vigie(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigie"))
        .arg("policy")
        .args(arguments)
        .env("VIGIE_COMPONENTS", path("smurtab").parent().unwrap())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON; it said: {}", said(output)))
}

/// One sentence on standard error, with the code, and the exit code.
#[track_caller]
fn refused(arguments: &[&str], exit: i32, code: &str, mentions: &[&str]) {
    let output = vigie(arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(exit), "{said}");
    assert!(said.starts_with(&format!("vigie: {code}: ")) && said.lines().count() == 1, "{said}");
    for mention in mentions {
        assert!(said.contains(mention), "{mention:?} is not in: {said}");
    }
}

/// A question about a person with one practice of this profession, and one of the published test identities.
pub fn question(profession: &str) -> Value {
    json!({
        "now": 1_780_000_000, "audience": "test",
        "login": {
            "identity": {
                "issuer": "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet", "subject": "s",
                "national_id": "899700218896", "rpps": "99700218896",
                "identifiers": [{ "origin": "RPPS", "value": "899700218896" }],
                "practices": [{ "profession": profession, "category": "C" }],
            },
            "level": "eidas1", "auth_mode": "mobile", "verified_at": 1_780_000_000, "userinfo": "fetched", "evidence": [],
        },
        "subject": { "kind": "user", "id": "s" }, "action": "open", "target": { "kind": "board", "id": "b-1" },
    })
}

/// A project around the sample policy smurtab, with these vectors.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("vectors")).unwrap();
        let project = Self(directory);
        project.write("Cargo.toml", "[package]\nname = \"smurtab\"\n");
        project
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.path().join(name), text).unwrap();
        self.place(name)
    }

    fn place(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn directory(&self) -> String {
        self.0.path().display().to_string()
    }
}

fn vector(name: &str, profession: &str, effect: &str, reason: &str) -> Value {
    json!({ "name": name, "request": question(profession), "expect": { "effect": effect, "reason_code": reason } })
}

fn component() -> String {
    path("smurtab").display().to_string()
}

fn guest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests").join(format!("{name}.wat"))
}

#[test]
fn inspect_says_what_a_component_is() {
    let seen = json_of(&vigie(&["inspect", &component(), "--format", "json"]));
    assert_eq!(seen["digest"], digest("smurtab").to_string());
    assert_eq!(seen["size"], std::fs::metadata(path("smurtab")).unwrap().len());
    assert_eq!(seen["settings_schema"]["type"], "object");
    let list =
        |member: &str| seen[member].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>();
    assert!(list("imports").iter().all(|import| import.starts_with("vigie:policy/")), "{seen}");
    assert_eq!(list("exports"), ["vigie:policy/lifecycle@0.1.0", "vigie:policy/decide@0.1.0"]);
    assert!(list("reason_codes").contains(&"SMURTAB-NOT-A-CARE-PRACTICE"));

    let output = vigie(&["inspect", &component()]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["smurtab 0.1.0", "vigie:policy/decide@0.1.0", &digest("smurtab").to_string(), "minItems"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn a_component_that_the_host_would_refuse_is_named_with_its_import() {
    let project = Project::new();
    let file = |name: &str, text: &str| {
        std::fs::write(project.0.path().join(name), wat(text)).unwrap();
        project.place(name)
    };
    let wasi = file("wasi.wasm", r#"(component (import "wasi:clocks/wall-clock@0.2.3" (instance)))"#);
    refused(&["inspect", &wasi], 3, "POL-IMPORT", &[&wasi, "wasi:clocks/wall-clock@0.2.3", "wasm32-unknown-unknown"]);
    let later = file("later.wasm", r#"(component (import "vigie:policy/log@0.2.0" (instance)))"#);
    let mentions = ["vigie:policy/log@0.2.0", "version of the contract", "`vigie policy new`"];
    refused(&["inspect", &later], 3, "POL-IMPORT", &mentions);
    let exports = r#"(component (instance $i) (export "vigie:policy/lifecycle@0.2.0" (instance $i)))"#;
    let exports = file("exports.wasm", exports);
    refused(&["inspect", &exports], 3, "POL-EXPORT", &["exports vigie:policy/lifecycle@0.2.0", "does not speak"]);
    let text = project.write("text.wasm", "not wasm");
    refused(&["inspect", &text], 3, "POL-COMPILE", &[&text, "`vigie policy build`"]);
    refused(&["inspect", &project.place("absent.wasm")], 3, "POL-FILE", &["absent.wasm", "`vigie policy build`"]);
}

#[test]
fn run_answers_with_its_exit_code() {
    let project = Project::new();
    let doctor = project.write("doctor.json", &question("10").to_string());
    let other = project.write("other.json", &question("41").to_string());
    let student = project.write("settings.json", r#"{"categories":["E"]}"#);

    let output = vigie(&["run", &component(), "--request", &doctor]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("permit SMURTAB-CARE-PRACTICE\n  fr: "), "{text}");

    let output = vigie(&["run", &component(), "--request", &other, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json_of(&output)["answer"]["reason_code"], "SMURTAB-NOT-A-CARE-PRACTICE");
    let output = vigie(&["run", &component(), "--request", &doctor, "--settings", &student]);
    assert_eq!(output.status.code(), Some(1), "the settings are asked with");

    let wrong = project.write("wrong.json", r#"{"categories":["C","X"]}"#);
    refused(&["run", &component(), "--request", &doctor, "--settings", &wrong], 3, "POL-SETTINGS", &["/categories/1"]);
    let latin = project.place("latin.json");
    std::fs::write(&latin, b"{\n\"categories\":[\"\xe9\"]}").unwrap();
    let run = ["run", &component(), "--request", &doctor, "--settings", &latin];
    refused(&run, 2, "POL-INPUT", &["latin.json, line 2: this is not UTF-8 text"]);
    let list = project.write("list.json", "[]");
    refused(&["run", &component(), "--request", &doctor, "--settings", &list], 2, "POL-INPUT", &["list.json, line 1"]);
    refused(&["run", &component(), "--request", &project.place("absent.json")], 2, "POL-INPUT-FILE", &["absent.json"]);
    let unknown = project.write("unknown.json", &question("10").to_string().replace("\"level\"", "\"acr\""));
    refused(&["run", &component(), "--request", &unknown], 2, "POL-INPUT", &["at login.acr: unknown field `acr`"]);
    let deep = project.write("deep.json", &"[".repeat(100_000));
    refused(&["run", &component(), "--request", &deep], 2, "POL-INPUT", &["deep.json, line 1"]);
}

#[test]
fn a_reason_that_was_not_declared_is_named() {
    let text = |name: &str| std::fs::read_to_string(guest(name)).unwrap();
    let project = Project::new();
    let whole = wat(&text("shell").replace("@hostile", &text("outcome-undeclared-code")));
    std::fs::write(project.0.path().join("guest.wasm"), whole).unwrap();
    let request = project.write("request.json", &question("10").to_string());
    let guest = project.place("guest.wasm");
    let run = ["run", &guest, "--request", &request];
    refused(&run, 3, "POL-REASON", &[&guest, "the reason HOSTILE-SECRET, which its description does not list"]);
    let bench = ["bench", &guest, "--request", &request, "--rounds", "1"];
    refused(&bench, 3, "POL-REASON", &[&guest, &request, "the reason HOSTILE-SECRET, which"]);

    project.write("Cargo.toml", "[package]\nname = \"guest\"\n");
    let vectors = json!({ "vectors": [vector("any", "10", "permit", "HOSTILE-PERMIT")] });
    project.write("vectors/a.json", &vectors.to_string());
    let output = vigie(&["test", &project.directory()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("the reason HOSTILE-SECRET, which"));
    let bench = ["bench", &project.directory(), "--rounds", "1"];
    refused(&bench, 3, "POL-REASON", &["vectors/a.json, line 1, \"any\"", "the reason HOSTILE-SECRET, which"]);
}

#[test]
fn settings_that_are_refused_or_missing_are_found_in_their_file() {
    let project = Project::new();
    let doctor = project.write("doctor.json", &question("10").to_string());
    let wrong = "{\n  \"categories\": [\n    \"C\",\n    \"X\"\n  ]\n}";
    let settings = project.write("settings.json", wrong);
    let place = format!("{settings}, line 4: component ");
    let mentions = [place.as_str(), "smurtab.wasm refuses these settings: /categories/1 "];
    refused(&["run", &component(), "--request", &doctor, "--settings", &settings], 3, "POL-SETTINGS", &mentions);
    let bench = ["bench", &component(), "--request", &doctor, "--settings", &settings];
    refused(&bench, 3, "POL-SETTINGS", &mentions);

    // In a file of vectors, the line is that of the vectors.
    let mut one = vector("a doctor", "10", "permit", "SMURTAB-CARE-PRACTICE");
    one["settings"] = json!({ "categories": ["C", "X"] });
    let text = serde_json::to_string_pretty(&json!({ "vectors": [one] })).unwrap();
    let file = project.write("vectors/a.json", &text);
    let line = text.lines().position(|line| line.contains("\"X\"")).unwrap() + 1;
    let report = json_of(&vigie(&["test", &project.directory(), "--format", "json"]));
    let problem = report["vectors"][0]["problem"].as_str().unwrap();
    assert!(problem.starts_with(&format!("POL-SETTINGS: {file}, line {line}: component ")), "{problem}");

    // Those of an interpreter's project are in its own file.
    let rules = Project::new();
    rules.write("policy.toml", "name = \"r\"\ncomponent = \"smurtab.wasm\"\nsettings = \"settings.json\"\n");
    let own = rules.write("settings.json", wrong);
    let place = format!("{own}, line 4");
    refused(&["run", &rules.directory(), "--request", &doctor], 3, "POL-SETTINGS", &[&place]);

    // This one cannot do without, and is told none.
    let structures = path("allow-structures").display().to_string();
    let run = ["run", &structures, "--request", &doctor];
    refused(&run, 3, "POL-SETTINGS", &["allow-structures.wasm wants settings, and none are given", "--settings"]);
}

/// A guest with another text in the place of one of the same length in its description.
fn described(from: &str, to: &str) -> Vec<u8> {
    let text = |name: &str| std::fs::read_to_string(guest(name)).unwrap();
    let whole = text("shell").replace("@hostile", &text("outcome-undeclared-code"));
    assert_eq!(whole.matches(from).count(), 1);
    wat(&whole.replace(from, to))
}

#[test]
fn what_a_component_says_of_itself_is_only_shown() {
    let project = Project::new();
    let file = project.place("guest.wasm");
    // A line of its own, and what clears a terminal.
    std::fs::write(&file, described("A guest that breaks its contract", "A\\0adigest sha256:0\\1b[2J its contra"))
        .unwrap();
    let output = vigie(&["inspect", &file]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text.contains("A digest sha256:0 [2J its"), "{text:?}");
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");

    std::fs::write(&file, described("\"{}\"", "\"[]\"")).unwrap();
    refused(&["inspect", &file], 3, "POL-SCHEMA", &[&file, "is no JSON object"]);
}

#[test]
fn vectors_hold_or_say_where_they_do_not() {
    let project = Project::new();
    let vectors = json!({ "vectors": [
        vector("a doctor", "10", "permit", "SMURTAB-CARE-PRACTICE"),
        vector("a social worker", "41", "deny", "SMURTAB-NOT-A-CARE-PRACTICE"),
    ] });
    project.write("vectors/a.json", &serde_json::to_string_pretty(&vectors).unwrap());
    let output = vigie(&["test", &project.directory()]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text} {}", said(&output));
    assert!(text.contains("2 of 2 vectors hold") && text.contains("SMURTAB-NO-PRACTICE"), "{text}");

    let report = json_of(&vigie(&["test", &project.directory(), "--format", "json"]));
    assert_eq!(report["coverage"]["unreached"], json!(["SMURTAB-LEVEL-UNKNOWN", "SMURTAB-NO-PRACTICE"]));
    assert_eq!((&report["passed"], &report["failed"]), (&json!(2), &json!(0)));
    assert_eq!(vigie(&["test", &project.directory(), "--full-coverage"]).status.code(), Some(1));

    let mut obliged = vector("an obligation that is not there", "10", "permit", "SMURTAB-CARE-PRACTICE");
    obliged["expect"]["obligations"] = json!([{ "kind": "step-up", "properties": { "acr_value": "eidas2" } }]);
    let mut settings = vector("settings that it refuses", "10", "permit", "SMURTAB-CARE-PRACTICE");
    settings["settings"] = json!({ "categories": [] });
    let mut in_spite = vector("settings that it refuses, asked in spite of that", "10", "deny", "SETTINGS-REFUSED");
    in_spite["settings"] = json!({ "categories": [] });
    let wrong = vector("wrong", "41", "permit", "SMURTAB-ADMITTED");
    let vectors = json!({ "vectors": [obliged, settings, in_spite, wrong] });
    project.write("vectors/b.json", &serde_json::to_string_pretty(&vectors).unwrap());
    let output = vigie(&["test", &project.directory(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = json_of(&output);
    let problems: Vec<&str> =
        report["vectors"].as_array().unwrap().iter().filter_map(|one| one["problem"].as_str()).collect();
    assert_eq!(problems.len(), 3, "{report}");
    assert!(
        problems[0].starts_with("expected the obligations step-up {\"acr_value\":\"eidas2\"}; the policy answers none")
    );
    assert!(problems[1].contains("POL-SETTINGS") && problems[1].contains("/categories"), "{}", problems[1]);
    assert!(
        problems[2].contains("a reason that the policy does not declare; the policy answers deny"),
        "{}",
        problems[2]
    );
    let file = std::fs::read_to_string(project.place("vectors/b.json")).unwrap();
    let line = report["vectors"][5]["line"].as_u64().unwrap() as usize;
    assert_eq!(file.lines().nth(line - 1).unwrap().trim(), "{", "the line is where the vector begins");
}

#[test]
fn mistakes_in_a_project_are_placed() {
    let project = Project::new();
    refused(&["test", &project.directory()], 2, "POL-NO-VECTORS", &["vectors/"]);
    let text = json!({ "vectors": [vector("a", "10", "permit", "X")] });
    let misspelt = serde_json::to_string_pretty(&text).unwrap().replace("\"userinfo\"", "\"user_info\"");
    project.write("vectors/a.json", &misspelt);
    let line = misspelt.lines().position(|line| line.contains("user_info")).unwrap() + 1;
    let place = format!("a.json, line {line}, column ");
    refused(
        &["test", &project.directory()],
        2,
        "POL-INPUT",
        &[&place, "at vectors[0].request.login.user_info: unknown field"],
    );
    project.write("vectors/a.json", &text.to_string());
    project.write("Cargo.toml", "[package]\nname = \"not-built-anywhere\"\n");
    refused(&["test", &project.directory()], 2, "POL-NOT-BUILT", &["not-built-anywhere", "vigie policy build"]);
    project.write("Cargo.toml", "[workspace]\n");
    refused(&["test", &project.directory()], 2, "POL-PROJECT", &["Cargo.toml"]);
    refused(&["test", &project.place("vectors")], 2, "POL-PROJECT", &["neither Cargo.toml nor policy.toml"]);
}

#[test]
fn a_project_of_an_interpreter_names_its_component_and_its_settings() {
    let project = Project::new();
    project.write("policy.toml", "name = \"by-text\"\ncomponent = \"smurtab.wasm\"\nsettings = \"settings.json\"\n");
    project.write("settings.json", r#"{"categories":["E"]}"#);
    let vectors = json!({ "vectors": [vector("a doctor is no student", "10", "deny", "SMURTAB-NOT-A-CARE-PRACTICE")] });
    project.write("vectors/a.json", &vectors.to_string());
    // Its component is among the built ones, its settings are those of the project.
    assert_eq!(vigie(&["test", &project.directory()]).status.code(), Some(0));
    let request = project.write("doctor.json", &question("10").to_string());
    assert_eq!(vigie(&["run", &project.directory(), "--request", &request]).status.code(), Some(1));
    refused(&["build", &project.directory()], 1, "POL-NOTHING-TO-BUILD", &["by-text"]);
    let toml = "name = \"by-text\"\ncomponent = \"nowhere.wasm\"\nsettings = \"settings.json\"\n";
    project.write("policy.toml", toml);
    let mentions = ["nowhere.wasm", "beside policy.toml", "--components", "VIGIE_COMPONENTS"];
    refused(&["test", &project.directory()], 2, "POL-INTERPRETER", &mentions);
    project.write("policy.toml", &toml.replace("nowhere", "smurtab"));
    project.write("settings.json", "{\"categories\":\n7 7}");
    refused(&["test", &project.directory()], 2, "POL-INPUT", &["settings.json, line 2"]);
    project.write("policy.toml", "name = \"by-text\"\ncomponent = \"smurtab.wasm\"\nsetings = \"settings.json\"\n");
    refused(&["test", &project.directory()], 2, "POL-PROJECT", &["policy.toml", "unknown field `setings`"]);
}

#[test]
fn bench_measures_beside_the_floor() {
    let project = Project::new();
    let vectors = json!({ "vectors": [vector("a doctor", "10", "permit", "SMURTAB-CARE-PRACTICE")] });
    project.write("vectors/a.json", &vectors.to_string());
    let report = json_of(&vigie(&["bench", &project.directory(), "--rounds", "20", "--format", "json"]));
    let measured = &report["measured"];
    assert_eq!(measured["rounds"], 20);
    for step in ["instance", "call", "decision", "floor"] {
        let at = |percentile: &str| measured[step][percentile].as_u64().unwrap();
        assert!(at("p50_ns") > 0 && at("p50_ns") <= at("p99_ns"), "{step}: {report}");
    }
    assert_eq!(vigie(&["bench", &project.directory(), "--rounds", "0"]).status.code(), Some(2));
    refused(&["bench", &component()], 2, "POL-NO-VECTORS", &["smurtab.wasm", "--request"]);

    // For people: a row for each step, two figures in each.
    let output = vigie(&["bench", &project.directory(), "--rounds", "20"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("smurtab 0.1.0, 20 rounds, microseconds\n"), "{text}");
    for step in ["fresh instance", "call", "decision", "floor: one P-256 signature"] {
        let row = text.lines().find_map(|line| line.strip_prefix(step)).unwrap_or_else(|| panic!("no {step}: {text}"));
        let figures: Vec<f64> = row.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
        assert!(figures.len() == 2 && figures[0] <= figures[1], "{row}");
    }
    assert!(text.contains("a decision costs "), "{text}");
}

#[test]
fn bench_measures_rules_that_are_text() {
    let project = Project::new();
    let output = vigie(&["new", "night-text", "--lang", "cel", "--parent", &project.directory()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let bench = ["bench", &project.place("night-text"), "--rounds", "5", "--format", "json"];
    let report = json_of(&vigie(&bench));
    assert_eq!(report["measured"]["rounds"], 5, "{report}");
    assert!(report["policy"].as_str().unwrap().starts_with("cel "), "{report}");
}

/// A name of the SDK or of Rust's own is a name like any other. The vectors that a project begins with hold.
#[test]
fn a_project_holds_its_vectors_whatever_it_is_called() {
    let project = Project::new();
    for name in ["login", "vec"] {
        let output = vigie(&["new", name, "--parent", &project.directory()]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let output = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--offline", "--target", "host-tuple"])
            .current_dir(project.place(name))
            .env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
    }
}

/// What was there stays when the host would not load what cargo makes now.
#[test]
fn a_build_that_the_host_refuses_takes_nothing_away() {
    let project = Project::new();
    project.write("Cargo.toml", "[package]\nname = \"p\"\n");
    let kept = project.write("p.wasm", "the last good one");
    let refusing = project.place("refused.wasm");
    std::fs::write(&refusing, wat(r#"(component (import "wasi:clocks/wall-clock@0.2.3" (instance)))"#)).unwrap();
    let message = json!({ "reason": "compiler-artifact", "target": { "name": "p" }, "filenames": [refusing] });
    let cargo = project.write("cargo", &format!("#!/bin/sh\necho '{message}'\n"));
    std::fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let build = |cargo: &str| {
        let mut vigie = Command::new(env!("CARGO_BIN_EXE_vigie"));
        vigie.args(["policy", "build", &project.directory()]).env("CARGO", cargo).output().unwrap()
    };
    let output = build(&cargo);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).starts_with("vigie: POL-IMPORT: "), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "the last good one");

    std::fs::copy(path("smurtab"), &refusing).unwrap();
    let output = build(&cargo);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(std::fs::read(&kept).unwrap(), std::fs::read(path("smurtab")).unwrap());
}

#[test]
fn a_new_project_has_a_good_name_and_takes_no_place() {
    let project = Project::new();
    let parent = project.directory();
    refused(&["new", "Night Ward", "--parent", &parent], 2, "POL-NAME", &["a-z, 0-9 and -"]);
    refused(&["new", "../x", "--parent", &parent], 2, "POL-NAME", &[]);
    let output = vigie(&["new", "night-ward", "--parent", &parent]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    refused(&["new", "night-ward", "--parent", &parent], 2, "POL-EXISTS", &["night-ward"]);
    let output = vigie(&["new", "night-text", "--lang", "cel", "--parent", &parent]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let test = ["test", &project.place("night-text"), "--full-coverage"];
    let output = vigie(&test);
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
    let rules = project.place("night-text/settings.json");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, text.replace("login.level == 0", "logn.level == 0")).unwrap();
    let output = vigie(&test);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        table.contains("/rules/0/when") && table.contains("line 1, column 1"),
        "the mistake has its place: {table}"
    );
    refused(&["test", &project.place("night-ward")], 2, "POL-NOT-BUILT", &["vigie policy build"]);
}
