//! What a batch tells the store of hand-overs before it outlives the batch.

use std::sync::Arc;
use std::time::Duration;

use kurant_authoring::{SourceFile, compile};
use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::Definitions;
use kurant_engine::id::Key;
use kurant_runner::{Audience, Clock, Delivered, Delivery, Purpose, Runner, Ways};
use kurant_store::{Batch, Memory, OutboxState, Settled, Sqlite, Store, Taken};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// How it is told that a message of somebody was taken, and by which name it is known.
pub(crate) fn taken(customer: &str, word: &str, which: &str) -> Settled {
    let key = Key::of(&["command", which]);
    Settled {
        key,
        attempt: 1,
        tries: 1,
        state: OutboxState::Accepted,
        due: None,
        reason: None,
        taken: Some(Box::new(Taken {
            route: "email".into(),
            name: format!("{word}-{which}"),
            customer: customer.into(),
            key,
            journey: "thanks".into(),
            step: "now".into(),
            at: Instant::from_millis(1_000),
            address: String::new(),
        })),
    }
}

const FILES: [(&str, &str); 4] = [
    (
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n",
    ),
    (
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
         entry: { while_active: parallel }\nsteps:\n  - { id: now, send: email, template: hello }\n",
    ),
    (
        "schemas/events/order.paid.json",
        r#"{"type":"object","properties":{}}"#,
    ),
    (
        "templates/hello/email.txt",
        "---\nsubject: Hello\n---\nHello\n",
    ),
];
/// After so many batches the runner no longer asks the store for each event whether it has come before.
const UNWARY: u64 = 20;

/// Nobody looks on.
pub(super) struct Nobody;

impl Audience for Nobody {
    fn acted(&mut self, _: &[Action]) {}
    fn told(&mut self, _: &str) {}
}

pub(super) fn definitions() -> Definitions {
    definitions_of(FILES)
}

fn definitions_of(files: [(&str, &str); 4]) -> Definitions {
    let files = files.map(|(path, text)| SourceFile::new(path.to_owned(), text.to_owned()));
    let compiled = compile(&files);
    let told = format!("{:?}", compiled.diagnostics);
    compiled.definitions.unwrap_or_else(|| panic!("{told}"))
}

fn order(decoder: &mut Decoder, number: u64, now: Instant) -> Delivered {
    arrived(decoder, number, &format!(r#""time":"{now}","#), now)
}

/// An order as it comes at an instant, with or without its time.
pub(super) fn arrived(decoder: &mut Decoder, number: u64, time: &str, now: Instant) -> Delivered {
    let text = format!(
        r#"{{"specversion":"1.0","id":"o{number}","source":"shop","type":"order.paid","subject":"c{number}",{time}"data":{{"customer":{{"email":"c@example.com"}}}}}}"#
    );
    let event = decoder
        .event(text.as_bytes(), Arrival::At(now))
        .expect("an event");
    Delivered {
        event: Arc::new(event),
        body: number,
        place: None,
    }
}

#[tokio::test]
async fn a_batch_that_fails_forgets_no_hand_over_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let (store, clock) = (Arc::new(Memory::new()), Arc::new(Clock::lockstep(now)));
    let definitions = definitions();
    let mut decoder = Decoder::new(Arc::new(definitions.schema.clone()));
    let mut runner = Runner::begin(
        store.clone(),
        clock,
        definitions,
        Ways::files(folder.path().into()),
        Box::new(Nobody),
        Purpose::Run,
    )
    .await
    .expect("a runner");
    // The first of these comes again together with a new one: their batch is refused and taken apart.
    let numbers = (0..UNWARY).map(|number| vec![number]);
    for numbers in numbers.chain([vec![0, UNWARY], vec![UNWARY + 1]]) {
        let events = numbers
            .into_iter()
            .map(|number| order(&mut decoder, number, now))
            .collect();
        let delivery = Delivery {
            events,
            ..Delivery::default()
        };
        runner
            .take_in(vec![delivery], now)
            .await
            .expect("an intake");
    }
    runner.flush().await.expect("an end");
    let counts = runner.counts();
    assert_eq!((counts.taken, counts.repeated), (UNWARY + 2, 1));
    let waiting = store.waiting().await.expect("the outbox");
    let told: Vec<_> = waiting.iter().map(|row| (row.state, row.count)).collect();
    assert_eq!(told, [(OutboxState::Accepted, UNWARY + 2)]);
    let lines = std::fs::read_to_string(folder.path().join("email.jsonl")).expect("messages");
    assert_eq!(lines.lines().count() as u64, UNWARY + 2);
}

/// How long until it is looked again.
const LOOK: Duration = Duration::from_millis(20);
/// A journey that waits for what a web hook answers.
const ASKING: [(&str, &str); 4] = [
    (
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n\
         webhooks: { kind: http, secret: \"${env:SECRET}\" }\n",
    ),
    (
        "journeys/ask.yaml",
        "journey: ask\nstatus: live\ntrigger: { event: order.paid }\nsteps:\n  - id: ask\n    \
         webhook: { url: \"https://shop.example/ask\", method: POST, save: answer }\n  - tag: answered\n",
    ),
    FILES[2],
    FILES[3],
];

/// Somebody who works for as long as the store lasts; calls are written to a file, which answers at once.
async fn asking(folder: &std::path::Path, store: Arc<Sqlite>, now: Instant) -> Runner {
    let clock = Arc::new(Clock::lockstep(now));
    let (ways, purpose) = (Ways::files(folder.into()), Purpose::Run);
    let definitions = definitions_of(ASKING);
    let begun = Runner::begin(store, clock, definitions, ways, Box::new(Nobody), purpose);
    begun.await.expect("a runner")
}

#[tokio::test]
async fn a_store_that_fails_while_an_answer_is_taken_in_swallows_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let store = Arc::new(Sqlite::open(&path).await.expect("a store"));
    let now = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let mut runner = asking(folder.path(), store.clone(), now).await;
    let mut decoder = Decoder::new(Arc::new(definitions_of(ASKING).schema.clone()));
    // With the second one the first is durable, and its call leaves.
    for number in [1, 2] {
        let delivery = Delivery {
            events: vec![order(&mut decoder, number, now)],
            ..Delivery::default()
        };
        let taken = runner.take_in(vec![delivery], now).await;
        taken.expect("an intake");
    }
    let mut looks = 0..500;
    let called = folder.path().join("webhook.jsonl");
    while !called.exists() && looks.next().is_some() {
        tokio::time::sleep(LOOK).await;
    }
    assert!(called.exists(), "the call leaves");
    // By then the second one is durable too; now nobody can write any more.
    tokio::time::sleep(20 * LOOK).await;
    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options)
        .await
        .expect("a connection");
    let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
    begun.expect("a lock");
    runner.flush().await.expect_err("nobody can write");
    let settled = runner.abandon().await;
    let ended = sqlx::query("ROLLBACK").execute(&mut other).await;
    ended.expect("free again");
    // Whoever begins anew tells what was known.
    let batch = Batch {
        clock: now,
        settled,
        ..Batch::default()
    };
    store.commit(batch).await.expect("a commit");
    let mut runner = asking(folder.path(), store.clone(), now).await;
    runner.flush().await.expect("an end");
    let loaded = store.load(&["c1".into()], &[]).await.expect("a customer");
    let person = &loaded[0].person;
    assert!(
        person.enrollments.iter().all(|own| !own.is_active()),
        "it waits for ever: {:?}",
        person.enrollments
    );
}
