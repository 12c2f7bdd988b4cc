//! The first week of a chain that comes from another system: its customers, purchases and messages are imported, five journeys go
//! live, the backlog is taken in so many a day, and every night the CRM tells of everybody, with consents of long ago. What
//! leaves is what a computation says that shares nothing with the engine.

mod days;
mod gates;
mod happenings;
mod journeys;
mod life;
mod loops;
mod people;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use kurant_engine::action::{Action, ActionStatus};
use kurant_store::{Sqlite, Store};
use serde_json::json;

use self::days::{Moment, day, read, written};
use self::happenings::{BEGIN, END, Happening, happenings};
use self::journeys::Journey;
use self::life::{Late, Life};
use self::loops::{Loops, go_live, workspace};
use self::people::{AS_OF, KYIV, Person, people};
use super::sample::{Dice, Shop};
use crate::store_conformance::postgres::database::Schema;

const SEED: u64 = 20_250_221;
/// Whose backlog is taken in, and how many a day.
const BACKLOGS: [(Journey, u64); 2] = [(Journey::Dormant, 25), (Journey::Birthday, 3)];

/// When the backlogs are ordered, and when their first day's part is taken in.
fn ordered() -> Moment {
    read(BEGIN) + TimeDelta::minutes(5)
}

/// What the computation says.
struct Reckoned {
    lives: BTreeMap<String, Life>,
    /// Of each backlog, what would become of everybody on the first day.
    late: BTreeMap<Journey, BTreeMap<Late, u64>>,
    /// How many inactivities were noticed before the journeys were live, and not made up for.
    missed: usize,
}

impl Reckoned {
    fn of(people: &[Person], happenings: &[Happening]) -> Self {
        let (begin, as_of) = (read(BEGIN), read(AS_OF));
        let life = |own: &Person| (own.id.clone(), Life::imported(own, as_of, begin));
        let mut lives: BTreeMap<String, Life> = people.iter().map(life).collect();
        let missed = lives
            .values()
            .filter(|own| own.was_missed(Journey::Dormant, begin));
        let missed = missed.count();
        lives.values_mut().for_each(Life::begin);
        let mut own = Self {
            lives,
            late: BTreeMap::new(),
            missed,
        };
        own.pass(begin, ordered(), happenings);
        for (journey, _) in BACKLOGS {
            let late = own.late.entry(journey).or_default();
            for life in own.lives.values() {
                *late.entry(life.clone().take_in_late(journey)).or_default() += 1;
            }
        }
        let mut places = BTreeMap::new();
        let mut at = ordered();
        while at < read(END) {
            own.take_in(&mut places);
            let midnight = days::at_hour(day(at, KYIV) + TimeDelta::days(1), 0, KYIV);
            own.pass(at, midnight.min(read(END)), happenings);
            at = midnight;
        }
        own
    }

    /// Lets time pass for everybody, while this is heard of.
    fn pass(&mut self, from: Moment, until: Moment, happenings: &[Happening]) {
        for happening in happenings
            .iter()
            .filter(|own| own.arrives > from && own.arrives <= until)
        {
            let id = &happening.customer;
            let begin = happening.arrives - TimeDelta::milliseconds(1);
            let life = self.lives.entry(id.clone());
            let life = life.or_insert_with(|| Life::unknown(id, begin));
            life.until(begin);
            life.hear(happening);
        }
        self.lives.values_mut().for_each(|life| life.until(until));
    }

    /// Today's part of the backlogs, in the order of the customers' ids; `places` are how far they have come.
    fn take_in(&mut self, places: &mut BTreeMap<Journey, Option<String>>) {
        for (journey, a_day) in BACKLOGS {
            let place = places.entry(journey).or_default();
            let mut taken = 0;
            for (id, life) in &mut self.lives {
                let is_behind = place.as_ref().is_some_and(|place| id <= place);
                if taken == a_day || is_behind {
                    continue;
                }
                let late = life.take_in_late(journey);
                taken += u64::from(matches!(late, Late::Inside(_)));
                *place = Some(id.clone());
            }
            if taken < a_day {
                // Everybody has been looked at.
                *place = Some("~".to_owned());
            }
        }
    }
}

/// What the product did, as the computation writes it.
fn line(action: &Action) -> Option<String> {
    let step = action.step.as_deref().unwrap_or("-");
    let (step, channel) = match &*action.action {
        "send" => (step, action.channel.as_deref().unwrap_or("-")),
        "task" => (step, "-"),
        "set" => ("-", "-"),
        _ => return None,
    };
    let status = match action.status {
        ActionStatus::Sent => "sent",
        ActionStatus::Skipped => "skipped",
        ActionStatus::Deferred => "deferred",
    };
    let Action {
        at,
        customer,
        journey,
        action: verb,
        reason,
        ..
    } = action;
    let reason = reason.iter().map(|reason| format!(" {reason}"));
    let reason: String = reason.collect();
    Some(format!(
        "{at} {customer} {journey} {step} {verb} {channel} {status}{reason}"
    ))
}

/// The import of what the old system knew; nothing may come of it.
fn import(shop: &Shop, dice: &mut Dice, people: &[Person]) {
    let customers: Vec<String> = people
        .iter()
        .map(|own| own.imported().to_string())
        .collect();
    shop.write("customers.jsonl", &customers.join("\n"));
    let (mut orders, mut sends) = (Vec::new(), Vec::new());
    for person in people {
        for (at, total) in &person.purchases {
            let id = format!("old-{}", orders.len());
            let data = json!({ "order_id": id, "total": total, "place": "shop" });
            let order = json!({
                "specversion": "1.0", "id": id, "source": "old", "type": "order.paid", "subject": person.id, "time": written(*at),
                "data": data,
            });
            orders.push(order.to_string());
        }
        for send in &person.old_sends {
            let mut line = json!({ "customer": person.id, "at": written(send.at), "channel": "email", "category": "marketing" });
            if let Some((journey, occasion)) = &send.occasion {
                line["journey"] = json!(journey);
                line["occasion"] = json!(occasion);
            }
            sends.push(line.to_string());
        }
    }
    // The old system wrote them down in no order.
    orders.sort_by_cached_key(|_| dice.below(1 << 30));
    shop.write("orders.jsonl", &orders.join("\n"));
    shop.write("sends.jsonl", &sends.join("\n"));
    let told = |arguments: &[&str]| {
        let output = shop.kurant(&[&["import"], arguments].concat());
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    told(&["customers", "customers.jsonl", "--as-of", AS_OF]);
    told(&["events", "orders.jsonl"]);
    told(&["sends", "sends.jsonl"]);
    let again = told(&["events", "orders.jsonl"]);
    assert!(again.contains("0 events taken in"), "{again}");
    told(&["sends", "sends.jsonl"]);
    assert!(!shop.path(".kurant/outbox").exists(), "nothing leaves");
}

/// Those who would be taken in are counted first; and then they are, so many a day.
fn order_backlogs(shop: &Shop, reckoned: &Reckoned) {
    let now = written(ordered());
    for (journey, a_day) in BACKLOGS {
        let a_day = a_day.to_string();
        let asked = ["enroll", journey.name(), "--missed", "--per-day", &a_day];
        let counted = shop.kurant(&[&asked[..], &["--dry-run", "--as-of", &now]].concat());
        let counted = String::from_utf8_lossy(&counted.stdout).into_owned();
        let late = &reckoned.late[&journey];
        let inside = late.iter().filter_map(|(late, count)| match late {
            Late::Inside(step) => Some((step, count)),
            _ => None,
        });
        let all: u64 = inside.clone().map(|(_, count)| count).sum();
        assert!(
            counted.starts_with(&format!("{all} would be taken in, over ")),
            "{counted}"
        );
        for (step, count) in inside {
            assert!(
                counted.contains(&format!("  at `{step}`: {count}\n")),
                "{counted}"
            );
        }
        if let Some(through) = late.get(&Late::Through) {
            assert!(
                counted.contains(&format!("{through} were missed and would be through")),
                "{counted}"
            );
        }
        shop.kurant(&asked);
    }
}

async fn play(shop: &Shop, open: impl AsyncFnOnce() -> Arc<dyn Store>, restarts: bool) {
    let mut dice = Dice(SEED);
    let people = people(&mut dice);
    let happenings = happenings(&mut dice, &people);
    let reckoned = Reckoned::of(&people, &happenings);
    import(shop, &mut dice, &people);
    go_live(shop);
    let (begin, end) = (read(BEGIN), read(END));
    let mut loops = Loops::begin(shop, open().await, begin).await;
    loops.until(begin).await;
    let missed = format!(
        "dormant-cascade goes live: {} firings lie behind it",
        reckoned.missed
    );
    let told = loops.heard().told.join("\n");
    assert!(told.contains(&missed), "{missed}: {told}");
    order_backlogs(shop, &reckoned);
    loops.until(ordered()).await;
    let tuesday = begin + TimeDelta::days(4);
    loops.live(ordered(), tuesday, &happenings).await;
    if restarts {
        loops = loops.restart().await;
    }
    loops.live(tuesday, end, &happenings).await;
    let actions = std::mem::take(&mut loops.heard().actions);
    same(&reckoned, &actions);
    left_once(shop, &actions);
    let echoes = shop.kurant(&[
        "log",
        "--outcome",
        "ignored",
        "--reason",
        "nothing_changed",
        "--json",
    ]);
    let echoes = String::from_utf8_lossy(&echoes.stdout).lines().count() as u64;
    assert_eq!(
        echoes,
        reckoned.lives.values().map(|own| own.echoes).sum::<u64>()
    );
}

/// Compares line by line.
fn same(reckoned: &Reckoned, actions: &[Action]) {
    let mut done: Vec<String> = actions.iter().filter_map(line).collect();
    let mut said: Vec<String> = reckoned
        .lives
        .values()
        .flat_map(|own| own.lines.clone())
        .collect();
    done.sort();
    said.sort();
    let mut rest = done.clone();
    let mut missing = said.clone();
    missing.retain(|line| match rest.binary_search(line) {
        Ok(place) => {
            rest.remove(place);
            false
        }
        Err(_) => true,
    });
    assert!(
        rest.is_empty() && missing.is_empty(),
        "{} lines; only done:\n{}\nonly reckoned:\n{}",
        done.len(),
        rest.join("\n"),
        missing.join("\n")
    );
    shows_enough(&said);
}

/// What the week has to show, so that nothing of it ceases to happen unseen.
fn shows_enough(lines: &[String]) {
    for (part, least) in [
        ("birthday-silver offer send email sent", 10),
        ("birthday-silver reminder send", 3),
        ("dormant-cascade nine send", 30),
        ("dormant-cascade twelve send", 10),
        ("dormant-cascade fifteen send", 5),
        ("dormant-cascade nine send - skipped backlog", 100),
        ("dormant-cascade - set", 4),
        ("abandoned-cart incentive send", 20),
        ("no-reply by-messenger send viber sent", 5),
        ("no-reply by-messenger send sms sent", 2),
        ("send sms deferred quiet_hours", 1),
        ("remind-manager task", 10),
        ("welcome incentive send", 5),
        ("deferred quiet_hours", 20),
        ("skipped ended", 1),
        ("skipped frequency_cap", 5),
        ("skipped late", 1),
        ("skipped no_consent", 20),
        ("skipped unreachable", 3),
    ] {
        let count = lines.iter().filter(|line| line.contains(part)).count();
        assert!(count >= least, "{part}: {count}, {least} at the least");
    }
}

/// What was sent stands in the outbox, each message once.
fn left_once(shop: &Shop, actions: &[Action]) {
    let mut files: Vec<String> = Vec::new();
    for channel in ["email", "viber", "sms"] {
        let lines = shop.lines(&format!(".kurant/outbox/{channel}.jsonl"));
        files.extend(
            lines
                .iter()
                .map(|line| line["key"].as_str().unwrap_or_default().to_owned()),
        );
    }
    let sent = actions
        .iter()
        .filter(|own| own.action == "send" && own.status == ActionStatus::Sent);
    let sent: BTreeSet<String> = sent.map(|own| own.key.to_string()).collect();
    files.sort();
    assert_eq!(files, sent.into_iter().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_week_of_a_chain_is_what_its_journeys_say() {
    let shop = workspace();
    let path = shop.path(".kurant/state.db");
    let open = async || Arc::new(Sqlite::open(&path).await.expect("a store")) as Arc<dyn Store>;
    play(&shop, open, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_week_on_postgres_is_the_same() {
    let schema = Schema::new().await;
    let shop = workspace();
    shop.write("store.secret", &schema.url());
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    let own = "store: { url: \"sqlite://.kurant/state.db\" }";
    assert!(settings.contains(own), "{settings}");
    shop.write(
        "kurant.yaml",
        &settings.replace(own, "store: { url: \"${file:store.secret}\" }"),
    );
    let open = async || Arc::new(schema.open().await) as Arc<dyn Store>;
    play(&shop, open, false).await;
}
