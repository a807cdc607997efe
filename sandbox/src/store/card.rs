//! The plastic cards: tries of each card's code, the reader that they are put into, and logins that wait for one.
//!
//! A card blocks after three wrong codes (psc-facts §6). A login by card leaves the login pages for the host that asks for the
//! certificate and comes back with a proof, which is used once and only counts in the browser that started the login: whoever
//! lures a card holder to the other host gets nothing.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use verifier_core::activation::{Attempts, Pin};

use super::{MAX_ENTRIES, PushLimit, State};
use crate::encoding::{fingerprint, same};
use crate::push::{Push, PushState};

/// Wrong codes before a card blocks (psc-facts §6).
pub(crate) const CARD_TRIES: Attempts = Attempts::new(3);

/// How long the window that asks for a card may stay open. Not published; ours.
const SIGN_IN_MS: u64 = 5 * 60 * 1000;

/// The reader on the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reader {
    /// Connected.
    Plugged,
    /// Not connected.
    Unplugged,
}

/// What is in the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Slot {
    /// The card whose certificate the browser presents.
    Inserted,
    /// Nothing.
    Removed,
    /// A card of another environment: a real one at the national sandbox, or a test card in production.
    OtherEnvironment,
}

/// A software component between reader and browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Component {
    /// There.
    Installed,
    /// Not there.
    Missing,
}

/// The level that a card login reaches. Two were observed (psc-facts §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CardLevel {
    /// Production, September 2026; tokens then carry `auth_level`.
    Eidas2,
    /// National sandbox, 2021 to 2023.
    Eidas3,
}

impl CardLevel {
    /// The value of `acr`.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Eidas2 => "eidas2",
            Self::Eidas3 => "eidas3",
        }
    }
}

/// The one desk of the sandbox: reader, card and components, as every browser meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Desk {
    /// The reader.
    pub reader: Reader,
    /// What is in it.
    pub card: Slot,
    /// Cryptolib CPS, which speaks with the card.
    pub cryptolib: Component,
    /// GALSS, which speaks with the reader.
    pub galss: Component,
    /// The level that logins reach.
    pub acr: CardLevel,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            reader: Reader::Plugged,
            card: Slot::Inserted,
            cryptolib: Component::Installed,
            galss: Component::Installed,
            acr: CardLevel::Eidas2,
        }
    }
}

/// One card. No `Debug`: it holds the code.
struct PlasticCard {
    code: Pin,
    /// `None`: blocked.
    attempts: Option<Attempts>,
}

/// How a typed card code was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardAnswer {
    /// Right; the count starts again.
    Right,
    /// Wrong.
    Wrong {
        /// Tries left.
        left: u8,
    },
    /// Blocked, now or before.
    Blocked,
}

/// A login that waits for a card. No `Debug`: it names a person.
struct SignIn {
    login: String,
    created_ms: u64,
    proved: Option<Proved>,
}

/// Who presented a card and typed its code. No `Debug`, for the same reason.
struct Proved {
    person: String,
    at_ms: u64,
    /// Digest of the proof that the browser carries back.
    proof: String,
}

/// Everything about cards.
#[derive(Default)]
pub(super) struct CardTables {
    cards: BTreeMap<String, PlasticCard>,
    desk: Desk,
    sign_ins: HashMap<String, SignIn>,
    /// Logins without a browser that wait for the card in the reader.
    requests: HashMap<String, Push>,
}

impl CardTables {
    pub(super) fn sweep(&mut self, now_ms: u64, kept_ms: u64) {
        self.sign_ins.retain(|_, sign_in| now_ms < sign_in.created_ms.saturating_add(SIGN_IN_MS));
        self.requests.retain(|_, request| now_ms < request.expires_ms().saturating_add(kept_ms));
    }

    /// A request of a service to the desk.
    pub(super) fn request(&self, id: &str) -> Option<&Push> {
        self.requests.get(id)
    }
}

impl State {
    /// Hands out the cards when the sandbox starts.
    pub(crate) fn hand_out_cards(&mut self, cards: impl Iterator<Item = (String, Pin)>) {
        let new = |code| PlasticCard { code, attempts: Some(CARD_TRIES) };
        self.card.cards = cards.map(|(person, code)| (person, new(code))).collect();
    }

    /// Tries that a person's card has left, 0 when it is blocked; `None` when there is no card.
    #[must_use]
    pub(crate) fn card_tries(&self, person: &str) -> Option<u8> {
        self.card.cards.get(person).map(|card| card.attempts.map_or(0, Attempts::left))
    }

    /// Compares a typed card code.
    pub(crate) fn try_card_code(&mut self, person: &str, typed: &Pin) -> CardAnswer {
        let Some(card) = self.card.cards.get_mut(person) else {
            return CardAnswer::Blocked;
        };
        let Some(attempts) = card.attempts else {
            return CardAnswer::Blocked;
        };
        if *typed == card.code {
            card.attempts = Some(CARD_TRIES);
            return CardAnswer::Right;
        }
        card.attempts = attempts.spend();
        card.attempts.map_or(CardAnswer::Blocked, |left| CardAnswer::Wrong { left: left.left() })
    }

    /// What the card's issuer does with the unblocking code; `false` when there is no such card.
    #[must_use]
    pub(crate) fn unblock_card(&mut self, person: &str) -> bool {
        self.card.cards.get_mut(person).map(|card| card.attempts = Some(CARD_TRIES)).is_some()
    }

    /// The desk.
    #[must_use]
    pub(crate) fn desk(&self) -> Desk {
        self.card.desk
    }

    /// Somebody plugs, inserts, installs.
    pub(crate) fn set_desk(&mut self, desk: Desk) {
        self.card.desk = desk;
    }

    /// A login leaves for the host that asks for the card; `false` when the table is full.
    #[must_use]
    pub(crate) fn open_sign_in(&mut self, id: &str, login: &str, now_ms: u64) -> bool {
        if self.card.sign_ins.len() >= MAX_ENTRIES {
            return false;
        }
        self.card.sign_ins.insert(id.to_owned(), SignIn { login: login.to_owned(), created_ms: now_ms, proved: None });
        true
    }

    /// The login that this window belongs to, while a card is waited for.
    #[must_use]
    pub(crate) fn sign_in(&self, id: &str, now_ms: u64) -> Option<&str> {
        self.card
            .sign_ins
            .get(id)
            .filter(|sign_in| sign_in.proved.is_none() && now_ms < sign_in.created_ms.saturating_add(SIGN_IN_MS))
            .map(|sign_in| sign_in.login.as_str())
    }

    /// The card was presented and its code typed. The proof is what the browser carries back to the login.
    pub(crate) fn prove_card(&mut self, id: &str, person: &str, proof: &str, now_ms: u64) {
        if let Some(sign_in) = self.card.sign_ins.get_mut(id) {
            sign_in.proved = Some(Proved { person: person.to_owned(), at_ms: now_ms, proof: fingerprint(proof) });
        }
    }

    /// The browser is back. A proof counts once, and only for the login that it was made for.
    pub(crate) fn redeem_card(&mut self, login: &str, proof: &str) -> Option<(String, u64)> {
        let digest = fingerprint(proof);
        let holds = |sign_in: &SignIn| {
            sign_in.login == login && sign_in.proved.as_ref().is_some_and(|proved| same(&proved.proof, &digest))
        };
        let id = self.card.sign_ins.iter().find(|(_, sign_in)| holds(sign_in)).map(|(id, _)| id.clone())?;
        self.card.sign_ins.remove(&id)?.proved.map(|proved| (proved.person, proved.at_ms))
    }

    /// A service asks the desk instead of a phone (CIBA, `channel=CARD`). Counted like a push.
    pub(crate) fn ask_desk(&mut self, request: Push, per_minute: usize, now_ms: u64) -> Result<(), PushLimit> {
        if self.card.requests.len() >= MAX_ENTRIES {
            return Err(PushLimit::Full);
        }
        self.count_push(request.person(), per_minute, now_ms)?;
        self.card.requests.insert(request.id().to_owned(), request);
        Ok(())
    }

    /// The requests that wait for this card, oldest first.
    #[must_use]
    pub(crate) fn desk_requests(&self, person: &str, now_ms: u64) -> Vec<Push> {
        let mut waiting: Vec<Push> = self
            .card
            .requests
            .values()
            .filter(|request| request.person() == person && matches!(request.state(now_ms), PushState::Waiting { .. }))
            .cloned()
            .collect();
        waiting.sort_by(|a, b| (a.expires_ms(), a.id()).cmp(&(b.expires_ms(), b.id())));
        waiting
    }

    /// One request, only if it is for this card.
    pub(crate) fn desk_request(&mut self, person: &str, id: &str) -> Option<&mut Push> {
        self.card.requests.get_mut(id).filter(|request| request.person() == person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let mut state = State::default();
        state.hand_out_cards([("one".to_owned(), Pin::parse("1234").unwrap())].into_iter());
        state
    }

    #[test]
    fn three_wrong_codes_in_a_row_block_the_card() {
        let mut state = state();
        let mut check = |code: &str, expected: CardAnswer| {
            assert_eq!(state.try_card_code("one", &Pin::parse(code).unwrap()), expected, "{code}");
        };
        check("0000", CardAnswer::Wrong { left: 2 });
        check("0000", CardAnswer::Wrong { left: 1 });
        check("1234", CardAnswer::Right);
        check("0000", CardAnswer::Wrong { left: 2 });
        check("0000", CardAnswer::Wrong { left: 1 });
        check("0000", CardAnswer::Blocked);
        check("1234", CardAnswer::Blocked);
        assert_eq!(state.card_tries("one"), Some(0));
        assert!(state.unblock_card("one") && !state.unblock_card("two"));
        assert_eq!((state.card_tries("one"), state.card_tries("two")), (Some(3), None));
    }

    #[test]
    fn a_proof_counts_once_and_for_its_login_only() {
        let mut state = state();
        assert!(state.open_sign_in("window", "login", 0));
        assert_eq!(state.sign_in("window", SIGN_IN_MS - 1), Some("login"));
        assert_eq!(state.sign_in("window", SIGN_IN_MS), None);
        assert_eq!(state.redeem_card("login", "proof"), None, "nothing proved yet");
        state.prove_card("window", "one", "proof", 7);
        assert_eq!(state.sign_in("window", 8), None, "a window is used once");
        assert_eq!(state.redeem_card("other", "proof"), None);
        assert_eq!(state.redeem_card("login", "guess"), None);
        assert_eq!(state.redeem_card("login", "proof"), Some(("one".to_owned(), 7)));
        assert_eq!(state.redeem_card("login", "proof"), None);
    }
}
