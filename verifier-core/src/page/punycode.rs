//! Punycode (RFC 3492): the Unicode text of an `xn--` label. The browser hands host names over in their ASCII form, and what a
//! person sees is the other one.
//!
//! Decoding only, labels of a host name only (at most 63 characters). `idna` does the same in about 24 kB of Wasm; the
//! tests compare the two.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 0x80;

/// RFC 1035 section 2.3.4.
const MAX_LABEL: usize = 63;

/// Decodes what follows `xn--`. `None` when it is not Punycode, does not fit a label, or encodes nothing outside ASCII (a
/// form that no registrar hands out: it is written without `xn--`).
pub(super) fn decode(encoded: &str) -> Option<String> {
    if encoded.is_empty() || encoded.len() > MAX_LABEL || !encoded.is_ascii() {
        return None;
    }
    let (basic, extended) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    // A hyphen at the very start separates nothing from nothing: RFC 3492 section 6.2 reads it as a digit, which it is not.
    if extended.is_empty() || encoded.starts_with('-') && basic.is_empty() {
        return None;
    }
    let mut decoded: Vec<char> = basic.chars().collect();
    let mut n = INITIAL_N;
    let mut i: u32 = 0;
    let mut bias = INITIAL_BIAS;
    let mut input = extended.bytes();
    while input.len() > 0 {
        let start = i;
        let mut weight: u32 = 1;
        let mut k = BASE;
        loop {
            let digit = digit(input.next()?)?;
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            k += BASE;
        }
        let length = u32::try_from(decoded.len()).ok()? + 1;
        bias = adapt(i - start, length, start == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        let at = usize::try_from(i).ok()?;
        // `at` is below the new length, so it is a place to insert at.
        decoded.insert(at, char::from_u32(n)?);
        i += 1;
    }
    Some(decoded.into_iter().collect())
}

/// RFC 3492 section 6.1.
fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (((BASE - T_MIN + 1) * delta) / (delta + SKEW))
}

fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_the_samples_of_rfc_3492() {
        let check =
            |encoded: &str, expected: Option<&str>| assert_eq!(decode(encoded).as_deref(), expected, "{encoded}");
        check("b1abfaaepdrnnbgefbadotcwatmq2g4l", Some("почемужеонинеговорятпорусски"));
        check("ihqwcrb4cv8a8dqg056pqjye", Some("他们为什么不说中文"));
        check("porqunopuedensimplementehablarenespaol-fmd56a", Some("porquénopuedensimplementehablarenespañol"));
        check(
            "Hello-Another-Way--fc4qua05auwb3674vfr0b".to_ascii_lowercase().as_str(),
            Some("hello-another-way-それぞれの場所"),
        );
        check("", None);
        check("abc-", None);
        check("-gaaa", None);
        check("99999999999", None);
        check("é", None);
    }

    proptest! {
        #[test]
        fn agrees_with_the_oracle(text in "[a-z0-9éàсеѕ漢字-]{1,20}") {
            if let Some(encoded) = idna::punycode::encode_str(&text)
                && encoded.len() <= MAX_LABEL
                && !text.is_ascii()
            {
                prop_assert_eq!(decode(&encoded), Some(text));
            }
        }

        #[test]
        fn decodes_anything_without_a_panic(text in "[a-z0-9-]{0,70}") {
            let ours = decode(&text);
            if let Some(ours) = ours {
                prop_assert_eq!(idna::punycode::decode_to_string(&text), Some(ours));
            }
        }
    }
}
