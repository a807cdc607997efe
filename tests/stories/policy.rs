//! The chapter "Write a policy in ten minutes" of `docs/policies.md`, played to the letter: new, one line edited, build, test, and a
//! person logs in whom the edited line refuses, with the reason that the policy gives.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
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
    let mut built = None;
    for (command, exit) in chapter.commands()? {
        let said = chapter.follow(&command, exit)?;
        if command.starts_with("vigie policy build") {
            built = said.split_whitespace().find(|word| word.starts_with("sha256:")).map(str::to_owned);
        }
        // The edited line turns the vector that is asked without settings, and no other.
        if exit != 0 {
            let failed: Vec<&str> = said.lines().filter(|line| line.contains("FAIL")).collect();
            ensure!(failed.len() == 1 && failed.iter().all(|line| line.contains("sets nothing")), "{command}: {said}");
            ensure!(said.contains("the policy answers deny NIGHT-WARD-PROFESSION"), "{command}: {said}");
        }
    }
    let built = built.context("`vigie policy build` prints a digest")?;
    let size = std::fs::metadata(chapter.component())?.len();
    ensure!(size <= LARGEST, "the component has {size} bytes");
    chapter.plain_cargo_is_enough()?;

    let stage = Stage::start_with(&artefacts, &[("smurtab", chapter.served(&built)?)])?;
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

    /// Its examples in this language, in order.
    fn examples(&self, language: &str) -> Result<Vec<&str>> {
        let chapter = self.readme.split("\n## Write a policy in ten minutes\n").nth(1).context("no such chapter")?;
        let chapter = chapter.split("\n## ").next().unwrap_or_default();
        let fence = format!("```{language}\n");
        let blocks = chapter.split(&fence).skip(1);
        Ok(blocks.filter_map(|rest| rest.split("```").next()).collect())
    }

    /// The lines of its shell examples, in order, and the exit code that each has: 0 where the remark behind it says no other.
    fn commands(&self) -> Result<Vec<(String, i32)>> {
        let lines = self.examples("sh")?.into_iter().flat_map(str::lines);
        let lines: Vec<_> =
            lines.map(|line| (plain(line).to_owned(), i32::from(line.ends_with("# exit code 1")))).collect();
        ensure!(lines.len() == 7, "the chapter has {} commands: {lines:?}", lines.len());
        Ok(lines)
    }

    /// What the chapter writes into `vigie.toml`, with the digest that `build` printed and the component in this folder.
    fn served(&self, built: &str) -> Result<toml::Value> {
        let examples = self.examples("toml")?;
        let [example] = examples.as_slice() else { bail!("the chapter has {} examples in TOML", examples.len()) };
        let written: toml::Table = toml::from_str(example)?;
        let policies = written.get("audience").and_then(|audience| audience.get("policy"));
        let policy = policies.and_then(toml::Value::as_array).and_then(|policies| policies.first());
        let mut policy =
            policy.and_then(toml::Value::as_table).context("the example has no [[audience.policy]]")?.clone();
        let place = policy.get("component").and_then(toml::Value::as_str).context("the example names no component")?;
        let component = self.folder.path().join(place).to_string_lossy().into_owned();
        ensure!(policy.insert("component".into(), component.into()).is_some(), "the example names no component");
        ensure!(policy.insert("digest".into(), built.into()).is_some(), "the example names no digest");
        Ok(policy.into())
    }

    /// Runs a line as a reader would type it: `vigie` is the one that was built, cargo asks nobody outside this machine. Returns
    /// what it says.
    fn follow(&self, line: &str, exit: i32) -> Result<String> {
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
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        ensure!(output.status.code() == Some(exit), "`{line}` ended with {}:\n{said}", output.status);
        Ok(said)
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

    /// `cargo build` alone makes a component as small, which holds the same vectors; `cargo unit` asks them natively. The SDK's
    /// documentation has what is there natively only.
    fn plain_cargo_is_enough(&self) -> Result<()> {
        self.follow("cd night-ward && cargo build && cargo unit && vigie policy test --full-coverage", 0)?;
        self.follow("cd night-ward && cargo doc --no-deps -p vigie-policy", 0)?;
        let pages = self.target().join("wasm32-unknown-unknown/doc/vigie_policy");
        for page in ["vectors/fn.check.html", "schema/fn.check.html"] {
            ensure!(pages.join(page).is_file(), "the documentation has no {page}");
        }
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
