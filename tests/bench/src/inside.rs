//! The verifier component with host cryptography, beside the bare signature check that it asks the host for and beside the
//! `jsonwebtoken` crate: all in this process, in turn.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use vigie_host::config::Limits;
use vigie_host::engine::Engine;
use vigie_host::engine::inspect::Role;
use vigie_host::engine::policy::types;
use vigie_host::engine::verifier::{Verifier, verify};

use crate::rounds::{interleave, timed, us};
use crate::row::{Row, Target};
use crate::served::Place;
use crate::token::{self, CLIENT, Key, NONCE};

const ROUNDS: usize = 3_000;
const ISSUER: &str = "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet";

/// As in the sample configuration, with more time: a neighbour that holds the processor must not look like an endless loop.
pub(crate) fn limits() -> Limits {
    Limits {
        timeout_ms: 5_000,
        memory_bytes: 16 << 20,
        table_elements: 10_000,
        stack_bytes: 512 << 10,
        hostcall_bytes: 1 << 20,
        instances: 64,
        request_bytes: 64 << 10,
        log_lines: 20,
        log_line_bytes: 1024,
        outcome_bytes: 16 << 10,
    }
}

pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    let engine = Engine::start(&limits())?;
    let inspected = engine.load(&place.component("vigie-verifier"), None, Role::Verifier)?;
    let verifier = Verifier::prepare(&engine, &inspected)?;
    let key = Key::rs256()?;
    let now = token::now();
    let signed = key.sign(&token::claims(ISSUER, now, 1))?;
    let raw = key.raw_check(&signed);
    let (jwks, input) = (key.jwks().to_string(), input(&signed.token, now));
    let parsed = raw.with_key_parsed()?;
    let peer = Peer::new(&key)?;

    let warm = Cell::new(Duration::ZERO);
    let spreads = interleave(
        ROUNDS,
        &mut [
            Box::new(|| {
                let (took, passes) = timed(|| raw.passes());
                passes.then_some(took).context("the bare check refuses its own signature")
            }),
            Box::new(|| {
                let steps =
                    verifier.time_steps(&jwks, &input).map_err(|failure| anyhow!("the verifier failed: {failure}"))?;
                let steps = steps.map_err(|refused| anyhow!("the verifier refuses the token: {}", refused.code))?;
                warm.set(steps.warm);
                Ok(steps.fresh)
            }),
            Box::new(|| Ok(warm.get())),
            Box::new(|| {
                let (took, passes) = timed(&parsed);
                passes.then_some(took).context("the bare check refuses its own signature")
            }),
            Box::new(|| {
                let (took, verified) = timed(|| peer.verify(&signed.token));
                verified.map(|()| took)
            }),
        ],
    )?;
    let [raw, fresh, warm, parsed, peer] = spreads.as_slice() else { return Err(anyhow!("five things were measured")) };
    let floor = || "one raw RS256 check (aws-lc-rs)";
    let rate = |ns: u64| 1e6 / us(ns);
    Ok(vec![
        Row::new("verifier component, host crypto, warm, RS256", us(warm.p50_ns), "µs")
            .beside(floor(), us(raw.p50_ns))
            .wants(Target::at_most(1.5).goal(1.15)),
        Row::new("the same", us(warm.p50_ns), "µs").beside("the same check, key parsed before", us(parsed.p50_ns)),
        Row::new("verifier component, host crypto, fresh instance, RS256", us(fresh.p50_ns), "µs")
            .beside(floor(), us(raw.p50_ns))
            .wants(Target::at_most(4.0).goal(2.0)),
        Row::new("logins verified by the component, in process", rate(fresh.p50_ns), "/s and core")
            .beside("RS256 verifications by jsonwebtoken (aws-lc-rs)", rate(peer.p50_ns)),
    ])
}

/// What the host hands to the component for an audience without UserInfo.
fn input(id_token: &str, now: u64) -> verify::Input {
    verify::Input {
        now,
        audience: verify::Audience {
            issuer: ISSUER.into(),
            client_id: CLIENT.into(),
            min_level: types::Level::Eidas1,
            max_auth_age: None,
            clock_skew: 5,
            cnf_encoding: verify::CnfEncoding::Rfc8705,
            require_cnf: false,
        },
        nonce: verify::ExpectedNonce::Exactly(NONCE.into()),
        id_token: id_token.into(),
        access_token: None,
        userinfo: None,
        certificate_thumbprint: None,
        acting_as: None,
    }
}

/// What most Rust services use: signature, expiry, issuer, audience.
struct Peer {
    key: DecodingKey,
    validation: Validation,
}

impl Peer {
    fn new(key: &Key) -> Result<Self> {
        let jwk = key.jwk();
        let part = |name: &str| jwk.get(name).and_then(Value::as_str).context("a JWK without its numbers");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_audience(&[CLIENT]);
        validation.set_issuer(&[ISSUER]);
        Ok(Self { key: DecodingKey::from_rsa_components(part("n")?, part("e")?)?, validation })
    }

    fn verify(&self, token: &str) -> Result<()> {
        jsonwebtoken::decode::<Value>(token, &self.key, &self.validation)?;
        Ok(())
    }
}
