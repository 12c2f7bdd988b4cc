//! PostgreSQL: one database, any number of equal workers.
//!
//! A customer is written only over the revision that was read; see `docs/decisions/0011-revisions.md`.

mod checkup;
mod claim;
mod commit;
mod connect;
mod coupon;
mod decode;
mod erase;
mod export;
mod forget;
mod forget_history;
mod history;
mod people;
mod report;
mod taken;
mod transaction;
mod work;

use std::future::Future;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::stock::Coded;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::Mutex;

use crate::{
    AnchorRange, Audited, Batch, By, Checkup, CodeRow, Crew, EnrollmentRow, Entry, Error, Export,
    GivenUp, InOutbox, Inside, Kept, Letter, LogPage, LogPlace, Old, OutboxState, Outgoing,
    PoolLevel, PoolSums, Pulse, Queue, Rejected, Reply, Seen, Share, Sought, Store, Stored, Sums,
    Tables, TablesAt, Taken, Totals, Turn, Waiting, Walked, Word, Worker,
};

/// Whether a server may be used that could lose what it has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It may not.
    Required,
    /// It may: losing events is no harm.
    Waived,
}

/// A store in a PostgreSQL database.
pub struct Postgres {
    pool: PgPool,
    to_write: bool,
    /// The session whose lock says that this process works on the database; it ends with the process, however that ends.
    presence: Option<Mutex<PgConnection>>,
    is_shared: bool,
}

impl Postgres {
    /// Opens the store at a URL (`postgres://USER:PASSWORD@HOST/DATABASE`) to write, and makes its tables if there are none.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when nobody answers there, [`Error::Unsuitable`] when the server is too old, a standby, or set
    /// so that it may lose what it has committed. No error holds the password.
    pub async fn open(url: &str, durability: Durability) -> Result<Self, Error> {
        Self::open_as(url, durability, &Tables::postgres()).await
    }

    /// As [`Postgres::open`], where these are the tables that are known.
    ///
    /// # Errors
    /// [`Error::Older`] when there are tables that lack a change: [`Postgres::migrate`] makes it. [`Error::Newer`] when they have had one
    /// more.
    pub async fn open_as(
        url: &str,
        durability: Durability,
        tables: &Tables,
    ) -> Result<Self, Error> {
        let options = connect::options(url)?;
        let mut connection = connect::first(&options).await?;
        connect::check(&mut connection, durability).await?;
        let at = connect::tables(&mut connection, tables).await?;
        if at.is_empty() {
            connect::migrate(&mut connection, tables).await?;
        } else {
            tables.fit(&at)?;
        }
        connection.close().await?;
        Ok(Self {
            pool: connect::pool(options, true),
            to_write: true,
            presence: None,
            is_shared: false,
        })
    }

    /// How far the tables at a URL are.
    ///
    /// # Errors
    /// [`Error::Newer`] when a newer Kurant has changed them, [`Error::Unreachable`] when nobody answers there.
    pub async fn tables(url: &str, tables: &Tables) -> Result<TablesAt, Error> {
        let mut connection = connect::first(&connect::options(url)?).await?;
        let at = connect::tables(&mut connection, tables).await?;
        connection.close().await?;
        Ok(at)
    }

    /// Makes the changes that the tables at a URL lack, beside workers that may go on, and says how far they were. All of it is done, or
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Change`] when one is refused, and those of [`Postgres::tables`].
    pub async fn migrate(url: &str, tables: &Tables) -> Result<TablesAt, Error> {
        let mut connection = connect::first(&connect::options(url)?).await?;
        connect::check(&mut connection, Durability::Waived).await?;
        let at = connect::migrate(&mut connection, tables).await?;
        connection.close().await?;
        Ok(at)
    }

    /// As [`Postgres::open`], for a process that works on the database alone.
    ///
    /// # Errors
    /// [`Error::Locked`] when another one does.
    pub async fn open_alone(url: &str, durability: Durability) -> Result<Self, Error> {
        let store = Self::open(url, durability).await?;
        let options = connect::options(url)?;
        let mut connection = connect::first(&options).await?;
        if !connect::lock(&mut connection).await? {
            return Err(Error::Locked {
                path: connect::place(&options),
                holder: String::new(),
            });
        }
        Ok(Self {
            presence: Some(Mutex::new(connection)),
            ..store
        })
    }

    /// As [`Postgres::open`], for one of any number of workers. The first one frees what those before it left claimed: all of
    /// them have ended.
    ///
    /// # Errors
    /// [`Error::Locked`] while a process works on the database alone.
    pub async fn open_among_others(url: &str, durability: Durability) -> Result<Self, Error> {
        let store = Self::open(url, durability).await?;
        let options = connect::options(url)?;
        let mut connection = connect::first(&options).await?;
        if connect::lock(&mut connection).await? {
            claim::free_all(&store.pool).await?;
            connect::share_lock(&mut connection).await?;
        } else if !connect::lock_shared(&mut connection).await? {
            return Err(Error::Locked {
                path: connect::place(&options),
                holder: String::new(),
            });
        }
        Ok(Self {
            presence: Some(Mutex::new(connection)),
            is_shared: true,
            ..store
        })
    }

    /// Opens the store at a URL to read, beside workers that write to it.
    ///
    /// # Errors
    /// [`Error::Missing`] when there are no tables, [`Error::Older`] when they lack something, [`Error::Unreachable`] when nobody answers there.
    pub async fn open_to_read(url: &str) -> Result<Self, Error> {
        let options = connect::options(url)?;
        let mut connection = connect::first(&options).await?;
        if !connect::is_there(&mut connection).await? {
            return Err(Error::Missing {
                path: connect::place(&options),
            });
        }
        let tables = Tables::postgres();
        match connect::tables(&mut connection, &tables).await {
            Ok(at) => tables.fit(&at)?,
            // A newer one has only added to what is read here.
            Err(Error::Newer { .. }) => {}
            Err(error) => return Err(error),
        }
        connection.close().await?;
        Ok(Self {
            pool: connect::pool(options, false),
            to_write: false,
            presence: None,
            is_shared: false,
        })
    }

    /// What time it is for all workers: the one place where the database's clock is read. It is asked over the session that
    /// holds the lock, so that whoever has lost it notices.
    async fn clock(&self) -> Result<Instant, Error> {
        let asked =
            sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        let millis: i64 = match &self.presence {
            Some(session) => asked.fetch_one(&mut *session.lock().await).await?,
            None => asked.fetch_one(&self.pool).await?,
        };
        Ok(Instant::from_millis(millis))
    }

    /// Closes all sessions.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// Writes in a task of its own: whoever waits for it may give up, the transaction doesn't.
    async fn write<T, F>(&self, work: impl FnOnce(PgPool) -> F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        if !self.to_write {
            return Err(Error::ReadOnly);
        }
        let task = tokio::spawn(work(self.pool.clone()));
        task.await.map_err(|error| Error::Task(error.to_string()))?
    }
}

impl Store for Postgres {
    fn is_shared(&self) -> bool {
        self.is_shared
    }

    fn reach(&self, url: &str) -> Result<(), Error> {
        self.pool.set_connect_options(connect::options(url)?);
        Ok(())
    }

    fn now(&self) -> Reply<'_, Option<Instant>> {
        Box::pin(async move { self.clock().await.map(Some) })
    }

    fn identity(&self) -> Reply<'_, Option<String>> {
        Box::pin(async { checkup::identity(&self.pool).await.map(Some) })
    }

    fn load<'s>(&'s self, ids: &'s [CustomerId], kept: &'s [Kept]) -> Reply<'s, Vec<Stored>> {
        Box::pin(people::load(&self.pool, ids, kept))
    }

    fn seen<'s>(&'s self, identities: &'s [Key]) -> Reply<'s, Vec<Seen>> {
        Box::pin(people::seen(&self.pool, identities))
    }

    fn in_history<'s>(&'s self, events: &'s [Arc<Event>]) -> Reply<'s, Vec<Key>> {
        Box::pin(people::in_history(&self.pool, events))
    }

    fn forget(&self, old: Old, before: Instant, limit: usize) -> Reply<'_, u64> {
        Box::pin(
            self.write(move |pool| async move { forget::forget(&pool, old, before, limit).await }),
        )
    }

    fn forget_history<'s>(
        &'s self,
        before: Instant,
        kept: &'s [Kept],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Walked> {
        let (kept, after) = (kept.to_vec(), after.map(str::to_owned));
        Box::pin(self.write(move |pool| async move {
            let after = after.as_deref();
            forget_history::forget_history(&pool, before, &kept, after, limit).await
        }))
    }

    fn commit_in_turn(&self, batch: Batch, turn: Turn) -> Reply<'_, ()> {
        Box::pin(self.write(|pool| async move { commit::commit(&pool, batch, turn).await }))
    }

    fn due(
        &self,
        upto: Instant,
        limit: usize,
        share: Share,
    ) -> Reply<'_, Vec<(Instant, CustomerId)>> {
        Box::pin(work::due(&self.pool, upto, limit, share))
    }

    fn next_wake(&self, share: Share) -> Reply<'_, Option<Instant>> {
        Box::pin(work::next_wake(&self.pool, share))
    }

    fn zones<'s>(&'s self, attribute: &'s str, by: By) -> Reply<'s, Vec<String>> {
        Box::pin(work::zones(&self.pool, attribute, by))
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
            &self.pool, attribute, by, ranges, after, limit,
        ))
    }

    fn customers<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::customers(&self.pool, after, limit))
    }

    fn members<'s>(
        &'s self,
        journey: Option<&'s str>,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::members(&self.pool, journey, after, limit))
    }

    fn turned_away<'s>(
        &'s self,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        Box::pin(people::turned_away(&self.pool, after, limit))
    }

    fn outbox(&self, state: OutboxState, upto: Instant, limit: usize) -> Reply<'_, Vec<Outgoing>> {
        Box::pin(work::outbox(&self.pool, state, upto, limit))
    }

    fn routes_waiting(&self, now: Instant) -> Reply<'_, Vec<String>> {
        Box::pin(claim::routes_waiting(&self.pool, now))
    }

    fn reclaim<'s>(
        &'s self,
        route: &'s str,
        now: Instant,
        lease: Instant,
        limit: usize,
    ) -> Reply<'s, Vec<Outgoing>> {
        let route = route.to_owned();
        Box::pin(self.write(move |pool| async move {
            claim::reclaim(&pool, &route, now, lease, limit).await
        }))
    }

    fn retried(&self, limit: usize) -> Reply<'_, Vec<Queue>> {
        Box::pin(claim::retried(&self.pool, limit))
    }

    fn given_up(&self, after: i64, limit: usize) -> Reply<'_, Vec<GivenUp>> {
        Box::pin(report::given_up(&self.pool, after, limit))
    }

    fn in_outbox<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<InOutbox>> {
        Box::pin(report::in_outbox(&self.pool, keys))
    }

    fn commands<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<Outgoing>> {
        Box::pin(taken::commands(&self.pool, keys))
    }

    fn taken<'s>(&'s self, route: &'s str, names: &'s [String]) -> Reply<'s, Vec<Taken>> {
        Box::pin(taken::by_name(&self.pool, route, names))
    }

    fn outbox_of<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<InOutbox>> {
        Box::pin(report::outbox_of(&self.pool, customer))
    }

    fn letters_after(&self, after: i64, limit: usize) -> Reply<'_, Vec<Letter>> {
        Box::pin(report::letters_after(&self.pool, after, limit))
    }

    fn beat<'s>(&'s self, worker: &'s str, word: Word, forget_before: Instant) -> Reply<'s, Crew> {
        let worker = worker.to_owned();
        Box::pin(self.write(move |pool| async move {
            claim::beat(&pool, worker, word, forget_before).await
        }))
    }

    fn depart<'s>(&'s self, worker: &'s str) -> Reply<'s, ()> {
        let worker = worker.to_owned();
        Box::pin(self.write(move |pool| async move { claim::depart(&pool, worker).await }))
    }

    fn lease<'s>(
        &'s self,
        name: &'s str,
        worker: &'s str,
        now: Instant,
        until: Instant,
    ) -> Reply<'s, bool> {
        let (name, worker) = (name.to_owned(), worker.to_owned());
        Box::pin(
            self.write(
                move |pool| async move { claim::lease(&pool, name, worker, now, until).await },
            ),
        )
    }

    fn marks<'s>(&'s self, prefix: &'s str) -> Reply<'s, Vec<(String, String)>> {
        Box::pin(work::marks(&self.pool, prefix))
    }

    fn publish<'s>(&'s self, definitions: &'s Definitions, at: Instant) -> Reply<'s, ()> {
        let definitions = definitions.clone();
        Box::pin(
            self.write(move |pool| async move { commit::publish(&pool, &definitions, at).await }),
        )
    }

    fn definitions(&self) -> Reply<'_, Option<Definitions>> {
        Box::pin(report::definitions(&self.pool))
    }

    fn pinned(&self) -> Reply<'_, Vec<Version>> {
        Box::pin(report::pinned(&self.pool))
    }

    fn latest<'s>(&'s self, customer: &'s str, limit: usize) -> Reply<'s, Vec<Entry>> {
        Box::pin(history::latest(&self.pool, customer, limit))
    }

    fn log<'s>(
        &'s self,
        customer: Option<&'s str>,
        after: LogPlace,
        settled: Instant,
        limit: usize,
    ) -> Reply<'s, LogPage> {
        Box::pin(history::log(&self.pool, customer, after, settled, limit))
    }

    fn log_place(&self, at: Instant) -> Reply<'_, LogPlace> {
        Box::pin(history::place(&self.pool, at))
    }

    fn done(&self, after: LogPlace) -> Reply<'_, u64> {
        Box::pin(history::done(&self.pool, after))
    }

    fn workers(&self) -> Reply<'_, Vec<Worker>> {
        Box::pin(report::workers(&self.pool))
    }

    fn enrollments<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<EnrollmentRow>> {
        Box::pin(report::enrollments(&self.pool, customer))
    }

    fn export<'s>(&'s self, customer: &'s str) -> Reply<'s, Export> {
        Box::pin(export::export(&self.pool, customer))
    }

    fn codes<'s>(
        &'s self,
        pool: &'s str,
        from: Instant,
        share: Share,
        limit: usize,
    ) -> Reply<'s, Vec<Coded>> {
        Box::pin(coupon::left(&self.pool, pool, from, share, limit))
    }

    fn codes_found<'s>(&'s self, sought: Sought<'s>, limit: usize) -> Reply<'s, Vec<CodeRow>> {
        Box::pin(coupon::found(&self.pool, sought, limit))
    }

    fn pool_sums(&self, now: Instant, since: Instant) -> Reply<'_, Vec<PoolSums>> {
        Box::pin(coupon::sums(&self.pool, now, since))
    }

    fn pool_level<'s>(
        &'s self,
        pool: &'s str,
        now: Instant,
        since: Instant,
    ) -> Reply<'s, PoolLevel> {
        Box::pin(coupon::level(&self.pool, pool, now, since))
    }

    fn put_codes_aside<'s>(&'s self, pool: &'s str, at: Instant, limit: usize) -> Reply<'s, u64> {
        let name = pool.to_owned();
        let work = move |pool| async move { coupon::put_aside(&pool, name, at, limit).await };
        Box::pin(self.write(work))
    }

    fn withdraw_codes<'s>(&'s self, pool: &'s str, limit: usize) -> Reply<'s, u64> {
        let name = pool.to_owned();
        Box::pin(self.write(move |pool| async move { coupon::withdraw(&pool, name, limit).await }))
    }

    fn inside(&self) -> Reply<'_, Vec<Inside>> {
        Box::pin(report::inside(&self.pool))
    }

    fn waiting(&self) -> Reply<'_, Vec<Waiting>> {
        Box::pin(report::waiting(&self.pool))
    }

    fn rejected<'s>(&'s self, origin: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Rejected>> {
        Box::pin(report::rejected(&self.pool, origin, limit))
    }

    fn letters(&self) -> Reply<'_, u64> {
        Box::pin(report::letters(&self.pool))
    }

    fn totals(&self) -> Reply<'_, Totals> {
        Box::pin(report::totals(&self.pool))
    }

    fn pulse(&self, now: Instant) -> Reply<'_, Pulse> {
        Box::pin(checkup::pulse(&self.pool, now))
    }

    fn checkup(&self, now: Instant, _whole: bool) -> Reply<'_, Checkup> {
        Box::pin(checkup::checkup(&self.pool, now))
    }

    fn sums(&self, with_log: bool) -> Reply<'_, Sums> {
        Box::pin(checkup::sums(&self.pool, with_log))
    }

    fn audit<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Audited>> {
        Box::pin(checkup::audit(&self.pool, after, limit))
    }
}
