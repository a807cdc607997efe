//! Activation by card, seen from the desktop: the portal shows a QR code for 90 seconds, a phone scans it and shows a code, and
//! that code is typed on the portal. What the phone does stands in the parent module; the rules are the core's.
//!
//! Whoever calls has proved the person with a card: nothing here looks at one.

use verifier_core::activation::{Activation, Eligibility, Event, PhoneCode, RedeemError, Route, TicketToken};

use super::{ActivationError, State};

/// What the desktop that shows the QR code of an activation by card sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Desktop {
    /// The QR code waits for a phone.
    Qr {
        /// Seconds left, rounded up.
        remaining_s: u64,
    },
    /// No phone scanned it within 90 seconds.
    QrExpired,
    /// A phone scanned it and shows a code, which is typed here.
    AwaitingCode,
    /// The code was right; the phone asks for a PIN.
    ChoosingPin,
    /// The e-CPS is active on that phone.
    Active,
    /// Another activation of this person was started, by card or by contacts.
    Superseded,
    /// Given up on the phone, or the code was wrong too often.
    Ended,
}

impl State {
    /// The portal asks for the QR code of a person who proved who they are with a card. Every earlier one is dead from now on.
    pub(crate) fn request_by_card(
        &mut self,
        person: &str,
        token: TicketToken,
        now_ms: u64,
    ) -> Result<(), ActivationError> {
        let enrolment = self.enrolment(person, now_ms)?;
        Eligibility::of(&enrolment.record).permits(Route::Card).map_err(ActivationError::NotEligible)?;
        enrolment.tickets = enrolment.tickets.clone().issue(Route::Card, token, now_ms);
        enrolment.activation = Activation::Requested;
        enrolment.scanned_by = None;
        Ok(())
    }

    /// What the desktop that shows this ticket sees of the activation.
    pub(crate) fn desktop(
        &mut self,
        person: &str,
        ticket: &TicketToken,
        now_ms: u64,
    ) -> Result<Desktop, ActivationError> {
        let enrolment = self.enrolment(person, now_ms)?;
        let expires_ms = match enrolment.tickets.latest() {
            Some(latest) if latest.token() == ticket => latest.expires_ms(),
            _ => return Ok(Desktop::Superseded),
        };
        Ok(match enrolment.activation {
            Activation::Requested if now_ms < expires_ms => {
                Desktop::Qr { remaining_s: (expires_ms - now_ms).div_ceil(1000) }
            }
            Activation::Requested => Desktop::QrExpired,
            Activation::AwaitingDesktop { .. } => Desktop::AwaitingCode,
            Activation::ChoosingPin { .. } | Activation::ConfirmingPin { .. } => Desktop::ChoosingPin,
            Activation::AwaitingSms { .. } | Activation::Active { .. } | Activation::Ended => {
                if enrolment.completed.as_ref() == Some(ticket) { Desktop::Active } else { Desktop::Ended }
            }
        })
    }

    /// The phone's code was typed on the desktop that shows this ticket.
    pub(crate) fn type_on_desktop(
        &mut self,
        person: &str,
        ticket: &TicketToken,
        typed: &str,
        now_ms: u64,
    ) -> Result<(), ActivationError> {
        let code = PhoneCode::parse(typed).map_err(ActivationError::Form)?;
        match self.desktop(person, ticket, now_ms)? {
            Desktop::Superseded => Err(ActivationError::Ticket(RedeemError::Superseded)),
            _ => self.advance(person, Event::DesktopTyped { code }, now_ms),
        }
    }
}
