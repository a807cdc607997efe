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
    // A name is bound within its parentheses only, and quotes are no names.
    let bound = "login.practices.exists(p, true) && p.role == \"1\"";
    refused(&second(bound), "/rules/1/when", "line 1, column 36: nothing is named p; ");
    refused(&second("\"logn\" == logn"), "/rules/1/when", "line 1, column 11: nothing is named logn; ");
    refused(&second("\"é\" == logn"), "/rules/1/when", "line 1, column 8: nothing is named logn; ");
    refused(&second("\"é\" =="), "/rules/1/when", "line 1, column 7: ");
    for taken in [
        "login.practices.existsOne(p, p.role == \"\")",
        "login.practices.exists (p, p.role == \"\")",
        "login.practices.all(p, login.practices.exists(q, p.role == q.role))",
        "login.practices.filter(p, p.role != \"\").map(p, p.finess)[0] == \"1\"",
    ] {
        accepted(taken);
    }
    refused(&second(&"(".repeat(200)), "/rules/1/when", "line 1, column ");
    refused(&second(&format!("true{}", " ".repeat(5000))), "/rules/1/when", "expected at most 4096 bytes");
    assert!(vigie_policy::validate_settings::<Cel>(&second("login.practices.exists(p, p.role == \"2\")")).is_ok());
}

#[track_caller]
fn accepted(when: &str) {
    let errors = vigie_policy::validate_settings::<Cel>(&settings(&[rule(when)])).err();
    assert_eq!(errors, None, "{when}");
}

#[track_caller]
fn unfit(when: &str, message: &str) {
    refused(&settings(&[rule(when)]), "/rules/0/when", message);
}

#[test]
fn functions_and_members_are_known() {
    unfit("login.rpps.startWith(\"8\")", "line 1, column 12: no function is named startWith; known here: all, bool, ");
    unfit("true && matches(login.rpps, \"8\")", "line 1, column 9: no function is named matches; ");
    unfit("login.practices.exists(p)", "line 1, column 17: exists is written list.exists(name, condition)");
    unfit("exists(login.practices, p)", "line 1, column 1: exists is written list.exists(name, condition)");
    unfit("startsWith(login.rpps, \"8\")", "line 1, column 1: startsWith is written text.startsWith(text)");
    unfit(
        "login.level.startsWith(\"8\")",
        "line 1, column 13: startsWith is written text.startsWith(text), and this is a number",
    );
    unfit(
        "size(login.level) == 1",
        "line 1, column 1: size is written size(list) or list.size(), and this is a number",
    );
    unfit("login.levl > 1", "line 1, column 7: the login has no member levl; known here: level, auth_mode, ");
    unfit("login\n .levl > 1", "line 2, column 3: the login has no member levl; ");
    unfit("login[\"levl\"] > 1", "line 1, column 7: the login has no member levl; ");
    unfit("true && has(login.levl)", "line 1, column 19: the login has no member levl; ");
    unfit("request.resource.kind == \"b\"", "line 1, column 18: subject or resource has no member kind; ");
    unfit(
        "login.practices.exists(p, p.profesion == \"10\")",
        "line 1, column 29: a practice has no member profesion; ",
    );
    unfit("login.practices[0].profesion == \"10\"", "line 1, column 20: a practice has no member profesion; ");
    unfit("login.practices.filter(p, true)[0].rol == \"\"", "line 1, column 36: a practice has no member rol; ");
    unfit("login.practices.role == \"\"", "line 1, column 17: a list has no members");
    unfit(
        "login.practices[\"a\"].role == \"\"",
        "line 1, column 17: expected a number between the brackets, found a text",
    );
    unfit("Practice{}.role == \"\"", "line 1, column 1: there is no type Practice");
    for open in [
        "has(request.context.ward) && request.context.ward.beds[3] > 2",
        "request.resource.properties.anything.at.all",
        "login.evidence.signature == \"passed\" && \"nonce\" in login.evidence",
        "request.context == {\"a\": [1, \"b\"]}",
    ] {
        accepted(open);
    }
}

#[test]
fn what_is_never_true_or_false_or_equal_is_refused() {
    unfit("login.level", "line 1, column 6: the rule is a number, and must be true or false");
    unfit("\"true\"", "line 1, column 1: the rule is a text, and must be true or false");
    unfit("login.level == \"eidas2\"", "line 1, column 13: a number and a text are compared, which are never the same");
    unfit("login.practices.exists(p, p.role == 1)", "line 1, column 34: a text and a number are compared, ");
    unfit("login.practices > 1", "line 1, column 17: a list and a number are compared, ");
    unfit("login.practices > login.practices", "line 1, column 17: a list is neither more nor less than another");
    unfit("login.level in [\"eidas1\"]", "line 1, column 13: a number is looked for where there is only a text");
    unfit("login.rpps in login.subject", "line 1, column 12: expected a list after `in`, found a text");
    unfit("!login.level", "line 1, column 7: expected true or false, found a number");
    unfit("login.level && true", "line 1, column 6: expected true or false, found a number");
    unfit("login.practices.exists(p, p.role)", "line 1, column 28: expected true or false, found a text");
    unfit("(login.level ? 1 : 2) == 1", "line 1, column 7: expected true or false, found a number");
    unfit("-login.rpps == 1", "line 1, column 1: expected a number, found a text");
    unfit("login.rpps + 1 == 2", "line 1, column 12: a text and a number have no sum");
    unfit("login.level.exists(l, true)", "line 1, column 6: expected a list, found a number");
    for open in [
        "request.context.ward == 1 || request.context.ward == \"1\"",
        "(login.level > 1 ? request.context.a : login.rpps) == 1",
        "request.context.list.exists(x, x)",
        "login.practices == []",
        "login.practices.exists_one(p, p.role == \"1\") == true",
        "login.rpps + login.subject == \"a\" && 1 - 2 * 3 % 4 < 5",
        "[1, 2].map(x, x + 1) == [2, 3] && \"1\" in login.practices.map(p, p.role)",
        "request.context.ward == null",
    ] {
        accepted(open);
    }
}

#[test]
fn a_chain_is_as_long_as_can_be_evaluated() {
    let chain = |terms: usize| format!("{} == 3", vec!["1"; terms].join("+"));
    accepted(&chain(120));
    unfit(&chain(1000), "line 1, column ");
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
    failing("login.evidence.colour == \"red\"", "/rules/1/when: there is no member colour");
    failing("request.context.ward == 3", "/rules/1/when: there is no member ward");
    failing("dyn(login.level)", "/rules/1/when: is neither true nor false");
    failing("login.practices[7].role == \"\"", "/rules/1/when: a list is not that long");
    failing("1 / (login.level - 1) == 1", "/rules/1/when: a division by zero");
}

#[test]
fn remarks_hold_no_value_of_the_login() {
    for when in [
        "dyn(login.rpps) > 3",
        "dyn(login.rpps) + 1 == 2",
        "dyn(login.national_id).contains(dyn(8))",
        "dyn(login.rpps)[0] == 1",
        "-dyn(login.rpps) == 1",
        "int(login.rpps + \"x\") == 1",
        "login.evidence[login.rpps] == \"\"",
        "request.context[login.rpps] == \"\"",
    ] {
        let outcome = Case::new().settings(&settings(&[rule(when)])).ask::<Cel>();
        assert_eq!(outcome.reason, RULE_FAILED, "{when}");
        let remark = outcome.remark.unwrap();
        assert!(!remark.contains("99700366240"), "{remark}");
    }
}
