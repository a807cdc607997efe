//! What a bad policy and an exchange of policies cost those who did nothing: a hostile one at a tenth of the questions, and a new revision
//! every half second.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use vigie_host::authoring::bench::Spread;

use crate::load::{self, Answer, arrivals};
use crate::provider::Provider;
use crate::rounds::us;
use crate::row::{Row, Target};
use crate::served::{Audience, Place, Policy, Processors, Setup};
use crate::speed::median;

const ROUNDS: u64 = 3;
const CONNECTIONS: usize = 32;
/// Questions a second, one in ten of them to the hostile policy.
const RATE: f64 = 100.0;
const ONE_IN: usize = 10;
const SPAN: Duration = Duration::from_secs(12);
/// `evaluate` of these guests, each at its own audience, in turn.
const HOSTILE: [&str; 3] = ["endless-loop", "memory-growth", "trap"];

pub(crate) fn rows(place: &Place) -> Result<Vec<Row>> {
    let provider = Provider::start()?;
    let mut rows = hostile(place, &provider)?;
    rows.extend(exchange(place, &provider)?);
    Ok(rows)
}

/// A hostile `evaluate` in the shell that is otherwise honest.
fn guest(place: &Place, name: &str) -> Result<Policy> {
    let guests = place.root().join("tests/guests");
    let read = |name: &str| -> Result<String> {
        let path = guests.join(format!("{name}.wat"));
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    Policy::kept(place, name, &wat::parse_str(read("shell")?.replace("@hostile", &read(name)?))?)
}

/// What one round saw.
struct Round {
    calm: Spread,
    attacked: Spread,
    asked: usize,
    quarantined: bool,
}

fn hostile(place: &Place, provider: &Provider) -> Result<Vec<Row>> {
    let mut audiences = vec![Audience::new("calm", vec![Policy::built(place, "require-level")?])];
    for name in HOSTILE {
        audiences.push(Audience::new(name, vec![guest(place, name)?]));
    }
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        // A host of its own, since the last one's has put the guests into quarantine.
        let setup = Setup::write(place, &format!("hostile-{round}"), provider, &audiences)?;
        rounds.push(attack(&setup, provider, &audiences, round)?);
    }
    let asked: usize = rounds.iter().map(|round| round.asked).sum();
    let kept_in = rounds.iter().filter(|round| round.quarantined).count();
    let p99 = |of: fn(&Round) -> Spread| median(rounds.iter().map(|round| us(of(round).p99_ns)).collect());
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    Ok(vec![
        Row::new("p99 of others, hostile policies at 10 % of 100/s", p99(|round| round.attacked)?, "µs")
            .beside("the same without them", p99(|round| round.calm)?)
            .wants(Target::at_most(1.5)),
        Row::new(format!("ends of the host under {asked} hostile questions"), 0.0, "exits").wants(Target::at_most(0.0)),
        Row::new("rounds in which every hostile policy ended in quarantine", kept_in as f64, "rounds")
            .wants(Target::at_least(ROUNDS as f64)),
    ])
}

/// The same moments with and without the hostile tenth. A host that ends is an error of the whole row.
fn attack(setup: &Setup, provider: &Provider, audiences: &[Audience], seed: u64) -> Result<Round> {
    let (mut server, _) = setup.serve(Processors::All)?;
    let mut kinds = Vec::new();
    for (number, audience) in (1..).zip(audiences) {
        kinds.push(server.question(provider, audience, number)?);
    }
    let ours = |index: usize| if index % ONE_IN == 0 { 1 + index / ONE_IN % HOSTILE.len() } else { 0 };
    let all = arrivals(RATE, SPAN, seed, ours);
    let load::Pace::At(moments) = &all else { anyhow::bail!("an open load has moments") };
    let without = load::Pace::At(moments.iter().filter(|(_, kind)| *kind == 0).copied().collect());
    let calm = load::run(server.address, &kinds, CONNECTIONS, &without)?;
    let attacked = load::run(server.address, &kinds, CONNECTIONS, &all)?;
    ensure!(server.runs()?, "the host ended under a hostile policy");
    let (others, guests): (Vec<Answer>, Vec<Answer>) = attacked.into_iter().partition(|answer| answer.kind == 0);
    ensure!(calm.iter().chain(&others).all(Answer::permits), "somebody else's question was refused");
    ensure!(!guests.iter().any(Answer::permits), "a hostile policy permitted");
    let last = |kind: usize| guests.iter().rev().find(|answer| answer.kind == kind);
    let in_quarantine = |answer: &Answer| String::from_utf8_lossy(&answer.body).contains("POL-QUARANTINED");
    Ok(Round {
        calm: spread(&calm),
        attacked: spread(&others),
        asked: guests.len(),
        quarantined: (1..=HOSTILE.len()).all(|kind| last(kind).is_some_and(in_quarantine)),
    })
}

fn spread(answers: &[Answer]) -> Spread {
    Spread::of(answers.iter().map(|answer| answer.took).collect())
}

/// Exchanges, and the time between two.
const EXCHANGES: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(500);
const EXCHANGE_RATE: f64 = 500.0;

fn exchange(place: &Place, provider: &Provider) -> Result<Vec<Row>> {
    let revision = |number: u32| -> Result<[Audience; 1]> {
        Ok([Audience::new("bench", vec![Policy::numbered(place, "require-level", 90_000 + number)?])])
    };
    let first = revision(0)?;
    let setup = Setup::write(place, "exchange", provider, &first)?;
    let (mut server, _) = setup.serve(Processors::All)?;
    let [audience] = &first;
    let kinds = [server.question(provider, audience, 1)?];
    let span = BETWEEN * (EXCHANGES + 2);
    let address = server.address;
    let pace = arrivals(EXCHANGE_RATE, span, 1, |_| 0);
    let (done, loaded) = mpsc::channel();
    // Nobody listens any more only when the exchange has failed, and that is what is then reported.
    std::thread::spawn(move || done.send(load::run(address, &kinds, CONNECTIONS, &pace)));
    let begun = Instant::now();
    let mut digests = BTreeSet::new();
    for number in 1..=EXCHANGES {
        let next = revision(number)?;
        digests.extend(next.iter().flat_map(|audience| &audience.policies).map(Policy::digest));
        // The load outlasts the exchanges, so whatever comes before the next one is its failure.
        if let Ok(early) = loaded.recv_timeout((BETWEEN * number).saturating_sub(begun.elapsed())) {
            early.context("the load ended while policies were exchanged")?;
        }
        setup.rewrite(place, provider, &next)?;
        server.hang_up()?;
    }
    let answers = loaded.recv().context("the load broke off")??;
    ensure!(server.runs()?, "the host ended while policies were exchanged");
    let failed = answers.iter().filter(|answer| !answer.permits()).count();
    let texts: Vec<String> = answers.iter().map(|answer| String::from_utf8_lossy(&answer.body).into_owned()).collect();
    let seen = digests.iter().filter(|digest| texts.iter().any(|text| text.contains(digest.as_str()))).count();
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    Ok(vec![
        Row::new(
            format!("failed among {} requests while {EXCHANGES} policies followed each other", answers.len()),
            failed as f64,
            "requests",
        )
        .wants(Target::at_most(0.0)),
        Row::new("revisions that answered", seen as f64, "of 10").wants(Target::at_least(f64::from(EXCHANGES))),
    ])
}
