//! `url`: one address, split here because a line holds text, and judged by [`crate::page::assess`].
//!
//! The edges have real URL parsers (the browser's, the `url` crate) and hand over their facts; this splitter serves the inspection
//! line only and follows the WHATWG URL standard for `http` and `https` as far as the facts go: control characters and
//! spaces at the ends are dropped, tabs and line breaks anywhere too, `\` counts as `/`, everything up to the last `@` of the
//! authority is userinfo, the host is percent-decoded, full-width forms and the other dots become ASCII, capitals become small. It does not compute
//! Punycode: a Unicode host is judged as it stands.

use serde::Serialize;

use super::{Fields, LineError};
use crate::page::{Assessment, Flavour, UrlFacts, Verdict, assess};

#[derive(Serialize)]
pub(super) struct UrlReport {
    verdict: &'static str,
    environment: Option<&'static str>,
    code: &'static str,
}

pub(super) fn answer(line: &str) -> Result<UrlReport, LineError> {
    let fields = Fields::parse(line, &["value"])?;
    let Assessment { verdict, code } = judge(fields.text("value")?);
    Ok(UrlReport {
        verdict: verdict.as_str(),
        environment: verdict.environment().map(|environment| environment.as_str()),
        code,
    })
}

fn judge(text: &str) -> Assessment {
    match Split::parse(text) {
        // Inspection knows every genuine host; which of them a build acts on is the flavour's affair.
        Some(split) => assess(&split.facts(), Flavour::Dev),
        None => Assessment { verdict: Verdict::Invalid, code: "URL-FORM" },
    }
}

struct Split {
    scheme: String,
    host: String,
    port: Option<u16>,
    has_userinfo: bool,
}

impl Split {
    fn facts(&self) -> UrlFacts<'_> {
        UrlFacts { scheme: &self.scheme, host: &self.host, port: self.port, has_userinfo: self.has_userinfo }
    }

    fn parse(text: &str) -> Option<Self> {
        let trimmed = text.trim_matches(|c: char| c <= ' ');
        let cleaned: String = trimmed.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
        let (scheme, rest) = cleaned.split_once(':')?;
        let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        if !well_formed {
            return None;
        }
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            // No host worth judging: `assess` names the reason.
            _ => return Some(Self { scheme, host: "none.invalid".to_owned(), port: None, has_userinfo: false }),
        };
        let rest = rest.trim_start_matches(['/', '\\']);
        let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let (userinfo, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = split_port(host_and_port)?;
        let port = match port {
            "" => None,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse::<u16>().ok()?),
            _ => return None,
        };
        Some(Self {
            scheme,
            host: host_name(host)?,
            port: port.filter(|port| *port != default_port),
            has_userinfo: userinfo.chars().any(|c| c != ':'),
        })
    }
}

/// The last colon outside the brackets of an IPv6 address starts the port.
fn split_port(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (host, rest) = text.split_at_checked(end)?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, port)),
            None => rest.is_empty().then_some((host, "")),
        };
    }
    Some(text.split_once(':').unwrap_or((text, "")))
}

fn host_name(text: &str) -> Option<String> {
    let decoded = percent_decoded(text)?;
    Some(decoded.chars().map(ascii_form).collect::<String>().to_lowercase())
}

/// UTS 46 maps the full-width forms of ASCII and three other full stops before a name is looked up.
fn ascii_form(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xff01 + 0x21).unwrap_or(c),
        '\u{3002}' | '\u{ff61}' => '.',
        _ => c,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str, Option<u16>, bool)>) {
        let got = Split::parse(text);
        let got = got.as_ref().map(|s| (s.scheme.as_str(), s.host.as_str(), s.port, s.has_userinfo));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn splits_as_browsers_do() {
        check("https://a.example/auth?x#y", Some(("https", "a.example", None, false)));
        check("  HTTPS://A.Example:443\\path", Some(("https", "a.example", None, false)));
        check("https:a.example", Some(("https", "a.example", None, false)));
        check("https:\\\\\\a.example", Some(("https", "a.example", None, false)));
        check("ht\ntps://a.exa\tmple", Some(("https", "a.example", None, false)));
        check("http://a.example:8080", Some(("http", "a.example", Some(8080), false)));
        check("https://wallet@evil@a.example:444/", Some(("https", "a.example", Some(444), true)));
        check("https://@a.example", Some(("https", "a.example", None, false)));
        check("https://b.example?@a.example", Some(("https", "b.example", None, false)));
        check("https://b.example\\@a.example", Some(("https", "b.example", None, false)));
        check("https://a%2eexample", Some(("https", "a.example", None, false)));
        check("https://ａ。example", Some(("https", "a.example", None, false)));
        check("https://[::1]:8443/", Some(("https", "[::1]", Some(8443), false)));
        check("https://", Some(("https", "", None, false)));
        check("javascript:alert(1)", Some(("javascript", "none.invalid", None, false)));
        for text in [
            "",
            "a.example",
            "//a.example",
            "1https://a",
            "https://a:x",
            "https://a:65536",
            "https://a%2",
            "https://a%ff",
            "https://[::1",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn verdicts() {
        let verdict = |text: &str| {
            let Assessment { verdict, code } = judge(text);
            (verdict.as_str(), verdict.environment().map(|e| e.as_str()), code)
        };
        assert_eq!(verdict("https://wallet.esw.esante.gouv.fr/auth").0, "exact");
        assert_eq!(verdict("https://auth.bas.psc.esante.gouv.fr").1, Some("bas"));
        assert_eq!(verdict("javascript:0").2, "URL-SCHEME");
        assert_eq!(verdict("https://").2, "URL-HOST");
        assert_eq!(verdict("nonsense"), ("invalid", None, "URL-FORM"));
    }

    /// The `url` crate is what the host's own edge uses: where both read an address, they read the same one.
    #[cfg(not(target_arch = "wasm32"))]
    mod oracle {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn agrees_with_the_url_crate(text in "(https?|HTTPS)(:|://|:/|:\\\\)[a-zA-Z0-9.:@/\\\\?#%_\t -]{0,24}") {
                let ours = Split::parse(&text);
                let Ok(reference) = url::Url::parse(&text) else { return Ok(()) };
                // Hosts that are numbers are rewritten to dotted decimals there; no rule of ours looks at them.
                let Some(url::Host::Domain(host)) = reference.host() else { return Ok(()) };
                let ours = ours.expect("the url crate reads it");
                prop_assert_eq!(&ours.host, host);
                prop_assert_eq!(&ours.scheme, reference.scheme());
                prop_assert_eq!(ours.port, reference.port());
                let has_userinfo = !reference.username().is_empty() || reference.password().is_some_and(|password| !password.is_empty());
                prop_assert_eq!(ours.has_userinfo, has_userinfo);
            }
        }
    }
}
