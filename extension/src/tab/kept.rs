//! What is kept between events: one record per tab, and the identifiers of the desk.
//!
//! All of it lies in `storage.session` (memory), except identifiers that their owners chose to keep on this device. A record
//! that cannot be read is treated as absent.

use super::{TabState, record};
use crate::browser::storage::{Area, load, load_all, remove, save};
use crate::browser::{BrowserError, now_ms};
use crate::desk::Desk;
use crate::messages::Keep;

const TAB: &str = "tab:";
const DESK: &str = "desk";

fn tab_key(tab: i32) -> String {
    format!("{TAB}{tab}")
}

/// The state of one tab, if anything is known.
pub(crate) async fn known_tab(tab: i32) -> Option<TabState> {
    record::read(&load(Area::Session, &tab_key(tab)).await?)
}

/// The state of one tab.
pub(crate) async fn tab(tab: i32) -> TabState {
    known_tab(tab).await.unwrap_or_else(|| TabState::new(now_ms()))
}

/// All tabs, in no order.
pub(crate) async fn all_tabs() -> Vec<(i32, TabState)> {
    let kept = load_all(Area::Session).await.into_iter();
    kept.filter_map(|(key, text)| Some((key.strip_prefix(TAB)?.parse().ok()?, record::read(&text)?))).collect()
}

/// Keeps the state of one tab.
pub(crate) async fn keep_tab(tab: i32, state: &TabState) -> Result<(), BrowserError> {
    save(Area::Session, &tab_key(tab), &record::write(state)).await
}

/// Forgets one tab.
pub(crate) async fn drop_tab(tab: i32) -> Result<(), BrowserError> {
    remove(Area::Session, &tab_key(tab)).await
}

/// The identifiers on this desk. Those whose time is up are removed on the way.
pub(crate) async fn desk() -> Desk {
    let session = load(Area::Session, DESK).await.unwrap_or_default();
    let device = load(Area::Local, DESK).await.unwrap_or_default();
    let desk = Desk::read(&session, &device, now_ms());
    if desk.record(Keep::Session) != session {
        // What is not shown must not lie there either; should the browser refuse, the next reading passes over it again.
        let _ = keep_area(Area::Session, &desk, Keep::Session).await;
    }
    desk
}

/// Keeps an identifier that was filled, once, in the place that was asked for.
pub(crate) async fn fill_identity(identifier: &str, keep: Keep) -> Result<(), BrowserError> {
    let mut desk = desk().await;
    desk.fill(identifier, keep, now_ms());
    keep_desk(&desk).await
}

/// Forgets one identifier, or all of them, everywhere.
pub(crate) async fn forget_identity(identifier: Option<&str>) -> Result<(), BrowserError> {
    let mut desk = desk().await;
    desk.forget(identifier);
    keep_desk(&desk).await
}

async fn keep_desk(desk: &Desk) -> Result<(), BrowserError> {
    keep_area(Area::Session, desk, Keep::Session).await?;
    keep_area(Area::Local, desk, Keep::Device).await
}

async fn keep_area(area: Area, desk: &Desk, keep: Keep) -> Result<(), BrowserError> {
    let record = desk.record(keep);
    if record.is_empty() { remove(area, DESK).await } else { save(area, DESK, &record).await }
}
