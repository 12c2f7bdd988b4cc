//! The chain's workspace, and the runner's loops at work on it, on a clock that is moved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::TimeDelta;
use kurant_engine::action::Action;
use kurant_engine::calendar::{HOUR, Instant};
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::Definitions;
use kurant_runner::{Audience, Clock, Delivered, Delivery, Deployments, Purpose, Runner, Ways};
use kurant_store::Store;
use serde_json::{Value, json};

use super::days::{Moment, read, written};
use super::gates::{CONFIRMS_AFTER, confirms};
use super::happenings::{Happening, What};
use crate::run::sample::Shop;

/// The journeys of the sample workspace that the chain begins with.
const JOURNEYS: [&str; 5] = [
    "birthday/birthday-silver",
    "cart/abandoned-cart",
    "dormant/dormant-cascade",
    "leads/no-reply",
    "welcome/welcome",
];

/// The sample workspace with these journeys, none of them live so far.
pub(super) fn workspace() -> Shop {
    let shop = Shop::with(&[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for part in [
        "kurant.yaml",
        "profile.yaml",
        "segments.yaml",
        "schemas",
        "templates",
        "rhai-lib",
    ] {
        copy(&root.join(part), part, &shop);
    }
    for journey in JOURNEYS {
        let name = format!("journeys/{journey}.yaml");
        let text = std::fs::read_to_string(root.join(&name)).expect("a journey");
        shop.write(&name, &text.replace("status: live", "status: draft"));
    }
    shop
}

fn copy(from: &Path, name: &str, shop: &Shop) {
    if from.is_dir() {
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            copy(&entry.path(), &name, shop);
        }
        return;
    }
    shop.write(name, &std::fs::read_to_string(from).expect("a file"));
}

/// The journeys go live, and the workspace is deployed.
pub(super) fn go_live(shop: &Shop) {
    for journey in JOURNEYS {
        let name = format!("journeys/{journey}.yaml");
        let text = std::fs::read_to_string(shop.path(&name)).expect("a journey");
        shop.write(&name, &text.replace("status: draft", "status: live"));
    }
    shop.kurant(&[
        "deploy",
        "--yes",
        "--by",
        "olena",
        "--why",
        "the first week",
    ]);
}

/// What was done and said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) actions: Vec<Action>,
    pub(super) told: Vec<String>,
}

struct Listener(Arc<Mutex<Heard>>);

impl Listener {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().expect("what was heard")
    }
}

impl Audience for Listener {
    fn acted(&mut self, actions: &[Action]) {
        self.heard().actions.extend(actions.iter().cloned());
    }

    fn told(&mut self, line: &str) {
        self.heard().told.push(line.to_owned());
    }
}

/// The runner at work.
pub(super) struct Loops<'s> {
    shop: &'s Shop,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    runner: Runner,
    decoder: Decoder,
    heard: Arc<Mutex<Heard>>,
    /// What providers will say, and which messages they have been asked about.
    confirmed: BTreeMap<Moment, Vec<String>>,
    asked: BTreeSet<String>,
}

fn full_hour_after(at: Moment) -> Moment {
    let hour = at + TimeDelta::hours(1);
    hour - TimeDelta::seconds(hour.timestamp().rem_euclid(3_600))
}

fn instant(at: Moment) -> Instant {
    Instant::from_millis(at.timestamp_millis())
}

impl<'s> Loops<'s> {
    /// By what is deployed on the store. The clock goes, and is moved on far faster than it goes.
    pub(super) async fn begin(shop: &'s Shop, store: Arc<dyn Store>, at: Moment) -> Self {
        let clock = Arc::new(Clock::lapse(instant(at).plus_millis(-2 * HOUR), 1));
        clock.advance(instant(at));
        let heard = Arc::default();
        let (definitions, runner) = begin(shop, &store, &clock, &heard).await;
        Self {
            shop,
            store,
            clock,
            runner,
            decoder: Decoder::new(Arc::new(definitions.schema)),
            heard,
            confirmed: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }

    /// Ends, and begins anew at once.
    pub(super) async fn restart(self) -> Self {
        assert_eq!(self.runner.abandon().await, [], "all is told");
        let (_, runner) = begin(self.shop, &self.store, &self.clock, &self.heard).await;
        Self { runner, ..self }
    }

    /// Lets time pass.
    pub(super) async fn until(&mut self, at: Moment) {
        self.clock.advance(instant(at));
        let done = self.runner.work_off(instant(at)).await;
        done.expect("timers");
        self.runner.heed().await.expect("what operators say");
        self.flush().await;
    }

    async fn flush(&mut self) {
        self.runner.flush().await.expect("all leaves");
        self.ask();
    }

    /// Events come in.
    async fn bring(&mut self, at: Moment, lines: &[String]) {
        self.until(at - TimeDelta::milliseconds(1)).await;
        self.clock.advance(instant(at));
        let events = lines.iter().map(|line| {
            let event = self
                .decoder
                .event(line.as_bytes(), Arrival::At(instant(at)));
            Delivered::from(event.unwrap_or_else(|error| panic!("{line}: {error}")))
        });
        let delivery = Delivery {
            events: events.collect(),
            ..Delivery::default()
        };
        let taken = self.runner.take_in(vec![delivery], instant(at)).await;
        taken.expect("an intake");
        self.flush().await;
    }

    /// Lets time pass, hour by hour, while this is heard of.
    pub(super) async fn live(&mut self, mut from: Moment, until: Moment, happenings: &[Happening]) {
        let mut coming: BTreeMap<Moment, Vec<&Happening>> = BTreeMap::new();
        for own in happenings
            .iter()
            .filter(|own| own.arrives > from && own.arrives <= until)
        {
            coming.entry(own.arrives).or_default().push(own);
        }
        while from < until {
            let hour = until.min(full_hour_after(from));
            loop {
                let next = coming.keys().chain(self.confirmed.keys()).min().copied();
                let Some(at) = next.filter(|at| *at <= hour) else {
                    break;
                };
                let mut lines = self.confirmed.remove(&at).unwrap_or_default();
                let own = coming.remove(&at).unwrap_or_default();
                lines.extend(own.into_iter().map(|own| self.written(own)));
                self.bring(at, &lines).await;
            }
            self.until(hour).await;
            from = hour;
        }
    }

    /// The CRM tells each night what it was told itself, too.
    fn written(&self, own: &Happening) -> String {
        let mut more = Vec::new();
        if matches!(own.what, What::Snapshot(_)) {
            let commands = self.shop.lines(".kurant/outbox/crm.jsonl");
            let set = commands
                .iter()
                .filter(|line| line["command"] == "set" && line["customer"] == *own.customer);
            let set = set.filter_map(|line| line["data"].as_object()).flatten();
            more.extend(set.map(|(name, value)| (name.clone(), value.clone())));
        }
        own.written(&more)
    }

    /// Some messengers say that they have delivered, a while after that.
    fn ask(&mut self) {
        for line in self.shop.lines(".kurant/outbox/viber.jsonl") {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let customer = text("customer");
            if line["journey"] != "no-reply"
                || !confirms(&customer)
                || !self.asked.insert(text("key"))
            {
                continue;
            }
            let at = read(&text("at")) + CONFIRMS_AFTER;
            let data: BTreeMap<&str, Value> = ["key", "journey", "step", "channel"]
                .map(|name| (name, line[name].clone()))
                .into();
            let event = json!({
                "specversion": "1.0", "id": format!("delivered-{}", text("key")), "source": "messenger", "type": "message.delivered",
                "subject": customer, "time": written(at), "data": data,
            });
            self.confirmed
                .entry(at)
                .or_default()
                .push(event.to_string());
        }
    }

    /// What was done and said so far.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("what was heard")
    }
}

async fn begin(
    shop: &Shop,
    store: &Arc<dyn Store>,
    clock: &Arc<Clock>,
    heard: &Arc<Mutex<Heard>>,
) -> (Definitions, Runner) {
    let deployments = Deployments::on(&**store);
    let current = deployments.current().await.expect("the store");
    let number = current.expect("a deployment").number;
    let definitions = deployments.definitions(number).await.expect("the store");
    let definitions = definitions.expect("what is deployed");
    let runner = Runner::begin(
        store.clone(),
        clock.clone(),
        definitions.clone(),
        Ways::files(shop.path(".kurant/outbox")),
        Box::new(Listener(heard.clone())),
        Purpose::Run,
    );
    let runner = runner.await.expect("a runner").deployed(Some(number));
    (definitions, runner)
}
