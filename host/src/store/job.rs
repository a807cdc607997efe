//! What changes the database: jobs, done many at a time in one durable transaction.
//!
//! The jobs of a group do not depend on each other's success: one that is refused (a replay, a full store) leaves nothing behind and the
//! others go on. A database that fails, fails them all.

use redb::{Database, ReadableTable, ReadableTableMetadata, TableDefinition, TypeName, Value, WriteTransaction};

use super::{CreateLoginError, LONGEST_IDLE_S, ListId, StoreError};

/// What is kept of a login in clear: relying party, first and last moment, last use, level (0 for none), person under a keyed word.
pub(super) type Record<'a> = (&'a str, u64, u64, u64, u8, &'a [u8; 16], &'a [u8]);

/// [`Record`] as the table knows it. The name of a tuple is put together anew each time a table is opened, which takes longer than
/// finding the login.
#[derive(Debug)]
pub(super) struct Kept;

impl Value for Kept {
    type SelfType<'a> = Record<'a>;
    type AsBytes<'a> = <Record<'static> as Value>::AsBytes<'a>;

    fn fixed_width() -> Option<usize> {
        <Record<'static> as Value>::fixed_width()
    }

    fn from_bytes<'a>(data: &'a [u8]) -> Record<'a>
    where
        Self: 'a,
    {
        <Record<'static> as Value>::from_bytes(data)
    }

    fn as_bytes<'a, 'b: 'a>(record: &'a Record<'b>) -> Self::AsBytes<'a>
    where
        Self: 'b,
    {
        <Record<'static> as Value>::as_bytes(record)
    }

    fn type_name() -> TypeName {
        TypeName::new("vigie login 3")
    }
}

/// SHA-256 of the handle → [`Record`], the last member being the sealed login.
pub(super) const LOGINS: TableDefinition<'_, &[u8; 32], Kept> = TableDefinition::new("logins-3");
/// Key from the verifier → last moment it matters.
pub(super) const ONE_SHOTS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("one-shots-1");
/// Names and numbers.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta-1");
/// Up to which moment one-shots were forgotten.
const SWEPT_UNTIL: &str = "swept-until";
/// Logins before they could be listed, and before they were sealed in fewer bytes. Whoever held one logs in again.
const FORMER_LOGINS: [&str; 2] = ["logins-1", "logins-2"];

/// A one-shot outlives its token by more than any clock skew that is allowed.
pub(super) const ONE_SHOT_MARGIN_S: u64 = 120;

/// One change.
pub(super) enum Job {
    Create { now: u64, login: NewLogin },
    Touch { now: u64, id: ListId },
    Revoke { audience: String, which: Which },
    Sweep { now: u64 },
}

/// A login to be kept.
pub(super) struct NewLogin {
    pub(super) id: ListId,
    pub(super) audience: String,
    pub(super) created: u64,
    pub(super) expires: u64,
    pub(super) level: u8,
    pub(super) person: [u8; 16],
    pub(super) sealed: Vec<u8>,
    pub(super) one_shots: Vec<([u8; 32], u64)>,
}

/// Which logins of an audience end.
#[derive(Clone, Copy)]
pub(super) enum Which {
    One(ListId),
    AllOfPersonOf(ListId),
    All,
}

/// What a job did: how many logins it ended, where that is a question.
pub(super) type Outcome = Result<u64, CreateLoginError>;

pub(super) fn make_tables(database: &Database) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    transaction.open_table(LOGINS)?;
    transaction.open_table(ONE_SHOTS)?;
    transaction.open_table(META)?;
    for former in FORMER_LOGINS {
        // Whatever their type was: nothing is read from them.
        transaction.delete_table(TableDefinition::<(), ()>::new(former))?;
    }
    Ok(transaction.commit()?)
}

/// Does all jobs in one transaction; its disk wait is the only one.
pub(super) fn apply(database: &Database, jobs: &[Job], most: u64) -> Result<Vec<Outcome>, StoreError> {
    let transaction = database.begin_write()?;
    let mut outcomes = Vec::with_capacity(jobs.len());
    let mut changes = false;
    for job in jobs {
        let outcome = match apply_one(&transaction, job, most) {
            Err(CreateLoginError::Store(error)) => return Err(error),
            other => other,
        };
        changes |= outcome.as_ref().is_ok_and(|count| *count > 0);
        outcomes.push(outcome);
    }
    if changes {
        transaction.commit()?
    } else {
        transaction.abort()?
    }
    Ok(outcomes)
}

/// Says how many records changed.
fn apply_one(transaction: &WriteTransaction, job: &Job, most: u64) -> Outcome {
    match job {
        Job::Create { now, login } => create(transaction, *now, login, most),
        Job::Touch { now, id } => Ok(touch(transaction, *now, *id)?),
        Job::Revoke { audience, which } => Ok(revoke(transaction, audience, *which)?),
        Job::Sweep { now } => Ok(sweep(transaction, *now)?),
    }
}

fn create(transaction: &WriteTransaction, now: u64, login: &NewLogin, most: u64) -> Outcome {
    let mut spent = transaction.open_table(ONE_SHOTS).map_err(StoreError::from)?;
    let mut logins = transaction.open_table(LOGINS).map_err(StoreError::from)?;
    let swept_until = swept_until(transaction)?;
    // Everything is looked at before anything is written: a refused job must not spoil the others' transaction.
    for (key, expires) in &login.one_shots {
        if spent.get(key).map_err(StoreError::from)?.is_some() {
            return Err(CreateLoginError::Replayed);
        }
        // A record of it may have been there and gone: then it is the clock that went back, and nobody can say whether it was used.
        if expires.saturating_add(ONE_SHOT_MARGIN_S) <= swept_until.max(now) {
            return Err(CreateLoginError::ClockWentBack);
        }
    }
    let held = spent.len().map_err(StoreError::from)? + logins.len().map_err(StoreError::from)?;
    if held.saturating_add(1 + login.one_shots.len() as u64) > most {
        return Err(CreateLoginError::Full);
    }
    for (key, expires) in &login.one_shots {
        spent.insert(key, expires.saturating_add(ONE_SHOT_MARGIN_S)).map_err(StoreError::from)?;
    }
    let record: Record<'_> = (
        &login.audience,
        login.created,
        login.expires,
        login.created,
        login.level,
        &login.person,
        login.sealed.as_slice(),
    );
    logins.insert(login.id.bytes(), record).map_err(StoreError::from)?;
    Ok(1)
}

fn swept_until(transaction: &WriteTransaction) -> Result<u64, StoreError> {
    Ok(transaction.open_table(META)?.get(SWEPT_UNTIL)?.map_or(0, |until| until.value()))
}

fn touch(transaction: &WriteTransaction, now: u64, id: ListId) -> Result<u64, StoreError> {
    let mut logins = transaction.open_table(LOGINS)?;
    // It may have been revoked meanwhile, and another may have touched it later.
    let Some(mut kept) = logins.get_mut(id.bytes())? else { return Ok(0) };
    let (audience, created, expires, used, level, person, sealed) = kept.value();
    if used >= now {
        return Ok(0);
    }
    let (audience, person, sealed) = (audience.to_owned(), *person, sealed.to_vec());
    kept.insert((audience.as_str(), created, expires, now, level, &person, sealed.as_slice()))?;
    Ok(1)
}

fn revoke(transaction: &WriteTransaction, audience: &str, which: Which) -> Result<u64, StoreError> {
    let mut logins = transaction.open_table(LOGINS)?;
    let person_of = |id: ListId| -> Result<Option<[u8; 16]>, StoreError> {
        let kept = logins.get(id.bytes())?;
        let kept = kept.as_ref().map(redb::AccessGuard::value).filter(|record| record.0 == audience);
        Ok(kept.map(|record| *record.5))
    };
    match which {
        Which::One(id) => {
            let ours = person_of(id)?.is_some();
            Ok(u64::from(ours && logins.remove(id.bytes())?.is_some()))
        }
        Which::AllOfPersonOf(id) => match person_of(id)? {
            Some(person) => remove_where(&mut logins, |record| record.0 == audience && *record.5 == person),
            None => Ok(0),
        },
        Which::All => remove_where(&mut logins, |record| record.0 == audience),
    }
}

type Logins<'t> = redb::Table<'t, &'static [u8; 32], Kept>;

fn remove_where(logins: &mut Logins<'_>, goes: impl Fn(Record<'_>) -> bool) -> Result<u64, StoreError> {
    let before = logins.len()?;
    logins.retain(|_, record| !goes(record))?;
    Ok(before.saturating_sub(logins.len()?))
}

/// Removes what has expired. Nothing else ever leaves by itself.
fn sweep(transaction: &WriteTransaction, now: u64) -> Result<u64, StoreError> {
    let mut logins = transaction.open_table(LOGINS)?;
    let ended = remove_where(&mut logins, |(_, _, expires, used, ..)| {
        now >= expires || now >= used.saturating_add(LONGEST_IDLE_S)
    })?;
    let mut spent = transaction.open_table(ONE_SHOTS)?;
    let before = spent.len()?;
    spent.retain(|_, until| now < until)?;
    let forgotten = before.saturating_sub(spent.len()?);
    if forgotten > 0 {
        let until = swept_until(transaction)?.max(now);
        transaction.open_table(META)?.insert(SWEPT_UNTIL, until)?;
    }
    Ok(ended.saturating_add(forgotten))
}
