//! Sample policy: the two fixtures that AuthZEN tests ask about, the certification scenario ("record") and the interoperability
//! scenario ("todo").
//!
//! It is the one sample that decides without a login: the test tools send subjects that nobody logged in as, and the relying
//! party vouches for them. For the same reason it is no example for a real service. Users, records and rules are those of the
//! scenarios; whatever they do not speak of is no question of theirs, and the policy abstains, which is a refusal.

use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, export_policy};

/// The rules.
#[derive(Debug)]
pub struct AuthzenFixture;

export_policy!(AuthzenFixture);

vigie_policy::settings! {
    /// There is nothing to set.
    #[derive(Debug)]
    pub struct Settings {}
}

vigie_policy::properties! {
    /// What the scenarios say of a subject, an action or a resource, in their spelling.
    #[allow(non_snake_case)]
    struct Properties {
        role: Option<String>,
        status: Option<String>,
        soft: Option<bool>,
        ownerID: Option<String>,
    }
}

const ALLOWED: Reason = Reason::new("FIXTURE-ALLOWED", "Le scénario l'autorise.", "The scenario allows it.");
const REFUSED: Reason = Reason::new("FIXTURE-REFUSED", "Le scénario le refuse.", "The scenario refuses it.");
const UNKNOWN: Reason =
    Reason::new("FIXTURE-UNKNOWN", "Le scénario n'en dit rien.", "The scenario does not speak of it.");

impl Policy for AuthzenFixture {
    const DESCRIPTION: Description = Description {
        name: "authzen-fixture",
        version: env!("CARGO_PKG_VERSION"),
        summary: "The fixtures of AuthZEN certification and interoperability tests, for subjects that the caller asserts; not for a real service.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false}"#,
        reasons: &[ALLOWED, REFUSED, UNKNOWN],
        needs_login: false,
    };

    type Settings = Settings;

    /// A login makes no difference to the scenarios.
    fn decide(settings: &Settings, _login: &Login, request: &Request) -> Outcome {
        Self::decide_without_login(settings, request)
    }

    fn decide_without_login(_settings: &Settings, request: &Request) -> Outcome {
        let answer = match request.target.kind.as_str() {
            "record" => record(request),
            "todo" | "user" => todo(request),
            _ => None,
        };
        match answer {
            Some(true) => Outcome::permit(ALLOWED),
            Some(false) => Outcome::deny(REFUSED),
            None => Outcome::abstain(UNKNOWN),
        }
    }
}

/// Certification: Alice owns the records, Bob reads them; an archived record changes under an administrator only; a deletion
/// must be a soft one. `None` when the scenario knows no such user or action, or the properties are not of its types.
fn record(request: &Request) -> Option<bool> {
    let subject: Properties = request.subject.properties_as().ok()?;
    let target: Properties = request.target.properties_as().ok()?;
    let action: Properties = request.action_properties_as().ok()?;

    let alice = match request.subject.id.as_str() {
        "alice" => true,
        "bob" => false,
        _ => return None,
    };
    let admin = subject.role.as_deref() == Some("admin");
    let archived = match target.status.as_deref() {
        Some(status) => status == "archived",
        None => request.target.id == "record-2",
    };
    match request.action.as_str() {
        "read" => Some(true),
        "write" if archived => Some(admin),
        "write" => Some(alice || admin),
        "delete" => Some(alice && action.soft == Some(true)),
        _ => None,
    }
}

/// Interoperability: everybody reads; administrators and editors create; administrators change anything, editors what they own.
fn todo(request: &Request) -> Option<bool> {
    let (editor, admin, email) = match request.subject.id.as_str() {
        "CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" => (false, true, "rick@the-citadel.com"),
        "CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" => (true, false, "morty@the-citadel.com"),
        "CiRmZDI2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" => (true, false, "summer@the-smiths.com"),
        "CiRmZDM2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" => (false, false, "beth@the-smiths.com"),
        "CiRmZDQ2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" => (false, false, "jerry@the-smiths.com"),
        _ => return None,
    };
    match request.action.as_str() {
        "can_read_user" | "can_read_todos" => Some(true),
        "can_create_todo" => Some(admin || editor),
        "can_update_todo" | "can_delete_todo" => {
            let target: Properties = request.target.properties_as().ok()?;
            Some(admin || (editor && target.ownerID.as_deref() == Some(email)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<AuthzenFixture>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<AuthzenFixture>();
    }

    #[test]
    fn says_that_it_is_not_for_a_real_service() {
        assert!(AuthzenFixture::DESCRIPTION.summary.contains("not for a real service"));
    }
}
