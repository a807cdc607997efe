//! One policy in a fresh instance, beside one P-256 signature and beside the same rule as Rego in an embedded engine.

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use vigie_host::engine::Engine;
use vigie_host::engine::inspect::Role;
use vigie_host::engine::json::Request;
use vigie_host::engine::policy::{Policy, types};

use crate::inside::limits;
use crate::rounds::{interleave, timed, us};
use crate::row::{Row, Target};
use crate::served::Place;
use crate::token::{self, Key};

const ROUNDS: usize = 3_000;

/// The rule of `plugins/require-level` with its default level, reasons and obligation included.
const REGO: &str = r#"
package vigie
import rego.v1

order := {"eidas1": 1, "eidas2": 2, "eidas3": 3}

reached if order[input.login.level] >= order[input.settings.level]

decision := {"effect": "permit", "reason_code": "LEVEL-REACHED"} if reached

decision := {
    "effect": "deny",
    "reason_code": "LEVEL-TOO-LOW",
    "obligations": [{"id": "step-up", "kind": "step-up", "properties": {"acr_value": input.settings.level}}],
} if not reached
"#;

pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    let engine = Engine::start(&limits())?;
    let inspected = engine.load(&place.component("require-level"), None, Role::Policy)?;
    let policy = Policy::prepare(&engine, &inspected, "{}".into())?;
    let question = question();
    let request: Request = serde_json::from_value(question.clone())?;
    let request: types::Request = request.into();
    let key = Key::es256()?;
    let floor = key.raw_check(&key.sign(&token::claims("https://example.org", token::now(), 1))?);
    let mut rego = Rego::new(&question)?;

    let spreads = interleave(
        ROUNDS,
        &mut [
            Box::new(|| {
                let (took, passes) = timed(|| floor.passes());
                passes.then_some(took).context("the bare check refuses its own signature")
            }),
            Box::new(|| {
                let (took, evaluation) = timed(|| policy.evaluate(&request));
                let outcome = evaluation.answer.map_err(|failure| anyhow!("the policy failed: {failure}"))?;
                ensure!(outcome.reason_code == "LEVEL-REACHED", "the policy answers {}", outcome.reason_code);
                Ok(took)
            }),
            Box::new(|| {
                let (took, reason) = timed(|| rego.reason());
                let reason = reason?;
                ensure!(reason == "LEVEL-REACHED", "the Rego rule answers {reason}");
                Ok(took)
            }),
        ],
    )?;
    let [floor, ours, rego] = spreads.as_slice() else { return Err(anyhow!("three things were measured")) };
    Ok(vec![
        Row::new("require-level in a fresh instance, p50", us(ours.p50_ns), "µs")
            .beside("one P-256 check (aws-lc-rs)", us(floor.p50_ns))
            .wants(Target::at_most(1.0).goal(0.5)),
        Row::new("require-level in a fresh instance, p99", us(ours.p99_ns), "µs")
            .beside("one P-256 check, p99", us(floor.p99_ns)),
        Row::new("require-level in a fresh instance, p50", us(ours.p50_ns), "µs")
            .beside("the same rule in Rego (regorus), no sandbox", us(rego.p50_ns)),
    ])
}

/// The question of the policy's first vector, in short.
fn question() -> Value {
    json!({
        "now": 1_780_000_000u64,
        "audience": "example",
        "login": {
            "identity": {
                "issuer": "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet",
                "subject": "00000000-0000-4000-8000-000000000000",
                "national_id": token::NATIONAL_ID, "rpps": "99700218896",
                "identifiers": [{ "origin": "RPPS", "value": token::NATIONAL_ID }],
                "practices": [],
            },
            "auth_mode": "card", "verified_at": 1_780_000_000u64, "userinfo": "fetched",
            "evidence": [{ "check": "signature", "outcome": "passed" }],
            "level": "eidas2", "auth_time": 1_779_999_940u64,
        },
        "subject": { "kind": "user", "id": token::NATIONAL_ID },
        "action": "read",
        "target": { "kind": "service", "id": "example" },
    })
}

/// The rule as an embedder of the engine would keep it: parsed once, asked with another input each time.
struct Rego {
    engine: regorus::Engine,
    input: regorus::Value,
}

impl Rego {
    fn new(question: &Value) -> Result<Self> {
        let mut engine = regorus::Engine::new();
        engine.add_policy("require-level.rego".into(), REGO.into())?;
        let mut input = question.clone();
        if let Some(members) = input.as_object_mut() {
            members.insert("settings".into(), json!({ "level": "eidas2" }));
        }
        Ok(Self { engine, input: regorus::Value::from_json_str(&input.to_string())? })
    }

    fn reason(&mut self) -> Result<String> {
        self.engine.set_input(self.input.clone());
        let decision = self.engine.eval_rule("data.vigie.decision".into())?;
        let decision = decision.as_object()?;
        let reason = decision.get(&regorus::Value::from("reason_code")).context("a decision without a reason")?;
        Ok(reason.as_string()?.to_string())
    }
}
