//! Events per second that stores commit, in batches as the runner makes them.

use std::sync::Arc;
use std::time::Instant as Watch;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_engine::customer::Customer;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_engine::person::Person;
use kurant_engine::value::Value;
use kurant_store::{
    Batch, Durability, OutboxState, Outgoing, Postgres, Seen, Settled, Sqlite, Store, Stored,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::Options;
use crate::figures::Figures;

/// Events in a batch.
const BATCH: u64 = 1_000;
/// Batches of one measurement.
const BATCHES: u64 = 40;
/// One event in so many sends a message.
const SENDING: u64 = 3;

/// Events per second committed on SQLite and, with `--postgres URL`, on PostgreSQL.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let (mut sqlite, mut postgres) = (Vec::new(), Vec::new());
    for run in 0..options.runs {
        sqlite.push(runtime.block_on(on_sqlite())?);
        if let Some(url) = &options.postgres {
            postgres.push(runtime.block_on(on_postgres(url, run))?);
        }
    }
    figures.add("commit on SQLite", "events/s", sqlite, None);
    if !postgres.is_empty() {
        figures.add("commit on PostgreSQL", "events/s", postgres, None);
    }
    Ok(())
}

async fn on_sqlite() -> Result<f64, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let store = Sqlite::open(&folder.path().join("state.db")).await;
    rate(&store.map_err(|error| error.to_string())?).await
}

async fn on_postgres(url: &str, run: usize) -> Result<f64, String> {
    let schema = format!("kurant_bench_{}_{run}", std::process::id());
    let sign = if url.contains('?') { '&' } else { '?' };
    execute(url, format!("CREATE SCHEMA {schema}")).await?;
    let own = format!("{url}{sign}options[search_path]={schema}");
    let measured = match Postgres::open(&own, Durability::Required).await {
        Ok(store) => rate(&store).await,
        Err(error) => Err(error.to_string()),
    };
    execute(url, format!("DROP SCHEMA {schema} CASCADE")).await?;
    measured
}

async fn execute(url: &str, sql: String) -> Result<(), String> {
    let told = |error: sqlx::Error| error.to_string();
    let mut connection = PgConnection::connect(url).await.map_err(told)?;
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection);
    done.await.map(drop).map_err(told)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn rate(store: &dyn Store) -> Result<f64, String> {
    // Each customer comes twice: once new, once known.
    let batches: Vec<Batch> = (0..BATCHES).map(batch).collect();
    let start = Watch::now();
    for batch in batches {
        store
            .commit(batch)
            .await
            .map_err(|error| error.to_string())?;
    }
    Ok((BATCHES * BATCH) as f64 / start.elapsed().as_secs_f64())
}

fn batch(number: u64) -> Batch {
    let (round, part) = (number / (BATCHES / 2), number % (BATCHES / 2));
    let mut batch = Batch::default();
    for place in 0..BATCH {
        // Customers of one batch are spread over the whole base.
        let id: CustomerId = format!("c{:06}", place * BATCHES + part).into();
        let event = event(&id, number * BATCH + place);
        let mut customer = Customer::new(id.clone());
        customer
            .attributes
            .insert("email", Value::text(format!("{id}@example.com")));
        batch.persons.push(Arc::new(Stored {
            person: Person::new(customer),
            fired: event.time,
            revision: round + 1,
        }));
        batch.seen.push(Seen {
            identity: event.identity(),
            body: place,
        });
        if place % SENDING == 0 {
            let action = action(&event);
            batch.settled.extend((round > 0).then(|| Settled {
                key: Key::of(&["send", &id, "0"]),
                attempt: 1,
                tries: 0,
                state: OutboxState::Accepted,
                due: None,
                reason: None,
                taken: None,
            }));
            batch.outbox.push(outgoing(&action, round));
            batch.actions.push(action);
        }
        batch.events.push(event);
    }
    batch
}

fn event(customer: &CustomerId, number: u64) -> Arc<Event> {
    let mut data = Map::new();
    data.insert("total", Value::Integer(100));
    Arc::new(Event {
        id: format!("e{number}").into(),
        source: "bench".into(),
        kind: "order.paid".into(),
        customer: customer.clone(),
        time: Instant::from_millis(i64::try_from(number).unwrap_or_default()),
        data,
        attributes: Map::new(),
    })
}

fn action(event: &Event) -> Action {
    Action {
        at: event.time,
        journey: "thanks".into(),
        step: Some("now".into()),
        customer: event.customer.clone(),
        enrollment: event.identity(),
        action: "send".into(),
        channel: Some("email".into()),
        template: Some("thanks".into()),
        data: Map::new(),
        key: event.identity(),
        status: ActionStatus::Sent,
        reason: None,
    }
}

fn outgoing(action: &Action, round: u64) -> Outgoing {
    Outgoing {
        command: Command {
            key: Key::of(&["send", &action.customer, &round.to_string()]),
            customer: action.customer.clone(),
            journey: action.journey.clone(),
            step: "now".into(),
            at: action.at,
            planned: action.at,
            what: Effect::Send {
                channel: "email".into(),
                to: format!("{}@example.com", action.customer),
                template: "thanks".into(),
                valid_until: None,
                context: Map::new(),
                category: kurant_engine::definition::Category::Marketing,
            },
        },
        route: "email".into(),
        due: action.at,
        state: OutboxState::Claimed,
        attempt: 1,
        tries: 0,
        lease: None,
        is_withdrawn: false,
    }
}
