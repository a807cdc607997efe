//! Mail and SMS that were sent: the outbox. Nothing ever leaves the sandbox.
//!
//! A mail that the operator blocks is listed as blocked and without its content: what was blocked, nobody reads. Only the
//! last messages are kept.

use super::State;

/// Messages that are kept. A person who looks for one asked for it moments ago.
const KEPT: usize = 200;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// To the registered mail address.
    Mail,
    /// To the registered mobile phone.
    Sms,
}

impl Channel {
    /// The word for scripts.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

/// What a message is there for.
#[derive(Clone)]
pub(crate) enum Content {
    /// The ticket of an activation, as text for the QR code and for the link.
    Ticket(String),
    /// The code of six digits.
    Code(String),
    /// An e-CPS was activated or deleted.
    Notice,
    /// The operator blocked it.
    Blocked,
}

/// One message. No `Debug`: it names a person and carries a secret.
#[derive(Clone)]
pub(crate) struct Message {
    /// Number of the message in this run.
    pub id: u64,
    /// How it travels.
    pub channel: Channel,
    /// National identifier of the person it is for.
    pub person: String,
    /// Address or number.
    pub to: String,
    /// Headline.
    pub subject: String,
    /// Sentences.
    pub text: String,
    /// What it is there for.
    pub content: Content,
    /// When, in milliseconds since the epoch.
    pub sent_ms: u64,
}

/// The mailbox of the sandbox, newest message last.
#[derive(Default)]
pub(crate) struct Outbox {
    messages: std::collections::VecDeque<Message>,
    last_id: u64,
}

impl State {
    /// Sends a message; its number is set here.
    pub(super) fn send(&mut self, message: Message) {
        self.outbox.last_id += 1;
        self.outbox.messages.push_back(Message { id: self.outbox.last_id, ..message });
        if self.outbox.messages.len() > KEPT {
            self.outbox.messages.pop_front();
        }
    }

    /// Everything that was sent, newest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.outbox.messages.iter().rev()
    }
}
