//! `vigie-bench`: measures the packaged extension in a browser and prints one line of JSON. `cargo xtask bench extension` builds
//! everything, runs it and shows the figures.

use std::process::ExitCode;

use vigie_e2e::latency;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("vigie-bench: no threads to run on: {error}");
            return ExitCode::FAILURE;
        }
    };
    let measured = runtime.block_on(async {
        tokio::select! {
            measured = latency::measure() => measured,
            _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("stopped by Ctrl-C")),
        }
    });
    match measured.and_then(|measured| Ok(serde_json::to_string(&measured)?)) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("vigie-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
