//! What lasts: login handles and one-shots, in one embedded database file.
//!
//! A PSC token lives two minutes, an application session hours. The relying party keeps an opaque handle; the verified login is
//! here, sealed with a key that only the handle gives (`store/seal.rs`), so the file alone tells nothing about anyone. Creating a handle
//! and consuming the one-shots of its token are one durable transaction: of two simultaneous replays one wins, and neither wins
//! again after a crash. Those who come together share a transaction (`store/job.rs`). An unexpired one-shot is never evicted: when the
//! store is full, new logins are refused.
//!
//! A database that has failed once answers nothing any more, so after a full disk it is closed and opened again, once a second at most;
//! until then everybody is refused. It is opened, not made: a file that has vanished would have forgotten who logged in with what.
//!
//! All calls block on the disk; callers run them off the async runtime. The store reads no clock: `now` is Unix seconds. A clock that
//! goes back ends the logins that were used later than now, and refuses tokens whose one-shots may have been forgotten.

mod job;
mod list;
mod seal;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableError, TransactionError};

use crate::config::Level;
use crate::group::Group;
use crate::log::Pseudonym;
use crate::metrics::Metrics;
use crate::problem::Explain;
use job::{Job, LOGINS, NewLogin, ONE_SHOTS, Outcome, Which};
pub use list::{ListId, Listed, Listing, ParseListIdError};
pub use seal::Handle;

/// PSC's own single sign-on session ends after four hours (`psc-facts` 1.6).
pub const LONGEST_LOGIN_S: u64 = 4 * 3600;
/// And after thirty minutes without use.
pub const LONGEST_IDLE_S: u64 = 30 * 60;
/// Writing the last use down costs a disk write, so it may lag this much behind.
const USE_STEP_S: u64 = 60;
/// A clock that is set right by less than this went back unnoticed.
const CLOCK_STEP_S: u64 = 120;
/// A database that failed is opened again this much later at the earliest.
const REOPEN: Duration = Duration::from_secs(1);
/// Callers that may wait for one transaction; more would wait too long.
const MOST_WAITING: usize = 4096;

/// The database, shared by cloning.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Absent while it cannot be opened again.
    database: RwLock<Option<Database>>,
    /// Since when it is broken, and when it was last tried.
    broken: Mutex<Option<Instant>>,
    waiting: Group<Job, Result<u64, JobError>>,
    most: u64,
    metrics: Arc<Metrics>,
}

/// The outcome of a job in a form that can be handed to another thread.
#[derive(Clone, Copy)]
enum JobError {
    Replayed,
    ClockWentBack,
    Full,
    Store,
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
                "Check the directory and its rights, and that the disk has room. A damaged file may be moved away, which ends all logins it held; \
                 then wait three minutes before the next start, so that no token that it knew is accepted again."
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
    /// The record of its one-shots may have been forgotten already, so it cannot be known.
    #[error("the clock of this host went back")]
    ClockWentBack,
    /// As many handles and one-shots as `state.entries` allows.
    #[error("the state file holds as much as it may")]
    Full,
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

/// What the list of logins tells of one, beside its moments.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// PSC `acr`, when it is one of the table.
    pub level: Option<Level>,
    /// The person, masked.
    pub person: Pseudonym,
}

/// A login that was made.
pub struct CreatedLogin {
    /// For the relying party.
    pub handle: Handle,
    /// Its name in lists and logs.
    pub id: ListId,
    /// Unix seconds.
    pub expires: u64,
}

/// A login that was found, or not.
#[derive(Debug, PartialEq, Eq)]
pub enum FoundLogin {
    /// What was stored.
    Live(Vec<u8>),
    /// Four hours, or thirty minutes without use, have passed; or the clock went back.
    Expired,
    /// Never existed here, revoked, or another audience's.
    Unknown,
}

/// Which logins of an audience are to end.
#[derive(Debug, Clone, Copy)]
pub enum Revocation {
    /// This one.
    One(ListId),
    /// This one and every other of the same person.
    PersonOf(ListId),
    /// All.
    Audience,
}

impl Store {
    /// Opens or creates the file. It will hold no more than `most` handles and one-shots.
    ///
    /// # Errors
    /// It is in use, damaged, or may not be written.
    pub fn open(path: &Path, most: u64, metrics: &Arc<Metrics>) -> Result<Self, OpenStoreError> {
        let file = path.display().to_string();
        let unusable = |reason: String| OpenStoreError::Unusable { file: file.clone(), reason };
        // Handles are sealed; when somebody logged in and out is nobody else's business all the same.
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let opened = opened.map_err(|error| unusable(error.to_string()))?;
        let backend = FileBackend::new(opened);
        let database = backend.and_then(|backend| Database::builder().create_with_backend(backend));
        let database = database.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => OpenStoreError::InUse(file.clone()),
            other => unusable(other.to_string()),
        })?;
        job::make_tables(&database).map_err(|error| unusable(error.to_string()))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            database: RwLock::new(Some(database)),
            broken: Mutex::new(None),
            waiting: Group::new(MOST_WAITING),
            most,
            metrics: Arc::clone(metrics),
        })))
    }

    /// Consumes the one-shots and stores the login, both or neither.
    ///
    /// # Errors
    /// A one-shot was consumed before, there is no room, or the database failed; nothing is stored then.
    pub fn create_login(
        &self,
        now: u64,
        audience: &str,
        login: &[u8],
        about: About,
        one_shots: &[OneShot],
    ) -> Result<CreatedLogin, CreateLoginError> {
        let handle = Handle::make().map_err(|_| StoreError)?;
        let expires = now.saturating_add(LONGEST_LOGIN_S);
        let id = handle.id();
        let login = NewLogin {
            id,
            audience: audience.to_owned(),
            created: now,
            expires,
            level: list::level_number(about.level),
            person: *about.person.bytes(),
            sealed: handle.seal(audience, expires, login).map_err(|_| StoreError)?,
            one_shots: one_shots.iter().map(|one| (one.key, one.expires)).collect(),
        };
        self.run(Job::Create { now, login })?;
        Ok(CreatedLogin { handle, id, expires })
    }

    /// Finds a login and moves its last use.
    ///
    /// # Errors
    /// The database failed, or the record was altered.
    pub fn login(&self, now: u64, audience: &str, handle: &Handle) -> Result<FoundLogin, StoreError> {
        let (found, unmoved) = self.look(now, audience, handle)?;
        if let Some(id) = unmoved {
            self.run(Job::Touch { now, id }).map_err(|_| StoreError)?;
        }
        Ok(found)
    }

    /// The same for a thread that may not wait for the disk: nothing, when its last use is to be written down first, or the database to be
    /// mended.
    ///
    /// # Errors
    /// As [`Store::login`].
    pub fn login_at_once(&self, now: u64, audience: &str, handle: &Handle) -> Result<Option<FoundLogin>, StoreError> {
        if self.broken().is_some() {
            return Ok(None);
        }
        let (found, unmoved) = self.look(now, audience, handle)?;
        Ok(unmoved.is_none().then_some(found))
    }

    /// What there is, and whose last use is to be moved.
    fn look(&self, now: u64, audience: &str, handle: &Handle) -> Result<(FoundLogin, Option<ListId>), StoreError> {
        let id = handle.id();
        let found = self.read(|database| {
            let reading = database.begin_read()?;
            let logins = reading.open_table(LOGINS)?;
            let Some(record) = logins.get(id.bytes())? else { return Ok(None) };
            let (owner, _, expires, used, _, _, sealed) = record.value();
            Ok((owner == audience).then(|| (expires, used, sealed.to_vec())))
        })?;
        let Some((expires, used, sealed)) = found else { return Ok((FoundLogin::Unknown, None)) };
        let is_over = now >= expires || now >= used.saturating_add(LONGEST_IDLE_S);
        if is_over || now.saturating_add(CLOCK_STEP_S) < used {
            return Ok((FoundLogin::Expired, None));
        }
        let login = handle.open(audience, expires, sealed).map_err(|_| StoreError)?;
        Ok((FoundLogin::Live(login), (now > used.saturating_add(USE_STEP_S)).then_some(id)))
    }

    /// Forgets logins of an audience. Says how many there were.
    ///
    /// # Errors
    /// The database failed; the logins may still be valid.
    pub fn revoke(&self, audience: &str, revocation: Revocation) -> Result<u64, StoreError> {
        let which = match revocation {
            Revocation::One(id) => Which::One(id),
            Revocation::PersonOf(id) => Which::AllOfPersonOf(id),
            Revocation::Audience => Which::All,
        };
        self.run(Job::Revoke { audience: audience.to_owned(), which }).map_err(|_| StoreError)
    }

    /// The live logins of an audience, the newest first, no more than `most`.
    ///
    /// # Errors
    /// The database failed.
    pub fn list(&self, now: u64, audience: &str, most: usize) -> Result<Listing, StoreError> {
        self.read(|database| list::list(database, now, audience, most))
    }

    /// Removes what has expired. Nothing else ever leaves by itself.
    ///
    /// # Errors
    /// The database failed.
    pub fn sweep(&self, now: u64) -> Result<(), StoreError> {
        self.run(Job::Sweep { now }).map(|_| ()).map_err(|_| StoreError)
    }

    /// True when the database answers and its last write succeeded, for readiness. Tries to mend one that does not.
    pub fn is_ready(&self) -> bool {
        self.mend();
        self.broken().is_none() && self.read(|database| Ok(database.begin_read().map(|_| ())?)).is_ok()
    }

    /// One-shots and logins that it holds, for metrics.
    ///
    /// # Errors
    /// The database failed.
    pub fn held(&self) -> Result<(u64, u64), StoreError> {
        self.read(|database| {
            let reading = database.begin_read()?;
            Ok((reading.open_table(ONE_SHOTS)?.len()?, reading.open_table(LOGINS)?.len()?))
        })
    }

    /// Writes down what it holds; nothing while it does not answer.
    pub fn observe(&self) {
        if let Ok((one_shots, logins)) = self.held() {
            let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
            self.0.metrics.stored(count(one_shots), count(logins));
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.mend();
        let database = self.0.database.read().unwrap_or_else(PoisonError::into_inner);
        let outcome = database.as_ref().ok_or(StoreError).and_then(work);
        drop(database);
        if outcome.is_err() {
            self.note_failure();
        }
        outcome
    }

    fn run(&self, job: Job) -> Result<u64, CreateLoginError> {
        match self.0.waiting.run(job, |jobs| self.apply(&jobs)) {
            Ok(Ok(count)) => Ok(count),
            Ok(Err(JobError::Replayed)) => {
                self.0.metrics.replayed("login");
                Err(CreateLoginError::Replayed)
            }
            Ok(Err(JobError::ClockWentBack)) => Err(CreateLoginError::ClockWentBack),
            Ok(Err(JobError::Full)) => Err(CreateLoginError::Full),
            Ok(Err(JobError::Store)) | Err(_) => Err(CreateLoginError::Store(StoreError)),
        }
    }

    fn apply(&self, jobs: &[Job]) -> Vec<Result<u64, JobError>> {
        let outcomes = self.read(|database| job::apply(database, jobs, self.0.most));
        match outcomes {
            Ok(outcomes) => outcomes.into_iter().map(|outcome: Outcome| outcome.map_err(JobError::from)).collect(),
            Err(StoreError) => jobs.iter().map(|_| Err(JobError::Store)).collect(),
        }
    }

    fn broken(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_failure(&self) {
        self.0.metrics.store_failed();
        self.broken().get_or_insert_with(Instant::now);
    }

    /// Opens the database again when it has failed and some time has passed since the last try.
    fn mend(&self) {
        {
            let mut broken = self.broken();
            match *broken {
                Some(since) if since.elapsed() >= REOPEN => *broken = Some(Instant::now()),
                _ => return,
            }
        }
        let mut database = self.0.database.write().unwrap_or_else(PoisonError::into_inner);
        // Closed before it is opened again: the file has one owner.
        *database = None;
        let opened = Database::open(&self.0.path).map_err(|error| error.to_string());
        match opened.and_then(|opened| job::make_tables(&opened).map(|()| opened).map_err(|error| error.to_string())) {
            Ok(opened) => {
                tracing::warn!(code = "CFG-STATE", "the state file failed and was opened again");
                *database = Some(opened);
                *self.broken() = None;
            }
            Err(reason) => tracing::error!(code = "CFG-STATE", reason, "the state file cannot be opened again"),
        }
    }
}

impl From<CreateLoginError> for JobError {
    fn from(error: CreateLoginError) -> Self {
        match error {
            CreateLoginError::Replayed => Self::Replayed,
            CreateLoginError::ClockWentBack => Self::ClockWentBack,
            CreateLoginError::Full => Self::Full,
            CreateLoginError::Store(_) => Self::Store,
        }
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
mod tests;
