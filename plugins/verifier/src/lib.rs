//! The verification core as a WebAssembly component (`plugins/wit/verifier`).
//!
//! Two flavours from one source: by default signatures are checked and digests taken by the host through the imported `crypto`
//! interface, which is what `vigie serve` runs; with the feature `pure` they are checked in here and the component imports no function at all.
//!
//! This crate converts and does nothing else: no check, no clock, no JSON. Every rule is in `verifier-core`.

mod answer;
mod keys;
mod question;
mod signature;
#[cfg(test)]
mod tests;

/// Generated from `plugins/wit`. Nothing formats these types: their derived `Debug` would print tokens.
#[allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
mod bindings {
    #[cfg(not(feature = "pure"))]
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/verifier"],
        world: "vigie:verifier/verifier",
        generate_all,
    });
    #[cfg(feature = "pure")]
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/verifier"],
        world: "vigie:verifier/verifier-pure",
        generate_all,
    });
}

use bindings::exports::vigie::verifier::{inspect, verify};
use bindings::vigie::verifier::keys::PublishedKey;
use question::Question;
use signature::VERIFIER;
use verifier_core::token::{SignatureVerifier, verify_login};

struct Component;

impl verify::Guest for Component {
    fn read_keys(jwks: String) -> Result<Vec<PublishedKey>, verify::Failure> {
        keys::read(&jwks)
    }

    fn check_login(keys: Vec<PublishedKey>, input: verify::Input) -> Result<verify::Verified, verify::Failure> {
        check_login(keys, input, &VERIFIER)
    }
}

fn check_login(
    keys: Vec<PublishedKey>,
    input: verify::Input,
    verifier: &impl SignatureVerifier,
) -> Result<verify::Verified, verify::Failure> {
    let question = Question::read(keys::set(keys)?, input)?;
    match verify_login(&question.input(), verifier) {
        Ok(login) => Ok(answer::verified(&login)),
        Err(error) => Err(answer::failure(&error)),
    }
}

impl inspect::Guest for Component {
    fn answer(operation: String, line: String) -> String {
        verifier_core::report::answer(&operation, &line, &VERIFIER)
    }
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
mod exports {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}
