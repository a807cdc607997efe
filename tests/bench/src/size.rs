//! How soon a host is there, what memory it wants, and whether policies that are loaded slow the others down.

use std::time::Duration;

use anyhow::Result;
use vigie_host::authoring::bench::Spread;

use crate::load::{self, Pace};
use crate::provider::Provider;
use crate::rounds::us;
use crate::row::{Row, Target};
use crate::served::{Audience, Place, Policy, Processors, Served, Setup};
use crate::speed::median;

const STARTS: usize = 7;
const ROUNDS: usize = 7;
/// Of each of two hosts, one request at a time.
const ALONE: Duration = Duration::from_millis(800);
/// Samples that need no settings.
const SAMPLES: [&str; 5] = ["require-level", "smurtab", "sidep", "step-up-for-write", "office-hours"];
/// Component files that are no other's bytes; more policies than that share them, as those of an interpreter would.
const FILES: u32 = 100;
/// Relying parties that share the many policies.
const AUDIENCES: u32 = 9;

/// So many policies at a few relying parties, after the one that is asked.
fn audiences(place: &Place, many: u32) -> Result<Vec<Audience>> {
    let mut audiences = vec![Audience::new("asked", vec![Policy::built(place, "require-level")?])];
    audiences.extend((0..AUDIENCES).map(|index| Audience::new(format!("other-{index}"), Vec::new())));
    for (number, sample) in (1..many).zip(SAMPLES.iter().cycle()) {
        // A multiple of the samples, so that a number always names the same sample.
        let policy = Policy::numbered(place, sample, number % FILES)?;
        let index = 1 + usize::try_from(number % AUDIENCES)?;
        if let Some(audience) = audiences.get_mut(index) {
            audience.policies.push(policy);
        }
    }
    audiences.retain(|audience| !audience.policies.is_empty());
    Ok(audiences)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    let provider = Provider::start()?;
    let mut rows = Vec::new();

    let ten = Setup::write(place, "ten", &provider, &audiences(place, 10)?)?;
    let (first, cold) = ten.serve(Processors::All)?;
    drop(first);
    let mut warm = Vec::new();
    for _ in 0..STARTS {
        warm.push(ms(ten.serve(Processors::All)?.1));
    }
    rows.push(
        Row::new("start with 10 policies, kept from the last start", median(warm)?, "ms").wants(Target::at_most(300.0)),
    );
    rows.push(Row::new("start with 10 policies, compiled", ms(cold), "ms"));

    let hundred = audiences(place, 100)?;
    let setup = Setup::write(place, "hundred", &provider, &hundred)?;
    // The second start is the usual one: the first leaves behind what compiling wanted.
    drop(setup.serve(Processors::All)?);
    let (server, took) = setup.serve(Processors::All)?;
    for (number, audience) in (1..).zip(&hundred) {
        let question = [server.question(&provider, audience, number)?];
        load::run(server.address, &question, 4, &Pace::AsFastAsAnswered(ALONE / 4))?;
    }
    server.must_be_ready()?;
    let resident = server.resident()?;
    rows.push(
        Row::new("resident memory, 100 policies, all of them asked", megabytes(resident), "MB")
            .wants(Target::at_most(150.0)),
    );
    rows.push(Row::new("start with 100 policies, kept", ms(took), "ms"));
    drop(server);

    rows.extend(thousand(place, &provider)?);
    Ok(rows)
}

fn thousand(place: &Place, provider: &Provider) -> Result<Vec<Row>> {
    let one = audiences(place, 1)?;
    let many = audiences(place, 1_000)?;
    let alone = Setup::write(place, "one", provider, &one)?;
    let crowd = Setup::write(place, "thousand", provider, &many)?;
    let (alone, _) = alone.serve(Processors::One)?;
    drop(crowd.serve(Processors::All)?);
    let (crowd, took) = crowd.serve(Processors::One)?;
    let question = |server: &Served, audiences: &[Audience]| -> Result<[Vec<u8>; 1]> {
        let audience = audiences.first().ok_or_else(|| anyhow::anyhow!("nobody to ask for"))?;
        Ok([server.question(provider, audience, 1)?])
    };
    let (of_one, of_many) = (question(&alone, &one)?, question(&crowd, &many)?);
    crowd.must_be_ready()?;
    let (mut ones, mut manies) = (Vec::new(), Vec::new());
    let p50 = |server: &Served, question: &[Vec<u8>; 1]| -> Result<f64> {
        let answers = load::run(server.address, question, 1, &Pace::AsFastAsAnswered(ALONE))?;
        Ok(us(Spread::of(answers.iter().map(|answer| answer.took).collect()).p50_ns))
    };
    for _ in 0..ROUNDS {
        ones.push(p50(&alone, &of_one)?);
        manies.push(p50(&crowd, &of_many)?);
    }
    Ok(vec![
        Row::new("HTTP decision, 1,000 policies (100 components), p50", median(manies)?, "µs")
            .beside("the same with one policy", median(ones)?)
            .wants(Target::at_most(1.1)),
        Row::new("resident memory, 1,000 policies", megabytes(crowd.resident()?), "MB"),
        Row::new("start with 1,000 policies, kept", ms(took), "ms"),
    ])
}
