//! Who may activate an e-CPS, and by which route.
//!
//! Everyone with a named card may, by card; everyone whose mail *and* phone are in the directory may, by contacts, card
//! or not. One contact alone is not enough: the two codes go to two places. (ANS question page; order of 4 April 2022.)

use core::fmt;

use super::ticket::Route;
use super::{Mail, Phone};

/// A plastic card that bears a person's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedCard {
    /// *Carte de professionnel de santé*.
    Cps,
    /// *Carte de professionnel de santé en formation*.
    Cpf,
    /// *Carte de personnel d'établissement*.
    Cpe,
    /// *Carte de personnel autorisé*.
    Cpa,
    /// *Carte de directeur d'établissement*.
    Cde,
}

impl NamedCard {
    /// Every card of the list.
    pub const ALL: [Self; 5] = [Self::Cps, Self::Cpf, Self::Cpe, Self::Cpa, Self::Cde];

    /// The three letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cps => "CPS",
            Self::Cpf => "CPF",
            Self::Cpe => "CPE",
            Self::Cpa => "CPA",
            Self::Cde => "CDE",
        }
    }

    /// The card of these three letters, in any case.
    #[must_use]
    pub fn from_letters(letters: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.as_str().eq_ignore_ascii_case(letters.trim()))
    }
}

/// What the directory holds about a person, as far as activation needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// A named card in the person's hands.
    pub card: Option<NamedCard>,
    /// Registered mail address.
    pub mail: Option<Mail>,
    /// Registered mobile number.
    pub phone: Option<Phone>,
}

/// By which routes a person may activate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Eligibility {
    /// By card or by contacts.
    Both,
    /// By card only: contacts are incomplete.
    CardOnly(Missing),
    /// By contacts only: no named card.
    ContactsOnly,
    /// By neither.
    Neither(Missing),
}

/// What is missing for the route by contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// The mail address.
    Mail,
    /// The phone number.
    Phone,
    /// Both.
    MailAndPhone,
}

impl Eligibility {
    /// Judges a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let missing = match (&record.mail, &record.phone) {
            (Some(_), Some(_)) => None,
            (None, Some(_)) => Some(Missing::Mail),
            (Some(_), None) => Some(Missing::Phone),
            (None, None) => Some(Missing::MailAndPhone),
        };
        match (record.card, missing) {
            (Some(_), None) => Self::Both,
            (Some(_), Some(missing)) => Self::CardOnly(missing),
            (None, None) => Self::ContactsOnly,
            (None, Some(missing)) => Self::Neither(missing),
        }
    }

    /// Whether a route is open, and if not, why.
    ///
    /// # Errors
    /// [`NotEligible`] with what is missing.
    pub fn permits(self, route: Route) -> Result<(), NotEligible> {
        match (self, route) {
            (Self::Both, _) | (Self::CardOnly(_), Route::Card) | (Self::ContactsOnly, Route::Contacts) => Ok(()),
            (Self::CardOnly(missing), Route::Contacts) => Err(NotEligible::ContactsButCard(missing)),
            (Self::Neither(missing), Route::Contacts) => Err(NotEligible::Contacts(missing)),
            (Self::ContactsOnly | Self::Neither(_), Route::Card) => Err(NotEligible::Card),
        }
    }
}

/// Why a route is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEligible {
    /// No named card.
    Card,
    /// A contact is missing, and there is no card either.
    Contacts(Missing),
    /// A contact is missing, but the card is a way.
    ContactsButCard(Missing),
}

impl NotEligible {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Card => "ACT-NO-CARD",
            Self::Contacts(missing) | Self::ContactsButCard(missing) => match missing {
                Missing::Mail => "ACT-NO-MAIL",
                Missing::Phone => "ACT-NO-PHONE",
                Missing::MailAndPhone => "ACT-NO-CONTACTS",
            },
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Card => "activate by the registered mail address and phone instead",
            Self::Contacts(_) => {
                "have the Order or the employer record mail address and mobile phone; allow about 72 hours"
            }
            Self::ContactsButCard(_) => "activate with the card, or have the missing contact recorded",
        }
    }
}

impl fmt::Display for NotEligible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Card => "activation by card needs a named card",
            Self::Contacts(missing) | Self::ContactsButCard(missing) => match missing {
                Missing::Mail => "no mail address is registered",
                Missing::Phone => "no mobile phone is registered",
                Missing::MailAndPhone => "neither mail address nor mobile phone is registered",
            },
        })
    }
}

impl core::error::Error for NotEligible {}
