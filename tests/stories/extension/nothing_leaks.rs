//! A whole login, and then a search: the identifier and the number stand in no log, on no disk, in no address, and the browser
//! asked nobody but the hosts of the story.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use vigie_e2e::artefacts::{Artefacts, Cast};
use vigie_e2e::browser::{Browser, Extension, Setup};
use vigie_e2e::popup::Popup;
use vigie_e2e::sandbox::Sandbox;

use crate::steps::{DOCTOR, kept};
use crate::support::IDENTIFIER;

/// Names under which Chromium looks for its own updates, and Debian's build for its start page.
const CHROMIUM: &[&str] = &[".google.com", ".googleapis.com", ".gvt1.com", ".duckduckgo.com"];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks() {
    if let Err(error) = told().await {
        panic!("nothing-leaks: {error:#}");
    }
}

async fn told() -> Result<()> {
    let artefacts = Artefacts::find_for(Cast::Extension, "stories")?;
    let folder = tempfile::tempdir()?;
    let (console, network) = (folder.path().join("console.log"), folder.path().join("network.json"));
    let setup = Setup {
        arguments: vec![
            "--enable-logging".into(),
            "--v=0".into(),
            format!("--log-file={}", console.display()),
            format!("--log-net-log={}", network.display()),
            "--net-log-capture-mode=IncludeSensitive".into(),
        ],
        ..Setup::hidden(Extension::Loaded)
    };
    let sandbox = Sandbox::start(&artefacts, &[])?;
    let browser = Browser::start_with(&artefacts, &sandbox.ready, &setup).await?;
    let told = login(&browser, &sandbox).await;
    browser.close().await;
    let number = told?;

    // The log of every console, the worker's among them; its own first line proves that it was heard.
    let said = read(&console)?;
    ensure!(said.contains("the console is heard"), "the browser's log holds no console line");
    ensure!(!said.contains(DOCTOR), "the identifier stands in a console");
    for line in said.lines().filter(|line| line.contains("CONSOLE") && line.contains("chrome-extension:")) {
        ensure!(!line.contains(&format!("\"{number}\"")) && !line.contains(&format!(" {number} ")), "digits: {line}");
    }

    // Every address, header and name that the browser asked for. The identifier travels in the form that the person submits,
    // whose body this log leaves out, and nowhere else.
    let asked = read(&network)?;
    ensure!(asked.contains("wallet.esw.esante.gouv.fr"), "the network log holds nothing");
    ensure!(!asked.contains(DOCTOR), "the identifier stands in an address or a header");
    for name in asked.split("\"host\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let host = name.trim_start_matches("https://").trim_start_matches("http://").split(':').next().unwrap_or(name);
        let own = sandbox.ready.hosts.iter().any(|own| own == host)
            || ["127.0.0.1", "localhost", "~notfound"].contains(&host);
        // Chromium asks its maker about itself and its extensions; those names are closed in these stories.
        let known = own || CHROMIUM.iter().any(|name| host.ends_with(name));
        ensure!(known, "the browser asked for {name}");
    }
    Ok(())
}

/// The login, from the service to the number; what is kept is looked at while the number stands.
async fn login(browser: &Browser, sandbox: &Sandbox) -> Result<String> {
    let page = browser.open_tab("about:blank").await?;
    let home = sandbox.ready.relying_parties.get("smurtab").context("no service smurtab")?;
    browser.client.goto(home).await?;
    browser.evaluate("console.log('the console is heard');").await?;
    browser.follow("#psc-login").await?;
    browser.element(IDENTIFIER).await?;
    let popup = Popup::open(browser).await?;
    popup.state("identifier").await?;
    popup.type_identifier(DOCTOR).await?;
    popup.fill().await?;
    popup.show().await?;
    browser.element("#message-panel[data-word], #headline").await?;
    browser.switch_to(&page).await?;
    browser.holds(IDENTIFIER, &format!("8{DOCTOR}")).await?;
    browser.follow("form [type=submit]").await?;
    let number = browser.text("[data-test=number]").await?;
    popup.badge(&number).await?;
    popup.state("number").await?;
    let (session, disk) = kept(browser).await?;
    ensure!(session.contains(DOCTOR), "the session does not hold the identifier, so the search proves nothing");
    ensure!(disk == "[{},{}]", "something lies on disk or is on its way to other devices: {} characters", disk.len());
    // What a content script may read of the extension's storage: nothing.
    browser.switch_to(&page).await?;
    let seen = browser.evaluate("return typeof chrome === 'undefined' || chrome.storage === undefined;").await?;
    ensure!(seen == serde_json::json!(true), "the page sees the extension's storage");
    Ok(number)
}

fn read(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("{} was not written", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
