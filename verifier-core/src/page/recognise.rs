//! From what a page shows to which page it is.
//!
//! Only observations from a genuine host come here; [`super::assess`] decides that first. The answer is one page kind or a
//! code that says why nothing was recognised, in which case nothing is filled and nothing is shown.

use super::number;
use super::observation::{Field, PageObservation, VERSION};
use super::rules::{Clue, PageKind, Place, RULES, Rule};
use super::text::{fold, has_phrase};
use crate::login::MatchNumber;

/// What became of an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// A known page.
    Recognized(RecognizedPage),
    /// No rule holds, or the page is not as its rule expects. Do nothing and say so.
    Unrecognized {
        /// The stable code, see `code::TABLE`.
        code: &'static str,
    },
}

impl Recognition {
    /// The page, if one was recognised.
    #[must_use]
    pub fn page(&self) -> Option<&RecognizedPage> {
        match self {
            Self::Recognized(page) => Some(page),
            Self::Unrecognized { .. } => None,
        }
    }
}

/// A page of Pro Santé Connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecognizedPage {
    /// The landing page of the account portal.
    Portal,
    /// The e-CPS tab.
    Identifier {
        /// The content script's reference to the one field that takes the identifier.
        field: u32,
    },
    /// The card tab.
    Card,
    /// The tab of delegated identity providers.
    Delegation,
    /// The security key tab.
    SecurityKey,
    /// The intermediate page that asks for confirmation.
    Confirmation,
    /// The waiting page, number read.
    Number {
        /// The digits to pick on the phone.
        digits: MatchNumber,
        /// Seconds left by the page's own countdown; `None`: it shows none, so show none.
        remaining_s: Option<u32>,
    },
    /// The waiting page, number not read: "look at the page".
    NumberUnread {
        /// The stable code, see `code::TABLE`.
        code: &'static str,
    },
    /// The request expired.
    Expired,
    /// The request was refused.
    Refused,
    /// The person left the waiting page by its own button.
    Quit,
    /// The identifier was not known.
    UnknownIdentifier,
    /// Activation by card: the QR code to be scanned by the phone.
    ActivationQr,
    /// Activation by card: the code shown by the phone is typed here.
    ActivationCode,
    /// The session was closed.
    SignedOut,
    /// No card, no reader or no certificate was found.
    CardUnread,
    /// The card was read and its certificate refused.
    CardRefused,
    /// The provider says that it is out of order: stop retrying.
    Outage,
}

/// The version of the rules, to be told with every report.
#[must_use]
pub fn rules_version() -> u32 {
    super::rules::VERSION
}

/// Recognises a page. Total: work is bounded by the sizes of [`super::observation`].
#[must_use]
pub fn recognise(observation: &PageObservation) -> Recognition {
    if observation.v != VERSION {
        return Recognition::Unrecognized { code: "PAGE-VERSION" };
    }
    if !observation.is_within_limits() {
        return Recognition::Unrecognized { code: "PAGE-TOO-LARGE" };
    }
    let page = FoldedPage::new(observation);
    match RULES.iter().find(|rule| page.satisfies(rule)) {
        Some(rule) => interpret(rule.kind, observation, &page),
        None => Recognition::Unrecognized { code: "PAGE-NO-RULE" },
    }
}

fn interpret(kind: PageKind, observation: &PageObservation, page: &FoldedPage) -> Recognition {
    let recognized = match kind {
        PageKind::Identifier => match identifier_field(&observation.fields) {
            Ok(field) => RecognizedPage::Identifier { field },
            Err(code) => return Recognition::Unrecognized { code },
        },
        PageKind::Number => {
            let remaining_s = number::remaining_s(&page.text);
            match number::read(observation, remaining_s) {
                _ if remaining_s == Some(0) => RecognizedPage::Expired,
                Ok(digits) => RecognizedPage::Number { digits, remaining_s },
                Err(code) => RecognizedPage::NumberUnread { code },
            }
        }
        PageKind::Portal => RecognizedPage::Portal,
        PageKind::Card => RecognizedPage::Card,
        PageKind::Delegation => RecognizedPage::Delegation,
        PageKind::SecurityKey => RecognizedPage::SecurityKey,
        PageKind::Confirmation => RecognizedPage::Confirmation,
        PageKind::Expired => RecognizedPage::Expired,
        PageKind::Refused => RecognizedPage::Refused,
        PageKind::Quit => RecognizedPage::Quit,
        PageKind::UnknownIdentifier => RecognizedPage::UnknownIdentifier,
        PageKind::ActivationQr => RecognizedPage::ActivationQr,
        PageKind::ActivationCode => RecognizedPage::ActivationCode,
        PageKind::SignedOut => RecognizedPage::SignedOut,
        PageKind::CardUnread => RecognizedPage::CardUnread,
        PageKind::CardRefused => RecognizedPage::CardRefused,
        PageKind::Outage => RecognizedPage::Outage,
    };
    Recognition::Recognized(recognized)
}

/// Every text of a page, folded once.
struct FoldedPage {
    /// Title, headings, texts and alerts in this order, so that a sentence split over several elements is still found.
    text: String,
    buttons: Vec<String>,
    selected_tabs: Vec<String>,
    labels: Vec<String>,
    has_qr: bool,
}

impl FoldedPage {
    fn new(observation: &PageObservation) -> Self {
        let mut text = fold(&observation.title);
        for part in observation.headings.iter().chain(&observation.texts).chain(&observation.alerts) {
            text.push(' ');
            text.push_str(&fold(part));
        }
        let visible = |field: &&Field| field.visible;
        Self {
            text,
            buttons: observation.buttons.iter().chain(&observation.links).map(|item| fold(&item.text)).collect(),
            selected_tabs: observation.tabs.iter().filter(|tab| tab.selected).map(|tab| fold(&tab.text)).collect(),
            labels: observation
                .fields
                .iter()
                .filter(visible)
                .flat_map(|field| [fold(&field.label), fold(&field.placeholder)])
                .collect(),
            has_qr: observation.has_qr,
        }
    }

    fn satisfies(&self, rule: &Rule) -> bool {
        let tab_allows = rule.tabs.is_empty()
            || self.selected_tabs.is_empty()
            || rule.tabs.iter().any(|name| self.selected_tabs.iter().any(|tab| has_phrase(tab, name)));
        tab_allows && rule.groups.iter().all(|group| group.iter().any(|clue| self.shows(clue)))
    }

    fn shows(&self, clue: &Clue) -> bool {
        let in_any = |texts: &[String]| texts.iter().any(|text| has_phrase(text, clue.phrase));
        match clue.place {
            Place::Text => has_phrase(&self.text, clue.phrase),
            Place::Button => in_any(&self.buttons),
            Place::Tab => in_any(&self.selected_tabs),
            Place::Label => in_any(&self.labels),
            Place::Qr => self.has_qr,
        }
    }
}

/// The one field that takes the identifier, or why none was chosen. A page with a visible password field is not the e-CPS
/// tab: the e-CPS secret is typed on the phone only.
fn identifier_field(fields: &[Field]) -> Result<u32, &'static str> {
    let is = |field: &Field, kinds: &[&str]| kinds.iter().any(|kind| field.kind.eq_ignore_ascii_case(kind));
    if fields.iter().any(|field| field.visible && is(field, &["password"])) {
        return Err("PAGE-PASSWORD");
    }
    let texts: Vec<&Field> =
        fields.iter().filter(|field| is(field, &["", "text", "tel", "email", "search", "number"])).collect();
    let visible: Vec<&Field> = texts.iter().copied().filter(|field| field.visible).collect();
    let named: Vec<&Field> = visible.iter().copied().filter(|field| names_identifier(field)).collect();
    let chosen = match (named.as_slice(), visible.as_slice()) {
        ([one], _) => one,
        // A field that stands alone is the field, unless it says that it takes something else.
        ([], [one]) if !names_something_else(one) => one,
        ([], []) if texts.is_empty() => return Err("PAGE-FIELD-MISSING"),
        ([], []) => return Err("PAGE-FIELD-HIDDEN"),
        ([], _) => return Err("PAGE-FIELD-UNNAMED"),
        _ => return Err("PAGE-FIELD-SEVERAL"),
    };
    if chosen.editable { Ok(chosen.reference) } else { Err("PAGE-FIELD-LOCKED") }
}

/// Whether a field says that it takes the identifier: to the person first, to the browser or in the markup otherwise.
fn names_identifier(field: &Field) -> bool {
    if shows_word(field, &["identifiant", "rpps"]) {
        return true;
    }
    let hidden = [fold(&field.name), fold(&field.id)];
    !names_something_else(field)
        && (field.autocomplete.eq_ignore_ascii_case("username")
            || hidden
                .iter()
                .any(|text| ["login", "username", "identifiant", "rpps"].iter().any(|word| text.contains(word))))
}

/// Whether a field says to the person that it takes something other than the identifier.
fn names_something_else(field: &Field) -> bool {
    shows_word(field, &["code", "mot de passe", "recherche", "rechercher", "fournisseur"])
}

fn shows_word(field: &Field, words: &[&str]) -> bool {
    [&field.label, &field.placeholder]
        .into_iter()
        .map(|text| fold(text))
        .any(|text| words.iter().any(|word| has_phrase(&text, word)))
}
