//! The scene of a story in Firefox: a sandbox under the real host names, the browser with one package, and pictures.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::firefox::{Bubble, Firefox, Launch, Page, two_digits};
use vigie_e2e::hand::find;
use vigie_e2e::sandbox::Sandbox;

/// A published test identity: the RPPS as people know it, without the type digit.
pub(crate) const RPPS: &str = "99700427869";

/// Another one.
pub(crate) const COLLEAGUE: &str = "99700367909";

/// The first person as the phone knows her.
pub(crate) const DOCTOR: &str = "899700427869";

/// The PIN of every test person.
const PIN: &str = "1234";

/// Where Pro Santé Connect shows its pages in production; the browser finds the sandbox there.
pub(crate) const WALLET: &str = "wallet.esw.esante.gouv.fr";

/// The field that takes the identifier, whatever it is called.
pub(crate) const FIELD: &str = "form input[type=text]";

/// The button that sends the identifier, and the one that quits the waiting page.
pub(crate) const SUBMIT: &str = "form [type=submit]";

/// The number on the waiting page.
pub(crate) const NUMBER: &str = "[data-test=number]";

/// A story under way.
#[derive(Debug)]
pub(crate) struct Story {
    /// The system that is played.
    pub(crate) sandbox: Sandbox,
    /// Where pictures go.
    output: PathBuf,
    name: &'static str,
    pictures: AtomicUsize,
}

/// Sets the scene with one package (`vigie-firefox-dev`, or `vigie-firefox-store.zip`), tells the story, and clears the scene
/// whatever happened. The browser goes through the story by value: some end it and start it again.
pub(crate) async fn tell(
    name: &'static str,
    package: &str,
    idle_ms: Option<u32>,
    told: impl AsyncFnOnce(&Story, Firefox) -> Result<()>,
) {
    if let Err(error) = play(name, package, |launch| Launch { idle_ms, ..launch }, told).await {
        panic!("{name}: {error:#}");
    }
}

/// The same, in a browser whose administrator wrote this policy for the extension.
pub(crate) async fn tell_under(
    name: &'static str,
    policy: Value,
    told: impl AsyncFnOnce(&Story, Firefox) -> Result<()>,
) {
    let launch = |launch| Launch { policy: Some(policy), ..launch };
    if let Err(error) = play(name, "vigie-firefox-dev", launch, told).await {
        panic!("{name}: {error:#}");
    }
}

async fn play(
    name: &'static str,
    package: &str,
    launch: impl FnOnce(Launch) -> Launch,
    told: impl AsyncFnOnce(&Story, Firefox) -> Result<()>,
) -> Result<()> {
    let artefacts = Artefacts::find_for(Cast::Sandbox, "stories")?;
    let launch = launch(Launch::hidden(artefacts.package(package)?));
    let sandbox = Sandbox::start(&artefacts, &[])?;
    let firefox = Firefox::start(&sandbox.ready, &launch).await?;
    let story = Story { sandbox, output: artefacts.output, name, pictures: AtomicUsize::new(0) };
    told(&story, firefox).await.map_err(|error| anyhow!("{error:#}\n{}", story.sandbox.tail()))
}

impl Story {
    /// The file of the next picture.
    pub(crate) fn picture(&self, what: &str) -> PathBuf {
        let number = self.pictures.fetch_add(1, Ordering::Relaxed) + 1;
        self.output.join(format!("{}-{number:02}-{what}.png", self.name))
    }

    /// From a demo service to the login page of Pro Santé Connect, in a tab.
    pub(crate) async fn reach_login_page(&self, page: &Page<'_>) -> Result<()> {
        let home = self.sandbox.ready.relying_parties.get("smurtab").context("no service smurtab")?;
        page.goto(home).await?;
        page.follow("#psc-login").await?;
        page.on_host(WALLET).await?;
        page.shows(&format!("{} !== null", find(FIELD)), "true").await
    }

    /// The identifier from the popup into the page.
    pub(crate) async fn fill(&self, firefox: &Firefox, page: &Page<'_>) -> Result<()> {
        let bubble = firefox.toolbar().press().await?;
        bubble.state("identifier").await?;
        bubble.write("#identifier", RPPS).await?;
        bubble.press("#fill").await?;
        holds(page, DOCTOR).await?;
        bubble.close().await
    }

    /// Submits the page as a person does, and reads the number from it. The badge must read the same.
    pub(crate) async fn submit(&self, firefox: &Firefox, page: &Page<'_>) -> Result<String> {
        page.follow(SUBMIT).await?;
        let number = page.text(NUMBER).await?;
        two_digits(&number)?;
        firefox.toolbar().badge(&number).await?;
        Ok(number)
    }

    /// A whole login up to the number, on page and badge.
    pub(crate) async fn reach_number(&self, firefox: &Firefox, page: &Page<'_>) -> Result<String> {
        self.reach_login_page(page).await?;
        self.fill(firefox, page).await?;
        self.submit(firefox, page).await
    }

    /// The person takes the phone and picks the number, or refuses.
    pub(crate) async fn on_the_phone(&self, number: Option<&str>) -> Result<()> {
        let requests = self.sandbox.requests(DOCTOR).await?;
        let request = requests.first().and_then(|one| one.get("id")?.as_str()).context("no request on the phone")?;
        let body = number.map_or_else(|| json!({ "refuse": true }), |number| json!({ "pin": PIN, "number": number }));
        let (status, answer): (u16, Value) = self.sandbox.answer(DOCTOR, request, &body).await?;
        ensure!(status == 200, "the phone was answered {status}: {answer}");
        Ok(())
    }
}

/// Waits until the page's field holds this.
pub(crate) async fn holds(page: &Page<'_>, expected: &str) -> Result<()> {
    page.shows(&format!("{}.value", find(FIELD)), expected).await
}

/// A person empties the field.
pub(crate) async fn empty(page: &Page<'_>) -> Result<()> {
    let empty = "field.value = ''; field.dispatchEvent(new Event('input', { bubbles: true }));";
    page.evaluate(&format!("const field = {}; {empty}", find(FIELD))).await.map(drop)
}

/// Waits until the popup says this somewhere.
pub(crate) async fn says(bubble: &Bubble<'_>, css: &str, part: &str) -> Result<()> {
    bubble.shows(&format!("document.querySelector({}).innerText.includes({})", json!(css), json!(part)), "true").await
}

/// The popup says that the page is in this state, and shows no number.
pub(crate) async fn no_number(bubble: &Bubble<'_>, state: &str) -> Result<()> {
    bubble.state(state).await?;
    ensure!(bubble.text("#digits").await?.is_empty(), "the popup shows a number in state `{state}`");
    Ok(())
}
