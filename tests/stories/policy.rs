//! The chapter "Write a policy in ten minutes" of `docs/policies.md`, played to the letter: new, one line edited, build, test, and a
//! person logs in whom the edited line refuses, with the reason that the policy gives.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use vigie_e2e::artefacts::Artefacts;
use vigie_e2e::browser::{Browser, Extension, Frame, Setup};
use vigie_e2e::stage::Stage;

/// A published test identity whom the sandbox registers as a doctor.
const DOCTOR: &str = "899700427869";

/// The sandbox gives every test person this PIN.
const PIN: &str = "1234";

/// The largest component that a scaffolded project may make.
const LARGEST: u64 = 25_000;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::panic, reason = "a test fails by panicking")]
async fn a_policy_in_ten_minutes() {
    if let Err(error) = told().await {
        panic!("{error:#}");
    }
}

async fn told() -> Result<()> {
    let artefacts = Artefacts::find()?;
    let chapter = Chapter::new(&artefacts)?;
    for command in chapter.commands()? {
        chapter.follow(&command)?;
    }
    let size = std::fs::metadata(chapter.component())?.len();
    ensure!(size <= LARGEST, "the component has {size} bytes");
    chapter.plain_cargo_is_enough()?;

    let stage = Stage::start_with(&artefacts, &[("smurtab", &chapter.component())])?;
    let reason = log_in(&artefacts, &stage).await.with_context(|| stage.tail_of_logs())?;
    ensure!(reason == "deny NIGHT-WARD-PROFESSION", "the service says {reason}");
    Ok(())
}

/// The chapter, and a folder in which it is followed.
struct Chapter<'a> {
    artefacts: &'a Artefacts,
    readme: String,
    folder: TempDir,
}

impl<'a> Chapter<'a> {
    fn new(artefacts: &'a Artefacts) -> Result<Self> {
        let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies.md"))?;
        let folder = tempfile::Builder::new().prefix("vigie-policy-").tempdir()?;
        Ok(Self { artefacts, readme, folder })
    }

    /// The lines of its shell examples, in order.
    fn commands(&self) -> Result<Vec<String>> {
        let chapter = self.readme.split("\n## Write a policy in ten minutes\n").nth(1).context("no such chapter")?;
        let chapter = chapter.split("\n## ").next().unwrap_or_default();
        let blocks = chapter.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
        let lines: Vec<String> = blocks.flat_map(str::lines).map(|line| plain(line).to_owned()).collect();
        ensure!(lines.len() == 5, "the chapter has {} commands: {lines:?}", lines.len());
        Ok(lines)
    }

    /// Runs a line as a reader would type it: `vigie` is the one that was built, cargo asks nobody outside this machine.
    fn follow(&self, line: &str) -> Result<()> {
        let programs = self.artefacts.host.parent().context("a program lies in a folder")?;
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::env::join_paths([programs.to_owned()].into_iter().chain(std::env::split_paths(&paths)))?;
        let output = Command::new("sh")
            .args(["-ec", line])
            .current_dir(self.folder.path())
            .env("PATH", paths)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TARGET_DIR", self.target())
            .output()?;
        let said = [output.stdout, output.stderr].concat();
        ensure!(output.status.success(), "`{line}` ended with {}:\n{}", output.status, String::from_utf8_lossy(&said));
        Ok(())
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("night-ward")
    }

    /// Where cargo works: kept from one run to the next, so that the crates below the SDK are compiled once.
    fn target(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/policy")
    }

    fn component(&self) -> PathBuf {
        self.project().join("night-ward.wasm")
    }

    /// `cargo build` alone makes a component as small, which holds the same vectors; `cargo unit` asks them natively.
    fn plain_cargo_is_enough(&self) -> Result<()> {
        self.follow("cd night-ward && cargo build && cargo unit && vigie policy test --full-coverage")?;
        let size = std::fs::metadata(self.target().join("wasm32-unknown-unknown/debug/night_ward.wasm"))?.len();
        ensure!(size <= LARGEST, "`cargo build` makes a component of {size} bytes");
        Ok(())
    }
}

/// A command without the remark behind it.
fn plain(line: &str) -> &str {
    line.split("  #").next().unwrap_or_default().trim_end()
}

/// A doctor logs in to the first relying party, whose policy is the new one. Decision and reason, as its page shows them.
async fn log_in(artefacts: &Artefacts, stage: &Stage) -> Result<String> {
    let browser = Browser::start_with(artefacts, &stage.sandbox, &Setup::hidden(Extension::Absent)).await?;
    let seen = shown(artefacts, stage, &browser).await;
    browser.close().await;
    seen
}

async fn shown(artefacts: &Artefacts, stage: &Stage, browser: &Browser) -> Result<String> {
    let desk = browser.open_tab(stage.sandbox.relying_parties.get("smurtab").context("no relying party")?).await?;
    browser.follow("#psc-login").await?;
    browser.write("form input[type=text]", DOCTOR).await?;
    browser.follow("form [type=submit]").await?;
    let number = browser.text("[data-test=number]").await?;

    browser.open_tab(&format!("{}/{DOCTOR}", stage.sandbox.phone.trim_end_matches('/'))).await?;
    browser.write("#pin input[name=pin]", PIN).await?;
    browser.follow("#pin [type=submit]").await?;
    browser.follow(&format!("button[name=number][value='{number}']")).await?;

    browser.switch_to(&desk).await?;
    browser.element("body[data-decision] [data-reason]").await?;
    let decision = browser.attribute("body", "data-decision").await?;
    let reason = browser.attribute("[data-reason]", "data-reason").await?;
    browser.picture(&artefacts.output.join("policy-in-ten-minutes.png"), Frame::Page).await?;
    Ok(format!("{decision} {reason}"))
}
