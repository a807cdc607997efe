//! The vector files, built into the test so that a browser, which has no files, reads the same bytes.

#[path = "../../../tests/vectors/runner.rs"]
pub(crate) mod runner;

/// Name and text of every file in `tests/vectors`.
pub(crate) const FILES: &[(&str, &str)] = &[
    ("id", include_str!("../../../tests/vectors/id.json")),
    ("login", include_str!("../../../tests/vectors/login.json")),
    ("page", include_str!("../../../tests/vectors/page.json")),
    ("token", include_str!("../../../tests/vectors/token.json")),
    ("token-signatures", include_str!("../../../tests/vectors/token-signatures.json")),
    ("url", include_str!("../../../tests/vectors/url.json")),
    ("userinfo", include_str!("../../../tests/vectors/userinfo.json")),
];

/// Runs one file through this build of the core. Returns how many vectors it has.
///
/// # Errors
/// One sentence for each vector that differs, and one when the transcript does not have the digest that the file states.
pub(crate) fn check(file: &str) -> Result<usize, Vec<String>> {
    use sha2::{Digest as _, Sha256};
    use verifier_core::{report, token::RustCrypto};

    let (answers, mut failures) = runner::run(file, |operation, line| report::answer(operation, line, &RustCrypto));
    if let Some(stated) = runner::stated_digest(file) {
        let digest: String =
            Sha256::digest(runner::transcript(&answers)).iter().map(|byte| format!("{byte:02x}")).collect();
        if failures.is_empty() && digest != stated {
            failures.push(format!("the reports mean the same and are other bytes: their digest is {digest}"));
        }
    }
    if answers.is_empty() {
        failures.push("the file has no vectors".to_owned());
    }
    if failures.is_empty() { Ok(answers.len()) } else { Err(failures) }
}
