//! Pages that attack the extension, each a story: what the page does, and that nothing came of it.
//!
//! One browser with the packaged extension plays all of them, one after the other; the pages lie in `tests/pages/hostile/` and
//! are served under the genuine host names, which is more than an attacker would have. After every story the arena looks
//! whether the identifier reached anything that it was not meant for, and whether anything of the extension threw or printed.
//!
//! `cargo test -p vigie-e2e --test hostile -- covered` plays those whose name has the word.

mod arena;
mod covered;
mod flooded;
mod forged;
mod framed;
mod hidden;
mod numbers;
mod secrets;
mod store;
mod swapped;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use crate::arena::{Arena, Plays};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // There is one popup, and it speaks of the page that was heard of last.
    arguments.test_threads = Some(1);
    let plays = match Plays::new() {
        Ok(plays) => plays,
        Err(error) => {
            eprintln!("no threads to run on: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let families = [
        hidden::trials,
        covered::trials,
        swapped::trials,
        flooded::trials,
        framed::trials,
        numbers::trials,
        forged::trials,
        secrets::trials,
        store::trials,
    ];
    let trials = families.into_iter().flat_map(|trials| trials(&plays)).collect();
    if !arguments.list
        && let Err(error) = plays.open(Arena::start("vigie-chromium-dev"))
    {
        eprintln!("the arena did not open: {error:#}");
        return ExitCode::FAILURE;
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    plays.close();
    conclusion.exit_code()
}
