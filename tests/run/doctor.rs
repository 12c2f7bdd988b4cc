//! `kurant doctor`, on stores that somebody has tampered with.

use serde_json::Value;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::sample::Shop;
use crate::store_conformance::postgres::database::Schema;

fn order(id: &str, customer: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"{customer}","data":{{"total":5,"customer":{{"email":"c@example.com"}}}}}}"#
    )
}

/// Takes three orders in.
fn sell(shop: &Shop) {
    let orders = [("1", "anna"), ("2", "olha"), ("3", "taras")];
    let orders = orders.map(|(id, customer)| order(id, customer));
    shop.drop_events("orders.jsonl", &orders);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

/// What the doctor finds broken, and whether the exit code says so too.
fn broken(shop: &Shop) -> Vec<String> {
    let output = shop.run(&["doctor", "--json"]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert!(findings.len() > 8, "{findings:?}");
    let broken = findings.iter().filter(|own| own["state"] == "broken");
    let broken: Vec<String> = broken
        .map(|own| {
            assert!(own["help"].as_str().is_some_and(|help| !help.is_empty()));
            let text = |name: &str| own[name].as_str().expect("text").to_owned();
            format!("{}: {}", text("check"), text("what"))
        })
        .collect();
    let code = i32::from(!broken.is_empty());
    assert_eq!(output.status.code(), Some(code), "{broken:?}");
    broken
}

/// The doctor finds just this.
fn finds(shop: &Shop, parts: &[&str]) {
    let broken = broken(shop);
    let is_told = |part: &&str| broken.iter().any(|own| own.contains(*part));
    assert!(
        parts.iter().all(is_told) && broken.len() == parts.len(),
        "{parts:?} is told, and no more: {broken:#?}"
    );
}

#[tokio::test]
async fn what_was_tampered_with_in_a_file_is_found() {
    let shop = Shop::new();
    let output = shop.run(&["doctor"]);
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(
        output.status.success() && told.contains("nothing has run here yet"),
        "{told}"
    );
    sell(&shop);
    assert_eq!(broken(&shop), Vec::<String>::new());
    let path = shop.path(".kurant/state.db");
    let mut file = SqliteConnection::connect(&path.display().to_string())
        .await
        .expect("the file");
    for (tamper, parts, mend) in [
        (
            "UPDATE customer SET wake_at = wake_at + 60000 WHERE id = 'anna'",
            &["customer anna: the first timer"][..],
            "UPDATE customer SET wake_at = wake_at - 60000 WHERE id = 'anna'",
        ),
        (
            "UPDATE enrollment SET node = 77 WHERE customer = 'olha'",
            &["stands elsewhere in the index"],
            "UPDATE enrollment SET node = (SELECT node FROM enrollment WHERE customer = 'anna') WHERE customer = 'olha'",
        ),
        (
            "INSERT INTO seen (identity, body, at) VALUES (randomblob(16), 0, 0)",
            &["4 events took effect, 3 stand in the histories"],
            "DELETE FROM seen WHERE body = 0",
        ),
        (
            "UPDATE outbox_left SET count = count - 1",
            &["3 actions had to leave, 2 commands"],
            "UPDATE outbox_left SET count = count + 1",
        ),
        (
            "UPDATE customer SET state = '{' || state WHERE id = 'taras'",
            &["customer taras: the state can't be read"],
            "UPDATE customer SET state = substr(state, 2) WHERE id = 'taras'",
        ),
        (
            "UPDATE _sqlx_migrations SET version = 99",
            &["store.tables: the store's tables are at change 99"],
            "UPDATE _sqlx_migrations SET version = 1",
        ),
        (
            "DELETE FROM enrollment WHERE customer = 'anna'",
            &[
                "is missing in the index",
                "3 enrollments have begun and not ended, by the log, 2 go on",
            ],
            "SELECT 1",
        ),
    ] {
        let done = sqlx::raw_sql(tamper).execute(&mut file).await;
        done.unwrap_or_else(|error| panic!("{tamper}: {error}"));
        finds(&shop, parts);
        let mended = sqlx::raw_sql(mend).execute(&mut file).await;
        mended.unwrap_or_else(|error| panic!("{mend}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_in_a_database_is_found_beside_a_running_worker() {
    let (shop, schema) = (Shop::new(), Schema::new().await);
    shop.write("store.secret", &schema.url());
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    sell(&shop);
    let running = shop.start(&["run", "--quiet", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    assert_eq!(broken(&shop), Vec::<String>::new());
    let mut session = PgConnection::connect(&schema.url())
        .await
        .expect("a session");
    let outbox = "INSERT INTO outbox (key, due, attempt, state, customer, route, command, lease) \
                  VALUES ('00000000-0000-0000-0000-000000000001', 0, 1, 'claimed', 'anna', 'crm', '{}', ";
    for (tamper, parts, mend) in [
        (
            "UPDATE customer SET slot = slot + 1 WHERE id = 'anna'".to_owned(),
            &["customer anna: the customer falls to the wrong worker"][..],
            "UPDATE customer SET slot = slot - 1 WHERE id = 'anna'",
        ),
        (
            "UPDATE enrollment SET node = node + 7 WHERE customer = 'olha'".to_owned(),
            &["stands elsewhere in the index"],
            "UPDATE enrollment SET node = node - 7 WHERE customer = 'olha'",
        ),
        (
            format!("{outbox} NULL)"),
            &[
                "1 commands are claimed without a lease",
                "3 actions had to leave, 4 commands",
            ],
            "DELETE FROM outbox WHERE command = '{}'",
        ),
        (
            "INSERT INTO worker (name, beat, heeded) SELECT 'lost', beat - 5000, 0 FROM worker"
                .to_owned(),
            // Whoever lives forgets it soon.
            &[],
            "DELETE FROM worker WHERE name = 'lost'",
        ),
        (
            "INSERT INTO seen (identity, body, at) VALUES ('00000000-0000-0000-0000-000000000001', 0, 0)"
                .to_owned(),
            &["4 events took effect, 3 stand in the histories"],
            "DELETE FROM seen WHERE body = 0",
        ),
    ] {
        let done = sqlx::raw_sql(AssertSqlSafe(tamper.clone()))
            .execute(&mut session)
            .await;
        done.unwrap_or_else(|error| panic!("{tamper}: {error}"));
        finds(&shop, parts);
        let mended = sqlx::raw_sql(mend).execute(&mut session).await;
        mended.unwrap_or_else(|error| panic!("{mend}: {error}"));
    }
    running.end();
    neglected(&shop, &schema, &mut session).await;
}

/// Finds what is amiss where nobody runs: a worker that was killed, careless settings, a database that is away.
async fn neglected(shop: &Shop, schema: &Schema, session: &mut PgConnection) {
    let lost = "INSERT INTO worker (name, beat, heeded) VALUES ('lost', 0, 0)";
    let done = sqlx::raw_sql(lost).execute(&mut *session).await;
    done.expect("a worker");
    finds(shop, &["lost has not been heard of for"]);
    let gone = sqlx::raw_sql("DELETE FROM worker")
        .execute(&mut *session)
        .await;
    gone.expect("it is gone");
    let careless = schema.url_with(&[("synchronous_commit", "off")]);
    shop.write("store.secret", &careless);
    finds(shop, &["store.settings: synchronous_commit = off"]);
    shop.write(
        "store.secret",
        "postgres://nobody:canary-secret@127.0.0.1:1/nothing",
    );
    let output = shop.run(&["doctor"]);
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("broken   PostgreSQL at 127.0.0.1:1") && !told.contains("canary-secret"),
        "{told}"
    );
}
