//! The five secrets that people confuse, in one table: how many digits, where the person reads it, where it is typed.
//!
//! None of the five is ever told by phone, by mail or to a colleague; the sentence for that is one text (`secret.rule`) so
//! that it cannot be softened for one of them. The frauds of October 2025 asked for the second and the third.

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretId {
    /// PIN of the e-CPS.
    EcpsPin,
    /// Code in the SMS.
    SmsCode,
    /// Code on the phone's screen during activation by card.
    PhoneCode,
    /// The number on the login page.
    MatchNumber,
    /// Code of the plastic card.
    CardCode,
}

impl SecretId {
    /// A stable lower-case name, used in text keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EcpsPin => "ecps-pin",
            Self::SmsCode => "sms-code",
            Self::PhoneCode => "phone-code",
            Self::MatchNumber => "match-number",
            Self::CardCode => "card-code",
        }
    }
}

/// The one place where a secret is typed or picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TypedOn {
    /// In the e-CPS app.
    PhoneApp,
    /// On the portal's page, in the browser of the desktop.
    PortalPage,
    /// In the window of the card's components, outside every web page.
    CardWindow,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    /// Which one.
    pub id: SecretId,
    /// How many digits; `None`: not published.
    pub digits: Option<u8>,
    /// Where it is typed.
    pub typed_on: TypedOn,
    /// Where that is written.
    pub source: &'static str,
}

/// The five rows.
#[must_use]
pub fn secrets() -> &'static [Secret] {
    ROWS
}

const ROWS: &[Secret] = &[
    Secret {
        id: SecretId::EcpsPin,
        digits: Some(4),
        typed_on: TypedOn::PhoneApp,
        source: "SMURT@B guide; SI-DEP guide 2.1",
    },
    Secret { id: SecretId::SmsCode, digits: Some(6), typed_on: TypedOn::PhoneApp, source: "SMURT@B guide" },
    Secret { id: SecretId::PhoneCode, digits: None, typed_on: TypedOn::PortalPage, source: "SI-DEP guide 2.1" },
    Secret { id: SecretId::MatchNumber, digits: Some(2), typed_on: TypedOn::PhoneApp, source: "SMURT@B guide" },
    Secret { id: SecretId::CardCode, digits: None, typed_on: TypedOn::CardWindow, source: "SI-DEP guide 2.1" },
];
