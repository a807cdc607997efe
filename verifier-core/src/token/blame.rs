//! Who has to act on a refusal.
//!
//! `help()` says what is to be done; [`Blame`] says by whom, so that an answer reaches the right desk: the person's screen, the
//! relying party's operations, the provider's support, or the developer of the calling program. It accuses nobody: a forged token
//! is the calling program's to throw away, since nobody else saw it.
//!
//! Elsewhere there is nothing to ask: an identifier, a code or an activation is always the person's, a malformed line always the
//! caller's.

use super::refusal::{Refusal, VerifyLoginError};

/// Who can make the next attempt succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The person who logs in: by another means, once more, or by choosing again.
    Person,
    /// Whoever configures the relying party: client, issuer, level, keys, clock.
    RelyingParty,
    /// Pro Santé Connect, or whoever issued the token: it states something that its own documents do not say.
    Provider,
    /// The program that called: it handed over something that is not what the provider sent, or not all of it, or too late.
    Caller,
}

impl Blame {
    /// Stable word: `person`, `relying-party`, `provider` or `caller`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::RelyingParty => "relying-party",
            Self::Provider => "provider",
            Self::Caller => "caller",
        }
    }
}

impl VerifyLoginError {
    /// Who has to act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.reason().blame()
    }
}

impl Refusal {
    /// Who has to act. A refused access token answers with its own reason's.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Refusal::AccessToken(inner) => inner.blame(),
            Refusal::LevelTooLow { .. } | Refusal::AuthTooOld { .. } | Refusal::ActingAs { .. } | Refusal::Inactive => {
                Blame::Person
            }
            Refusal::Issuer { .. }
            | Refusal::Audience { .. }
            | Refusal::AudienceExtra
            | Refusal::AuthorizedParty
            | Refusal::NotYetValid { .. }
            | Refusal::IssuedInFuture { .. }
            | Refusal::AuthTimeInFuture { .. }
            | Refusal::Key(_)
            | Refusal::KeySet(_)
            | Refusal::ConfirmationAnsHex => Blame::RelyingParty,
            Refusal::Claims(_)
            | Refusal::Lifetime { .. }
            | Refusal::LevelMissing
            | Refusal::LevelUnknown
            | Refusal::AuthTimeMissing
            | Refusal::ConfirmationForm
            | Refusal::UserInfo(_) => Blame::Provider,
            Refusal::Form(_)
            | Refusal::MediaType
            | Refusal::SignatureForm
            | Refusal::Signature
            | Refusal::TokenType { .. }
            | Refusal::Expired { .. }
            | Refusal::NonceExpectedEmpty
            | Refusal::NonceMissing
            | Refusal::NonceMismatch
            | Refusal::NonceUnexpected
            | Refusal::AccessTokenHash
            | Refusal::AccessTokenSubject
            | Refusal::ConfirmationMissing
            | Refusal::ConfirmationMethod
            | Refusal::ConfirmationNoCertificate
            | Refusal::ConfirmationMismatch
            | Refusal::UserInfoSubject
            | Refusal::UserInfoIdentity
            | Refusal::IntrospectionForm => Blame::Caller,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Acr;

    #[track_caller]
    fn check(refusal: Refusal, expect: &str) {
        assert_eq!(refusal.blame().as_str(), expect);
        // A refusal inside another keeps its addressee.
        assert_eq!(Refusal::AccessToken(Box::new(refusal)).blame().as_str(), expect);
    }

    #[test]
    fn a_refusal_reaches_who_can_act() {
        check(Refusal::LevelTooLow { required: Acr::Eidas2, found: Acr::Eidas1 }, "person");
        check(Refusal::Audience { expected: "smurtab".to_owned() }, "relying-party");
        check(Refusal::ConfirmationForm, "provider");
        check(Refusal::LevelMissing, "provider");
        check(Refusal::Signature, "caller");
        check(Refusal::NonceExpectedEmpty, "caller");
    }
}
