//! A PostgreSQL for tests, and a schema of its own for each of them.

use std::sync::atomic::{AtomicU32, Ordering};

use kurant_store::{Durability, Postgres};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::servers::POSTGRES;

/// The address of the database that tests share.
fn shared() -> String {
    POSTGRES.shared(|servers| {
        let url = std::fs::read_to_string(servers.join("postgres-test/url")).ok()?;
        Some(url.trim().to_owned())
    })
}

/// A schema of a test's own; it goes with the test.
pub(crate) struct Schema {
    name: String,
}

impl Schema {
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kurant_test_{}_{number}", std::process::id());
        execute(&shared(), format!("CREATE SCHEMA {name}")).await;
        Self { name }
    }

    /// Its address, with more settings of the session.
    pub(crate) fn url_with(&self, settings: &[(&str, &str)]) -> String {
        let mut url = shared();
        let own = [("search_path", self.name.as_str())];
        for (name, value) in own.iter().chain(settings) {
            let sign = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{sign}options[{name}]={value}"));
        }
        url
    }

    pub(crate) fn url(&self) -> String {
        self.url_with(&[])
    }

    pub(crate) async fn open(&self) -> Postgres {
        let store = Postgres::open(&self.url(), Durability::Required).await;
        store.unwrap_or_else(|error| panic!("a new store: {error}"))
    }

    /// Opens it for a test of many commits, none of which has to outlive the machine.
    pub(crate) async fn open_carelessly(&self) -> Postgres {
        let url = self.url_with(&[("synchronous_commit", "off")]);
        let store = Postgres::open(&url, Durability::Waived).await;
        store.unwrap_or_else(|error| panic!("a new store: {error}"))
    }

    /// Does something to it that no store does.
    pub(crate) async fn execute(&self, sql: &str) {
        execute(&self.url(), sql.to_owned()).await;
    }

    /// A number that a query gives.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut connection = connect(&self.url()).await;
        let number = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let number = number.fetch_one(&mut connection).await;
        number.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let sql = format!("DROP SCHEMA {} CASCADE", self.name);
        // On a thread of its own: the test's runtime may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .expect("a runtime")
                .block_on(execute(&shared(), sql));
        });
        let _ = dropped.join();
    }
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url)
        .await
        .unwrap_or_else(|error| panic!("the database of the tests can't be reached: {error}"))
}

async fn execute(url: &str, sql: String) {
    let mut connection = connect(url).await;
    let done = sqlx::raw_sql(AssertSqlSafe(sql.clone()))
        .execute(&mut connection)
        .await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
