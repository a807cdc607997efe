//! The sample policies, asked in wasmtime.

use vigie_host::engine::inspect::Role;
use vigie_host::engine::policy::{Policy, types};
use vigie_host::problem::Explain;

use super::support::components::{engine, path};

fn policy(name: &str, settings: &str) -> Result<Policy, vigie_host::engine::LoadComponentError> {
    let engine = engine();
    let inspected = engine.load(&path(name), None, Role::Policy)?;
    Policy::prepare(engine, &inspected, settings.to_owned())
}

pub fn practice(profession: &str) -> types::Practice {
    types::Practice {
        profession: Some(profession.into()),
        category: Some("C".into()),
        speciality: None,
        role: None,
        sector: Some("SA01".into()),
        mode: Some("S".into()),
        structure: None,
    }
}

pub fn request(practices: Vec<types::Practice>) -> types::Request {
    types::Request {
        now: 1_780_000_000,
        audience: "test".into(),
        login: Some(types::Login {
            identity: types::Identity {
                issuer: "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet".into(),
                subject: "subject".into(),
                national_id: Some("899700218896".into()),
                rpps: Some("99700218896".into()),
                identifiers: vec![],
                practices,
                acting_as: None,
            },
            level: Some(types::Level::Eidas1),
            auth_mode: types::AuthMode::Mobile,
            auth_time: Some(1_780_000_000),
            verified_at: 1_780_000_000,
            userinfo: types::UserinfoSource::Fetched,
            evidence: vec![],
        }),
        subject: types::Entity { kind: "user".into(), id: "subject".into(), properties: None },
        action: "open".into(),
        action_properties: None,
        target: types::Entity { kind: "board".into(), id: "b-1".into(), properties: None },
        context: None,
    }
}

fn check(policy: &Policy, practices: Vec<types::Practice>, effect: types::Effect, code: &str) {
    let outcome = policy.evaluate(&request(practices)).answer.unwrap();
    assert_eq!((outcome.effect, outcome.reason_code.as_str()), (effect, code));
    assert!(outcome.reason_user.iter().any(|text| text.language == "fr"));
}

#[test]
fn smurtab_asks_for_a_care_practice() {
    let policy = policy("smurtab", "{}").unwrap();
    assert!(policy.description().summary.contains("example"));
    check(&policy, vec![practice("10")], types::Effect::Permit, "SMURTAB-CARE-PRACTICE");
    check(&policy, vec![], types::Effect::Deny, "SMURTAB-NO-PRACTICE");
    check(&policy, vec![practice("41")], types::Effect::Deny, "SMURTAB-NOT-A-CARE-PRACTICE");
    // The same instance is never used twice, so nothing can have stayed behind.
    check(&policy, vec![practice("10")], types::Effect::Permit, "SMURTAB-CARE-PRACTICE");
}

#[test]
fn settings_are_checked_when_the_policy_is_loaded() {
    for settings in [r#"{"categories":[]}"#, r#"{"catgories":["C"]}"#, "7", "not json"] {
        let error = policy("smurtab", settings).err().unwrap_or_else(|| panic!("accepted {settings:?}"));
        assert_eq!(error.code(), "POL-SETTINGS", "{settings:?}: {error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
    policy("smurtab", r#"{"categories":["C"]}"#).unwrap();
}

#[test]
fn many_questions_at_once() {
    let policy = policy("smurtab", "{}").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    check(&policy, vec![practice("10")], types::Effect::Permit, "SMURTAB-CARE-PRACTICE");
                }
            });
        }
    });
}
