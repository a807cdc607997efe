//! Decisions over HTTP, beside the floor and beside Node's `jose`: how many for a second of processor time, and how long each takes at
//! seven tenths of what the server can do.
//!
//! Both servers have the same one processor, in turn. "At 70 % load" is taken twice: each server at 70 % of what it can do itself, and the
//! floor once more at the host's own rate, which flatters the floor. The host writes its decision log, and hands each line to the system
//! before it answers; waiting for the disk as well is measured apart, since it measures the disk.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use vigie_host::authoring::bench::Spread;

use crate::load::{self, Answer, Pace, arrivals};
use crate::peers;
use crate::provider::Provider;
use crate::rounds::us;
use crate::row::{Row, Target};
use crate::served::{self, Audience, Place, Policy, Processors, Served, Setup, Sync, evaluation};
use crate::token;

const ROUNDS: usize = 5;
/// As fast as it goes: enough connections that the server always has work.
const SATURATING: usize = 16;
const SATURATED: Duration = Duration::from_millis(1_500);
/// Open load: so many requests can be under way before one waits for a connection.
const OPEN: usize = 64;
/// Many short rounds rather than a few long ones: a neighbour that takes the processor away for some milliseconds spoils the slowest
/// hundredth of the round that it falls into, and with it a quarter of all rounds instead of most of them.
const OPEN_ROUNDS: u64 = 21;
const OPEN_FOR: Duration = Duration::from_secs(1);
const SHARE: f64 = 0.7;
/// One request at a time.
const ALONE: Duration = Duration::from_millis(700);

/// A server and the question that it is asked.
struct Side {
    server: Served,
    question: [Vec<u8>; 1],
}

/// What one saturated round says.
struct Saturated {
    per_second: f64,
    per_busy_second: f64,
}

impl Side {
    fn run(&self, connections: usize, pace: &Pace) -> Result<Vec<Answer>> {
        let answers = load::run(self.server.address, &self.question, connections, pace)?;
        let refused = answers.iter().find(|answer| !answer.permits());
        let shown = refused.map(|answer| format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)));
        ensure!(refused.is_none(), "a question was not answered with yes: {}", shown.unwrap_or_default());
        Ok(answers)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn saturated(&self) -> Result<Saturated> {
        let busy = self.server.busy()?;
        let answers = self.run(SATURATING, &Pace::AsFastAsAnswered(SATURATED))?;
        let busy = self.server.busy()?.saturating_sub(busy);
        let count = answers.len() as f64;
        Ok(Saturated {
            per_second: count / SATURATED.as_secs_f64(),
            per_busy_second: count / busy.as_secs_f64().max(0.01),
        })
    }

    fn open(&self, per_second: f64, seed: u64) -> Result<Spread> {
        Ok(spread(&self.run(OPEN, &arrivals(per_second, OPEN_FOR, seed, |_| 0))?))
    }

    fn alone(&self) -> Result<Spread> {
        Ok(spread(&self.run(1, &Pace::AsFastAsAnswered(ALONE))?))
    }
}

fn spread(answers: &[Answer]) -> Spread {
    Spread::of(answers.iter().map(|answer| answer.took).collect())
}

/// The middle one: a round that met a busy neighbour is no figure of ours.
pub(crate) fn median(mut values: Vec<f64>) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().context("nothing was measured")
}

pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    let provider = Provider::start()?;
    let host = host(place, &provider, Sync::System, "speed")?;
    let durable = self::host(place, &provider, Sync::Group, "speed-durable")?;
    let floor = floor(&provider)?;

    let (mut hosts, mut floors, mut joses) = (Vec::new(), Vec::new(), Vec::new());
    let (mut host_alone, mut durable_alone, mut floor_alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        hosts.push(host.saturated()?);
        floors.push(floor.saturated()?);
        joses.push(peers::jose(place, &provider)?);
        host_alone.push(host.alone()?);
        durable_alone.push(durable.alone()?);
        floor_alone.push(floor.alone()?);
    }
    let able = |of: &[Saturated]| median(of.iter().map(|one| one.per_second).collect());
    let each_core = |of: &[Saturated]| median(of.iter().map(|one| one.per_busy_second).collect());
    let (host_rate, floor_rate) = (able(&hosts)? * SHARE, able(&floors)? * SHARE);

    let (mut at_own, mut floor_at_own, mut floor_at_ours) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 1..=OPEN_ROUNDS {
        at_own.push(host.open(host_rate, seed)?);
        floor_at_own.push(floor.open(floor_rate, seed)?);
        floor_at_ours.push(floor.open(host_rate, seed)?);
    }
    let p50 = |of: &[Spread]| median(of.iter().map(|one| us(one.p50_ns)).collect());
    let p99 = |of: &[Spread]| median(of.iter().map(|one| us(one.p99_ns)).collect());
    let own = |of: f64| format!("floor server at 70 % of its own {:.0}/s", of / SHARE);
    Ok(vec![
        Row::new("decisions over HTTP, one policy", each_core(&hosts)?, "/s and core")
            .beside("RS256 verifications by Node jose, in process", median(joses)?)
            .wants(Target::at_least(1.0).goal(2.0)),
        Row::new("decisions over HTTP, one policy", each_core(&hosts)?, "/s and core")
            .beside("floor server", each_core(&floors)?),
        Row::new("HTTP decision, one at a time, p50", p50(&host_alone)?, "µs")
            .beside("floor server", p50(&floor_alone)?),
        Row::new("HTTP decision, one at a time, log on the disk first (sync = group), p50", p50(&durable_alone)?, "µs")
            .beside("the same with sync = system", p50(&host_alone)?),
        Row::new(format!("HTTP decision, p50 at 70 % of {:.0}/s", host_rate / SHARE), p50(&at_own)?, "µs")
            .beside(own(floor_rate), p50(&floor_at_own)?)
            .wants(Target::at_most(2.0)),
        Row::new("HTTP decision, p99 at the same load", p99(&at_own)?, "µs")
            .beside("floor server, likewise", p99(&floor_at_own)?)
            .wants(Target::at_most(5.0)),
        Row::new("HTTP decision, p50, floor at the host's rate", p50(&at_own)?, "µs")
            .beside("floor server", p50(&floor_at_ours)?),
        Row::new("HTTP decision, p99, floor at the host's rate", p99(&at_own)?, "µs")
            .beside("floor server", p99(&floor_at_ours)?),
    ])
}

/// The host with one policy, and a login to ask it about.
fn host(place: &Place, provider: &Provider, sync: Sync, name: &str) -> Result<Side> {
    let audiences = [Audience::new("bench", vec![Policy::built(place, "require-level")?])];
    let [audience] = &audiences;
    let setup = Setup::write_with(sync, place, name, provider, &audiences)?;
    let (server, _) = setup.serve(Processors::One)?;
    let question = [server.question(provider, audience, 1)?];
    Ok(Side { server, question })
}

/// The floor, as a program of its own that checks a token of this provider.
fn floor(provider: &Provider) -> Result<Side> {
    let signed = provider.key.sign(&token::claims(&provider.issuer, token::now(), 0))?;
    let check = provider.key.raw_check(&signed).to_json()?;
    let mut command = served::on(Processors::One, &std::env::current_exe()?);
    command.args(["floor", &check]);
    let (server, _) = Served::start(command)?;
    // As long as the host's question: a handle is 43 characters.
    let question = [evaluation(server.address, &"s".repeat(30), &"h".repeat(43))];
    Ok(Side { server, question })
}
