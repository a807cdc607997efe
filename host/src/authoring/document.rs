//! An author's JSON files, read so that a mistake in one is a sentence with file, line, column and path.
//!
//! Nothing is repaired and nothing unknown is skipped: a misspelt member of a test is a test that does not test.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use crate::engine::json::ObjectText;
use crate::problem::Explain;

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadDocumentError {
    /// It is not there, or may not be read.
    #[error("{file} cannot be read ({kind})")]
    Unreadable {
        /// As named.
        file: String,
        /// What the system said.
        kind: std::io::ErrorKind,
    },
    /// It is far larger than what it should hold.
    #[error("{file} has more than {LARGEST} bytes")]
    TooLarge {
        /// As named.
        file: String,
    },
    /// It is no text.
    #[error("{place}: this is not UTF-8 text")]
    NotText {
        /// Of the first byte that is none.
        place: Place,
    },
    /// It does not hold what it should.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where.
        place: Place,
        /// What, in the words of the parser or of the check.
        problem: String,
    },
}

impl Explain for ReadDocumentError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "POL-INPUT-FILE",
            Self::TooLarge { .. } => "POL-INPUT-SIZE",
            Self::NotText { .. } | Self::Wrong { .. } => "POL-INPUT",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::Unreadable { .. } => "Correct the path, or the rights of the file.".into(),
            Self::TooLarge { .. } => "Name the file that you meant, or split it.".into(),
            Self::NotText { .. } => "Name the file that you meant, or save it as UTF-8.".into(),
            Self::Wrong { .. } => "Correct that line; the form is described in docs/policies.md.".into(),
        }
    }
}

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1; 0 where only the line is known.
    pub column: usize,
    /// The member, for example `vectors[2].request.login`; empty for the whole.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ", column {}", self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, ", at {}", self.path)?;
        }
        Ok(())
    }
}

/// 16 MiB: thousands of vectors fit.
const LARGEST: u64 = 16 << 20;

/// Reads a text file of bounded size.
///
/// # Errors
/// It is absent, too large or no text.
pub fn read(path: &Path) -> Result<String, ReadDocumentError> {
    let file = path.display().to_string();
    let unreadable = |error: std::io::Error| ReadDocumentError::Unreadable { file: file.clone(), kind: error.kind() };
    let mut bytes = Vec::new();
    // What is read is counted, and not what the system says of the file: a device has no size and no end.
    let reader = std::fs::File::open(path).map_err(unreadable)?;
    reader.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ReadDocumentError::TooLarge { file });
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        ReadDocumentError::NotText { place: Place { file, line, column: 0, path: String::new() } }
    })
}

/// Parses JSON text as `T`.
///
/// # Errors
/// The first thing that does not fit, with its place.
pub fn parse<'a, T: Deserialize<'a>>(file: &str, text: &'a str) -> Result<T, ReadDocumentError> {
    parse_at(&Start { file, line: 1, path: "" }, text)
}

/// Where a part of a document begins.
pub(super) struct Start<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) path: &'a str,
}

/// Parses a part of a document, so that its mistakes are placed in the whole.
pub(super) fn parse_at<'a, T: Deserialize<'a>>(start: &Start<'_>, text: &'a str) -> Result<T, ReadDocumentError> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let parsed = T::deserialize(serde_path_to_error::Deserializer::new(&mut parser, &mut track));
    let wrong = |error: &serde_json::Error, path: &str| {
        let said = error.to_string();
        let problem = said.strip_suffix(&format!(" at line {} column {}", error.line(), error.column()));
        // Where the text ends too early the member has no name yet.
        let path = path.strip_suffix('?').map_or(path, |known| known.strip_suffix('.').unwrap_or(known));
        let path = match (start.path, path) {
            (outer, "" | ".") => outer.to_owned(),
            ("", inner) => inner.to_owned(),
            (outer, inner) => format!("{outer}.{inner}"),
        };
        let line = start.line + error.line().saturating_sub(1);
        // A column counts from where the part begins, so it only holds for the lines after that.
        let column = if start.line == 1 || error.line() > 1 { error.column() } else { 0 };
        let place = Place { file: start.file.to_owned(), line, column, path };
        ReadDocumentError::Wrong { place, problem: problem.unwrap_or(&said).replace('\n', " ") }
    };
    let value = parsed.map_err(|error| wrong(&error, &track.path().to_string()))?;
    parser.end().map_err(|error| wrong(&error, "."))?;
    Ok(value)
}

/// The line of `text` on which this part of it begins, from 1.
pub(super) fn line_of(text: &str, part: &RawValue) -> usize {
    let offset = (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Outer {
        inner: Inner,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Inner {
        number: u32,
        object: Option<ObjectText>,
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = parse::<Outer>("a.json", text).err().expect("it parsed").to_string();
        assert!(error.starts_with(expected) && error.lines().count() == 1, "{error}");
    }

    #[test]
    fn a_file_is_text_and_has_an_end() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("latin.json");
        std::fs::write(&file, b"{\n \"a\": \"\xe9\"}").unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.to_string(), format!("{}, line 2: this is not UTF-8 text", file.display()));
        assert!(error.help().contains("UTF-8"));
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err().code(), "POL-INPUT-SIZE");
        assert_eq!(read(&directory.path().join("absent")).unwrap_err().code(), "POL-INPUT-FILE");
    }

    #[test]
    fn a_mistake_has_a_line_and_a_path() {
        parse::<Outer>("a.json", r#"{"inner":{"number":1,"object":{ "a" : 1.0 }}}"#).map(drop).unwrap();
        check(
            "{\n  \"inner\": {\n    \"nmber\": 1\n  }\n}",
            "a.json, line 3, column 11, at inner.nmber: unknown field",
        );
        check("{\"inner\":{\"number\":-1}}", "a.json, line 1, column 21, at inner.number: invalid value");
        check(
            "{\"inner\":{\"number\":1,\"object\":[]}}",
            "a.json, line 1, column 33, at inner.object: expected an object",
        );
        check("{\"inner\":{\"number\":1}} 7", "a.json, line 1, column 24: trailing characters");
        check("{", "a.json, line 1, column 1: EOF");
        check("{\"inner\":{", "a.json, line 1, column 10, at inner: EOF");
        check("", "a.json, line 1: EOF");
    }
}
