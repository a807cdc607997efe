//! Activation of an e-CPS: who may, by which route, with which tickets and codes, in which order.
//!
//! Two routes lead to an active e-CPS. *By contacts*: the QR code goes to the registered mail address, a code of six digits
//! to the registered phone. *By card*: the portal shows the QR code for 90 seconds to whoever logged in with the plastic
//! card, the phone shows a code, and the person types it on the desktop. Both end with a PIN of four digits.
//!
//! The rules here are pure: randomness and the clock are arguments, state is a value. What the module does not do: it sends
//! no mail and no SMS, and it knows no directory. Limits that the operator does not publish (tries, life of an SMS code) are
//! marked as ours.
//!
//! Sources: the SMURT@B and SI-DEP guides, the ANS question page (validity of QR codes, who may activate), the order of
//! 4 April 2022 (two codes to two recorded contacts).

mod attempts;
mod contact;
pub mod draw;
mod eligibility;
mod secret;
mod steps;
mod ticket;

pub use attempts::Attempts;
pub use contact::{Mail, ParseContactError, Phone};
pub use eligibility::{Eligibility, Missing, NamedCard, NotEligible, Record};
pub use secret::{ParseCodeError, PhoneCode, Pin, SmsCode};
pub use steps::{Activation, CODE_LIFE_MS, Device, Effect, Event, Refusal};
pub use ticket::{RedeemError, Route, Ticket, TicketToken, Tickets};
