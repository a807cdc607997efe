//! The guidance tree of the core, walked by a person: a checklist in order, whom to call, where to go on.
//!
//! Which situation stands first follows from the page; where something went wrong it stands open. Sentences come from the
//! files in `texts/`, which the loader reads in the language of the browser, so that the Wasm holds the tree and no prose.

use core::cell::RefCell;

use js_sys::Reflect;
use verifier_core::guidance::{self, Body, Channel, Confirmed, Contact, Node, secrets};
use wasm_bindgen::JsValue;
use web_sys::Element;

use crate::page::{self, Visible};
use crate::tab::shown::TabView;
use crate::tab::words::{Help, PageWord};
use crate::words::{self, say};

/// Where the person stands in the tree.
struct Guide {
    texts: JsValue,
    /// What followed from the page.
    first: Option<Help>,
    /// The situations that were opened from there, the last one shown.
    path: Vec<&'static str>,
}

thread_local! {
    static GUIDE: RefCell<Guide> = const { RefCell::new(Guide { texts: JsValue::UNDEFINED, first: None, path: Vec::new() }) };
}

/// The file of sentences.
pub(crate) fn read_from(texts: JsValue) {
    GUIDE.with_borrow_mut(|guide| guide.texts = texts);
}

/// Forgets where the person stood.
pub(crate) fn close() {
    GUIDE.with_borrow_mut(|guide| (guide.first, guide.path) = (None, Vec::new()));
}

/// The page changed, or the person said that a request is not theirs: start where that leads.
pub(crate) fn follow(tab: Option<&TabView>, unasked: bool) {
    begin(if unasked { Help::Now("GUIDE-UNASKED-PUSH") } else { help(tab) });
}

/// Starts in a situation.
pub(crate) fn begin(help: Help) {
    let Some(node) = help.node() else {
        return page::show("guide", Visible::No);
    };
    page::show("guide", Visible::Yes);
    let changed = GUIDE.with_borrow_mut(|guide| {
        // The same situation may become urgent: then it opens.
        let changed = guide.first != Some(help);
        if changed {
            (guide.first, guide.path) = (Some(help), Vec::new());
        }
        changed
    });
    if changed {
        page::set_open("guide", matches!(help, Help::Now(_)));
        draw(node);
    }
}

/// The page, unless the reason why nothing was recognised has an answer of its own, or the address has: that of the environment
/// for which this package is not made.
fn help(tab: Option<&TabView>) -> Help {
    let Some(tab) = tab else {
        return PageWord::Elsewhere.help();
    };
    let code = match tab.page {
        PageWord::Unrecognised => tab.reason.as_deref(),
        PageWord::Elsewhere => Some(tab.code.as_str()),
        _ => None,
    };
    code.and_then(guidance::for_code).map_or_else(|| tab.page.help(), |node| Help::Now(node.code))
}

/// A situation was chosen.
pub(crate) fn open(code: &str) {
    if let Some(node) = guidance::node(code) {
        GUIDE.with_borrow_mut(|guide| guide.path.push(node.code));
        page::set_open("guide", true);
        draw(node);
        page::focus("guide-title");
    }
}

/// One situation back.
pub(crate) fn back() {
    let node = GUIDE.with_borrow_mut(|guide| {
        guide.path.pop();
        guide.path.last().and_then(|code| guidance::node(code)).or_else(|| guide.first?.node())
    });
    if let Some(node) = node {
        draw(node);
        page::focus("guide-title");
    }
}

/// The sentence of a key of the core.
pub(crate) fn text(key: &str) -> String {
    GUIDE.with_borrow(|guide| Reflect::get(&guide.texts, &JsValue::from_str(key)).ok()?.as_string()).unwrap_or_default()
}

fn draw(node: &'static Node) {
    page::set_attribute("guide", "data-node", node.code);
    page::set_text("guide-title", &text(&node.title_key()));
    page::set_text("guide-cause", &node.cause_key().map(|key| text(&key)).unwrap_or_default());
    page::clear("guide-steps");
    for key in node.step_keys() {
        line("guide-steps", &text(&key));
    }
    if node.code == "GUIDE-SECRETS" {
        for secret in secrets() {
            let part = |name: &str| text(&format!("secret.{}.{name}", secret.id.as_str()));
            line("guide-steps", &format!("{} : {}. {}.", part("name"), part("form"), part("where")));
        }
    }
    page::clear("guide-contacts");
    for contact in node.contacts.iter().filter_map(|id| guidance::contact(*id)) {
        draw_contact("guide-contacts", contact);
    }
    page::clear("guide-next");
    for next in node.next().iter().filter_map(|code| guidance::node(code)) {
        if let Some(row) = page::append("guide-next", "li") {
            let act = [("type", "button"), ("class", "quiet"), ("data-act", "guide"), ("data-node", next.code)];
            page::append_to(&row, "button", &text(&next.title_key()), &act);
        }
    }
    let question = matches!(node.body, Body::Question { .. });
    page::show("guide-more", Visible::from(!question && !node.next().is_empty()));
    page::show("guide-back", Visible::from(GUIDE.with_borrow(|guide| !guide.path.is_empty())));
}

fn line(list: &str, text: &str) {
    if let Some(row) = page::append(list, "li") {
        row.set_text_content(Some(text));
    }
}

/// Name, the way to reach it, and what is known of its price, its hours and its age.
fn draw_contact(list: &str, contact: &'static Contact) {
    let Some(row) = page::append(list, "li") else {
        return;
    };
    page::set(&row, "data-contact", contact.id.as_str());
    let link = |row: &Element, href: &str, text: &str| {
        page::append_to(row, "a", text, &[("href", href), ("target", "_blank"), ("rel", "noreferrer")]);
    };
    page::append_to(&row, "span", &text(&contact.name_key()), &[]);
    match contact.channel {
        Channel::Phone(number) => link(&row, &format!("tel:{}", number.replace(' ', "")), number),
        Channel::Mail(address) => link(&row, &format!("mailto:{address}"), address),
        Channel::Web(address) => {
            link(&row, address, address.trim_start_matches("https://").split('/').next().unwrap_or(address));
        }
    }
    let mut notes: Vec<String> = contact.tariff.into_iter().chain(contact.hours).map(text).collect();
    let age = match contact.confirmed {
        Confirmed::Yes => "contact.confirmed",
        Confirmed::GuideOnly => "contact.unconfirmed",
    };
    notes.push(text(age).replace("{date}", contact.date));
    if let Some(newer) = contact.replaced_by.and_then(guidance::contact) {
        let way = match newer.channel {
            Channel::Phone(text) | Channel::Mail(text) | Channel::Web(text) => text,
        };
        notes.push(format!("{} ({way})", text("contact.replaced").replace("{name}", &text(&newer.name_key()))));
    }
    page::append_to(&row, "small", &notes.join(say("listComma", &[]).as_str()), &[]);
}

/// Names every element that asks for a sentence of the core.
pub(crate) fn translate() {
    words::fill("data-text", text);
}

/// Every contact that the core knows, in its order.
pub(crate) fn draw_contacts(list: &str) {
    page::clear(list);
    for contact in guidance::contacts() {
        draw_contact(list, contact);
    }
}
