//! The store's password, and the token of whoever sends events, change while it runs.

use serde_json::json;

use super::asking::{post, ready};
use super::sample::{Running, Shop, until};
use crate::servers::{Own, POSTGRES};
use crate::store_conformance::postgres::database::Schema;

/// A database that asks the shop for its password.
struct Guarded(Own);

impl Guarded {
    fn begin(name: &str, password: &str) -> Self {
        let guarded = Self(POSTGRES.start(name));
        guarded.sql(&format!("CREATE ROLE shop LOGIN PASSWORD '{password}'"));
        guarded.sql("CREATE SCHEMA shop AUTHORIZATION shop");
        let file = guarded.sql("SHOW hba_file");
        let lines =
            "('host all shop 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')";
        guarded.sql(&format!("COPY (VALUES {lines}) TO '{}'", file.trim()));
        guarded.sql("SELECT pg_reload_conf()");
        guarded
    }

    fn sql(&self, statement: &str) -> String {
        self.0.told("sql", &["-qAtc", statement])
    }

    /// Its address, with the password in a file.
    fn url(&self) -> String {
        self.0.url_of("shop:${file:password}")
    }

    /// From now on it is this password, also for those who are there already.
    fn change(&self, password: &str) {
        self.sql(&format!("ALTER ROLE shop PASSWORD '{password}'"));
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'");
    }
}

fn order(number: usize) -> String {
    let event = json!({
        "specversion": "1.0", "id": format!("o{number}"), "source": "test", "type": "order.paid", "subject": "anna",
        "data": { "total": 5, "customer": { "email": "a@example.com" } },
    });
    event.to_string()
}

/// Sends an event again until it is taken in, as whoever sends events does.
fn taken(running: &Running, address: &str, number: usize) {
    until("the event is taken in", || {
        post(address, "", &order(number)).0 == 202
    });
    running.wait_for("thanks");
}

#[test]
fn a_database_is_spoken_to_by_the_password_of_now_and_the_run_goes_on() {
    let guarded = Guarded::begin("renewed", "f1rst");
    let shop = Shop::new();
    shop.write("password", "f1rst\n");
    let store = format!("store: {{ url: \"{}\" }}\n", guarded.url());
    shop.add_settings(&store);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    taken(&running, &address, 1);
    // The database first: until the file says so too, it is waited for.
    guarded.change("s3cond");
    let mut told = running.wait_for("waiting until it is there again");
    assert_eq!(ready(&address), (false, vec!["store".to_owned()]));
    shop.keep("password", "s3cond\n");
    told.extend(running.wait_for("there again; it goes on"));
    taken(&running, &address, 2);
    // The file first, and whoever changed it says so.
    shop.keep("password", "th1rd\n");
    running.signal("HUP");
    guarded.change("th1rd");
    taken(&running, &address, 3);
    running.end_silently("th1rd");
    let told = told.join("\n");
    assert!(
        !told.contains("f1rst") && !told.contains("s3cond"),
        "{told}"
    );
    let sent = shop.lines(".kurant/outbox/email.jsonl");
    assert_eq!(sent.len(), 3, "each once");
}

#[test]
fn a_token_that_changes_lets_events_in_from_then_on_and_the_one_of_before_no_more() {
    let shop = Shop::new();
    shop.write("token", "f1rst\n");
    let console = "console: { token: \"${file:token}\" }\n";
    shop.add_settings(console);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    let shows = |token: &str, number| {
        let shown = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
        post(&address, &shown, &order(number)).0
    };
    assert_eq!([shows("f1rst", 1), shows("s3cond", 2)], [202, 401]);
    let mut told = Vec::new();
    // By itself, and because somebody says so.
    for (number, before, now) in [(2, "f1rst", "s3cond"), (3, "s3cond", "th1rd")] {
        shop.keep("token", now);
        if number == 3 {
            running.signal("HUP");
        }
        told.extend(running.wait_for("another token lets events in from now on"));
        assert_eq!([shows(now, number), shows(before, 9)], [202, 401]);
    }
    // One that is gone holds on, and opens the door to nobody else.
    std::fs::remove_file(shop.path("token")).expect("it goes");
    told.extend(running.wait_for("what it held before goes on holding"));
    assert_eq!([shows("th1rd", 4), shows("", 9)], [202, 401]);
    running.end_silently("th1rd");
    let told = told.join("\n");
    for secret in ["f1rst", "s3cond", "th1rd"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn of_several_secrets_that_are_none_each_is_named() {
    let schema = Schema::new().await;
    let shop = Shop::new();
    shop.write("place", &schema.url());
    shop.write("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLdYl");
    let more =
        "store: { url: \"${file:place}\" }\nwebhooks: { kind: http, secret: \"${file:key}\" }\n";
    shop.add_settings(more);
    let running = shop.start(&["run"]);
    running.wait_for("running");
    shop.keep("key", "no key at all");
    running.wait_for("secrets can't be taken up: `webhooks`");
    shop.keep("place", "postgres://user:s3cret@[nowhere/shop");
    let told = running.wait_for("is no store that Kurant knows").pop();
    let told = told.expect("a line");
    assert!(told.contains("`webhooks`"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
    running.end();
}

#[test]
fn a_start_names_every_secret_that_is_none_and_shows_none_of_them() {
    let shop = Shop::new();
    shop.write("key", "s3cret-key");
    shop.write("mail", "s3cret-mail");
    shop.write("broker", "s3cret-broker");
    shop.add_settings("webhooks: { kind: http, secret: \"${file:key}\" }\n");
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    let mail = "email: { kind: smtp, url: \"${file:mail}\", from: \"a@example.com\" }";
    let crm = "crm: { kind: amqp, exchange: crm.commands, url: \"amqp://shop:12/${file:broker}@rabbit\" }";
    let settings = settings
        .replace("email: { kind: file }", mail)
        .replace("crm: { kind: file }", crm);
    shop.write("kurant.yaml", &settings);
    let output = shop.run(&["run", "--until-idle"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["`webhooks`", "the channel `email`", "the broker of `crm`"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn a_password_that_stands_where_the_address_of_the_store_should_is_shown_nowhere() {
    let shop = Shop::new();
    shop.write("password", "s3cret");
    shop.add_settings("store: { url: \"${file:password}\" }\n");
    for password in [
        "s3cret",
        "postgres://shop:12/s3cret@db/shop",
        "mysql://shop:s3cret@db/shop",
    ] {
        shop.write("password", password);
        for arguments in [
            &["run", "--until-idle"][..],
            &["status"],
            &["migrate"],
            &["pause", "all"],
            &["doctor"],
            &["import", "customers", "none.jsonl"],
        ] {
            let output = shop.run(arguments);
            assert!(!output.status.success(), "{arguments:?}");
            let told = [output.stdout, output.stderr].concat();
            let told = String::from_utf8_lossy(&told).into_owned();
            assert!(!told.contains("s3cret"), "{arguments:?}: {told}");
        }
    }
}
