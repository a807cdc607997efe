//! How pasted text becomes the characters of an identifier. One rule each, applied in this order:
//!
//! - **N1** more than [`limits::IDENTIFIER_CHARS`] characters is refused (`ID-TOO-LONG`).
//! - **N2** spaces of any width (space, tab, line end, NBSP, narrow NBSP, figure space, …) are dropped.
//! - **N3** characters without width (zero-width space and joiners, word joiner, byte order mark, soft hyphen) are dropped:
//!   office programs add them silently.
//! - **N4** characters that change the reading direction are refused (`ID-DIRECTION`): what is seen is not what is typed.
//! - **N5** full-width digits and letters become ASCII; so do letters in lower case (they become capitals).
//! - **N6** digits of other scripts are refused (`ID-FOREIGN-DIGIT`), never converted.
//! - **N7** dots, hyphens of any kind, underscores and commas are dropped *between* characters of a number. A UUID and the
//!   part after `/` keep theirs.
//! - **N8** everything else stays and is judged by the identifier's own grammar (`ID-CHARACTER`).
//!
//! This is not a general Unicode normaliser: identifiers are ASCII and the rules above are the whole list.

use super::ParseIdError;
use crate::limits;

/// N1 to N6: the characters of an identifier that may contain separators of its own (UUID, `/` local part).
///
/// # Errors
/// `Empty`, `TooLong`, `Direction`, `ForeignDigit`.
pub(super) fn characters(text: &str) -> Result<String, ParseIdError> {
    // One piece of memory, and one comparison for what nearly every character is: each login parses several identifiers.
    let mut kept = String::with_capacity(text.len().min(limits::IDENTIFIER_CHARS));
    for (index, character) in text.chars().enumerate() {
        if index >= limits::IDENTIFIER_CHARS {
            return Err(ParseIdError::TooLong { limit: limits::IDENTIFIER_CHARS });
        }
        let position = index + 1;
        match character {
            c if c.is_ascii_graphic() => kept.push(c),
            c if is_space(c) || is_invisible(c) => {}
            c if changes_direction(c) => return Err(ParseIdError::Direction { position }),
            c => {
                let c = half_width(c);
                if !c.is_ascii() && c.is_numeric() {
                    return Err(ParseIdError::ForeignDigit { position });
                }
                kept.push(c);
            }
        }
    }
    if kept.is_empty() { Err(ParseIdError::Empty) } else { Ok(kept) }
}

/// N1 to N7: the capitals and digits of a number, separators dropped.
///
/// # Errors
/// As [`characters`], and `Empty` when only separators were typed.
pub(super) fn number(text: &str) -> Result<String, ParseIdError> {
    let mut kept = characters(text)?;
    kept.retain(|c| !is_separator(c));
    kept.make_ascii_uppercase();
    if kept.is_empty() { Err(ParseIdError::Empty) } else { Ok(kept) }
}

/// N2. Listed instead of `char::is_whitespace` so that the rule can be read here.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}')
}

/// N3.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

/// N4.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// N5: U+FF01 to U+FF5E are the printable ASCII characters, 0xFEE0 further on.
fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// N7.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | ',' | '_' | '-' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
