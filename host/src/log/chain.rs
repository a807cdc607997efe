//! The chain of the decision log: each line ends with `prev_hash`, the SHA-256 of the line before it.
//!
//! Whoever changes, removes or inserts a line breaks the next one's. What it does not show: lines missing at the end, and a log that
//! was written anew as a whole by somebody with the file in hand; for that, note the last hash elsewhere. A line cut short by a
//! crash is no line: the chain goes on from the last whole one, and [`Verified`] says how many there are.

use std::io::{self, BufRead};

use serde::Deserialize;

use crate::digest::Digest;

/// Where the next line is joined.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Link {
    /// Of the last whole line.
    last: Option<Digest>,
    /// The file ends within a line.
    torn: bool,
}

#[derive(Deserialize)]
struct Linked {
    #[serde(default)]
    prev_hash: Option<Digest>,
}

fn is_whole(line: &[u8]) -> bool {
    serde_json::from_slice::<Linked>(line).is_ok()
}

impl Link {
    /// The link behind the last bytes of a log that is there already, and how many bytes of a cut line they end with.
    pub(super) fn behind(tail: &[u8]) -> (Self, u64) {
        let unended = tail.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        // Only its end of line may be missing; then it is the last line all the same.
        let torn_bytes = if is_whole(unended) { 0 } else { unended.len() as u64 };
        let last = tail.split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty()).find(|line| is_whole(line));
        (Self { last: last.map(Digest::of), torn: !unended.is_empty() }, torn_bytes)
    }

    /// Whether there is a line to follow.
    pub(super) fn has_last(&self) -> bool {
        self.last.is_some()
    }

    /// The same place in a file, behind the last line of another one.
    pub(super) fn joined_to(self, before: Self) -> Self {
        Self { last: before.last, torn: self.torn }
    }

    /// JSON objects as the next lines.
    pub(super) fn join_all(&mut self, objects: &[Vec<u8>]) -> io::Result<Vec<u8>> {
        let mut lines = Vec::with_capacity(objects.iter().map(|object| object.len() + LINK_LENGTH).sum());
        if std::mem::take(&mut self.torn) {
            lines.push(b'\n');
        }
        for object in objects {
            let Some(open) = object.strip_suffix(b"}") else { return Err(io::ErrorKind::InvalidData.into()) };
            let begin = lines.len();
            lines.extend_from_slice(open);
            if let Some(last) = self.last {
                lines.extend_from_slice(format!(",\"prev_hash\":\"{last}\"").as_bytes());
            }
            lines.push(b'}');
            self.last = lines.get(begin..).map(Digest::of);
            lines.push(b'\n');
        }
        Ok(lines)
    }
}

/// `,"prev_hash":"sha256:…"` and the end of line.
pub(super) const LINK_LENGTH: usize = 88;

/// What a chain says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whole lines.
    pub lines: u64,
    /// Lines that were cut short.
    pub torn: u64,
    /// What the first line follows; absent when the chain begins there.
    pub before: Option<Digest>,
    /// Digest of the last line.
    pub last: Option<Digest>,
}

/// Why a chain does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyChainError {
    /// The log cannot be read.
    #[error("the decision log {file} cannot be read ({kind})")]
    Unreadable {
        /// As named.
        file: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// Something else than a decision log.
    #[error("{0} holds no line of a decision log")]
    Foreign(String),
    /// A line does not follow the one before it.
    #[error("{file}, line {line} does not follow the line before it: it names {named}, and that line has {found}")]
    Broken {
        /// As named.
        file: String,
        /// From 1.
        line: u64,
        /// Its `prev_hash`.
        named: String,
        /// The digest of the line before it.
        found: String,
    },
}

impl crate::problem::Explain for VerifyChainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-LOG-FILE",
            Self::Foreign(_) => "POL-LOG-LINE",
            Self::Broken { .. } => "POL-LOG-CHAIN",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Correct the path, or run this as an account that may read it.".into(),
            Self::Foreign(_) => "Name the file of log.decisions of the configuration.".into(),
            Self::Broken { .. } => {
                "A line was changed, removed or inserted there, or files are missing or out of order: compare with your copy of the log.".into()
            }
        }
    }
}

impl Verified {
    /// Follows the chain through one more file, which `file` names in messages.
    ///
    /// # Errors
    /// It breaks, or the file cannot be read.
    pub fn follow(mut self, file: &str, log: impl BufRead) -> Result<Self, VerifyChainError> {
        for (index, line) in log.split(b'\n').enumerate() {
            let line =
                line.map_err(|error| VerifyChainError::Unreadable { file: file.to_owned(), kind: error.kind() })?;
            if line.is_empty() {
                continue;
            }
            let Ok(linked) = serde_json::from_slice::<Linked>(&line) else {
                self.torn += 1;
                continue;
            };
            if self.lines == 0 {
                self.before = linked.prev_hash;
            } else if linked.prev_hash != self.last {
                let shown =
                    |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
                return Err(VerifyChainError::Broken {
                    file: file.to_owned(),
                    line: index as u64 + 1,
                    named: shown(linked.prev_hash),
                    found: shown(self.last),
                });
            }
            self.lines += 1;
            self.last = Some(Digest::of(&line));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(lines: &[&str]) -> Vec<Vec<u8>> {
        lines.iter().map(|line| line.as_bytes().to_vec()).collect()
    }

    fn verify(log: &[u8]) -> Result<Verified, VerifyChainError> {
        Verified::default().follow("log", log)
    }

    #[test]
    fn a_chain_shows_what_was_changed_removed_or_inserted() {
        let whole =
            Link::default().join_all(&objects(&[r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#])).unwrap();
        assert_eq!(verify(&whole).unwrap().lines, 4);
        let text = String::from_utf8(whole).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let broken = |lines: &[&str]| match verify(lines.join("\n").as_bytes()) {
            Err(VerifyChainError::Broken { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(broken(&[lines[0], &lines[1].replace("\"n\":2", "\"n\":5"), lines[2], lines[3]]), 3);
        assert_eq!(broken(&[lines[0], lines[2], lines[3]]), 2);
        assert_eq!(broken(&[lines[0], lines[1], lines[1], lines[2]]), 3);
        assert_eq!(broken(&[lines[0], lines[1], r#"{"n":9}"#, lines[2]]), 3);
        let rest = verify(lines[1..].join("\n").as_bytes()).unwrap();
        assert_eq!((rest.lines, rest.before), (3, Some(Digest::of(lines[0].as_bytes()))), "it begins within the chain");
        let (one, two) = (lines[..2].join("\n"), lines[2..].join("\n"));
        let both = verify(one.as_bytes()).unwrap().follow("second", two.as_bytes()).unwrap();
        assert_eq!((both.lines, both.before), (4, None));
        assert!(verify(two.as_bytes()).unwrap().follow("second", one.as_bytes()).is_err(), "out of order");
    }

    #[test]
    fn a_cut_line_is_none_and_the_chain_goes_on() {
        let whole = Link::default().join_all(&objects(&[r#"{"n":1}"#, r#"{"n":2}"#])).unwrap();
        for (cut, torn, lines) in [(0, 0, 3), (1, 0, 3), (3, 1, 2), (20, 1, 2)] {
            let mut log = whole[..whole.len() - cut].to_vec();
            let (mut link, torn_bytes) = Link::behind(&log);
            assert_eq!(torn_bytes > 0, torn > 0);
            log.extend(link.join_all(&objects(&[r#"{"n":3}"#])).unwrap());
            let verified = verify(&log).unwrap();
            assert_eq!((verified.lines, verified.torn), (lines, torn), "{cut} bytes cut");
        }
    }
}
