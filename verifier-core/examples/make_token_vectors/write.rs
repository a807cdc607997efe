//! Cases become vector files.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use verifier_core::report;
use verifier_core::token::RustCrypto;

pub(crate) struct Case {
    pub(crate) name: String,
    /// The rule and where it comes from.
    pub(crate) source: String,
    pub(crate) operation: &'static str,
    pub(crate) line: Value,
    /// `None`: accepted.
    pub(crate) code: Option<&'static str>,
}

pub(crate) fn case(name: &str, source: &str, operation: &'static str, line: Value, code: Option<&'static str>) -> Case {
    Case { name: name.to_owned(), source: source.to_owned(), operation, line, code }
}

/// Writes one file: one vector a line, so that a change is a changed line.
pub(crate) fn file(name: &str, source: &str, cases: Vec<Case>) {
    let mut lines = String::new();
    let mut transcript = Sha256::new();
    for (index, case) in cases.iter().enumerate() {
        // The text of a string value is the line itself, so that malformed lines can be written down.
        let line = case.line.as_str().map_or_else(|| case.line.to_string(), str::to_owned);
        let report = report::answer(case.operation, &line, &RustCrypto);
        let expect: Value = serde_json::from_str(&report).unwrap();
        let accepted = [&expect["ok"], &expect["verified"]].contains(&&Value::Bool(true));
        assert_eq!(expect["code"].as_str(), case.code, "{}: {report}", case.name);
        assert_eq!(accepted, case.code.is_none(), "{}: {report}", case.name);
        assert!(cases[..index].iter().all(|other| other.name != case.name), "{} stands twice", case.name);
        transcript.update(report.as_bytes());
        transcript.update(b"\n");
        let vector = json!({
            "name": case.name, "source": case.source, "operation": case.operation, "line": case.line, "expect": expect,
        });
        let comma = if index + 1 < cases.len() { "," } else { "" };
        writeln!(lines, "{vector}{comma}").unwrap();
    }
    let digest: String = transcript.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{{\"source\":{},\n\"digest\":\"{digest}\",\n\"vectors\":[\n{lines}]}}\n", Value::from(source));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/vectors/{name}.json"));
    std::fs::write(&path, text).unwrap();
    println!("{name}: {} vectors", cases.len());
}
