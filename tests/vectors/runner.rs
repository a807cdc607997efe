// The one runner of the shared vectors. Each skin of the core includes this file and hands in its own `answer`: native and browser in
// `verifier-core/tests`, the components in the host's tests.
//
// A file is `{"source", "digest"?, "vectors": [{"name", "source", "operation", "line", "expect"}]}`. `expect` is the whole report. The digest, when
// there is one, is SHA-256 over every report followed by a line feed, in hexadecimal: it makes "the same bytes in every skin"
// checkable where two skins cannot meet in one process.

/// What a skin answered to one vector.
pub(crate) struct Answered {
    /// Name of the vector.
    pub(crate) name: String,
    /// The report, byte for byte.
    pub(crate) report: String,
}

/// Runs every vector of a file. Returns the answers and one sentence for each that differs from what the file expects.
pub(crate) fn run(file: &str, answer: impl Fn(&str, &str) -> String) -> (Vec<Answered>, Vec<String>) {
    let file: serde_json::Value = match serde_json::from_str(file) {
        Ok(file) => file,
        Err(error) => return (Vec::new(), vec![format!("the vector file is not JSON: {error}")]),
    };
    let Some(vectors) = file.get("vectors").and_then(serde_json::Value::as_array) else {
        return (Vec::new(), vec!["the vector file has no array `vectors`".to_owned()]);
    };
    let mut answers = Vec::new();
    let mut failures = Vec::new();
    for vector in vectors {
        let text = |member: &str| vector.get(member).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let name = text("name");
        // A line that is a JSON string is sent as it stands: that is how malformed lines are written down.
        let line = match vector.get("line") {
            Some(serde_json::Value::String(raw)) => raw.clone(),
            Some(line) => line.to_string(),
            None => {
                failures.push(format!("{name}: the vector has no line"));
                continue;
            }
        };
        let report = answer(&text("operation"), &line);
        let got: serde_json::Value = serde_json::from_str(&report).unwrap_or(serde_json::Value::Null);
        if vector.get("expect") != Some(&got) {
            failures.push(format!("{name}: answered {report}"));
        }
        if name.is_empty() || text("source").is_empty() {
            failures.push(format!("{name}: a vector needs a name and a source"));
        }
        answers.push(Answered { name, report });
    }
    (answers, failures)
}

/// What a digest is computed over.
pub(crate) fn transcript(answers: &[Answered]) -> String {
    answers.iter().map(|answered| format!("{}\n", answered.report)).collect()
}

/// The digest that the file states.
pub(crate) fn stated_digest(file: &str) -> Option<String> {
    let file: serde_json::Value = serde_json::from_str(file).ok()?;
    Some(file.get("digest")?.as_str()?.to_owned())
}
