//! The vectors of a policy: questions in files, each with the answer that is expected. Natively only.
//!
//! The same files are read by `vigie policy test`, which asks the component; a native test asks the policy itself and needs no
//! WebAssembly:
//!
//! ```no_run
//! # use vigie_policy::{Description, Login, Outcome, Policy, Request};
//! # pub struct NightWard;
//! # vigie_policy::settings! { pub struct Settings {} }
//! # impl Policy for NightWard {
//! #     const DESCRIPTION: Description = Description {
//! #         name: "", version: "", summary: "", settings_schema: "{}", reasons: &[], needs_login: true,
//! #     };
//! #     type Settings = Settings;
//! #     fn decide(_: &Settings, _: &Login, _: &Request) -> Outcome { Outcome::deny(vigie_policy::LOGIN_REQUIRED) }
//! # }
//! #[test]
//! fn vectors() {
//!     vigie_policy::vectors::check::<NightWard>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
//! }
//! ```
//!
//! A file is `{"settings": {…}, "vectors": [{"name", "settings", "request", "expect"}]}`. A vector's own settings replace those of the
//! file. The request has the members of the contract in `snake_case`; properties and context are JSON objects. What is expected
//! is `effect`, `reason_code` and, where there are any, `obligations`, whose `id` and `properties` may be left out. A member that
//! nothing knows is an error: a misspelt `acting_as` would otherwise be a vector that tests something else. Settings that the policy
//! refuses are an error too, unless [`SETTINGS_REFUSED`] is expected.
//!
//! Every reason of the policy must be reached by a vector, and [`LOGIN_REQUIRED`] too when it needs a login. Use published
//! or invented identities only.

use std::path::{Path, PathBuf};

use crate::json::{self, FromJson, Json, Members, Object};
use crate::policy::{self, LOGIN_REQUIRED, Policy, SETTINGS_REFUSED};
use crate::request::{
    CheckOutcome, Entity, Evidence, Identifier, Identity, Login, Practice, Request, Structure, UserinfoSource,
};
use crate::settings::SettingError;
use crate::{Effect, Obligation, Outcome};

/// Asks the policy every question in the folder's files.
///
/// # Panics
///
/// When a file cannot be read, an answer differs or a reason is not reached; the message lists all of them.
#[track_caller]
pub fn check<P: Policy>(folder: &str) {
    let mut wrong = Vec::new();
    let mut reached = Vec::new();
    for path in files(Path::new(folder), &mut wrong) {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match read(&text) {
            Ok(read) => read.ask::<P>(&file, &mut reached, &mut wrong),
            Err(SettingError { path, message }) => wrong.push(format!("{file}: at {path:?}: {message}")),
        }
    }
    let login = P::DESCRIPTION.needs_login.then_some(LOGIN_REQUIRED);
    for reason in P::DESCRIPTION.reasons.iter().chain(&login) {
        if !reached.iter().any(|code| code == reason.code()) {
            wrong.push(format!("no vector reaches {}", reason.code()));
        }
    }
    assert!(wrong.is_empty(), "vectors in {folder}:\n{}", wrong.join("\n"));
}

fn files(folder: &Path, wrong: &mut Vec<String>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => files.extend(entries.flatten().map(|entry| entry.path())),
        Err(error) => wrong.push(format!("the folder cannot be read: {error}")),
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// The text of a file. Names are unique in it: a vector is told by its name where it does not hold.
fn read(text: &str) -> Result<File, SettingError> {
    let file: File = json::read(text)?;
    for (index, vector) in file.vectors.iter().enumerate() {
        let earlier = file.vectors.iter().take(index);
        let problem = if vector.name.trim().is_empty() {
            "a vector needs a name"
        } else if earlier.into_iter().any(|other| other.name == vector.name) {
            "the name is there twice"
        } else {
            continue;
        };
        let mut error = SettingError::item("/vectors", index, problem);
        error.path.push_str("/name");
        return Err(error);
    }
    Ok(file)
}

impl File {
    fn ask<P: Policy>(self, file: &str, reached: &mut Vec<String>, wrong: &mut Vec<String>) {
        for Vector { name, settings, request, expect } in self.vectors {
            let settings = settings.as_ref().or(self.settings.as_ref());
            let settings = settings.map_or("", |Object(text)| text.as_str());
            // A vector may expect the refusal; then it is asked in spite of it.
            if expect.reason_code != SETTINGS_REFUSED.code()
                && let Err(errors) = policy::validate_settings::<P>(settings)
            {
                wrong.push(format!("{file}: {name}: the settings are refused: {errors:?}"));
            }
            let outcome = policy::evaluate::<P>(settings, &request);
            if !expect.is(&outcome) {
                let Outcome { effect, reason, obligations, .. } = &outcome;
                let code = reason.code();
                wrong.push(format!("{file}: {name}: expected {expect:?}, got {effect:?} {code} {obligations:?}"));
            }
            reached.push(outcome.reason.code().to_owned());
        }
    }
}

impl Expect {
    fn is(&self, outcome: &Outcome) -> bool {
        // None are expected where none are named.
        let expected = self.obligations.as_deref().unwrap_or_default();
        (self.effect, self.reason_code.as_str()) == (outcome.effect, outcome.reason.code())
            && expected.len() == outcome.obligations.len()
            && expected.iter().zip(&outcome.obligations).all(|(duty, obligation)| duty.is(obligation))
    }
}

impl Duty {
    /// Properties are compared as values: white space, escapes and the order of members do not make a difference.
    fn is(&self, obligation: &Obligation) -> bool {
        let Object(wanted) = &self.properties;
        self.kind == obligation.kind
            && self.id.as_ref().is_none_or(|id| *id == obligation.id)
            && match (Json::parse(wanted), Json::parse(&obligation.properties)) {
                (Some(wanted), Some(found)) => same(&wanted, &found),
                _ => false,
            }
    }
}

fn same(one: &Json<'_>, other: &Json<'_>) -> bool {
    match (one, other) {
        (Json::Object(members), Json::Object(others)) => {
            members.len() == others.len()
                && members.iter().all(|(name, value)| other.member(name).is_some_and(|found| same(value, found)))
        }
        (Json::List(items), Json::List(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same(item, other))
        }
        _ => one == other,
    }
}

crate::settings! {
    struct File {
        settings: Option<Object>,
        vectors: Vec<Vector>,
    }
}

crate::settings! {
    struct Vector {
        name: String,
        settings: Option<Object>,
        request: Request,
        expect: Expect,
    }
}

crate::settings! {
    #[derive(Debug)]
    struct Expect {
        effect: Effect,
        reason_code: String,
        obligations: Option<Vec<Duty>>,
    }
}

crate::settings! {
    #[derive(Debug)]
    struct Duty {
        id: Option<String>,
        kind: String,
        properties: Object = Object(String::from("{}")),
    }
}

/// Reads a type of the contract from an object with members of the same names; lists may be left out.
macro_rules! members {
    ($($type:ident: $($member:ident)+ $(, $list:ident)*;)+) => {$(
        impl FromJson for $type {
            fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
                let members = Members::closed(json, &[$(stringify!($member),)+ $(stringify!($list)),*])?;
                Ok(Self {
                    $($member: members.read(stringify!($member), FromJson::absent)?,)+
                    $($list: members.read(stringify!($list), || Some(Vec::new()))?,)*
                })
            }
        }
    )+};
}

members! {
    Identifier: origin value;
    Structure: id name finess siret;
    Practice: profession category speciality role sector mode structure;
    Identity: issuer subject national_id rpps acting_as, identifiers, practices;
    Evidence: check outcome detail;
    Login: identity level auth_mode auth_time verified_at userinfo, evidence;
}

macro_rules! names {
    ($($type:ident: $($name:literal $variant:ident)+;)+) => {$(
        impl FromJson for $type {
            fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
                let place = json.one_of(&[$($name),+])?;
                [$(Self::$variant),+].get(place).copied().ok_or_else(|| SettingError::at("", "is not known"))
            }
        }
    )+};
}

names! {
    CheckOutcome: "passed" Passed "absent" Absent "noted" Noted;
    UserinfoSource: "none" None "fetched" Fetched "relayed" Relayed;
}

impl FromJson for Entity {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let members = Members::closed(json, &["kind", "id", "properties"])?;
        let properties: Option<Object> = members.read("properties", FromJson::absent)?;
        Ok(Self {
            kind: members.read("kind", FromJson::absent)?,
            id: members.read("id", FromJson::absent)?,
            properties: properties.map(|Object(text)| text),
        })
    }
}

impl FromJson for Request {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let known = ["now", "audience", "login", "subject", "action", "action_properties", "target", "context"];
        let members = Members::closed(json, &known)?;
        let text =
            |name| members.read(name, Option::<Object>::absent).map(|settings| settings.map(|Object(text)| text));
        Ok(Self {
            now: members.read("now", FromJson::absent)?,
            audience: members.read("audience", FromJson::absent)?,
            login: members.read("login", FromJson::absent)?,
            subject: members.read("subject", FromJson::absent)?,
            action: members.read("action", FromJson::absent)?,
            action_properties: text("action_properties")?,
            target: members.read("target", FromJson::absent)?,
            context: text("context")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Description, Reason};

    #[test]
    fn objects_keep_their_meaning_as_text() {
        let text = r#"{"a":[1.50e3,-0,"é\"\\\n\u0001",null,true,{},[]],"b":{"c":false}}"#;
        let Object(written) = json::read(text).unwrap();
        assert_eq!(Json::parse(&written), Json::parse(text));
        assert_eq!(written, text.replace("\\n", "\\u000a"));
        assert_eq!(json::read::<Object>("[]").unwrap_err().message, "expected an object");
    }

    /// The host reads the same files in a test of its own: what one of the two takes, the other takes.
    #[test]
    fn the_fixtures_are_taken_and_refused() {
        let mut seen = 0;
        for (folder, taken) in [("good", true), ("bad", false)] {
            let mut wrong = Vec::new();
            for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder), &mut wrong) {
                let read = read(&std::fs::read_to_string(&path).unwrap());
                assert_eq!(read.is_ok(), taken, "{}: {:?}", path.display(), read.err());
                seen += 1;
            }
            assert!(wrong.is_empty(), "{wrong:?}");
        }
        assert!(seen >= 12, "{seen} fixtures");
    }

    /// Permits whoever has a practice, and says so with an obligation.
    struct Practising;

    const YES: Reason = Reason::new("T-YES", "Oui.", "Yes.");

    crate::settings! {
        #[expect(dead_code, reason = "only whether it is read matters")]
        struct Settings {
            names: Vec<String> = Vec::new(),
        }
    }

    impl Policy for Practising {
        const DESCRIPTION: Description = Description {
            name: "practising",
            version: "0",
            summary: "Permits whoever has a practice.",
            settings_schema: "{}",
            reasons: &[],
            needs_login: false,
        };
        type Settings = Settings;

        fn decide(_settings: &Settings, login: &Login, _request: &Request) -> Outcome {
            let outcome = Outcome::permit(YES);
            if login.identity.practices.is_empty() {
                return outcome;
            }
            let properties = r#"{"b":[1],"a":{"c":null,"d":"\u00e9"}}"#.to_owned();
            outcome.with_obligation(Obligation { id: "o-1".into(), kind: "note".into(), properties })
        }
    }

    #[track_caller]
    fn check(practices: &str, more: &str, expect: &str, holds: bool) {
        let text = format!(
            r#"{{"vectors":[{{"name":"n",{more}"request":{{"now":1,"audience":"a","login":{{"identity":{{"issuer":"i","subject":"s"{practices}}},
            "auth_mode":"card","verified_at":1,"userinfo":"none"}},"subject":{{"kind":"k","id":"i"}},"action":"read",
            "target":{{"kind":"k","id":"i"}}}},"expect":{{{expect}}}}}]}}"#
        );
        let (mut reached, mut wrong) = (Vec::new(), Vec::new());
        read(&text).unwrap().ask::<Practising>("f.json", &mut reached, &mut wrong);
        assert_eq!(wrong.is_empty(), holds, "{wrong:?}");
    }

    #[test]
    fn obligations_are_compared_as_far_as_they_are_named() {
        let yes = |obligations: &str| format!(r#""effect":"permit","reason_code":"T-YES"{obligations}"#);
        let one = r#","practices":[{}]"#;
        let whole = r#","obligations":[{"id":"o-1","kind":"note","properties":{ "a": {"d":"é","c":null}, "b": [1] }}]"#;
        check("", "", &yes(""), true);
        check("", "", &yes(r#","obligations":[]"#), true);
        check(one, "", &yes(""), false);
        check(one, "", &yes(whole), true);
        check(one, "", &yes(&whole.replace("\"id\":\"o-1\",", "")), true);
        check(one, "", &yes(&whole.replace("o-1", "o-2")), false);
        check(one, "", &yes(&whole.replace("[1]", "[2]")), false);
        check(one, "", &yes(r#","obligations":[{"kind":"note"}]"#), false);
    }

    #[test]
    fn a_refusal_of_the_settings_may_be_expected() {
        let refused = r#""effect":"deny","reason_code":"SETTINGS-REFUSED""#;
        check("", r#""settings":{"nmes":[]},"#, refused, true);
        check("", r#""settings":{"names":[]},"#, refused, false);
        check("", r#""settings":{"nmes":[]},"#, r#""effect":"permit","reason_code":"T-YES""#, false);
    }

    #[track_caller]
    fn refused(text: &str, path: &str) {
        assert_eq!(read(text).err().map(|error| error.path).as_deref(), Some(path), "{text}");
    }

    const WHOLE: &str =
        r#"{"now":1,"audience":"a","subject":{"kind":"k","id":"i"},"action":"read","target":{"kind":"k","id":"i"}}"#;

    #[test]
    fn a_misspelt_vector_is_an_error_with_its_place() {
        let vector = |request: &str| {
            format!(
                r#"{{"vectors":[{{"name":"n","request":{request},"expect":{{"effect":"permit","reason_code":"A"}}}}]}}"#
            )
        };
        refused(r#"{"vector":[]}"#, "/vector");
        refused("{}", "/vectors");
        refused(&vector("{}"), "/vectors/0/request/now");
        refused(&vector(WHOLE).replace("\"n\"", "\" \""), "/vectors/0/name");
        let one = vector(WHOLE);
        let vector_of_it = one.trim_start_matches("{\"vectors\":[").trim_end_matches("]}");
        refused(&format!("{{\"vectors\":[{vector_of_it},{vector_of_it}]}}"), "/vectors/1/name");
        refused(
            &vector(r#"{"now":1,"audience":"a","login":{"identity":{"actingas":1}}}"#),
            "/vectors/0/request/login/identity/actingas",
        );
        let target =
            r#""subject":{"kind":"user","id":"u"},"action":"read","target":{"kind":"k","id":"i","properties":"{}"}"#;
        refused(&vector(&format!(r#"{{"now":1,"audience":"a",{target}}}"#)), "/vectors/0/request/target/properties");
    }
}
