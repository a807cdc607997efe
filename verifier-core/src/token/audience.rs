//! What a relying party expects of every login: issuer, client, level, clock, binding. Nothing has a default, and a value that could
//! not be meant (an empty issuer, a clock skew as long as a token's life) is refused when it is made, not when it is used.

use std::fmt;

use super::confirmation::CnfEncoding;
use super::level::Acr;
use crate::limits;

/// What a relying party expects of every login. Nothing here has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    issuer: String,
    client_id: String,
    min_level: Acr,
    max_auth_age: Option<u64>,
    clock_skew: ClockSkew,
    cnf_encoding: CnfEncoding,
    certificate_binding: CertificateBinding,
}

/// The members of [`Audience`], to be named by the caller one by one.
#[derive(Clone, Debug)]
pub struct AudienceSettings {
    /// Exact `iss`.
    pub issuer: String,
    /// The client id that PSC gave to this relying party.
    pub client_id: String,
    /// Lowest accepted `acr`.
    pub min_level: Acr,
    /// Longest time since `auth_time`, in seconds; `None` accepts any age of the PSC session.
    pub max_auth_age: Option<u64>,
    /// Tolerated clock difference.
    pub clock_skew: ClockSkew,
    /// Accepted encodings of `cnf.x5t#S256`.
    pub cnf_encoding: CnfEncoding,
    /// Whether tokens must be bound to a certificate.
    pub certificate_binding: CertificateBinding,
}

/// Whether tokens must be bound to a certificate (`cnf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateBinding {
    /// A token without `cnf`, or a caller without a certificate, is refused.
    Required,
    /// `cnf` is compared when both sides are there; its absence is evidence.
    IfPresent,
}

/// Tolerated clock difference in whole seconds, at most 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSkew(u32);

/// An audience that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceError {
    /// The clock skew is above the limit.
    ClockSkew {
        /// What was asked for, in seconds.
        seconds: u32,
    },
    /// `issuer` or `client_id` is empty.
    Empty {
        /// Name of the setting.
        setting: &'static str,
    },
}

impl AudienceError {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            AudienceError::ClockSkew { .. } => "TOK-CLOCK-SKEW",
            AudienceError::Empty { .. } => "TOK-AUDIENCE-EMPTY",
        }
    }

    /// What the reader can do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            AudienceError::ClockSkew { .. } => "synchronise the clock instead: 10 s are enough, tokens live 120 s",
            AudienceError::Empty { .. } => "state the value that PSC gave at registration",
        }
    }
}

impl fmt::Display for AudienceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AudienceError::ClockSkew { seconds } => {
                write!(f, "a clock skew of {seconds} s is above {} s", limits::CLOCK_SKEW_MAX_S)
            }
            AudienceError::Empty { setting } => write!(f, "the setting `{setting}` is empty"),
        }
    }
}

impl std::error::Error for AudienceError {}

impl ClockSkew {
    /// # Errors
    /// Above [`limits::CLOCK_SKEW_MAX_S`].
    pub fn from_seconds(seconds: u32) -> Result<Self, AudienceError> {
        if seconds > limits::CLOCK_SKEW_MAX_S { Err(AudienceError::ClockSkew { seconds }) } else { Ok(Self(seconds)) }
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Audience {
    /// # Errors
    /// When issuer or client id is empty: an empty string would match an empty claim.
    pub fn new(settings: AudienceSettings) -> Result<Self, AudienceError> {
        for (setting, value) in [("issuer", &settings.issuer), ("client_id", &settings.client_id)] {
            if value.is_empty() {
                return Err(AudienceError::Empty { setting });
            }
        }
        let AudienceSettings {
            issuer,
            client_id,
            min_level,
            max_auth_age,
            clock_skew,
            cnf_encoding,
            certificate_binding,
        } = settings;
        Ok(Self { issuer, client_id, min_level, max_auth_age, clock_skew, cnf_encoding, certificate_binding })
    }

    /// Exact `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Lowest accepted level.
    #[must_use]
    pub fn min_level(&self) -> Acr {
        self.min_level
    }

    /// Longest time since `auth_time`, in seconds.
    #[must_use]
    pub fn max_auth_age(&self) -> Option<u64> {
        self.max_auth_age
    }

    /// Tolerated clock difference.
    #[must_use]
    pub fn clock_skew(&self) -> ClockSkew {
        self.clock_skew
    }

    /// Accepted encodings of `cnf.x5t#S256`.
    #[must_use]
    pub fn cnf_encoding(&self) -> CnfEncoding {
        self.cnf_encoding
    }

    /// Whether tokens must be bound to a certificate.
    #[must_use]
    pub fn certificate_binding(&self) -> CertificateBinding {
        self.certificate_binding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_could_not_be_meant_are_refused() {
        let check = |issuer: &str, client_id: &str, expected: Option<&str>| {
            let made = Audience::new(AudienceSettings {
                issuer: issuer.to_owned(),
                client_id: client_id.to_owned(),
                min_level: Acr::Eidas1,
                max_auth_age: None,
                clock_skew: ClockSkew::from_seconds(0).unwrap(),
                cnf_encoding: CnfEncoding::Rfc8705,
                certificate_binding: CertificateBinding::Required,
            });
            assert_eq!(made.err().map(|error| error.code()), expected);
        };
        check("https://auth.example", "client", None);
        check("", "client", Some("TOK-AUDIENCE-EMPTY"));
        check("https://auth.example", "", Some("TOK-AUDIENCE-EMPTY"));
        assert_eq!(ClockSkew::from_seconds(30).map(ClockSkew::seconds), Ok(30));
        assert_eq!(ClockSkew::from_seconds(31).map_err(|error| error.code()), Err("TOK-CLOCK-SKEW"));
    }
}
