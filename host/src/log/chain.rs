//! The chain of the decision log: each line ends with `prev_hash`, the SHA-256 of the line before it.
//!
//! Whoever changes, removes or inserts a line breaks the next one's. What it does not show: lines missing at the end, and a log that
//! was written anew as a whole by somebody with the file in hand; for that, note the last hash elsewhere. A line cut short by a
//! crash is no line: the chain goes on from the last whole one, and [`verify`] says how many there are.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use serde::Deserialize;

use crate::digest::Digest;

/// Where the next line is joined.
#[derive(Default)]
pub(super) struct Link {
    /// Of the last whole line.
    last: Option<Digest>,
    /// The file ends within a line.
    torn: bool,
}

/// Lines are some kilobytes at most; a cut one and the whole one before it lie within this much.
const TAIL: u64 = 1 << 20;

#[derive(Deserialize)]
struct Linked {
    #[serde(default)]
    prev_hash: Option<Digest>,
}

impl Link {
    /// The link at the end of a log that is there already.
    pub(super) fn after(file: &mut File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail)?;
        let torn = tail.last().is_some_and(|byte| *byte != b'\n');
        let whole = |line: &&[u8]| serde_json::from_slice::<Linked>(line).is_ok();
        let last = tail.split(|byte| *byte == b'\n').rev().filter(|line| !line.is_empty()).find(whole);
        Ok(Self { last: last.map(Digest::of), torn })
    }

    /// Writes a JSON object as the next line. When that fails the link stays where it was.
    pub(super) fn append(
        &mut self,
        mut object: Vec<u8>,
        write: impl FnOnce(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if object.pop() != Some(b'}') {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if let Some(last) = self.last {
            object.extend_from_slice(format!(",\"prev_hash\":\"{last}\"").as_bytes());
        }
        object.push(b'}');
        let digest = Digest::of(&object);
        object.push(b'\n');
        if self.torn {
            object.insert(0, b'\n');
        }
        // Whatever part of it was written is a cut line, unless all of it was.
        self.torn = true;
        write(&object)?;
        (self.torn, self.last) = (false, Some(digest));
        Ok(())
    }
}

/// What a chain says.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whole lines.
    pub lines: u64,
    /// Lines that were cut short.
    pub torn: u64,
    /// Digest of the last line.
    pub last: Option<Digest>,
}

/// Why a chain does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyChainError {
    /// The log cannot be read.
    #[error("the decision log cannot be read ({0})")]
    Unreadable(io::ErrorKind),
    /// A line does not follow the one before it.
    #[error("line {line} does not follow the line before it: it names {named}, and that line has {found}")]
    Broken {
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
            Self::Unreadable(_) => "POL-LOG-FILE",
            Self::Broken { .. } => "POL-LOG-CHAIN",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable(_) => "Correct the path, or run this as an account that may read it.".into(),
            Self::Broken { .. } => {
                "A line was changed, removed or inserted there, or two logs were joined: compare with your copy of the log.".into()
            }
        }
    }
}

/// Follows a chain from its beginning. A log that was rotated begins with a line that names the last of the file before.
///
/// # Errors
/// It breaks, or the log cannot be read.
pub fn verify(log: impl BufRead) -> Result<Verified, VerifyChainError> {
    let mut verified = Verified { lines: 0, torn: 0, last: None };
    for (index, line) in log.split(b'\n').enumerate() {
        let line = line.map_err(|error| VerifyChainError::Unreadable(error.kind()))?;
        if line.is_empty() {
            continue;
        }
        let Ok(linked) = serde_json::from_slice::<Linked>(&line) else {
            verified.torn += 1;
            continue;
        };
        if verified.lines > 0 && linked.prev_hash != verified.last {
            let shown = |digest: Option<Digest>| digest.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
            return Err(VerifyChainError::Broken {
                line: index as u64 + 1,
                named: shown(linked.prev_hash),
                found: shown(verified.last),
            });
        }
        verified.lines += 1;
        verified.last = Some(Digest::of(&line));
    }
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Vec<u8> {
        let (mut link, mut log) = (Link::default(), Vec::new());
        for line in lines {
            link.append(line.as_bytes().to_vec(), |bytes| {
                log.extend_from_slice(bytes);
                Ok(())
            })
            .unwrap();
        }
        log
    }

    #[test]
    fn a_chain_shows_what_was_changed_removed_or_inserted() {
        let whole = log(&[r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#]);
        assert_eq!(verify(&whole[..]).unwrap().lines, 4);
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
        assert_eq!(verify(lines[1..].join("\n").as_bytes()).unwrap().lines, 3, "a rotated log begins within the chain");
    }

    #[test]
    fn a_cut_line_is_none_and_the_chain_goes_on() {
        let mut log = log(&[r#"{"n":1}"#, r#"{"n":2}"#]);
        log.truncate(log.len() - 3);
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &log).unwrap();
        let mut link = Link::after(&mut file).unwrap();
        let mut more = Vec::new();
        let fails = |_: &[u8]| Err(io::ErrorKind::StorageFull.into());
        assert!(link.append(br#"{"n":3}"#.to_vec(), fails).is_err());
        link.append(br#"{"n":4}"#.to_vec(), |bytes| {
            more.extend_from_slice(bytes);
            Ok(())
        })
        .unwrap();
        log.extend(more);
        let verified = verify(&log[..]).unwrap();
        assert_eq!((verified.lines, verified.torn), (2, 1));
    }
}
