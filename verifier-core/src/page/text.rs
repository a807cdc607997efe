//! Texts of a page, brought to one form before a rule reads them. Both the rule and the page go through the same fold:
//!
//! - **T1** letters become lower case and lose their accents (`É` and `é` are `e`); `œ` is `oe`, `æ` is `ae`;
//! - **T2** apostrophes and quotation marks of every shape become `'`;
//! - **T3** hyphens and dashes of every shape become `-`;
//! - **T4** spaces of every width, line ends included, become one space, none at either end;
//! - **T5** characters without width are dropped.
//!
//! Digits are left alone: a digit of another script must stay visible as such.

/// Applies T1 to T5.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut pending_space = false;
    for character in text.chars() {
        let piece = match character {
            '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{300}'..='\u{36F}' => continue,
            c if c.is_whitespace() => {
                pending_space = !folded.is_empty();
                continue;
            }
            c => c,
        };
        if pending_space {
            folded.push(' ');
            pending_space = false;
        }
        match piece {
            'A'..='Z' => folded.push(piece.to_ascii_lowercase()),
            'À'..='Å' | 'à'..='å' => folded.push('a'),
            'Ç' | 'ç' => folded.push('c'),
            'È'..='Ë' | 'è'..='ë' => folded.push('e'),
            'Ì'..='Ï' | 'ì'..='ï' => folded.push('i'),
            'Ñ' | 'ñ' => folded.push('n'),
            'Ò'..='Ö' | 'ò'..='ö' => folded.push('o'),
            'Ù'..='Ü' | 'ù'..='ü' => folded.push('u'),
            'Ÿ' | 'ÿ' => folded.push('y'),
            'Œ' | 'œ' => folded.push_str("oe"),
            'Æ' | 'æ' => folded.push_str("ae"),
            '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{B4}' | '`' | '"' | '\u{201C}' | '\u{201D}' | '«'
            | '»' => folded.push('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
            other => folded.push(other),
        }
    }
    folded
}

/// Whether `phrase` stands in `text` as whole words. Both must be folded already.
pub(super) fn has_phrase(text: &str, phrase: &str) -> bool {
    let mut from = 0;
    while let Some(rest) = text.get(from..) {
        let Some(at) = rest.find(phrase) else {
            return false;
        };
        let before = rest
            .get(..at)
            .and_then(|part| part.chars().next_back())
            .or_else(|| text.get(..from).and_then(|part| part.chars().next_back()));
        let after = rest.get(at + phrase.len()..).and_then(|part| part.chars().next());
        if !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric) {
            return true;
        }
        from += at + rest.get(at..).and_then(|part| part.chars().next()).map_or(1, char::len_utf8);
    }
    false
}
