//! What an organisation decided for its desks, and what is in force.
//!
//! A policy reaches the extension through the browser (`storage.managed`). A managed desk begins at the strictest settings, and
//! each key of the policy loosens one of them within fixed bounds. So whatever is absent, was left out by the browser (Chromium
//! leaves out what its schema does not know) or cannot be read is as strict as can be; one mistake keeps all of it strict, and
//! names the key. No key touches the hosts on which something is filled: those are the core's, and the manifest's.
//!
//! This file is pure; [`crate::browser::storage`] reads the browser. Schema: `extension/web/policy_schema.json`, held against
//! [`Key`] by a test. Chapter for administrators: `docs/administrators.md`.

use crate::desk::{Device, Limits, SESSION_MS};

/// Least and most minutes that an identifier stays in memory. The most is the time after which Pro Santé Connect itself ends an
/// idle session; the least is also what holds where a policy names none.
const MINUTES: core::ops::RangeInclusive<u64> = 5..=30;

/// Longest support contact, in characters: a name, a number and an address.
const CONTACT_CHARS: usize = 120;

/// Longest part of an unknown key that is shown.
const KEY_CHARS: usize = 40;

/// The keys of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Whether several people use the desk. `false` lets each person choose.
    SharedDesk,
    /// How long an identifier stays in memory after it was filled.
    SessionMinutes,
    /// Whether people may have every page that is opened compared with the genuine addresses.
    AutomaticWarning,
    /// Whether the welcome page opens after the installation.
    WelcomePage,
    /// Whom people call first.
    SupportContact,
}

impl Key {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SharedDesk, Self::SessionMinutes, Self::AutomaticWarning, Self::WelcomePage, Self::SupportContact];

    /// The name in a policy.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SharedDesk => "sharedDesk",
            Self::SessionMinutes => "sessionMinutes",
            Self::AutomaticWarning => "automaticWarning",
            Self::WelcomePage => "welcomePage",
            Self::SupportContact => "supportContact",
        }
    }
}

/// A value as the browser gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Anything else.
    Other,
}

/// What the browser has for us.
#[derive(Debug, Clone, PartialEq)]
pub enum Managed {
    /// It could be read; possibly nothing.
    Items(Vec<(String, Given)>),
    /// It could not be read.
    Unreadable,
}

/// Who installed the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installer {
    /// A person.
    Person,
    /// An administrator, by policy.
    Organisation,
}

/// Why a policy is not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyError {
    /// The browser did not hand it out.
    Unreadable,
    /// No such key.
    UnknownKey(String),
    /// A value of another type.
    Type(Key),
    /// A value out of bounds.
    Range(Key),
}

impl PolicyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "EXT-POLICY-UNREADABLE",
            Self::UnknownKey(_) => "EXT-POLICY-KEY",
            Self::Type(_) => "EXT-POLICY-TYPE",
            Self::Range(_) => "EXT-POLICY-RANGE",
        }
    }

    /// The key that is wrong.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Unreadable => "",
            Self::UnknownKey(name) => name,
            Self::Type(key) | Self::Range(key) => key.name(),
        }
    }
}

/// Whose desk it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Several people use it: nothing on disk, a time limit in memory, one click to hand over.
    Shared,
    /// One person uses it, and may keep an identifier on disk.
    Personal,
}

impl Mode {
    /// The word under which a person's choice is kept.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Personal => "personal",
        }
    }

    /// The choice that was kept; a desk of which nobody said otherwise is shared.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        if word == Self::Personal.as_str() { Self::Personal } else { Self::Shared }
    }
}

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The person at the desk, or nobody yet.
    Person,
    /// The organisation.
    Organisation,
}

/// Whether something is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// It is.
    Given,
    /// It is not.
    Refused,
}

impl Leave {
    fn given(flag: Option<bool>) -> Self {
        if flag == Some(true) { Self::Given } else { Self::Refused }
    }
}

/// What is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether an organisation decides.
    pub managed: By,
    /// Whose desk it is.
    pub mode: Mode,
    /// Who says whose desk it is.
    pub mode_by: By,
    /// How long an identifier stays in memory.
    pub session_minutes: u64,
    /// The automatic warning of imitations.
    pub warning: Leave,
    /// The page that opens after the installation.
    pub welcome: Leave,
    /// Whom people call first.
    pub support: Option<String>,
    /// The keys that the policy set.
    pub set: Vec<Key>,
    /// What is wrong with the policy.
    pub errors: Vec<PolicyError>,
}

/// A policy as far as it could be read.
#[derive(Default)]
struct Policy {
    shared_desk: Option<bool>,
    session_minutes: Option<u64>,
    automatic_warning: Option<bool>,
    welcome_page: Option<bool>,
    support_contact: Option<String>,
    set: Vec<Key>,
}

impl Policy {
    fn read(&mut self, name: &str, value: &Given) -> Result<(), PolicyError> {
        let unknown = || PolicyError::UnknownKey(name.chars().take(KEY_CHARS).collect());
        let key = Key::ALL.into_iter().find(|key| key.name() == name).ok_or_else(unknown)?;
        match (key, value) {
            (Key::SharedDesk, Given::Flag(flag)) => self.shared_desk = Some(*flag),
            (Key::AutomaticWarning, Given::Flag(flag)) => self.automatic_warning = Some(*flag),
            (Key::WelcomePage, Given::Flag(flag)) => self.welcome_page = Some(*flag),
            (Key::SessionMinutes, Given::Number(number)) => {
                self.session_minutes = Some(minutes(*number).ok_or(PolicyError::Range(key))?);
            }
            (Key::SupportContact, Given::Text(text)) => {
                self.support_contact = Some(contact(text).ok_or(PolicyError::Range(key))?);
            }
            _ => return Err(PolicyError::Type(key)),
        }
        self.set.push(key);
        Ok(())
    }
}

/// Whole minutes within the bounds.
fn minutes(number: f64) -> Option<u64> {
    MINUTES.into_iter().find(|minutes| f64::from(u32::try_from(*minutes).unwrap_or_default()) == number)
}

/// One line that a person can read.
fn contact(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= CONTACT_CHARS && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

impl Settings {
    /// What is in force, from what the browser has, who installed the extension, and what the person chose.
    #[must_use]
    pub fn of(managed: &Managed, installer: Installer, chosen: Mode) -> Self {
        let mut policy = Policy::default();
        let mut errors = Vec::new();
        match managed {
            Managed::Unreadable => errors.push(PolicyError::Unreadable),
            Managed::Items(items) => {
                errors.extend(items.iter().filter_map(|(name, value)| policy.read(name, value).err()));
            }
        }
        let absent = matches!(managed, Managed::Items(items) if items.is_empty());
        if absent && installer == Installer::Person {
            return Self::by_person(chosen);
        }
        if !errors.is_empty() {
            // All of it as strict as can be; whom to call does not loosen anything.
            let support_contact = policy.support_contact.take();
            policy = Policy { support_contact, ..Policy::default() };
        }
        let (mode, mode_by) = match policy.shared_desk {
            Some(false) => (chosen, By::Person),
            Some(true) | None => (Mode::Shared, By::Organisation),
        };
        Self {
            managed: By::Organisation,
            mode,
            mode_by,
            session_minutes: policy.session_minutes.unwrap_or(*MINUTES.start()),
            warning: Leave::given(policy.automatic_warning),
            welcome: Leave::given(policy.welcome_page),
            support: policy.support_contact,
            set: policy.set,
            errors,
        }
    }

    /// Nobody manages this browser.
    fn by_person(mode: Mode) -> Self {
        Self {
            managed: By::Person,
            mode,
            mode_by: By::Person,
            session_minutes: SESSION_MS / 60_000,
            warning: Leave::Given,
            welcome: Leave::Given,
            support: None,
            set: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// What may stay where, and how long.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let device = match self.mode {
            Mode::Shared => Device::Closed,
            Mode::Personal => Device::Open,
        };
        Limits { session_ms: self.session_minutes * 60_000, device }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(name: &str, flag: bool) -> (String, Given) {
        (name.to_owned(), Given::Flag(flag))
    }

    fn number(name: &str, number: f64) -> (String, Given) {
        (name.to_owned(), Given::Number(number))
    }

    fn words(name: &str, text: &str) -> (String, Given) {
        (name.to_owned(), Given::Text(text.to_owned()))
    }

    fn under(items: &[(String, Given)]) -> Settings {
        Settings::of(&Managed::Items(items.to_vec()), Installer::Person, Mode::Personal)
    }

    fn strictest() -> Settings {
        Settings {
            managed: By::Organisation,
            mode: Mode::Shared,
            mode_by: By::Organisation,
            session_minutes: 5,
            warning: Leave::Refused,
            welcome: Leave::Refused,
            support: None,
            set: Vec::new(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn nobody_manages_it() {
        let none = Managed::Items(Vec::new());
        let own = Settings::of(&none, Installer::Person, Mode::Shared);
        assert_eq!((own.mode, own.mode_by, own.session_minutes), (Mode::Shared, By::Person, 30));
        assert_eq!((own.warning, own.welcome), (Leave::Given, Leave::Given));
        let own = Settings::of(&none, Installer::Person, Mode::Personal);
        assert_eq!(own.limits(), Limits { session_ms: SESSION_MS, device: Device::Open });
    }

    #[test]
    fn an_installation_by_policy_without_a_policy_is_as_strict_as_can_be() {
        let none = Managed::Items(Vec::new());
        assert_eq!(Settings::of(&none, Installer::Organisation, Mode::Personal), strictest());
        assert_eq!(strictest().limits(), Limits { session_ms: 5 * 60_000, device: Device::Closed });
    }

    #[test]
    fn each_key_loosens_one_setting_and_no_other() {
        let check = |item: (String, Given), key: Key, loosen: fn(&mut Settings)| {
            let mut expect = Settings { set: vec![key], ..strictest() };
            loosen(&mut expect);
            assert_eq!(under(&[item]), expect);
        };
        check(flag("sharedDesk", true), Key::SharedDesk, |_| {});
        check(flag("sharedDesk", false), Key::SharedDesk, |one| (one.mode, one.mode_by) = (Mode::Personal, By::Person));
        check(number("sessionMinutes", 30.0), Key::SessionMinutes, |one| one.session_minutes = 30);
        check(flag("automaticWarning", true), Key::AutomaticWarning, |one| one.warning = Leave::Given);
        check(flag("automaticWarning", false), Key::AutomaticWarning, |_| {});
        check(flag("welcomePage", true), Key::WelcomePage, |one| one.welcome = Leave::Given);
        check(words("supportContact", " Poste 4242 "), Key::SupportContact, |one| {
            one.support = Some("Poste 4242".into());
        });
    }

    #[test]
    fn one_mistake_keeps_everything_strict_and_is_named() {
        let check = |wrong: (String, Given), expect: PolicyError| {
            let good = [
                flag("sharedDesk", false),
                number("sessionMinutes", 20.0),
                flag("automaticWarning", true),
                words("supportContact", "Poste 4242"),
            ];
            let items: Vec<_> = good.into_iter().filter(|(name, _)| *name != wrong.0).chain([wrong.clone()]).collect();
            let settings = under(&items);
            let support = settings.support.clone();
            assert_eq!(settings.errors, std::slice::from_ref(&expect));
            assert_eq!(Settings { support: None, errors: Vec::new(), ..settings }, strictest(), "{wrong:?}");
            assert_eq!(support.is_some(), wrong.0 != "supportContact", "{wrong:?}");
            assert!(!expect.code().is_empty() && wrong.0.starts_with(expect.key()));
        };
        check(flag("shareddesk", false), PolicyError::UnknownKey("shareddesk".into()));
        check(flag("extraHosts", true), PolicyError::UnknownKey("extraHosts".into()));
        check((("x").repeat(80), Given::Other), PolicyError::UnknownKey("x".repeat(40)));
        check(words("sharedDesk", "false"), PolicyError::Type(Key::SharedDesk));
        check(number("automaticWarning", 1.0), PolicyError::Type(Key::AutomaticWarning));
        check(("welcomePage".into(), Given::Other), PolicyError::Type(Key::WelcomePage));
        check(words("sessionMinutes", "30"), PolicyError::Type(Key::SessionMinutes));
        for odd in [0.0, 4.0, 31.0, 12.5, -5.0, f64::NAN, f64::INFINITY] {
            check(number("sessionMinutes", odd), PolicyError::Range(Key::SessionMinutes));
        }
        for odd in ["", "  ", "two\nlines", &"x".repeat(121)] {
            check(words("supportContact", odd), PolicyError::Range(Key::SupportContact));
        }
    }

    #[test]
    fn what_cannot_be_read_is_strict() {
        let settings = Settings::of(&Managed::Unreadable, Installer::Person, Mode::Personal);
        assert_eq!(settings, Settings { errors: vec![PolicyError::Unreadable], ..strictest() });
    }

    /// Chromium leaves out what its schema does not know, so a key that is missing there could never be set; bounds are not in
    /// it, so that a value out of bounds arrives here and is named.
    #[test]
    fn the_schema_has_these_keys() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/policy_schema.json");
        let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), Key::ALL.len());
        for key in Key::ALL {
            let kind = match key {
                Key::SharedDesk | Key::AutomaticWarning | Key::WelcomePage => "boolean",
                Key::SessionMinutes => "integer",
                Key::SupportContact => "string",
            };
            let property = properties.get(key.name()).unwrap();
            assert_eq!(property["type"], kind, "{}", key.name());
            assert!(property["title"].is_string() && property["description"].is_string(), "{}", key.name());
            assert_eq!(property.as_object().unwrap().len(), 3, "{}", key.name());
        }
    }
}
