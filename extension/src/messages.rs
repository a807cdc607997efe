//! The messages between content script, background and the extension's own pages: one JSON text each, version 1.
//!
//! JSON text rather than objects, so that the size is known before anything is read, and so that unknown members, wrong
//! types and trailing bytes are refused by one strict reader. Who may send which message is not decided here but in
//! [`crate::background`], from what the browser says about the sender.
//!
//! What a field holds never travels towards the background; the identifier travels towards the page only in
//! [`ToPage::write`], to one document, under a token.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use verifier_core::page::PageObservation;

use crate::json;

/// The version of every message.
pub const VERSION: u32 = 1;

/// Longest message, in bytes. The content script cuts texts at 200 characters and lists at 40 entries, which makes 45 kB at
/// the very most; real pages make 3 kB.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// Why a message was not read. Says nothing of what stood in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadMessageError {
    /// Longer than [`MESSAGE_BYTES`].
    Size,
    /// Not JSON of the expected shape.
    Shape,
    /// Of another version.
    Version,
}

impl ReadMessageError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Size => "EXT-MESSAGE-SIZE",
            Self::Shape => "EXT-MESSAGE-SHAPE",
            Self::Version => "EXT-MESSAGE-VERSION",
        }
    }
}

/// What a page's content script may say. Facts, nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromPage {
    /// What the page shows.
    Page(Box<PageObservation>),
    /// The document is being left.
    Gone,
}

/// What a content script answers to a probe or a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageAnswer {
    /// The field is there, visible and writable.
    Ready,
    /// The field now holds the text.
    Written,
    /// Nothing was written, or the page changed it.
    Refused(FieldRefusal),
}

/// Why a field was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldRefusal {
    /// No such field any more, or the promise ran out.
    Gone,
    /// A person could not see it.
    Hidden,
    /// Something lies over it.
    Covered,
    /// It is locked or takes something else than text.
    NotEditable,
    /// It holds another text, which is not overwritten.
    NotEmpty,
    /// The page changed what was written.
    Altered,
}

impl FieldRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Gone => "EXT-FIELD-GONE",
            Self::Hidden => "EXT-FIELD-HIDDEN",
            Self::Covered => "EXT-FIELD-COVERED",
            Self::NotEditable => "EXT-FIELD-LOCKED",
            Self::NotEmpty => "EXT-FIELD-NOT-EMPTY",
            Self::Altered => "EXT-FIELD-ALTERED",
        }
    }
}

/// What the background asks of a content script, as one flat object.
#[derive(Serialize)]
pub struct ToPage<'a> {
    v: u32,
    t: &'static str,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

impl<'a> ToPage<'a> {
    /// Would the field of this reference take a text that a person sees? Promises it under a token.
    #[must_use]
    pub fn probe(token: &'a str, field: u32) -> Self {
        Self { v: VERSION, t: "probe", token, field: Some(field), value: None }
    }

    /// Write into the field that was promised under the token.
    #[must_use]
    pub fn write(token: &'a str, value: &'a str) -> Self {
        Self { v: VERSION, t: "write", token, field: None, value: Some(value) }
    }
}

/// What the extension's own pages may order. What they show they read themselves.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromPopup {
    /// Fill an identifier. Sent only after a click or a key in the popup.
    Fill(FillOrder),
    /// Forget identifiers everywhere.
    Forget(ForgetOrder),
    /// Hand the desk over: clear memory, open the page that ends the session. With the tab of the login, which says whose session
    /// that is; `None`: that of production.
    HandOver(Option<i32>),
    /// Several people use this desk.
    Shared,
    /// One person uses this desk.
    Personal,
}

/// Which identifiers are to be forgotten.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgetOrder {
    /// One of them; `None`: all.
    pub identifier: Option<String>,
}

/// An identifier to be filled, and where.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FillOrder {
    /// The browser's number of the tab.
    pub tab: i32,
    /// What the person typed.
    pub identifier: String,
    /// Whether a key that does not agree was pointed out and kept.
    pub mismatch: Mismatch,
    /// Where the identifier is kept.
    pub keep: Keep,
}

/// What a person said to a key that does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mismatch {
    /// Not asked yet.
    Ask,
    /// Asked, and the number is kept.
    Accepted,
}

/// Where an identifier is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// In memory until the browser ends.
    Session,
    /// On this device, because the person asked for it.
    Device,
}

/// What the background answers to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToPopup {
    /// The field holds the identifier.
    Filled,
    /// The key does not agree: ask once more.
    Confirm,
    /// Done.
    Done,
    /// Nothing was done; the stable code says why.
    Refused(String),
    /// Something went wrong inside; the next event starts afresh. Made by the loader.
    Failed,
}

/// Every message stands in one of these.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<M> {
    v: u32,
    m: M,
}

/// Reads a message.
///
/// # Errors
/// [`ReadMessageError`], checked in the order size, shape, version.
pub fn read<M: DeserializeOwned>(text: &str) -> Result<M, ReadMessageError> {
    if text.len() > MESSAGE_BYTES {
        return Err(ReadMessageError::Size);
    }
    let envelope: Envelope<M> = json::read(text).ok_or(ReadMessageError::Shape)?;
    if envelope.v == VERSION { Ok(envelope.m) } else { Err(ReadMessageError::Version) }
}

/// Reads a content script's answer; anything unreadable counts as a field that is gone.
#[must_use]
pub fn read_page_answer(text: &str) -> PageAnswer {
    read(text).unwrap_or(PageAnswer::Refused(FieldRefusal::Gone))
}

/// Writes a message. Our own types always have a JSON form; should one not, the text is no message and is refused.
#[must_use]
pub fn write<M: Serialize>(message: M) -> String {
    json::write(&Envelope { v: VERSION, m: message }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(text: &str, expect: ReadMessageError) {
        match read::<FromPage>(text) {
            Err(error) => assert_eq!(error, expect, "{}", error.code()),
            Ok(_) => panic!("was read: {text}"),
        }
    }

    #[test]
    fn strict_reader() {
        assert!(read::<FromPage>(r#"{"v":1,"m":"gone"}"#).is_ok());
        assert!(read::<FromPage>(r#"{"v":1,"m":{"page":{"v":1,"title":"x"}}}"#).is_ok());
        check_refused("", ReadMessageError::Shape);
        check_refused("null", ReadMessageError::Shape);
        check_refused(r#"{"m":"gone"}"#, ReadMessageError::Shape);
        check_refused(r#"{"v":2,"m":"gone"}"#, ReadMessageError::Version);
        check_refused(r#"{"v":1,"m":"gone","x":1}"#, ReadMessageError::Shape);
        check_refused(r#"{"v":1,"v":1,"m":"gone"}"#, ReadMessageError::Shape);
        check_refused(&r#"{"v":1,"m":"gone"}"#.repeat(2), ReadMessageError::Shape);
        check_refused(r#"{"v":1,"m":{"forget":{"identifier":null}}}"#, ReadMessageError::Shape);
        let fill = FillOrder { tab: 1, identifier: "x".into(), mismatch: Mismatch::Accepted, keep: Keep::Device };
        check_refused(&write(FromPopup::Fill(fill)), ReadMessageError::Shape);
        check_refused(r#"{"v":1,"m":{"page":{"v":1,"html":"x"}}}"#, ReadMessageError::Shape);
        let long = format!(r#"{{"v":1,"m":{{"page":{{"v":1,"title":"{}"}}}}}}"#, "x".repeat(MESSAGE_BYTES));
        check_refused(&long, ReadMessageError::Size);
        check_refused(&"[".repeat(10_000), ReadMessageError::Shape);
    }

    #[test]
    fn page_answers() {
        let check = |text: &str, expect| assert_eq!(read_page_answer(text), expect, "{text}");
        let gone = PageAnswer::Refused(FieldRefusal::Gone);
        check(r#"{"v":1,"m":"ready"}"#, PageAnswer::Ready);
        check(r#"{"v":1,"m":{"refused":"not-empty"}}"#, PageAnswer::Refused(FieldRefusal::NotEmpty));
        for odd in ["", "{}", r#""ready""#, r#"{"v":1,"m":"ready","more":1}"#, r#"{"v":1,"m":{"refused":"whatever"}}"#]
        {
            check(odd, gone);
        }
    }
}
