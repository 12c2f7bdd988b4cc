//! The stores that released versions left: each opens, and whoever is inside goes on to the end, on the version that they began with.
//!
//! `KURANT_WRITE_VERSION=NAME cargo test --test integration old_versions` writes `tests/fixtures/versions/NAME.sql`, as this version leaves
//! a store; see the page beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use super::sample::Shop;

/// Anna enters on New Year's Day and waits for three days; half of what comes then is worked out by a function of the library.
const JOURNEY: &str = "journey: greeting\nstatus: live\ncategory: transactional\n\
     trigger: { event: cart.left, max_age: 100y }\nvars: { gift: 10 }\nsteps:\n  \
     - { id: three-days, wait: 3d }\n  \
     - { id: old-words, send: email, template: hello, data: { gift: \"=words::gift(vars.gift)\" } }\n  \
     - { id: call, task: { title: Call, for: owner } }\n";
const LIBRARY: &str = "fn gift(n) { n * 2 }\n";
const LEFT: &str = r#"{"specversion":"1.0","id":"1","source":"shop","type":"cart.left","subject":"anna","time":"2024-01-01T10:00:00Z","data":{"cart_id":"k1"}}"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/versions")
}

/// A workspace with a journey and its library, which may be other ones than they were.
fn shop(journey: &str, library: &str) -> Shop {
    let nobody = "journey: greeting\ntrigger: { manual: true }\nsteps:\n  - tag: x\n";
    let shop = Shop::with_one_journey("greeting", nobody);
    shop.write("rhai-lib/words.rhai", library);
    shop.write("journeys/greeting.yaml", journey);
    shop
}

/// The text of a store with Anna inside.
async fn written() -> String {
    let shop = shop(JOURNEY, LIBRARY);
    shop.write("feed.jsonl", &format!("{LEFT}\n"));
    shop.kurant(&[
        "run",
        "--feed",
        "feed.jsonl",
        "--from",
        "2024-01-01",
        "--until",
        "2024-01-02",
    ]);
    let path = shop.path(".kurant/state.db");
    let mut file = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .expect("the store");
    let made = "SELECT name, sql, type FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let made = sqlx::query(made)
        .fetch_all(&mut file)
        .await
        .expect("tables");
    let mut text = String::new();
    for row in made {
        let (name, sql, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        writeln!(text, "{sql};").expect("text");
        if kind == "table" {
            text += &rows(&mut file, &name).await;
        }
    }
    text
}

/// The rows of a table.
async fn rows(file: &mut SqliteConnection, table: &str) -> String {
    let columns = AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')"));
    let columns: Vec<String> = sqlx::query_scalar(columns)
        .fetch_all(&mut *file)
        .await
        .expect("columns");
    let quoted: Vec<String> = columns.iter().map(|own| format!("quote({own})")).collect();
    let rows = AssertSqlSafe(format!(
        "SELECT {} FROM {table}",
        quoted.join(" || ', ' || ")
    ));
    let rows: Vec<String> = sqlx::query_scalar(rows)
        .fetch_all(file)
        .await
        .expect("rows");
    let line = |row: String| format!("INSERT INTO {table} VALUES ({row});\n");
    rows.into_iter().map(line).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever releases a version says so in the environment"
)]
fn wished() -> Option<String> {
    std::env::var("KURANT_WRITE_VERSION").ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_inside_since_an_older_version_comes_to_the_end() {
    if let Some(name) = wished() {
        std::fs::write(folder().join(format!("{name}.sql")), written().await).expect("a fixture");
    }
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|own| own == "sql"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    for path in names {
        goes_on(&std::fs::read_to_string(&path).expect("a fixture"), &path).await;
    }
}

/// Opens a store from its text, in a workspace whose journey and library are other ones by now.
async fn goes_on(text: &str, name: &Path) {
    let journey = JOURNEY.replace("old-words", "new-words");
    let shop = shop(&journey, &LIBRARY.replace('2', "3"));
    std::fs::remove_dir_all(shop.path(".kurant")).expect("the store goes");
    std::fs::create_dir(shop.path(".kurant")).expect("a folder");
    let mut file = SqliteConnectOptions::new()
        .filename(shop.path(".kurant/state.db"))
        .create_if_missing(true)
        .connect()
        .await
        .expect("a file");
    let filled = sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
        .execute(&mut file)
        .await;
    filled.unwrap_or_else(|error| panic!("{}: {error}", name.display()));
    file.close().await.expect("it is written");
    let ran = shop.run(&["run", "--until-idle"]);
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success(),
        "{}: {told}\nbefore the first release a change of the tables makes it anew: see the page beside it",
        name.display()
    );
    let sent = shop.lines(".kurant/outbox/email.jsonl");
    assert_eq!(sent.len(), 1, "{}: {told}", name.display());
    let line = sent[0].to_string();
    assert!(line.contains("old-words") && line.contains("20"), "{line}");
    let tasks = shop.lines(".kurant/outbox/crm.jsonl");
    assert_eq!(tasks.len(), 1, "{}: {told}", name.display());
    let explained = shop.kurant(&["explain", "--customer", "anna", "--journey", "greeting"]);
    let explained = String::from_utf8_lossy(&explained.stdout);
    assert!(explained.contains("completed"), "{explained}");
}
