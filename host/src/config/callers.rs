//! How a relying party's server is known: by a secret, by its TLS certificate, or by both.
//!
//! What an audience lists is all demanded: with a secret and certificates, a stolen secret alone opens nothing. A certificate is pinned by
//! its SHA-256, as self-signed ones are in RFC 8705 section 2.2; callers are a handful of servers, so a certificate authority would only
//! add others who could name a caller. Two pins let a certificate be replaced without a gap. Its own dates are not looked at: what is
//! in this list is what counts.
//!
//! Nothing here prints a secret.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{ConfigError, Secret};
use crate::digest::Digest;

/// What a caller of an audience must present.
#[derive(Debug, Default)]
pub struct Callers {
    secret: Option<Secret>,
    certificates: Vec<Digest>,
}

/// What a caller did present.
#[derive(Debug, Default)]
pub struct Presented {
    /// From the header `Authorization`.
    pub secret: Option<Secret>,
    /// SHA-256 of the certificate whose key the caller's TLS stack proved to have.
    pub certificate: Option<Digest>,
}

impl Callers {
    /// Reads the secret of an audience, if it has one.
    ///
    /// # Errors
    /// The file is missing, unreadable, or holds no secret.
    pub(super) fn read(audience: &str, file: Option<PathBuf>, certificates: Vec<Digest>) -> Result<Self, ConfigError> {
        let secret = match file {
            None => None,
            Some(path) => Some(Secret::read(&path).map_err(|error| ConfigError::Secret {
                audience: audience.to_owned(),
                path,
                problem: error.to_string(),
            })?),
        };
        Ok(Self { secret, certificates })
    }

    /// True when nothing is demanded, so that whoever reaches the socket is the caller.
    pub fn are_open(&self) -> bool {
        self.secret.is_none() && self.certificates.is_empty()
    }

    /// True when a certificate is demanded.
    pub fn need_certificate(&self) -> bool {
        !self.certificates.is_empty()
    }

    /// Whether this is a caller of the audience. Takes the same time whatever is presented. An open audience admits nobody here:
    /// that is another question.
    pub fn admit(&self, presented: &Presented) -> bool {
        let secret = match (&self.secret, &presented.secret) {
            (Some(ours), Some(theirs)) => ours.same_as(theirs),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let listed = |digest: &Digest| self.certificates.contains(digest);
        let certificate = self.certificates.is_empty() || presented.certificate.as_ref().is_some_and(listed);
        secret && certificate && !self.are_open()
    }

    /// Whether this is the secret that is demanded, with a certificate or without.
    pub(super) fn have_secret(&self, secret: &Secret) -> bool {
        self.secret.as_ref().is_some_and(|ours| ours.same_as(secret))
    }

    /// What two audiences must not share, since it names the caller: the key of the configuration.
    pub(super) fn shared_with(&self, other: &Self) -> Option<&'static str> {
        let same_secret = |(ours, theirs): (&Secret, &Secret)| ours.same_as(theirs);
        if self.secret.as_ref().zip(other.secret.as_ref()).is_some_and(same_secret) {
            return Some("caller_secret_file");
        }
        let both = |digest: &Digest| other.certificates.contains(digest);
        self.certificates.iter().any(both).then_some("caller_certificates")
    }
}

/// Where the audiences stand that a caller may be of: found by what is presented, so that a thousand audiences cost no more than one.
#[derive(Debug, Default)]
pub struct CallerIndex {
    by_secret: BTreeMap<Digest, usize>,
    by_certificate: BTreeMap<Digest, usize>,
    open: Option<usize>,
}

impl CallerIndex {
    /// Of audiences in the order of the configuration, which lets no two of them share a secret or a certificate.
    pub fn of<'a>(audiences: impl IntoIterator<Item = &'a Callers>) -> Self {
        let mut index = Self::default();
        for (place, callers) in audiences.into_iter().enumerate() {
            index.by_secret.extend(callers.secret.as_ref().map(|secret| (secret.digest(), place)));
            index.by_certificate.extend(callers.certificates.iter().map(|digest| (*digest, place)));
            if callers.are_open() {
                index.open.get_or_insert(place);
            }
        }
        index
    }

    /// The places of the audiences that know some of what is presented; whether it is all they demand is for [`Callers::admit`].
    pub fn candidates(&self, presented: &Presented) -> impl Iterator<Item = usize> {
        let by_secret = presented.secret.as_ref().and_then(|secret| self.by_secret.get(&secret.digest()));
        let by_certificate = presented.certificate.as_ref().and_then(|digest| self.by_certificate.get(digest));
        by_secret.into_iter().chain(by_certificate).copied()
    }

    /// The place of the audience that demands nothing.
    pub fn open(&self) -> Option<usize> {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    #[test]
    fn what_is_listed_is_all_demanded() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let by_secret = Callers { secret: Some(secret("secret-of-sixteen")), certificates: Vec::new() };
        let by_certificate = Callers { secret: None, certificates: vec![ours] };
        let by_both = Callers { secret: Some(secret("secret-of-sixteen")), certificates: vec![ours] };
        let open = Callers::default();
        let presented = |text: Option<&str>, certificate| Presented { secret: text.map(secret), certificate };
        for (text, certificate, admitted) in [
            (None, None, [false, false, false]),
            (Some("secret-of-sixteen"), None, [true, false, false]),
            (Some("another-of-sixteen"), None, [false, false, false]),
            (None, Some(ours), [false, true, false]),
            (None, Some(other), [false, false, false]),
            (Some("secret-of-sixteen"), Some(ours), [true, true, true]),
            (Some("secret-of-sixteen"), Some(other), [true, false, false]),
            (Some("another-of-sixteen"), Some(ours), [false, true, false]),
        ] {
            let presented = presented(text, certificate);
            let found = [&by_secret, &by_certificate, &by_both].map(|callers| callers.admit(&presented));
            assert_eq!(found, admitted, "{text:?} {certificate:?}");
            assert!(!open.admit(&presented));
        }
    }

    #[test]
    fn nobody_shares_what_names_a_caller() {
        let one = Callers { secret: Some(secret("secret-of-sixteen")), certificates: vec![Digest::of(b"a")] };
        let other = Callers { secret: Some(secret("another-of-sixteen")), certificates: vec![Digest::of(b"a")] };
        assert_eq!(one.shared_with(&other), Some("caller_certificates"));
        assert_eq!(one.shared_with(&Callers::default()), None);
    }

    #[test]
    fn a_caller_is_found_among_many_by_either_proof() {
        let certificate = Digest::of(b"certificate");
        let all = [
            Callers { secret: Some(secret("secret-of-the-first")), certificates: Vec::new() },
            Callers { secret: Some(secret("secret-of-the-second")), certificates: vec![certificate] },
            Callers::default(),
        ];
        let index = CallerIndex::of(&all);
        let found = |text: Option<&str>, certificate| -> Vec<usize> {
            let presented = Presented { secret: text.map(secret), certificate };
            index.candidates(&presented).filter(|place| all[*place].admit(&presented)).collect()
        };
        assert_eq!(found(Some("secret-of-the-first"), None), [0]);
        assert_eq!(found(Some("secret-of-the-second"), None), [0; 0], "its certificate is demanded too");
        assert_eq!(found(Some("secret-of-the-second"), Some(certificate)), [1, 1]);
        assert_eq!(found(Some("secret-of-the-first"), Some(certificate)), [0]);
        assert_eq!(found(Some("secret-of-nobody-here"), Some(Digest::of(b"other"))), [0; 0]);
        assert_eq!(index.open(), Some(2));
    }
}
