//! Seconds since 1970 to a day and a minute in a French time zone, in whole numbers.
//!
//! Summer time: Directive 2000/84/EC, articles 2 and 3: from the last Sunday of March to the last Sunday of October, both at
//! 01:00 UTC. It holds since 1996 for the end and 1981 for the beginning; earlier instants are not what a policy is asked about.

use vigie_policy::SettingError;
use vigie_policy::json::{FromJson, Json};

/// A zone that this policy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Metropolitan France: UTC+1, UTC+2 in summer.
    Paris,
    /// Any other: the same offset all year, in hours.
    Fixed(i8),
}

impl FromJson for Zone {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        // Saint-Pierre-et-Miquelon follows the rules of the United States and is left out.
        const NAMES: [&str; 9] = [
            "Europe/Paris",
            "America/Martinique",
            "America/Guadeloupe",
            "America/Cayenne",
            "Indian/Reunion",
            "Indian/Mayotte",
            "Pacific/Noumea",
            "Pacific/Tahiti",
            "UTC",
        ];
        Ok(match json.one_of(&NAMES)? {
            0 => Self::Paris,
            1 | 2 => Self::Fixed(-4),
            3 => Self::Fixed(-3),
            4 => Self::Fixed(4),
            5 => Self::Fixed(3),
            6 => Self::Fixed(11),
            7 => Self::Fixed(-10),
            _ => Self::Fixed(0),
        })
    }
}

/// An instant as a clock and a calendar on the wall show it.
#[derive(Debug, PartialEq, Eq)]
pub struct Local {
    /// Year, month, day.
    pub date: [u64; 3],
    /// Monday is 0.
    pub weekday: u64,
    /// Since midnight.
    pub minute: u64,
}

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

impl Zone {
    /// The instant `now`, in seconds since the Unix epoch, in this zone.
    #[must_use]
    pub fn local(self, now: u64) -> Local {
        let hours = match self {
            Self::Paris if is_summer(now) => 2,
            Self::Paris => 1,
            Self::Fixed(hours) => hours,
        };
        let local = now.saturating_add_signed(i64::from(hours) * HOUR as i64);
        let days = local / DAY;
        Local { date: date(days), weekday: weekday(days), minute: local % DAY / 60 }
    }
}

/// 1970-01-01 was a Thursday.
fn weekday(days: u64) -> u64 {
    (days + 3) % 7
}

fn is_summer(now: u64) -> bool {
    let days = now / DAY;
    let [_, month, day] = date(days);
    // March and October have 31 days; a Sunday on the last of them is the last Sunday, a Saturday is six days after it.
    let last_sunday = 31 - (weekday(days + 31 - day) + 1) % 7;
    let changed = (day, now % DAY) >= (last_sunday, HOUR);
    match month {
        3 => changed,
        10 => !changed,
        _ => (4..10).contains(&month),
    }
}

/// Days since 1970-01-01 to year, month and day in the Gregorian calendar. Years begin in March here, so that the day that some
/// have more is their last and every month but the last has its place by one formula (E. G. Richards, in the Explanatory
/// Supplement to the Astronomical Almanac, section 15.11).
fn date(days: u64) -> [u64; 3] {
    // 719 468 days lie between 0000-03-01 and 1970-01-01, 146 097 in 400 years.
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + 400 * era + u64::from(month <= 2);
    [year, month, day]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: Zone, now: u64, date: [u64; 3], weekday: u64, hour: u64, minute: u64) {
        assert_eq!(zone.local(now), Local { date, weekday, minute: hour * 60 + minute }, "{now}");
    }

    /// Instants and their local times as the IANA time zone database gives them.
    #[test]
    fn summer_time_begins_and_ends_on_the_second() {
        check(Zone::Paris, 1_774_745_999, [2026, 3, 29], 6, 1, 59);
        check(Zone::Paris, 1_774_746_000, [2026, 3, 29], 6, 3, 0);
        check(Zone::Paris, 1_792_889_999, [2026, 10, 25], 6, 2, 59);
        check(Zone::Paris, 1_792_890_000, [2026, 10, 25], 6, 2, 0);
        // The last Sunday is the 31st.
        check(Zone::Paris, 1_711_846_799, [2024, 3, 31], 6, 1, 59);
        check(Zone::Paris, 1_711_846_800, [2024, 3, 31], 6, 3, 0);
        check(Zone::Paris, 1_729_990_799, [2024, 10, 27], 6, 2, 59);
        check(Zone::Paris, 1_729_990_800, [2024, 10, 27], 6, 2, 0);
        // It is the 25th, and days between it and the end of the month.
        check(Zone::Paris, 1_585_443_600, [2020, 3, 29], 6, 3, 0);
        check(Zone::Paris, 1_603_756_800, [2020, 10, 27], 1, 1, 0);
        check(Zone::Paris, 1_743_379_200, [2025, 3, 31], 0, 2, 0);
    }

    #[test]
    fn zones_and_calendar() {
        check(Zone::Fixed(0), 0, [1970, 1, 1], 3, 0, 0);
        check(Zone::Fixed(0), 951_782_400, [2000, 2, 29], 1, 0, 0);
        check(Zone::Fixed(4), 1_767_225_599, [2026, 1, 1], 3, 3, 59);
        check(Zone::Fixed(-10), 1_767_225_600, [2025, 12, 31], 2, 14, 0);
        check(Zone::Fixed(0), 4_107_542_400, [2100, 3, 1], 0, 0, 0);
    }

    /// Every hour of 28 years: summer time is one stretch in each, and begins and ends on a Sunday.
    #[test]
    fn summer_is_one_stretch_a_year() {
        let mut changes = Vec::new();
        let start = 1_577_836_800;
        for hour in 0..28 * 8_766 {
            let now = start + hour * HOUR;
            if is_summer(now) != is_summer(now - 1) {
                let at = Zone::Fixed(0).local(now);
                assert_eq!((at.weekday, at.minute), (6, 60), "{at:?}");
                assert!(at.date[2] >= 25, "{at:?}");
                changes.push((at.date[0], at.date[1]));
            }
        }
        let expected: Vec<_> = (2020..2048).flat_map(|year| [(year, 3), (year, 10)]).collect();
        assert_eq!(changes, expected);
    }
}
