//! What lasts: login handles and one-shots, in one embedded database file.
//!
//! A PSC token lives two minutes, an application session hours. The relying party keeps an opaque handle; the verified login is
//! here, sealed with a key that only the handle gives (`store/seal.rs`), so the file alone tells nothing about anyone. Creating a handle
//! and consuming the one-shots of its token are one durable transaction: of two simultaneous replays one wins, and neither wins
//! again after a crash. An unexpired one-shot is never evicted.
//!
//! All calls block on the disk; callers run them off the async runtime. The store reads no clock: `now` is Unix seconds.

mod seal;

use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError, TransactionError};

use crate::digest::Digest;
use crate::problem::Explain;
pub use seal::Handle;

/// SHA-256 of the handle → audience, last moment, last idle moment, sealed login.
const LOGINS: TableDefinition<'_, &[u8; 32], (&str, u64, u64, &[u8])> = TableDefinition::new("logins-1");
/// Key from the verifier → last moment it matters.
const ONE_SHOTS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("one-shots-1");

/// PSC's own single sign-on session ends after four hours (`psc-facts` 1.6).
pub const LONGEST_LOGIN_S: u64 = 4 * 3600;
/// And after thirty minutes without use.
pub const LONGEST_IDLE_S: u64 = 30 * 60;
/// Writing the idle moment down costs a disk write, so it may lag this much behind.
const IDLE_STEP_S: u64 = 60;
/// A one-shot outlives its token by more than any clock skew that is allowed.
const ONE_SHOT_MARGIN_S: u64 = 120;

/// The database, shared by cloning.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
}

/// The state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    /// Another process has it.
    #[error("the state file {0} is in use by another process")]
    InUse(String),
    /// Anything else.
    #[error("the state file {file} cannot be opened ({reason})")]
    Unusable {
        /// As configured.
        file: String,
        /// What the database said.
        reason: String,
    },
}

impl Explain for OpenStoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::InUse(_) => "CFG-STATE-IN-USE",
            Self::Unusable { .. } => "CFG-STATE",
        }
    }

    fn help(&self) -> String {
        match self {
            Self::InUse(_) => "Stop the other vigie, or give this one a state.path of its own.".into(),
            Self::Unusable { .. } => {
                "Check the directory and its rights; a damaged file may be removed, which ends all logins it held."
                    .into()
            }
        }
    }
}

/// The database did not do its work. Whoever asked must be refused.
#[derive(Debug, thiserror::Error)]
#[error("the state file cannot be read or written")]
pub struct StoreError;

/// Why no handle was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateLoginError {
    /// A one-shot was consumed before.
    #[error("this token was used before")]
    Replayed,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What must be consumed with a login.
pub struct OneShot {
    /// From the verifier.
    pub key: [u8; 32],
    /// Unix seconds.
    pub expires: u64,
}

/// A login that was found, or not.
#[derive(Debug, PartialEq, Eq)]
pub enum FoundLogin {
    /// The text that was stored.
    Live(String),
    /// Four hours, or thirty minutes without use, have passed.
    Expired,
    /// Never existed here, revoked, or another audience's.
    Unknown,
}

impl Store {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// It is in use, damaged, or may not be written.
    pub fn open(path: &Path) -> Result<Self, OpenStoreError> {
        let file = path.display().to_string();
        let unusable = |reason: String| OpenStoreError::Unusable { file: file.clone(), reason };
        let database = Database::create(path).map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => OpenStoreError::InUse(file.clone()),
            other => unusable(other.to_string()),
        })?;
        let store = Self { database: Arc::new(database) };
        store.make_tables().map_err(|error| unusable(error.to_string()))?;
        Ok(store)
    }

    fn make_tables(&self) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(LOGINS)?;
        transaction.open_table(ONE_SHOTS)?;
        Ok(transaction.commit()?)
    }

    /// Consumes the one-shots and stores the login, both or neither. Returns the handle and its last moment.
    ///
    /// # Errors
    /// A one-shot was consumed before, or the database failed; nothing is stored then.
    pub fn create_login(
        &self,
        now: u64,
        audience: &str,
        login: &str,
        one_shots: &[OneShot],
    ) -> Result<(Handle, u64), CreateLoginError> {
        let handle = Handle::make().map_err(|_| StoreError)?;
        let expires = now.saturating_add(LONGEST_LOGIN_S);
        let sealed = handle.seal(audience, expires, login).map_err(|_| StoreError)?;
        let transaction = self.database.begin_write().map_err(StoreError::from)?;
        {
            let mut spent = transaction.open_table(ONE_SHOTS).map_err(StoreError::from)?;
            for one_shot in one_shots {
                let until = one_shot.expires.max(now).saturating_add(ONE_SHOT_MARGIN_S);
                // Dropping the transaction undoes what it did so far.
                if spent.insert(&one_shot.key, until).map_err(StoreError::from)?.is_some() {
                    return Err(CreateLoginError::Replayed);
                }
            }
            let mut logins = transaction.open_table(LOGINS).map_err(StoreError::from)?;
            let idle = now.saturating_add(LONGEST_IDLE_S);
            logins
                .insert(handle.id().bytes(), (audience, expires, idle, sealed.as_slice()))
                .map_err(StoreError::from)?;
        }
        transaction.commit().map_err(StoreError::from)?;
        Ok((handle, expires))
    }

    /// Finds a login and moves its idle moment.
    ///
    /// # Errors
    /// The database failed, or the record was altered.
    pub fn login(&self, now: u64, audience: &str, handle: &Handle) -> Result<FoundLogin, StoreError> {
        let id = handle.id();
        let reading = self.database.begin_read()?;
        let logins = reading.open_table(LOGINS)?;
        let Some(record) = logins.get(id.bytes())? else { return Ok(FoundLogin::Unknown) };
        let (owner, expires, idle, sealed) = record.value();
        if owner != audience {
            return Ok(FoundLogin::Unknown);
        }
        if now >= expires || now >= idle {
            return Ok(FoundLogin::Expired);
        }
        let login = handle.open(audience, expires, sealed).map_err(|_| StoreError)?;
        if now.saturating_add(LONGEST_IDLE_S) > idle.saturating_add(IDLE_STEP_S) {
            self.touch(now, &id)?;
        }
        Ok(FoundLogin::Live(login))
    }

    fn touch(&self, now: u64, id: &Digest) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        {
            let mut logins = transaction.open_table(LOGINS)?;
            let record = logins.get(id.bytes())?.map(|record| {
                let (owner, expires, _, sealed) = record.value();
                (owner.to_owned(), expires, sealed.to_vec())
            });
            // It may have been revoked meanwhile.
            if let Some((owner, expires, sealed)) = record {
                logins.insert(
                    id.bytes(),
                    (owner.as_str(), expires, now.saturating_add(LONGEST_IDLE_S), sealed.as_slice()),
                )?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Forgets a login. True when there was one.
    ///
    /// # Errors
    /// The database failed; the login may still be valid.
    pub fn revoke(&self, audience: &str, handle: &Handle) -> Result<bool, StoreError> {
        let id = handle.id();
        let transaction = self.database.begin_write()?;
        let removed = {
            let mut logins = transaction.open_table(LOGINS)?;
            let ours = logins.get(id.bytes())?.is_some_and(|record| record.value().0 == audience);
            ours && logins.remove(id.bytes())?.is_some()
        };
        transaction.commit()?;
        Ok(removed)
    }

    /// Removes what has expired. Nothing else ever leaves.
    ///
    /// # Errors
    /// The database failed.
    pub fn sweep(&self, now: u64) -> Result<(), StoreError> {
        let transaction = self.database.begin_write()?;
        transaction.open_table(LOGINS)?.retain(|_, (_, expires, idle, _)| now < expires && now < idle)?;
        transaction.open_table(ONE_SHOTS)?.retain(|_, until| now < until)?;
        Ok(transaction.commit()?)
    }

    /// True when the database answers, for readiness.
    pub fn is_ready(&self) -> bool {
        self.database.begin_read().is_ok()
    }
}

/// What exactly the database complained about goes to the operator's log, not to callers.
macro_rules! store_error_from {
    ($($error:ty),*) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                tracing::error!(code = "CFG-STATE", reason = %error, "the state file failed");
                Self
            }
        }
    )*};
}
store_error_from!(redb::StorageError, redb::CommitError, TransactionError, TableError);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn store() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("state.redb")).unwrap();
        (directory, store)
    }

    fn shot(byte: u8) -> Vec<OneShot> {
        vec![OneShot { key: [byte; 32], expires: NOW + 120 }]
    }

    #[test]
    fn a_login_is_found_by_its_audience_until_it_expires() {
        let (_directory, store) = store();
        let (handle, expires) = store.create_login(NOW, "smurtab", "{}", &shot(1)).unwrap();
        assert_eq!(expires, NOW + LONGEST_LOGIN_S);
        let found = |now, audience| store.login(now, audience, &handle).unwrap();
        assert_eq!(found(NOW, "smurtab"), FoundLogin::Live("{}".into()));
        assert_eq!(found(NOW, "sidep"), FoundLogin::Unknown);
        assert_eq!(found(NOW + LONGEST_IDLE_S, "smurtab"), FoundLogin::Expired);
        // Used every twenty minutes it lives its four hours and no longer.
        for step in 1..12 {
            assert_eq!(found(NOW + step * 1200, "smurtab"), FoundLogin::Live("{}".into()), "{step}");
        }
        assert_eq!(found(NOW + LONGEST_LOGIN_S, "smurtab"), FoundLogin::Expired);
    }

    #[test]
    fn a_one_shot_is_consumed_once_even_across_a_restart_and_a_sweep() {
        let (directory, store) = store();
        store.create_login(NOW, "smurtab", "{}", &shot(1)).unwrap();
        let again =
            |store: &Store| matches!(store.create_login(NOW, "sidep", "{}", &shot(1)), Err(CreateLoginError::Replayed));
        assert!(again(&store));
        store.sweep(NOW + 121).unwrap();
        assert!(again(&store), "a sweep must not evict within the margin");
        drop(store);
        let store = Store::open(&directory.path().join("state.redb")).unwrap();
        assert!(again(&store));
        store.create_login(NOW, "sidep", "{}", &shot(2)).unwrap();
    }

    #[test]
    fn a_replay_leaves_nothing_behind() {
        let (_directory, store) = store();
        store.create_login(NOW, "smurtab", "{}", &shot(1)).unwrap();
        let both = [shot(2), shot(1)].into_iter().flatten().collect::<Vec<_>>();
        assert!(store.create_login(NOW, "smurtab", "{}", &both).is_err());
        store.create_login(NOW, "smurtab", "{}", &shot(2)).unwrap();
    }

    #[test]
    fn of_simultaneous_replays_one_wins() {
        let (_directory, store) = store();
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> =
                (0..8).map(|_| scope.spawn(|| store.create_login(NOW, "a", "{}", &shot(7)).is_ok())).collect();
            tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!(won, 1);
    }

    #[test]
    fn a_revoked_login_is_unknown() {
        let (_directory, store) = store();
        let (handle, _) = store.create_login(NOW, "smurtab", "{}", &shot(1)).unwrap();
        assert!(!store.revoke("sidep", &handle).unwrap());
        assert!(store.revoke("smurtab", &handle).unwrap());
        assert!(!store.revoke("smurtab", &handle).unwrap());
        assert_eq!(store.login(NOW, "smurtab", &handle).unwrap(), FoundLogin::Unknown);
    }

    #[test]
    fn the_file_does_not_hold_the_login_in_clear() {
        let (directory, store) = store();
        let marker = "a-marker-that-stands-for-a-person";
        store.create_login(NOW, "smurtab", marker, &shot(1)).unwrap();
        drop(store);
        let bytes = std::fs::read(directory.path().join("state.redb")).unwrap();
        assert!(!bytes.windows(marker.len()).any(|window| window == marker.as_bytes()));
    }

    #[test]
    fn a_second_process_is_told_so() {
        let (directory, _store) = store();
        let error = Store::open(&directory.path().join("state.redb")).err().unwrap();
        assert_eq!(error.code(), "CFG-STATE-IN-USE");
    }
}
