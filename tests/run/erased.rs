//! Erased at every moment of a message's life, on both databases: what is left holds no word of the person, and nothing that comes
//! late brings anybody back.

use std::path::PathBuf;
use std::sync::Arc;

use kurant_authoring::{SourceFile, compile};
use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::decode::{Arrival, Decoder, Record};
use kurant_engine::definition::{Category, Definitions};
use kurant_engine::erased::{pseudonym, tombstone};
use kurant_engine::id::Key;
use kurant_engine::input::{Command, Effect, Trace};
use kurant_engine::map::Map;
use kurant_engine::operator::Act;
use kurant_engine::value::Value;
use kurant_runner::{Clock, Delivered, Delivery, Order, Purpose, Runner, Steering, Verb, Ways};
use kurant_store::{Batch, OutboxState, Outgoing, Rejected, Settled, Sqlite, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use super::settled::{Nobody, taken};
use crate::store_conformance::postgres::database::Schema;

/// Whose every trace goes.
const ID: &str = "canary-id";
/// What is known of the person; the same word is in all of it.
const WORD: &str = "canary";
const EMAIL: &str = "canary@example.com";

const FILES: [(&str, &str); 6] = [
    (
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n",
    ),
    (
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\n\
         steps:\n  - { id: now, send: email, template: hello, data: { what: =event.what } }\n  \
         - { id: pause, wait: 3d }\n  - { id: later, send: email, template: hello }\n",
    ),
    (
        "journeys/birthday.yaml",
        "journey: birthday\nstatus: live\ntrigger: { date: { of: customer.birthday, every: year, at: \"10:00\" } }\n\
         steps:\n  - { id: gift, send: email, template: hello }\n",
    ),
    (
        "schemas/events/order.paid.json",
        r#"{"type":"object","properties":{"what":{"type":"string"}}}"#,
    ),
    (
        "schemas/customer.json",
        r#"{"type":"object","properties":{"name":{"type":"string"},"birthday":{"type":"string","format":"date"}}}"#,
    ),
    (
        "templates/hello/email.txt",
        "---\nsubject: Hello\n---\nHello {{ what }}\n",
    ),
];

/// When somebody is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Pending,
    Claimed,
    InTheAir,
    InDoubt,
    RetryWait,
    DeadLetter,
    TimerDue,
    Unacknowledged,
}

const MOMENTS: [Moment; 8] = [
    Moment::Pending,
    Moment::Claimed,
    Moment::InTheAir,
    Moment::InDoubt,
    Moment::RetryWait,
    Moment::DeadLetter,
    Moment::TimerDue,
    Moment::Unacknowledged,
];

fn definitions() -> Definitions {
    definitions_with("status: live")
}

/// With another word about whether the journey of birthdays is live.
fn definitions_with(status: &str) -> Definitions {
    let files = FILES.map(|(path, text)| {
        let text = match path {
            "journeys/birthday.yaml" => text.replace("status: live", status),
            _ => text.to_owned(),
        };
        SourceFile::new(path.to_owned(), text)
    });
    let compiled = compile(&files);
    let told = format!("{:?}", compiled.diagnostics);
    compiled.definitions.unwrap_or_else(|| panic!("{told}"))
}

/// A store, and whoever works on it.
struct Stage {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    runner: Runner,
    decoder: Decoder,
}

impl Stage {
    async fn on(store: Arc<dyn Store>, folder: &std::path::Path) -> Self {
        Self::with(store, folder, definitions()).await
    }

    async fn with(
        store: Arc<dyn Store>,
        folder: &std::path::Path,
        definitions: Definitions,
    ) -> Self {
        let now = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
        let clock = Arc::new(Clock::lockstep(now));
        let decoder = Decoder::new(Arc::new(definitions.schema.clone()));
        let ways = Ways::files(folder.into());
        let runner = Runner::begin(
            store.clone(),
            clock.clone(),
            definitions,
            ways,
            Box::new(Nobody),
            Purpose::Run,
        );
        Self {
            runner: runner.await.expect("a runner"),
            store,
            clock,
            decoder,
        }
    }

    async fn take_in(&mut self, id: &str, kind: &str, customer: &str, time: Instant, data: &str) {
        let event = self.event(id, kind, customer, time, data);
        self.take_in_all(vec![event]).await;
    }

    fn event(
        &mut self,
        id: &str,
        kind: &str,
        customer: &str,
        time: Instant,
        data: &str,
    ) -> Delivered {
        let now = self.clock.now();
        let text = format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"{kind}","subject":"{customer}","time":"{time}","data":{data}}}"#
        );
        let event = self.decoder.event(text.as_bytes(), Arrival::At(now));
        Delivered {
            event: Arc::new(event.expect("an event")),
            body: 1,
            place: None,
        }
    }

    /// Takes events in together.
    async fn take_in_all(&mut self, events: Vec<Delivered>) {
        let now = self.clock.now();
        let delivery = Delivery {
            events,
            ..Delivery::default()
        };
        self.runner
            .take_in(vec![delivery], now)
            .await
            .expect("an intake");
        self.runner.flush().await.expect("an end");
    }

    /// Two people buy something.
    async fn begin(&mut self) {
        let now = self.clock.now();
        for (number, id) in [ID, "bohdan"].into_iter().enumerate() {
            let word = if id == ID { WORD } else { "bread" };
            let data = format!(
                r#"{{"what":"{word}","customer":{{"email":"{word}@example.com","name":"{word}","birthday":"1990-01-01"}}}}"#
            );
            self.take_in(&format!("{word}-{number}"), "order.paid", id, now, &data)
                .await;
        }
    }

    async fn erase(&mut self) {
        let order = Order {
            by: "olena".into(),
            why: "asked for it".into(),
            verb: Verb::Customer {
                customer: ID.into(),
                about: Vec::new(),
                act: Act::Erase,
            },
        };
        let steering = Steering::on(&*self.store);
        let name = steering.order(self.clock.now(), &order).await;
        let name = name.expect("an order");
        self.runner.heed().await.expect("it hears");
        assert!(!steering.is_open(&name).await.expect("marks"));
    }

    /// All that comes late: of the time before, of the time after without a word from the person, and by an import.
    async fn come_late(&mut self) {
        let now = self.clock.now();
        let before = now.plus_millis(-DAY);
        let later = self.clock.advance(now.plus_millis(60_000));
        let data = r#"{"what":"canary","customer":{"email":"canary@example.com"}}"#;
        self.take_in("canary-0", "order.paid", ID, before, data)
            .await;
        self.take_in("canary-late", "order.paid", ID, before, data)
            .await;
        self.take_in("canary-new", "order.paid", ID, later, data)
            .await;
        let attributes =
            r#"{"email":"canary@example.com","name":"canary","consents":{"email":true}}"#;
        self.take_in("canary-told", "customer.updated", ID, later, attributes)
            .await;
        let feedback = r#"{"key":"canary","journey":"thanks","step":"now","channel":"email"}"#;
        self.take_in("canary-back", "message.delivered", ID, later, feedback)
            .await;
        let schema = definitions().schema;
        let record = format!(r#"{{"id":"{ID}","email":"{EMAIL}","consents":{{"email":true}}}}"#);
        let record = Record::from_json(&schema, record.as_bytes()).expect("a record");
        let imported = self.runner.import_customers(vec![record], None).await;
        assert_eq!(imported.expect("an import").changed, 0);
        self.runner.flush().await.expect("an end");
    }
}

/// A message of the person, on its way out.
fn outgoing(state: OutboxState, tries: u32) -> Outgoing {
    let mut context = Map::new();
    context.insert("name", Value::text(WORD));
    Outgoing {
        command: Command {
            key: Key::of(&["command", "1"]),
            customer: ID.into(),
            journey: "thanks".into(),
            step: "now".into(),
            at: Instant::parse("2026-03-02T10:00:00Z").expect("an instant"),
            planned: Instant::parse("2026-03-02T10:00:00Z").expect("an instant"),
            what: Effect::Send {
                valid_until: None,
                category: Category::Marketing,
                channel: "email".into(),
                to: EMAIL.into(),
                template: "hello".into(),
                context,
            },
        },
        route: "email".into(),
        due: Instant::parse("2026-03-02T11:00:00Z").expect("an instant"),
        state,
        attempt: tries + 1,
        tries,
        lease: None,
        is_withdrawn: false,
    }
}

fn settled(state: OutboxState) -> Settled {
    Settled {
        key: outgoing(state, 0).command.key,
        attempt: 1,
        tries: 1,
        state,
        due: None,
        reason: Some(format!("refused: {EMAIL} is unknown")),
        taken: None,
    }
}

/// Brings the store to the moment.
async fn set(stage: &mut Stage, moment: Moment) {
    let row = match moment {
        Moment::Pending => Some(outgoing(OutboxState::Pending, 0)),
        Moment::Claimed | Moment::InTheAir => Some(outgoing(OutboxState::Claimed, 0)),
        Moment::InDoubt => Some(outgoing(OutboxState::InDoubt, 0)),
        Moment::RetryWait => Some(outgoing(OutboxState::Pending, 3)),
        Moment::DeadLetter => Some(outgoing(OutboxState::Dead, 0)),
        Moment::TimerDue | Moment::Unacknowledged => None,
    };
    let letter = |line: u64, body: &str| Rejected {
        at: stage.clock.now(),
        origin: "one.jsonl".into(),
        line,
        reason: format!("`data.what` is `{WORD}`"),
        body: body.into(),
    };
    let rejected = match moment {
        Moment::DeadLetter => vec![
            letter(1, &format!(r#"{{"subject":"{ID}","data":{{"what":1}}}}"#)),
            letter(2, &format!(r#"{{"subject":"x","to":"{EMAIL}"}}"#)),
            letter(3, &format!(r#"{{"subject":"{ID}","data":"#)),
        ],
        _ => Vec::new(),
    };
    let given_up = row.as_ref().filter(|own| own.state == OutboxState::Dead);
    let settled = given_up.map(|own| settled(own.state));
    // One before was taken, and its provider may tell of it.
    let settled: Vec<Settled> = settled
        .into_iter()
        .chain([taken(ID, WORD, "earlier")])
        .collect();
    let batch = Batch {
        outbox: row.into_iter().collect(),
        rejected,
        ..Batch::default()
    };
    stage.store.commit(batch).await.expect("the moment");
    let batch = Batch {
        settled,
        ..Batch::default()
    };
    stage.store.commit(batch).await.expect("the moment");
    if moment == Moment::TimerDue {
        let due = stage.clock.now().plus_millis(4 * DAY);
        stage.clock.advance(due);
    }
}

/// How the hand-over that was under way ends, and what is told of it.
async fn land(stage: &Stage) {
    let mut values = Map::new();
    values.insert("provider_id", Value::text(WORD));
    let trace = Trace {
        clock: stage.clock.now(),
        at: stage.clock.now(),
        journey: Some("thanks".into()),
        enrollment: None,
        place: None,
        what: "taken".into(),
        reason: Some(format!("refused: {EMAIL}")),
        values,
        after: 0,
    };
    let batch = Batch {
        settled: vec![Settled {
            key: outgoing(OutboxState::Claimed, 0).command.key,
            ..taken(ID, WORD, "in the air")
        }],
        traces: vec![(ID.into(), vec![trace])],
        ..Batch::default()
    };
    stage.store.commit(batch).await.expect("it lands");
}

async fn play(store: Arc<dyn Store>, moment: Moment, dump: impl AsyncFn() -> String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stage = Stage::on(store.clone(), folder.path()).await;
    stage.begin().await;
    set(&mut stage, moment).await;
    assert!(dump().await.contains(WORD), "{moment:?}: it was there");
    let exported = store.export(ID).await.expect("an export");
    for (table, rows) in &exported {
        let is_empty = match *table {
            "erased" | "mark" | "code" => true,
            "outbox" => matches!(moment, Moment::TimerDue | Moment::Unacknowledged),
            "rejected" => moment != Moment::DeadLetter,
            _ => false,
        };
        assert_eq!(rows.is_empty(), is_empty, "{moment:?}: {table}");
    }
    stage.erase().await;
    if moment == Moment::InTheAir {
        land(&stage).await;
    }
    stage.come_late().await;
    let left = dump().await;
    let lines = left.lines().filter(|line| line.contains(WORD));
    let lines: Vec<&str> = lines.collect();
    assert!(lines.is_empty(), "{moment:?}: {lines:#?}");
    assert!(
        left.contains("bread@example.com"),
        "{moment:?}: others stay"
    );
    look(&*store, moment).await;
    // Days later nothing has left.
    let end = stage.clock.now().plus_millis(10 * DAY);
    stage.clock.advance(end);
    stage.runner.work_off(end).await.expect("timers");
    stage.runner.flush().await.expect("an end");
    let text = std::fs::read_to_string(folder.path().join("email.jsonl")).expect("messages");
    assert_eq!(
        text.matches(EMAIL).count(),
        1,
        "{moment:?}: the one from before"
    );
    let given = r#"{"channel":"email","granted":true}"#;
    stage
        .take_in("again", "consent.changed", ID, end, given)
        .await;
    let found = store.load(&[ID.into()], &[]).await.expect("a customer");
    let customer = &found[0].person.customer;
    assert!(
        customer.consented("email") && !customer.is_erased(),
        "{moment:?}"
    );
}

/// The sums go on adding up, and an export says that somebody was erased.
async fn look(store: &dyn Store, moment: Moment) {
    let sums = store.sums(true).await.expect("sums");
    assert_eq!(sums.seen, sums.history, "{moment:?}");
    let log = sums.log.expect("sums of the log");
    assert_eq!(log.entered - log.left, log.inside, "{moment:?}");
    let exported = store.export(ID).await.expect("an export");
    let rows = |name: &str| {
        let own = exported.iter().find(|(table, _)| *table == name);
        own.map_or(0, |(_, rows)| rows.len())
    };
    assert_eq!(
        (rows("erased"), rows("customer"), rows("event")),
        (1, 0, 0),
        "{moment:?}"
    );
    assert!(rows("log") > 0, "{moment:?}: the log keeps its lines");
    let text = serde_json::to_string(&exported).expect("JSON");
    assert!(
        text.contains(&*pseudonym(ID)) && text.contains("asked for it"),
        "{text}"
    );
    assert_eq!(exported[1].1[0]["customer"], tombstone(ID).to_string());
}

/// All that stands in all tables of a SQLite file.
async fn sqlite_dump(path: &std::path::Path) -> String {
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("the file");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&mut connection)
            .await
            .expect("tables");
    let mut dump = String::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT name FROM pragma_table_info('{table}')"
        )))
        .fetch_all(&mut connection)
        .await
        .expect("columns");
        let values = columns.iter().map(|own| format!("quote(\"{own}\")"));
        let values = values.collect::<Vec<_>>().join(" || ' ' || ");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT {values} FROM \"{table}\"")))
                .fetch_all(&mut connection)
                .await
                .expect("rows");
        let rows = rows.iter().map(|row| format!("{table}: {row}\n"));
        dump.extend(rows);
    }
    dump
}

/// All that stands in all tables of a schema.
async fn postgres_dump(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("the database");
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    .fetch_all(&mut connection)
    .await
    .expect("tables");
    let mut dump = String::new();
    for table in tables {
        let bytes = if table == "rejected" {
            " || encode(own.body, 'escape')"
        } else {
            ""
        };
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT own::text{bytes} FROM \"{table}\" own"
        )))
        .fetch_all(&mut connection)
        .await
        .expect("rows");
        let rows = rows.iter().map(|row| format!("{table}: {row}\n"));
        dump.extend(rows);
    }
    dump
}

/// A store in a file of a folder that goes with the test.
async fn on_sqlite() -> (TempDir, PathBuf, Arc<dyn Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let store = Sqlite::open(&path).await.expect("a store");
    (folder, path, Arc::new(store))
}

#[tokio::test]
async fn on_sqlite_no_word_of_somebody_erased_is_left_at_any_moment() {
    for moment in MOMENTS {
        let (_folder, path, store) = on_sqlite().await;
        play(store, moment, async || sqlite_dump(&path).await).await;
    }
}

#[tokio::test]
async fn on_postgres_no_word_of_somebody_erased_is_left_at_any_moment() {
    for moment in MOMENTS {
        let schema = Schema::new().await;
        let (store, url) = (schema.open().await, schema.url());
        play(Arc::new(store), moment, async || postgres_dump(&url).await).await;
    }
}

#[tokio::test]
async fn an_event_that_erases_does_the_same_also_with_what_came_beside_it() {
    let (folder, path, store) = on_sqlite().await;
    let mut stage = Stage::on(store.clone(), folder.path()).await;
    stage.begin().await;
    let now = stage.clock.now();
    let data = r#"{"what":"canary"}"#;
    let order = stage.event("o-2", "order.paid", ID, now, data);
    let erases = stage.event("e-1", "customer.erased", ID, now, "{}");
    stage.take_in_all(vec![order, erases]).await;
    stage
        .take_in("e-2", "customer.erased", "nobody-canary", now, "{}")
        .await;
    stage
        .take_in("o-3", "order.paid", "nobody-canary", now, data)
        .await;
    stage.come_late().await;
    let left = sqlite_dump(&path).await;
    let lines: Vec<&str> = left.lines().filter(|line| line.contains(WORD)).collect();
    assert!(lines.is_empty(), "{lines:#?}");
    let sums = store.sums(true).await.expect("sums");
    assert_eq!(sums.seen, sums.history);
    // A list that says since when a consent stands is a word of the person, if it was given since.
    let now = stage.clock.now();
    for (since, is_gone) in [(now.plus_millis(-DAY), true), (now, false)] {
        let record = format!(r#"{{"id":"{ID}","email":"{EMAIL}","consents":{{"email":true}}}}"#);
        let record = Record::from_json(&definitions().schema, record.as_bytes());
        let mut record = record.expect("a record");
        record.since.push(("email".into(), since));
        let imported = stage.runner.import_customers(vec![record], None).await;
        imported.expect("an import");
        stage.runner.flush().await.expect("an end");
        let found = store.load(&[ID.into()], &[]).await.expect("a customer");
        assert_eq!(found[0].person.customer.is_erased(), is_gone);
    }
}

#[tokio::test]
async fn a_birthday_goes_also_when_its_journey_is_retired() {
    let (folder, path, store) = on_sqlite().await;
    let mut stage = Stage::on(store.clone(), folder.path()).await;
    stage.begin().await;
    drop(stage);
    let anchors = |dump: String| {
        dump.lines()
            .filter(|own| own.starts_with("anchor: "))
            .count()
    };
    assert_eq!(anchors(sqlite_dump(&path).await), 2);
    let retired = definitions_with("status: retired");
    let mut stage = Stage::with(store, folder.path(), retired).await;
    stage.erase().await;
    let left = sqlite_dump(&path).await;
    assert!(!left.contains(WORD), "{left}");
    assert_eq!(anchors(left), 1, "the other's stays");
}

#[tokio::test]
async fn who_comes_back_in_the_same_file_gets_messages_again() {
    let (folder, path, store) = on_sqlite().await;
    let mut stage = Stage::on(store.clone(), folder.path()).await;
    stage.begin().await;
    let now = stage.clock.now();
    stage.clock.advance(now.plus_millis(60_000));
    let at = |seconds: i64| now.plus_millis(seconds * 1_000);
    let given = r#"{"channel":"email","granted":true}"#;
    let ordered = r#"{"what":"salt","customer":{"email":"salt@example.com"}}"#;
    let events = vec![
        stage.event("e-1", "customer.erased", ID, at(10), "{}"),
        stage.event("e-2", "consent.changed", ID, at(20), given),
        stage.event("e-3", "order.paid", ID, at(30), ordered),
    ];
    stage.take_in_all(events).await;
    let text = std::fs::read_to_string(folder.path().join("email.jsonl")).expect("messages");
    assert_eq!(text.matches("salt@example.com").count(), 1, "{text}");
    let log = store.latest(ID, 10).await.expect("the log");
    assert!(!log.is_empty(), "what came after stands under the own name");
    let left = sqlite_dump(&path).await;
    assert!(!left.contains(EMAIL), "{left}");
    let inside = store.enrollments(ID).await.expect("enrollments");
    assert_eq!(inside.len(), 1);
    let sums = store.sums(true).await.expect("sums");
    assert_eq!(sums.seen, sums.history);
}
