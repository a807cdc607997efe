//! JSON text, strictly: for what pages and our own pages send, and for what is kept.
//!
//! `serde-json-core` rather than `serde_json`: its errors carry no text, which suits input that must never be repeated, and
//! it saves 90 kB of WebAssembly. It has no floating-point detours and reads exactly the types that are declared.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest text that is written: a kept tab or an order, both far below.
const WRITE_BYTES: usize = 4 * 1024;

/// Reads one value that fills the whole text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    let mut unescaped = vec![0; text.len()];
    let (value, used) = serde_json_core::from_str_escaped(text, &mut unescaped).ok()?;
    // The reader stops behind the value; anything but white space after it is not ours.
    text.get(used..)?.trim_ascii().is_empty().then_some(value)
}

/// Writes a value; nothing when it is too long to be one of ours.
pub(crate) fn write<T: Serialize>(value: &T) -> Option<String> {
    let mut buffer = vec![0; WRITE_BYTES];
    let used = serde_json_core::to_slice(value, &mut buffer).ok()?;
    buffer.truncate(used);
    String::from_utf8(buffer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive() {
        for text in ["", "é—’", "a\"b\\c", "\u{1}\t\n", "\u{1F600}", "\u{2028}"] {
            assert_eq!(read::<String>(&write(&text).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(read::<String>(r#""\u00e9\n""#).as_deref(), Some("é\n"));
    }

    #[test]
    fn one_value_and_nothing_else() {
        assert_eq!(read::<u32>("7 "), Some(7));
        for text in ["", " ", "7 7", "7,", "\"7\"", "-7", "7.5", "99999999999", "7}", "\u{0}7"] {
            assert_eq!(read::<u32>(text), None, "{text}");
        }
    }
}
