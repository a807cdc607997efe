//! Sample policy: open on given days, between two times of the day.
//!
//! The time is the request's, for a policy has no clock. Where the desk stands is a setting: the French zones. Outside Europe they
//! keep one offset all year; metropolitan France follows the rule of Directive 2000/84/EC, written down in `zone.rs`. A time-zone
//! database would be ten times the size of this policy for a rule that has not changed since 1996; should it change, the policy
//! changes with it and gets a new version, as a decision that can be replayed must.
//!
//! Public holidays are not computed: they differ between Alsace, Réunion and Paris, and a hospital has its own. They are listed.

mod zone;

use vigie_policy::json::{FromJson, Json};
use vigie_policy::{Description, Login, Outcome, Policy, Reason, Request, SettingError, export_policy};

use zone::{Local, Zone};

/// The rule.
#[derive(Debug)]
pub struct OfficeHours;

export_policy!(OfficeHours);

vigie_policy::settings! {
    /// What a deployment may set.
    #[derive(Debug)]
    pub struct Settings {
        /// Where the desk stands.
        pub timezone: Zone = Zone::Paris,
        /// Days of the week.
        pub days: Vec<Day> = (0..5).map(Day).collect(),
        /// The first minute.
        pub opens: TimeOfDay = TimeOfDay(8 * 60),
        /// The first minute that is too late.
        pub closes: TimeOfDay = TimeOfDay(19 * 60),
        /// Days on which it stays closed, `2026-12-25`.
        pub closed: Vec<Date> = Vec::new(),
    }
}

/// A day of the week, Monday is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(u64);

impl FromJson for Day {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        json.one_of(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"]).map(|place| Self(place as u64))
    }
}

/// Minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct TimeOfDay(u64);

impl FromJson for TimeOfDay {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        match numbers(json, b':', [2, 2]) {
            Some([hour, minute]) if (hour < 24 && minute < 60) || (hour, minute) == (24, 0) => {
                Ok(Self(hour * 60 + minute))
            }
            _ => Err(SettingError::at("", "expected a time from 00:00 to 24:00, such as 08:30")),
        }
    }
}

/// Year, month and day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date([u64; 3]);

impl FromJson for Date {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        match numbers(json, b'-', [4, 2, 2]) {
            Some(date @ [_, 1..=12, 1..=31]) => Ok(Self(date)),
            _ => Err(SettingError::at("", "expected a date such as 2026-12-25")),
        }
    }
}

/// Numbers of fixed widths with one separator between them.
fn numbers<const N: usize>(json: &Json<'_>, separator: u8, widths: [usize; N]) -> Option<[u64; N]> {
    let Json::Text(text) = json else { return None };
    let mut bytes = text.bytes();
    let mut numbers = [0; N];
    for (index, (number, width)) in numbers.iter_mut().zip(widths).enumerate() {
        if index > 0 && bytes.next() != Some(separator) {
            return None;
        }
        for _ in 0..width {
            *number = *number * 10 + u64::from(char::from(bytes.next()?).to_digit(10)?);
        }
    }
    bytes.next().is_none().then_some(numbers)
}

const OPEN: Reason = Reason::new("HOURS-OPEN", "Le service est ouvert.", "The service is open.");
const CLOSED: Reason = Reason::new(
    "HOURS-CLOSED",
    "Le service est fermé à cette heure. Revenez pendant les heures d'ouverture.",
    "The service is closed at this hour. Come back during opening hours.",
);

impl Policy for OfficeHours {
    const DESCRIPTION: Description = Description {
        name: "office-hours",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Open on given days and hours of a French time zone; a sample, its default hours are examples.",
        settings_schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{"timezone":{"enum":["Europe/Paris","America/Martinique","America/Guadeloupe","America/Cayenne","Indian/Reunion","Indian/Mayotte","Pacific/Noumea","Pacific/Tahiti","UTC"],"default":"Europe/Paris"},"days":{"type":"array","minItems":1,"items":{"enum":["mon","tue","wed","thu","fri","sat","sun"]},"default":["mon","tue","wed","thu","fri"]},"opens":{"type":"string","pattern":"^[0-2][0-9]:[0-5][0-9]$","default":"08:00"},"closes":{"type":"string","pattern":"^[0-2][0-9]:[0-5][0-9]$","default":"19:00"},"closed":{"description":"Dates on which it stays closed.","type":"array","items":{"type":"string","format":"date"},"default":[]}}}"#,
        reasons: &[OPEN, CLOSED],
        needs_login: true,
    };

    type Settings = Settings;

    fn check_settings(settings: &Settings) -> Result<(), Vec<SettingError>> {
        if settings.days.is_empty() {
            return Err(vec![SettingError::at("/days", "name at least one day, or leave the setting out")]);
        }
        // Hours across midnight would belong to two days; such a desk says 00:00 to 24:00 or runs two audiences.
        if settings.opens >= settings.closes {
            return Err(vec![SettingError::at("/closes", "must be later than opens")]);
        }
        Ok(())
    }

    fn decide(settings: &Settings, _login: &Login, request: &Request) -> Outcome {
        let Local { date, weekday, minute } = settings.timezone.local(request.now);
        let day = settings.days.contains(&Day(weekday)) && !settings.closed.contains(&Date(date));
        let hour = settings.opens.0 <= minute && minute < settings.closes.0;
        if day && hour { Outcome::permit(OPEN) } else { Outcome::deny(CLOSED) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        vigie_policy::vectors::check::<OfficeHours>(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    }

    #[test]
    fn the_schema_is_that_of_the_settings() {
        vigie_policy::schema::check::<OfficeHours>();
    }

    #[track_caller]
    fn refused(json: &str, path: &str) {
        let errors = vigie_policy::validate_settings::<OfficeHours>(json).err().unwrap_or_default();
        assert_eq!(errors.first().map(|error| error.path.as_str()), Some(path), "{json}");
    }

    #[test]
    fn settings_say_where_they_are_wrong() {
        refused(r#"{"timezone":"Europe/Pariss"}"#, "/timezone");
        refused(r#"{"days":[]}"#, "/days");
        refused(r#"{"days":["mon","lundi"]}"#, "/days/1");
        for time in ["8:00", "08:60", "25:00", "24:01", "08:00:00", "08h00", ""] {
            refused(&format!(r#"{{"opens":"{time}"}}"#), "/opens");
        }
        for date in ["2026-13-01", "2026-00-01", "26-01-01", "2026-01-32", "2026/01/01"] {
            refused(&format!(r#"{{"closed":["2026-12-25","{date}"]}}"#), "/closed/1");
        }
        refused(r#"{"opens":"19:00","closes":"08:00"}"#, "/closes");
        refused(r#"{"opens":"19:00"}"#, "/closes");
    }
}
