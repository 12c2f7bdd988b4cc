//! SQLite: one file, one process that writes, any number that read beside it.

mod bring_up;
mod checkup;
mod claim;
mod commit;
mod coupon;
mod decode;
mod documents;
mod erase;
mod export;
mod forget;
mod forget_history;
mod history;
mod lock;
mod people;
mod report;
mod taken;
#[cfg(test)]
mod tests;
mod transaction;
mod work;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::stock::Coded;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

pub use bring_up::BroughtUp;

use crate::{
    AnchorRange, Audited, Batch, By, Checkup, CodeRow, EnrollmentRow, Entry, Error, Export,
    GivenUp, InOutbox, Inside, Kept, Letter, LogPage, LogPlace, Old, OutboxState, Outgoing,
    PoolLevel, PoolSums, Pulse, Queue, Rejected, Reply, Seen, Share, Sought, Store, Stored, Sums,
    Tables, TablesAt, Taken, Totals, Turn, Waiting, Walked, Worker,
};

/// How many read at the same time.
const READERS: u32 = 4;
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 200;
/// How long a reader waits for a file that is being checkpointed.
const BUSY: Duration = Duration::from_secs(5);
/// Pages of the cache of the writing connection, in KiB when negative, as SQLite writes it.
const CACHE: &str = "-65536";
/// Bytes of a page of a new store: most pages that a commit writes hold several rows that changed, and larger ones are fewer.
const PAGE: u32 = 8_192;
/// Pages of the log before it is written back: one that changes often is written back once for many commits.
const CHECKPOINT: &str = "20000";
/// The mark under which the number of the latest event stands.
pub(super) const EVENT_NUMBER: &str = "store/event";

/// The latest numbers given.
#[derive(Debug, Default)]
struct Numbers {
    /// Of an event in the history.
    event: AtomicI64,
    /// Of an entry of the log.
    entry: AtomicI64,
}

/// A store in one SQLite file.
pub struct Sqlite {
    read: SqlitePool,
    write: Option<SqlitePool>,
    numbers: Arc<Numbers>,
    path: PathBuf,
    brought_up: Option<BroughtUp>,
    /// Held as long as the store is open to write.
    _lock: Option<File>,
}

impl Sqlite {
    /// Opens the store at a path to write, and makes it if there is none.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process writes to it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        Self::open_as(path, &Tables::sqlite()).await
    }

    /// As [`Sqlite::open`], where these are the tables that are known. Those that lack a change have it afterwards, and a copy from
    /// before stands beside them: see [`Sqlite::brought_up`].
    ///
    /// # Errors
    /// [`Error::NoCopy`] when there can be none, [`Error::Change`] when a change is refused: all is as before then. [`Error::Newer`] when the
    /// tables have had a change more.
    pub async fn open_as(path: &Path, tables: &Tables) -> Result<Self, Error> {
        let lock = lock::take(path)?;
        let options = options(path)
            .create_if_missing(true)
            .page_size(PAGE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT);
        // One connection writes; it is never given up, since nothing else may write in between.
        let write = pool(1).connect_with(options).await?;
        let brought_up = bring_up::bring_up(&mut *write.acquire().await?, path, tables).await?;
        let read = pool(READERS)
            .connect_with(self::options(path).pragma("query_only", "ON"))
            .await?;
        let store = Self {
            read,
            write: Some(write),
            numbers: Arc::default(),
            path: path.to_owned(),
            brought_up,
            _lock: Some(lock),
        };
        let number = store.marks(EVENT_NUMBER).await?;
        let number = number
            .first()
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        store.numbers.event.store(number, Ordering::Relaxed);
        let last = history::last(&store.read).await?;
        store.numbers.entry.store(last, Ordering::Relaxed);
        Ok(store)
    }

    /// What was done to the tables when the store was opened, if anything was missing.
    pub fn brought_up(&self) -> Option<&BroughtUp> {
        self.brought_up.as_ref()
    }

    /// How far the tables at a path are; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Missing`] when there are none, [`Error::Newer`] when a newer Kurant has changed them.
    pub async fn tables(path: &Path, tables: &Tables) -> Result<TablesAt, Error> {
        let pool = to_read(path, 1).await?;
        let at = bring_up::at(&mut *pool.acquire().await?, tables).await;
        pool.close().await;
        at
    }

    /// Opens the store at a path to read, beside a process that may write to it.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none.
    pub async fn open_to_read(path: &Path) -> Result<Self, Error> {
        Self::open_beside_writers(path, false).await
    }

    async fn open_beside_writers(path: &Path, to_write: bool) -> Result<Self, Error> {
        let read = to_read(path, READERS).await?;
        bring_up::look_at(&read, &Tables::sqlite(), to_write).await?;
        Ok(Self {
            read,
            write: None,
            numbers: Arc::default(),
            path: path.to_owned(),
            brought_up: None,
            _lock: None,
        })
    }

    /// Opens the store at a path to leave marks or to settle what was given up, beside a process that may work on it: writers
    /// wait for each other. Only hand-overs, dead letters, imported codes and marks may be in what it commits, since the other one numbers all
    /// else, and keeps customers at hand.
    ///
    /// # Errors
    /// [`Error::Missing`] when there is none.
    pub async fn open_beside(path: &Path) -> Result<Self, Error> {
        let store = Self::open_beside_writers(path, true).await?;
        let options = options(path).synchronous(SqliteSynchronous::Full);
        let write = pool(1).connect_with(options).await?;
        Ok(Self {
            write: Some(write),
            ..store
        })
    }

    /// Closes all connections and gives up the lock.
    pub async fn close(self) {
        self.read.close().await;
        if let Some(write) = &self.write {
            write.close().await;
        }
    }

    fn writer(&self) -> Result<SqlitePool, Error> {
        self.write.clone().ok_or(Error::ReadOnly)
    }
}

/// Connections that only read what is there.
async fn to_read(path: &Path, connections: u32) -> Result<SqlitePool, Error> {
    if !path.exists() {
        return Err(Error::Missing {
            path: path.display().to_string(),
        });
    }
    let options = options(path).pragma("query_only", "ON");
    Ok(pool(connections).connect_with(options).await?)
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .statement_cache_capacity(STATEMENTS)
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

impl Store for Sqlite {
    fn load<'s>(&'s self, ids: &'s [CustomerId], kept: &'s [Kept]) -> Reply<'s, Vec<Stored>> {
        Box::pin(people::load(&self.read, ids, kept))
    }

    fn seen<'s>(&'s self, identities: &'s [Key]) -> Reply<'s, Vec<Seen>> {
        Box::pin(people::seen(&self.read, identities))
    }

    fn in_history<'s>(&'s self, events: &'s [Arc<Event>]) -> Reply<'s, Vec<Key>> {
        Box::pin(people::in_history(&self.read, events))
    }

    fn forget(&self, old: Old, before: Instant, limit: usize) -> Reply<'_, u64> {
        Box::pin(async move {
            let writer = self.writer()?;
            let work = async move { forget::forget(&writer, old, before, limit).await };
            let task = tokio::spawn(work);
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn forget_history<'s>(
        &'s self,
        before: Instant,
        kept: &'s [Kept],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Walked> {
        let (read, kept, after) = (self.read.clone(), kept.to_vec(), after.map(str::to_owned));
        Box::pin(async move {
            let write = self.writer()?;
            let task = tokio::spawn(async move {
                let after = after.as_deref();
                forget_history::forget_history(&read, &write, before, &kept, after, limit).await
            });
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn commit_in_turn(&self, batch: Batch, turn: Turn) -> Reply<'_, ()> {
        Box::pin(async move {
            let (writer, number) = (self.writer()?, self.numbers.clone());
            let commit = async move { commit::commit(&writer, &number, batch, turn).await };
            // In a task of its own: whoever waits for it may give up, the transaction doesn't.
            let task = tokio::spawn(commit);
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn due(
        &self,
        upto: Instant,
        limit: usize,
        share: Share,
    ) -> Reply<'_, Vec<(Instant, CustomerId)>> {
        Box::pin(work::due(&self.read, upto, limit, share))
    }

    fn next_wake(&self, share: Share) -> Reply<'_, Option<Instant>> {
        Box::pin(async move {
            if share.of <= 1 {
                return work::next_wake(&self.read).await;
            }
            let first = work::due(&self.read, Instant::MAX, 1, share).await?;
            Ok(first.first().map(|(wake, _)| *wake))
        })
    }

    fn zones<'s>(&'s self, attribute: &'s str, by: By) -> Reply<'s, Vec<String>> {
        Box::pin(work::zones(&self.read, attribute, by))
    }

    fn anchored<'s>(
        &'s self,
        attribute: &'s str,
        by: By,
        ranges: &'s [AnchorRange],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<(CustomerId, Instant)>> {
        Box::pin(work::anchored(
            &self.read, attribute, by, ranges, after, limit,
        ))
    }

    fn customers<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::customers(&self.read, after, limit))
    }

    fn members<'s>(
        &'s self,
        journey: Option<&'s str>,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::members(&self.read, journey, after, limit))
    }

    fn turned_away<'s>(
        &'s self,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::turned_away(&self.read, after, limit))
    }

    fn outbox(&self, state: OutboxState, upto: Instant, limit: usize) -> Reply<'_, Vec<Outgoing>> {
        Box::pin(work::outbox(&self.read, state, upto, limit))
    }

    fn routes_waiting(&self, now: Instant) -> Reply<'_, Vec<String>> {
        Box::pin(claim::routes_waiting(&self.read, now))
    }

    fn reclaim<'s>(
        &'s self,
        route: &'s str,
        now: Instant,
        lease: Instant,
        limit: usize,
    ) -> Reply<'s, Vec<Outgoing>> {
        let route = route.to_owned();
        Box::pin(async move {
            let writer = self.writer()?;
            let claiming = async move { claim::reclaim(&writer, &route, now, lease, limit).await };
            let task = tokio::spawn(claiming);
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn retried(&self, limit: usize) -> Reply<'_, Vec<Queue>> {
        Box::pin(claim::retried(&self.read, limit))
    }

    fn given_up(&self, after: i64, limit: usize) -> Reply<'_, Vec<GivenUp>> {
        Box::pin(report::given_up(&self.read, after, limit))
    }

    fn in_outbox<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<InOutbox>> {
        Box::pin(report::in_outbox(&self.read, keys))
    }

    fn commands<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<Outgoing>> {
        Box::pin(taken::commands(&self.read, keys))
    }

    fn taken<'s>(&'s self, route: &'s str, names: &'s [String]) -> Reply<'s, Vec<Taken>> {
        Box::pin(taken::by_name(&self.read, route, names))
    }

    fn outbox_of<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<InOutbox>> {
        Box::pin(report::outbox_of(&self.read, customer))
    }

    fn letters_after(&self, after: i64, limit: usize) -> Reply<'_, Vec<Letter>> {
        Box::pin(report::letters_after(&self.read, after, limit))
    }

    fn lease<'s>(
        &'s self,
        name: &'s str,
        worker: &'s str,
        now: Instant,
        until: Instant,
    ) -> Reply<'s, bool> {
        let (name, worker) = (name.to_owned(), worker.to_owned());
        Box::pin(async move {
            let writer = self.writer()?;
            let task =
                tokio::spawn(async move { claim::lease(&writer, name, worker, now, until).await });
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn marks<'s>(&'s self, prefix: &'s str) -> Reply<'s, Vec<(String, String)>> {
        Box::pin(work::marks(&self.read, prefix))
    }

    fn publish<'s>(&'s self, definitions: &'s Definitions, at: Instant) -> Reply<'s, ()> {
        Box::pin(async move { commit::publish(&self.writer()?, definitions, at).await })
    }

    fn definitions(&self) -> Reply<'_, Option<Definitions>> {
        Box::pin(report::definitions(&self.read))
    }

    fn pinned(&self) -> Reply<'_, Vec<Version>> {
        Box::pin(report::pinned(&self.read))
    }

    fn latest<'s>(&'s self, customer: &'s str, limit: usize) -> Reply<'s, Vec<Entry>> {
        Box::pin(history::latest(&self.read, customer, limit))
    }

    fn log<'s>(
        &'s self,
        customer: Option<&'s str>,
        after: LogPlace,
        settled: Instant,
        limit: usize,
    ) -> Reply<'s, LogPage> {
        Box::pin(history::log(&self.read, customer, after, settled, limit))
    }

    fn log_place(&self, at: Instant) -> Reply<'_, LogPlace> {
        Box::pin(history::place(&self.read, at))
    }

    fn done(&self, after: LogPlace) -> Reply<'_, u64> {
        Box::pin(history::done(&self.read, after))
    }

    fn workers(&self) -> Reply<'_, Vec<Worker>> {
        let at_work = lock::holder(&self.path);
        Box::pin(std::future::ready(Ok(at_work.into_iter().collect())))
    }

    fn enrollments<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<EnrollmentRow>> {
        Box::pin(report::enrollments(&self.read, customer))
    }

    fn export<'s>(&'s self, customer: &'s str) -> Reply<'s, Export> {
        Box::pin(export::export(&self.read, customer))
    }

    fn codes<'s>(
        &'s self,
        pool: &'s str,
        from: Instant,
        share: Share,
        limit: usize,
    ) -> Reply<'s, Vec<Coded>> {
        Box::pin(coupon::left(&self.read, pool, from, share, limit))
    }

    fn codes_found<'s>(&'s self, sought: Sought<'s>, limit: usize) -> Reply<'s, Vec<CodeRow>> {
        Box::pin(coupon::found(&self.read, sought, limit))
    }

    fn pool_sums(&self, now: Instant, since: Instant) -> Reply<'_, Vec<PoolSums>> {
        Box::pin(coupon::sums(&self.read, now, since))
    }

    fn pool_level<'s>(
        &'s self,
        pool: &'s str,
        now: Instant,
        since: Instant,
    ) -> Reply<'s, PoolLevel> {
        Box::pin(coupon::level(&self.read, pool, now, since))
    }

    fn put_codes_aside<'s>(&'s self, pool: &'s str, at: Instant, limit: usize) -> Reply<'s, u64> {
        let name = pool.to_owned();
        Box::pin(async move {
            let writer = self.writer()?;
            let work = async move { coupon::put_aside(&writer, name, at, limit).await };
            let task = tokio::spawn(work);
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn withdraw_codes<'s>(&'s self, pool: &'s str, limit: usize) -> Reply<'s, u64> {
        let name = pool.to_owned();
        Box::pin(async move {
            let writer = self.writer()?;
            let work = async move { coupon::withdraw(&writer, name, limit).await };
            let task = tokio::spawn(work);
            task.await.map_err(|error| Error::Task(error.to_string()))?
        })
    }

    fn inside(&self) -> Reply<'_, Vec<Inside>> {
        Box::pin(report::inside(&self.read))
    }

    fn waiting(&self) -> Reply<'_, Vec<Waiting>> {
        Box::pin(report::waiting(&self.read))
    }

    fn rejected<'s>(&'s self, origin: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Rejected>> {
        Box::pin(report::rejected(&self.read, origin, limit))
    }

    fn letters(&self) -> Reply<'_, u64> {
        Box::pin(report::letters(&self.read))
    }

    fn totals(&self) -> Reply<'_, Totals> {
        Box::pin(report::totals(&self.read))
    }

    fn pulse(&self, now: Instant) -> Reply<'_, Pulse> {
        Box::pin(checkup::pulse(&self.read, now))
    }

    fn checkup(&self, _now: Instant, whole: bool) -> Reply<'_, Checkup> {
        Box::pin(checkup::checkup(&self.read, whole))
    }

    fn sums(&self, with_log: bool) -> Reply<'_, Sums> {
        Box::pin(checkup::sums(&self.read, with_log))
    }

    fn audit<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Audited>> {
        Box::pin(checkup::audit(&self.read, after, limit))
    }
}
