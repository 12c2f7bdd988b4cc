//! Rows of a database as values: what is the same wherever they are kept. Each reader takes the columns in the order that it
//! names.

use std::collections::HashSet;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::person::Person;
use kurant_engine::stock::Coded;
use serde::de::DeserializeOwned;

use crate::{
    CodeRow, EnrollmentRow, Entry, Error, GivenUp, Holder, InOutbox, Inside, OutboxState, Outgoing,
    PoolLevel, PoolSums, Seen, Stored, Taken, Waiting, coupon,
};

/// The routes by which something is to be tried again, each found by one step in the index, and those with claims whose lease has
/// passed at `$1`. Both databases read it alike.
pub(crate) const ROUTES_WAITING: &str = "WITH RECURSIVE found (route) AS ( \
     SELECT (SELECT min(route) FROM outbox WHERE state = 'pending') \
     UNION ALL \
     SELECT (SELECT min(o.route) FROM outbox o WHERE o.state = 'pending' AND o.route > found.route) \
     FROM found WHERE found.route IS NOT NULL) \
   SELECT route FROM found WHERE route IS NOT NULL \
   UNION SELECT route FROM outbox WHERE state = 'claimed' AND lease <= $1 ORDER BY 1";

/// A row whose columns are taken from left to right.
pub(crate) trait Columns<'r> {
    /// Which kind of row it is, for errors.
    fn what(&self) -> &'static str;
    fn text(&mut self) -> Result<&'r str, Error>;
    fn maybe_text(&mut self) -> Result<Option<String>, Error>;
    fn number(&mut self) -> Result<i64, Error>;
    fn maybe_number(&mut self) -> Result<Option<i64>, Error>;
    /// A number that is never large: of a step, of a try.
    fn small(&mut self) -> Result<u32, Error>;
    fn maybe_small(&mut self) -> Result<Option<u32>, Error>;
    fn key(&mut self) -> Result<Key, Error>;

    fn shared(&mut self) -> Result<Arc<str>, Error> {
        self.text().map(Arc::from)
    }

    fn instant(&mut self) -> Result<Instant, Error> {
        self.number().map(Instant::from_millis)
    }

    fn maybe_instant(&mut self) -> Result<Option<Instant>, Error> {
        Ok(self.maybe_number()?.map(Instant::from_millis))
    }

    /// How many; never negative.
    fn count(&mut self) -> Result<u64, Error> {
        self.number().map(count)
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let what = self.what();
        serde_json::from_str(self.text()?).map_err(|error| Error::corrupt(what, error))
    }
}

/// Those of these customers who were not found.
pub(crate) fn missing<'i>(ids: &'i [CustomerId], found: &[Stored]) -> Vec<&'i str> {
    let known: HashSet<&str> = found
        .iter()
        .map(|stored| &*stored.person.customer.id)
        .collect();
    let ids = ids.iter().map(|id| &**id);
    ids.filter(|id| !known.contains(id)).collect()
}

/// A count, never negative.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A limit for SQL.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// From state, fired, revision.
pub(crate) fn stored<'r>(mut columns: impl Columns<'r>) -> Result<Stored, Error> {
    Ok(Stored {
        person: columns.json::<Person>()?,
        fired: columns.instant()?,
        revision: columns.number()?.cast_unsigned(),
    })
}

/// From customer, time, n, type, source, id, data; with its place among the customer's events.
pub(crate) fn event<'r>(mut columns: impl Columns<'r>) -> Result<((i64, i64), Event), Error> {
    let customer = columns.shared()?;
    let (time, number) = (columns.number()?, columns.number()?);
    let (kind, source, id) = (columns.text()?, columns.text()?, columns.text()?);
    let event = Event {
        id: id.into(),
        source: source.into(),
        kind: kind.into(),
        customer,
        time: Instant::from_millis(time),
        data: columns.json()?,
        attributes: Default::default(),
    };
    Ok(((time, number), event))
}

/// From identity, body.
pub(crate) fn seen<'r>(mut columns: impl Columns<'r>) -> Result<Seen, Error> {
    Ok(Seen {
        identity: columns.key()?,
        body: columns.number()?.cast_unsigned(),
    })
}

/// From source, id.
pub(crate) fn identity<'r>(mut columns: impl Columns<'r>) -> Result<Key, Error> {
    Ok(Key::of(&[columns.text()?, columns.text()?]))
}

/// From n, clock, customer, actions, traces.
pub(crate) fn entry<'r>(mut columns: impl Columns<'r>) -> Result<Entry, Error> {
    Ok(Entry {
        n: columns.number()?,
        clock: columns.instant()?,
        customer: columns.shared()?,
        actions: columns.json()?,
        traces: columns.json()?,
    })
}

/// From customer, id, journey, version, key, node, entered, ended, reason.
pub(crate) fn enrollment<'r>(mut columns: impl Columns<'r>) -> Result<EnrollmentRow, Error> {
    Ok(EnrollmentRow {
        customer: columns.shared()?,
        id: columns.key()?,
        journey: columns.shared()?,
        version: columns.key()?,
        key: columns.text()?.to_owned(),
        node: columns.maybe_small()?,
        entered: columns.instant()?,
        ended: columns.maybe_instant()?,
        reason: columns.maybe_text()?,
        held: true,
    })
}

/// From journey, version, node, count.
pub(crate) fn inside<'r>(mut columns: impl Columns<'r>) -> Result<Inside, Error> {
    Ok(Inside {
        journey: columns.text()?.to_owned(),
        version: columns.key()?,
        node: columns.maybe_small()?,
        count: columns.count()?,
    })
}

/// From route, state, count.
pub(crate) fn waiting<'r>(mut columns: impl Columns<'r>) -> Result<Waiting, Error> {
    let (route, word) = (columns.text()?.to_owned(), columns.text()?);
    Ok(Waiting {
        route,
        state: state(word)?,
        count: columns.count()?,
    })
}

/// From command, route, due, attempt, tries, lease, withdrawn.
pub(crate) fn outgoing<'r>(
    columns: &mut impl Columns<'r>,
    state: OutboxState,
) -> Result<Outgoing, Error> {
    Ok(Outgoing {
        command: columns.json()?,
        route: columns.text()?.to_owned(),
        due: columns.instant()?,
        state,
        attempt: columns.small()?,
        tries: columns.small()?,
        lease: columns.maybe_instant()?,
        is_withdrawn: columns.small()? != 0,
    })
}

/// From n, state, reason, command, route, due, attempt, tries, lease, withdrawn.
pub(crate) fn given_up<'r>(mut columns: impl Columns<'r>) -> Result<GivenUp, Error> {
    let n = columns.number()?;
    let state = state(columns.text()?)?;
    Ok(GivenUp {
        n,
        reason: columns.maybe_text()?,
        outgoing: outgoing(&mut columns, state)?,
    })
}

/// From key, route, state, due, attempt, reason, withdrawn.
pub(crate) fn in_outbox<'r>(mut columns: impl Columns<'r>) -> Result<InOutbox, Error> {
    Ok(InOutbox {
        key: columns.key()?,
        route: columns.text()?.to_owned(),
        state: state(columns.text()?)?,
        due: columns.instant()?,
        tries: columns.small()?,
        reason: columns.maybe_text()?,
        is_withdrawn: columns.small()? != 0,
    })
}

/// From state, command, route, due, attempt, tries, lease, withdrawn.
pub(crate) fn command<'r>(mut columns: impl Columns<'r>) -> Result<Outgoing, Error> {
    let state = state(columns.text()?)?;
    outgoing(&mut columns, state)
}

/// From route, name, customer, key, journey, step, at, address.
pub(crate) fn taken<'r>(mut columns: impl Columns<'r>) -> Result<Taken, Error> {
    Ok(Taken {
        route: columns.text()?.to_owned(),
        name: columns.text()?.to_owned(),
        customer: columns.shared()?,
        key: columns.key()?,
        journey: columns.shared()?,
        step: columns.shared()?,
        at: columns.instant()?,
        address: columns.text()?.to_owned(),
    })
}

/// The state of a word.
fn state(word: &str) -> Result<OutboxState, Error> {
    OutboxState::from_word(word)
        .ok_or_else(|| Error::corrupt("outbox", format!("`{word}` is no state of a command")))
}

/// From n, code, expires.
pub(crate) fn coded<'r>(mut columns: impl Columns<'r>) -> Result<Coded, Error> {
    Ok(Coded {
        number: columns.number()?,
        code: columns.shared()?,
        expires: coupon::read(columns.number()?),
    })
}

/// From pool, code, expires, imported, aside, given, customer, journey, enrollment.
pub(crate) fn code<'r>(mut columns: impl Columns<'r>) -> Result<CodeRow, Error> {
    Ok(CodeRow {
        pool: columns.text()?.to_owned(),
        code: columns.text()?.to_owned(),
        expires: coupon::read(columns.number()?),
        imported: columns.instant()?,
        aside: coupon::aside(columns.number()?),
        given: match columns.maybe_instant()? {
            None => None,
            Some(at) => Some(Holder {
                at,
                customer: columns.shared()?,
                journey: columns.shared()?,
                enrollment: columns.key()?,
            }),
        },
    })
}

/// From pool, left, expired, put aside, given, given lately, first to expire, imported last.
pub(crate) fn pool_sums<'r>(mut columns: impl Columns<'r>) -> Result<PoolSums, Error> {
    Ok(PoolSums {
        pool: columns.text()?.to_owned(),
        left: columns.count()?,
        expired: columns.count()?,
        aside: columns.count()?,
        given: columns.count()?,
        lately: columns.count()?,
        first_expires: columns.maybe_number()?.and_then(coupon::read),
        imported: columns.instant()?,
    })
}

/// From left, put aside, given lately.
pub(crate) fn pool_level<'r>(mut columns: impl Columns<'r>) -> Result<PoolLevel, Error> {
    Ok(PoolLevel {
        left: columns.count()?,
        aside: columns.count()?,
        lately: columns.count()?,
    })
}

/// From customer, since.
pub(crate) fn anchored<'r>(mut columns: impl Columns<'r>) -> Result<(CustomerId, Instant), Error> {
    Ok((columns.shared()?, columns.instant()?))
}
