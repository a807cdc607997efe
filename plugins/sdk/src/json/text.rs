//! Text to [`Json`]. Every step answers `None` for "not JSON": a policy's settings come from a configuration that the host has
//! parsed already, so the place of a stray comma is the host's to report.

use super::{DEEPEST, Json};

pub(super) fn parse(json: &str) -> Option<Json<'_>> {
    let mut text = Text { all: json, at: 0 };
    let value = text.value(0)?;
    text.peek().is_none().then_some(value)
}

/// The text and how far it is read, in bytes. Positions only ever stop beside ASCII, so that `get` always finds a boundary.
struct Text<'a> {
    all: &'a str,
    at: usize,
}

impl<'a> Text<'a> {
    fn byte(&self) -> Option<u8> {
        self.all.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.byte();
        self.at += 1;
        byte
    }

    /// The next byte that is not white space, left where it is.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `wanted` if it comes next.
    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: u8) -> Option<Json<'a>> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth).map(Json::Object),
            b'[' => self.list(depth).map(Json::List),
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    fn word(&mut self, word: &str, value: Json<'a>) -> Option<Json<'a>> {
        let end = self.at + word.len();
        let found = self.all.get(self.at..end)? == word;
        self.at = end;
        found.then_some(value)
    }

    fn object(&mut self, depth: u8) -> Option<Vec<(String, Json<'a>)>> {
        self.at += 1;
        let mut members: Vec<(String, Json<'a>)> = Vec::new();
        if self.take(b'}') {
            return Some(members);
        }
        loop {
            let name = self.string()?;
            // A reader that keeps the first and one that keeps the last would disagree.
            if members.iter().any(|(earlier, _)| *earlier == name) || !self.take(b':') {
                return None;
            }
            members.push((name, self.value(depth + 1)?));
            if !self.take(b',') {
                return self.take(b'}').then_some(members);
            }
        }
    }

    fn list(&mut self, depth: u8) -> Option<Vec<Json<'a>>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Some(items);
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.take(b',') {
                return self.take(b']').then_some(items);
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.take(b'"') {
            return None;
        }
        let mut text = String::new();
        let mut plain = self.at;
        loop {
            let end = self.at;
            match self.next()? {
                b'"' => {
                    text.push_str(self.all.get(plain..end)?);
                    return Some(text);
                }
                b'\\' => {
                    text.push_str(self.all.get(plain..end)?);
                    text.push(self.escaped()?);
                    plain = self.at;
                }
                0..b' ' => return None,
                _ => {}
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        match self.next()? {
            same @ (b'"' | b'\\' | b'/') => Some(char::from(same)),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => self.code_point(),
            _ => None,
        }
    }

    /// RFC 8259 §7: a character outside the basic plane is a pair of surrogates. One that stands alone is no character.
    fn code_point(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if high & 0xFC00 != 0xD800 {
            return char::from_u32(high);
        }
        if self.next()? != b'\\' || self.next()? != b'u' {
            return None;
        }
        let low = self.four_digits()?;
        if low & 0xFC00 != 0xDC00 {
            return None;
        }
        char::from_u32(0x1_0000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = code * 16 + char::from(self.next()?).to_digit(16)?;
        }
        Some(code)
    }

    /// RFC 8259 §6; kept as written, because only the type that it is read into knows what it has to be.
    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.byte() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return None;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return None;
            }
        }
        self.all.get(start..self.at)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}
