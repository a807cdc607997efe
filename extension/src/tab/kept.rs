//! What is kept between events: one record per tab, and the identifier if there is one.
//!
//! All of it lies in `storage.session` (memory), except an identifier that a person chose to keep on this device. A record
//! that cannot be read is treated as absent.

use serde::{Deserialize, Serialize};

use super::TabState;
use super::record::TabRecord;
use crate::browser::storage::{Area, load, load_all, remove, save};
use crate::browser::{BrowserError, now_ms};
use crate::messages::Keep;

const TAB: &str = "tab:";
const IDENTITY: &str = "identity";

fn tab_key(tab: i32) -> String {
    format!("{TAB}{tab}")
}

/// The state of one tab, if anything is known.
pub(crate) async fn known_tab(tab: i32) -> Option<TabState> {
    load::<TabRecord>(Area::Session, &tab_key(tab)).await?.restore()
}

/// The state of one tab.
pub(crate) async fn tab(tab: i32) -> TabState {
    known_tab(tab).await.unwrap_or_else(|| TabState::new(now_ms()))
}

/// All tabs, in no order.
pub(crate) async fn all_tabs() -> Vec<(i32, TabState)> {
    load_all::<TabRecord>(Area::Session, TAB)
        .await
        .into_iter()
        .filter_map(|(key, record)| Some((key.strip_prefix(TAB)?.parse().ok()?, record.restore()?)))
        .collect()
}

/// Keeps the state of one tab.
pub(crate) async fn keep_tab(tab: i32, state: &TabState) -> Result<(), BrowserError> {
    save(Area::Session, &tab_key(tab), &TabRecord::from(state)).await
}

/// Forgets one tab.
pub(crate) async fn drop_tab(tab: i32) -> Result<(), BrowserError> {
    remove(Area::Session, &tab_key(tab)).await
}

/// The identifier that was kept.
pub(crate) struct KeptIdentity {
    /// The national identifier in full.
    pub(crate) identifier: String,
    /// Where it lies.
    pub(crate) keep: Keep,
}

#[derive(Serialize, Deserialize)]
struct IdentityRecord {
    v: u32,
    identifier: String,
}

/// The identifier that was kept, this session's before this device's.
pub(crate) async fn identity() -> Option<KeptIdentity> {
    for (area, keep) in [(Area::Session, Keep::Session), (Area::Local, Keep::Device)] {
        if let Some(record) = load::<IdentityRecord>(area, IDENTITY).await.filter(|record| record.v == 1) {
            return Some(KeptIdentity { identifier: record.identifier, keep });
        }
    }
    None
}

/// Keeps an identifier in one place and removes it from the other.
pub(crate) async fn keep_identity(identifier: &str, keep: Keep) -> Result<(), BrowserError> {
    let (area, other) = match keep {
        Keep::Session => (Area::Session, Area::Local),
        Keep::Device => (Area::Local, Area::Session),
    };
    remove(other, IDENTITY).await?;
    save(area, IDENTITY, &IdentityRecord { v: 1, identifier: identifier.to_owned() }).await
}

/// Forgets the identifier everywhere.
pub(crate) async fn forget_identity() -> Result<(), BrowserError> {
    remove(Area::Session, IDENTITY).await?;
    remove(Area::Local, IDENTITY).await
}
