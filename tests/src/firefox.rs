//! A throw-away Firefox with the packaged extension, driven over WebDriver BiDi, without geckodriver.
//!
//! The browser finds the sandbox under the real host names through a loopback proxy that refuses every other name; it trusts
//! one more certificate authority, the sandbox's, and waves no other certificate through. Unlike Chromium's driver, Firefox
//! also lets a test reach its own window (`--remote-allow-system-access`): a story can press the real toolbar button, which is
//! what grants `activeTab`, read the real badge, look into the real popup, and stop the event page ([`Toolbar`]).
//!
//! References: <https://firefox-source-docs.mozilla.org/remote/>, <https://w3c.github.io/webdriver-bidi/>.

mod bidi;
mod page;
mod profile;
mod toolbar;

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Window, until, until_within};
use crate::etc::Etc;
use crate::proxy::Proxy;
use crate::stage::SandboxReady;
use bidi::Bidi;

pub use crate::proxy::Network;
pub use page::{Page, two_digits};
pub use toolbar::{Bubble, Toolbar};

/// How long a start may take: a cold disk, a busy machine.
const READY: Duration = Duration::from_secs(180);

/// How a Firefox is started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The extension: an unpacked folder or a `.zip`.
    pub package: PathBuf,
    /// How long the event page may be idle before the browser stops it, in ms; the browser's own half minute if `None`.
    pub idle_ms: Option<u32>,
    /// Whether anyone sees it.
    pub window: Window,
    /// What an organisation decided for the extension, as the browser's own policy file has it; `None`: there is no such file.
    pub policy: Option<Value>,
}

impl Launch {
    /// Headless, with this package.
    #[must_use]
    pub fn hidden(package: PathBuf) -> Self {
        Self { package, idle_ms: None, window: Window::Hidden, policy: None }
    }
}

/// A running Firefox; nothing of it is left when dropped.
#[derive(Debug)]
pub struct Firefox {
    bidi: Bidi,
    /// The browser's own window, as a browsing context.
    window: String,
    process: Process,
    proxy: Proxy,
    profile: TempDir,
    // After the process: the browser reads there.
    etc: Option<Etc>,
    launch: Launch,
    ca: String,
    /// Questions to the popup, so that each gets its own answer.
    asked: AtomicU64,
}

impl Firefox {
    /// Starts the browser and installs the extension.
    ///
    /// # Errors
    /// Firefox is missing, does not start, or does not take the package.
    pub async fn start(sandbox: &SandboxReady, launch: &Launch) -> Result<Self> {
        let target: SocketAddr = sandbox.listen.parse().context("the sandbox names no socket")?;
        let proxy = Proxy::start(&sandbox.hosts, target).await?;
        let profile = tempfile::Builder::new().prefix("vigie-firefox-").tempdir()?;
        profile::write(profile.path(), proxy.address, launch.idle_ms)?;
        let ca = std::fs::read_to_string(&sandbox.ca).context("the sandbox's certificate authority cannot be read")?;
        let etc = launch.policy.as_ref().map(policy_file).transpose()?;
        let (process, bidi, window) = open(profile.path(), launch.window, etc.as_ref()).await?;
        let launch = launch.clone();
        let firefox = Self { bidi, window, process, proxy, profile, etc, launch, ca, asked: AtomicU64::new(0) };
        firefox.prepare().await?;
        Ok(firefox)
    }

    /// Ends the browser as a person does and starts it again with the same profile.
    ///
    /// # Errors
    /// It does not come back.
    pub async fn restart(mut self) -> Result<Self> {
        self.bidi.call("browser.close", json!({})).await?;
        self.process.wait().await?;
        (self.process, self.bidi, self.window) =
            open(self.profile.path(), self.launch.window, self.etc.as_ref()).await?;
        self.prepare().await?;
        Ok(self)
    }

    /// Trust, extension, and its button where a person would pin it.
    async fn prepare(&self) -> Result<()> {
        let der: String = self.ca.lines().filter(|line| !line.starts_with("-----")).collect();
        let trust = format!(
            "Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB).addCertFromBase64({}, 'C,,');",
            json!(der)
        );
        self.in_window(&trust).await.context("the certificate authority was not taken")?;
        let kind = if self.launch.package.is_dir() { "path" } else { "archivePath" };
        let package = json!({ "type": kind, "path": self.launch.package });
        let installed = self.bidi.call("webExtension.install", json!({ "extensionData": package })).await?;
        anyhow::ensure!(
            installed.get("extension").and_then(Value::as_str) == Some(profile::EXTENSION),
            "another extension was installed"
        );
        self.toolbar().pin().await?;
        let opens = |policy: &Value| policy.get("welcomePage") == Some(&Value::Bool(true));
        if self.launch.policy.as_ref().is_none_or(opens) { self.close_welcome().await } else { Ok(()) }
    }

    /// The extension's welcome page opens by itself; stories begin without it.
    async fn close_welcome(&self) -> Result<()> {
        self.tab_at(&self.extension_page("welcome.html")).await?.close().await
    }

    /// Waits for a tab that shows this address.
    ///
    /// # Errors
    /// None does.
    pub async fn tab_at(&self, address: &str) -> Result<Page<'_>> {
        until(&format!("a tab at {address}"), async || {
            let tree = self.bidi.call("browsingContext.getTree", json!({})).await?;
            let tabs = tree.get("contexts").and_then(Value::as_array).cloned().unwrap_or_default();
            let found = tabs.iter().find(|tab| tab.get("url").and_then(Value::as_str) == Some(address));
            let context = found.and_then(|tab| tab.get("context")?.as_str().map(str::to_owned));
            Ok(context.map(|context| Page::new(self, context)).ok_or_else(|| format!("{} other tabs", tabs.len())))
        })
        .await
    }

    /// Takes the network away, or gives it back.
    pub fn network(&self, network: Network) {
        self.proxy.set(network);
    }

    /// The first tab.
    ///
    /// # Errors
    /// There is none.
    pub async fn page(&self) -> Result<Page<'_>> {
        let tree = self.bidi.call("browsingContext.getTree", json!({})).await?;
        let context = tree.pointer("/contexts/0/context").and_then(Value::as_str).context("no tab is open")?;
        Ok(Page::new(self, context.to_owned()))
    }

    /// Opens an address in a new tab, in front.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn open_tab(&self, address: &str) -> Result<Page<'_>> {
        let made = self.bidi.call("browsingContext.create", json!({ "type": "tab", "background": false })).await?;
        let context = made.get("context").and_then(Value::as_str).context("no tab was made")?;
        let page = Page::new(self, context.to_owned());
        page.goto(address).await?;
        Ok(page)
    }

    /// Waits until the person closes the browser.
    ///
    /// # Errors
    /// The system does not tell.
    pub async fn closed(&mut self) -> Result<()> {
        let mut looks = tokio::time::interval(Duration::from_secs(1));
        while self.process.0.try_wait()?.is_none() {
            looks.tick().await;
        }
        Ok(())
    }

    /// What of the extension stands in the browser's own window.
    #[must_use]
    pub fn toolbar(&self) -> Toolbar<'_> {
        Toolbar::new(self)
    }

    /// The address of a page of the extension.
    #[must_use]
    pub fn extension_page(&self, page: &str) -> String {
        format!("moz-extension://{}/{page}", profile::EXTENSION_HOST)
    }

    /// Names outside the sandbox that the browser asked for and did not get.
    #[must_use]
    pub fn refused_names(&self) -> Vec<String> {
        self.proxy.refused()
    }

    /// The last lines that the browser printed.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(log(self.profile.path())).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(15)).map(|line| format!("    {line}\n")).collect()
    }

    /// Runs the body of an async function in the browser's own window.
    async fn in_window(&self, body: &str) -> Result<Value> {
        self.bidi.evaluate(&self.window, body).await
    }
}

/// The browser's processes, which share one group.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Waits for an orderly end.
    async fn wait(&mut self) -> Result<()> {
        let child = std::sync::Mutex::new(&mut self.0);
        until_within(READY, "Firefox to end", async || {
            let ended = child.lock().map_err(|_| anyhow::anyhow!("a poisoned lock"))?.try_wait()?;
            Ok(ended.map(drop).ok_or_else(|| "it still runs".to_owned()))
        })
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The whole group: Firefox's content processes too. After an orderly end there is none left to be hit.
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
            let _ = self.0.wait();
        }
    }
}

fn log(profile: &Path) -> PathBuf {
    profile.join("firefox.log")
}

/// As an administrator writes it on Linux.
fn policy_file(policy: &Value) -> Result<Etc> {
    let etc = Etc::new()?;
    let extensions = json!({ profile::EXTENSION: policy });
    etc.write("firefox/policies/policies.json", &json!({ "policies": { "3rdparty": { "Extensions": extensions } } }))?;
    Ok(etc)
}

/// Starts the browser with this profile and finds its own window.
async fn open(profile: &Path, shown: Window, etc: Option<&Etc>) -> Result<(Process, Bidi, String)> {
    // Firefox writes here on which port it listens; what the last run wrote must not be read.
    let announcement = profile.join("WebDriverBiDiServer.json");
    if announcement.exists() {
        std::fs::remove_file(&announcement)?;
    }
    let output = File::create(log(profile))?;
    let mut command = etc.map_or_else(|| Command::new("firefox-esr"), |etc| etc.command("firefox-esr"));
    if shown == Window::Hidden {
        command.arg("--headless").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    }
    let child = command
        .args(["--no-remote", "--remote-debugging-port=0", "--remote-allow-system-access"])
        .args(["--width", "1100", "--height", "820", "--profile"])
        .arg(profile)
        .arg("about:blank")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .env("MOZ_CRASHREPORTER_DISABLE", "1")
        // Without this a released Firefox asks its maker's server for settings, whatever the profile says.
        .env("MOZ_REMOTE_SETTINGS_DEVTOOLS", "1")
        // A group of its own, so that it can be ended with all its content processes.
        .process_group(0)
        .spawn()
        .context("firefox-esr could not be started (Debian: `apt-get install firefox-esr`)")?;
    let process = Process(child);
    let port = until_within(READY, "Firefox to say where it listens", async || {
        let text = std::fs::read_to_string(&announcement).unwrap_or_default();
        let port = serde_json::from_str::<Value>(&text).ok().and_then(|said| said.get("ws_port")?.as_u64());
        Ok(port.and_then(|port| u16::try_from(port).ok()).ok_or_else(|| "it says nothing".to_owned()))
    })
    .await?;
    let bidi = Bidi::connect(port).await.context("Firefox did not take the session")?;
    let window = until_within(READY, "Firefox to show a window", async || {
        let tree = bidi.call("browsingContext.getTree", json!({ "moz:scope": "chrome" })).await?;
        let windows = tree.get("contexts").and_then(Value::as_array).cloned().unwrap_or_default();
        let own = windows
            .iter()
            .find(|one| one.get("url").and_then(Value::as_str) == Some("chrome://browser/content/browser.xhtml"));
        let context = own.and_then(|one| one.get("context")?.as_str().map(str::to_owned));
        Ok(context.ok_or_else(|| format!("{} windows are there", windows.len())))
    })
    .await?;
    Ok((process, bidi, window))
}
