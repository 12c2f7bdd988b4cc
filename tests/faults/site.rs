//! Where the workspace runs: SQLite and files on one machine, or PostgreSQL and RabbitMQ with any number of workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kurant_store::{Postgres, Sqlite, Store};

use super::check::{Findings, Invariant, check, ghosts};
use super::history::{History, Received};
use super::load::{self, Load, Message};
use super::proxy::Proxy;
use super::receiver::Receiver;
use super::rules::Bound;
use super::shop;
use super::told;
use crate::rabbitmq::broker::{self, Peer, unique};
use crate::run::sample::{Running, Shop};
use crate::store_conformance::postgres::database::Schema;

const SHARDS: u16 = 4;
/// How often it is looked whether all has come to rest, and how long between two looks.
const LOOKS: usize = 600;
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Whether a worker falls is waited for so long at a time.
const MOMENT: Duration = Duration::from_millis(100);
/// More commands than this are never in the air: what two batches make, each of them of several actions an event.
const IN_THE_AIR: usize = 40_000;
/// Nothing here is as wild as what the guard is for.
const GUARD: &str = "guard: { enter: 100000000/h, send: 100000000/h }\n";

/// A workspace, its workers, and what is around them.
pub(super) struct Site {
    /// A folder for each worker: they are as far from each other as machines.
    shops: Vec<Shop>,
    workers: Vec<Option<Worker>>,
    around: Around,
    stops: usize,
    /// Whether the journey that changes is as its second version has it.
    is_second: bool,
    /// How many files were dropped.
    files: usize,
}

/// A worker that was started.
struct Worker {
    running: Running,
    /// Whether it has said that it takes events in.
    is_ready: bool,
}

enum Around {
    Files,
    Servers(Box<Servers>),
}

struct Servers {
    schema: Schema,
    peer: Peer,
    receiver: Receiver,
    events: String,
    commands: String,
}

impl Site {
    /// SQLite, the inbox and the files of the outbox.
    pub(super) fn files() -> Self {
        let settings = format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: {{ email: {{ kind: file }} }}\n\
             crm: {{ kind: file }}\nconsole: {{ listen: \"127.0.0.1:0\" }}\n{GUARD}"
        );
        Self::with(vec![workspace(&settings)], Around::Files)
    }

    /// PostgreSQL, events and commands over RabbitMQ, and so many workers.
    pub(super) async fn servers(workers: usize) -> Self {
        Self::servers_through(workers, None, None).await
    }

    /// The same, each through something that stands before it.
    pub(super) async fn servers_through(
        workers: usize,
        to_store: Option<&Proxy>,
        to_broker: Option<&Proxy>,
    ) -> Self {
        let schema = Schema::new().await;
        let (url, events, commands) = (broker::shared(), unique("events"), unique("commands"));
        let peer = Peer::connect(&url).await;
        peer.exchange(&commands).await;
        let settings = format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: {{ email: {{ kind: file }} }}\n\
             crm: {{ kind: amqp, exchange: {commands} }}\nconsole: {{ listen: \"127.0.0.1:0\" }}\n\
             store: {{ url: \"${{file:store.secret}}\" }}\n\
             events: {{ url: \"${{file:broker.secret}}\", exchange: {events}, shards: {SHARDS} }}\n{GUARD}"
        );
        let through = |proxy: Option<&Proxy>, url: &str| match proxy {
            Some(proxy) => proxy.lead_to(url),
            None => url.to_owned(),
        };
        let store_url = through(to_store, &schema.url());
        let broker_url = through(to_broker, &url);
        let shop = |_| {
            let shop = workspace(&settings);
            shop.write("store.secret", &store_url);
            shop.write("broker.secret", &broker_url);
            shop
        };
        let shops: Vec<Shop> = (0..workers).map(shop).collect();
        let receiver = Receiver::begin(&url, &commands).await;
        let servers = Servers {
            schema,
            peer,
            receiver,
            events,
            commands,
        };
        Self::with(shops, Around::Servers(Box::new(servers)))
    }

    fn with(shops: Vec<Shop>, around: Around) -> Self {
        shops[0].write("customers.jsonl", &load::customers());
        shops[0].kurant(&["import", "customers", "customers.jsonl"]);
        Self {
            workers: shops.iter().map(|_| None).collect(),
            shops,
            around,
            stops: 0,
            is_second: false,
            files: 0,
        }
    }

    /// How many workers there are.
    pub(super) fn workers(&self) -> usize {
        self.shops.len()
    }

    /// Changes a journey for everybody: the other one of its two versions.
    pub(super) fn change(&mut self) {
        self.is_second = !self.is_second;
        let text = if self.is_second {
            shop::THANKS_SECOND
        } else {
            shop::THANKS_FIRST
        };
        for shop in &self.shops {
            shop.write(shop::THANKS, text);
        }
    }

    /// Starts a worker unless it runs.
    pub(super) fn start(&mut self, worker: usize, variables: &[(&str, &str)]) {
        if self.workers[worker].is_none() {
            let running = self.shops[worker].start_in(&["run", "--quiet"], variables);
            let is_ready = false;
            self.workers[worker] = Some(Worker { running, is_ready });
        }
    }

    /// Runs a command in a worker's folder to its end, which must be a good one.
    pub(super) fn command(&self, worker: usize, arguments: &[&str], variables: &[(&str, &str)]) {
        let running = self.shops[worker].start_in(arguments, variables);
        assert!(running.ended().success(), "kurant {arguments:?}");
    }

    /// Starts those that don't run, and waits until each takes events in.
    pub(super) fn start_all(&mut self) {
        for worker in 0..self.workers() {
            self.start(worker, &[]);
            self.wait_until_ready(worker);
        }
    }

    /// Waits until a worker takes events in. One that finds the place still taken by whoever was killed is started again,
    /// as whatever keeps services running does.
    pub(super) fn wait_until_ready(&mut self, worker: usize) {
        let word = match self.around {
            Around::Files => "running;",
            Around::Servers(_) => "events are taken in from RabbitMQ",
        };
        loop {
            self.start(worker, &[]);
            let own = self.workers[worker].as_mut().expect("it was just started");
            if own.is_ready {
                return;
            }
            match own.running.says(word) {
                Ok(()) => own.is_ready = true,
                Err(lines) if lines.contains("end that one first") => self.workers[worker] = None,
                Err(lines) => panic!("worker {worker} does not run:\n{lines}"),
            }
        }
    }

    /// Sends a signal to a worker, if it runs.
    pub(super) fn signal(&self, worker: usize, name: &str) {
        if let Some(own) = &self.workers[worker] {
            own.running.signal(name);
        }
    }

    /// Kills a worker as `kill -9` does.
    pub(super) fn kill(&mut self, worker: usize) {
        if let Some(own) = self.workers[worker].take() {
            own.running.kill();
            self.stops += 1;
        }
    }

    /// Waits a moment and says whether a worker has stopped by itself in the middle of its work.
    pub(super) fn falls(&mut self, worker: usize) -> bool {
        let own = self.workers[worker].as_mut().expect("it was started");
        let has_fallen = own.running.ends_within(MOMENT);
        if has_fallen {
            self.workers[worker] = None;
            self.stops += 1;
        }
        has_fallen
    }

    /// Something came between, after which a command may be handed over once more.
    pub(super) fn disturbed(&mut self) {
        self.stops += 1;
    }

    /// Asks a worker to end, which must end well.
    pub(super) fn end(&mut self, worker: usize) {
        if let Some(own) = self.workers[worker].take() {
            own.running.end();
        }
    }

    /// Publishes these and waits until they are safe.
    pub(super) async fn publish(&mut self, messages: Vec<Message>) {
        match &self.around {
            Around::Files => {
                self.files += 1;
                let lines: Vec<String> = messages.into_iter().map(|one| one.text).collect();
                self.shops[0].drop_events(&format!("{:06}.jsonl", self.files), &lines);
            }
            Around::Servers(servers) => {
                let message = |one: Message| (one.customer, broker::Message::structured(&one.text));
                let messages = messages.into_iter().map(message).collect();
                servers.peer.publish_all(&servers.events, messages).await;
            }
        }
    }

    /// The store, to read.
    async fn store(&self) -> Arc<dyn Store> {
        match &self.around {
            Around::Files => {
                let path = self.shops[0].path(".kurant/state.db");
                Arc::new(Sqlite::open_to_read(&path).await.expect("a store"))
            }
            Around::Servers(servers) => {
                let store = Postgres::open_to_read(&servers.schema.url()).await;
                Arc::new(store.expect("a store"))
            }
        }
    }

    /// What receivers have so far.
    async fn received(&self) -> Vec<Received> {
        let mut all = Vec::new();
        for shop in &self.shops {
            for route in ["email", "crm", "events"] {
                all.extend(file(shop, route));
            }
        }
        if let Around::Servers(servers) = &self.around {
            all.extend(servers.receiver.so_far());
        }
        all
    }

    /// Looks that nothing was handed over that is not committed. With several workers this says something of those that
    /// still run, too.
    pub(super) async fn look_for_ghosts(&self) -> Findings {
        // In this order: what is received must have been committed before.
        let received = self.received().await;
        let committed = told::committed(&*self.store().await).await;
        let committed: BTreeSet<&str> = committed.iter().map(String::as_str).collect();
        let mut found = Findings::default();
        ghosts(&received, &committed, &mut found);
        found
    }

    /// Waits until nothing is under way any more, and says whether it came to that.
    pub(super) async fn come_to_rest(&self, load: &Load) -> bool {
        self.come_to_rest_within(load, LOOKS).await
    }

    async fn come_to_rest_within(&self, load: &Load, looks: usize) -> bool {
        let store = self.store().await;
        for _ in 0..looks {
            if told::is_at_rest(&*store, load).await && self.is_drained().await {
                return true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        false
    }

    /// Lets all of it come to rest, ends the workers and checks what is left: it is as it should be.
    pub(super) async fn finish(self, load: Load) {
        let found = self.look_at_the_end(load, &[], LOOKS).await;
        assert!(found.is_empty(), "{found}");
    }

    /// The same where the workers have these variables in their environment.
    pub(super) async fn finish_with(self, load: Load, variables: &[(&str, &str)]) {
        let found = self.look_at_the_end(load, variables, LOOKS).await;
        assert!(found.is_empty(), "{found}");
    }

    /// Lets all of it come to rest, ends the workers, which have these variables in their environment, and says what is left that
    /// should not be so.
    pub(super) async fn look_at_the_end(
        mut self,
        load: Load,
        variables: &[(&str, &str)],
        looks: usize,
    ) -> Findings {
        for worker in 0..self.workers() {
            self.start(worker, variables);
        }
        self.start_all();
        let is_at_rest = self.come_to_rest_within(&load, looks).await;
        let store = self.store().await;
        for worker in 0..self.workers() {
            self.end(worker);
        }
        let received = self.received().await;
        let (stops, rules) = (self.stops, shop::rules(self.routes()));
        let told = told::told(&*store, &load).await;
        let Load {
            published,
            no_events,
            ..
        } = load;
        let history = History {
            published,
            no_events,
            told,
            received,
            stops,
        };
        let mut found = check(&history, &rules);
        found.expect(is_at_rest, Invariant::Rest, || {
            "it never comes to rest".to_owned()
        });
        println!(
            "{} events, {} actions, {} hand-overs, {stops} stops",
            history.published.len(),
            history.sent().count(),
            history.received.len()
        );
        self.leave().await;
        found
    }

    /// Whether all that was published is taken, and all that was handed over has reached its receiver.
    async fn is_drained(&self) -> bool {
        let Around::Servers(servers) = &self.around else {
            let inbox = std::fs::read_dir(self.shops[0].path(".kurant/inbox"));
            let mut files = inbox.expect("an inbox").filter_map(Result::ok);
            return !files.any(|entry| entry.path().is_file());
        };
        let mut queues = vec![servers.commands.clone()];
        queues.extend((0..SHARDS).map(|shard| format!("{}.{shard}", servers.events)));
        for queue in queues {
            if servers.peer.waiting(&queue).await > 0 {
                return false;
            }
        }
        true
    }

    fn routes(&self) -> BTreeMap<&'static str, Bound> {
        let published = Bound {
            at_rest: 1,
            each_stop: 1,
            in_the_air: IN_THE_AIR,
        };
        let (own, email) = match self.around {
            Around::Files => (Bound::ONCE, Bound::ONCE),
            // Each worker looks into its own files only.
            Around::Servers(_) if self.workers() > 1 => (published, published),
            Around::Servers(_) => (published, Bound::ONCE),
        };
        BTreeMap::from([("email", email), ("crm", own), ("events", own)])
    }

    async fn leave(self) {
        if let Around::Servers(servers) = self.around {
            let Servers {
                peer,
                events,
                commands,
                receiver,
                ..
            } = *servers;
            receiver.end();
            peer.forget(&commands).await;
            peer.remove(&events, SHARDS).await;
        }
    }
}

fn workspace(settings: &str) -> Shop {
    let shop = Shop::with(shop::FILES);
    shop.write("kurant.yaml", settings);
    shop
}

/// The lines of a file of the outbox. One that was torn off by a kill is none yet.
fn file(shop: &Shop, route: &str) -> Vec<Received> {
    let path = shop.path(&format!(".kurant/outbox/{route}.jsonl"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| Received::of(route, line))
        .collect()
}
