//! Question and answer of `vigie:policy` as JSON: what test vectors, `vigie policy run` and a full decision log hold.
//!
//! Members are those of the WIT in snake case, words those of the WIT; properties and context are JSON objects here and text there. The
//! two are converted member by member, so that a change of the contract is a compile error. These types hold identifiers and
//! deliberately have no `Debug`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::policy::types;
use crate::digest::Digest;

/// `request` of `plugins/wit/policy`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    now: u64,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<Login>,
    subject: Entity,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_properties: Option<ObjectText>,
    target: Entity,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ObjectText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entity {
    kind: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ObjectText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    identity: Identity,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
    auth_mode: AuthMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    verified_at: u64,
    userinfo: Userinfo,
    #[serde(default)]
    evidence: Vec<Evidence>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    issuer: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    national_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpps: Option<String>,
    #[serde(default)]
    identifiers: Vec<Identifier>,
    #[serde(default)]
    practices: Vec<Practice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_as: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identifier {
    origin: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Practice {
    #[serde(skip_serializing_if = "Option::is_none")]
    profession: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speciality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    structure: Option<Structure>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Structure {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finess: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    siret: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Evidence {
    check: String,
    outcome: CheckOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// An enum of the WIT: its words in JSON, and the same variants there.
macro_rules! words {
    ($(#[$about:meta])* $name:ident = $theirs:ident { $($variant:ident: $word:literal),+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $word] #[serde(rename = $word)] $variant),+
        }

        impl From<types::$theirs> for $name {
            fn from(theirs: types::$theirs) -> Self {
                match theirs { $(types::$theirs::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for types::$theirs {
            fn from(ours: $name) -> Self {
                match ours { $($name::$variant => Self::$variant),+ }
            }
        }

        impl $name {
            /// The word in JSON.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// How a policy answers.
    Effect = Effect { Permit: "permit", Deny: "deny", Abstain: "abstain" }
}
words! {
    /// PSC `acr`.
    Level = Level { Eidas1: "eidas1", Eidas2: "eidas2", Eidas3: "eidas3" }
}
words! {
    /// PSC `authMode`.
    AuthMode = AuthMode { Mobile: "mobile", Card: "card", IdentityBroker: "identity-broker", Webauthn: "webauthn", Unknown: "unknown" }
}
words! {
    /// How the attributes of the person were had.
    Userinfo = UserinfoSource { None: "none", Fetched: "fetched", Relayed: "relayed" }
}
words! {
    /// How a check ended.
    CheckOutcome = CheckOutcome { Passed: "passed", Absent: "absent", Noted: "noted" }
}

/// Two structs whose members have the same names and convert one by one.
macro_rules! same_members {
    ($($ours:ident = $theirs:ident { $($member:ident: $how:ident),+ })+) => {
        $(
            impl From<$ours> for types::$theirs {
                fn from(ours: $ours) -> Self {
                    Self { $($member: same_members!(@there $how, ours.$member)),+ }
                }
            }

            impl From<&types::$theirs> for $ours {
                fn from(theirs: &types::$theirs) -> Self {
                    Self { $($member: same_members!(@here $how, theirs.$member)),+ }
                }
            }
        )+
    };
    (@there plain, $value:expr) => { $value };
    (@there one, $value:expr) => { $value.into() };
    (@there option, $value:expr) => { $value.map(Into::into) };
    (@there list, $value:expr) => { $value.into_iter().map(Into::into).collect() };
    (@there object, $value:expr) => { $value.map(ObjectText::into_text) };
    (@here plain, $value:expr) => { $value.clone() };
    (@here one, $value:expr) => { (&$value).into() };
    (@here option, $value:expr) => { $value.as_ref().map(Into::into) };
    (@here list, $value:expr) => { $value.iter().map(Into::into).collect() };
    (@here object, $value:expr) => { $value.as_deref().and_then(ObjectText::from_text) };
}

macro_rules! by_reference {
    ($($name:ident = $theirs:ident),+) => {
        $(impl From<&types::$theirs> for $name {
            fn from(theirs: &types::$theirs) -> Self {
                (*theirs).into()
            }
        })+
    };
}

by_reference! { Level = Level, AuthMode = AuthMode, Userinfo = UserinfoSource, CheckOutcome = CheckOutcome }

same_members! {
    Request = Request {
        now: plain, audience: plain, login: option, subject: one, action: plain, action_properties: object, target: one,
        context: object
    }
    Entity = Entity { kind: plain, id: plain, properties: object }
    Login = Login {
        identity: one, level: option, auth_mode: one, auth_time: plain, verified_at: plain, userinfo: one, evidence: list
    }
    Identity = Identity {
        issuer: plain, subject: plain, national_id: plain, rpps: plain, identifiers: list, practices: list, acting_as: plain
    }
    Identifier = Identifier { origin: plain, value: plain }
    Practice = Practice {
        profession: plain, category: plain, speciality: plain, role: plain, sector: plain, mode: plain, structure: option
    }
    Structure = Structure { id: plain, name: plain, finess: plain, siret: plain }
    Evidence = Evidence { check: plain, outcome: one, detail: plain }
}

/// The digest of everything that a policy answered: two answers with the same one are the same bit for bit.
pub fn digest(outcome: &types::Outcome) -> Digest {
    // These types have no map with other than text keys and nothing else that could fail.
    Digest::of(&serde_json::to_vec(&Outcome::from(outcome)).unwrap_or_default())
}

/// A policy's answer as JSON: what a program reads, and what a digest of an answer is taken of.
#[derive(Serialize)]
pub struct Outcome<'a> {
    effect: Effect,
    reason_code: &'a str,
    reason_admin: Option<&'a str>,
    reason_user: Vec<Text<'a>>,
    obligations: Vec<Obligation<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    language: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Obligation<'a> {
    id: &'a str,
    kind: &'a str,
    properties: Option<ObjectText>,
}

impl<'a> From<&'a types::Outcome> for Outcome<'a> {
    fn from(theirs: &'a types::Outcome) -> Self {
        Self {
            effect: theirs.effect.into(),
            reason_code: &theirs.reason_code,
            reason_admin: theirs.reason_admin.as_deref(),
            reason_user: theirs
                .reason_user
                .iter()
                .map(|text| Text { language: &text.language, message: &text.message })
                .collect(),
            obligations: theirs
                .obligations
                .iter()
                .map(|one| Obligation {
                    id: &one.id,
                    kind: &one.kind,
                    properties: ObjectText::from_text(&one.properties),
                })
                .collect(),
        }
    }
}

/// A JSON object as the text it was written in. Kept as text, because that is what a policy is handed: nothing between a log and
/// its replay may print a number again.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct ObjectText(Box<RawValue>);

impl ObjectText {
    /// The text.
    pub fn into_text(self) -> String {
        String::from(Box::<str>::from(self.0))
    }

    /// Text that is known to hold an object.
    pub fn from_text(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().filter(|raw| raw.get().starts_with('{')).map(Self)
    }
}

impl<'de> Deserialize<'de> for ObjectText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') { Ok(Self(raw)) } else { Err(serde::de::Error::custom("expected an object")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::document;

    /// Every member, with a published test identity, and numbers that another printer would write differently.
    const FULL: &str = r#"{"now":1780000000,"audience":"a","login":{"identity":{"issuer":"i","subject":"s","national_id":"899700366240","rpps":"99700366240","identifiers":[{"origin":"RPPS","value":"899700366240"}],"practices":[{"profession":"10","category":"C","speciality":"SM54","role":"R","sector":"SA07","mode":"S","structure":{"id":"R81311","name":"n","finess":"990000001","siret":"0"}}],"acting_as":0},"level":"eidas3","auth_mode":"identity-broker","auth_time":1779999990,"verified_at":1780000000,"userinfo":"relayed","evidence":[{"check":"c","outcome":"noted","detail":"d"}]},"subject":{"kind":"user","id":"s","properties":{"x":1.0e3}},"action":"read","action_properties":{ "soft" : true },"target":{"kind":"record","id":"r"},"context":{"n":0.1000000000000000055511151231257827}}"#;

    #[test]
    fn what_is_read_is_written_again_byte_for_byte() {
        let ours: Request = document::parse("request.json", FULL).unwrap();
        let theirs = types::Request::from(ours);
        assert_eq!(theirs.subject.properties.as_deref(), Some(r#"{"x":1.0e3}"#));
        assert_eq!(theirs.login.as_ref().unwrap().auth_mode, types::AuthMode::IdentityBroker);
        assert_eq!(serde_json::to_string(&Request::from(&theirs)).unwrap(), FULL);
    }

    #[test]
    fn nothing_unknown_is_skipped() {
        for (member, path) in [
            ("\"profession\"", "login.identity.practices[0].profesion"),
            ("\"issuer\"", "login.identity.isuer"),
            ("\"audience\"", "audienc"),
        ] {
            let misspelt = path.rsplit('.').next().unwrap();
            let text = FULL.replacen(member, &format!("\"{misspelt}\""), 1);
            let error = document::parse::<Request>("r.json", &text).err().expect("it was skipped").to_string();
            assert!(error.contains(&format!("at {path}: unknown field `{misspelt}`")), "{error}");
        }
        let error = document::parse::<Request>("r.json", &FULL.replacen("eidas3", "eidas4", 1)).err().unwrap();
        assert!(error.to_string().contains("at login.level: unknown variant `eidas4`"), "{error}");
    }
}
