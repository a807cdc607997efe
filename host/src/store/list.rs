//! The list of a relying party's logins: what helps to end the right one, and nothing that lets anyone in.
//!
//! An entry has an id of its own, from which no handle can be made; moments; the level; and a keyed word for the person, the same
//! as in the decision log, so that one can see which logins belong together. Who the person is stands in no list.

use std::cmp::Reverse;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redb::{Database, ReadableDatabase, ReadableTable};
use serde::{Serialize, Serializer};

use super::job::LOGINS;
use super::{LONGEST_IDLE_S, StoreError};
use crate::config::Level;
use crate::log::Pseudonym;

/// A login's name in lists and logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListId([u8; 32]);

/// The text is not an id of the list.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a login")]
pub struct ParseListIdError;

impl ListId {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads one as a list shows it.
    ///
    /// # Errors
    /// Wrong prefix, length or alphabet.
    pub fn parse(text: &str) -> Result<Self, ParseListIdError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(ParseListIdError)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ParseListIdError)?;
        Ok(Self(bytes.try_into().map_err(|_| ParseListIdError)?))
    }
}

/// So that nobody takes it for a handle.
const PREFIX: &str = "login_";

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ListId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One login of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name here.
    pub id: ListId,
    /// The person, masked.
    pub person: Pseudonym,
    /// Unix seconds.
    pub created: u64,
    /// Unix seconds.
    pub expires: u64,
    /// Unix seconds; up to a minute behind.
    pub last_used: u64,
    /// PSC `acr`, when it is one of the table.
    pub level: Option<Level>,
}

/// A list, or the beginning of one.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    /// The newest first.
    pub logins: Vec<Listed>,
    /// How many more there are.
    pub not_shown: u64,
}

/// As the table has it; 0 for none.
pub(super) fn level_number(level: Option<Level>) -> u8 {
    match level {
        None => 0,
        Some(Level::Eidas1) => 1,
        Some(Level::Eidas2) => 2,
        Some(Level::Eidas3) => 3,
    }
}

fn level(number: u8) -> Option<Level> {
    [Level::Eidas1, Level::Eidas2, Level::Eidas3].into_iter().find(|level| level_number(Some(*level)) == number)
}

pub(super) fn list(database: &Database, now: u64, audience: &str, most: usize) -> Result<Listing, StoreError> {
    let reading = database.begin_read()?;
    let mut logins = Vec::new();
    for record in reading.open_table(LOGINS)?.iter()? {
        let (id, record) = record?;
        let (owner, created, expires, last_used, number, person, _) = record.value();
        if owner == audience && now < expires && now < last_used.saturating_add(LONGEST_IDLE_S) {
            let person = Pseudonym::from_bytes(*person);
            logins.push(Listed { id: ListId(*id.value()), person, created, expires, last_used, level: level(number) });
        }
    }
    logins.sort_unstable_by_key(|one| (Reverse(one.created), one.id.0));
    let not_shown = logins.len().saturating_sub(most) as u64;
    logins.truncate(most);
    Ok(Listing { logins, not_shown })
}
