//! One request on one phone: the number match as the e-CPS plays it since June 2022.
//!
//! Waiting → PIN accepted → the right number chosen among three. A wrong number, "it was not me", too many wrong PINs, the
//! end of the countdown or the person quitting the login page end the request for good. The state is a value that only
//! moves forward; time is an argument.
//!
//! How many wrong PINs a real e-CPS allows is not published; three is the rule of the plastic card (psc-facts §6).

use crate::random::{NoRandomness, make_below, make_handle};

/// Wrong PINs that one request bears.
pub(crate) const PIN_TRIES: u8 = 3;

/// Two digits, leading zero kept. Never printed by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct PairedNumber(u8);

impl PairedNumber {
    /// The two digits, disclosed on purpose.
    #[must_use]
    pub(crate) fn digits(self) -> String {
        format!("{:02}", self.0)
    }

    /// Reads exactly two ASCII digits.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [tens @ b'0'..=b'9', units @ b'0'..=b'9'] => Some(Self((tens - b'0') * 10 + (units - b'0'))),
            _ => None,
        }
    }
}

impl std::fmt::Debug for PairedNumber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PairedNumber(redacted)")
    }
}

/// Three different numbers, one of which stands on the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidates {
    shown: PairedNumber,
    all: [PairedNumber; 3],
}

impl Candidates {
    /// Draws three distinct numbers and which of them is shown; every outcome is equally likely.
    pub(crate) fn make() -> Result<Self, NoRandomness> {
        let first = make_below(100)?;
        let second = make_other_than(&[first])?;
        let third = make_other_than(&[first, second])?;
        let all = [PairedNumber(first), PairedNumber(second), PairedNumber(third)];
        let shown = match make_below(3)? {
            0 => PairedNumber(first),
            1 => PairedNumber(second),
            _ => PairedNumber(third),
        };
        Ok(Self { shown, all })
    }
}

impl Candidates {
    /// Two more numbers beside one that the service chose (CIBA `binding_message`), in an order that tells nothing.
    pub(crate) fn make_around(shown: PairedNumber) -> Result<Self, NoRandomness> {
        let second = make_other_than(&[shown.0])?;
        let third = make_other_than(&[shown.0, second])?;
        let (second, third) = (PairedNumber(second), PairedNumber(third));
        let all = match make_below(3)? {
            0 => [shown, second, third],
            1 => [second, shown, third],
            _ => [second, third, shown],
        };
        Ok(Self { shown, all })
    }
}

fn make_other_than(taken: &[u8]) -> Result<u8, NoRandomness> {
    loop {
        let number = make_below(100)?;
        if !taken.contains(&number) {
            return Ok(number);
        }
    }
}

/// Why a request came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The person said that the request was not theirs.
    NotMe,
    /// Another number than the one on the page.
    WrongNumber,
    /// Too many wrong PINs.
    WrongPin,
    /// The countdown ran out.
    Expired,
    /// The login page was quit.
    Quit,
    /// The e-CPS was deleted while the request waited.
    Deleted,
}

/// Where a request stands at a given moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PushState {
    /// The phone has been asked and has not answered.
    Waiting {
        /// Seconds until the end of the countdown, rounded up.
        remaining_s: u64,
    },
    /// PIN and number were right.
    Approved {
        /// When, in milliseconds since the epoch.
        at_ms: u64,
    },
    /// It came to nothing.
    Ended(Ending),
}

/// What the phone is told about a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinAnswer {
    /// The numbers may be shown.
    Right,
    /// Try again.
    Wrong {
        /// How many tries are left.
        tries_left: u8,
    },
    /// The request is over.
    Over(Ending),
    /// The request had already been approved.
    AlreadyApproved,
}

/// One request. No `Debug`: it names a person.
#[derive(Clone)]
pub(crate) struct Push {
    id: String,
    nonce: String,
    person: String,
    service: String,
    candidates: Candidates,
    expires_ms: u64,
    tries_left: u8,
    unlocked: bool,
    outcome: Option<PushState>,
}

impl Push {
    /// Asks a person's phone on behalf of `service`, until `expires_ms`.
    pub(crate) fn new(id: String, person: String, service: String, expires_ms: u64) -> Result<Self, NoRandomness> {
        Self::with(id, person, service, expires_ms, Candidates::make()?)
    }

    /// The same, with numbers that were drawn before.
    pub(crate) fn with(
        id: String,
        person: String,
        service: String,
        expires_ms: u64,
        candidates: Candidates,
    ) -> Result<Self, NoRandomness> {
        let nonce = make_handle()?;
        Ok(Self {
            id,
            nonce,
            person,
            service,
            candidates,
            expires_ms,
            tries_left: PIN_TRIES,
            unlocked: false,
            outcome: None,
        })
    }

    /// What an approval of this request and of no other is signed over, beside its identifier.
    #[must_use]
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Identifier of the request.
    #[must_use]
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// National identifier of the person asked.
    #[must_use]
    pub(crate) fn person(&self) -> &str {
        &self.person
    }

    /// Name of the service that the person is about to enter.
    #[must_use]
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// End of the countdown, in milliseconds since the epoch.
    #[must_use]
    pub(crate) fn expires_ms(&self) -> u64 {
        self.expires_ms
    }

    /// The number for the login page. Never for the phone.
    #[must_use]
    pub(crate) fn shown(&self) -> PairedNumber {
        self.candidates.shown
    }

    /// The three numbers for the phone.
    #[must_use]
    pub(crate) fn candidates(&self) -> [PairedNumber; 3] {
        self.candidates.all
    }

    /// Whether the right PIN has been typed for this request.
    #[must_use]
    pub(crate) fn is_unlocked(&self) -> bool {
        self.unlocked
    }

    /// Where the request stands.
    #[must_use]
    pub(crate) fn state(&self, now_ms: u64) -> PushState {
        match self.outcome {
            Some(outcome) => outcome,
            None if now_ms >= self.expires_ms => PushState::Ended(Ending::Expired),
            None => PushState::Waiting { remaining_s: (self.expires_ms - now_ms).div_ceil(1000) },
        }
    }

    /// The person typed a PIN; `right` says whether it was theirs.
    pub(crate) fn enter_pin(&mut self, right: bool, now_ms: u64) -> PinAnswer {
        match self.state(now_ms) {
            PushState::Ended(ending) => return PinAnswer::Over(ending),
            PushState::Approved { .. } => return PinAnswer::AlreadyApproved,
            PushState::Waiting { .. } => {}
        }
        if right {
            self.unlocked = true;
            self.tries_left = PIN_TRIES;
            return PinAnswer::Right;
        }
        self.tries_left = self.tries_left.saturating_sub(1);
        if self.tries_left == 0 {
            self.end(Ending::WrongPin, now_ms);
            return PinAnswer::Over(Ending::WrongPin);
        }
        PinAnswer::Wrong { tries_left: self.tries_left }
    }

    /// The person chose a number. Without a PIN before it nothing happens.
    pub(crate) fn choose(&mut self, number: PairedNumber, now_ms: u64) -> PushState {
        if self.unlocked && matches!(self.state(now_ms), PushState::Waiting { .. }) {
            self.outcome = Some(if number == self.candidates.shown {
                PushState::Approved { at_ms: now_ms }
            } else {
                PushState::Ended(Ending::WrongNumber)
            });
        }
        self.state(now_ms)
    }

    /// Ends the request, unless it is over already.
    pub(crate) fn end(&mut self, ending: Ending, now_ms: u64) {
        if matches!(self.state(now_ms), PushState::Waiting { .. }) {
            self.outcome = Some(PushState::Ended(ending));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Push {
        Push::new("id".into(), "person".into(), "service".into(), 120_000).unwrap()
    }

    fn wrong(push: &Push) -> PairedNumber {
        push.candidates().into_iter().find(|number| *number != push.shown()).unwrap()
    }

    #[test]
    fn the_right_pin_then_the_right_number() {
        let mut push = push();
        assert_eq!(push.choose(push.shown(), 1), PushState::Waiting { remaining_s: 120 }, "no number before the PIN");
        assert_eq!(push.enter_pin(true, 1), PinAnswer::Right);
        assert_eq!(push.choose(push.shown(), 2), PushState::Approved { at_ms: 2 });
        assert_eq!(push.state(999_999), PushState::Approved { at_ms: 2 }, "an approval does not expire");
    }

    #[test]
    fn endings_are_final() {
        let mut numbered = push();
        numbered.enter_pin(true, 1);
        assert_eq!(numbered.choose(wrong(&numbered), 2), PushState::Ended(Ending::WrongNumber));
        assert_eq!(numbered.choose(numbered.shown(), 3), PushState::Ended(Ending::WrongNumber));

        let mut quit = push();
        quit.end(Ending::Quit, 1);
        assert_eq!(quit.enter_pin(true, 2), PinAnswer::Over(Ending::Quit));

        let mut late = push();
        assert_eq!(late.enter_pin(true, 120_000), PinAnswer::Over(Ending::Expired));
        assert_eq!(late.choose(late.shown(), 120_001), PushState::Ended(Ending::Expired));
    }

    #[test]
    fn pins_are_counted() {
        let mut push = push();
        assert_eq!(push.enter_pin(false, 1), PinAnswer::Wrong { tries_left: 2 });
        assert_eq!(push.enter_pin(false, 1), PinAnswer::Wrong { tries_left: 1 });
        assert_eq!(push.enter_pin(false, 1), PinAnswer::Over(Ending::WrongPin));
        assert_eq!(push.enter_pin(true, 1), PinAnswer::Over(Ending::WrongPin));
    }

    #[test]
    fn the_countdown_is_rounded_up_and_never_reads_zero_while_waiting() {
        let push = push();
        for (now, remaining) in [(0, 120), (1, 120), (1_000, 119), (119_001, 1), (119_999, 1)] {
            assert_eq!(push.state(now), PushState::Waiting { remaining_s: remaining });
        }
    }

    #[test]
    fn candidates_are_distinct_and_contain_the_shown_number() {
        for _ in 0..2_000 {
            let push = push();
            let [a, b, c] = push.candidates();
            assert!(a != b && b != c && a != c);
            assert!(push.candidates().contains(&push.shown()));
        }
    }

    #[test]
    fn a_given_number_stands_anywhere_among_three() {
        let mut seen = [0; 3];
        for _ in 0..600 {
            let candidates = Candidates::make_around(PairedNumber(7)).unwrap();
            let [a, b, c] = candidates.all;
            assert!(a != b && b != c && a != c && candidates.shown == PairedNumber(7));
            seen[candidates.all.iter().position(|number| *number == PairedNumber(7)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
    }

    #[test]
    fn numbers_are_two_ascii_digits() {
        for (text, good) in
            [("07", true), ("99", true), ("7", false), ("070", false), ("٠٧", false), ("+7", false), ("", false)]
        {
            assert_eq!(PairedNumber::parse(text).map(PairedNumber::digits), good.then(|| text.to_owned()), "{text}");
        }
        assert_eq!(format!("{:?}", PairedNumber(47)), "PairedNumber(redacted)");
    }
}
