//! SI-DEP with the card, directly: the service, the tab "Carte CPS", the code, and the decision of a real `vigie serve` that accepts
//! both ways. The same person then comes back by e-CPS.

use anyhow::{Context, Result, ensure};
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup};
use vigie_e2e::stage::Stage;

use crate::support::{CARD_CODE, DOCTOR, IDENTIFIER, PIN};

#[tokio::test(flavor = "multi_thread")]
async fn login_by_card() {
    if let Err(error) = tell().await {
        panic!("login-by-card: {error:#}");
    }
}

async fn tell() -> Result<()> {
    let artefacts = Artefacts::find_for(Cast::Everyone, "stories")?;
    let stage = Stage::start(&artefacts)?;
    let setup = Setup::hidden(Extension::Absent).with_card(DOCTOR);
    let browser = Browser::start_with(&artefacts, &stage.sandbox, &setup).await?;
    let story = Story { artefacts: &artefacts, stage: &stage, browser: &browser };
    let mut told = story.told().await;
    if told.is_err() {
        // Whether there is a picture or not, the failure is told.
        let _ = story.keep("failed", Frame::Window).await;
        told = told.with_context(|| stage.tail_of_logs());
    }
    browser.close().await;
    told
}

struct Story<'a> {
    artefacts: &'a Artefacts,
    stage: &'a Stage,
    browser: &'a Browser,
}

impl Story<'_> {
    async fn told(&self) -> Result<()> {
        self.start("sidep").await?;
        self.keep("01-login-page", Frame::Window).await?;
        self.browser.follow("[role=tab][href$='onglet=carte']").await?;
        self.keep("02-card-tab", Frame::Window).await?;
        self.browser.follow("#card-login").await?;
        self.browser.write("#card-code input[name=code]", CARD_CODE).await?;
        self.keep("03-card-code", Frame::Window).await?;
        self.browser.follow("#card-code [type=submit]").await?;
        self.permitted("CARD").await?;
        self.keep("04-sidep-permits", Frame::Page).await?;

        // SMURT@B lets the session of the card in as well, without asking again.
        let home = self.stage.sandbox.relying_parties.get("smurtab").context("no service smurtab")?;
        self.browser.client.goto(&format!("{home}login?session=reuse")).await?;
        self.permitted("CARD").await?;

        // The other way, in a browser that knows nobody.
        self.browser.client.goto("https://wallet.esw.esante.gouv.fr/").await?;
        self.browser.client.delete_all_cookies().await?;
        self.start("sidep").await?;
        self.browser.write(IDENTIFIER, DOCTOR).await?;
        self.browser.follow("form [type=submit]").await?;
        let number = self.browser.text("[data-test=number]").await?;
        let desk = self.browser.client.window().await?;
        self.browser.open_tab(&format!("{}/{DOCTOR}", self.stage.sandbox.phone)).await?;
        self.browser.write("#pin input[name=pin]", PIN).await?;
        self.browser.follow("#pin [type=submit]").await?;
        self.browser.follow(&format!("button[name=number][value='{number}']")).await?;
        self.browser.element("[data-result=approved]").await?;
        self.browser.switch_to(&desk).await?;
        self.permitted("MOBILE").await?;
        self.keep("05-sidep-permits-again", Frame::Page).await
    }

    async fn start(&self, service: &str) -> Result<()> {
        let home = self.stage.sandbox.relying_parties.get(service).with_context(|| format!("no service {service}"))?;
        self.browser.client.goto(home).await?;
        self.browser.follow("#psc-login").await?;
        self.browser.on_host("wallet.esw.esante.gouv.fr").await
    }

    /// The service lets the person in, and says by which means they came.
    async fn permitted(&self, means: &str) -> Result<()> {
        self.browser.element("body[data-decision=permit]").await?;
        let page = self.browser.text("main").await?;
        ensure!(page.contains(means), "the page does not say {means}: {page}");
        Ok(())
    }

    async fn keep(&self, what: &str, frame: Frame) -> Result<()> {
        let file = self.artefacts.output.join(format!("login-by-card-{what}.png"));
        self.browser.picture(&file, frame).await.map(drop)
    }
}
