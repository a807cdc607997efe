//! The chain of the decision log: each line ends with `prev_hash`, the SHA-256 of the line before it.
//!
//! Whoever changes, removes or inserts a line breaks the next one's. What it does not show: lines missing at the end, and a log that
//! was written anew as a whole by somebody with the file in hand; for that, note the last hash elsewhere. A line cut short by a
//! crash is no line: the chain goes on from the last whole one, and [`Verified`] says how many there are. Only two places are a crash's:
//! the end of the log, and directly before a line of the event `recovery` that says as many bytes. Anything else that is no line is
//! somebody's.

use std::io::{self, BufRead};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::digest::Digest;

/// Where the next line is joined.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Link {
    /// Of the last whole line.
    last: Option<Digest>,
    /// The file ends within a line.
    torn: bool,
}

/// What every line of a decision log has, and what one says of a line that was cut before it.
#[derive(Deserialize)]
struct Linked {
    event: String,
    #[serde(rename = "timestamp")]
    _timestamp: String,
    #[serde(default)]
    prev_hash: Option<Digest>,
    #[serde(default)]
    torn_bytes: Option<u64>,
}

impl Linked {
    fn read(line: &[u8]) -> Option<Self> {
        // Serde takes an array for a struct as well; a line is an object.
        if line.starts_with(b"{") { serde_json::from_slice(line).ok() } else { None }
    }

    fn speaks_of(&self, cut: &Cut) -> bool {
        self.event == RECOVERY && self.torn_bytes == Some(cut.bytes)
    }
}

/// The event of a line that says that the one before it was cut.
pub(super) const RECOVERY: &str = "recovery";

fn is_whole(line: &[u8]) -> bool {
    Linked::read(line).is_some()
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
    /// What follows the last line, if it is none.
    cut: Option<Cut>,
}

/// Something that may be a line cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cut {
    file: String,
    line: u64,
    bytes: u64,
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
    /// Something between two lines is none, and no crash left it there.
    #[error("{file}, line {line} is no line of a decision log, and none that was cut short: no line says so behind it")]
    Garbled {
        /// As named.
        file: String,
        /// From 1.
        line: u64,
    },
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
            Self::Garbled { .. } | Self::Broken { .. } => "POL-LOG-CHAIN",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Correct the path, or run this as an account that may read it.".into(),
            Self::Foreign(_) => "Name the file of log.decisions of the configuration.".into(),
            Self::Garbled { .. } | Self::Broken { .. } => {
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
        for (line, number) in log.split(b'\n').zip(1..) {
            let line =
                line.map_err(|error| VerifyChainError::Unreadable { file: file.to_owned(), kind: error.kind() })?;
            if !line.is_empty() {
                self.take(&line, file, number)?;
            }
        }
        Ok(self)
    }

    fn take(&mut self, line: &[u8], file: &str, number: u64) -> Result<(), VerifyChainError> {
        let linked = Linked::read(line);
        if let Some(cut) = self.cut.take() {
            if !linked.as_ref().is_some_and(|linked| linked.speaks_of(&cut)) {
                return Err(self.garbled(cut.file, cut.line));
            }
            self.torn += 1;
        }
        let Some(linked) = linked else {
            // A part of an object is no JSON, so what is JSON was not cut.
            if serde_json::from_slice::<IgnoredAny>(line).is_ok() {
                return Err(self.garbled(file.to_owned(), number));
            }
            self.cut = Some(Cut { file: file.to_owned(), line: number, bytes: line.len() as u64 });
            return Ok(());
        };
        if self.lines == 0 {
            self.before = linked.prev_hash;
        } else if linked.prev_hash != self.last {
            let shown = |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
            return Err(VerifyChainError::Broken {
                file: file.to_owned(),
                line: number,
                named: shown(linked.prev_hash),
                found: shown(self.last),
            });
        }
        self.lines += 1;
        self.last = Some(Digest::of(line));
        Ok(())
    }

    fn garbled(&self, file: String, line: u64) -> VerifyChainError {
        match self.lines {
            0 => VerifyChainError::Foreign(file),
            _ => VerifyChainError::Garbled { file, line },
        }
    }

    /// Says what the chain is, at the end of its last file.
    ///
    /// # Errors
    /// All that there is may be the rest of a line, and may be anything else as well.
    pub fn end(mut self) -> Result<Self, VerifyChainError> {
        if let Some(cut) = self.cut.take() {
            if self.lines == 0 {
                return Err(VerifyChainError::Foreign(cut.file));
            }
            self.torn += 1;
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

    fn line(number: u32) -> String {
        format!(r#"{{"event":"decision","timestamp":"2026-05-28T20:26:40Z","n":{number}}}"#)
    }

    fn recovery(torn_bytes: u64) -> String {
        format!(r#"{{"event":"recovery","timestamp":"2026-05-28T20:26:40Z","torn_bytes":{torn_bytes}}}"#)
    }

    fn chain(lines: &[String]) -> String {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        String::from_utf8(Link::default().join_all(&objects(&lines)).unwrap()).unwrap()
    }

    fn verify(log: &[u8]) -> Result<Verified, VerifyChainError> {
        Verified::default().follow("log", log)?.end()
    }

    #[track_caller]
    fn refused(lines: &[&str]) -> (&'static str, u64) {
        match verify(lines.join("\n").as_bytes()) {
            Err(VerifyChainError::Broken { line, .. }) => ("broken", line),
            Err(VerifyChainError::Garbled { line, .. }) => ("garbled", line),
            Err(VerifyChainError::Foreign(_)) => ("foreign", 0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_chain_shows_what_was_changed_removed_or_inserted() {
        let text = chain(&[line(1), line(2), line(3), line(4)]);
        assert_eq!(verify(text.as_bytes()).unwrap().lines, 4);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(refused(&[lines[0], &lines[1].replace("\"n\":2", "\"n\":5"), lines[2], lines[3]]), ("broken", 3));
        assert_eq!(refused(&[lines[0], lines[2], lines[3]]), ("broken", 2));
        assert_eq!(refused(&[lines[0], lines[1], lines[1], lines[2]]), ("broken", 3));
        assert_eq!(refused(&[lines[0], lines[1], &line(9), lines[2]]), ("broken", 3));
        let rest = verify(lines[1..].join("\n").as_bytes()).unwrap();
        assert_eq!((rest.lines, rest.before), (3, Some(Digest::of(lines[0].as_bytes()))), "it begins within the chain");
        let (one, two) = (lines[..2].join("\n"), lines[2..].join("\n"));
        let both = verify(one.as_bytes()).unwrap().follow("second", two.as_bytes()).unwrap();
        assert_eq!((both.lines, both.before), (4, None));
        assert!(verify(two.as_bytes()).unwrap().follow("second", one.as_bytes()).is_err(), "out of order");
    }

    #[test]
    fn what_is_no_line_is_not_taken_for_a_cut_one() {
        let text = chain(&[line(1), line(2), line(3)]);
        let lines: Vec<&str> = text.lines().collect();
        let forged = r#"{"event":"decision","result":true,"prev_hash":"x"}"#;
        let dated = r#"{"event":"decision","timestamp":"x","prev_hash":"x"}"#;
        let part = lines[2].get(..40).unwrap();
        for inserted in [forged, dated, "[]", "7", "{}", "garbage", "\u{1}", part] {
            assert_eq!(refused(&[lines[0], inserted, lines[1], lines[2]]), ("garbled", 2), "{inserted}");
        }
        for inserted in [forged, dated, "{}"] {
            assert_eq!(refused(&[lines[0], lines[1], lines[2], inserted]), ("garbled", 4), "{inserted}");
        }
        for alone in ["garbage", "{}", part, "garbage\nmore of it"] {
            assert_eq!(refused(&[alone]), ("foreign", 0), "{alone}");
        }
        assert_eq!(verify(b"").unwrap(), Verified::default(), "nothing happened yet");
    }

    #[test]
    fn a_cut_line_stands_at_the_end_or_before_the_line_that_says_so() {
        let whole = line(2);
        let cut = whole.get(..30).unwrap();
        let with = |behind: &str| {
            let before = chain(&[line(1)]);
            let mut link = Link::behind(before.as_bytes()).0;
            let after = link.join_all(&objects(&[behind, &line(3)])).unwrap();
            [before.as_bytes(), cut.as_bytes(), b"\n", &after].concat()
        };
        let verified = verify(&with(&recovery(30))).unwrap();
        assert_eq!((verified.lines, verified.torn), (3, 1));
        for behind in [recovery(29), recovery(0), line(7)] {
            let said = verify(&with(&behind));
            assert!(matches!(said, Err(VerifyChainError::Garbled { line: 2, .. })), "{behind}: {said:?}");
        }
        let (one, two) = (format!("{}{cut}", chain(&[line(1)])), with(&recovery(30)));
        let two = two.splitn(3, |byte| *byte == b'\n').last().unwrap();
        let both = Verified::default().follow("first", one.as_bytes()).unwrap();
        let both = both.follow("second", two).unwrap().end().unwrap();
        assert_eq!((both.lines, both.torn), (3, 1), "the file was set aside behind it");
    }

    #[test]
    fn a_cut_line_is_none_and_the_chain_goes_on() {
        let whole = chain(&[line(1), line(2)]).into_bytes();
        for (cut, torn, lines) in [(0, 0, 3), (1, 0, 3), (3, 1, 3), (20, 1, 3)] {
            let mut log = whole[..whole.len() - cut].to_vec();
            let (mut link, torn_bytes) = Link::behind(&log);
            assert_eq!(torn_bytes > 0, torn > 0);
            let next = if torn > 0 { recovery(torn_bytes) } else { line(3) };
            log.extend(link.join_all(&objects(&[&next, &line(4)])[..2 - usize::from(torn == 0)]).unwrap());
            let verified = verify(&log).unwrap();
            assert_eq!((verified.lines, verified.torn), (lines, torn), "{cut} bytes cut");
        }
    }
}
