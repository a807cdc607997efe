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
//! is `effect`, `reason_code` and, where there are any, `obligations`. A member that nothing knows is an error: a misspelt
//! `acting_as` would otherwise be a vector that tests something else.
//!
//! Every reason of the policy must be reached by a vector, and [`LOGIN_REQUIRED`] too when it needs a login. Use published
//! or invented identities only.

use std::path::{Path, PathBuf};

use crate::json::{self, FromJson, Json, Members, Object};
use crate::policy::{self, LOGIN_REQUIRED, Policy};
use crate::request::{
    CheckOutcome, Entity, Evidence, Identifier, Identity, Login, Practice, Request, Structure, UserinfoSource,
};
use crate::settings::SettingError;
use crate::{Effect, Obligation};

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
        match json::read::<File>(&text) {
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

impl File {
    fn ask<P: Policy>(self, file: &str, reached: &mut Vec<String>, wrong: &mut Vec<String>) {
        for Vector { name, settings, request, expect } in self.vectors {
            let settings = settings.as_ref().or(self.settings.as_ref());
            let settings = settings.map_or("", |Object(text)| text.as_str());
            if let Err(errors) = policy::validate_settings::<P>(settings) {
                wrong.push(format!("{file}: {name}: the settings are refused: {errors:?}"));
            }
            let outcome = policy::evaluate::<P>(settings, &request);
            let obligations = outcome.obligations.into_iter().map(Duty::from).collect();
            let answer = Expect {
                effect: outcome.effect,
                reason_code: outcome.reason.code().to_owned(),
                obligations: Some(obligations).filter(|duties: &Vec<Duty>| !duties.is_empty()),
            };
            if answer != expect {
                wrong.push(format!("{file}: {name}: expected {expect:?}, got {answer:?}"));
            }
            reached.push(answer.reason_code);
        }
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
    #[derive(Debug, PartialEq)]
    struct Expect {
        effect: Effect,
        reason_code: String,
        obligations: Option<Vec<Duty>>,
    }
}

crate::settings! {
    #[derive(Debug, PartialEq)]
    struct Duty {
        id: String,
        kind: String,
        properties: Object,
    }
}

impl From<Obligation> for Duty {
    /// Properties are compared as values: white space and escapes do not make a difference.
    fn from(obligation: Obligation) -> Self {
        let Obligation { id, kind, properties } = obligation;
        let properties = json::read(&properties).unwrap_or(Object(properties));
        Self { id, kind, properties }
    }
}

/// Reads a type of the contract from an object with members of the same names.
macro_rules! members {
    ($($type:ident: $($member:ident)+;)+) => {$(
        impl FromJson for $type {
            fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
                let members = Members::closed(json, &[$(stringify!($member)),+])?;
                Ok(Self { $($member: members.read(stringify!($member), FromJson::absent)?),+ })
            }
        }
    )+};
}

members! {
    Identifier: origin value;
    Structure: id name finess siret;
    Practice: profession category speciality role sector mode structure;
    Identity: issuer subject national_id rpps identifiers practices acting_as;
    Evidence: check outcome detail;
    Login: identity level auth_mode auth_time verified_at userinfo evidence;
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

    #[test]
    fn objects_keep_their_meaning_as_text() {
        let text = r#"{"a":[1.50e3,-0,"é\"\\\n\u0001",null,true,{},[]],"b":{"c":false}}"#;
        let Object(written) = json::read(text).unwrap();
        assert_eq!(Json::parse(&written), Json::parse(text));
        assert_eq!(written, text.replace("\\n", "\\u000a"));
        assert_eq!(json::read::<Object>("[]").unwrap_err().message, "expected an object");
    }

    #[track_caller]
    fn refused(text: &str, path: &str) {
        assert_eq!(json::read::<File>(text).err().map(|error| error.path).as_deref(), Some(path), "{text}");
    }

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
        refused(
            &vector(r#"{"now":1,"audience":"a","login":{"identity":{"actingas":1}}}"#),
            "/vectors/0/request/login/identity/actingas",
        );
        let target =
            r#""subject":{"kind":"user","id":"u"},"action":"read","target":{"kind":"k","id":"i","properties":"{}"}"#;
        refused(&vector(&format!(r#"{{"now":1,"audience":"a",{target}}}"#)), "/vectors/0/request/target/properties");
    }
}
