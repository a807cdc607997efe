//! A throw-away Chromium with or without the packaged extension, driven over WebDriver.
//!
//! The browser finds the sandbox under the real host names, through its own host mapping, and nothing else: every other
//! name is closed. It trusts one more key, the sandbox's, and no other certificate is waved through. The profile is a new
//! folder that disappears with the session.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use fantoccini::wd::{TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::artefacts::Artefacts;
use crate::card::{self, CardHome};
use crate::etc::Etc;
use crate::service::Service;
use crate::stage::SandboxReady;

pub use crate::until::{SOON, until, until_within};

/// Whether the window is seen by anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Headless, as tests run.
    Hidden,
    /// On the person's display.
    Shown,
}

/// Whether the packaged extension is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// Flavour `dev`, unpacked.
    Loaded,
    /// A browser as most people have it.
    Absent,
}

/// How a browser is started.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Whether anyone sees it.
    pub window: Window,
    /// Whether the extension is in it.
    pub extension: Extension,
    /// Further command-line arguments.
    pub arguments: Vec<String>,
    /// The software card in its certificate store, if there is one: a national identifier, or `other-environment`.
    pub card: Option<String>,
    /// Further host names that are found at the sandbox: imitations that only one story needs.
    pub hosts: Vec<String>,
    /// What an organisation decided for the extension, as the browser's own policy file has it; `None`: there is no such file.
    pub policy: Option<Value>,
}

impl Setup {
    /// The same, with this card, which is presented wherever one is asked for.
    #[must_use]
    pub fn with_card(self, card: &str) -> Self {
        Self { card: Some(card.to_owned()), ..self }
    }

    /// The same, in a browser whose administrator wrote this policy for the extension.
    #[must_use]
    pub fn with_policy(self, policy: Value) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// The language of the browser's own interface, which the extension follows.
    #[must_use]
    pub fn speaking(mut self, language: &str) -> Self {
        self.arguments.extend([format!("--lang={language}"), format!("--accept-lang={language}")]);
        self
    }

    /// Whether the extension's welcome page opens by itself.
    fn is_welcomed(&self) -> bool {
        let opens = |policy: &Value| policy.get("welcomePage") == Some(&Value::Bool(true));
        self.extension == Extension::Loaded && self.policy.as_ref().is_none_or(opens)
    }

    /// Headless, with or without the extension.
    #[must_use]
    pub fn hidden(extension: Extension) -> Self {
        Self { window: Window::Hidden, extension, arguments: Vec::new(), card: None, hosts: Vec::new(), policy: None }
    }
}

/// What a picture is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// What fits the window.
    Window,
    /// The extension's popup, in its own width.
    Popup,
    /// The page down to its end.
    Page,
    /// The page down to its end, as wide as a phone.
    Phone,
}

/// How often a browser is started until its first tab answers, and how long that may take.
const STARTS: u32 = 3;
const FIRST_TAB: Duration = Duration::from_secs(15);

/// How long a page or a script may take afterwards.
const PAGE: Duration = Duration::from_secs(60);

/// Window sizes in pixels, the browser's own bars included.
const WINDOW: (u32, u32) = (1100, 820);
const POPUP: (u32, u32) = (400, 780);
const PAGE_WIDTH: u32 = 860;
/// Chromium makes no window narrower than 500 pixels; the phone's own page is narrower still and stands in its middle.
const PHONE_WIDTH: u32 = 500;
const CHROME: u32 = 150;
const TALLEST: u32 = 2_400;

/// A browser session.
#[derive(Debug)]
pub struct Browser {
    /// The WebDriver session.
    pub client: Client,
    extension: String,
    profile: TempDir,
    _driver: Service,
    // After the driver: the browser writes and reads there.
    _home: Option<CardHome>,
    etc: Option<Etc>,
}

impl Browser {
    /// Starts driver and browser.
    ///
    /// # Errors
    /// Chromium or its driver is missing or does not start.
    pub async fn start(artefacts: &Artefacts, sandbox: &SandboxReady, window: Window) -> Result<Self> {
        let setup = Setup { window, ..Setup::hidden(Extension::Loaded) };
        Self::start_with(artefacts, sandbox, &setup).await
    }

    /// Starts driver and browser in this way.
    ///
    /// Now and then the first tab of a headless Chromium never ends loading its empty page, and every command would wait for it.
    /// Nothing was done in such a browser yet, so another is started.
    ///
    /// # Errors
    /// Chromium or its driver is missing or does not start.
    pub async fn start_with(artefacts: &Artefacts, sandbox: &SandboxReady, setup: &Setup) -> Result<Self> {
        for _ in 0..STARTS {
            let browser = Self::launch(artefacts, sandbox, setup).await?;
            if browser.client.goto("about:blank").await.is_ok() {
                let patient = TimeoutConfiguration::new(Some(PAGE), Some(PAGE), Some(Duration::ZERO));
                browser.client.update_timeouts(patient).await?;
                if setup.is_welcomed() {
                    browser.close_page("welcome.html").await?;
                }
                return Ok(browser);
            }
            browser.close().await;
        }
        bail!("Chromium was started {STARTS} times and its first tab answered in none")
    }

    async fn launch(artefacts: &Artefacts, sandbox: &SandboxReady, setup: &Setup) -> Result<Self> {
        let profile = tempfile::Builder::new().prefix("vigie-chromium-").tempdir()?;
        let etc = setup.policy.is_some().then(Etc::new).transpose()?;
        let mut command = etc.as_ref().map_or_else(|| Command::new("chromedriver"), |etc| etc.command("chromedriver"));
        if let (Some(etc), Some(policy)) = (&etc, &setup.policy) {
            write_policy(etc, artefacts, policy)?;
        }
        // Its own process group, so that Ctrl-C reaches this program first and the session is closed in order.
        command.arg("--port=0").process_group(0).env("LANGUAGE", "fr");
        let home = setup.card.as_deref().map(|card| CardHome::with(sandbox, card)).transpose()?;
        if let Some(home) = &home {
            command.env("HOME", home.path()).env_remove("XDG_DATA_HOME");
        }
        let (driver, port) = Service::start("chromedriver", &mut command, profile.path(), driver_port)
            .context("chromedriver (Debian: `apt-get install chromium-driver`)")?;
        let mut capabilities = serde_json::Map::new();
        let arguments = arguments(artefacts, sandbox, setup, profile.path());
        let mut options = json!({ "binary": chromium()?, "args": arguments });
        if let (Some(_), Some(options)) = (&home, options.as_object_mut()) {
            options.insert("prefs".into(), card::preferences());
        }
        capabilities.insert("goog:chromeOptions".into(), options);
        capabilities.insert("timeouts".into(), json!({ "pageLoad": FIRST_TAB.as_millis() }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("Chromium did not start")?;
        Ok(Self { client, extension: artefacts.extension_id(), profile, _driver: driver, _home: home, etc })
    }

    /// The address of a page of the extension.
    #[must_use]
    pub fn extension_page(&self, page: &str) -> String {
        format!("chrome-extension://{}/{page}", self.extension)
    }

    /// Where the browser's debugging protocol is found, for [`crate::cdp`].
    ///
    /// # Errors
    /// The browser did not say.
    pub fn debugger(&self) -> Result<String> {
        let text = std::fs::read_to_string(self.profile.path().join("DevToolsActivePort"))?;
        let (port, path) = text.trim().split_once('\n').context("the browser did not name its debugging port")?;
        Ok(format!("ws://127.0.0.1:{port}{path}"))
    }

    /// The administrator writes another policy, and the browser is told to read it now.
    ///
    /// # Errors
    /// It was started without one.
    pub async fn change_policy(&self, artefacts: &Artefacts, policy: &Value) -> Result<()> {
        write_policy(self.etc.as_ref().context("the browser was started without a policy")?, artefacts, policy)?;
        let before = self.client.window().await?;
        let tab = self.open_tab("chrome://policy").await?;
        self.evaluate("chrome.send('reloadPolicies');").await?;
        self.switch_to(&tab).await?;
        self.client.close_window().await?;
        self.switch_to(&before).await
    }

    /// The folder in which the browser keeps everything.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Opens an address in a new tab and stays there.
    ///
    /// # Errors
    /// The browser refused.
    pub async fn open_tab(&self, address: &str) -> Result<WindowHandle> {
        let tab = self.client.new_window(true).await?.handle;
        self.client.switch_to_window(tab.clone()).await?;
        self.client.goto(address).await.with_context(|| format!("opening {address}"))?;
        Ok(tab)
    }

    /// Closes every tab but one, opens the address there and stays.
    ///
    /// # Errors
    /// The browser refused.
    pub async fn only_tab(&self, address: &str) -> Result<WindowHandle> {
        let mut tabs = self.client.windows().await?.into_iter();
        let kept = tabs.next().context("the browser has no tab")?;
        for tab in tabs {
            self.client.switch_to_window(tab).await?;
            self.client.close_window().await?;
        }
        self.switch_to(&kept).await?;
        self.client.goto(address).await.with_context(|| format!("opening {address}"))?;
        Ok(kept)
    }

    /// Goes to a tab that is open.
    ///
    /// # Errors
    /// The tab is gone.
    pub async fn switch_to(&self, tab: &WindowHandle) -> Result<()> {
        Ok(self.client.switch_to_window(tab.clone()).await?)
    }

    /// Waits until the page is on this host.
    ///
    /// # Errors
    /// It is elsewhere; the message says where.
    pub async fn on_host(&self, host: &str) -> Result<()> {
        until(&format!("the page to be on {host}"), async || {
            let address = self.client.current_url().await?;
            Ok(if address.host_str() == Some(host) { Ok(()) } else { Err(format!("it is on {address}")) })
        })
        .await
    }

    /// What a script in the page returns.
    ///
    /// # Errors
    /// The script threw.
    pub async fn evaluate(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// What a promise in the page resolves to; `script` is the body of an async function.
    ///
    /// # Errors
    /// The promise was rejected.
    pub async fn resolve(&self, script: &str) -> Result<Value> {
        let body = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        let answer = self.client.execute_async(&body, Vec::new()).await?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(anyhow!("the page says: {error}")),
            None => Ok(answer.get("value").cloned().unwrap_or(Value::Null)),
        }
    }

    /// Writes a picture of the current tab.
    ///
    /// # Errors
    /// The browser gave none, or the file cannot be written.
    pub async fn screenshot(&self, file: &Path) -> Result<PathBuf> {
        std::fs::write(file, self.client.screenshot().await?)?;
        Ok(file.to_path_buf())
    }

    /// Writes a picture of the current tab in a window that suits what it shows.
    ///
    /// # Errors
    /// As for [`Browser::screenshot`].
    pub async fn picture(&self, file: &Path, frame: Frame) -> Result<PathBuf> {
        let (width, height) = match frame {
            Frame::Window => WINDOW,
            Frame::Popup => POPUP,
            Frame::Page => (PAGE_WIDTH, self.height().await? + CHROME),
            Frame::Phone => (PHONE_WIDTH, POPUP.1.max(self.height().await? + CHROME)),
        };
        self.client.set_window_size(width, height.min(TALLEST)).await?;
        let picture = self.screenshot(file).await;
        self.client.set_window_size(WINDOW.0, WINDOW.1).await?;
        picture
    }

    async fn height(&self) -> Result<u32> {
        let height = self.evaluate("return document.documentElement.scrollHeight;").await?;
        Ok(height.as_u64().and_then(|height| u32::try_from(height).ok()).unwrap_or(WINDOW.1))
    }

    /// Ends the session and the browser with it.
    pub async fn close(self) {
        // A session that hangs is ended with its driver, when this value is dropped.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.client.clone().close()).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After an orderly close there is none left. Otherwise the driver's death leaves Chromium behind, known by its profile.
        let profile = self.profile.path().display().to_string();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command).contains(&profile) {
                let _ = Command::new("kill").arg("-KILL").arg(entry.file_name()).status();
            }
        }
    }
}

/// `ChromeDriver was started successfully on port 12345.`
fn driver_port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').parse().ok()
}

/// As an administrator writes it on Linux.
fn write_policy(etc: &Etc, artefacts: &Artefacts, policy: &Value) -> Result<()> {
    let file = json!({ "3rdparty": { "extensions": { artefacts.extension_id(): policy } } });
    etc.write("chromium/policies/managed/vigie.json", &file)
}

fn chromium() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|file| file.is_file());
    found.context("chromium is not installed (Debian: `apt-get install chromium`)")
}

fn arguments(artefacts: &Artefacts, sandbox: &SandboxReady, setup: &Setup, profile: &Path) -> Vec<String> {
    let hosts = sandbox.hosts.iter().chain(&setup.hosts);
    let mut rules: Vec<String> = hosts.map(|host| format!("MAP {host} {}", sandbox.listen)).collect();
    rules.push("MAP * ~NOTFOUND".into());
    rules.push("EXCLUDE 127.0.0.1".into());
    let mut arguments = vec![
        format!("--user-data-dir={}", profile.display()),
        format!("--host-resolver-rules={}", rules.join(",")),
        format!("--ignore-certificate-errors-spki-list={}", sandbox.spki_sha256),
        "--lang=fr".into(),
        "--accept-lang=fr".into(),
        format!("--window-size={},{}", WINDOW.0, WINDOW.1),
        "--no-first-run".into(),
        "--no-default-browser-check".into(),
        "--disable-quic".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--disable-domain-reliability".into(),
        "--disable-sync".into(),
        "--metrics-recording-only".into(),
        "--disable-dev-shm-usage".into(),
        "--disable-features=Translate,OptimizationHints,MediaRouter".into(),
    ];
    if setup.extension == Extension::Loaded {
        let extension = artefacts.extension.display();
        arguments.push(format!("--disable-extensions-except={extension}"));
        arguments.push(format!("--load-extension={extension}"));
    }
    if setup.window == Window::Hidden {
        arguments.extend(["--headless=new".into(), "--disable-gpu".into()]);
    }
    if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
        // Chromium refuses to run as root with its own sandbox; build containers are root.
        arguments.push("--no-sandbox".into());
    }
    arguments.extend(setup.arguments.iter().cloned());
    arguments
}
