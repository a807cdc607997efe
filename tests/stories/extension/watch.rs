//! Look-alikes are called out as soon as they are opened, if a person switches that on: kept until it is
//! switched off, and before anything was typed that could reach a phone.

use anyhow::{Context, Result, ensure};
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};
use tempfile::TempDir;
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Extension, Frame, Setup, until};
use vigie_e2e::popup::Popup;
use vigie_e2e::sandbox::Sandbox;

use crate::steps::kept;

/// An imitation on which no content script runs.
const IMITATION: &str = "wallet-esw-esante-gouv.fr.test";
/// A name close to the genuine one.
const DOUBTFUL: &str = "prosanteconect.test";
/// A host with which Vigie has nothing to do.
const CALM: &str = "hopital.test";

#[tokio::test(flavor = "multi_thread")]
async fn watch() {
    if let Err(error) = told().await {
        panic!("watch: {error:#}");
    }
}

async fn told() -> Result<()> {
    let mut artefacts = Artefacts::find_for(Cast::Extension, "stories")?;
    let folder = TempDir::new()?;
    // The browser's own question cannot be answered by a driver. A package that had the power from the start, and then only
    // may ask for it, keeps it as one that a person gave: everything but the question is told here with the real permission.
    artefacts.extension = copy(&artefacts, &folder)?;
    power(&artefacts, Power::Required)?;
    let sandbox = Sandbox::start(&artefacts, &[])?;
    let hosts = [IMITATION, DOUBTFUL, CALM].map(str::to_owned).to_vec();
    let setup = Setup { hosts, ..Setup::hidden(Extension::Loaded) };
    let browser = Browser::start_with(&artefacts, &sandbox.ready, &setup).await?;
    let result = watched(&browser, &artefacts).await;
    if result.is_err() {
        browser.screenshot(&artefacts.output.join("watch-failed.png")).await?;
    }
    browser.close().await;
    result
}

async fn watched(browser: &Browser, artefacts: &Artefacts) -> Result<()> {
    let first = browser.client.window().await?;
    let popup = Popup::open(browser).await?;
    popup.state("elsewhere").await?;
    power(artefacts, Power::Optional)?;
    // A browser in which nobody develops keeps no unpacked extension that is loaded anew.
    browser.client.goto("chrome://extensions").await?;
    browser.resolve("await chrome.developerPrivate.updateProfileConfiguration({ inDeveloperMode: true });").await?;
    browser.client.goto(&browser.extension_page("popup.html")).await?;
    // Its own pages close with it, this one among them.
    let _ = browser.evaluate("chrome.runtime.reload();").await;
    browser.switch_to(&first).await?;

    // The power is still held, as one that a person gave, and what it means stands beside the button that gives it back.
    let popup = reopened(browser, &first).await?;
    browser.element("#watch[data-watch=on]").await?;
    browser.click("#watch summary").await?;
    let said = popup.text("#watch").await?;
    ensure!(
        said.contains("l’adresse de chaque page") && said.contains("rien n’est envoyé, rien n’est gardé"),
        "{said}"
    );
    artefact(browser, artefacts, "watch-01-on").await?;
    let tab = browser.open_tab(&format!("https://{CALM}/")).await?;

    // On: the badge warns as soon as the page stands, in red with a sign and a word.
    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{IMITATION}/auth?secret=1")).await?;
    popup.badge("!").await?;
    popup.state("lookalike").await?;
    ensure!(popup.text("#verdict").await? == "Imitation", "the verdict is {}", popup.text("#verdict").await?);
    ensure!(!browser.element("#fill-panel").await?.is_displayed().await?, "an imitation is offered to be filled");
    let (session, disk) = kept(browser).await?;
    ensure!(!session.contains("secret") && !disk.contains(IMITATION), "more than the host was kept");
    artefact(browser, artefacts, "watch-02-imitation").await?;

    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{DOUBTFUL}/")).await?;
    popup.badge("!").await?;
    until("the popup to ask for a second look", async || {
        let said = popup.text("#headline").await?;
        Ok(if said.contains("Vérifiez l’adresse") { Ok(()) } else { Err(format!("it says `{said}`")) })
    })
    .await?;

    // Another page: calm, and nothing of it is kept.
    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{CALM}/page")).await?;
    until("the badge to go", async || {
        let badges = popup.badges().await?;
        Ok(if badges.is_empty() { Ok(()) } else { Err(format!("it reads {badges:?}")) })
    })
    .await?;
    let (session, _) = kept(browser).await?;
    ensure!(!session.contains(CALM), "a page that is nobody's business was kept");

    // The worker that is woken by the next page is a new one.
    browser.kill_worker().await?;
    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{IMITATION}/again")).await?;
    popup.badge("!").await?;

    // Given back: an imitation is opened and nothing is known of it; a click on the icon would still judge it.
    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{CALM}/")).await?;
    popup.show().await?;
    browser.click("#watch-toggle").await?;
    browser.element("#watch[data-watch=off]").await?;
    browser.switch_to(&tab).await?;
    browser.client.goto(&format!("https://{IMITATION}/")).await?;
    popup.state("elsewhere").await?;
    let power =
        browser.resolve("return await chrome.permissions.contains({ permissions: ['webNavigation'] });").await?;
    ensure!(power == json!(false), "the permission was not given back");
    ensure!(popup.badges().await?.is_empty(), "a page was watched after the permission was given back");
    Ok(())
}

/// The popup after the extension was loaded anew: its pages were closed and come back when it stands again.
async fn reopened<'a>(browser: &'a Browser, first: &WindowHandle) -> Result<Popup<'a>> {
    let address = browser.extension_page("popup.html");
    browser.open_tab("about:blank").await?;
    until("the extension to be there again", async || {
        let there = browser.client.goto(&address).await.is_ok();
        Ok(if there { Ok(()) } else { Err("it is not".to_owned()) })
    })
    .await?;
    browser.client.close_window().await?;
    browser.switch_to(first).await?;
    Popup::open(browser).await
}

async fn artefact(browser: &Browser, artefacts: &Artefacts, name: &str) -> Result<()> {
    browser.picture(&artefacts.output.join(format!("{name}.png")), Frame::Popup).await.map(drop)
}

/// How the copy of the package holds the power to be told of every page.
#[derive(Clone, Copy)]
enum Power {
    /// From the start.
    Required,
    /// When a person gives it: as the package ships.
    Optional,
}

fn copy(artefacts: &Artefacts, folder: &TempDir) -> Result<std::path::PathBuf> {
    fn files(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                files(&entry.path(), &target)?;
            } else {
                std::fs::copy(entry.path(), target)?;
            }
        }
        Ok(())
    }
    let target = folder.path().join("extension");
    files(&artefacts.extension, &target)?;
    Ok(target)
}

fn power(artefacts: &Artefacts, power: Power) -> Result<()> {
    let file = artefacts.extension.join("manifest.json");
    let mut manifest: Value = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    let members = manifest.as_object_mut().context("the manifest is no object")?;
    let (required, optional) = match power {
        Power::Required => (json!(["storage", "activeTab", "webRequest", "webNavigation"]), json!([])),
        Power::Optional => (json!(["storage", "activeTab", "webRequest"]), json!(["webNavigation"])),
    };
    members.insert("permissions".into(), required);
    members.insert("optional_permissions".into(), optional);
    std::fs::write(&file, manifest.to_string())?;
    Ok(())
}
