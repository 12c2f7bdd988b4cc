//! The source alone: what it hands on, and what it acknowledges.

use std::sync::Arc;

use kurant_engine::definition::Schema;
use kurant_runner::source::Rabbit;
use kurant_runner::{Clock, Delivery, Receipt};
use lapin::types::AMQPValue;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::broker::{Message, Peer, shared, unique};

const SHARDS: u16 = 3;

/// A source that is read by a test.
struct Reading {
    inbox: mpsc::Receiver<Delivery>,
    stop: watch::Sender<bool>,
    watching: JoinHandle<()>,
    _schemas: watch::Sender<Arc<Schema>>,
}

impl Reading {
    fn begin(url: &str, exchange: Option<&str>) -> Self {
        let (schemas, following) = watch::channel(Arc::new(Schema::default()));
        let (out, inbox) = mpsc::channel(4);
        let (stop, stopped) = watch::channel(false);
        let exchange = exchange.map(|name| (name.to_owned(), SHARDS));
        let rabbit = Rabbit::new(url, exchange, following, Arc::new(Clock::real()), out)
            .expect("an address");
        Self {
            inbox,
            stop,
            watching: tokio::spawn(rabbit.watch(stopped)),
            _schemas: schemas,
        }
    }

    /// What comes next, until there are so many events and dead letters; they are durable if `durable` says so.
    async fn take(&mut self, count: usize, durable: bool) -> Delivery {
        let mut all = Delivery::default();
        while all.events.len() + all.rejected.len() < count {
            let mut delivery = self.inbox.recv().await.expect("something comes");
            all.events.append(&mut delivery.events);
            all.rejected.append(&mut delivery.rejected);
            if let Some(receipt) = delivery.receipt.take().filter(|_| durable) {
                let _ = receipt.send(Receipt::default());
            }
        }
        all
    }

    async fn end(self) {
        self.stop.send_replace(true);
        drop(self.inbox);
        self.watching.await.expect("it ends");
    }
}

fn order(id: &str, customer: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"{customer}","data":{{"total":5}}}}"#
    )
}

fn ids(delivery: &Delivery) -> Vec<&str> {
    let mut ids: Vec<&str> = delivery.events.iter().map(|one| &*one.event.id).collect();
    ids.sort_unstable();
    ids
}

/// Begins to read an exchange that it declares, and waits until it is there.
async fn declared(url: &str, exchange: &str) -> (Reading, Peer) {
    let mut reading = Reading::begin(url, Some(exchange));
    let peer = Peer::connect(url).await;
    // The exchange is there once a message reaches one of its queues.
    loop {
        let probe = Peer::connect(url).await;
        let options = lapin::options::QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let last = format!("{exchange}.{}", SHARDS - 1);
        let there = probe
            .channel
            .queue_declare(last.as_str().into(), options, Default::default());
        if there.await.is_ok() {
            break;
        }
    }
    peer.publish(exchange, "x", Message::structured(&order("first", "x")))
        .await;
    reading.take(1, true).await;
    (reading, peer)
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudevents_come_in_structured_batch_and_binary_mode() {
    let (url, exchange) = (shared(), unique("modes"));
    let (mut reading, peer) = declared(&url, &exchange).await;
    let text = |text: &str| AMQPValue::LongString(text.into());
    let headers = [
        ("specversion", text("1.0")),
        ("id", text("binary")),
        ("source", text("test")),
        ("type", text("order.paid")),
        ("subject", text("anna")),
        ("time", AMQPValue::Timestamp(1_700_000_000)),
    ];
    let mut others = headers.clone();
    others[1].1 = text("binary-too");
    others[5].1 = text("2023-11-14T22:13:20Z");
    let batch = [order("batch-1", "anna"), order("batch-2", "olha")];
    for message in [
        Message::structured(&order("structured", "anna")),
        Message::batch(&batch),
        Message::plain(&order("plain", "anna")),
        Message::plain(&format!(" [{}]", order("list", "anna"))),
        Message::binary("cloudEvents:", &headers, r#"{"total": 7}"#),
        Message::binary("cloudEvents_", &others, r#"{"total": 7}"#),
    ] {
        peer.publish(&exchange, "anna", message).await;
    }
    let taken = reading.take(7, true).await;
    assert_eq!(
        ids(&taken),
        [
            "batch-1",
            "batch-2",
            "binary",
            "binary-too",
            "list",
            "plain",
            "structured"
        ]
    );
    for one in taken
        .events
        .iter()
        .filter(|one| one.event.id.starts_with("binary"))
    {
        assert_eq!(one.event.time.to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(
            (&*one.event.customer, &*one.event.kind),
            ("anna", "order.paid")
        );
        assert_eq!(
            one.event
                .data
                .get("total")
                .map(ToString::to_string)
                .as_deref(),
            Some("7")
        );
    }
    reading.end().await;
    peer.remove(&exchange, SHARDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_a_dead_letter_with_its_reason_and_the_good_ones_go_on() {
    let (url, exchange) = (shared(), unique("poison"));
    let (mut reading, peer) = declared(&url, &exchange).await;
    let text = |text: &str| AMQPValue::LongString(text.into());
    let nameless = [
        ("specversion", text("1.0")),
        ("type", text("order.paid")),
        ("subject", text("anna")),
    ];
    let poison = [
        Message::structured("{ no event"),
        Message::plain("\u{1}\u{2}"),
        Message::batch(&[
            order("good-1", "anna"),
            r#"{"specversion":"0.3"}"#.to_owned(),
        ]),
        Message::structured(&format!(r#"{{"data":{}"#, "[".repeat(100_000))),
        Message::binary("cloudEvents:", &nameless, "{}"),
        Message::structured(&order(&"long".repeat(1_000), "anna")),
    ];
    for message in poison {
        peer.publish(&exchange, "anna", message).await;
    }
    peer.publish(
        &exchange,
        "anna",
        Message::structured(&order("good-2", "anna")),
    )
    .await;
    let taken = reading.take(8, true).await;
    assert_eq!(ids(&taken), ["good-1", "good-2"]);
    let reasons: Vec<&str> = taken
        .rejected
        .iter()
        .map(|letter| letter.reason.split(':').next().unwrap_or_default())
        .collect();
    assert_eq!(
        reasons,
        [
            "not_json",
            "not_json",
            "wrong_version",
            "too_deep",
            "missing_field",
            "name_too_long"
        ]
    );
    assert!(
        taken
            .rejected
            .iter()
            .all(|letter| letter.origin.starts_with("rabbitmq "))
    );
    let nameless = &taken.rejected[4].body;
    assert!(
        nameless.contains(r#""type":"order.paid""#),
        "all of it is kept: {nameless}"
    );
    reading.end().await;
    let left = Peer::connect(&url).await;
    for shard in 0..SHARDS {
        assert_eq!(
            left.waiting(&format!("{exchange}.{shard}")).await,
            0,
            "all are acknowledged"
        );
    }
    peer.remove(&exchange, SHARDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_to_be_durable_comes_again() {
    let (url, queue) = (shared(), unique("foreign"));
    let peer = Peer::connect(&url).await;
    peer.queue(&queue).await;
    let address = format!("{url}/{queue}");
    for id in ["a", "b", "c"] {
        peer.publish("", &queue, Message::structured(&order(id, "anna")))
            .await;
    }
    let mut failing = Reading::begin(&address, None);
    assert_eq!(ids(&failing.take(3, false).await), ["a", "b", "c"]);
    failing.end().await;
    let mut reading = Reading::begin(&address, None);
    assert_eq!(ids(&reading.take(3, true).await), ["a", "b", "c"]);
    reading.end().await;
    assert_eq!(peer.waiting(&queue).await, 0);
    let gone = peer
        .channel
        .queue_delete(queue.as_str().into(), Default::default());
    gone.await.expect("the queue goes");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_one_customer_keep_their_order() {
    let (url, exchange) = (shared(), unique("order"));
    let (mut reading, peer) = declared(&url, &exchange).await;
    let customers = ["anna", "olha", "ira", "taras", "max"];
    for number in 0..40 {
        for customer in customers {
            let event = order(&format!("{customer}-{number:02}"), customer);
            peer.publish(&exchange, customer, Message::structured(&event))
                .await;
        }
    }
    let taken = reading.take(200, true).await;
    for customer in customers {
        let own = taken
            .events
            .iter()
            .filter(|one| &*one.event.customer == customer);
        let ids: Vec<&str> = own.map(|one| &*one.event.id).collect();
        assert!(ids.len() == 40 && ids.is_sorted(), "{customer}: {ids:?}");
    }
    reading.end().await;
    peer.remove(&exchange, SHARDS).await;
}
