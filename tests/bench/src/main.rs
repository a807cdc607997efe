//! Measures the policy host beside its floor and its peers. `cargo xtask bench host` builds all that this needs, runs it and prints
//! the table; here the figures are taken, and nothing is judged.
//!
//! Everything that is compared is measured in turn, round by round, so that a busy machine slows both sides alike. Servers are
//! programs of their own on one processor, and what loads them runs on another; only loopback is used. [`inside`] calls the library,
//! [`speed`] and [`faults`] the served host, [`size`] looks at its start and its memory.

mod faults;
mod floor;
mod inside;
mod load;
mod peers;
mod policy;
mod provider;
mod pure;
mod rounds;
mod row;
mod served;
mod size;
mod speed;
mod token;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use row::Row;
use served::Place;

/// What is compared has the same one.
#[global_allocator]
static ALLOCATOR: vigie_host::Allocator = vigie_host::Allocator;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["floor", key] => floor::serve(key),
        ["measure", root, components, wide, parts @ ..] => {
            Place::new(root, components).and_then(|place| measure(&place, &PathBuf::from(wide), parts))
        }
        _ => Err(anyhow::anyhow!("this program is started by `cargo xtask bench host`")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vigie-host-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints all rows in the order of the table, or those of some parts, one line of JSON each, as soon as they are measured.
fn measure(place: &Place, wide: &Path, parts: &[&str]) -> Result<()> {
    if cfg!(debug_assertions) {
        bail!("a build without optimisation measures nothing that matters");
    }
    place.clear().context("the folder of this run cannot be made")?;
    let begun = Instant::now();
    type Part = (&'static str, &'static str, fn(&Place, &Path) -> Result<Vec<Row>>);
    let all: [Part; 6] = [
        ("verifier", "the verifier component", |place, _| inside::rows(place)),
        ("pure", "the component with its own signature checks", pure::rows),
        ("policy", "one policy", |place, _| policy::rows(place)),
        ("speed", "the served host beside its floor", |place, _| speed::rows(place)),
        ("faults", "a hostile policy and an exchange under load", |place, _| faults::rows(place)),
        ("size", "start, memory, a thousand policies", |place, _| size::rows(place)),
    ];
    for (part, name, rows) in all.into_iter().filter(|(part, ..)| parts.is_empty() || parts.contains(part)) {
        for row in rows(place, wide).with_context(|| name.to_owned())? {
            println!("{}", serde_json::to_string(&row)?);
        }
        eprintln!("  measured: {part}, {name}, {} s since the start", begun.elapsed().as_secs());
    }
    Ok(())
}
