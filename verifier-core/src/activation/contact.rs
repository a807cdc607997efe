//! The two registered contacts, mail and phone. The requester's screen only ever sees them masked: whoever typed a public
//! RPPS number must not learn where its holder can be reached.
//!
//! [`Mail::masked`] and [`Phone::masked`] are the only ways to show a contact; `address()` and `number()` are for the one
//! sender that delivers to it.

use core::fmt;

/// RFC 5321 section 4.5.3.1.3 allows 254 characters between the brackets.
const MAIL_BYTES: usize = 254;

/// A registered mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail(String);

impl Mail {
    /// Reads an address: one `@`, something on both sides, a dot in the domain, no spaces. Deliverability is not judged.
    ///
    /// # Errors
    /// [`ParseContactError::Mail`].
    pub fn parse(text: &str) -> Result<Self, ParseContactError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(ParseContactError::Mail)?;
        let has_form = !local.is_empty()
            && !local.contains('@')
            && domain.split('.').count() > 1
            && domain.split('.').all(|label| !label.is_empty())
            && !text
                .contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'));
        if has_form && text.len() <= MAIL_BYTES { Ok(Self(text.to_owned())) } else { Err(ParseContactError::Mail) }
    }

    /// First letter of the mailbox and of the domain, and the top-level domain: `m•••@e•••.fr`. The number of dots is always
    /// three, so that lengths do not tell either.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let (name, top) = domain.rsplit_once('.').unwrap_or_default();
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••@{}•••.{top}", first(local), first(name))
    }

    /// The address, for the sender.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mail(redacted)")
    }
}

/// A registered mobile number, French form.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads ten digits beginning with 06 or 07, or the same behind `+33`; spaces, dots and hyphens are dropped. An SMS
    /// needs a mobile number.
    ///
    /// # Errors
    /// [`ParseContactError::Phone`].
    pub fn parse(text: &str) -> Result<Self, ParseContactError> {
        let kept: String =
            text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '\u{A0}' | '\u{202F}' | '(' | ')')).collect();
        let national = match kept.strip_prefix("+33").or_else(|| kept.strip_prefix("0033")) {
            Some(rest) => format!("0{}", rest.strip_prefix('0').unwrap_or(rest)),
            None => kept,
        };
        let mobile = national.starts_with("06") || national.starts_with("07");
        let has_form = mobile && national.len() == 10 && national.bytes().all(|byte| byte.is_ascii_digit());
        if has_form { Ok(Self(national)) } else { Err(ParseContactError::Phone) }
    }

    /// The last two digits: `•• •• •• •• 46`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("•• •• •• •• {}", self.0.get(8..).unwrap_or_default())
    }

    /// The number, for the sender.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(redacted)")
    }
}

/// Why a text is not a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseContactError {
    /// Not a mail address.
    Mail,
    /// Not a French mobile number.
    Phone,
}

impl ParseContactError {
    /// The stable code, see `code::TABLE`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mail => "ACT-MAIL",
            Self::Phone => "ACT-PHONE",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Mail => "have the mail address corrected by the Order or the employer",
            Self::Phone => "have a mobile number recorded by the Order or the employer; an SMS needs one",
        }
    }
}

impl fmt::Display for ParseContactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mail => "the registered mail address has an unexpected form",
            Self::Phone => "the registered number is not a French mobile number",
        })
    }
}

impl core::error::Error for ParseContactError {}
