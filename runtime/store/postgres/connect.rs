//! Opens the database: which one, whether it may be trusted, and how each session is set.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions, Connection, Executor, Row};
use url::Url;

use super::Durability;
use crate::{Error, Tables, TablesAt, is_misread, shown};

/// How many sessions a process opens at the most.
const SESSIONS: u32 = 8;
/// How long one is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before asking again for what may be free in a moment.
const MOMENT: Duration = Duration::from_millis(50);
/// How often it is asked for.
const MOMENTS: usize = 60;
/// How often a change of the tables is tried, and how long others have in between.
const TRIES: u32 = 60;
const BETWEEN: Duration = Duration::from_secs(1);
/// How many prepared statements a session keeps.
const STATEMENTS: usize = 200;
/// What the driver takes behind the `?` of an address.
const KNOWN: [&str; 17] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// The oldest server that it was run on, as the server writes it.
const OLDEST: i32 = 150_000;

/// Limits of each session that writes, in milliseconds. The server keeps them: nothing here is given up half-way. Its statements go
/// by indexes: what waits to leave comes and goes faster than the server counts rows, and one that takes a full table for an empty
/// one reads all of it each time. None of them is worth a compiler.
const WRITING: &str = "SET statement_timeout = 10000; SET lock_timeout = 3000; SET idle_in_transaction_session_timeout = 30000; \
    SET enable_seqscan = off; SET jit = off";
/// Limits of each session that only reads: reports may take a while.
const READING: &str = "SET statement_timeout = 300000; SET lock_timeout = 3000; \
    SET idle_in_transaction_session_timeout = 30000; SET default_transaction_read_only = on";

/// The number of a lock on these tables: of those who work on them, and of whoever changes them.
macro_rules! own_lock {
    ($call:literal) => {
        own_lock!($call, "kurant/")
    };
    ($call:literal, $name:literal) => {
        concat!(
            "SELECT ",
            $call,
            "(hashtextextended('",
            $name,
            "' || current_schema(), 0))"
        )
    };
}

/// What a URL says.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, Error> {
    let wrong = || Error::Url { url: shown(url) };
    let mut parsed = Url::parse(url).map_err(|_| wrong())?;
    if !["postgres", "postgresql"].contains(&parsed.scheme()) || is_misread(&parsed) {
        return Err(wrong());
    }
    pass_over_unknown(&mut parsed);
    let options = PgConnectOptions::from_url(&parsed).map_err(|_| wrong())?;
    Ok(options
        .application_name("kurant")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

/// Takes out what the driver doesn't know: it would log that with its value, which may be a secret under a misspelt name.
fn pass_over_unknown(url: &mut Url) {
    let is_known = |key: &str| KNOWN.contains(&key) || key.starts_with("options[");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if pairs.iter().all(|(key, _)| is_known(key)) {
        return;
    }
    tracing::warn!(
        "a setting behind the `?` of `store.url` is none that is known, and is passed over; known are {}",
        KNOWN.join(", ")
    );
    let known = pairs.iter().filter(|(key, _)| is_known(key));
    url.query_pairs_mut().clear().extend_pairs(known);
}

/// One session, to look at the server before anything is done there.
pub(super) async fn first(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    PgConnection::connect_with(options)
        .await
        .map_err(|source| Error::Unreachable {
            place: place(options),
            source,
        })
}

/// Sessions that write, or that only read.
pub(super) fn pool(options: PgConnectOptions, to_write: bool) -> PgPool {
    let limits = if to_write { WRITING } else { READING };
    PgPoolOptions::new()
        .max_connections(SESSIONS)
        .acquire_timeout(PATIENCE)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(sqlx::raw_sql(limits)).await.map(drop) })
        })
        .connect_lazy_with(options)
}

/// Whether the server is one that an acknowledged event may be entrusted to.
pub(super) async fn check(
    connection: &mut PgConnection,
    durability: Durability,
) -> Result<(), Error> {
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_version'), pg_is_in_recovery(), \
           current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let version: i32 = row.try_get(0)?;
    if version < OLDEST {
        let own: String = row.try_get(1)?;
        return Err(Error::Unsuitable {
            problem: format!("PostgreSQL {own} is too old"),
            remedy: format!("use {} or later", OLDEST / 10_000),
        });
    }
    if row.try_get(2)? {
        return Err(Error::Unsuitable {
            problem: "this PostgreSQL is a standby, which can't be written to".into(),
            remedy: "name the primary in `store.url`".into(),
        });
    }
    match durability {
        Durability::Waived => Ok(()),
        Durability::Required => durable(&row),
    }
}

fn durable(row: &PgRow) -> Result<(), Error> {
    for (column, setting) in [
        (3, "fsync"),
        (4, "full_page_writes"),
        (5, "synchronous_commit"),
    ] {
        let value: String = row.try_get(column)?;
        if !is_durable(setting, &value) {
            return Err(Error::Unsuitable {
                problem: format!(
                    "PostgreSQL runs with {setting} = {value}, so what it has committed may be lost when the machine fails"
                ),
                remedy: format!("set {setting} = on for the server, this database and this user"),
            });
        }
    }
    Ok(())
}

/// Whether what was committed outlives the machine under a setting.
pub(super) fn is_durable(setting: &str, value: &str) -> bool {
    match setting {
        "synchronous_commit" => !["off", "local"].contains(&value),
        _ => value != "off",
    }
}

/// How far the tables are.
pub(super) async fn tables(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<TablesAt, Error> {
    let is_there = is_there(connection).await?;
    crate::tables::at(connection, tables, is_there).await
}

/// Brings the tables to the shape of these, and says how far they were. Whoever else does so at the same time waits, and finds it
/// done.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    tables: &Tables,
) -> Result<TablesAt, Error> {
    sqlx::query(own_lock!("pg_advisory_lock", "kurant/tables/"))
        .execute(&mut *connection)
        .await?;
    // A change waits for whoever reads or writes at the moment, and everybody who comes after waits behind it: it gives up soon, and
    // tries again later.
    sqlx::raw_sql("SET lock_timeout = 2000; SET statement_timeout = 0")
        .execute(&mut *connection)
        .await?;
    let mut tries = 0;
    let done = loop {
        tries += 1;
        match crate::tables::bring_up(connection, tables).await {
            Err(error) if tries < TRIES && is_held_up(&error) => {
                tracing::info!(tries, "others work on the tables; their change waits");
                tokio::time::sleep(BETWEEN).await;
            }
            done => break done,
        }
    };
    let unlocked = sqlx::query(own_lock!("pg_advisory_unlock", "kurant/tables/"))
        .execute(connection)
        .await;
    // Where the change lost its connection the lock is gone with it, and what it met is what has to be told.
    let done = done?;
    unlocked?;
    Ok(done)
}

/// Whether somebody else holds what a change needs.
fn is_held_up(error: &Error) -> bool {
    let Error::Change { source, .. } = error else {
        return false;
    };
    let code = source.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("55P03" | "40P01"))
}

/// Whether there are tables.
pub(super) async fn is_there(connection: &mut PgConnection) -> Result<bool, Error> {
    let row = sqlx::query("SELECT to_regclass('customer') IS NOT NULL")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

/// Takes the lock of whoever works alone on these tables, for as long as the session lasts; false if another session has it.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<bool, Error> {
    let row = sqlx::query(own_lock!("pg_try_advisory_lock"));
    Ok(row.fetch_one(connection).await?.try_get(0)?)
}

/// Takes the lock of those who work side by side; false while one works alone.
pub(super) async fn lock_shared(connection: &mut PgConnection) -> Result<bool, Error> {
    // Whoever comes first holds it alone for a moment.
    for _ in 0..MOMENTS {
        let row = sqlx::query(own_lock!("pg_try_advisory_lock_shared"));
        if row.fetch_one(&mut *connection).await?.try_get(0)? {
            return Ok(true);
        }
        tokio::time::sleep(MOMENT).await;
    }
    Ok(false)
}

/// From now on others may work beside whoever has worked alone so far.
pub(super) async fn share_lock(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query(own_lock!("pg_advisory_lock_shared"))
        .execute(&mut *connection)
        .await?;
    sqlx::query(own_lock!("pg_advisory_unlock"))
        .execute(connection)
        .await?;
    Ok(())
}

/// Where the database is, for people.
pub(super) fn place(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or_else(
        || format!("{}:{}", options.get_host(), options.get_port()),
        |socket| socket.display().to_string(),
    );
    format!("{host}/{}", options.get_database().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_url_is_told_without_its_secret() {
        for url in [
            "postgres://user:secret@db:notaport/shop",
            "postgres://user:12/secret@db/shop",
            "postgres://user:12?secret@db/shop",
            "mysql://user:secret@db/shop",
            "secret",
        ] {
            let error = options(url).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(
                told.contains("is no store") && !told.contains("secret"),
                "{told}"
            );
        }
    }

    #[test]
    fn what_is_unknown_behind_an_address_is_taken_out_before_the_driver_sees_it() {
        let mut url =
            Url::parse("postgres://db/shop?passwd=s3cret&user=a%40b&sslmode=require").unwrap();
        pass_over_unknown(&mut url);
        assert_eq!(
            url.as_str(),
            "postgres://db/shop?user=a%40b&sslmode=require"
        );
        let said = options("postgres://db/shop?passwd=s3cret&user=a%40b").unwrap();
        assert_eq!(said.get_username(), "a@b");
    }
}
