//! Parameters of an OAuth request, from a query or a form body.
//!
//! RFC 6749 §3.1 and §3.2: a parameter sent without a value counts as left out, one sent twice makes the request invalid.
//! Sizes are capped before anything is looked at.

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
        let pairs: Vec<_> = url::form_urlencoded::parse(bytes).into_owned().take(MAX_PARAMS + 1).collect();
        if pairs.len() > MAX_PARAMS {
            return Err(ParseParamsError::TooMany);
        }
        Ok(Self(pairs))
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
        check("a=%FF%ZZ", "a", Some("\u{fffd}%ZZ"), None);
    }

    #[test]
    fn caps_hold() {
        assert_eq!(Params::parse(&vec![b'a'; MAX_BYTES + 1]).err(), Some(ParseParamsError::TooLong));
        assert_eq!(Params::parse("a=1&".repeat(65).as_bytes()).err(), Some(ParseParamsError::TooMany));
    }
}
