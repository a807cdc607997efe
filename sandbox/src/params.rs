//! Parameters of an OAuth request, from a query or a form body.
//!
//! RFC 6749 §3.1 and §3.2: a parameter sent without a value counts as left out, one sent twice makes the request invalid.
//! Sizes are capped before anything is looked at. Values are UTF-8; bytes that are not are refused, since a `state` that
//! comes back mended would be another one.

use std::borrow::Cow;

/// More than any published PSC request needs; a longer one is an attack or a mistake.
const MAX_BYTES: usize = 16 * 1024;
/// Same reasoning, for the number of parameters.
const MAX_PARAMS: usize = 64;

/// Why parameters could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseParamsError {
    /// Longer than the cap.
    #[error("the request is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More parameters than the cap.
    #[error("the request has more than {MAX_PARAMS} parameters")]
    TooMany,
    /// Bytes that are no text.
    #[error("the request is not encoded in UTF-8")]
    Encoding,
}

/// The parameters, in order.
#[derive(Clone)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded` bytes.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ParseParamsError> {
        if bytes.len() > MAX_BYTES {
            return Err(ParseParamsError::TooLong);
        }
        let parts: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).take(MAX_PARAMS + 1).collect();
        if parts.len() > MAX_PARAMS {
            return Err(ParseParamsError::TooMany);
        }
        let pair = |part: &[u8]| {
            let (name, value) = part.iter().position(|byte| *byte == b'=').map_or((part, &b""[..]), |at| {
                let (name, value) = part.split_at(at);
                (name, value.get(1..).unwrap_or_default())
            });
            Ok((decoded(name)?, decoded(value)?))
        };
        parts.into_iter().map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The same parameters, some of them left out, with others in the place of their namesakes.
    #[must_use]
    pub(crate) fn overlaid(&self, left_out: &[&str], others: Vec<(String, String)>) -> Self {
        let stays = |name: &str| !left_out.contains(&name) && !others.iter().any(|(other, _)| other == name);
        let kept = self.0.iter().filter(|(name, _)| stays(name)).cloned();
        Self(kept.collect::<Vec<_>>().into_iter().chain(others.iter().cloned()).collect())
    }

    /// The value of a parameter; empty counts as absent. With duplicates, the first one.
    #[must_use]
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The name of a parameter that was sent more than once.
    #[must_use]
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.0
            .iter()
            .enumerate()
            .find(|(at, (name, _))| self.0.iter().take(*at).any(|(earlier, _)| earlier == name))
            .map(|(_, (name, _))| name.as_str())
    }

    /// Whether this one parameter was sent more than once.
    #[must_use]
    pub(crate) fn is_repeated(&self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }
}

/// One name or value of `application/x-www-form-urlencoded`.
fn decoded(part: &[u8]) -> Result<String, ParseParamsError> {
    let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes: Cow<'_, [u8]> = percent_encoding::percent_decode(&spaced).into();
    String::from_utf8(bytes.into_owned()).map_err(|_| ParseParamsError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, name: &str, value: Option<&str>, repeated: Option<&str>) {
        let params = Params::parse(query.as_bytes()).unwrap();
        assert_eq!(params.value(name), value, "{query}");
        assert_eq!(params.repeated(), repeated, "{query}");
    }

    #[test]
    fn reads_values_and_repetitions() {
        check("a=1&b=2", "b", Some("2"), None);
        check("a=&b=2", "a", None, None);
        check("a=1&a=2", "a", Some("1"), Some("a"));
        check("", "a", None, None);
        check("a=%C3%A9+x", "a", Some("é x"), None);
        check("a=%ZZ%2", "a", Some("%ZZ%2"), None);
        check("a=1=2&&b", "a", Some("1=2"), None);
    }

    #[test]
    fn caps_hold() {
        assert_eq!(Params::parse(&vec![b'a'; MAX_BYTES + 1]).err(), Some(ParseParamsError::TooLong));
        assert_eq!(Params::parse("a=1&".repeat(65).as_bytes()).err(), Some(ParseParamsError::TooMany));
    }

    #[test]
    fn text_is_utf_8() {
        for wrong in [&b"a=%FF"[..], b"a=%C3", b"\xff=1", b"b=1&a=\xed\xa0\x80"] {
            assert_eq!(Params::parse(wrong).err(), Some(ParseParamsError::Encoding), "{wrong:?}");
        }
    }

    #[test]
    fn parameters_are_overlaid() {
        let params = Params::parse(b"a=1&b=2&c=3").unwrap();
        let whole = params.overlaid(&["c"], vec![("b".into(), "9".into()), ("d".into(), "4".into())]);
        assert_eq!(
            [whole.value("a"), whole.value("b"), whole.value("c"), whole.value("d")],
            [Some("1"), Some("9"), None, Some("4")]
        );
    }
}
