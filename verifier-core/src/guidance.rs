//! From a failure to what a person does next: a tree of situations, the people to call, and the five secrets that are
//! confused.
//!
//! Data only. A [`Node`] is keyed by its stable code and names the codes of errors that it answers; its sentences live
//! outside the core (`verifier-core/texts/fr.json` and `en.json`), keyed by [`text_keys`], so that the browser build carries
//! one language at a time and a translator needs no compiler. A test proves that no key is missing in either language.
//!
//! ```text
//! CODE.title          the situation, in the person's words; also the answer that leads there
//! CODE.cause          why it happens (advice only)
//! CODE.step.1 …       what to do, in this order (advice only)
//! code.CODE           one sentence for an error code that a person may see
//! contact.ID.name, tariff.…, hours.…, secret.ID.name|form|where, secret.rule
//! ```
//!
//! Not here: no probing of the machine. The tree asks, the person answers.

mod contacts;
mod nodes;
mod secrets;
mod sources;

pub use contacts::{Channel, Confirmed, Contact, ContactId, contact, contacts};
pub use nodes::nodes;
pub use secrets::{Secret, SecretId, TypedOn, secrets};
pub use sources::source;

use crate::code;
use crate::page::RecognizedPage;

/// The code of the first question.
pub const START: &str = "GUIDE-START";

/// One situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Its stable code, see `code::TABLE`; also the key of its texts.
    pub code: &'static str,
    /// A question or a piece of advice.
    pub body: Body,
    /// Whom to call, in this order.
    pub contacts: &'static [ContactId],
    /// Codes of errors that lead straight here.
    pub answers_to: &'static [&'static str],
}

/// What a node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// A question. Each answer is the title of the node it leads to.
    Question {
        /// Codes of the nodes.
        answers: &'static [&'static str],
    },
    /// Advice.
    Advice {
        /// How many steps it has.
        steps: u8,
        /// Codes of the nodes to look at next.
        then: &'static [&'static str],
    },
}

impl Node {
    /// The key of the title.
    #[must_use]
    pub fn title_key(&self) -> String {
        format!("{}.title", self.code)
    }

    /// The key of the cause; `None` for a question.
    #[must_use]
    pub fn cause_key(&self) -> Option<String> {
        matches!(self.body, Body::Advice { .. }).then(|| format!("{}.cause", self.code))
    }

    /// The keys of the steps, in order.
    pub fn step_keys(&self) -> impl Iterator<Item = String> + use<> {
        let (code, steps) = match self.body {
            Body::Advice { steps, .. } => (self.code, steps),
            Body::Question { .. } => (self.code, 0),
        };
        (1..=steps).map(move |step| format!("{code}.step.{step}"))
    }

    /// The nodes that can be reached from here.
    #[must_use]
    pub fn next(&self) -> &'static [&'static str] {
        match self.body {
            Body::Question { answers } => answers,
            Body::Advice { then, .. } => then,
        }
    }
}

/// The node of a code that begins with `GUIDE-`.
#[must_use]
pub fn node(code: &str) -> Option<&'static Node> {
    nodes().iter().find(|node| node.code == code)
}

/// The node that answers an error code, if one does.
#[must_use]
pub fn for_code(code: &str) -> Option<&'static Node> {
    nodes().iter().find(|node| node.answers_to.contains(&code))
}

/// The node that helps on a page of the login, if one does.
#[must_use]
pub fn for_page(page: &RecognizedPage) -> Option<&'static Node> {
    let code = match page {
        RecognizedPage::UnknownIdentifier => "GUIDE-UNKNOWN-IDENTIFIER",
        RecognizedPage::Expired => "GUIDE-TIME-UP",
        RecognizedPage::Refused => "GUIDE-UNASKED-PUSH",
        RecognizedPage::Number { .. } | RecognizedPage::NumberUnread { .. } => "GUIDE-NUMBER",
        RecognizedPage::ActivationQr => "GUIDE-QR-CARD-EXPIRED",
        RecognizedPage::ActivationCode => "GUIDE-CODE-ON-DESKTOP",
        RecognizedPage::Card => "GUIDE-CARD",
        RecognizedPage::CardUnread => "GUIDE-READER",
        RecognizedPage::CardRefused => "GUIDE-CARD-REFUSED",
        RecognizedPage::Outage => "GUIDE-OUTAGE",
        RecognizedPage::Identifier { .. } | RecognizedPage::Quit => "GUIDE-LOGIN",
        RecognizedPage::Portal
        | RecognizedPage::Delegation
        | RecognizedPage::SecurityKey
        | RecognizedPage::Confirmation
        | RecognizedPage::SignedOut => return None,
    };
    node(code)
}

/// Prefixes of the codes that a person may see and that therefore have a sentence of their own.
const TOLD: &[&str] = &["ID-", "URL-", "PAGE-", "LOG-", "ACT-"];

/// Every key that each language has, no more and no fewer.
#[must_use]
pub fn text_keys() -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for node in nodes() {
        keys.push(node.title_key());
        keys.extend(node.cause_key());
        keys.extend(node.step_keys());
    }
    for contact in contacts() {
        keys.push(contact.name_key());
        keys.extend(contact.tariff.into_iter().chain(contact.hours).map(str::to_owned));
    }
    keys.extend(["contact.confirmed", "contact.unconfirmed", "contact.replaced", "secret.rule"].map(str::to_owned));
    for secret in secrets() {
        keys.extend(["name", "form", "where"].map(|part| format!("secret.{}.{part}", secret.id.as_str())));
    }
    let told = code::TABLE.iter().filter(|row| TOLD.iter().any(|prefix| row.name.starts_with(prefix)));
    keys.extend(told.map(|row| format!("code.{}", row.name)));
    keys.sort_unstable();
    keys.dedup();
    keys
}
