//! The process ends at a named point, again and again: before and after whatever it does that others can see.

use std::collections::BTreeSet;
use std::path::Path;

use super::load::Load;
use super::site::Site;
use super::wish::wish;

/// What has to happen so that a point is come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Events come.
    Events,
    /// The workspace changes.
    Change,
    /// Something was being handed over when it stopped.
    LeftOver,
    /// An event comes again, long after the last one that did.
    Repeat,
}

/// A point, and at which of its turns the process ends there.
type Point = (&'static str, &'static [u32], When);

/// Wherever it runs.
const EVERYWHERE: &[Point] = &[
    ("intake.delivered", &[1, 2, 7], When::Events),
    ("intake.gathered", &[1, 2, 7], When::Events),
    ("batch.decided", &[1, 2, 7], When::Events),
    ("batch.under_way", &[1, 2, 7], When::Events),
    ("store.batch", &[1, 2, 7], When::Events),
    ("store.written", &[1, 2, 7], When::Events),
    ("store.committed", &[1, 2, 7], When::Events),
    ("batch.durable", &[1, 2, 7], When::Events),
    ("batch.told", &[1, 2, 7], When::Events),
    ("hand_over.begins", &[1, 2, 7], When::Events),
    ("file.opened", &[1, 2], When::Events),
    ("file.written", &[1, 2], When::Events),
    ("file.durable", &[1, 2], When::Events),
    ("hand_over.done", &[1, 2], When::Events),
    ("flush.settles", &[1, 2], When::Events),
    ("flush.settled", &[1, 2], When::Events),
    ("timers.due", &[1, 2], When::Events),
    ("timers.under_way", &[1, 2], When::Events),
    ("start.joined", &[1], When::Events),
    ("start.ready", &[1], When::Events),
    ("reload.flushed", &[1], When::Change),
    ("reload.published", &[1], When::Change),
];
/// With SQLite and files.
const ON_ONE_MACHINE: &[Point] = &[
    ("file.torn", &[1, 2], When::Events),
    ("inbox.read", &[1, 2], When::Events),
    ("inbox.durable", &[1], When::Events),
    ("inbox.put_away", &[1], When::Events),
    ("inbox.moved", &[1], When::Events),
    ("resume.claimed", &[1], When::LeftOver),
    ("resume.handed_over", &[1], When::LeftOver),
    ("again.begins", &[1], When::Repeat),
    ("again.decided", &[1], When::Repeat),
];
/// With PostgreSQL and RabbitMQ.
const BETWEEN_SERVERS: &[Point] = &[
    ("rabbitmq.gathered", &[1, 2], When::Events),
    ("rabbitmq.durable", &[1, 2], When::Events),
    ("rabbitmq.acknowledged", &[1, 2], When::Events),
    ("amqp.sent", &[1, 7], When::Events),
    ("amqp.all_sent", &[1, 2], When::Events),
    ("amqp.confirmed", &[1, 2], When::Events),
    // A minute after the stop before it.
    ("reclaim.claimed", &[1], When::LeftOver),
];
/// After a restore, when what is open is held on purpose: `tests/run/restore.rs` and `tests/run/restored_codes.rs`.
const AFTER_A_RESTORE: &[&str] = &[
    "restore.noted",
    "restore.held",
    "restore.codes",
    "restore.aside",
];
/// Come to by an operator's order, and by nothing that happens: `tests/run/customer.rs` ends there.
const BY_ORDERS: &[&str] = &["order.begins", "order.carried_out"];
/// What comes back as mail: `tests/mail/returned.rs` ends there, or lets it fail.
const OF_RETURNED_MAIL: &[&str] = &["returned.durable", "returned.opens"];
/// Nothing ends there: the tables are those of the next release. `tests/faults/rolling.rs` and `tests/run/migrate.rs` are about that.
const NO_END: &[&str] = &["tables.next"];
/// As many events as this are published at once, and so often.
const EVENTS: u64 = 15;
const MOST_TIMES: u32 = 1_000;
/// So many events one by one, and a source is trusted not to bring any again.
const TRUSTED_AFTER: u64 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn it_may_end_at_every_point_on_one_machine() {
    sweep(Site::files(), ON_ONE_MACHINE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_may_end_at_every_point_between_two_servers() {
    sweep(Site::servers(1).await, BETWEEN_SERVERS).await;
}

async fn sweep(mut site: Site, own: &[Point]) {
    let mut load = Load::new(wish(0).seed);
    // Once all is well, so that there is something to publish to.
    site.start_all();
    site.end(0);
    for (point, turns, when) in EVERYWHERE.iter().chain(own) {
        for turn in *turns {
            if *when == When::LeftOver {
                end_at(&mut site, &mut load, "hand_over.begins", 1, When::Events).await;
            }
            end_at(&mut site, &mut load, point, *turn, *when).await;
            let found = site.look_for_ghosts().await;
            assert!(found.is_empty(), "{point}: {found}");
        }
    }
    site.finish(load).await;
}

async fn end_at(site: &mut Site, load: &mut Load, point: &str, turn: u32, when: When) {
    if when == When::Repeat {
        // Nothing that waits may bring something again.
        site.start_all();
        site.come_to_rest(load).await;
        site.end(0);
    }
    let action = if point == "file.torn" {
        "return"
    } else {
        "panic"
    };
    let variable = format!("{point}={}*off->{action}", turn - 1);
    site.start(0, &[("FAILPOINTS", &variable)]);
    match when {
        When::Change => {
            site.wait_until_ready(0);
            site.change();
        }
        When::Repeat => {
            site.wait_until_ready(0);
            for _ in 0..TRUSTED_AFTER {
                site.publish(vec![load.new_one()]).await;
            }
            site.publish(load.latest(1)).await;
        }
        When::Events | When::LeftOver => {}
    }
    for _ in 0..MOST_TIMES {
        if site.falls(0) {
            return;
        }
        if when == When::Events {
            site.publish(load.next(EVENTS)).await;
        }
    }
    panic!("it never came to {point} for the {turn}th time");
}

#[test]
fn every_point_is_one_at_which_it_ends() {
    let mut named = BTreeSet::new();
    names_in(Path::new("runtime"), "fail_point!(\"", &mut named);
    let all = EVERYWHERE
        .iter()
        .chain(ON_ONE_MACHINE)
        .chain(BETWEEN_SERVERS);
    let elsewhere = AFTER_A_RESTORE.iter().chain(BY_ORDERS);
    let elsewhere = elsewhere.chain(OF_RETURNED_MAIL).chain(NO_END);
    let all = all.map(|(point, ..)| point).chain(elsewhere);
    let tried: BTreeSet<String> = all.map(|point| (*point).to_owned()).collect();
    assert_eq!(named, tried);
}

/// The names in a folder's files that come behind these words.
pub(super) fn names_in(folder: &Path, words: &str, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names_in(&path, words, named);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a file");
            let mut parts = text.split(words);
            parts.next();
            let names = parts.filter_map(|part| part.split('"').next());
            named.extend(names.map(str::to_owned));
        }
    }
}
