//! The identifiers that people left on this desk, and how long each may stay.
//!
//! A desk is shared: several people fill one after the other. An identifier stays in memory for a limited time after it was
//! last filled, and the limit is checked whenever the list is read, so that nothing depends on a timer of a worker that
//! sleeps. On disk lies only what its owner asked to keep there; that has no time limit.
//!
//! This file is pure: [`crate::tab::kept`] reads and writes the two areas. Not here: no name, no history, no count.

use crate::messages::Keep;

/// How long an identifier stays in memory after it was last filled, in milliseconds, unless a policy shortens it: the time after
/// which Pro Santé Connect itself ends an idle session (psc-facts 1.6).
pub const SESSION_MS: u64 = 30 * 60 * 1000;

/// Most identifiers on one desk; beyond it the one that was not filled for longest goes.
const MOST: usize = 8;

/// How far a kept time may lie ahead: clocks are corrected by seconds. What lies further ahead has no age that can be trusted.
const AHEAD_MS: u64 = 60_000;

/// First line of a record; records of another version are dropped.
const VERSION: &str = "1";

/// What may stay on this desk, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long an identifier stays in memory after it was last filled.
    pub session_ms: u64,
    /// Whether anything may lie on disk.
    pub device: Device,
}

/// The disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// Identifiers may lie there, if their owners ask for it.
    Open,
    /// Nothing may lie there: the desk is shared.
    Closed,
}

impl Limits {
    /// Where an identifier is kept that was to be kept there.
    #[must_use]
    pub fn place(self, asked: Keep) -> Keep {
        match self.device {
            Device::Open => asked,
            Device::Closed => Keep::Session,
        }
    }

    /// How long an identifier may still stay, in ms; `None`: until its owner removes it.
    #[must_use]
    pub fn left_ms(self, entry: &Entry, now_ms: u64) -> Option<u64> {
        match entry.keep {
            Keep::Session => Some(self.session_ms.saturating_sub(now_ms.saturating_sub(entry.used_ms))),
            Keep::Device => None,
        }
    }

    fn admit(self, entry: &Entry, now_ms: u64) -> bool {
        self.place(entry.keep) == entry.keep
            && entry.used_ms <= now_ms.saturating_add(AHEAD_MS)
            && self.left_ms(entry, now_ms) != Some(0)
    }
}

/// One identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The national identifier in full.
    pub identifier: String,
    /// When it was last filled, ms since 1970.
    pub used_ms: u64,
    /// Where it lies.
    pub keep: Keep,
}

impl core::fmt::Debug for Entry {
    /// Whose it is stays out.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Entry").field("used_ms", &self.used_ms).field("keep", &self.keep).finish_non_exhaustive()
    }
}

impl Entry {
    fn read(line: &str, keep: Keep) -> Option<Self> {
        let (used_ms, identifier) = line.split_once(' ')?;
        Some(Self { identifier: identifier.to_owned(), used_ms: used_ms.parse().ok()?, keep })
    }

    /// Enough for its owner to know it by, and no more.
    #[must_use]
    pub fn ending(&self) -> &str {
        let start = self.identifier.len().saturating_sub(4);
        self.identifier.get(start..).unwrap_or_default()
    }
}

/// The identifiers, last filled first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desk(Vec<Entry>);

impl Desk {
    /// What the two areas hold and may still hold now. A record is one line for the version and one for each identifier.
    #[must_use]
    pub fn read(session: &str, device: &str, limits: Limits, now_ms: u64) -> Self {
        let mut desk = Self::default();
        for (record, keep) in [(session, Keep::Session), (device, Keep::Device)] {
            let lines =
                record.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('\n')).unwrap_or_default().lines();
            for entry in lines.filter_map(|line| Entry::read(line, keep)).filter(|entry| limits.admit(entry, now_ms)) {
                let place = desk.0.iter().position(|other| other.used_ms < entry.used_ms);
                desk.0.insert(place.unwrap_or(desk.0.len()), entry);
            }
        }
        desk.0.truncate(MOST);
        desk
    }

    /// What goes into one area; empty when nothing does.
    #[must_use]
    pub fn record(&self, keep: Keep) -> String {
        let mut record = String::new();
        for entry in self.0.iter().filter(|entry| entry.keep == keep) {
            if record.is_empty() {
                record.push_str(VERSION);
            }
            record.push('\n');
            record.push_str(&entry.used_ms.to_string());
            record.push(' ');
            record.push_str(&entry.identifier);
        }
        record
    }

    /// The identifiers, last filled first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The identifier when there is only one: whoever presses a key is then its owner, as far as this desk knows.
    #[must_use]
    pub fn only(&self) -> Option<&Entry> {
        match self.0.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// An identifier was filled: it is kept once, in the place that was asked for.
    pub fn fill(&mut self, identifier: &str, keep: Keep, now_ms: u64) {
        self.0.retain(|entry| entry.identifier != identifier);
        self.0.insert(0, Entry { identifier: identifier.to_owned(), used_ms: now_ms, keep });
        self.0.truncate(MOST);
    }

    /// Forgets one identifier, or all of them.
    pub fn forget(&mut self, identifier: Option<&str>) {
        self.0.retain(|entry| identifier.is_some_and(|gone| entry.identifier != gone));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;
    const A: &str = "899700427869";
    const B: &str = "899700367909";

    const OPEN: Limits = Limits { session_ms: SESSION_MS, device: Device::Open };

    fn kept_under(limits: Limits, desk: &Desk, now_ms: u64) -> Desk {
        Desk::read(&desk.record(Keep::Session), &desk.record(Keep::Device), limits, now_ms)
    }

    fn kept(desk: &Desk, now_ms: u64) -> Desk {
        kept_under(OPEN, desk, now_ms)
    }

    fn check(desk: &Desk, expect: &[(&str, Keep)]) {
        let seen: Vec<(&str, Keep)> = desk.entries().iter().map(|one| (one.identifier.as_str(), one.keep)).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn several_people_one_after_the_other() {
        let mut desk = Desk::default();
        assert_eq!(desk.only(), None);
        desk.fill(A, Keep::Session, NOW);
        assert_eq!(desk.only().map(Entry::ending), Some("7869"));
        desk.fill(B, Keep::Session, NOW + 1);
        check(&kept(&desk, NOW + 2), &[(B, Keep::Session), (A, Keep::Session)]);
        assert_eq!(desk.only(), None);
        desk.fill(A, Keep::Device, NOW + 3);
        check(&kept(&desk, NOW + 4), &[(A, Keep::Device), (B, Keep::Session)]);
        desk.forget(Some(A));
        check(&kept(&desk, NOW + 5), &[(B, Keep::Session)]);
        desk.forget(None);
        assert_eq!((desk.record(Keep::Session), desk.record(Keep::Device)), (String::new(), String::new()));
    }

    #[test]
    fn memory_has_a_time_limit_and_the_device_has_none() {
        let mut desk = Desk::default();
        desk.fill(A, Keep::Session, NOW);
        desk.fill(B, Keep::Device, NOW);
        check(&kept(&desk, NOW + SESSION_MS - 1), &[(A, Keep::Session), (B, Keep::Device)]);
        check(&kept(&desk, NOW + SESSION_MS), &[(B, Keep::Device)]);
        assert_eq!(OPEN.left_ms(&desk.entries()[1], NOW + 60_000), Some(SESSION_MS - 60_000));
        assert_eq!(OPEN.left_ms(&desk.entries()[0], NOW), None);
        // A clock that was set back gives no age: what cannot be dated does not stay.
        check(&kept(&desk, NOW - AHEAD_MS - 1), &[]);
        check(&kept(&desk, NOW - AHEAD_MS), &[(A, Keep::Session), (B, Keep::Device)]);
    }

    #[test]
    fn a_shared_desk_has_no_disk_and_a_shorter_memory() {
        let shared = Limits { session_ms: 5 * 60_000, device: Device::Closed };
        let mut desk = Desk::default();
        desk.fill(A, Keep::Session, NOW);
        desk.fill(B, Keep::Device, NOW);
        check(&kept_under(shared, &desk, NOW + 5 * 60_000 - 1), &[(A, Keep::Session)]);
        check(&kept_under(shared, &desk, NOW + 5 * 60_000), &[]);
        assert_eq!((shared.place(Keep::Device), OPEN.place(Keep::Device)), (Keep::Session, Keep::Device));
    }

    #[test]
    fn a_desk_holds_few_and_writes_them_all() {
        let mut desk = Desk::default();
        for at in 0..20 {
            let long = format!("ANS{at:0>60}");
            desk.fill(&long, if at % 2 == 0 { Keep::Session } else { Keep::Device }, NOW + at);
        }
        assert_eq!(desk.entries().len(), MOST);
        assert_eq!(kept(&desk, NOW + 30), desk);
    }

    #[test]
    fn a_spoiled_record_is_no_record() {
        let read = |text: &str| Desk::read(text, "", OPEN, NOW);
        assert_eq!(read(&format!("2\n{NOW} {A}")), Desk::default());
        assert_eq!(read(&format!("12\n{NOW} {A}")), Desk::default());
        assert_eq!(read(&format!("1\nyesterday {A}\n{NOW}{A}\n")), Desk::default());
        assert_eq!(read(""), Desk::default());
        let good = read(&format!("1\n{NOW} {A}"));
        check(&good, &[(A, Keep::Session)]);
        assert!(!format!("{good:?}").contains(A));
    }
}
