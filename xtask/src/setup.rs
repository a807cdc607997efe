//! Looks for what the build, the demo and the tests need, and installs what is absent or of another version, saying what
//! and how long. System packages only as root through apt; cargo tools go to `target/tools`, so that nobody's own tools
//! change. Versions come from one place each: `Cargo.lock`, `package.json`, and the constant below.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::artefacts;
use crate::process::{first_line, succeed};
use crate::progress::{Mark, Progress};

/// wasm-pack runs the WebAssembly tests in a browser.
const WASM_PACK: &str = "0.15.1";

/// geckodriver lets wasm-pack run them in Firefox as well. Debian has none, and it takes long to compile: only on request.
const GECKODRIVER: &str = "0.37.1";

/// Where Debian puts the OpenID Connect client of Apache.
const APACHE_MODULE: &str = "/usr/lib/apache2/modules/mod_auth_openidc.so";

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// How much is needed for what was asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Build,
    Demo,
    Test,
}

/// What was found, or installed.
pub(crate) struct Tools {
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) wasm_bindgen_version: String,
    /// `PATH` with our tools first.
    pub(crate) search_path: OsString,
    /// Only looked for when the demo or the tests need a browser.
    pub(crate) chromedriver: Option<PathBuf>,
    /// Used where it is there. The stories in Firefox need none.
    pub(crate) geckodriver: Option<PathBuf>,
}

impl Tools {
    /// A command that finds our tools first.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(artefacts::root()).env("PATH", &self.search_path);
        command
    }
}

pub(crate) fn run(progress: &Progress, scope: Scope) -> Result<Tools> {
    progress.heading("Set-up");
    let search_path = search_path()?;
    rust_target(progress)?;
    let wasm_bindgen_version = locked_version("wasm-bindgen")?;
    let wasm_bindgen =
        cargo_tool(progress, "wasm-bindgen", "wasm-bindgen-cli", &wasm_bindgen_version, "about 2 minutes")?;
    if scope >= Scope::Test {
        cargo_tool(progress, "wasm-pack", "wasm-pack", WASM_PACK, "about 3 minutes")?;
    }
    system_packages(progress, scope)?;
    npm_packages(progress)?;
    let chromedriver = if scope >= Scope::Demo { Some(browser(progress)?) } else { None };
    let geckodriver = if scope >= Scope::Test { firefox(progress)? } else { None };
    Ok(Tools { wasm_bindgen, wasm_bindgen_version, search_path, chromedriver, geckodriver })
}

/// What nobody needs who does not ask for it: with geckodriver the WebAssembly tests run in Firefox too.
pub(crate) fn geckodriver(progress: &Progress) -> Result<()> {
    cargo_tool(progress, "geckodriver", "geckodriver", GECKODRIVER, "about 5 minutes").map(drop)
}

fn rust_target(progress: &Progress) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(artefacts::root()).args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let there = first_line(&mut rustc).is_some_and(|directory| Path::new(&directory).is_dir());
    if there {
        progress.line(Mark::Ok, None, &format!("Rust target {WASM_TARGET}"));
        return Ok(());
    }
    progress.step(&format!("Rust target {WASM_TARGET}: installing, about 20 s"), |running| {
        let mut rustup = Command::new("rustup");
        rustup.current_dir(artefacts::root()).args(["target", "add", WASM_TARGET]);
        succeed(running, &mut rustup).map(drop)
    })
}

/// A tool that cargo installs. The person's own is used when it has the version; otherwise ours, in `target/tools`.
fn cargo_tool(progress: &Progress, program: &str, package: &str, version: &str, takes: &str) -> Result<PathBuf> {
    let ours = artefacts::tools().join("bin").join(program);
    for candidate in [Some(ours.clone()), on_path(program)].into_iter().flatten() {
        let found = first_line(Command::new(&candidate).arg("--version"));
        if found.is_some_and(|line| line.split_whitespace().any(|word| word == version)) {
            progress.line(Mark::Ok, None, &format!("{program} {version}"));
            return Ok(candidate);
        }
    }
    progress.step(&format!("{program} {version}: installing into target/tools, {takes}"), |running| {
        // Without optimisation and debug information the tools build in a third of the time and run fast enough.
        // No `--locked`: the lock files that these crates ship have named versions that registries no longer offer.
        let mut cargo = artefacts::cargo();
        cargo.args(["install", "--debug", "--force", package, "--version", version, "--root"]).arg(artefacts::tools());
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
        succeed(running, &mut cargo).map(drop)
    })?;
    Ok(ours)
}

/// What comes from the distribution: Node for wasm-opt, Chromium with its driver, and for the tests Firefox, which needs none,
/// and an Apache that logs in at the sandbox. The module brings `apache2-bin` along, a server without a service that would
/// start by itself. nginx and Caddy, which ask the host before they pass requests on, have one: where services are run, Debian starts
/// each with a page of its own.
fn system_packages(progress: &Progress, scope: Scope) -> Result<()> {
    let mut absent = Vec::new();
    for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
        if on_path(program).is_none() {
            absent.push(package);
        }
    }
    if scope >= Scope::Demo {
        for (program, package) in [("chromium", "chromium"), ("chromedriver", "chromium-driver")] {
            if on_path(program).is_none() {
                absent.push(package);
            }
        }
        if scope >= Scope::Test {
            // Here too the translations come apart, and both must be of one version.
            let debian = Path::new("/usr/lib/firefox-esr/browser/extensions");
            let firefox_is_absent = on_path("firefox-esr").is_none();
            let speaks_french = debian.join("langpack-fr@firefox-esr.mozilla.org.xpi").exists();
            if firefox_is_absent || (is_root() && debian.is_dir() && !speaks_french) {
                absent.extend(["firefox-esr", "firefox-esr-l10n-fr"]);
            }
        }
        if scope >= Scope::Test && !Path::new(APACHE_MODULE).is_file() {
            absent.push("libapache2-mod-auth-openidc");
        }
        // Debian keeps it where only root's search path leads.
        if scope >= Scope::Test && on_path("nginx").is_none() && !Path::new("/usr/sbin/nginx").is_file() {
            absent.push("nginx");
        }
        if scope >= Scope::Test && on_path("caddy").is_none() {
            absent.push("caddy");
        }
        if scope >= Scope::Test && on_path("pk12util").is_none() {
            // Puts software cards into a browser's certificate store.
            absent.push("libnss3-tools");
        }
        // Debian ships the browser's translations apart. Without them the extension speaks English in pictures; asking for all
        // three keeps them of one version.
        let debian = Path::new("/usr/lib/chromium/locales");
        let chromium_is_absent = absent.contains(&"chromium");
        if chromium_is_absent || (is_root() && debian.is_dir() && !debian.join("fr.pak").exists()) {
            absent.retain(|package| !package.starts_with("chromium"));
            absent.extend(["chromium", "chromium-driver", "chromium-l10n"]);
        }
    }
    if absent.is_empty() {
        return Ok(());
    }
    let list = absent.join(" ");
    let by_hand = format!("apt-get install --no-install-recommends {list}");
    if !is_root() || on_path("apt-get").is_none() {
        bail!("not installed: {list}. Install them (as root on Debian: `{by_hand}`), then run this again");
    }
    progress.step(&format!("{list}: installing with apt, about a minute"), |running| {
        succeed(running, Command::new("apt-get").args(["update", "-q"]))?;
        let mut install = Command::new("apt-get");
        install.args(["install", "-q", "-y", "--no-install-recommends"]).args(&absent);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        succeed(running, &mut install).map(drop)
    })
}

fn is_root() -> bool {
    first_line(Command::new("id").arg("-u")).as_deref() == Some("0")
}

/// wasm-opt, the type checker, the linter of Firefox packages and the rules of accessible pages, in the versions of `package-lock.json`.
fn npm_packages(progress: &Progress) -> Result<()> {
    let root = artefacts::root();
    let wanted = std::fs::read(root.join("package-lock.json")).context("package-lock.json cannot be read")?;
    // npm writes what it installed beside the packages; a copy of the lock tells whether that is what is wanted now.
    let stamp = root.join("node_modules/.vigie-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        progress.line(Mark::Ok, None, "npm packages (wasm-opt, type checker, linter of add-ons, accessibility rules)");
        return Ok(());
    }
    progress.step(
        "npm packages (wasm-opt, type checker, linter of add-ons, accessibility rules): installing, about 15 s",
        |running| {
            let mut npm = Command::new("npm");
            npm.current_dir(&root).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            succeed(running, &mut npm)?;
            std::fs::write(&stamp, &wanted).context("node_modules cannot be written")
        },
    )
}

/// The browser and its driver must be of one major version, or no session starts.
fn browser(progress: &Progress) -> Result<PathBuf> {
    let driver = on_path("chromedriver").context("chromedriver is not on the search path")?;
    let chromium = on_path("chromium").context("chromium is not on the search path")?;
    let browser_version = major(&first_line(Command::new(chromium).arg("--version")).unwrap_or_default());
    let driver_version = major(&first_line(Command::new(&driver).arg("--version")).unwrap_or_default());
    if browser_version.is_none() || browser_version != driver_version {
        bail!(
            "Chromium is of version {} and its driver of version {}: install both from the same source",
            browser_version.unwrap_or_else(|| "unknown".into()),
            driver_version.unwrap_or_else(|| "unknown".into()),
        );
    }
    progress.line(Mark::Ok, None, &format!("Chromium {} and its driver", browser_version.unwrap_or_default()));
    Ok(driver)
}

/// Firefox for the stories, and the driver that the WebAssembly tests would need.
fn firefox(progress: &Progress) -> Result<Option<PathBuf>> {
    let firefox = on_path("firefox-esr").context("firefox-esr is not on the search path")?;
    let version = major(&first_line(Command::new(firefox).arg("--version")).unwrap_or_default());
    progress.line(Mark::Ok, None, &format!("Firefox {}", version.unwrap_or_else(|| "of an unknown version".into())));
    let ours = artefacts::tools().join("bin/geckodriver");
    let driver = Some(ours).filter(|file| file.is_file()).or_else(|| on_path("geckodriver"));
    let found = if driver.is_some() { "geckodriver" } else { "no geckodriver (`cargo xtask setup --firefox`)" };
    progress.line(Mark::Ok, None, &format!("{found}: it is for the WebAssembly tests in Firefox alone"));
    Ok(driver)
}

/// The first number of the first word that starts with a digit.
fn major(line: &str) -> Option<String> {
    let version = line.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    version.split('.').next().map(str::to_owned)
}

/// The version of a crate as `Cargo.lock` has it, which the command line tool must match exactly.
fn locked_version(package: &str) -> Result<String> {
    let lock = std::fs::read_to_string(artefacts::root().join("Cargo.lock")).context("Cargo.lock cannot be read")?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version =
        lines.nth(1).and_then(|line| line.strip_prefix("version = \"")).and_then(|rest| rest.strip_suffix('"'));
    Ok(version.with_context(|| format!("Cargo.lock has no {package}"))?.to_owned())
}

fn search_path() -> Result<OsString> {
    let theirs = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(artefacts::tools().join("bin")).chain(std::env::split_paths(&theirs));
    Ok(std::env::join_paths(all)?)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::{locked_version, major};

    #[test]
    fn versions_are_read_from_what_the_tools_print() {
        assert_eq!(major("Chromium 156.0.8078.79 built on Debian").as_deref(), Some("156"));
        assert_eq!(major("ChromeDriver 156.0.8078.79 (abc)").as_deref(), Some("156"));
        assert_eq!(major(""), None);
    }

    #[test]
    fn the_lock_names_the_version_of_wasm_bindgen() {
        let version = locked_version("wasm-bindgen").unwrap();
        assert!(version.split('.').count() == 3, "{version}");
    }
}
