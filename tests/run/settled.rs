//! What a batch tells the store of hand-overs before it outlives the batch.

use std::sync::Arc;

use kurant_authoring::{SourceFile, compile};
use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::Definitions;
use kurant_engine::id::Key;
use kurant_runner::{Audience, Clock, Delivered, Delivery, Purpose, Runner, Ways};
use kurant_store::{Memory, OutboxState, Settled, Store, Taken};

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
    let files = FILES.map(|(path, text)| SourceFile::new(path.to_owned(), text.to_owned()));
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
