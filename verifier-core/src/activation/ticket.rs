//! The ticket inside an activation QR code: bound to one person, used once, and dead as soon as a newer one is asked for.
//!
//! By contacts it travels by mail and lives two days; by card it stands on the portal and lives 90 seconds (ANS question page).
//! "Used" is recorded before anything else happens, so that two phones that scan at the same moment do not both go on.

use core::fmt;

use super::secret::is_same;
use crate::ids::NationalId;

/// How the ticket reaches the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// By mail to the registered address.
    Contacts,
    /// On the portal, after a login with the plastic card.
    Card,
}

impl Route {
    /// How long a ticket of this route lives, in milliseconds.
    #[must_use]
    pub fn life_ms(self) -> u64 {
        match self {
            Self::Contacts => 2 * 24 * 60 * 60 * 1000,
            Self::Card => 90 * 1000,
        }
    }
}

/// The secret of a ticket: 128 random bits as 32 hexadecimal digits. `Debug` does not show it.
#[derive(Clone)]
pub struct TicketToken([u8; 16]);

impl TicketToken {
    /// From 16 bytes of the caller's random source.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads the text of a QR code; `None` when it is not one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0_u8; 16];
        let mut digits = text.bytes().map(|byte| char::from(byte).to_digit(16));
        for place in &mut bytes {
            let (high, low) = (digits.next()??, digits.next()??);
            *place = u8::try_from(high * 16 + low).ok()?;
        }
        digits.next().is_none().then_some(Self(bytes))
    }

    /// The text for the QR code. Discloses.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl PartialEq for TicketToken {
    fn eq(&self, other: &Self) -> bool {
        is_same(&self.0, &other.0)
    }
}

impl Eq for TicketToken {}

impl fmt::Debug for TicketToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketToken(redacted)")
    }
}

/// One ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    token: TicketToken,
    route: Route,
    expires_ms: u64,
    used: bool,
}

impl Ticket {
    /// The secret in its QR code.
    #[must_use]
    pub fn token(&self) -> &TicketToken {
        &self.token
    }

    /// How it reaches the person.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// When it dies, ms since 1970.
    #[must_use]
    pub fn expires_ms(&self) -> u64 {
        self.expires_ms
    }
}

/// Superseded tickets that are remembered, to say "superseded" instead of "unknown". A person who asks more often gets the less
/// precise answer.
const REMEMBERED: usize = 8;

/// The tickets of one person. At most one of them is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tickets {
    person: NationalId,
    latest: Option<Ticket>,
    superseded: Vec<TicketToken>,
}

impl Tickets {
    /// None yet.
    #[must_use]
    pub fn new(person: NationalId) -> Self {
        Self { person, latest: None, superseded: Vec::new() }
    }

    /// Whose they are.
    #[must_use]
    pub fn person(&self) -> &NationalId {
        &self.person
    }

    /// The ticket that is good if any is.
    #[must_use]
    pub fn latest(&self) -> Option<&Ticket> {
        self.latest.as_ref()
    }

    /// Issues a ticket; every earlier one of this person is dead from now on, whatever its route.
    #[must_use]
    pub fn issue(mut self, route: Route, token: TicketToken, now_ms: u64) -> Self {
        if let Some(old) = self.latest.take() {
            self.superseded.push(old.token);
            if self.superseded.len() > REMEMBERED {
                self.superseded.remove(0);
            }
        }
        self.latest = Some(Ticket { token, route, expires_ms: now_ms.saturating_add(route.life_ms()), used: false });
        self
    }

    /// Uses a ticket up. On success the returned tickets no longer hold a good one.
    ///
    /// # Errors
    /// [`RedeemError`]; the tickets are as before and come back with it.
    pub fn redeem(mut self, token: &TicketToken, now_ms: u64) -> (Self, Result<Route, RedeemError>) {
        let outcome = match &mut self.latest {
            Some(ticket) if ticket.token == *token => {
                if ticket.used {
                    Err(RedeemError::Used)
                } else if now_ms >= ticket.expires_ms {
                    Err(RedeemError::Expired { route: ticket.route })
                } else {
                    ticket.used = true;
                    Ok(ticket.route)
                }
            }
            _ if self.superseded.contains(token) => Err(RedeemError::Superseded),
            _ => Err(RedeemError::Unknown),
        };
        (self, outcome)
    }
}

/// Why a ticket was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedeemError {
    /// Its time is over.
    Expired {
        /// Its route, which says how long it lived.
        route: Route,
    },
    /// It was scanned before.
    Used,
    /// A newer one was asked for.
    Superseded,
    /// It was never issued to this person.
    Unknown,
}

impl RedeemError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { route: Route::Contacts } => "ACT-MAIL-QR-EXPIRED",
            Self::Expired { route: Route::Card } => "ACT-CARD-QR-EXPIRED",
            Self::Used => "ACT-QR-USED",
            Self::Superseded => "ACT-QR-SUPERSEDED",
            Self::Unknown => "ACT-QR-UNKNOWN",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Expired { route: Route::Contacts } => "ask for a new mail in the app",
            Self::Expired { route: Route::Card } => "start the activation again on the portal, with the phone in hand",
            Self::Used => "go on with the phone that scanned it; if that was not yours, call the e-CPS support",
            Self::Superseded => "use the QR code of the newest mail",
            Self::Unknown => "scan the QR code of the mail or of the portal, with the app of the same environment",
        }
    }
}

impl fmt::Display for RedeemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired { route: Route::Contacts } => "the mailed QR code is older than two days",
            Self::Expired { route: Route::Card } => "the QR code on the portal is older than 90 seconds",
            Self::Used => "the QR code was already used",
            Self::Superseded => "a newer QR code was asked for",
            Self::Unknown => "the QR code is not one of an activation of this person",
        })
    }
}

impl core::error::Error for RedeemError {}
