//! The story of the first login, as a test. What it tells stands in `vigie_e2e::first_login`, which the demo shows too.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use vigie_e2e::first_login;
use vigie_e2e::timeline::Voice;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_login_from_page_to_decision_and_three_contrasts() {
    if let Err(error) = first_login::tell(Voice::Silent).await {
        panic!("{error:#}");
    }
}
