//! Node's `jose`: how many RS256 tokens a second of processor time it verifies.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::provider::Provider;
use crate::served::Place;
use crate::token::{self, CLIENT};

/// Verifies for a second of wall-clock time, keys imported once, as a service does. The threads of Node's pool, which do the RSA, are in
/// `process.cpuUsage`.
const SCRIPT: &str = "
import { importJWK, jwtVerify } from 'jose';
const { token, jwk, issuer, audience } = JSON.parse(process.argv[1]);
const key = await importJWK(jwk, 'RS256');
const verify = () => jwtVerify(token, key, { issuer, audience, algorithms: ['RS256'] });
for (let round = 0; round < 2000; round += 1) await verify();
const busy = process.cpuUsage();
const begun = performance.now();
let count = 0;
while (performance.now() - begun < 1000) { await verify(); count += 1; }
const { user, system } = process.cpuUsage(busy);
console.log(JSON.stringify({ count, busy_us: user + system }));
";

/// Verifications for each second of processor time.
pub(crate) fn jose(place: &Place, provider: &Provider) -> Result<f64> {
    let signed = provider.key.sign(&token::claims(&provider.issuer, token::now(), 0))?;
    let input =
        json!({ "token": signed.token, "jwk": provider.key.jwk(), "issuer": provider.issuer, "audience": CLIENT });
    let output = Command::new("node")
        .current_dir(place.root())
        .args(["--input-type=module", "--eval", SCRIPT, &input.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("node does not start")?;
    ensure!(output.status.success(), "node ended with {}", output.status);
    let measured: Value = serde_json::from_slice(&output.stdout).context("node measured nothing")?;
    let number = |name: &str| measured.get(name).and_then(Value::as_f64).with_context(|| format!("no {name}"));
    Ok(number("count")? * 1e6 / number("busy_us")?)
}
