//! Builds everything and hands over to `vigie-demo`, the program in `tests/` that stages and drives a first login.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{artefacts, build, setup};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A machine drives the login in headless Chromium.
    Check,
    /// Chromium opens on the relying party and a person logs in.
    Headed,
    /// The same in Firefox.
    Firefox,
}

impl Mode {
    /// With a display, people want to see it.
    pub(crate) fn for_this_display() -> Self {
        let display = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if display("DISPLAY") || display("WAYLAND_DISPLAY") { Self::Headed } else { Self::Check }
    }
}

pub(crate) fn run(progress: &Progress, mode: Mode) -> Result<ExitCode> {
    let tools = setup::run(progress, setup::Scope::Demo)?;
    build::run(progress, &tools, build::Components::Default)?;
    progress.heading("Demo");
    let program = artefacts::cargo_target()?.join("debug/vigie-demo");
    let mut demo = Command::new(program);
    demo.current_dir(artefacts::root()).env("RUST_BACKTRACE", "0").arg(match mode {
        Mode::Check => "--check",
        Mode::Headed => "--headed",
        Mode::Firefox => "--firefox",
    });
    let status = demo.status().context("vigie-demo could not be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
