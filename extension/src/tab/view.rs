//! What a tab shows now: what it reported, held against the address that the browser gives for it.
//!
//! For the popup. Reads only, so that it needs no turn among the background's events. A tab that did not report is judged by
//! its address alone, where a click on the toolbar button lets us know it.

use verifier_core::page::Flavour;

use super::shown::{Running, TabView};
use super::words::{FieldView, PageWord, VerdictWord};
use super::{TabState, kept};
use crate::address;
use crate::browser::{now_ms, tabs};

/// The tab that was heard of last. A closed tab is forgotten, so it exists or was closed this very moment.
pub(crate) async fn latest(flavour: Flavour) -> Option<TabView> {
    let (tab, _) = kept::all_tabs().await.into_iter().max_by_key(|(_, state)| state.seen_at_ms)?;
    Some(of(tab, flavour).await)
}

/// What this tab shows.
pub(crate) async fn of(tab: i32, flavour: Flavour) -> TabView {
    let url = tabs::get(tab).await.ok().and_then(|tab| tab.url);
    let address = url.and_then(|url| address::parse(&url)).map(|(address, _)| address);
    let host = address.as_ref().map(|address| address.host.clone());
    let now = now_ms();
    let state = kept::known_tab(tab).await.unwrap_or_else(|| TabState::new(now));
    // A look-alike that the watch saw: without a click on the toolbar button the browser does not say what the tab shows.
    let watched = |warns: bool, document: Option<&String>| host.is_none() && warns && document.is_none();
    if state
        .page
        .as_ref()
        .is_some_and(|page| host.as_ref() == Some(&page.host) || watched(page.verdict.warns(), page.document.as_ref()))
    {
        return state.tick(now).view(tab, now);
    }
    // Not a page that reported: it was left, it could not report, or it has nothing to do with us.
    let assessment = address.map(|address| address.assess(flavour));
    let verdict = assessment.map_or(VerdictWord::Unknown, |assessment| VerdictWord::from(assessment.verdict));
    let code = assessment.map_or("URL-UNKNOWN", |assessment| assessment.code).to_owned();
    let view = if verdict.warns() {
        TabView { page: PageWord::Lookalike, ..TabState::new(now).view(tab, now) }
    } else if verdict.is_genuine() {
        let page = state.trouble.map_or(PageWord::Unreported, |trouble| trouble.page());
        let request = state.request;
        TabView { page, request, ..TabState::new(now).view(tab, now) }
    } else {
        state.away(now).view(tab, now)
    };
    TabView { verdict, code, host, field: FieldView::None, ..view }
}

/// The login that is under way in any tab; of several the latest that a service was seen to ask for.
pub(crate) async fn running() -> Option<Running> {
    let now = now_ms();
    let tabs = kept::all_tabs().await;
    tabs.into_iter().filter_map(|(_, state)| state.running(now)).max_by_key(|one| (one.service.is_some(), one.since_ms))
}
