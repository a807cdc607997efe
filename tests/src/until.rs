//! Waiting for something to be so: look, and look again, until it is or time is up.
//!
//! A page on its way to the next one answers nothing for a moment: the element that was just found is gone, the script that was
//! just sent has no document to run in. Whoever looks then has seen nothing yet, and looks again; every other error ends the
//! wait. No time that somebody guessed is slept through.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use anyhow::{Result, anyhow};
use fantoccini::error::{CmdError, ErrorStatus};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How long anything that should happen may take on a busy machine. Only what fails takes so long, so this is generous: two
/// cores, four browsers and a compiler beside them have made single steps of six seconds.
pub const SOON: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(60);

/// A debugging protocol's way to say that the document it was asked about is being replaced.
#[derive(Debug)]
pub(crate) struct OnItsWay(pub(crate) String);

impl fmt::Display for OnItsWay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for OnItsWay {}

/// What Chromium and its driver say while one document takes the place of another.
const LEAVING: &[&str] = &[
    "aborted by navigation",
    "execution context",
    "Execution context",
    "cannot determine loading status",
    "document unloaded",
    "Cannot find context",
    "navigated or closed",
    "does not belong to the document",
];

/// Whether these words mean that a page is on its way to the next one.
pub(crate) fn is_leaving(words: &str) -> bool {
    LEAVING.iter().any(|leaving| words.contains(leaving))
}

/// What was seen instead, if the page is on its way, or has not got so far.
fn not_yet(error: &anyhow::Error) -> Option<String> {
    if let Some(OnItsWay(words)) = error.downcast_ref() {
        return Some(words.clone());
    }
    let CmdError::Standard(answer) = error.downcast_ref()? else { return None };
    let moving = matches!(answer.error, ErrorStatus::NoSuchElement | ErrorStatus::StaleElementReference)
        || is_leaving(&answer.message);
    // The driver adds its own stack, line by line.
    moving.then(|| answer.message.lines().next().unwrap_or_default().to_owned())
}

/// Looks at a condition until it holds. `look` answers `Ok(Err(what is seen instead))` while it does not.
///
/// # Errors
/// Looking failed, or time is up; the message says what was seen last.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Result<Result<T, String>>) -> Result<T> {
    until_within(SOON, what, look).await
}

/// As [`until`], for what takes longer, such as the start of a browser on a busy machine.
///
/// # Errors
/// As for [`until`].
pub async fn until_within<T>(
    at_most: Duration,
    what: &str,
    look: impl AsyncFn() -> Result<Result<T, String>>,
) -> Result<T> {
    let deadline = Instant::now() + at_most;
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let seen = match look().await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(seen)) => seen,
            Err(error) => match not_yet(&error) {
                Some(seen) => seen,
                None => return Err(error),
            },
        };
        if Instant::now() > deadline {
            return Err(anyhow!("waited {} s for {what}; {seen}", at_most.as_secs()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use anyhow::{Result, anyhow};
    use fantoccini::error::{CmdError, ErrorStatus, WebDriver};

    use super::{OnItsWay, until_within};

    /// Looks twice: the first look ends in this error, the second one sees what was waited for.
    async fn after(error: anyhow::Error) -> Result<()> {
        let first = Mutex::new(Some(error));
        until_within(Duration::from_secs(60), "it", async || match first.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(Ok(())),
        })
        .await
    }

    fn driver(error: ErrorStatus, message: &'static str) -> anyhow::Error {
        CmdError::Standard(WebDriver::new(error, message)).into()
    }

    #[tokio::test]
    async fn a_page_on_its_way_is_looked_at_again_and_any_other_error_ends_the_wait() {
        for (status, message) in [
            (ErrorStatus::NoSuchElement, "no such element"),
            (ErrorStatus::StaleElementReference, "stale element not found"),
            (ErrorStatus::UnknownError, "aborted by navigation: loader has changed while resolving nodes"),
            (
                ErrorStatus::UnknownError,
                "unhandled inspector error: Node with given id does not belong to the document",
            ),
            (ErrorStatus::JavascriptError, "document unloaded while waiting for result"),
        ] {
            after(driver(status, message)).await.unwrap();
        }
        after(OnItsWay("Inspected target navigated or closed".into()).into()).await.unwrap();
        assert!(after(driver(ErrorStatus::JavascriptError, "x is not defined")).await.is_err());
        assert!(after(driver(ErrorStatus::NoSuchWindow, "no such window")).await.is_err());
        assert!(after(anyhow!("something else")).await.is_err());
    }

    #[tokio::test]
    async fn when_time_is_up_it_says_what_was_seen_last() {
        let never = until_within(Duration::ZERO, "the moon", async || -> Result<Result<(), String>> {
            Err(driver(ErrorStatus::NoSuchElement, "no moon\nstack"))
        });
        assert_eq!(never.await.unwrap_err().to_string(), "waited 0 s for the moon; no moon");
    }
}
