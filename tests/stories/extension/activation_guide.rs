//! The activation guide beside a real activation: by contacts with the mail on a computer, and by card with the portal, the
//! scam guard and the question that follows.
//!
//! Time passes by the page's own clock, which the story moves; nothing waits for it.

use anyhow::{Context, Result, ensure};
use fantoccini::wd::WindowHandle;
use vigie_e2e::browser::{Browser, Frame, until};
use vigie_e2e::popup::Popup;

use crate::app::{ask_for_the_mail, finish, paste};
use crate::read_by_everyone::Axe;
use crate::steps::{extended, kept};
use crate::support::{CARD_CODE, NEWCOMER, Scene, Story, tell};

const HOSTILE: &str = "https://wallet.esw.esante.gouv.fr.activation-ecps.example/activation/lien/0123";

#[tokio::test(flavor = "multi_thread")]
async fn guide_by_contacts() {
    tell("guide-by-contacts", extended(), by_contacts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guide_by_card() {
    let Scene { browser, sandbox } = extended();
    tell("guide-by-card", Scene { browser: browser.with_card(NEWCOMER), sandbox }, by_card).await;
}

async fn by_contacts(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let guide = open_guide(browser).await?;
    ensure!(browser.text("#stop-panel").await?.contains("Raccrochez"), "the guide does not warn of callers");
    choose(browser, "contacts").await?;
    for step in 1..=3 {
        done(browser, "contacts", step).await?;
    }

    browser.open_tab("about:blank").await?;
    ask_for_the_mail(story, browser, NEWCOMER).await?;
    let phone = browser.client.window().await?;
    let link = story.sandbox.newest(NEWCOMER, "link").await?;

    // Two days from the moment that the person names; a page that is loaded again goes on.
    browser.switch_to(&guide).await?;
    browser.click("#contacts-now").await?;
    limit(browser, "contacts", "running").await?;
    let left = browser.text("#contacts-left").await?;
    ensure!(left.contains("2 j 0 h") || left.contains("1 j 23 h"), "of two days there are left: {left}");
    done(browser, "contacts", 4).await?;
    browser.client.refresh().await?;
    ready(browser).await?;
    limit(browser, "contacts", "running").await?;
    browser.element("#contacts-5[aria-current=step]").await?;

    // First the mail's own QR code, from inside the app; the pasted link only after that, and with its doubt.
    let step = browser.text("#contacts-5").await?;
    let advice = step.find("depuis l’appli e-CPS").context("the app's own reader is not named")?;
    ensure!(step.find("Dernier recours").is_some_and(|fallback| advice < fallback), "the last resort comes first");
    browser.click("#fallback > summary").await?;
    browser.says("Rien n’assure que l’appli l’accepte").await?;
    story.keep("guide", Frame::Page).await?;
    for refused in
        [HOSTILE, "https://wallet.esw.esante.gouv.fr@activation.example/lien", "http://wallet.esw.esante.gouv.fr/lien"]
    {
        draw(browser, refused).await?;
        browser.element("#link-stop:not([hidden])").await?;
        ensure!(!browser.element("#qr-box").await?.is_displayed().await?, "{refused} is drawn");
        browser.text("#link-problem").await?;
    }
    story.keep("hostile-link", Frame::Page).await?;
    for unread in
        ["lien d'activation", "https://wallet.esw.esante.gouv.fr/a b", "https:\\\\wallet.esw.esante.gouv.fr\\lien"]
    {
        draw(browser, unread).await?;
        browser.element("#link-stop[hidden]").await?;
        ensure!(!browser.element("#qr-box").await?.is_displayed().await?, "{unread} is drawn");
    }
    draw(browser, &link).await?;
    browser.element("#qr-box:not([hidden])").await?;
    let read = decode(&browser.element("#qr").await?.screenshot().await?)?;
    ensure!(read == link, "the QR code says something else than the link");
    story.keep("redrawn", Frame::Page).await?;
    let (session, disk) = kept(browser).await?;
    let ticket = link.rsplit('/').next().context("a link without a ticket")?;
    ensure!(!session.contains(ticket) && !disk.contains(ticket), "the link is kept");
    browser.click("#link-wipe").await?;
    browser.element("#qr-box[hidden]").await?;
    ensure!(browser.element("#link").await?.prop("value").await?.unwrap_or_default().is_empty(), "the link stays");

    // The sandbox's app takes what was drawn; that the real one does is not said.
    browser.switch_to(&phone).await?;
    paste(story, browser, &read).await?;
    finish(browser, "2468").await?;
    browser.switch_to(&guide).await?;
    for step in 5..=7 {
        done(browser, "contacts", step).await?;
    }
    browser.element("#contacts-finished:not([hidden])").await?;

    // The end of the two days, spoken at 30 seconds, at 10 and at the end.
    expires(browser, "contacts", 2 * 24 * 60 * 60, "GUIDE-QR-MAIL-EXPIRED").await?;
    story.keep("expired", Frame::Page).await?;

    // A time that the person types: past, to come, none.
    for (ago_s, problem, state) in [(3 * 86_400, "", "over"), (-3_600, "passées", "over"), (3_600, "", "running")] {
        received(browser, ago_s).await?;
        browser.click("#contacts-since-set").await?;
        limit(browser, "contacts", state).await?;
        let said = browser.element("#contacts-since-problem").await?.text().await?;
        ensure!(said.is_empty() == problem.is_empty() && said.contains(problem), "{ago_s}: {said}");
    }
    browser.click("#restart").await?;
    limit(browser, "contacts", "idle").await?;
    browser.element("#by-contacts[hidden]").await.map(drop)
}

async fn by_card(story: &Story) -> Result<()> {
    let browser = &story.browser;
    let guide = open_guide(browser).await?;
    choose(browser, "card").await?;
    done(browser, "card", 1).await?;
    let portal = browser.element("#card-2 a").await?.attr("href").await?.unwrap_or_default();
    ensure!(portal == "https://wallet.esw.esante.gouv.fr/", "the portal is {portal}");

    // The portal, the card, its code, the terms: a QR code for ninety seconds.
    let desk = browser.open_tab("https://wallet.esw.esante.gouv.fr/login-page").await?;
    browser.follow("#start").await?;
    story.reach_card_window().await?;
    story.type_card_code(CARD_CODE).await?;
    browser.click("#terms input[type=checkbox]").await?;
    browser.follow("#terms [type=submit]").await?;
    let ticket = browser.element("#qr").await?.attr("data-ticket").await?.context("the QR code says nothing")?;

    // The full stop: in the popup, and on the toolbar button before anybody opens it.
    let popup = Popup::open(browser).await?;
    popup.state("activation-qr").await?;
    popup.badge("STOP").await?;
    let notice = popup.text("#stop-panel").await?;
    ensure!(notice.contains("Raccrochez") && notice.contains("codes d’activation"), "the notice says {notice}");
    ensure!(!browser.element("#activated-panel").await?.is_displayed().await?, "asked before the end");
    story.keep("scam-guard", Frame::Popup).await?;
    let axe = Axe::load()?;
    axe.holds(browser, "popup: activation").await?;
    browser.click("#stop-panel [data-node=GUIDE-SCAM-CALL]").await?;
    browser.element("#guide[data-node=GUIDE-SCAM-CALL][open]").await?;

    browser.switch_to(&guide).await?;
    for step in 2..=3 {
        done(browser, "card", step).await?;
    }
    browser.click("#card-now").await?;
    limit(browser, "card", "running").await?;
    story.keep("ninety-seconds", Frame::Window).await?;
    expires(browser, "card", 90, "GUIDE-QR-CARD-EXPIRED").await?;

    // The phone scans and shows a code; the portal asks for it.
    let phone = browser.open_tab(&story.phone("activation")).await?;
    browser.follow("#start").await?;
    browser.follow("#terms button").await?;
    browser.follow("a[href$='/scanner']").await?;
    browser.write("#qr input[name=qr]", &ticket).await?;
    browser.follow("#qr button").await?;
    let code = browser.text("#shown").await?;
    browser.switch_to(&desk).await?;
    browser.element("#code").await?;
    popup.state("activation-code").await?;
    popup.badge("STOP").await?;
    ensure!(browser.element("#stop-panel").await?.is_displayed().await?, "no notice where the code is typed");
    story.keep("scam-guard-code", Frame::Popup).await?;

    browser.switch_to(&desk).await?;
    browser.write("#code input[name=code]", &code).await?;
    browser.follow("#code [type=submit]").await?;
    browser.element("[data-result=pin]").await?;
    browser.switch_to(&phone).await?;
    browser.says("Créer votre code PIN").await?;
    browser.write("#new-pin input[name=pin]", "2580").await?;
    browser.follow("#new-pin button").await?;
    browser.says("Confirmer le choix").await?;
    browser.write("#new-pin input[name=pin]", "2580").await?;
    browser.follow("#new-pin button").await?;
    browser.element("[data-result=activated]").await?;
    browser.switch_to(&desk).await?;
    browser.element("[data-result=active]").await?;

    // "Was it you?": what was seen, what is not known, and where "no" leads.
    popup.show().await?;
    browser.element("#activated-panel:not([hidden])").await?;
    let question = popup.text("#activated-panel").await?;
    ensure!(question.contains("ni si l’activation a abouti"), "more is claimed than known: {question}");
    ensure!(popup.badges().await?.is_empty(), "the badge stays: {:?}", popup.badges().await?);
    story.keep("was-it-you", Frame::Popup).await?;
    axe.holds(browser, "popup: was it you").await?;
    browser.click("#activated-not-mine").await?;
    browser.element("#guide[data-node=GUIDE-SCAM-CALL][open]").await?;
    browser.element("#activated-panel[hidden]").await?;
    ensure!(!kept(browser).await?.0.contains("\"activation\""), "the question is still kept");

    // The same question in the guide, with the other answer.
    browser.resolve("await chrome.storage.session.set({ activation: String(Date.now()) });").await?;
    browser.switch_to(&guide).await?;
    browser.element("#activated-panel:not([hidden])").await?;
    browser.click("#activated-mine").await?;
    browser.element("#activated-panel[hidden]").await.map(drop)
}

async fn open_guide(browser: &Browser) -> Result<WindowHandle> {
    let tab = browser.open_tab(&browser.extension_page("guide.html")).await?;
    ready(browser).await?;
    Ok(tab)
}

async fn ready(browser: &Browser) -> Result<()> {
    browser.element("#page-state[data-state=ready]").await.map(drop)
}

async fn choose(browser: &Browser, route: &str) -> Result<()> {
    browser.click(&format!("#route-{route}")).await?;
    browser.element(&format!("#by-{route}:not([hidden]) #{route}-1[aria-current=step]")).await.map(drop)
}

/// Ticks the step that is the current one.
async fn done(browser: &Browser, route: &str, step: u8) -> Result<()> {
    browser.element(&format!("#{route}-{step}[aria-current=step][data-done=no]")).await?;
    browser.click(&format!("#{route}-{step}-done")).await?;
    browser.element(&format!("#{route}-{step}[data-done=yes]")).await.map(drop)
}

async fn limit(browser: &Browser, route: &str, state: &str) -> Result<()> {
    browser.element(&format!("#{route}-limit[data-limit={state}]")).await.map(drop)
}

/// Pastes a link in place of what is there, and asks for its QR code.
async fn draw(browser: &Browser, link: &str) -> Result<()> {
    browser.write("#link", link).await?;
    browser.click("#link-draw").await
}

/// Says when the mail was received, as the browser's own field of a date does.
async fn received(browser: &Browser, ago_s: i64) -> Result<()> {
    let script = format!(
        "const at = new Date(Date.now() - {ago_s} * 1000);
         at.setMinutes(at.getMinutes() - at.getTimezoneOffset());
         document.querySelector('#contacts-since').value = at.toISOString().slice(0, 16);"
    );
    browser.evaluate(&script).await.map(drop)
}

/// Stops the page's clock, says that the QR code is there, and moves the clock through the end, where help is a click away.
async fn expires(browser: &Browser, route: &str, life_s: u64, node: &str) -> Result<()> {
    browser.evaluate("const at = Date.now(); window.clock = [Date.now, at]; Date.now = () => at;").await?;
    browser.click(&format!("#{route}-now")).await?;
    limit(browser, route, "running").await?;
    for (before_s, spoken, state) in [(25, "30 secondes", "near"), (8, "10 secondes", "near"), (0, "écoulé", "over")]
    {
        let moved_s = life_s - before_s;
        browser.evaluate(&format!("Date.now = () => window.clock[1] + {moved_s}000;")).await?;
        limit(browser, route, state).await?;
        until(&format!("`{spoken}` to be spoken"), async || {
            let said = browser.evaluate("return document.querySelector('#spoken').textContent;").await?;
            let said = said.as_str().unwrap_or_default().to_owned();
            Ok(if said.contains(spoken) { Ok(()) } else { Err(format!("it says `{said}`")) })
        })
        .await?;
    }
    ensure!(
        browser.element(&format!("#{route}-left")).await?.text().await?.is_empty(),
        "an expired code still counts down"
    );
    browser.click(&format!("#{route}-over:not([hidden]) button")).await?;
    browser.element(&format!("#guide[data-node={node}][open]")).await?;
    browser.evaluate("Date.now = window.clock[0];").await.map(drop)
}

/// What a QR code in a picture says.
fn decode(picture: &[u8]) -> Result<String> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(picture));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a picture beyond measure")?];
    let frame = reader.next_frame(&mut pixels)?;
    let (width, height, samples) = (frame.width as usize, frame.height as usize, frame.color_type.samples());
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        pixels.get((y * width + x) * samples).copied().unwrap_or(u8::MAX)
    });
    let grids = image.detect_grids();
    let [grid] = grids.as_slice() else {
        anyhow::bail!("there are {} QR codes in the picture", grids.len());
    };
    Ok(grid.decode()?.1)
}
