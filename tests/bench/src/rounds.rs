//! Takes the time of several pieces of work in turn, so that each meets the same neighbours.

use std::time::{Duration, Instant};

use anyhow::Result;
use vigie_host::authoring::bench::Spread;

/// Rounds that are thrown away: caches and branch predictors settle.
const WARM_UP: usize = 50;

/// One piece of work. It returns the time that it took, so that it can leave out what it only prepares.
pub(crate) type Work<'w> = Box<dyn FnMut() -> Result<Duration> + 'w>;

/// The spread of each piece over so many rounds.
pub(crate) fn interleave(rounds: usize, works: &mut [Work<'_>]) -> Result<Vec<Spread>> {
    let mut times: Vec<Vec<Duration>> = works.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..WARM_UP + rounds {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let took = work()?;
            if round >= WARM_UP {
                times.push(took);
            }
        }
    }
    Ok(times.into_iter().map(Spread::of).collect())
}

/// The time of one call whose result is used, so that the work cannot be left out.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let result = std::hint::black_box(work());
    (begun.elapsed(), result)
}

/// Microseconds of nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "times far below 2^52 nanoseconds")]
pub(crate) fn us(ns: u64) -> f64 {
    ns as f64 / 1_000.0
}
