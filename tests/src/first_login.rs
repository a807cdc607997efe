//! A first login from end to end, and three contrasts.
//!
//! A doctor logs in to the emergency-care board: the relying party sends her to Pro Santé Connect under its real host name,
//! the extension's popup previews and fills her identifier, she submits, picks on the phone the number that page, badge and
//! popup show, and the relying party shows what the host decided and on what evidence. Then: another relying party refuses a
//! profession that its policy does not list; a wrong number on the phone ends the login; on a look-alike host nothing is filled.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::wd::WindowHandle;
use serde_json::Value;

use crate::artefacts::Artefacts;
use crate::browser::{Browser, Frame, Window, until};
use crate::firefox::{Firefox, Launch};
use crate::popup::Popup;
use crate::stage::Stage;
use crate::timeline::{Timeline, Voice};

/// Where Pro Santé Connect shows its pages in production; the browser finds the sandbox there.
const WALLET_HOST: &str = "wallet.esw.esante.gouv.fr";

/// A published test identity: the RPPS as people know it, without the type digit.
const DOCTOR: &str = "99700427869";

/// A published test identity whom the sandbox registers as a podologist.
const PODOLOGIST: &str = "99700367917";

/// The sandbox gives every test person this PIN.
const PIN: &str = "1234";

/// What the popup's `#page-state` says on the pages of this story.
const IDENTIFIER_STATE: &str = "identifier";
const NUMBER_STATE: &str = "number";
const LOOKALIKE_STATE: &str = "lookalike";

/// The number on the waiting page.
const NUMBER_CSS: &str = "[data-test=number]";
const NUMBER: fantoccini::Locator<'static> = fantoccini::Locator::Css(NUMBER_CSS);

/// The button that sends the identifier, and with it the push.
const SUBMIT: &str = "form [type=submit]";

/// Reads the relying party's page in one go.
const READ_DECISION: &str = "
    const reason = document.querySelector('[data-reason]');
    return {
        decision: document.body.dataset.decision,
        reason: reason ? reason.dataset.reason : '',
        evidence: [...document.querySelectorAll('tr[data-check]')].map((row) => [
            row.dataset.check, row.dataset.outcome, row.cells[2].innerText.trim(),
        ]),
    };";

/// What is in the field of Pro Santé Connect, whatever it is called.
const IDENTIFIER_FIELD: &str = "form input[type=text], form input:not([type]), form input[type=tel]";

/// Stages and tells the whole story. Browser, host and sandbox are gone when it returns.
///
/// # Errors
/// The name of the step that failed, with what was seen; a picture of that moment lies beside the others.
pub async fn tell(voice: Voice) -> Result<Timeline> {
    let artefacts = Artefacts::find()?;
    let mut timeline = Timeline::new(voice);
    timeline.chapter("The stage");
    let stage = timeline.step("sandbox and host start", async { Stage::start(&artefacts) }).await?;
    let browser = timeline
        .step(
            "Chromium starts with the extension (flavour dev)",
            Browser::start(&artefacts, &stage.sandbox, Window::Hidden),
        )
        .await?;
    let mut story = Story { artefacts: &artefacts, stage: &stage, browser: &browser, timeline };
    let told = story.run().await;
    let failure = match told {
        Ok(()) => None,
        Err(error) => Some(story.report(error).await),
    };
    let timeline = story.timeline;
    browser.close().await;
    match failure {
        None => Ok(timeline),
        Some(error) => Err(error),
    }
}

/// The tabs of one login under way.
struct Login<'a> {
    party: WindowHandle,
    popup: Popup<'a>,
}

struct Story<'a> {
    artefacts: &'a Artefacts,
    stage: &'a Stage,
    browser: &'a Browser,
    timeline: Timeline,
}

impl<'a> Story<'a> {
    async fn run(&mut self) -> Result<()> {
        self.timeline.chapter("A doctor logs in to SMURT@B");
        let login = self.start("smurtab").await?;
        self.fill(&login, DOCTOR).await?;
        let number = self.submit_and_read(&login).await?;
        login.popup.show().await?;
        self.keep("popup-number", Frame::Popup).await?;
        self.approve(DOCTOR, &number).await?;
        let decision = self.decision(&login, "permit").await?;
        self.keep("decision-smurtab", Frame::Page).await?;
        self.facts("SMURT@B decides", &decision);

        self.timeline.chapter("Contrast: SI-DEP does not list podologists");
        let login = self.start("sidep").await?;
        self.fill(&login, PODOLOGIST).await?;
        let number = self.submit_and_read(&login).await?;
        self.approve(PODOLOGIST, &number).await?;
        let decision = self.decision(&login, "deny").await?;
        ensure!(decision.reason.contains("SIDEP-PROFESSION-NOT-LISTED"), "the reason is {:?}", decision.reason);
        self.keep("decision-sidep", Frame::Page).await?;
        self.facts("SI-DEP decides", &decision);

        self.timeline.chapter("Contrast: a wrong number on the phone");
        let login = self.start("smurtab").await?;
        self.fill(&login, DOCTOR).await?;
        let number = self.submit_and_read(&login).await?;
        self.pick_another(DOCTOR, &number).await?;
        self.ended(&login).await?;

        self.timeline.chapter("Contrast: a look-alike of the login page");
        self.lookalike().await?;
        self.digests();
        Ok(())
    }
}

impl<'a> Story<'a> {
    /// From the relying party's page to the login page of Pro Santé Connect, with the popup beside it.
    async fn start(&mut self, party: &str) -> Result<Login<'a>> {
        let browser = self.browser;
        let address =
            self.stage.sandbox.relying_parties.get(party).with_context(|| format!("no relying party {party}"))?;
        let tab = self
            .timeline
            .step("the relying party offers Pro Santé Connect", async {
                // Another person sits down: no tab of the last login is open, nobody is logged in at Pro Santé Connect.
                let tab = browser.only_tab(&format!("https://{WALLET_HOST}/")).await?;
                browser.client.delete_all_cookies().await?;
                browser.client.goto(address).await?;
                browser.element("#psc-login").await?;
                Ok(tab)
            })
            .await?;
        self.timeline
            .step(&format!("its button leads to {WALLET_HOST}"), async {
                browser.follow("#psc-login").await?;
                browser.on_host(WALLET_HOST).await?;
                browser.element(IDENTIFIER_FIELD).await.map(drop)
            })
            .await?;
        let popup = self
            .timeline
            .step("the extension recognises the page that asks for the identifier", async {
                let popup = Popup::open(browser).await?;
                popup.state(IDENTIFIER_STATE).await?;
                Ok(popup)
            })
            .await?;
        Ok(Login { party: tab, popup })
    }

    /// The identifier from the popup into the page, which stays where it is.
    async fn fill(&mut self, login: &Login<'_>, rpps: &str) -> Result<()> {
        let browser = self.browser;
        let typed = format!("8{rpps}");
        self.timeline
            .step("the popup previews the identifier: 8 and the RPPS", async {
                login.popup.show().await?;
                login.popup.type_identifier(rpps).await?;
                until("the preview to show what will be typed", async || {
                    let preview = login.popup.text("#preview").await?;
                    let digits: String = preview.chars().filter(char::is_ascii_digit).collect();
                    Ok(if digits == typed { Ok(()) } else { Err(format!("it shows {} digits", digits.len())) })
                })
                .await
            })
            .await?;
        self.keep("popup-preview", Frame::Popup).await?;
        self.timeline
            .step("one click fills the page, which is not submitted", async {
                login.popup.fill().await?;
                browser.switch_to(&login.party).await?;
                let before = browser.client.current_url().await?;
                browser.holds(IDENTIFIER_FIELD, &typed).await?;
                ensure!(browser.client.current_url().await? == before, "the page moved on by itself");
                ensure!(browser.client.find_all(NUMBER).await?.is_empty(), "a number is shown: the page was submitted");
                Ok(())
            })
            .await?;
        self.keep("psc-page", Frame::Window).await
    }

    /// The person submits; page, badge and popup show one number.
    async fn submit_and_read(&mut self, login: &Login<'_>) -> Result<String> {
        let browser = self.browser;
        self.timeline
            .step("the person submits; page, badge and popup show the same number", async {
                browser.switch_to(&login.party).await?;
                browser.follow(SUBMIT).await?;
                let number = browser.text(NUMBER_CSS).await?;
                ensure!(number.len() == 2, "the page shows a number of {} characters", number.len());
                login.popup.badge(&number).await?;
                login.popup.state(NUMBER_STATE).await?;
                let shown = login.popup.text("#digits").await?;
                ensure!(shown == number, "the popup shows another number than the page");
                Ok(number)
            })
            .await
    }

    /// On the phone: PIN, then the number among three.
    async fn approve(&mut self, rpps: &str, number: &str) -> Result<()> {
        let phone = self.phone(rpps);
        let browser = self.browser;
        self.timeline
            .step("on the phone: PIN, three numbers, the one shown", async {
                let offered = unlock(browser, &phone).await?;
                ensure!(offered.iter().any(|one| one == number), "the phone does not offer the number");
                browser.follow(&format!("button[name=number][value='{number}']")).await
            })
            .await
    }

    /// On the phone: PIN, then a number that is not the one shown.
    async fn pick_another(&mut self, rpps: &str, number: &str) -> Result<()> {
        let phone = self.phone(rpps);
        let browser = self.browser;
        self.timeline
            .step("on the phone: PIN, three numbers, another one", async {
                let offered = unlock(browser, &phone).await?;
                let other = offered.iter().find(|one| *one != number).context("the phone offers no other number")?;
                browser.follow(&format!("button[name=number][value='{other}']")).await
            })
            .await
    }

    fn phone(&self, rpps: &str) -> String {
        format!("{}/8{rpps}", self.stage.sandbox.phone.trim_end_matches('/'))
    }

    /// Back at the relying party, which asked the host.
    async fn decision(&mut self, login: &Login<'_>, expected: &str) -> Result<Decision> {
        let browser = self.browser;
        self.timeline
            .step(&format!("the relying party's server asks vigie serve, which answers {expected}"), async {
                browser.switch_to(&login.party).await?;
                browser.element("body[data-decision]").await?;
                let page = browser.evaluate(READ_DECISION).await?;
                let text = |name: &str| page.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let evidence = page.get("evidence").and_then(Value::as_array).cloned().unwrap_or_default();
                let evidence = evidence.iter().map(evidence_line).collect();
                let decision = Decision { verdict: text("decision"), reason: text("reason"), evidence };
                if decision.verdict != expected {
                    bail!("it says {} because of {}", decision.verdict, decision.reason);
                }
                Ok(decision)
            })
            .await
    }

    /// The login that was answered with a wrong number is over, on the page and in the extension.
    async fn ended(&mut self, login: &Login<'_>) -> Result<()> {
        let browser = self.browser;
        self.timeline
            .step("the login is over: no session, no number any more", async {
                browser.switch_to(&login.party).await?;
                until("the number to go from the page", async || {
                    let numbers = browser.client.find_all(NUMBER).await?;
                    Ok(if numbers.is_empty() { Ok(()) } else { Err("it is still there".to_owned()) })
                })
                .await?;
                ensure!(
                    browser.client.find_all(fantoccini::Locator::Css("body[data-decision=permit]")).await?.is_empty()
                );
                until("the badge to lose its number", async || {
                    let badges = login.popup.badges().await?;
                    let number = badges.iter().any(|text| text.chars().any(|letter| letter.is_ascii_digit()));
                    Ok(if number { Err(format!("it reads {badges:?}")) } else { Ok(()) })
                })
                .await
            })
            .await?;
        browser.switch_to(&login.party).await?;
        self.keep("wrong-number", Frame::Window).await
    }

    /// A page with the same look on another host: no fill, no number, a warning.
    async fn lookalike(&mut self) -> Result<()> {
        let browser = self.browser;
        let address = self.stage.sandbox.lookalike.clone();
        let popup = self
            .timeline
            .step("the badge warns of the host", async {
                let tab = browser.only_tab(&address).await?;
                let popup = Popup::open(browser).await?;
                popup.badge("!").await?;
                Ok((tab, popup))
            })
            .await?;
        let (tab, popup) = popup;
        self.timeline
            .step("the popup says why, fills nothing and shows no number", async {
                popup.state(LOOKALIKE_STATE).await?;
                ensure!(!popup.text("#verdict").await?.is_empty(), "the popup gives no reason");
                let usable = browser.client.find_all(fantoccini::Locator::Css("#fill:not([disabled])")).await?;
                for button in usable {
                    ensure!(!button.is_displayed().await?, "the popup offers to fill a look-alike");
                }
                for digits in browser.client.find_all(fantoccini::Locator::Css("#digits")).await? {
                    ensure!(digits.text().await?.trim().is_empty(), "the popup shows a number for a look-alike");
                }
                Ok(())
            })
            .await?;
        self.keep("lookalike-popup", Frame::Popup).await?;
        self.timeline
            .step("the page's field stays empty", async {
                browser.switch_to(&tab).await?;
                for field in browser.client.find_all(fantoccini::Locator::Css(IDENTIFIER_FIELD)).await? {
                    ensure!(field.prop("value").await?.unwrap_or_default().is_empty(), "something was filled");
                }
                Ok(())
            })
            .await?;
        self.keep("lookalike-page", Frame::Window).await
    }
}

/// What the relying party's page says.
struct Decision {
    verdict: String,
    reason: String,
    evidence: Vec<String>,
}

/// Check, outcome and detail, one below the other.
fn evidence_line(cells: &Value) -> String {
    let cell = |at: usize| cells.get(at).and_then(Value::as_str).unwrap_or_default();
    format!("{:<18} {:<7} {}", cell(0), cell(1), cell(2)).trim_end().to_owned()
}

/// Opens the phone page, types the PIN and reads the numbers on offer.
async fn unlock(browser: &Browser, phone: &str) -> Result<Vec<String>> {
    browser.open_tab(phone).await?;
    browser.write("#pin input[name=pin]", PIN).await?;
    browser.follow("#pin [type=submit]").await?;
    browser.offered_numbers().await
}

impl Story<'_> {
    /// A picture of the current tab.
    async fn keep(&mut self, name: &str, frame: Frame) -> Result<()> {
        let file = self.artefacts.output.join(format!("{name}.png"));
        let file = self.browser.picture(&file, frame).await?;
        if !self.timeline.screenshots.contains(&file) {
            self.timeline.screenshots.push(file);
        }
        Ok(())
    }

    fn facts(&mut self, title: &str, decision: &Decision) {
        let mut lines = vec![format!("decision  {}  {}", decision.verdict, decision.reason)];
        lines.extend(decision.evidence.iter().map(|line| format!("evidence  {line}")));
        self.timeline.fact(title, lines);
    }

    fn digests(&mut self) {
        let host = &self.stage.host;
        let mut lines = vec![format!("core      {}", host.core_digest)];
        lines.extend(host.policies.iter().map(|policy| format!("{:<9} {}", policy.id, policy.digest)));
        self.timeline.fact("Digests of what decided", lines);
    }

    /// What went wrong, with a picture of the moment and the ends of the logs.
    async fn report(&mut self, error: anyhow::Error) -> anyhow::Error {
        let file: PathBuf = self.artefacts.output.join(format!("failed-{}.png", self.timeline.current_slug()));
        let picture = match self.browser.screenshot(&file).await {
            Ok(path) => format!("picture: {}", path.display()),
            Err(_) => "the browser gave no picture".to_owned(),
        };
        let address = self.browser.client.current_url().await.map_or_else(
            |_| String::new(),
            |address| {
                // The query may hold a state or a code; where the page is says enough.
                format!("page: {}{}", address.host_str().unwrap_or_default(), address.path())
            },
        );
        anyhow::anyhow!("{error:#}\n  {picture}\n  {address}\n{}", self.stage.tail_of_logs())
    }
}

/// The browser in which a person logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByHand {
    /// Chromium.
    Chromium,
    /// Firefox.
    Firefox,
}

/// Opens a browser on the relying party and leaves the login to the person; ends with the browser or with Ctrl-C.
///
/// # Errors
/// Something did not start.
pub async fn by_hand(browser: ByHand) -> Result<()> {
    let artefacts = Artefacts::find()?;
    let stage = Stage::start(&artefacts)?;
    let address = stage.sandbox.relying_parties.get("smurtab").context("no relying party smurtab")?;
    let explain = || {
        println!("{browser:?} stands on the relying party SMURT@B: {address}");
        println!("  identifier of a test doctor   {DOCTOR} (the extension adds the 8)");
        println!("  her phone, in a new tab       {}/8{DOCTOR}   PIN {PIN}", stage.sandbox.phone.trim_end_matches('/'));
        println!("  a look-alike page             {}", stage.sandbox.lookalike);
        println!("The extension is the flavour `dev`. Close the window or press Ctrl-C to end.");
    };
    match browser {
        ByHand::Chromium => {
            let chromium = Browser::start(&artefacts, &stage.sandbox, Window::Shown).await?;
            chromium.client.goto(address).await?;
            explain();
            let mut looks = tokio::time::interval(std::time::Duration::from_secs(1));
            loop {
                tokio::select! {
                    _ = tokio::signal::ctrl_c() => break,
                    _ = looks.tick() => if chromium.client.windows().await.map_or(true, |all| all.is_empty()) { break },
                }
            }
            chromium.close().await;
        }
        ByHand::Firefox => {
            let launch = Launch { window: Window::Shown, ..Launch::hidden(artefacts.package("vigie-firefox-dev")?) };
            let mut firefox = Firefox::start(&stage.sandbox, &launch).await?;
            firefox.page().await?.goto(address).await?;
            explain();
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                closed = firefox.closed() => closed?,
            }
        }
    }
    Ok(())
}
