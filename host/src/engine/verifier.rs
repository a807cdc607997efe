//! The verification core as a component, with signature checks answered by this host, or with its own inside.
//!
//! It is our own code in a sandbox all the same: what it parses comes from outside. It sees tokens and keys, never a policy; what
//! it returns is the only way to a [`types::Login`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use verifier_core::evidence::Check;
use wasmtime::Store;
use wasmtime::component::{HasSelf, Linker};

use super::crypto;
use super::limits::{Failure, Guest};
use super::recent::Recent;
use super::{Engine, LoadComponentError, Patience, inspect::Inspected};
use crate::digest::Digest;

/// Generated from `plugins/wit/verifier`. Its types derive `Debug`, which would print tokens: nothing here formats them.
#[allow(missing_docs, unreachable_pub)]
pub mod bindings {
    wasmtime::component::bindgen!({
        path: ["../plugins/wit/policy", "../plugins/wit/verifier"],
        world: "vigie:verifier/verifier",
        with: { "vigie:policy/types@0.1.0": crate::engine::policy::bindings::vigie::policy::types },
    });
}

pub use super::policy::types;
use bindings::VerifierPre;
pub use bindings::exports::vigie::verifier::verify;
use bindings::vigie::verifier::keys::{Algorithm, PublicKey, PublishedKey};

impl bindings::vigie::verifier::keys::Host for Guest {}

impl bindings::vigie::verifier::crypto::Host for Guest {
    fn verify(&mut self, algorithm: Algorithm, key: PublicKey, message: Vec<u8>, signature: Vec<u8>) -> bool {
        self.keys.verify(algorithm, key, &message, &signature)
    }

    fn sha256(&mut self, message: Vec<u8>) -> (u64, u64, u64, u64) {
        crypto::sha256(&message)
    }
}

/// A login that the component has checked.
pub struct Verified {
    /// As policies see it.
    pub login: types::Login,
    /// To be consumed before the login is used.
    pub one_shots: Vec<verify::OneShot>,
}

/// Why it refuses one.
pub struct Refused {
    /// Stable code of the core.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What the reader can do next.
    pub help: String,
    /// The checks that were passed before.
    pub evidence: Vec<types::Evidence>,
}

/// What the component says of a login.
pub type Answer = Result<Verified, Refused>;

impl From<verify::Verified> for Verified {
    fn from(verified: verify::Verified) -> Self {
        let login = types::Login {
            identity: verified.identity,
            level: Some(verified.level),
            auth_mode: verified.auth_mode,
            auth_time: verified.auth_time,
            verified_at: verified.verified_at,
            userinfo: verified.userinfo,
            evidence: evidence(verified.evidence),
        };
        Self { login, one_shots: verified.one_shots }
    }
}

impl From<verify::Failure> for Refused {
    fn from(failure: verify::Failure) -> Self {
        let verify::Failure { code, message, help, evidence } = failure;
        Self { code, message, help, evidence: self::evidence(evidence) }
    }
}

fn evidence(checks: Vec<verify::Checked>) -> Vec<types::Evidence> {
    let named = |one: verify::Checked| types::Evidence {
        check: check(one.check).name().to_owned(),
        outcome: one.outcome,
        detail: one.detail,
    };
    checks.into_iter().map(named).collect()
}

fn check(check: verify::Check) -> Check {
    match check {
        verify::Check::Form => Check::Form,
        verify::Check::Header => Check::Header,
        verify::Check::DuplicateMembers => Check::DuplicateMembers,
        verify::Check::Algorithm => Check::Algorithm,
        verify::Check::Key => Check::Key,
        verify::Check::Signature => Check::Signature,
        verify::Check::TokenType => Check::TokenType,
        verify::Check::Issuer => Check::Issuer,
        verify::Check::Audience => Check::Audience,
        verify::Check::AuthorizedParty => Check::AuthorizedParty,
        verify::Check::Expiry => Check::Expiry,
        verify::Check::NotBefore => Check::NotBefore,
        verify::Check::IssuedAt => Check::IssuedAt,
        verify::Check::Nonce => Check::Nonce,
        verify::Check::Level => Check::Level,
        verify::Check::AuthMode => Check::AuthMode,
        verify::Check::AuthTime => Check::AuthTime,
        verify::Check::AccessTokenHash => Check::AccessTokenHash,
        verify::Check::AccessToken => Check::AccessToken,
        verify::Check::Confirmation => Check::Confirmation,
        verify::Check::Userinfo => Check::UserInfo,
        verify::Check::NationalId => Check::NationalId,
        verify::Check::Rpps => Check::Rpps,
        verify::Check::Practices => Check::Practices,
        verify::Check::ActingAs => Check::ActingAs,
        verify::Check::Introspection => Check::Introspection,
    }
}

/// The core, ready to be called.
///
/// It reads a JWK Set once: the keys of a provider stay the same for weeks, and with their certificates they are longer than a token.
pub struct Verifier {
    engine: Engine,
    pre: VerifierPre<Guest>,
    digest: Digest,
    sets: Recent<KeySet>,
}

/// A JWK Set as the component read it.
#[derive(Clone)]
struct KeySet {
    jwks: Arc<str>,
    keys: Arc<[PublishedKey]>,
}

/// More than the providers of one host publish at a time.
const MOST_SETS: usize = 16;

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({})", self.digest)
    }
}

impl Verifier {
    /// Links an inspected verifier component. One that brings its own cryptography simply does not import ours.
    ///
    /// # Errors
    /// It leaves the contract.
    pub fn prepare(engine: &Engine, inspected: &Inspected) -> Result<Self, LoadComponentError> {
        let mismatch = |error: wasmtime::Error| LoadComponentError::Export {
            file: inspected.file.clone(),
            export: super::limits::first_line(&error),
            found: None,
        };
        let mut linker: Linker<Guest> = Linker::new(&engine.inner);
        bindings::Verifier::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest| guest).map_err(mismatch)?;
        let pre = linker.instantiate_pre(&inspected.component).and_then(VerifierPre::new).map_err(mismatch)?;
        Ok(Self { engine: engine.clone(), pre, digest: inspected.digest, sets: Recent::new(MOST_SETS) })
    }

    /// Digest of the component: which revision of the core speaks.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Verifies one login in a fresh instance, with the keys of a JWK Set.
    ///
    /// # Errors
    /// Outside: the component failed. Inside: the login is refused, with the checks passed before.
    pub fn login(&self, jwks: &str, input: &verify::Input) -> Result<Answer, Failure> {
        let mut store = self.engine.store(Patience::Full);
        self.pre
            .instantiate(&mut store)
            .and_then(|instance| self.check(&mut store, &instance, jwks, input))
            .map_err(|error| Failure::of(&error))
    }

    fn check(
        &self,
        store: &mut Store<Guest>,
        instance: &bindings::Verifier,
        jwks: &str,
        input: &verify::Input,
    ) -> wasmtime::Result<Answer> {
        let interface = instance.vigie_verifier_verify();
        let keys = match self.sets.find(|set| (*set.jwks == *jwks).then(|| Arc::clone(&set.keys))) {
            Some(keys) => keys,
            None => match interface.call_read_keys(&mut *store, jwks)? {
                Ok(keys) => {
                    let keys: Arc<[PublishedKey]> = keys.into();
                    self.sets.keep(KeySet { jwks: jwks.into(), keys: Arc::clone(&keys) });
                    keys
                }
                Err(refused) => return Ok(Err(refused.into())),
            },
        };
        let answer = interface.call_check_login(store, &keys, input)?;
        Ok(answer.map(Verified::from).map_err(Refused::from))
    }

    /// One line of the `inspect` contract in a fresh instance.
    ///
    /// # Errors
    /// The component failed.
    pub fn answer(&self, operation: &str, line: &str) -> Result<String, Failure> {
        let mut store = self.engine.store(Patience::Full);
        self.pre
            .instantiate(&mut store)
            .and_then(|instance| instance.vigie_verifier_inspect().call_answer(&mut store, operation, line))
            .map_err(|error| Failure::of(&error))
    }

    /// Answers many lines with one instance, see [`Inspector`].
    pub fn inspector(&self) -> Inspector<'_> {
        Inspector { verifier: self, warm: None }
    }

    fn warm(&self) -> Result<Warm, Failure> {
        let mut store = self.engine.store(Patience::Full);
        let instance = self.pre.instantiate(&mut store).map_err(|error| Failure::of(&error))?;
        Ok(Warm { store, instance, answered: 0 })
    }
}

/// How long verifying a login took.
pub struct Steps {
    /// In an instance of its own, which is how a login is verified: store, instance and call.
    pub fresh: Duration,
    /// The same call once more in that instance.
    pub warm: Duration,
}

/// Calls in one instance before the one that counts as warm.
const SETTLING: usize = 2;

impl Verifier {
    /// Verifies one login as [`Verifier::login`] does and then again in the same instance, with a clock around both: for benchmarks.
    ///
    /// # Errors
    /// Outside: the component failed. Inside: the login is refused, so it measures nothing.
    pub fn time_steps(&self, jwks: &str, input: &verify::Input) -> Result<Result<Steps, Refused>, Failure> {
        let failed = |error: wasmtime::Error| Failure::of(&error);
        let begun = Instant::now();
        let mut store = self.engine.store(Patience::Full);
        let instance = self.pre.instantiate(&mut store).map_err(failed)?;
        if let Err(refused) = self.check(&mut store, &instance, jwks, input).map_err(failed)? {
            return Ok(Err(refused));
        }
        let fresh = begun.elapsed();
        let mut warm = Duration::ZERO;
        for _ in 0..=SETTLING {
            store.set_epoch_deadline(self.engine.deadline(Patience::Full));
            let begun = Instant::now();
            let _the_same = self.check(&mut store, &instance, jwks, input).map_err(failed)?;
            warm = begun.elapsed();
        }
        Ok(Ok(Steps { fresh, warm }))
    }
}

/// Lines after which an instance is replaced, so that memory it might not give back stays bounded. One instantiation costs
/// about as much as answering one line, so this is a thousandth of the work.
const LINES_PER_INSTANCE: u32 = 1_000;

/// Answers lines of the `inspect` contract one after another in one instance, instead of a fresh one each.
///
/// For tools that diagnose, never for a login: all lines come from the one person who runs the tool and reads the answers, nothing
/// is decided from them, and the core keeps nothing from one call to the next. A failure takes its instance with it, and a
/// healthy one is replaced after a thousand lines.
pub struct Inspector<'v> {
    verifier: &'v Verifier,
    warm: Option<Warm>,
}

struct Warm {
    store: Store<Guest>,
    instance: bindings::Verifier,
    answered: u32,
}

impl Inspector<'_> {
    /// One line of the `inspect` contract. Its time limit runs from now.
    ///
    /// # Errors
    /// The component failed; the next line gets a fresh instance.
    pub fn answer(&mut self, operation: &str, line: &str) -> Result<String, Failure> {
        // Taken out, so that neither a failure nor a used-up instance is met again, and its place in the pool is free.
        let young = self.warm.take().filter(|warm| warm.answered < LINES_PER_INSTANCE);
        let mut warm = match young {
            Some(warm) => warm,
            None => self.verifier.warm()?,
        };
        warm.store.set_epoch_deadline(self.verifier.engine.deadline(Patience::Full));
        let interface = warm.instance.vigie_verifier_inspect();
        let answer = interface.call_answer(&mut warm.store, operation, line).map_err(|error| Failure::of(&error))?;
        warm.answered += 1;
        self.warm = Some(warm);
        Ok(answer)
    }
}
