//! `vigie-demo`: shows a first login from end to end. `cargo xtask demo` builds everything and runs it.

use std::process::ExitCode;

use vigie_e2e::first_login::{self, ByHand};
use vigie_e2e::timeline::Voice;

fn main() -> ExitCode {
    let mut by_hand = None;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--check" => by_hand = None,
            "--headed" => by_hand = Some(ByHand::Chromium),
            "--firefox" => by_hand = Some(ByHand::Firefox),
            other => {
                eprintln!("vigie-demo: unknown option {other:?}; there are --check, --headed and --firefox");
                return ExitCode::from(2);
            }
        }
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("vigie-demo: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        if let Some(browser) = by_hand {
            return first_login::by_hand(browser).await;
        }
        tokio::select! {
            told = first_login::tell(Voice::Aloud) => told.map(|timeline| timeline.close()),
            // What the story started ends with it.
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
