//! Firefox stops the extension's event page whenever it is idle. Nothing a person sees may depend on it: a stopped page wakes
//! for a request, a fill, a new fact and the end of a number, and the popup shows the number without it.

use crate::support::{DOCTOR, SUBMIT, holds, no_number, tell};

#[tokio::test(flavor = "multi_thread")]
async fn stopped_at_every_step_of_a_login() {
    tell("firefox-event-page", "vigie-firefox-dev", None, async |story, firefox| {
        let page = firefox.page().await?;
        let toolbar = firefox.toolbar();
        // The request that a service sends wakes it: only it can tell which service that was.
        toolbar.stop_event_page().await?;
        story.reach_login_page(&page).await?;
        let bubble = toolbar.press().await?;
        bubble.state("identifier").await?;
        bubble.shows("document.querySelector('#service').innerText", "smurtab.psc.localhost").await?;
        toolbar.stop_event_page().await?;
        bubble.write("#identifier", DOCTOR).await?;
        bubble.press("#fill").await?;
        holds(&page, DOCTOR).await?;
        bubble.close().await?;

        toolbar.stop_event_page().await?;
        let number = story.submit(&firefox, &page).await?;

        toolbar.stop_event_page().await?;
        toolbar.badge(&number).await?;
        let bubble = toolbar.press().await?;
        bubble.state("number").await?;
        bubble.shows("document.querySelector('#digits').innerText", &number).await?;
        bubble.close().await?;

        toolbar.stop_event_page().await?;
        story.on_the_phone(None).await?;
        toolbar.badge("").await?;
        let bubble = toolbar.press().await?;
        no_number(&bubble, "refused").await
    })
    .await;
}

/// The browser stops it by itself here, after a second instead of thirty, so at places that nobody chose. A report that it did
/// not live to hear is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn stopped_by_the_browser_in_between() {
    tell("firefox-event-page-idle", "vigie-firefox-dev", Some(1_000), async |story, firefox| {
        let page = firefox.page().await?;
        let number = story.reach_number(&firefox, &page).await?;
        firefox.toolbar().event_page_is("stopped").await?;
        firefox.toolbar().badge(&number).await?;
        page.follow(SUBMIT).await?;
        firefox.toolbar().badge("").await?;

        // The identifier was kept for the session, and one press fills it again.
        story.reach_login_page(&page).await?;
        firefox.toolbar().event_page_is("stopped").await?;
        let bubble = firefox.toolbar().press().await?;
        bubble.press("#fill").await?;
        holds(&page, DOCTOR).await
    })
    .await;
}
