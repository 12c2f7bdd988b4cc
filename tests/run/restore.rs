//! A store is restored from a copy: what may have left since the copy was made leaves only if somebody says so.

use std::fs;

use sqlx::{Connection, PgConnection};

use super::sample::{Shop, of_anna};
use crate::servers::POSTGRES;

/// Writes twice, a second apart, and stays inside.
const OFFER: &str = "journey: offer\nstatus: live\ncategory: transactional\ntrigger: { event: cart.left }\n\
    exit: [{ event: order.paid, reason: bought }]\nsteps:\n  - { id: first, send: email, template: hello }\n  - { id: pause, wait: 1s }\n  \
    - { id: second, send: email, template: hello }\n  - { id: call, task: { title: Call, for: owner } }\n  - { id: rest, wait: 30d }\n";
/// How often it is looked at before giving up: a look takes a part of a second.
const LOOKS: usize = 200;
const STORE: &str = ".kurant/state.db";
const WAL: &str = ".kurant/state.db-wal";

fn shop() -> Shop {
    Shop::with_one_journey("offer", OFFER)
}

pub(super) fn work_off(shop: &Shop) {
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

/// The steps whose messages and tasks have left.
fn left(shop: &Shop) -> Vec<String> {
    let lines = ["email", "crm"].map(|name| shop.lines(&format!(".kurant/outbox/{name}.jsonl")));
    let step = |line: &serde_json::Value| line["step"].as_str().map(str::to_owned);
    lines.iter().flatten().filter_map(step).collect()
}

/// Works off what comes due until a step's message has left.
fn until_left(shop: &Shop, step: &str) {
    for _ in 0..LOOKS {
        if left(shop).iter().any(|own| own == step) {
            return;
        }
        work_off(shop);
    }
    panic!("{step} never leaves");
}

/// Of a store that nobody has open: what a run that was killed left beside it belongs to it.
pub(super) fn copy(shop: &Shop) {
    fs::copy(shop.path(STORE), shop.path("backup.db")).expect("a copy");
    let _ = fs::copy(shop.path(WAL), shop.path("backup.db-wal"));
}

pub(super) fn restore(shop: &Shop) {
    for name in [WAL, ".kurant/state.db-shm"] {
        let _ = fs::remove_file(shop.path(name));
    }
    fs::copy(shop.path("backup.db"), shop.path(STORE)).expect("the copy");
    let _ = fs::copy(shop.path("backup.db-wal"), shop.path(WAL));
}

fn after_restore(shop: &Shop) -> String {
    let output = shop.kurant(&["run", "--until-idle", "--quiet", "--after-restore"]);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(super) fn said(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.kurant(arguments);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A copy is made once the first message has left; then the second one leaves, and the copy is put in its place.
fn restored() -> Shop {
    let shop = shop();
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", "{\"cart_id\":\"a\"}")],
    );
    work_off(&shop);
    copy(&shop);
    until_left(&shop, "call");
    assert_eq!(left(&shop), ["first", "second", "call"]);
    restore(&shop);
    shop
}

#[test]
fn what_was_due_before_the_restore_is_held_until_somebody_decides() {
    let shop = restored();
    let told = after_restore(&shop);
    assert!(told.contains("the store was restored"), "{told}");
    assert_eq!(
        left(&shop),
        ["first", "second", "call"],
        "nothing leaves twice"
    );
    let list = said(&shop, &["held", "list"]);
    assert!(list.contains("second") && list.contains("call"), "{list}");
    assert_eq!(said(&shop, &["dead", "list"]), "", "it is not given up");
    // Nothing changes by a start without the option, nor by what `dead` is told.
    work_off(&shop);
    shop.kurant(&["dead", "retry", "--all"]);
    work_off(&shop);
    assert_eq!(left(&shop).len(), 3);
    assert_eq!(
        said(&shop, &["held", "skip", "--all", "--route", "email"]),
        "1 are skipped\n"
    );
    assert_eq!(said(&shop, &["held", "release", "--all"]), "1 leave now\n");
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "call", "call"]);
    let tasks = shop.lines(".kurant/outbox/crm.jsonl");
    assert_eq!(
        tasks[0]["key"], tasks[1]["key"],
        "whoever takes it knows it again"
    );
    assert_eq!(said(&shop, &["held", "list"]), "nothing is held\n");
}

#[test]
fn a_copy_is_found_out_although_nobody_says_so() {
    let shop = restored();
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "call"]);
    let list = said(&shop, &["held", "list"]);
    assert!(list.contains("second") && list.contains("call"), "{list}");
    // It is the store of this place from now on.
    shop.kurant(&["held", "skip", "--all"]);
    shop.drop_events(
        "2.jsonl",
        &[of_anna(
            "2",
            "order.paid",
            "{\"order_id\":\"o\",\"total\":1}",
        )],
    );
    work_off(&shop);
    shop.drop_events(
        "3.jsonl",
        &[of_anna("3", "cart.left", "{\"cart_id\":\"b\"}")],
    );
    work_off(&shop);
    assert!(
        left(&shop).len() > 3,
        "it goes on as ever: {:?}",
        left(&shop)
    );
}

#[test]
fn what_comes_due_after_the_restore_leaves_as_ever() {
    let shop = restored();
    after_restore(&shop);
    let paid = of_anna("2", "order.paid", "{\"order_id\":\"o\",\"total\":1}");
    let again = of_anna("3", "cart.left", "{\"cart_id\":\"b\"}");
    shop.drop_events("2.jsonl", &[paid, again]);
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "first", "call"]);
    // Her enrollment has ended: what is held of it must not leave any more, whatever is said.
    let released = said(&shop, &["held", "release", "--all"]);
    assert!(released.contains("must not leave any more"), "{released}");
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "first", "call"]);
}

#[test]
fn what_was_open_in_the_copy_is_held_even_if_the_start_is_killed() {
    let shop = shop();
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", "{\"cart_id\":\"a\"}")],
    );
    let killed = ("FAILPOINTS", "hand_over.begins=panic");
    let running = shop.start_in(&["run", "--until-idle", "--quiet"], &[killed]);
    running.ended();
    copy(&shop);
    until_left(&shop, "first");
    restore(&shop);
    let first = ["run", "--until-idle", "--quiet", "--after-restore"];
    let later = ["run", "--until-idle", "--quiet"];
    for (arguments, point) in [(&first[..], "restore.noted"), (&later, "restore.held")] {
        let killed = ("FAILPOINTS", &*format!("{point}=panic"));
        let running = shop.start_in(arguments, &[killed]);
        assert!(!running.ended().success(), "{point}: it was killed");
    }
    work_off(&shop);
    let messages = left(&shop);
    assert_eq!(messages.iter().filter(|own| *own == "first").count(), 1);
    let list = said(&shop, &["held", "list", "--each"]);
    assert!(list.contains("first"), "{list}");
}

/// A database of a server, and a copy of it.
pub(super) struct Databases {
    /// The server's own one, to give orders from.
    orders: String,
    _server: crate::servers::Own,
}

impl Databases {
    /// Has the shop keep its state in one.
    pub(super) async fn begin(shop: &Shop, name: &str) -> Self {
        let server = POSTGRES.start(name);
        let (server_url, name) = server.url.rsplit_once('/').expect("a database");
        let (name, options) = name.split_once('?').unwrap_or((name, ""));
        let at = |name: &str| format!("{server_url}/{name}?{options}");
        let settings = fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
        shop.write("store.secret", &at("live"));
        shop.write(
            "kurant.yaml",
            &(settings + "store: { url: \"${file:store.secret}\" }\n"),
        );
        let orders = at(name);
        execute(&orders, "CREATE DATABASE live").await;
        Self {
            orders,
            _server: server,
        }
    }

    pub(super) async fn copy(&self) {
        execute(&self.orders, "CREATE DATABASE copy TEMPLATE live").await;
    }

    pub(super) async fn restore(&self) {
        execute(&self.orders, "DROP DATABASE live").await;
        execute(&self.orders, "CREATE DATABASE live TEMPLATE copy").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_loaded_from_a_copy_knows_it() {
    let shop = shop();
    fs::remove_file(shop.path(STORE)).expect("the store of one machine");
    let databases = Databases::begin(&shop, "restore").await;
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", "{\"cart_id\":\"a\"}")],
    );
    work_off(&shop);
    databases.copy().await;
    until_left(&shop, "call");
    work_off(&shop);
    assert_eq!(said(&shop, &["held", "list"]), "nothing is held\n");
    databases.restore().await;
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "call"]);
    let list = said(&shop, &["held", "list"]);
    assert!(list.contains("second") && list.contains("call"), "{list}");
    shop.kurant(&["held", "release", "--all", "--route", "email"]);
    work_off(&shop);
    // The file knows its key.
    assert_eq!(left(&shop), ["first", "second", "call"]);
    fs::remove_file(shop.path(".kurant/outbox/crm.jsonl")).expect("its file");
    shop.kurant(&["held", "release", "--all"]);
    work_off(&shop);
    assert_eq!(left(&shop), ["first", "second", "call"]);
}

async fn execute(url: &str, sql: &'static str) {
    let connection = PgConnection::connect(url).await;
    let mut connection = connection.expect("a connection");
    let done = sqlx::query(sql).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
