//! `vigie inspect` on the command line: order, exit codes, lines that cannot be read.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::support::components;

fn inspect(arguments: &[&str], input: impl AsRef<[u8]>) -> (Option<i32>, Vec<Value>) {
    let output = run(arguments, input);
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .arg("inspect")
        .args(arguments)
        .env("VIGIE_COMPONENTS", components::path("vigie-verifier").parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that reads no input closes it, which is not this test's concern.
    let _written = writer.join().unwrap();
    output
}

#[test]
fn exit_codes() {
    let ask =
        |operation: &str, value: &str| inspect(&[operation, value, "--engine", "native", "--format", "json"], "").0;
    assert_eq!(ask("id", "899700218896"), Some(0));
    assert_eq!(ask("id", "899700218897"), Some(0), "a wrong check digit is accepted");
    assert_eq!(ask("id", "x"), Some(1));
    assert_eq!(ask("url", "https://wallet.esw.esante.gouv.fr/auth"), Some(0));
    assert_eq!(ask("url", "https://wallet.esw.esante.gouv.fr.vigie-lookalike.test/"), Some(1));
    assert_eq!(ask("url", "https://example.org/"), Some(1), "not known is not genuine");
}

#[test]
fn a_bare_token_takes_its_expectations_from_the_command_line() {
    let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/token.json")).unwrap();
    let line = &vectors["vectors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|vector| vector["expect"]["verified"] == true && vector["line"]["nonce"].is_string())
        .unwrap()["line"];
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), line["jwks"].to_string()).unwrap();
    let keys = file.path().display().to_string();
    let text = |member: &str| line[member].as_str().unwrap();
    let now = line["now"].to_string();
    let full = [
        ["--kind", text("kind")],
        ["--issuer", text("issuer")],
        ["--audience", text("audience")],
        ["--nonce", text("nonce")],
        ["--now", &now],
        ["--jwks", &keys],
    ];
    let ask = |flags: &[[&str; 2]]| {
        let start = ["token", text("value"), "--engine", "native", "--format", "json"];
        run(&start.into_iter().chain(flags.iter().flatten().copied()).collect::<Vec<_>>(), "")
    };
    let output = ask(&full);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));

    let output = ask(&[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("IN-EXPECTATIONS") && said.contains("--jwks") && said.lines().count() == 1, "{said}");
}

#[test]
fn engines_are_chosen_and_answer_alike() {
    let ask = |engine: &str| inspect(&["id", "899700218896", "x", "--engine", engine, "--format", "json"], "");
    let native = ask("native");
    assert_eq!(native.0, Some(1), "one refused is enough");
    assert_eq!(ask("component"), native);
    assert_eq!(ask("pure"), native);
}

#[test]
fn a_missing_component_is_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&["id", "899700218896", "--components", &directory.path().display().to_string()], "");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.starts_with("vigie: POL-FILE: ") && text.contains("cargo xtask build"), "{text}");
}

#[test]
fn lines_keep_their_order_and_a_bad_one_stops_nothing() {
    let mut input = String::new();
    for index in 0..3_000 {
        input.push_str(&if index % 100 == 7 {
            "not json\n".to_owned()
        } else {
            format!("{{\"value\":\"{:011}\",\"kind\":\"rpps\"}}\n", 10_000_000_000_u64 + index)
        });
    }
    let (code, answers) = inspect(&["id", "--jsonl"], &input);
    assert_eq!(code, Some(1));
    assert_eq!(answers.len(), 3_000);
    for (index, answer) in answers.iter().enumerate() {
        if index % 100 == 7 {
            assert_eq!(answer["code"], "IN-JSON");
        } else {
            assert_eq!(answer["canonical"], format!("{:011}", 10_000_000_000_u64 + index as u64));
        }
    }
}

#[test]
fn lines_too_long_or_not_text_or_without_an_end() {
    let long = "x".repeat(3 << 20);
    let input = format!("{{\"value\":\"899700218896\"}}\r\n{long}\n\n{{\"value\":\"899700218896\"}}");
    let (code, answers) = inspect(&["id", "--jsonl"], &input);
    assert_eq!(code, Some(1));
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert_eq!((&answers[0]["ok"], &answers[3]["ok"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(answers[1]["code"], "IN-TOO-LARGE");
    let (code, answers) = inspect(&["id", "--jsonl"], "");
    assert_eq!((code, answers.len()), (Some(0), 0));
}

/// Each line has an answer, whatever its bytes are, and the good line after it is answered as well.
#[test]
fn lines_of_any_bytes() {
    let good: &[u8] = br#"{"value":"899700218896"}"#;
    let bad: &[(&[u8], &str)] = &[
        (b"", "IN-JSON"),
        (b"   ", "IN-JSON"),
        (b"\0", "IN-JSON"),
        (b"{\"value\":\"8997\0\"}", "IN-JSON"),
        (b"\xff\xfe", "IN-JSON"),
        (b"{\"value\":\"89970021889\xff\"}", "IN-JSON"),
        (b"\xef\xbb\xbf{\"value\":\"899700218896\"}", "IN-JSON"),
        (b"null", "IN-JSON"),
        (b"[{\"value\":\"899700218896\"}]", "IN-JSON"),
        (b"{\"value\":null}", "IN-MEMBER-TYPE"),
        (b"{\"value\":\"1\",\"value\":\"1\"}", "IN-DUPLICATE-MEMBER"),
        (b"{\"vaule\":\"1\"}", "IN-MEMBER-UNKNOWN"),
        (b"{\"kind\":\"rpps\"}", "IN-MEMBER-MISSING"),
        (b"{\"value\":\"1\",\"kind\":\"passport\"}", "IN-MEMBER-VALUE"),
    ];
    for engine in ["component", "pure", "native"] {
        let input: Vec<u8> =
            bad.iter().flat_map(|(line, _)| [line, good].join(&b'\n').into_iter().chain([b'\n'])).collect();
        let (code, answers) = inspect(&["id", "--jsonl", "--engine", engine], &input);
        assert_eq!((code, answers.len()), (Some(1), bad.len() * 2), "{engine}");
        for ((line, expected), pair) in bad.iter().zip(answers.chunks(2)) {
            assert_eq!(pair[0]["code"], *expected, "{engine}: {}", line.escape_ascii());
            assert_eq!((&pair[0]["ok"], &pair[1]["ok"]), (&Value::Bool(false), &Value::Bool(true)), "{engine}");
        }
    }
}

#[test]
fn an_answer_does_not_wait_for_the_next_line() {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigie"))
        .args(["inspect", "id", "--jsonl", "--engine", "native"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        writeln!(stdin, r#"{{"value":"899700218896"}}"#).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains("899700218896"), "{line}");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
