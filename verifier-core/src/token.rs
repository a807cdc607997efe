//! Tokens of Pro Santé Connect: from bytes to a verified login.
//!
//! The paved path is [`verify_login`]: an ID token with, optionally, the access token and UserInfo of the same login, checked
//! against one [`Audience`] step by step as OIDC Core 3.1.3.7 lists them. [`UnverifiedJws`] and [`UnverifiedUserInfo`] carry
//! in their name what they are worth.

mod access;
mod audience;
mod base64url;
mod blame;
mod claims;
mod coded;
mod confirmation;
mod hash;
mod inspect;
mod introspection;
pub mod issuer;
mod jwks;
mod jws;
mod key;
mod level;
mod login;
pub mod nomenclature;
mod person;
mod practice;
mod refusal;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
mod signature;
mod userinfo;
mod verify;

pub use access::{AccessInput, VerifiedAccessToken, verify_access_token};
pub use audience::{Audience, AudienceError, AudienceSettings, CertificateBinding, ClockSkew};
pub use blame::Blame;
pub use claims::ParseClaimsError;
pub use coded::{CodeSystem, CodedValue};
pub use confirmation::CnfEncoding;
pub use inspect::{InspectInput, InspectedKind, InspectedToken, inspect_token};
pub use introspection::{IntrospectionInput, LiveSession, verify_introspection};
pub use jwks::{ChooseKeyError, DeclaredAlgorithm, Jwks, KeyMaterial, KeyPurpose, ParseJwksError, PublishedKey};
pub use jws::{Header, ParseJwsError, UnverifiedJws};
pub use key::{P256Key, PublicKey, RsaKey, UnusableKey};
pub use level::{Acr, AuthMode};
pub use login::{
    ExpectedNonce, Identity, LoginInput, OneShot, UserInfoInput, UserInfoSource, VerifiedLogin, verify_login,
};
pub use person::{KnownRpps, OtherId};
pub use practice::{Practice, ReadPracticesError, Structure};
pub use refusal::{Refusal, VerifyLoginError};
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::RustCrypto;
pub use signature::{Algorithm, BadSignature, SignatureVerifier};
pub use userinfo::{ParseUserInfoError, UnverifiedUserInfo};
