//! The core with its own signature checks: as a component, as the same component compiled for 128-bit arithmetic, and natively.
//! All three answer the same line of the `inspect` contract.
//!
//! The host's engine does not switch wide arithmetic on, so this has an engine of its own with the host's other settings.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use verifier_core::report;
use verifier_core::token::RustCrypto;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::rounds::{interleave, timed, us};
use crate::row::{Row, Target};
use crate::served::Place;
use crate::token::{self, CLIENT, Key, NONCE};

/// Generated from `plugins/wit`.
#[allow(missing_docs, unreachable_pub)]
mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../plugins/wit/policy", "../../plugins/wit/verifier"],
        world: "vigie:verifier/verifier-pure",
    });
}

const ROUNDS: usize = 300;
const ISSUER: &str = "https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet";
/// No call comes near it; it is there because the checks for it cost something.
const FAR: u64 = 1 << 40;

/// One instance that answers line after line.
struct Pure {
    store: Store<()>,
    instance: bindings::VerifierPure,
}

/// Which artefact an engine is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arithmetic {
    Usual,
    Wide,
}

impl Pure {
    fn load(file: &Path, arithmetic: Arithmetic) -> Result<Self> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .wasm_component_model(true)
            .cranelift_nan_canonicalization(true)
            .wasm_wide_arithmetic(arithmetic == Arithmetic::Wide);
        let engine = Engine::new(&config).map_err(|error| anyhow::anyhow!("{error}"))?;
        let component = Component::from_file(&engine, file)
            .map_err(|error| anyhow::anyhow!("{error}"))
            .with_context(|| file.display().to_string())?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(FAR);
        let instance = bindings::VerifierPure::instantiate(&mut store, &component, &Linker::new(&engine))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self { store, instance })
    }

    fn answer(&mut self, line: &str) -> Result<String> {
        let interface = self.instance.vigie_verifier_inspect();
        interface.call_answer(&mut self.store, "login", line).map_err(|error| anyhow::anyhow!("{error}"))
    }
}

pub(crate) fn rows(place: &Place, wide: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let usual_file = place.component("vigie-verifier-pure");
    for (name, key, of_usual, of_wide) in [
        ("ES256", Key::es256()?, Some(Target::at_most(4.0)), Target::at_most(1.2)),
        ("RS256", Key::rs256()?, None, Target::at_most(2.2)),
    ] {
        let (mut usual, mut wide) = (Pure::load(&usual_file, Arithmetic::Usual)?, Pure::load(wide, Arithmetic::Wide)?);
        let line = line(&key)?;
        let native = report::answer("login", &line, &RustCrypto);
        ensure!(native.contains("\"verified\":true"), "the native core refuses the token: {native}");
        let same = |took: Duration, answer: String| -> Result<Duration> {
            ensure!(answer == native, "the component answers otherwise than the native core");
            Ok(took)
        };
        let spreads = interleave(
            ROUNDS,
            &mut [
                Box::new(|| {
                    let (took, answer) = timed(|| report::answer("login", &line, &RustCrypto));
                    same(took, answer)
                }),
                Box::new(|| {
                    let (took, answer) = timed(|| usual.answer(&line));
                    same(took, answer?)
                }),
                Box::new(|| {
                    let (took, answer) = timed(|| wide.answer(&line));
                    same(took, answer?)
                }),
            ],
        )?;
        let [native, usual, wide] = spreads.as_slice() else { anyhow::bail!("three things were measured") };
        let floor = || format!("native core, RustCrypto, {name}");
        let row =
            Row::new(format!("pure component, {name}"), us(usual.p50_ns), "µs").beside(floor(), us(native.p50_ns));
        rows.push(match of_usual {
            Some(target) => row.wants(target),
            None => row,
        });
        rows.push(
            Row::new(format!("pure component, wide arithmetic, {name}"), us(wide.p50_ns), "µs")
                .beside(floor(), us(native.p50_ns))
                .wants(of_wide),
        );
    }
    Ok(rows)
}

/// A line of the operation `login`.
fn line(key: &Key) -> Result<String> {
    let now = token::now();
    let signed = key.sign(&token::claims(ISSUER, now, 1))?;
    Ok(json!({
        "issuer": ISSUER, "audience": CLIENT, "min_acr": "eidas1", "clock_skew": 10, "cnf_encoding": "rfc8705", "require_cnf": false,
        "nonce": NONCE, "now": now, "id_token": signed.token, "jwks": key.jwks(),
        "userinfo": token::userinfo().to_string(), "userinfo_source": "relayed",
    })
    .to_string())
}
