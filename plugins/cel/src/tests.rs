//! Where wrong rules are said to be wrong, and what a failing one answers. What right ones answer is in `vectors/`.

use vigie_policy::{Case, Effect, Practice};

use super::*;

#[test]
fn vectors() {
    vigie_policy::vectors::check::<Cel>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
}

#[test]
fn the_schema_is_that_of_the_settings() {
    vigie_policy::schema::check::<Cel>();
}

fn rule(when: &str) -> String {
    let when = when.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!(r#"{{"when":"{when}","effect":"permit","reason_code":"T-YES","reason_user":{{"fr":"Oui.","en":"Yes."}}}}"#)
}

fn settings(rules: &[String]) -> String {
    format!(r#"{{"rules":[{}]}}"#, rules.join(","))
}

#[track_caller]
fn refused(settings: &str, path: &str, message: &str) {
    let errors = vigie_policy::validate_settings::<Cel>(settings).err().unwrap_or_default();
    let error = errors.first().unwrap_or_else(|| panic!("accepted {settings}"));
    assert_eq!(error.path, path, "{error:?}");
    assert!(error.message.starts_with(message), "{:?} does not start with {message:?}", error.message);
    assert_eq!(error.message.lines().count(), 1, "{:?}", error.message);
}

#[test]
fn errors_have_line_and_column() {
    let second = |when: &str| settings(&[rule("true"), rule(when)]);
    refused(&second("login.level >="), "/rules/1/when", "line 1, column ");
    refused(&second("login.level >= eidas2 &&\n  (true"), "/rules/1/when", "line 2, column 8: ");
    refused(&second("login.level ** 2 == 1"), "/rules/1/when", "line 1, column 14: ");
    refused(&second(""), "/rules/1/when", "line 1, column ");
    refused(&second("logn.level > 1"), "/rules/1/when", "line 1, column 1: nothing is named logn; known here: login, ");
    refused(
        &second("login.level > 1 &&\n  reqest.now > 0"),
        "/rules/1/when",
        "line 2, column 3: nothing is named reqest",
    );
    refused(
        &second("login.practices.exists(a, a.role == b)"),
        "/rules/1/when",
        "line 1, column 37: nothing is named b; ",
    );
    refused(&second(&"(".repeat(200)), "/rules/1/when", "line 1, column ");
    refused(&second(&format!("true{}", " ".repeat(5000))), "/rules/1/when", "expected at most 4096 bytes");
    assert!(vigie_policy::validate_settings::<Cel>(&second("login.practices.exists(p, p.role == \"2\")")).is_ok());
}

#[test]
fn everything_else_of_a_rule_is_checked_too() {
    refused("{}", "/rules", "is missing");
    refused(r#"{"rules":[]}"#, "/rules", "expected 1 to 64 rules");
    refused(&settings(&vec![rule("true"); 65]), "/rules", "expected 1 to 64 rules");
    let with = |from: &str, to: &str| settings(&[rule("true").replace(from, to)]);
    refused(&with("T-YES", "t yes"), "/rules/0/reason_code", "expected A-Z");
    refused(&with("Oui.", ""), "/rules/0/reason_user/fr", "expected a sentence");
    refused(&with("permit", "allow"), "/rules/0/effect", "expected one of: permit, deny, abstain");
    refused(&with("\"effect\"", "\"efect\""), "/rules/0/efect", "unknown member");
    refused(&with("\"true\"", "true"), "/rules/0/when", "expected a string");
}

#[track_caller]
fn failing(when: &str, remark: &str) {
    let case =
        Case::new().practice(Practice::default()).settings(&settings(&[rule("false"), rule(when), rule("true")]));
    let outcome = case.ask::<Cel>();
    assert_eq!((outcome.effect, outcome.reason), (Effect::Deny, RULE_FAILED), "{when}");
    assert_eq!(outcome.remark.as_deref(), Some(remark), "{when}");
}

#[test]
fn a_rule_that_fails_refuses_and_says_which() {
    failing("login.colour == \"red\"", "/rules/1/when: there is no member colour");
    failing("request.context.ward == 3", "/rules/1/when: there is no member ward");
    failing("login.level", "/rules/1/when: is neither true nor false");
    failing("login.practices[7].role == \"\"", "/rules/1/when: a list is not that long");
    failing("1 / (login.level - 1) == 1", "/rules/1/when: a division by zero");
}

#[test]
fn remarks_hold_no_value_of_the_login() {
    for when in [
        "login.rpps > 3",
        "login.rpps + 1 == 2",
        "login.national_id.matches(\"8\")",
        "login.rpps[0] == 1",
        "-login.rpps == 1",
    ] {
        let outcome = Case::new().settings(&settings(&[rule(when)])).ask::<Cel>();
        assert_eq!(outcome.reason, RULE_FAILED, "{when}");
        let remark = outcome.remark.unwrap();
        assert!(!remark.contains("99700366240"), "{remark}");
    }
}
