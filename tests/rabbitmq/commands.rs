//! From an event in RabbitMQ to a command in RabbitMQ, through `kurant run`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use kurant_engine::value::Value;
use kurant_store::{OutboxState, Sqlite, Store, Waiting};
use lapin::Consumer;
use lapin::options::{BasicAckOptions, BasicConsumeOptions};
use lapin::types::FieldTable;
use tokio::time::timeout;

use super::broker::{Message, Peer, shared, unique};
use crate::acted::acted;
use crate::run::asking::{metrics, ready, sum};
use crate::run::sample::{Running, Shop};
use crate::servers::{Own, RABBITMQ};

const SHARDS: u16 = 4;
/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(120);
const JOURNEY: &str = "journey: call
status: live
trigger: { event: order.paid, max_age: 100y }
entry: { key: event.order_id }
steps:
  - id: call
    task: { title: Call, for: owner }
";

/// A shop whose events come from a broker, and whose commands go there.
pub(super) struct Sale {
    pub(super) shop: Shop,
    pub(super) events: String,
    pub(super) commands: String,
}

impl Sale {
    pub(super) fn new(url: &str) -> Self {
        let (events, commands) = (unique("events"), unique("commands"));
        let shop = Shop::new();
        for journey in ["thanks", "cart", "birthday", "dormant", "loyal", "monday"] {
            std::fs::remove_file(shop.path(&format!("journeys/{journey}.yaml")))
                .expect("a journey");
        }
        shop.write("broker-address", url);
        shop.write(
            "kurant.yaml",
            &format!(
                "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  email: {{ kind: file }}\n  sms: {{ kind: file }}\n\
                 events: {{ url: \"${{file:broker-address}}\", exchange: {events}, shards: {SHARDS} }}\n\
                 crm: {{ kind: amqp, exchange: {commands} }}\nconsole: {{ listen: \"127.0.0.1:0\" }}\n"
            ),
        );
        shop.write(
            "schemas/events/order.paid.json",
            r#"{"type":"object","properties":{"total":{"type":"number"},"order_id":{"type":"string"}}}"#,
        );
        shop.write("journeys/call.yaml", JOURNEY);
        Self {
            shop,
            events,
            commands,
        }
    }

    /// Starts the runtime, and waits until it reads its queues.
    pub(super) fn run(&self) -> Running {
        let running = self.shop.start(&["run", "--quiet"]);
        running.wait_for("events are taken in from RabbitMQ");
        running
    }

    /// Waits until every command is known to have been taken: one may have been heard whose confirm was cut off.
    pub(super) async fn is_settled(&self) {
        let path = self.shop.path(".kurant/state.db");
        let store = Sqlite::open_to_read(&path).await.expect("a store");
        let settled = async {
            let is_open = |row: &Waiting| row.state != OutboxState::Accepted;
            while store
                .waiting()
                .await
                .expect("the outbox")
                .iter()
                .any(is_open)
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, settled).await.expect("all is taken");
    }

    /// Nothing was lost and nothing took effect twice.
    pub(super) async fn check(&self, peer: &Peer, orders: usize) {
        let path = self.shop.path(".kurant/state.db");
        let store = Sqlite::open_to_read(&path).await.expect("a store");
        let totals = store.totals().await.expect("totals");
        assert_eq!(totals.events, orders as u64, "events in effect");
        let actions = acted(&store).await;
        let count = |verb: &str| {
            let own = actions.iter().filter(|line| line.action == verb);
            own.count()
        };
        assert_eq!(["enter", "task", "exit"].map(count), [orders; 3]);
        let ids: Vec<_> = (0..10)
            .map(|number| customer(number).as_str().into())
            .collect();
        let people = store.load(&ids, &[]).await.expect("customers");
        let counted: i64 = people
            .iter()
            .filter_map(
                |stored| match stored.person.customer.attributes.get("orders_count") {
                    Some(Value::Integer(count)) => Some(*count),
                    _ => None,
                },
            )
            .sum();
        assert_eq!(counted, orders as i64, "each order is counted once");
        let rows = store.waiting().await.expect("the outbox");
        assert!(
            rows.iter().all(|row| row.state == OutboxState::Accepted),
            "{rows:?}"
        );
        for shard in 0..SHARDS {
            let queue = format!("{}.{shard}", self.events);
            assert_eq!(
                peer.waiting(&queue).await,
                0,
                "{queue}: all are acknowledged"
            );
        }
    }

    async fn remove(self, peer: Peer) {
        let queue = self.commands.as_str();
        let _ = peer
            .channel
            .queue_delete(queue.into(), Default::default())
            .await;
        let _ = peer
            .channel
            .exchange_delete(queue.into(), Default::default())
            .await;
        peer.remove(&self.events, SHARDS).await;
    }
}

fn customer(number: usize) -> String {
    format!("c{}", number % 10)
}

fn order(number: usize) -> (String, Message) {
    let customer = customer(number);
    let event = format!(
        r#"{{"specversion":"1.0","id":"o{number}","source":"shop","type":"order.paid","subject":"{customer}","data":{{"total":5,"order_id":"o{number}"}}}}"#
    );
    (customer, Message::structured(&event))
}

pub(super) async fn publish(peer: &Peer, exchange: &str, orders: impl Iterator<Item = usize>) {
    for number in orders {
        let (customer, message) = order(number);
        peer.publish(exchange, &customer, message).await;
    }
}

/// The commands that a queue has held so far: their keys, and how often each came.
pub(super) struct Heard {
    keys: BTreeMap<String, usize>,
    /// One for all the time: what it holds unread would not come to another.
    consumer: Consumer,
}

impl Heard {
    pub(super) async fn begin(peer: &Peer, queue: &str) -> Self {
        Self {
            keys: BTreeMap::new(),
            consumer: consumer(peer, queue).await,
        }
    }

    /// Reads on over another connection.
    async fn reconnect(&mut self, peer: &Peer, queue: &str) {
        self.consumer = consumer(peer, queue).await;
    }

    /// Reads on until so many different commands have come.
    pub(super) async fn listen(&mut self, count: usize) {
        while self.keys.len() < count {
            let message = timeout(PATIENCE, self.consumer.next()).await;
            let message = message
                .unwrap_or_else(|_| panic!("only {} of {count} commands came", self.keys.len()))
                .expect("the queue goes on")
                .expect("a message");
            let body: serde_json::Value = serde_json::from_slice(&message.data).expect("JSON");
            let key = body["key"].as_str().expect("a key").to_owned();
            let properties = &message.properties;
            let id = properties.message_id().as_ref().map(|id| id.as_str());
            assert_eq!(id, Some(key.as_str()), "the key is the message's id");
            let told = (*properties.delivery_mode(), message.routing_key.as_str());
            assert_eq!(told, (Some(2), "task"), "persistent, with its verb");
            assert_eq!(body["command"], "task");
            *self.keys.entry(key).or_default() += 1;
            let acknowledged = message.ack(BasicAckOptions::default());
            acknowledged.await.expect("it is acknowledged");
        }
    }
}

async fn consumer(peer: &Peer, queue: &str) -> Consumer {
    let (options, table) = (BasicConsumeOptions::default(), FieldTable::default());
    let consumer = peer
        .channel
        .basic_consume(queue.into(), "".into(), options, table);
    consumer.await.expect("the queue is read")
}

/// What is counted is what was done, once all of it is: 80 orders, of which 30 came twice.
async fn counts(address: &str) {
    let through = ["source=\"rabbitmq\""];
    let expected = [
        ("kurant_events_received_total", &through[..], 110.0),
        ("kurant_events_total", &["outcome=\"taken\""], 80.0),
        ("kurant_events_total", &["outcome=\"repeated\""], 30.0),
        ("kurant_events_committed_total", &[], 80.0),
        ("kurant_events_in_hand", &through, 0.0),
        (
            "kurant_actions_total",
            &["verb=\"task\"", "status=\"sent\""],
            80.0,
        ),
        ("kurant_actions_total", &["verb=\"enter\""], 80.0),
        ("kurant_commands_total", &["route=\"crm\""], 80.0),
        (
            "kurant_hand_overs_total",
            &["route=\"crm\"", "outcome=\"accepted\"", "attempt=\"1\""],
            80.0,
        ),
        ("kurant_up", &[], 4.0),
    ];
    let differ = || {
        let counted = metrics(address);
        let number = |name, labels| sum(&counted, name, labels);
        let differ = expected.iter().filter(|own| number(own.0, own.1) != own.2);
        differ
            .map(|own| format!("{own:?}: {}", number(own.0, own.1)))
            .collect::<Vec<_>>()
    };
    let waiting = async {
        while !differ().is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{:#?}", differ()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_becomes_one_command_also_when_it_comes_twice() {
    let url = shared();
    let sale = Sale::new(&url);
    let peer = Peer::connect(&url).await;
    peer.exchange(&sale.commands).await;
    let running = sale.shop.start(&["run", "--quiet"]);
    let address = running.address();
    lacks(&address, &[]).await;
    publish(&peer, &sale.events, 0..60).await;
    publish(&peer, &sale.events, 30..60).await;
    publish(&peer, &sale.events, 60..80).await;
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    heard.listen(80).await;
    counts(&address).await;
    running.end();
    assert!(
        heard.keys.values().all(|times| *times == 1),
        "each is published once"
    );
    assert_eq!(peer.waiting(&sale.commands).await, 0, "and nothing else is");
    sale.check(&peer, 80).await;
    sale.remove(peer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_listens_for_waits_until_somebody_does() {
    let url = shared();
    let sale = Sale::new(&url);
    let peer = Peer::connect(&url).await;
    let running = sale.run();
    publish(&peer, &sale.events, 0..3).await;
    running.wait_for("no queue is bound for these commands");
    peer.exchange(&sale.commands).await;
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    heard.listen(3).await;
    running.end();
    sale.check(&peer, 3).await;
    sale.remove(peer).await;
}

/// What a command prints, one object a line.
fn objects(shop: &Shop, arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = shop.kurant(arguments).stdout;
    let text = String::from_utf8(output).expect("text");
    let object = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    text.lines().map(object).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_takes_in_its_time_is_given_up_and_can_be_tried_again() {
    let url = shared();
    let sale = Sale::new(&url);
    let settings = std::fs::read_to_string(sale.shop.path("kurant.yaml")).expect("settings");
    let settings = settings.replace("kind: amqp,", "kind: amqp, valid_for: 1s,");
    sale.shop.write("kurant.yaml", &settings);
    let peer = Peer::connect(&url).await;
    let running = sale.run();
    publish(&peer, &sale.events, 0..3).await;
    wait_for_dead(&sale.shop, 3).await;
    let dead = objects(&sale.shop, &["dead", "list", "--json"]);
    let is_dead =
        |one: &serde_json::Value| one["state"] == "dead" && one["attempts"].as_i64() >= Some(3);
    assert!(dead.iter().all(is_dead), "{dead:?}");
    assert!(
        dead[0]["reason"]
            .as_str()
            .is_some_and(|why| why.starts_with("unroutable"))
    );
    let told = objects(
        &sale.shop,
        &["log", "--outcome", "gave_up", "--step", "call", "--json"],
    );
    assert_eq!(told.len(), 3, "the log tells");
    peer.exchange(&sale.commands).await;
    let one = dead[0]["id"].as_str().expect("an id");
    sale.shop.kurant(&["dead", "drop", one]);
    sale.shop.kurant(&["dead", "drop", one]);
    sale.shop
        .kurant(&["dead", "retry", "--all", "--route", "crm"]);
    sale.shop.kurant(&["dead", "retry", "--all"]);
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    heard.listen(2).await;
    running.end();
    assert!(!heard.keys.contains_key(one), "what was dropped stays so");
    assert!(
        heard.keys.values().all(|times| *times == 1),
        "each came once"
    );
    assert!(objects(&sale.shop, &["dead", "list", "--json"]).is_empty());
    sale.remove(peer).await;
}

/// Waits until so many commands were given up.
async fn wait_for_dead(shop: &Shop, count: usize) {
    let path = shop.path(".kurant/state.db");
    let store = Sqlite::open_to_read(&path).await.expect("a store");
    let waiting = async {
        while store.given_up(0, 99).await.expect("the outbox").len() < count {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    waited.expect("they are tried for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_under_load_lose_nothing_and_double_no_effect() {
    const ORDERS: usize = 3_000;
    let url = shared();
    let sale = Sale::new(&url);
    let peer = Peer::connect(&url).await;
    peer.exchange(&sale.commands).await;
    // The first start declares the queues.
    let mut running = sale.run();
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    for kill in 0..5 {
        let part = ORDERS / 5;
        publish(&peer, &sale.events, kill * part..(kill + 1) * part).await;
        heard.listen(kill * part + part / 3).await;
        running.kill();
        running = sale.run();
    }
    heard.listen(ORDERS).await;
    running.end();
    assert_eq!(heard.keys.len(), ORDERS);
    sale.check(&peer, ORDERS).await;
    sale.remove(peer).await;
}

/// Waits until it lacks just these parts.
async fn lacks(address: &str, parts: &[&str]) {
    let waiting = async {
        while ready(address).1 != parts {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let waited = timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("{:?}, and not {parts:?}", ready(address)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_away_and_comes_back_is_told_of_once_and_nothing_is_lost() {
    let own = RABBITMQ.start("restart");
    let sale = Sale::new(&own.url);
    let mut peer = Peer::connect(&own.url).await;
    peer.exchange(&sale.commands).await;
    let running = sale.shop.start(&["run", "--quiet"]);
    let address = running.address();
    let mut lines = Vec::new();
    lacks(&address, &[]).await;
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    type Cut = fn(&Own, bool);
    let cuts: [Cut; 2] = [
        |own, back| own.ctl(if back { "start_app" } else { "stop_app" }),
        |own, back| own.script(if back { "start" } else { "kill" }),
    ];
    for (round, cut) in cuts.into_iter().enumerate() {
        publish(&peer, &sale.events, round * 1_000..(round + 1) * 1_000).await;
        heard.listen(round * 1_000 + 300).await;
        cut(&own, false);
        lines.extend(running.wait_for("no events from RabbitMQ"));
        lacks(&address, &["commands", "events"]).await;
        cut(&own, true);
        lines.extend(running.wait_for("events are taken in from RabbitMQ"));
        lacks(&address, &[]).await;
        peer = Peer::connect(&own.url).await;
        heard.reconnect(&peer, &sale.commands).await;
    }
    heard.listen(2_000).await;
    sale.is_settled().await;
    running.end();
    let gone = lines
        .iter()
        .filter(|line| line.contains("no events from RabbitMQ"))
        .count();
    assert_eq!(
        gone,
        2,
        "it is told of once each time:\n{}",
        lines.join("\n")
    );
    sale.check(&peer, 2_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_the_broker_has_put_aside_and_who_is_not_there() {
    let url = shared();
    let sale = Sale::new(&url);
    let peer = Peer::connect(&url).await;
    peer.exchange(&sale.commands).await;
    let examine = || {
        let output = sale.shop.run(&["doctor", "--json"]);
        let found: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("a list");
        let of = |state: &str| -> Vec<String> {
            let own = found.iter().filter(|own| own["state"] == state);
            own.map(|own| format!("{}: {}", own["check"], own["what"]))
                .collect()
        };
        let (broken, well) = (of("broken"), of("ok"));
        assert_eq!(output.status.success(), broken.is_empty(), "{broken:?}");
        (broken, well.concat())
    };
    let (broken, _) = examine();
    assert_eq!(
        broken.len(),
        usize::from(SHARDS),
        "no queue yet: {broken:?}"
    );
    let running = sale.run();
    publish(&peer, &sale.events, 0..3).await;
    let mut heard = Heard::begin(&peer, &sale.commands).await;
    heard.listen(3).await;
    let (broken, well) = examine();
    assert_eq!(broken, Vec::<String>::new());
    for part in [
        "RabbitMQ 3.",
        "as Kurant declares",
        "put nothing aside",
        "commands can be published",
    ] {
        assert!(well.contains(part), "{part} in {well}");
    }
    let dead = format!("{}.dead", sale.events);
    peer.publish(&dead, "", order(9).1).await;
    let found = async {
        loop {
            let (broken, _) = examine();
            if !broken.is_empty() {
                return broken;
            }
        }
    };
    let broken = timeout(PATIENCE, found).await.expect("it is found");
    assert!(
        broken.len() == 1 && broken[0].contains("1 messages aside"),
        "{broken:?}"
    );
    running.end();
    sale.remove(peer).await;
}
