//! How far an activation has come that a person follows in the guide, and the two time limits. Pure.
//!
//! The limits are the operator's and the core's: two days for the QR code of the mail, 90 seconds for that of the portal. Both
//! run towards an absolute time, so that a page that is loaded again goes on where it was. When a code arrived or was shown
//! the person says: no page of ours sees a mail or a phone.
//!
//! Not here: no code, no link, no identifier; what is kept is a route, ticks and two times.

use verifier_core::activation::Route;

/// How many steps each route has in the guide.
#[must_use]
pub fn steps(route: Route) -> u8 {
    match route {
        Route::Contacts => 7,
        Route::Card => 6,
    }
}

/// The word of a route, in records and in the ids of the page.
#[must_use]
pub fn word(route: Route) -> &'static str {
    match route {
        Route::Contacts => "contacts",
        Route::Card => "card",
    }
}

/// The route of a word.
#[must_use]
pub fn route(text: &str) -> Option<Route> {
    [Route::Contacts, Route::Card].into_iter().find(|route| word(*route) == text)
}

/// What a person has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    route: Option<Route>,
    contacts: Branch,
    card: Branch,
}

/// One route: its ticked steps, one bit each, and since when its QR code is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Branch {
    done: u8,
    since_ms: Option<u64>,
}

/// Whether a step is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// It is done.
    Done,
    /// It is not, or not any more.
    Open,
}

/// Where a time limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Nobody said that the QR code is there.
    Idle,
    /// It is valid, by what the person said.
    Running {
        /// When it ends, ms since 1970.
        deadline_ms: u64,
    },
    /// Its time is up.
    Over,
}

impl Progress {
    /// The route that was chosen.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.route
    }

    /// Another route; what was done on the other one stays.
    pub fn choose(&mut self, route: Route) {
        self.route = Some(route);
    }

    /// Whether a step, counted from 1, is ticked.
    #[must_use]
    pub fn tick(&self, route: Route, step: u8) -> Tick {
        if self.branch(route).done & bit(step) == 0 { Tick::Open } else { Tick::Done }
    }

    /// Ticks a step or takes the tick away.
    pub fn set(&mut self, route: Route, step: u8, tick: Tick) {
        let branch = self.branch_mut(route);
        match tick {
            Tick::Done => branch.done |= bit(step),
            Tick::Open => branch.done &= !bit(step),
        }
    }

    /// The first step that is not ticked; `None`: all are.
    #[must_use]
    pub fn current(&self, route: Route) -> Option<u8> {
        (1..=steps(route)).find(|step| self.tick(route, *step) == Tick::Open)
    }

    /// The QR code arrived, or is shown, since then.
    pub fn start(&mut self, route: Route, since_ms: u64) {
        self.branch_mut(route).since_ms = Some(since_ms);
    }

    /// Where the time limit stands.
    #[must_use]
    pub fn limit(&self, route: Route, now_ms: u64) -> Limit {
        match self.branch(route).since_ms.map(|since_ms| since_ms.saturating_add(route.life_ms())) {
            None => Limit::Idle,
            Some(deadline_ms) if now_ms < deadline_ms => Limit::Running { deadline_ms },
            Some(_) => Limit::Over,
        }
    }

    /// Everything from the beginning.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How it lies in `storage.session`: route, then ticks and time of both routes.
    #[must_use]
    pub fn record(&self) -> String {
        let time = |branch: Branch| branch.since_ms.map_or_else(String::new, |ms| ms.to_string());
        let chosen = self.route.map_or("", word);
        format!("{chosen},{},{},{},{}", self.contacts.done, time(self.contacts), self.card.done, time(self.card))
    }

    /// Reads a record; nothing when it is none of ours.
    #[must_use]
    pub fn read(record: &str) -> Option<Self> {
        let mut parts = record.split(',');
        let chosen = parts.next()?;
        let chosen = if chosen.is_empty() { None } else { Some(route(chosen)?) };
        let mut branch = || {
            let (done, since) = (parts.next()?.parse().ok()?, parts.next()?);
            let since_ms = if since.is_empty() { None } else { Some(since.parse().ok()?) };
            Some(Branch { done, since_ms })
        };
        let progress = Self { route: chosen, contacts: branch()?, card: branch()? };
        parts.next().is_none().then_some(progress)
    }

    fn branch(&self, route: Route) -> &Branch {
        match route {
            Route::Contacts => &self.contacts,
            Route::Card => &self.card,
        }
    }

    fn branch_mut(&mut self, route: Route) -> &mut Branch {
        match route {
            Route::Contacts => &mut self.contacts,
            Route::Card => &mut self.card,
        }
    }
}

/// The bit of a step; no step has none.
fn bit(step: u8) -> u8 {
    1_u8.checked_shl(u32::from(step).wrapping_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    #[test]
    fn steps_are_ticked_one_by_one() {
        let mut progress = Progress::default();
        assert_eq!((progress.route(), progress.current(Route::Card)), (None, Some(1)));
        for step in 1..=steps(Route::Card) {
            assert_eq!(progress.current(Route::Card), Some(step));
            progress.set(Route::Card, step, Tick::Done);
        }
        assert_eq!((progress.current(Route::Card), progress.current(Route::Contacts)), (None, Some(1)));
        progress.set(Route::Card, 2, Tick::Open);
        assert_eq!(progress.current(Route::Card), Some(2));
        // What is no step changes nothing.
        let before = progress;
        progress.set(Route::Card, 0, Tick::Done);
        progress.set(Route::Card, 200, Tick::Done);
        assert_eq!(progress, before);
    }

    #[test]
    fn two_days_and_ninety_seconds() {
        for (route, life_ms) in [(Route::Contacts, 172_800_000), (Route::Card, 90_000)] {
            let mut progress = Progress::default();
            assert_eq!(progress.limit(route, NOW), Limit::Idle);
            progress.start(route, NOW);
            let deadline_ms = NOW + life_ms;
            assert_eq!(progress.limit(route, NOW), Limit::Running { deadline_ms });
            assert_eq!(progress.limit(route, deadline_ms - 1), Limit::Running { deadline_ms });
            assert_eq!(progress.limit(route, deadline_ms), Limit::Over);
            // A new QR code, a new time.
            progress.start(route, deadline_ms);
            assert_eq!(progress.limit(route, deadline_ms), Limit::Running { deadline_ms: deadline_ms + life_ms });
        }
    }

    #[test]
    fn a_record_survives_and_a_spoiled_one_does_not() {
        let mut progress = Progress::default();
        assert_eq!(Progress::read(&progress.record()), Some(progress));
        progress.choose(Route::Contacts);
        progress.set(Route::Contacts, 7, Tick::Done);
        progress.start(Route::Card, NOW);
        assert_eq!(Progress::read(&progress.record()), Some(progress));
        assert_eq!(progress.record(), "contacts,64,,0,1700000000000");
        for spoiled in ["", "mail,0,,0,", "card,0,,0", "card,256,,0,", "card,0,x,0,", "card,0,,0,,"] {
            assert_eq!(Progress::read(spoiled), None, "{spoiled}");
        }
        progress.clear();
        assert_eq!(progress, Progress::default());
    }
}
