//! Writes the identifier into the one field of a genuine login page, in two steps.
//!
//! 1. Probe: the content script is asked whether a person would see what is typed there. No identifier travels.
//! 2. Write: the identifier goes to the same document, under the token of the probe, and everything is checked again.
//!
//! Started only from the popup or by the keyboard command, both of which belong to the browser. Nothing is ever submitted:
//! a submit sends a request to somebody's phone.

use verifier_core::ids::KeyCheck;
use verifier_core::page::Flavour;

use crate::address;
use crate::browser::tabs::{self, Document};
use crate::identity::Identity;
use crate::messages::{FieldRefusal, FillOrder, Mismatch, PageAnswer, ToPage, read_page_answer};
use crate::tab::words::PageWord;
use crate::tab::{PageState, kept};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// The field holds the identifier.
    Filled,
    /// The key does not agree: the person is asked once more.
    Confirm,
    /// Nothing was written; the stable code says why.
    Refused(&'static str),
}

/// Carries out an order.
pub(super) async fn fill(order: &FillOrder, flavour: Flavour) -> Fill {
    match try_fill(order, flavour).await {
        Ok(fill) => fill,
        Err(code) => Fill::Refused(code),
    }
}

async fn try_fill(order: &FillOrder, flavour: Flavour) -> Result<Fill, &'static str> {
    let tab = order.tab;
    let identity = Identity::parse(&order.identifier).map_err(|error| error.code())?;
    if identity.key() == KeyCheck::Mismatch && order.mismatch == Mismatch::Ask {
        // Once: who filled it before on this desk was asked then.
        let known = kept::desk().await;
        if known.entries().iter().all(|entry| entry.identifier != identity.text()) {
            return Ok(Fill::Confirm);
        }
    }
    let state = kept::known_tab(tab).await.ok_or("EXT-FILL-NO-PAGE")?;
    let page = state.page.as_ref().ok_or("EXT-FILL-NO-PAGE")?;
    let field = writable_field(page)?;
    shows(tab, page, flavour).await?;

    let document = Document { tab, id: page.document.clone() };
    let token = make_token()?;
    match ask(&document, &ToPage::probe(&token, field)).await {
        PageAnswer::Ready => {}
        PageAnswer::Refused(reason) => return Err(reason.code()),
        PageAnswer::Written => return Err(FieldRefusal::Gone.code()),
    }
    match ask(&document, &ToPage::write(&token, identity.text())).await {
        PageAnswer::Written => {}
        PageAnswer::Refused(reason) => return Err(reason.code()),
        PageAnswer::Ready => return Err(FieldRefusal::Gone.code()),
    }
    // The field is filled whether or not the following is kept.
    let _ = kept::fill_identity(identity.text(), order.keep).await;
    let _ = kept::keep_tab(tab, &state.filled()).await;
    Ok(Fill::Filled)
}

/// The field of a genuine page that was recognised as the one that takes the identifier.
fn writable_field(page: &PageState) -> Result<u32, &'static str> {
    if !page.verdict.is_genuine() {
        return Err("EXT-FILL-NOT-GENUINE");
    }
    match (page.word, page.field) {
        (PageWord::Identifier, Some(field)) => Ok(field.reference),
        _ => Err("EXT-FILL-NO-FIELD"),
    }
}

/// The tab must at this moment show the host that reported the field.
async fn shows(tab: i32, page: &PageState, flavour: Flavour) -> Result<(), &'static str> {
    let url = tabs::get(tab).await.ok().and_then(|tab| tab.url).ok_or("EXT-FILL-NO-PAGE")?;
    let (address, _) = address::parse(&url).ok_or("EXT-FILL-NOT-GENUINE")?;
    if address.is_genuine(flavour) && address.host == page.host { Ok(()) } else { Err("EXT-FILL-NOT-GENUINE") }
}

async fn ask(document: &Document, message: &ToPage<'_>) -> PageAnswer {
    match tabs::ask(document, message).await {
        Ok(answer) => read_page_answer(&answer),
        Err(_) => PageAnswer::Refused(FieldRefusal::Gone),
    }
}

/// Sixteen random bytes as hexadecimal digits: a page cannot guess the promise of another document.
fn make_token() -> Result<String, &'static str> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| "EXT-FILL-RANDOM")?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    }))
}
