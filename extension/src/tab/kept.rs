//! What is kept between events: one record per tab, and the identifiers of the desk; and under which settings.
//!
//! All of it lies in `storage.session` (memory), except identifiers that their owners chose to keep on this device. A record
//! that cannot be read is treated as absent.

use super::{TabState, record};
use crate::activation::Progress;
use crate::browser::storage::{Area, load, load_all, load_managed, remove, save};
use crate::browser::{BrowserError, now_ms, runtime};
use crate::desk::{Desk, Device};
use crate::messages::Keep;
use crate::policy::{Mode, Settings};

const TAB: &str = "tab:";
const DESK: &str = "desk";
const MODE: &str = "mode";
const ACTIVATION: &str = "activation";
const PROGRESS: &str = "guide";

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

/// What is in force: the organisation's policy, and within it what the person chose. Read anew each time, before anything that
/// depends on it.
pub(crate) async fn settings() -> Settings {
    let chosen = load(Area::Local, MODE).await.unwrap_or_default();
    Settings::of(&load_managed().await, runtime::installer().await, Mode::parse(&chosen))
}

/// Keeps whose desk it is; a shared desk has nothing on disk, not even that.
pub(crate) async fn choose_mode(mode: Mode) -> Result<(), BrowserError> {
    match mode {
        Mode::Shared => remove(Area::Local, MODE).await?,
        Mode::Personal => save(Area::Local, MODE, mode.as_str()).await?,
    }
    // What may not stay goes now, not at the next reading.
    desk().await;
    Ok(())
}

/// The identifiers on this desk. Those that may not stay are removed on the way.
pub(crate) async fn desk() -> Desk {
    desk_under(&settings().await).await
}

/// The same, under settings at hand.
pub(crate) async fn desk_under(settings: &Settings) -> Desk {
    let limits = settings.limits();
    let session = load(Area::Session, DESK).await.unwrap_or_default();
    let device = load(Area::Local, DESK).await.unwrap_or_default();
    let desk = Desk::read(&session, &device, limits, now_ms());
    // What is not shown must not lie there either; should the browser refuse, the next reading passes over it again.
    if desk.record(Keep::Session) != session {
        let _ = keep_area(Area::Session, &desk, Keep::Session).await;
    }
    if limits.device == Device::Closed && !device.is_empty() {
        let _ = remove(Area::Local, DESK).await;
    }
    desk
}

/// Hands the desk over: nothing of the last person stays, in memory or on disk.
pub(crate) async fn hand_over() -> Result<(), BrowserError> {
    for (key, _) in load_all(Area::Session).await {
        remove(Area::Session, &key).await?;
    }
    remove(Area::Local, DESK).await
}

/// Keeps an identifier that was filled, once, in the place that was asked for if the desk has it.
pub(crate) async fn fill_identity(identifier: &str, keep: Keep) -> Result<(), BrowserError> {
    let settings = settings().await;
    let mut desk = desk_under(&settings).await;
    desk.fill(identifier, settings.limits().place(keep), now_ms());
    keep_desk(&desk).await
}

/// Forgets one identifier, or all of them, everywhere.
pub(crate) async fn forget_identity(identifier: Option<&str>) -> Result<(), BrowserError> {
    let mut desk = desk().await;
    desk.forget(identifier);
    keep_desk(&desk).await
}

/// Notes that a genuine page asked for the code of an activation. Only when, neither whose nor which.
pub(crate) async fn note_activation(now_ms: u64) -> Result<(), BrowserError> {
    save(Area::Session, ACTIVATION, &now_ms.to_string()).await
}

/// When a genuine page last asked for the code of an activation, unless a person has said since whose it was.
pub(crate) async fn noted_activation() -> Option<u64> {
    load(Area::Session, ACTIVATION).await?.parse().ok()
}

/// A person said whose activation it was.
pub(crate) async fn settle_activation() -> Result<(), BrowserError> {
    remove(Area::Session, ACTIVATION).await
}

/// How far the activation in the guide has come.
pub(crate) async fn progress() -> Progress {
    load(Area::Session, PROGRESS).await.and_then(|record| Progress::read(&record)).unwrap_or_default()
}

/// Keeps how far it has come.
pub(crate) async fn keep_progress(progress: &Progress) -> Result<(), BrowserError> {
    save(Area::Session, PROGRESS, &progress.record()).await
}

async fn keep_desk(desk: &Desk) -> Result<(), BrowserError> {
    keep_area(Area::Session, desk, Keep::Session).await?;
    keep_area(Area::Local, desk, Keep::Device).await
}

async fn keep_area(area: Area, desk: &Desk, keep: Keep) -> Result<(), BrowserError> {
    let record = desk.record(keep);
    if record.is_empty() { remove(area, DESK).await } else { save(area, DESK, &record).await }
}
