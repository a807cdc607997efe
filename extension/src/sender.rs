//! Who speaks. Decided from what the browser says about the sender and from nothing in the message.
//!
//! A compromised renderer can send any message in the name of our content script, but it cannot choose `id`, `origin`,
//! `frameId` or the tab (Chromium, `docs/security/compromised-renderers.md`). So the speaker decides which messages are
//! heard at all: a page reports facts, an extension page asks and orders.

use verifier_core::page::{Assessment, Flavour, Verdict};

use crate::address::Address;
use crate::browser::runtime::Own;

/// The sender of a message, as the browser describes it.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    /// The extension that sent it.
    pub id: Option<String>,
    /// The origin of the document that sent it.
    pub origin: Option<String>,
    /// Zero for the top frame.
    pub frame_id: Option<i32>,
    /// The document.
    pub document_id: Option<String>,
    /// Chromium: `active`, `prerender`, `cached` or `pending_deletion`. Firefox does not say.
    pub document_lifecycle: Option<String>,
    /// The tab, if the document stands in one.
    pub tab: Option<i32>,
    /// Firefox: the script's own world in one document. Chromium does not say.
    pub context_id: Option<u64>,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaker {
    /// Our content script in the top frame of a page.
    Page(PageSpeaker),
    /// Our content script in a document that another one has replaced by now. Firefox tells neither the origin of such a document
    /// nor its name, but that of its successor: all that is heard of it is that it went.
    Leaver {
        /// The tab.
        tab: i32,
        /// The world that reported.
        context: u64,
    },
    /// A page of this extension.
    OwnPage,
}

/// The page in which our content script speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSpeaker {
    /// The tab.
    pub tab: i32,
    /// The document.
    pub document: Option<String>,
    /// Firefox: the content script's world in it.
    pub context: Option<u64>,
    /// The host that the browser vouches for.
    pub host: String,
    /// The verdict on its origin: genuine, or a look-alike.
    pub assessment: Assessment,
    /// Whether the document is the one on screen.
    pub presence: Presence,
}

/// Whether a document is on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is the tab's document, or the browser does not tell.
    Active,
    /// It is kept for going back, is about to go, or was loaded ahead.
    Away,
}

/// Why a sender is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefuseSender {
    /// Another extension, or no id.
    Foreign,
    /// Not the top frame.
    Frame,
    /// No tab.
    NoTab,
    /// No usable origin.
    Origin,
    /// An origin with which Vigie has nothing to do.
    Unrelated,
}

impl RefuseSender {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Foreign => "EXT-SENDER-FOREIGN",
            Self::Frame => "EXT-SENDER-FRAME",
            Self::NoTab => "EXT-SENDER-TAB",
            Self::Origin => "EXT-SENDER-ORIGIN",
            Self::Unrelated => "EXT-SENDER-UNRELATED",
        }
    }
}

/// Decides who speaks.
///
/// # Errors
/// [`RefuseSender`]: the message is not even read.
pub fn admit(sender: &Sender, own: &Own, flavour: Flavour) -> Result<Speaker, RefuseSender> {
    if sender.id.as_deref() != Some(own.id.as_str()) {
        return Err(RefuseSender::Foreign);
    }
    let origin = sender.origin.as_deref().ok_or(RefuseSender::Origin)?;
    if origin == own.origin {
        // Our pages stand in no frame: their CSP forbids it, and a page cannot load them (no web-accessible resources).
        return if sender.frame_id.unwrap_or(0) == 0 { Ok(Speaker::OwnPage) } else { Err(RefuseSender::Frame) };
    }
    let tab = sender.tab.ok_or(RefuseSender::NoTab)?;
    let presence = match sender.document_lifecycle.as_deref() {
        None | Some("active") => Presence::Active,
        Some(_) => Presence::Away,
    };
    // A document that was replaced keeps no frame number of its own (Chromium gives any); its farewell is all that is heard
    // of it, and counts only for the document that reported.
    if presence == Presence::Active && sender.frame_id != Some(0) {
        return Err(RefuseSender::Frame);
    }
    if let ("null", Some(context)) = (origin, sender.context_id) {
        return Ok(Speaker::Leaver { tab, context });
    }
    let address = Address::from_origin(origin).ok_or(RefuseSender::Origin)?;
    let assessment = address.assess(flavour);
    if !matches!(assessment.verdict, Verdict::Exact(_) | Verdict::Spoof | Verdict::Suspect) {
        return Err(RefuseSender::Unrelated);
    }
    Ok(Speaker::Page(PageSpeaker {
        tab,
        document: sender.document_id.clone(),
        context: sender.context_id,
        host: address.host,
        assessment,
        presence,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        Own { id: "vigie".into(), origin: "chrome-extension://vigie".into() }
    }

    fn page() -> Sender {
        Sender {
            id: Some("vigie".into()),
            origin: Some("https://wallet.esw.esante.gouv.fr".into()),
            frame_id: Some(0),
            document_id: Some("D1".into()),
            document_lifecycle: Some("active".into()),
            tab: Some(7),
            context_id: None,
        }
    }

    fn check(change: impl FnOnce(&mut Sender), expect: Result<&str, RefuseSender>) {
        let mut sender = page();
        change(&mut sender);
        let speaker = admit(&sender, &own(), Flavour::Store);
        let word = match &speaker {
            Ok(Speaker::OwnPage) => Ok("own"),
            Ok(Speaker::Leaver { .. }) => Ok("leaver"),
            Ok(Speaker::Page(page)) => Ok(match (page.assessment.verdict, page.presence) {
                (Verdict::Exact(_), Presence::Active) => "genuine",
                (Verdict::Exact(_), Presence::Away) => "genuine, away",
                _ => "look-alike",
            }),
            Err(error) => Err(*error),
        };
        assert_eq!(word, expect, "{sender:?}");
    }

    #[test]
    fn who_is_heard() {
        check(|_| {}, Ok("genuine"));
        check(|s| s.document_lifecycle = None, Ok("genuine"));
        check(|s| s.document_lifecycle = Some("cached".into()), Ok("genuine, away"));
        check(|s| s.document_lifecycle = Some("prerender".into()), Ok("genuine, away"));
        check(
            |s| {
                s.document_lifecycle = Some("cached".into());
                s.frame_id = Some(3);
            },
            Ok("genuine, away"),
        );
        check(|s| s.origin = Some("https://wallet.esw.esante.gouv.fr.vigie-lookalike.test".into()), Ok("look-alike"));
        check(|s| s.origin = Some("chrome-extension://vigie".into()), Ok("own"));
        check(
            |s| {
                s.origin = Some("null".into());
                s.context_id = Some(5);
            },
            Ok("leaver"),
        );
    }

    #[test]
    fn who_is_not() {
        check(|s| s.id = None, Err(RefuseSender::Foreign));
        check(|s| s.id = Some("other".into()), Err(RefuseSender::Foreign));
        check(|s| s.origin = None, Err(RefuseSender::Origin));
        check(|s| s.origin = Some("null".into()), Err(RefuseSender::Origin));
        check(|s| s.origin = Some("https://example.org".into()), Err(RefuseSender::Unrelated));
        check(|s| s.origin = Some("https://wallet.bas.psc.esante.gouv.fr".into()), Err(RefuseSender::Unrelated));
        check(|s| s.origin = Some("chrome-extension://vigie2".into()), Err(RefuseSender::Unrelated));
        check(|s| s.frame_id = Some(3), Err(RefuseSender::Frame));
        check(|s| s.frame_id = None, Err(RefuseSender::Frame));
        check(|s| s.tab = None, Err(RefuseSender::NoTab));
        check(
            |s| {
                s.origin = Some("chrome-extension://vigie".into());
                s.frame_id = Some(2);
            },
            Err(RefuseSender::Frame),
        );
    }
}
