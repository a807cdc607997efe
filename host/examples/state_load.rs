//! What one durable transaction for many logins gains on this disk: `cargo run -p vigie-host --example state_load`.
//!
//! Stores logins with their one-shots, first one after the other, then from many threads at once, into a file below the working
//! directory (a file in memory would have no disk to wait for), and prints both rates and their ratio.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use vigie_host::log::Pseudonym;
use vigie_host::metrics::Metrics;
use vigie_host::store::{About, OneShot, Store};

/// Long enough that a slow sync or two do not decide.
const FOR: Duration = Duration::from_secs(5);
const CROWD: usize = 64;
const NOW: u64 = 1_780_000_000;
/// About what a login with UserInfo weighs.
const LOGIN_BYTES: usize = 2_500;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir_in(".")?;
    let store = Store::open(&directory.path().join("state.redb"), 100_000_000, &Arc::new(Metrics::new("")))?;
    let next = AtomicU32::new(0);
    let alone = rate(&store, &next, 1)?;
    let together = rate(&store, &next, CROWD)?;
    println!("one after the other: {alone:.0} logins a second, each with a wait for the disk of its own");
    println!("{CROWD} at once: {together:.0} logins a second, waiting together");
    println!("ratio: {:.1}", together / alone);
    Ok(())
}

fn rate(store: &Store, next: &AtomicU32, threads: usize) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    let done: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(store, next, begun))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().sum()
    });
    if done == 0 {
        return Err("no login was stored".into());
    }
    Ok(f64::from(u32::try_from(done)?) / begun.elapsed().as_secs_f64())
}

fn work(store: &Store, next: &AtomicU32, begun: Instant) -> Option<usize> {
    let login = vec![b'x'; LOGIN_BYTES];
    let about = About { level: None, person: Pseudonym::from_bytes([0; 16]) };
    let mut done = 0;
    while begun.elapsed() < FOR {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(next.fetch_add(1, Ordering::Relaxed).to_be_bytes()) {
            *to = from;
        }
        store.create_login(NOW, "smurtab", &login, about, &[OneShot { key, expires: NOW + 120 }]).ok()?;
        done += 1;
    }
    Some(done)
}
