//! The facts that a content script reports about a page, as they cross the message channel. Wire format, version 1.
//!
//! It holds what is visible and nothing that was typed: a field tells whether it is empty or holds the text about to be
//! filled, never its value. Unknown members are refused, and so is anything beyond the sizes of [`limits`], because the page
//! controls every text in here.

use serde::Deserialize;

use crate::limits;

/// The version that this core reads.
pub const VERSION: u32 = 1;

/// What a page shows. `Debug` tells how much of it there is, never what: a page may greet a person by name.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageObservation {
    /// Version of this format.
    pub v: u32,
    /// The document's title.
    #[serde(default)]
    pub title: String,
    /// Visible headings.
    #[serde(default)]
    pub headings: Vec<String>,
    /// Visible texts.
    #[serde(default)]
    pub texts: Vec<String>,
    /// Tabs by role.
    #[serde(default)]
    pub tabs: Vec<Tab>,
    /// Buttons by role.
    #[serde(default)]
    pub buttons: Vec<Labelled>,
    /// Links.
    #[serde(default)]
    pub links: Vec<Labelled>,
    /// Input fields.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Short texts with a digit, candidates for the matching number.
    #[serde(default)]
    pub numbers: Vec<NumberCandidate>,
    /// Texts of alerts and status regions.
    #[serde(default)]
    pub alerts: Vec<String>,
    /// Whether something like a QR code is shown.
    #[serde(default)]
    pub has_qr: bool,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tab {
    /// Its text.
    pub text: String,
    /// Whether it is the selected one.
    #[serde(default)]
    pub selected: bool,
}

/// A button or a link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labelled {
    /// Its accessible text.
    pub text: String,
}

/// An input field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The content script's own reference to it.
    #[serde(rename = "ref")]
    pub reference: u32,
    /// Its label.
    #[serde(default)]
    pub label: String,
    /// Its placeholder.
    #[serde(default)]
    pub placeholder: String,
    /// The `type` of the input.
    #[serde(default)]
    pub kind: String,
    /// The `autocomplete` attribute.
    #[serde(default)]
    pub autocomplete: String,
    /// The `name` attribute.
    #[serde(default)]
    pub name: String,
    /// The `id` attribute.
    #[serde(default)]
    pub id: String,
    /// Whether a person can see it.
    #[serde(default)]
    pub visible: bool,
    /// Whether a person can type into it.
    #[serde(default)]
    pub editable: bool,
    /// What it holds, without saying it.
    #[serde(default)]
    pub filled: Filled,
}

/// What a field holds, without saying it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filled {
    /// Nothing.
    Empty,
    /// The text that is about to be filled.
    Same,
    /// Something else.
    Other,
    /// The content script was not told what to compare with.
    #[default]
    Unknown,
}

/// A visible leaf whose whole text is one to three characters with a digit among them.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberCandidate {
    /// The text.
    pub text: String,
    /// Its height on the screen.
    #[serde(default)]
    pub height_px: u32,
    /// Whether a person can see it.
    #[serde(default)]
    pub visible: bool,
}

impl core::fmt::Debug for PageObservation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PageObservation")
            .field("v", &self.v)
            .field("texts", &self.texts.len())
            .field("tabs", &self.tabs.len())
            .field("buttons", &self.buttons.len())
            .field("fields", &self.fields.len())
            .field("numbers", &self.numbers.len())
            .finish_non_exhaustive()
    }
}

impl core::fmt::Debug for NumberCandidate {
    /// The text may be the matching number and stays out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NumberCandidate")
            .field("height_px", &self.height_px)
            .field("visible", &self.visible)
            .finish_non_exhaustive()
    }
}

impl PageObservation {
    /// An observation of nothing, to be filled member by member.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            v: VERSION,
            title: String::new(),
            headings: Vec::new(),
            texts: Vec::new(),
            tabs: Vec::new(),
            buttons: Vec::new(),
            links: Vec::new(),
            fields: Vec::new(),
            numbers: Vec::new(),
            alerts: Vec::new(),
            has_qr: false,
        }
    }

    /// Whether every list and text is within [`limits::PAGE_ENTRIES`] and [`limits::PAGE_TEXT_BYTES`].
    pub(super) fn is_within_limits(&self) -> bool {
        let counts = [
            self.headings.len(),
            self.texts.len(),
            self.tabs.len(),
            self.buttons.len(),
            self.links.len(),
            self.fields.len(),
            self.numbers.len(),
            self.alerts.len(),
        ];
        let short = |text: &String| text.len() <= limits::PAGE_TEXT_BYTES;
        counts.iter().all(|count| *count <= limits::PAGE_ENTRIES)
            && short(&self.title)
            && self.headings.iter().chain(&self.texts).chain(&self.alerts).all(short)
            && self.buttons.iter().chain(&self.links).all(|item| short(&item.text))
            && self.tabs.iter().all(|tab| short(&tab.text))
            && self.numbers.iter().all(|number| short(&number.text))
            && self.fields.iter().all(|field| {
                [&field.label, &field.placeholder, &field.kind, &field.autocomplete, &field.name, &field.id]
                    .into_iter()
                    .all(short)
            })
    }
}
