//! Several `kurant run` on one database and one broker.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::id::CustomerId;
use kurant_engine::value::Value;
use kurant_store::{OutboxState, Postgres, Store};
use tokio::time::timeout;

use super::broker::{Message, Peer, shared, unique};
use crate::acted::acted;
use crate::run::sample::{Dice, Running, Shop};
use crate::store_conformance::postgres::database::Schema;

const SHARDS: u16 = 8;
const CUSTOMERS: u64 = 100;
/// Whoever waits longer than this waits in vain.
const PATIENCE: Duration = Duration::from_secs(120);
const SEED: u64 = 41;

const LEAD: &str = "journey: lead
status: live
category: service
trigger: { event: order.paid, max_age: 100y }
entry: { key: event.order_id, while_active: parallel }
steps:
  - assign: { pool: sales, by: round_robin }
  - id: first
    task: { title: Call, for: owner }
  - id: pause
    wait: 1s
  - id: second
    task: { title: Call again, for: owner }
";

/// A workspace whose events come from a broker, whose commands go there and whose state is in a database.
struct Chain {
    shop: Shop,
    schema: Schema,
    events: String,
    commands: String,
}

impl Chain {
    async fn new(url: &str, journeys: &[(String, String)]) -> Self {
        let (events, commands) = (unique("events"), unique("commands"));
        let (shop, schema) = (Shop::new(), Schema::new().await);
        for journey in ["thanks", "cart", "birthday", "dormant", "loyal", "monday"] {
            std::fs::remove_file(shop.path(&format!("journeys/{journey}.yaml")))
                .expect("a journey");
        }
        shop.write("broker-address", url);
        shop.write("store-address", &schema.url());
        shop.write(
            "kurant.yaml",
            &format!(
                "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\n\
                 frequency_caps:\n  - {{ category: marketing, channel: any, max: 3, per: 7d }}\n\
                 channels:\n  email: {{ kind: file }}\n  sms: {{ kind: file }}\npools:\n  sales: [olena, taras, ira]\n\
                 store: {{ url: \"${{file:store-address}}\" }}\n\
                 events: {{ url: \"${{file:broker-address}}\", exchange: {events}, shards: {SHARDS} }}\n\
                 crm: {{ kind: amqp, exchange: {commands} }}\nconsole: {{ listen: \"127.0.0.1:0\" }}\n"
            ),
        );
        let order = r#"{"type":"object","properties":{"total":{"type":"number"},"order_id":{"type":"string"}}}"#;
        shop.write("schemas/events/order.paid.json", order);
        for (name, text) in journeys {
            shop.write(&format!("journeys/{name}.yaml"), text);
        }
        Self {
            shop,
            schema,
            events,
            commands,
        }
    }

    fn run(&self) -> Running {
        let running = self.shop.start(&["run", "--quiet"]);
        running.wait_for("events are taken in from RabbitMQ");
        running
    }

    async fn store(&self) -> Postgres {
        let store = Postgres::open_to_read(&self.schema.url()).await;
        store.expect("a store")
    }

    /// All lines of the log once so many of a verb are there and nothing waits to leave any more.
    async fn log(&self, verb: &str, count: usize) -> Vec<Action> {
        let store = self.store().await;
        let quiet = async {
            loop {
                let actions = acted(&store).await;
                let rows = store.waiting().await.expect("the outbox");
                let is_empty = rows.iter().all(|row| row.state == OutboxState::Accepted);
                if is_empty && of(&actions, verb).len() >= count {
                    return actions;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, quiet).await.expect("it comes to rest")
    }

    /// How many orders each customer's profile counts.
    async fn counted(&self) -> BTreeMap<String, i64> {
        let ids: Vec<CustomerId> = (0..CUSTOMERS)
            .map(|number| id(number).as_str().into())
            .collect();
        let people = self.store().await.load(&ids, &[]).await.expect("customers");
        let count = |value: Option<&Value>| match value {
            Some(Value::Integer(count)) => *count,
            _ => 0,
        };
        people
            .iter()
            .map(|stored| &stored.person.customer)
            .map(|own| {
                (
                    own.id.to_string(),
                    count(own.attributes.get("orders_count")),
                )
            })
            .collect()
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

fn id(number: u64) -> String {
    format!("c{number}")
}

/// The lines of a verb that were done.
fn of<'l>(log: &'l [Action], verb: &str) -> Vec<&'l Action> {
    let done = |line: &&Action| line.action == verb && line.status == ActionStatus::Sent;
    log.iter().filter(done).collect()
}

/// An order of a customer; every third comes twice.
async fn order(peer: &Peer, exchange: &str, number: u64, customer: u64, key: &str) {
    let customer = id(customer);
    let event = format!(
        r#"{{"specversion":"1.0","id":"o{number}","source":"shop","type":"order.paid","subject":"{customer}","data":{{"total":5,"order_id":"o{number}","customer":{{"email":"a@example.com","consents":{{"email":true}}}}}}}}"#
    );
    for _ in 0..1 + u64::from(number.is_multiple_of(3)) {
        peer.publish(exchange, key, Message::structured(&event))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_the_work_and_one_that_is_killed_is_replaced_by_the_others() {
    const ORDERS: u64 = 2_000;
    let url = shared();
    let chain = Chain::new(&url, &[("lead".into(), LEAD.into())]).await;
    let peer = Peer::connect(&url).await;
    peer.exchange(&chain.commands).await;
    let mut workers = vec![chain.run(), chain.run(), chain.run()];
    let mut dice = Dice(SEED);
    let mut paid: BTreeMap<String, i64> = BTreeMap::new();
    for number in 0..ORDERS {
        let customer = dice.below(CUSTOMERS);
        *paid.entry(id(customer)).or_default() += 1;
        order(&peer, &chain.events, number, customer, &id(customer)).await;
        if number == ORDERS / 3 {
            workers.remove(0).kill();
            workers.push(chain.run());
        }
    }
    let log = chain.log("task", 2 * ORDERS as usize).await;
    for worker in workers {
        worker.end();
    }
    assert_eq!(chain.counted().await, paid, "seed {SEED}");
    let keys: BTreeSet<_> = of(&log, "task").iter().map(|line| line.key).collect();
    assert_eq!(keys.len(), 2 * ORDERS as usize);
    assert_eq!(of(&log, "enter").len(), ORDERS as usize);
    let mut given: BTreeMap<String, i64> = BTreeMap::new();
    for line in of(&log, "assign") {
        let owner = line.data.get("owner").and_then(Value::as_text);
        *given
            .entry(owner.expect("an owner").to_owned())
            .or_default() += 1;
    }
    let fair = ORDERS as i64 / 3;
    assert!(
        given.len() == 3 && given.values().all(|own| (fair..=fair + 1).contains(own)),
        "in turn, whoever the worker: {given:?}"
    );
    for shard in 0..SHARDS {
        let queue = format!("{}.{shard}", chain.events);
        assert_eq!(
            peer.waiting(&queue).await,
            0,
            "{queue}: all is acknowledged"
        );
    }
    assert_eq!(
        chain.store().await.workers().await.expect("workers"),
        [],
        "all have left"
    );
    chain.remove(peer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_holds_whichever_workers_a_customers_events_come_to() {
    const ORDERS: u64 = 600;
    const JOURNEYS: usize = 10;
    let url = shared();
    let journey = |number: usize| {
        let text = format!(
            "journey: offer-{number}\nstatus: live\ntrigger: {{ event: order.paid, max_age: 100y }}\n\
             entry: {{ while_active: parallel }}\nsteps:\n  - id: offer\n    send: email\n    template: hello\n"
        );
        (format!("offer-{number}"), text)
    };
    let journeys: Vec<_> = (0..JOURNEYS).map(journey).collect();
    let chain = Chain::new(&url, &journeys).await;
    let peer = Peer::connect(&url).await;
    let workers = [chain.run(), chain.run(), chain.run(), chain.run()];
    let mut dice = Dice(SEED);
    let mut paid: BTreeMap<String, i64> = BTreeMap::new();
    for number in 0..ORDERS {
        let customer = dice.below(CUSTOMERS);
        *paid.entry(id(customer)).or_default() += 1;
        // Not by the customer: neighbours come to different workers.
        order(&peer, &chain.events, number, customer, &number.to_string()).await;
    }
    let log = chain.log("enter", ORDERS as usize * JOURNEYS).await;
    for worker in workers {
        worker.end();
    }
    assert_eq!(chain.counted().await, paid, "seed {SEED}");
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for line in of(&log, "send") {
        *sent.entry(line.customer.to_string()).or_default() += 1;
    }
    assert!(
        sent.len() == paid.len() && sent.values().all(|own| *own == 3),
        "seed {SEED}: three for each, and never one over: {sent:?}"
    );
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for line in chain.shop.lines(".kurant/outbox/email.jsonl") {
        *left
            .entry(line["customer"].as_str().unwrap_or_default().to_owned())
            .or_default() += 1;
        assert!(keys.insert(line["key"].to_string()), "handed over twice");
    }
    assert_eq!(left, sent);
    chain.remove(peer).await;
}
