//! The scene of a story: a sandbox under the real host names, a browser that plays the desk and the phone, and pictures.
//!
//! Desk and phone are tabs of one browser: their hosts differ, so they share no cookie. A story that needs a second phone
//! starts a second browser with [`Story::another_browser`].

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, ensure};
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup};
use vigie_e2e::sandbox::Sandbox;

/// A published test identity, active, with mail, phone and card.
pub(crate) const DOCTOR: &str = "899700427869";

/// The published test identity whose e-CPS waits to be activated.
pub(crate) const NEWCOMER: &str = "899700075064";

/// The code of every card.
pub(crate) const CARD_CODE: &str = "1234";

/// The PIN of every person who comes activated.
pub(crate) const PIN: &str = "1234";

/// The field of the login page, whatever it is called there.
pub(crate) const IDENTIFIER: &str = "form input[type=text]";

/// The sets of login pages that the sandbox has.
pub(crate) const SETS: [&str; 4] = ["forms", "spa", "guide", "awkward"];

/// How a scene is set.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// How the browser starts.
    pub(crate) browser: Setup,
    /// Further arguments of the sandbox.
    pub(crate) sandbox: Vec<OsString>,
}

impl Scene {
    /// A sandbox as it comes, and a browser without the extension.
    pub(crate) fn plain() -> Self {
        Self { browser: Setup::hidden(Extension::Absent), sandbox: Vec::new() }
    }
}

/// A story under way.
#[derive(Debug)]
pub(crate) struct Story {
    /// The system that is played.
    pub(crate) sandbox: Sandbox,
    /// The person's browser.
    pub(crate) browser: Browser,
    artefacts: Artefacts,
    name: &'static str,
    pictures: AtomicUsize,
}

/// Sets the scene, tells the story, and clears the scene whatever happened. A failure leaves a picture of its moment.
pub(crate) async fn tell(name: &'static str, scene: Scene, told: impl AsyncFnOnce(&Story) -> Result<()>) {
    let story = match Story::start(name, &scene).await {
        Ok(story) => story,
        Err(error) => panic!("{name}: {error:#}"),
    };
    let failure = match told(&story).await {
        Ok(()) => None,
        Err(error) => Some(story.report(error).await),
    };
    story.browser.close().await;
    if let Some(failure) = failure {
        panic!("{failure:#}");
    }
}

impl Story {
    async fn start(name: &'static str, scene: &Scene) -> Result<Self> {
        let cast = match scene.browser.extension {
            Extension::Loaded => Cast::Extension,
            Extension::Absent => Cast::Sandbox,
        };
        let artefacts = Artefacts::find_for(cast, "stories")?;
        let arguments: Vec<&OsStr> = scene.sandbox.iter().map(OsString::as_os_str).collect();
        let sandbox = Sandbox::start(&artefacts, &arguments)?;
        let browser = Browser::start_with(&artefacts, &sandbox.ready, &scene.browser).await?;
        Ok(Self { sandbox, browser, artefacts, name, pictures: AtomicUsize::new(0) })
    }

    /// A second person, or a second phone: a browser that shares nothing with the first.
    pub(crate) async fn another_browser(&self) -> Result<Browser> {
        Browser::start_with(&self.artefacts, &self.sandbox.ready, &Setup::hidden(Extension::Absent)).await
    }

    /// Keeps a picture of the tab that is shown.
    pub(crate) async fn keep(&self, what: &str, frame: Frame) -> Result<()> {
        self.keep_of(&self.browser, what, frame).await
    }

    /// Keeps a picture of another browser.
    pub(crate) async fn keep_of(&self, browser: &Browser, what: &str, frame: Frame) -> Result<()> {
        let number = self.pictures.fetch_add(1, Ordering::Relaxed) + 1;
        browser.picture(&self.picture(&format!("{number:02}-{what}")), frame).await.map(drop)
    }

    fn picture(&self, what: &str) -> PathBuf {
        self.artefacts.output.join(format!("{}-{what}.png", self.name))
    }

    /// What went wrong, where, and the end of the sandbox's log.
    async fn report(&self, error: anyhow::Error) -> anyhow::Error {
        let file = self.picture("failed");
        let picture = match self.browser.screenshot(&file).await {
            Ok(path) => format!("picture: {}", path.display()),
            Err(_) => "the browser gave no picture".to_owned(),
        };
        let page = self.browser.client.current_url().await.map_or_else(|_| String::new(), |url| format!("page: {url}"));
        anyhow!("{}: {error:#}\n  {picture}\n  {page}\n{}", self.name, self.sandbox.tail())
    }

    /// The address of a page of the simulated phone.
    pub(crate) fn phone(&self, path: &str) -> String {
        format!("{}/{}", self.sandbox.ready.phone.trim_end_matches('/'), path.trim_start_matches('/'))
    }
}

impl Story {
    /// From a demo service to the login page of Pro Santé Connect.
    pub(crate) async fn reach_login_page(&self, service: &str) -> Result<()> {
        let home = self.sandbox.ready.relying_parties.get(service).with_context(|| format!("no service {service}"))?;
        self.browser.client.goto(home).await?;
        self.browser.follow("#psc-login").await?;
        self.browser.on_host("wallet.esw.esante.gouv.fr").await
    }

    /// From a demo service to the number on the waiting page, as a person without the extension does it.
    pub(crate) async fn reach_number(&self, service: &str, person: &str) -> Result<String> {
        self.reach_login_page(service).await?;
        self.browser.write(IDENTIFIER, person).await?;
        self.browser.follow("form [type=submit]").await?;
        let number = self.browser.text("[data-test=number]").await?;
        ensure!(number.len() == 2, "the page shows a number of {} characters", number.len());
        Ok(number)
    }

    /// From the login page to the window that asks for the code of the card.
    pub(crate) async fn reach_card_window(&self) -> Result<()> {
        self.browser.follow("[role=tab][href$='onglet=carte']").await?;
        self.keep("card-tab", Frame::Window).await?;
        self.browser.follow("#card-login").await
    }

    /// The code of the card, in the window that plays the card's components.
    pub(crate) async fn type_card_code(&self, code: &str) -> Result<()> {
        self.browser.write("#card-code input[name=code]", code).await?;
        self.browser.follow("#card-code [type=submit]").await
    }

    /// On the phone, in a tab of its own: the request that waits, the PIN, the three numbers.
    pub(crate) async fn unlock(&self, phone: &Browser, person: &str, pin: &str) -> Result<Vec<String>> {
        phone.open_tab(&self.phone(person)).await?;
        phone.write("#pin input[name=pin]", pin).await?;
        phone.follow("#pin [type=submit]").await?;
        phone.offered_numbers().await
    }

    /// The service has verified who came. There is no decision point in these stories, so it says that and lets nobody in.
    pub(crate) async fn arrives(&self, name: &str) -> Result<()> {
        self.browser.element("[data-reason='SBX-DP-NOT-CONFIGURED']").await?;
        self.browser.says(name).await
    }
}
