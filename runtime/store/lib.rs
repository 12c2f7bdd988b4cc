//! Where customers, timers and the outbox are kept: one trait, one conformance suite, several stores.
//!
//! A store decides nothing and reads no clock. What a decision changed comes as one [`Batch`] and is written in one
//! transaction: all of it, or nothing.

mod address;
mod anchor;
mod batch;
mod checkup;
mod compiled;
mod coupon;
mod erasure;
mod error;
mod export;
mod forget;
mod log;
mod memory;
mod postgres;
mod read;
mod rows;
mod share;
mod sqlite;
mod tables;
mod turn;

use std::future::Future;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::stock::Coded;

pub use address::{is_misread, shown};
pub use anchor::{AnchorRange, AnchorRow, By};
pub use batch::{
    Batch, EnrollmentRow, OutboxState, Outgoing, Queue, Rejected, Seen, Settled, Stored, Swap,
    Taken,
};
pub use checkup::{Audited, Checkup, LogSums, Pulse, Safety, Setting, Sums};
pub use compiled::definitions as read_definitions;
pub use coupon::{CodeGiven, CodeRow, Holder, NewCode, PoolLevel, PoolSums, Sought};
pub use erasure::Erasure;
pub use error::Error;
pub use export::{Export, Told, told};
pub use forget::{Old, Walked, outlasts};
pub use log::{Entry, Happened, LogLine, LogPage, LogPlace};
pub use memory::Memory;
pub use postgres::{Durability, Postgres};
pub use read::{Crew, GivenUp, InOutbox, Inside, Kept, Letter, Totals, Waiting, Word, Worker};
pub use share::{SLOTS, Share};
pub use sqlite::{BroughtUp, Sqlite};
pub use tables::{Tables, TablesAt};
pub use turn::{Go, Turn};

/// What a store does or says, later.
pub type Reply<'s, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 's>>;

/// A store. Whatever writes goes through [`Store::commit`] and [`Store::publish`].
pub trait Store: Send + Sync {
    /// Whether other workers may write to it beside this one.
    fn is_shared(&self) -> bool {
        false
    }

    /// From now on new connections are made to this address: under another password, say. Those that stand go on.
    ///
    /// # Errors
    /// When it is none.
    fn reach(&self, _url: &str) -> Result<(), Error> {
        Ok(())
    }

    /// What time it is for all workers; none where one process works alone, by its machine's clock.
    fn now(&self) -> Reply<'_, Option<Instant>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// What tells this database from a copy of it on another server, or in another place of the same one; none where nothing does.
    fn identity(&self) -> Reply<'_, Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// The customers with these ids, those that there are, with the events that `kept` names, oldest first.
    fn load<'s>(&'s self, ids: &'s [CustomerId], kept: &'s [Kept]) -> Reply<'s, Vec<Stored>>;

    /// Those of these events that have been taken in.
    fn seen<'s>(&'s self, identities: &'s [Key]) -> Reply<'s, Vec<Seen>>;

    /// The identities of those of these events that stand in their customers' histories, which are kept for longer than what
    /// [`Store::seen`] tells. Nothing is looked for as long as nothing of that was forgotten.
    fn in_history<'s>(&'s self, events: &'s [Arc<Event>]) -> Reply<'s, Vec<Key>>;

    /// Writes all of the batch, or nothing. A customer is written only over the revision before its own, so that whoever
    /// decided on an older state decides again.
    ///
    /// # Errors
    /// [`Error::Conflict`] when one of its events has been taken in before, one of its customers has another revision in
    /// the store than the one before, one of its codes was given to somebody else, or one of its swaps finds something else;
    /// nothing was written then.
    fn commit(&self, batch: Batch) -> Reply<'_, ()> {
        self.commit_in_turn(batch, Turn::now())
    }

    /// Writes a batch as [`Store::commit`] does, once it is its turn. Until then it is made ready.
    ///
    /// # Errors
    /// [`Error::GivenUp`] when its turn never comes, and those of [`Store::commit`].
    fn commit_in_turn(&self, batch: Batch, turn: Turn) -> Reply<'_, ()>;

    /// Forgets the oldest of what came before an instant, at most so much of each table, and returns how much it was.
    fn forget(&self, old: Old, before: Instant, limit: usize) -> Reply<'_, u64>;

    /// Forgets what happened to customers before an instant: of so many of them, by id, strictly after one, at most so many events. What
    /// `kept` names stays, and what tells of consents does.
    fn forget_history<'s>(
        &'s self,
        before: Instant,
        kept: &'s [Kept],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Walked>;

    /// Customers of a share with a timer or a message due up to an instant, in the order of their moments.
    fn due(
        &self,
        upto: Instant,
        limit: usize,
        share: Share,
    ) -> Reply<'_, Vec<(Instant, CustomerId)>>;

    /// The first moment at which any customer of a share needs anything.
    fn next_wake(&self, share: Share) -> Reply<'_, Option<Instant>>;

    /// The zones that anchors of an attribute are kept in.
    fn zones<'s>(&'s self, attribute: &'s str, by: By) -> Reply<'s, Vec<String>>;

    /// Customers with an anchor in any of these ranges, by id, strictly after one, each with the `since` of its anchor.
    fn anchored<'s>(
        &'s self,
        attribute: &'s str,
        by: By,
        ranges: &'s [AnchorRange],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<(CustomerId, Instant)>>;

    /// All customers, by id, strictly after one.
    fn customers<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<CustomerId>>;

    /// Customers inside a journey, or inside any, by id, strictly after one.
    fn members<'s>(
        &'s self,
        journey: Option<&'s str>,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>>;

    /// Customers with an enrollment that ended because there was no code of a coupon pool for it, and is still held; by id, strictly
    /// after one.
    fn turned_away<'s>(
        &'s self,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>>;

    /// Rows of the outbox in a state, due up to an instant, earliest first; those that are claimed in an order of the store's own, in
    /// which a customer's stand as they were made.
    fn outbox(&self, state: OutboxState, upto: Instant, limit: usize) -> Reply<'_, Vec<Outgoing>>;

    /// The routes by which something is to be tried again, now or later, or was claimed under a lease that has passed; by name.
    fn routes_waiting(&self, now: Instant) -> Reply<'_, Vec<String>>;

    /// Claims rows of the outbox that leave by a route for whoever asks: claimed ones whose lease has passed, then as many pending ones that
    /// are due as the limit leaves room for; in the order of their making, each with its new attempt and lease. Claims
    /// without a lease are left alone. Of one customer the first one is claimed, and behind it as many that are due
    /// as there is room for; while any of them is tried again the others wait: none overtakes another.
    fn reclaim<'s>(
        &'s self,
        route: &'s str,
        now: Instant,
        lease: Instant,
        limit: usize,
    ) -> Reply<'s, Vec<Outgoing>>;

    /// Whose commands are being tried again, by route: those made now have to queue behind them.
    fn retried(&self, limit: usize) -> Reply<'_, Vec<Queue>>;

    /// Commands that were given up or are in doubt, strictly after a number.
    fn given_up(&self, after: i64, limit: usize) -> Reply<'_, Vec<GivenUp>>;

    /// Where those of these commands stand that are in the outbox still, in no order: the others were handed over, are not needed
    /// any more, or were given up and forgotten since.
    fn in_outbox<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<InOutbox>>;

    /// Those of these commands that are in the outbox still, whole, in no order.
    fn commands<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<Outgoing>>;

    /// Messages that were handed over by a route and are known there by one of these names, in no order.
    fn taken<'s>(&'s self, route: &'s str, names: &'s [String]) -> Reply<'s, Vec<Taken>>;

    /// Where a customer's commands stand that are in the outbox still, in the order of their making.
    fn outbox_of<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<InOutbox>>;

    /// Dead letters, strictly after a number.
    fn letters_after(&self, after: i64, limit: usize) -> Reply<'_, Vec<Letter>>;

    /// Notes what a worker says of itself, forgets those who were last heard of before an instant, and answers the share of
    /// the one that asks: its place among the living, by name. Who does what is a matter of speed only: two workers may hold
    /// the same share for a while.
    fn beat<'s>(
        &'s self,
        _worker: &'s str,
        _word: Word,
        _forget_before: Instant,
    ) -> Reply<'s, Crew> {
        Box::pin(std::future::ready(Ok(Crew::ALONE)))
    }

    /// Forgets a worker, and lets others have what it had leased.
    fn depart<'s>(&'s self, _worker: &'s str) -> Reply<'s, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Asks for a piece of work that one worker at a time should do. True if the caller has it up to `until`; it may ask
    /// again to keep it. Nothing that must be true may rest on it.
    fn lease<'s>(
        &'s self,
        name: &'s str,
        worker: &'s str,
        now: Instant,
        until: Instant,
    ) -> Reply<'s, bool>;

    /// All marks whose names begin so.
    fn marks<'s>(&'s self, prefix: &'s str) -> Reply<'s, Vec<(String, String)>>;

    /// Puts definitions in force and keeps their versions for those who enter.
    fn publish<'s>(&'s self, definitions: &'s Definitions, at: Instant) -> Reply<'s, ()>;

    /// What is in force.
    fn definitions(&self) -> Reply<'_, Option<Definitions>>;

    /// The versions that somebody is inside of, or whose goal somebody may still reach.
    fn pinned(&self) -> Reply<'_, Vec<Version>>;

    /// A customer's latest entries of the log, latest first.
    fn latest<'s>(&'s self, customer: &'s str, limit: usize) -> Reply<'s, Vec<Entry>>;

    /// Lines of the log after a place, of one customer or of all, in the order of their commits: those of at most `limit`
    /// entries. A page without lines is the end. Lines after `settled` may still be joined by earlier ones from other workers: a page ends before a number
    /// that is missing among them.
    fn log<'s>(
        &'s self,
        customer: Option<&'s str>,
        after: LogPlace,
        settled: Instant,
        limit: usize,
    ) -> Reply<'s, LogPage>;

    /// The place before the first line of the log that was written at an instant or later.
    fn log_place(&self, at: Instant) -> Reply<'_, LogPlace>;

    /// How many actions stand in the log after a place.
    fn done(&self, after: LogPlace) -> Reply<'_, u64>;

    /// Who works on the store, by name.
    fn workers(&self) -> Reply<'_, Vec<Worker>>;

    /// The enrollments that a customer's state holds: those that are active, or whose goal may still be reached.
    fn enrollments<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<EnrollmentRow>>;

    /// All that is held about a customer, of one moment: the rows of every table that are about the person. Times are milliseconds
    /// since the epoch, as they are stored.
    fn export<'s>(&'s self, customer: &'s str) -> Reply<'s, Export>;

    /// Codes of a coupon pool that nobody was given and that hold up to an instant or longer, those that expire first standing first.
    /// Of a share those whose number falls to it: workers that begin at different places don't meet.
    fn codes<'s>(
        &'s self,
        pool: &'s str,
        from: Instant,
        share: Share,
        limit: usize,
    ) -> Reply<'s, Vec<Coded>>;

    /// Codes of coupon pools, and what became of them.
    fn codes_found<'s>(&'s self, sought: Sought<'s>, limit: usize) -> Reply<'s, Vec<CodeRow>>;

    /// How many codes of each coupon pool stand where, by name; those given since an instant are counted beside.
    fn pool_sums(&self, now: Instant, since: Instant) -> Reply<'_, Vec<PoolSums>>;

    /// How many codes of a coupon pool can be given, and how many were given since an instant: cheap, however many it ever gave.
    fn pool_level<'s>(
        &'s self,
        pool: &'s str,
        now: Instant,
        since: Instant,
    ) -> Reply<'s, PoolLevel>;

    /// Puts codes of a coupon pool aside that were imported up to an instant and nobody was given, at most so many, and returns how
    /// many it were.
    fn put_codes_aside<'s>(&'s self, pool: &'s str, at: Instant, limit: usize) -> Reply<'s, u64>;

    /// Takes codes out of a coupon pool that nobody was given, at most so many, and returns how many it were.
    fn withdraw_codes<'s>(&'s self, pool: &'s str, limit: usize) -> Reply<'s, u64>;

    /// How many are inside each journey, by version and step.
    fn inside(&self) -> Reply<'_, Vec<Inside>>;

    /// How many rows of the outbox stand where, by route.
    fn waiting(&self) -> Reply<'_, Vec<Waiting>>;

    /// Dead letters of one origin or of all, oldest first.
    fn rejected<'s>(&'s self, origin: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Rejected>>;

    /// How many dead letters there are.
    fn letters(&self) -> Reply<'_, u64>;

    /// How many customers, taken-in events and dead letters there are.
    fn totals(&self) -> Reply<'_, Totals>;

    /// What waits, without a long look.
    fn pulse(&self, now: Instant) -> Reply<'_, Pulse>;

    /// How the server is, and what in the store needs no long look; if `whole`, the files of the store are read through.
    fn checkup(&self, now: Instant, whole: bool) -> Reply<'_, Checkup>;

    /// Numbers that have to be equal, of one moment; those of the log take a look at every line of it.
    fn sums(&self, with_log: bool) -> Reply<'_, Sums>;

    /// All that is held of customers besides their histories, by id, strictly after one.
    fn audit<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Audited>>;
}
