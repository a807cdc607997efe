//! One activation as a state by value: `step(self, event, now) -> (next, outcome)`.
//!
//! ```text
//! contacts: Requested ─Scanned▶ AwaitingSms ──SmsTyped──▶ ChoosingPin ─PinChosen▶ ConfirmingPin ─PinConfirmed▶ Active
//! card:     Requested ─Scanned▶ AwaitingDesktop ─DesktopTyped▶ ChoosingPin …
//! ```
//!
//! The phone that scanned is the phone that is activated: every later event names its device and another one is refused.
//! Wrong codes are counted; the last one ends the activation and a new request is needed. The codes are compared here and
//! nowhere else.

use core::fmt;

use super::ticket::Route;
use super::{Attempts, PhoneCode, Pin, SmsCode};

/// How long a code holds once it was sent or shown, in milliseconds. Ours: the operator publishes no figure.
pub const CODE_LIFE_MS: u64 = 10 * 60 * 1000;

/// A device, by whatever number the edge gives it. Not an identifier of a person.
pub type Device = u64;

/// The state of one activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activation {
    /// A ticket is out.
    Requested,
    /// By contacts: the SMS is out.
    AwaitingSms {
        /// The phone that scanned.
        device: Device,
        /// What the SMS says.
        code: SmsCode,
        /// When it stops being good, ms since 1970.
        expires_ms: u64,
        /// Tries left.
        attempts: Attempts,
    },
    /// By card: the phone shows a code that the desktop waits for.
    AwaitingDesktop {
        /// The phone that scanned.
        device: Device,
        /// What the phone shows.
        code: PhoneCode,
        /// When it stops being good, ms since 1970.
        expires_ms: u64,
        /// Tries left.
        attempts: Attempts,
    },
    /// The code was right; the phone asks for a new PIN.
    ChoosingPin {
        /// The phone.
        device: Device,
    },
    /// The phone asks for the PIN a second time.
    ConfirmingPin {
        /// The phone.
        device: Device,
        /// The PIN typed first.
        chosen: Pin,
    },
    /// The e-CPS is active on this phone and on no other.
    Active {
        /// The phone.
        device: Device,
        /// Its PIN.
        pin: Pin,
    },
    /// Ended without an e-CPS. A new request is needed.
    Ended,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A phone scanned a ticket that was redeemed for the route by contacts; the edge drew the code.
    ScannedMail {
        /// The phone.
        device: Device,
        /// The code to send.
        code: SmsCode,
    },
    /// A phone scanned a ticket that was redeemed for the route by card; the edge drew the code.
    ScannedPortal {
        /// The phone.
        device: Device,
        /// The code that the phone shows.
        code: PhoneCode,
    },
    /// The code of the SMS was typed, or read by the app.
    SmsTyped {
        /// On which phone.
        device: Device,
        /// What was typed.
        code: SmsCode,
    },
    /// The phone's code was typed on the desktop that shows the portal.
    DesktopTyped {
        /// What was typed.
        code: PhoneCode,
    },
    /// A PIN was typed for the first time.
    PinChosen {
        /// On which phone.
        device: Device,
        /// The PIN.
        pin: Pin,
    },
    /// A PIN was typed for the second time.
    PinConfirmed {
        /// On which phone.
        device: Device,
        /// The PIN.
        pin: Pin,
    },
    /// The person said that this was not asked for, or left.
    Abandoned,
}

/// What the edge does after it has kept the new state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send the code to the registered phone.
    SendSms(SmsCode),
    /// Show the code on the phone that scanned.
    ShowOnPhone(PhoneCode),
    /// Ask the phone for a PIN.
    AskPin,
    /// Ask the phone for the PIN again.
    AskPinAgain,
    /// Tell the person at the registered address that an e-CPS was activated, so that a stranger's activation is noticed.
    TellActivated,
}

/// Why an event changed nothing, or ended the activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not what this state waits for.
    OutOfOrder,
    /// Another phone than the one that scanned.
    OtherDevice,
    /// The code is wrong.
    WrongCode {
        /// Tries left; 0: the activation has ended.
        left: u8,
    },
    /// The code is too old; the activation has ended.
    CodeExpired {
        /// The route, which says where the code stood.
        route: Route,
    },
    /// The two PINs differ; choose again.
    PinsDiffer,
}

impl Activation {
    /// The next state, and what to do or why not. Total: no event can leave the machine undefined.
    pub fn step(self, event: Event, now_ms: u64) -> (Self, Result<Vec<Effect>, Refusal>) {
        let expires_ms = now_ms.saturating_add(CODE_LIFE_MS);
        match (self, event) {
            (Self::Active { device, pin }, _) => (Self::Active { device, pin }, Err(Refusal::OutOfOrder)),
            (_, Event::Abandoned) => (Self::Ended, Ok(Vec::new())),
            (Self::Requested, Event::ScannedMail { device, code }) => {
                let effects = vec![Effect::SendSms(code.clone())];
                (Self::AwaitingSms { device, code, expires_ms, attempts: Attempts::CODE }, Ok(effects))
            }
            (Self::Requested, Event::ScannedPortal { device, code }) => {
                let effects = vec![Effect::ShowOnPhone(code.clone())];
                (Self::AwaitingDesktop { device, code, expires_ms, attempts: Attempts::CODE }, Ok(effects))
            }
            (
                Self::AwaitingSms { device, code, expires_ms, attempts },
                Event::SmsTyped { device: typed_on, code: typed },
            ) => {
                if typed_on != device {
                    return (Self::AwaitingSms { device, code, expires_ms, attempts }, Err(Refusal::OtherDevice));
                }
                match compare(code == typed, attempts, now_ms >= expires_ms, Route::Contacts) {
                    Compared::Right => (Self::ChoosingPin { device }, Ok(vec![Effect::AskPin])),
                    Compared::Again(attempts, refusal) => {
                        (Self::AwaitingSms { device, code, expires_ms, attempts }, Err(refusal))
                    }
                    Compared::Over(refusal) => (Self::Ended, Err(refusal)),
                }
            }
            (Self::AwaitingDesktop { device, code, expires_ms, attempts }, Event::DesktopTyped { code: typed }) => {
                match compare(code == typed, attempts, now_ms >= expires_ms, Route::Card) {
                    Compared::Right => (Self::ChoosingPin { device }, Ok(vec![Effect::AskPin])),
                    Compared::Again(attempts, refusal) => {
                        (Self::AwaitingDesktop { device, code, expires_ms, attempts }, Err(refusal))
                    }
                    Compared::Over(refusal) => (Self::Ended, Err(refusal)),
                }
            }
            (Self::ChoosingPin { device }, Event::PinChosen { device: typed_on, .. }) if typed_on != device => {
                (Self::ChoosingPin { device }, Err(Refusal::OtherDevice))
            }
            (Self::ChoosingPin { device }, Event::PinChosen { pin, .. }) => {
                (Self::ConfirmingPin { device, chosen: pin }, Ok(vec![Effect::AskPinAgain]))
            }
            (Self::ConfirmingPin { device, chosen }, Event::PinConfirmed { device: typed_on, .. })
                if typed_on != device =>
            {
                (Self::ConfirmingPin { device, chosen }, Err(Refusal::OtherDevice))
            }
            (Self::ConfirmingPin { device, chosen }, Event::PinConfirmed { pin, .. }) => {
                if pin == chosen {
                    (Self::Active { device, pin }, Ok(vec![Effect::TellActivated]))
                } else {
                    (Self::ChoosingPin { device }, Err(Refusal::PinsDiffer))
                }
            }
            (state, _) => (state, Err(Refusal::OutOfOrder)),
        }
    }
}

enum Compared {
    Right,
    Again(Attempts, Refusal),
    Over(Refusal),
}

/// An expired code is refused even when it is right, and costs no try: there is none left to make.
fn compare(right: bool, attempts: Attempts, expired: bool, route: Route) -> Compared {
    if expired {
        return Compared::Over(Refusal::CodeExpired { route });
    }
    if right {
        return Compared::Right;
    }
    match attempts.spend() {
        Some(left) => Compared::Again(left, Refusal::WrongCode { left: left.left() }),
        None => Compared::Over(Refusal::WrongCode { left: 0 }),
    }
}

impl Refusal {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OutOfOrder => "ACT-ORDER",
            Self::OtherDevice => "ACT-OTHER-DEVICE",
            Self::WrongCode { left: 0 } => "ACT-CODE-LOCKED",
            Self::WrongCode { .. } => "ACT-CODE-WRONG",
            Self::CodeExpired { .. } => "ACT-CODE-EXPIRED",
            Self::PinsDiffer => "ACT-PIN-DIFFERS",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::OutOfOrder => "start the activation again",
            Self::OtherDevice => "go on with the phone that scanned the QR code",
            Self::WrongCode { left: 0 } | Self::CodeExpired { .. } => {
                "ask for a new activation; the old QR code is no longer good"
            }
            Self::WrongCode { .. } => "type the code again, digit by digit",
            Self::PinsDiffer => "choose a PIN of four digits again and type it twice",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder => f.write_str("the activation does not wait for this"),
            Self::OtherDevice => f.write_str("another phone scanned the QR code"),
            Self::WrongCode { left: 0 } => f.write_str("the code was wrong too often"),
            Self::WrongCode { left } => write!(f, "the code is wrong, tries left: {left}"),
            Self::CodeExpired { .. } => f.write_str("the code is too old"),
            Self::PinsDiffer => f.write_str("the two PINs differ"),
        }
    }
}

impl core::error::Error for Refusal {}
