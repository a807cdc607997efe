//! The store beside a moved clock: found, listed, consumed once, never evicted, refused when full.

use super::*;

const NOW: u64 = 1_700_000_000;

fn open(directory: &tempfile::TempDir, most: u64) -> Store {
    Store::open(&directory.path().join("state.redb"), most, &Arc::new(Metrics::new("sha256:00"))).unwrap()
}

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory, 1000);
    (directory, store)
}

fn about(person: u8) -> About {
    About { level: Some(Level::Eidas2), person: Pseudonym::from_bytes([person; 16]) }
}

fn shot(byte: u8) -> Vec<OneShot> {
    vec![OneShot { key: [byte; 32], expires: NOW + 120 }]
}

fn create_at(store: &Store, now: u64, audience: &str, shots: &[OneShot]) -> Result<CreatedLogin, CreateLoginError> {
    store.create_login(now, audience, b"{}", about(1), shots)
}

fn create(store: &Store, audience: &str, shots: &[OneShot]) -> Result<CreatedLogin, CreateLoginError> {
    create_at(store, NOW, audience, shots)
}

#[test]
fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let (directory, _store) = store();
    let permissions = std::fs::metadata(directory.path().join("state.redb")).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
}

#[test]
fn a_login_is_found_by_its_audience_until_it_expires() {
    let (_directory, store) = store();
    let login = create(&store, "smurtab", &shot(1)).unwrap();
    assert_eq!(login.expires, NOW + LONGEST_LOGIN_S);
    let found = |now, audience| store.login(now, audience, &login.handle).unwrap();
    assert_eq!(found(NOW, "smurtab"), FoundLogin::Live(b"{}".into()));
    assert_eq!(found(NOW, "sidep"), FoundLogin::Unknown);
    assert_eq!(found(NOW + LONGEST_IDLE_S, "smurtab"), FoundLogin::Expired);
    // Used every twenty minutes it lives its four hours and no longer.
    for step in 1..12 {
        assert_eq!(found(NOW + step * 1200, "smurtab"), FoundLogin::Live(b"{}".into()), "{step}");
    }
    assert_eq!(found(NOW + LONGEST_LOGIN_S, "smurtab"), FoundLogin::Expired);
}

#[test]
fn a_one_shot_is_consumed_once_even_across_a_restart_and_a_sweep() {
    let (directory, store) = store();
    create(&store, "smurtab", &shot(1)).unwrap();
    let again = |store: &Store| matches!(create(store, "sidep", &shot(1)), Err(CreateLoginError::Replayed));
    assert!(again(&store));
    store.sweep(NOW + 121).unwrap();
    assert!(again(&store), "a sweep must not evict within the margin");
    drop(store);
    let store = open(&directory, 1000);
    assert!(again(&store));
    create(&store, "sidep", &shot(2)).unwrap();
}

#[test]
fn a_clock_that_jumps_ahead_and_back_lets_no_token_in_twice() {
    let (directory, store) = store();
    let login = create(&store, "smurtab", &shot(1)).unwrap();
    // A day ahead everything here has expired and is swept.
    store.sweep(NOW + 86_400).unwrap();
    assert_eq!(store.held().unwrap().0, 0);
    let refused = |store: &Store, byte| matches!(create(store, "a", &shot(byte)), Err(CreateLoginError::ClockWentBack));
    assert!(refused(&store, 1), "what was forgotten must not count as new");
    assert!(refused(&store, 2), "nor can it be told from what was never there");
    drop(store);
    let store = open(&directory, 1000);
    assert!(refused(&store, 1), "nor after a restart");
    assert_eq!(store.login(NOW, "smurtab", &login.handle).unwrap(), FoundLogin::Unknown);
    let later = [OneShot { key: [3; 32], expires: NOW + 86_400 + 120 }];
    create_at(&store, NOW + 86_400, "a", &later).unwrap();
}

#[test]
fn a_clock_that_goes_back_ends_what_was_used_later_than_now() {
    let (_directory, store) = store();
    let login = create(&store, "smurtab", &shot(1)).unwrap();
    let found = |now| store.login(now, "smurtab", &login.handle).unwrap();
    assert_eq!(found(NOW - 60), FoundLogin::Live(b"{}".into()), "a clock may be set right");
    assert_eq!(found(NOW - 3600), FoundLogin::Expired);
    assert!(matches!(create_at(&store, NOW + 241, "a", &shot(2)), Err(CreateLoginError::ClockWentBack)), "long over");
}

#[test]
fn a_replay_leaves_nothing_behind() {
    let (_directory, store) = store();
    create(&store, "smurtab", &shot(1)).unwrap();
    let both = [shot(2), shot(1)].into_iter().flatten().collect::<Vec<_>>();
    assert!(create(&store, "smurtab", &both).is_err());
    create(&store, "smurtab", &shot(2)).unwrap();
    assert_eq!(store.held().unwrap(), (2, 2));
    store.observe();
    let text = store.0.metrics.text();
    for line in ["vigie_replay_entries 2", "vigie_replay_rejections_total{kind=\"login\"} 1"] {
        assert!(text.contains(line), "{line} is not in: {text}");
    }
}

#[test]
fn of_simultaneous_replays_one_wins() {
    let (_directory, store) = store();
    let won: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| create(&store, "a", &shot(7)).is_ok())).collect();
        tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_full_store_refuses_and_evicts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory, 4);
    let first = create(&store, "a", &shot(1)).unwrap();
    create(&store, "a", &shot(2)).unwrap();
    assert!(matches!(create(&store, "a", &shot(3)), Err(CreateLoginError::Full)));
    store.sweep(NOW + 1).unwrap();
    assert!(matches!(create(&store, "a", &shot(1)), Err(CreateLoginError::Replayed)), "it is still known");
    assert_eq!(store.login(NOW, "a", &first.handle).unwrap(), FoundLogin::Live(b"{}".into()));
    // Place comes from expiry only.
    store.sweep(NOW + 240).unwrap();
    create_at(&store, NOW + 240, "a", &[OneShot { key: [3; 32], expires: NOW + 360 }]).unwrap();
}

#[test]
fn jobs_of_one_transaction_do_not_spoil_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory, 6);
    let id = |byte: u8| ListId::from_bytes([byte; 32]);
    let new = |byte: u8, shot: u8| {
        let (level, one_shots) = (list::level_number(None), vec![([shot; 32], NOW + 120)]);
        let (created, expires, sealed) = (NOW, NOW + LONGEST_LOGIN_S, vec![byte]);
        let login = NewLogin {
            id: id(byte),
            audience: "a".into(),
            created,
            expires,
            level,
            person: [1; 16],
            sealed,
            one_shots,
        };
        Job::Create { now: NOW, login }
    };
    let end = |byte: u8| Job::Revoke { audience: "a".into(), which: Which::One(id(byte)) };
    let outcomes = store.apply(&[new(1, 1), new(2, 1), new(3, 2), end(3), new(4, 3), new(5, 4), end(2), new(6, 3)]);
    let said: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(count) => Ok(count),
            Err(JobError::Replayed) => Err("replayed"),
            Err(JobError::Full) => Err("full"),
            Err(JobError::ClockWentBack | JobError::Store) => Err("other"),
        })
        .collect();
    let (replayed, full) = (Err("replayed"), Err("full"));
    assert_eq!(said, [Ok(1), replayed, Ok(1), Ok(1), Ok(1), full, Ok(0), replayed], "each as if it had been alone");
    drop(store);
    assert_eq!(open(&directory, 6).held().unwrap(), (3, 2), "what was done is on the disk, and nothing else");
    // Nothing of a transaction in which nothing changed.
    let store = open(&directory, 6);
    assert_eq!(store.apply(&[end(9), end(8)]).into_iter().filter_map(Result::ok).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn logins_end_one_by_one_by_person_and_by_audience() {
    let (_directory, store) = store();
    let make = |audience: &str, person, byte| {
        store.create_login(NOW + u64::from(byte), audience, b"{}", about(person), &shot(byte)).unwrap()
    };
    let (one, two, other) = (make("smurtab", 1, 1), make("smurtab", 1, 2), make("smurtab", 2, 3));
    let elsewhere = make("sidep", 1, 4);
    let listed = |audience: &str| {
        let listing = store.list(NOW + 9, audience, 10).unwrap();
        listing.logins.into_iter().map(|login| login.id).collect::<Vec<_>>()
    };
    assert_eq!(listed("smurtab"), [other.id, two.id, one.id], "the newest first");
    let newest = store.list(NOW + 9, "smurtab", 1).unwrap();
    assert_eq!((newest.logins.len(), newest.not_shown), (1, 2));
    assert_eq!(newest.logins[0].level, Some(Level::Eidas2));
    assert_eq!(newest.logins[0].person, Pseudonym::from_bytes([2; 16]));

    assert_eq!(store.revoke("sidep", Revocation::One(one.id)).unwrap(), 0, "another's login");
    assert_eq!(store.revoke("sidep", Revocation::PersonOf(one.id)).unwrap(), 0);
    assert_eq!(store.revoke("smurtab", Revocation::PersonOf(one.id)).unwrap(), 2);
    assert_eq!((listed("smurtab"), listed("sidep")), (vec![other.id], vec![elsewhere.id]));
    assert_eq!(store.login(NOW, "smurtab", &two.handle).unwrap(), FoundLogin::Unknown);
    assert_eq!(store.revoke("smurtab", Revocation::Audience).unwrap(), 1);
    assert_eq!(store.revoke("sidep", Revocation::One(elsewhere.id)).unwrap(), 1);
    assert_eq!(store.revoke("sidep", Revocation::One(elsewhere.id)).unwrap(), 0);
    assert_eq!(ListId::parse(&one.id.to_string()), Ok(one.id));
    assert_eq!(ListId::parse(&one.handle.disclose()), Err(ParseListIdError));
}

#[test]
fn the_file_does_not_hold_the_login_in_clear() {
    let (directory, store) = store();
    let marker = "a-marker-that-stands-for-a-person";
    store.create_login(NOW, "smurtab", marker.as_bytes(), about(1), &shot(1)).unwrap();
    drop(store);
    let bytes = std::fs::read(directory.path().join("state.redb")).unwrap();
    assert!(!bytes.windows(marker.len()).any(|window| window == marker.as_bytes()));
}

#[test]
fn a_second_process_is_told_so() {
    let (directory, _store) = store();
    let error =
        Store::open(&directory.path().join("state.redb"), 1000, &Arc::new(Metrics::new("sha256:00"))).err().unwrap();
    assert_eq!(error.code(), "CFG-STATE-IN-USE");
}
