//! From the contract's `input` to the core's: the first half of the conversion.

use verifier_core::token::{
    Acr, Audience, AudienceSettings, CertificateBinding, ClockSkew, CnfEncoding, ExpectedNonce, Jwks, LoginInput,
    UserInfoInput,
};

use crate::answer;
use crate::bindings::exports::vigie::verifier::verify;

/// Owns what the core borrows.
pub(crate) struct Question {
    now: u64,
    audience: Audience,
    nonce: ExpectedNonce,
    id_token: String,
    access_token: Option<String>,
    jwks: Jwks,
    userinfo: Option<verify::Userinfo>,
    certificate_thumbprint: Option<[u8; 32]>,
    acting_as: Option<u32>,
}

impl Question {
    /// Reads what has a form of its own: the audience, the thumbprint.
    pub(crate) fn read(jwks: Jwks, input: verify::Input) -> Result<Self, verify::Failure> {
        let certificate_thumbprint = match input.certificate_thumbprint.map(<[u8; 32]>::try_from) {
            None => None,
            Some(Ok(thumbprint)) => Some(thumbprint),
            // Taken for absent, it would silently switch the comparison off.
            Some(Err(_)) => {
                return Err(answer::refused(
                    "TOK-CNF-NO-CERTIFICATE",
                    "the certificate thumbprint handed over does not have the 32 bytes of SHA-256",
                    "hand over the SHA-256 digest of the DER certificate as bytes, neither hexadecimal nor base64",
                ));
            }
        };
        Ok(Self {
            now: input.now,
            audience: audience(input.audience)?,
            nonce: match input.nonce {
                verify::ExpectedNonce::Exactly(sent) => ExpectedNonce::Exactly(sent),
                verify::ExpectedNonce::NotSent => ExpectedNonce::NotSent,
            },
            id_token: input.id_token,
            access_token: input.access_token,
            jwks,
            userinfo: input.userinfo,
            certificate_thumbprint,
            acting_as: input.acting_as,
        })
    }

    pub(crate) fn input(&self) -> LoginInput<'_> {
        LoginInput {
            now: self.now,
            audience: &self.audience,
            nonce: &self.nonce,
            id_token: &self.id_token,
            access_token: self.access_token.as_deref(),
            jwks: &self.jwks,
            userinfo: self.userinfo.as_ref().and_then(userinfo),
            certificate_thumbprint: self.certificate_thumbprint.as_ref(),
            acting_as: self.acting_as,
        }
    }
}

fn audience(audience: verify::Audience) -> Result<Audience, verify::Failure> {
    let clock_skew = ClockSkew::from_seconds(audience.clock_skew);
    let audience = clock_skew.and_then(|clock_skew| {
        Audience::new(AudienceSettings {
            issuer: audience.issuer,
            client_id: audience.client_id,
            min_level: match audience.min_level {
                verify::Level::Eidas1 => Acr::Eidas1,
                verify::Level::Eidas2 => Acr::Eidas2,
                verify::Level::Eidas3 => Acr::Eidas3,
            },
            max_auth_age: audience.max_auth_age,
            clock_skew,
            cnf_encoding: match audience.cnf_encoding {
                verify::CnfEncoding::Rfc8705 => CnfEncoding::Rfc8705,
                verify::CnfEncoding::AnsHex => CnfEncoding::AnsHex,
            },
            certificate_binding: if audience.require_cnf {
                CertificateBinding::Required
            } else {
                CertificateBinding::IfPresent
            },
        })
    });
    audience.map_err(|error| answer::refused(error.code(), &error.to_string(), error.help()))
}

/// A body whose source is "none" reached nobody: it is not read.
fn userinfo(userinfo: &verify::Userinfo) -> Option<UserInfoInput<'_>> {
    match userinfo.source {
        verify::UserinfoSource::None => None,
        verify::UserinfoSource::Fetched => Some(UserInfoInput::Fetched(&userinfo.json)),
        verify::UserinfoSource::Relayed => Some(UserInfoInput::Relayed(&userinfo.json)),
    }
}
