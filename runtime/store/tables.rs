//! The changes that a store's tables have had, one after the other, and the one way to make those that are missing.
//!
//! A change only adds; what is not needed any more goes a release later. So a worker that was started before a change works on
//! beside those that came with it, and a release can be rolled out worker by worker. See `docs/decisions/0026-keeping.md`.

use std::borrow::Cow;

use fail::fail_point;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType};
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};

use crate::Error;

/// Where a database notes which changes it has had.
const NOTED: &str = "_sqlx_migrations";

/// All changes of one kind of database that a Kurant knows.
#[derive(Debug, Clone)]
pub struct Tables(Vec<Migration>);

/// How far a database's tables are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablesAt {
    /// The number of their latest change; 0 = there are none yet.
    pub version: i64,
    /// That of the latest change that is known here.
    pub known: i64,
    /// What each change that is missing is about, with its number.
    pub missing: Vec<(i64, String)>,
}

impl Tables {
    /// Those of SQLite.
    pub fn sqlite() -> Self {
        Self::begin(include_str!("migrations/sqlite/0001_begin.sql"))
    }

    /// Those of PostgreSQL.
    pub fn postgres() -> Self {
        Self::begin(include_str!("migrations/postgres/0001_begin.sql"))
    }

    fn begin(sql: &'static str) -> Self {
        let begun = Self(vec![change(1, "begin", sql.into_sql_str())]);
        match next() {
            Some(sql) => begun.and("next", sql),
            None => begun,
        }
    }

    /// With one change more.
    #[must_use]
    pub fn and(mut self, about: &str, sql: impl Into<String>) -> Self {
        let sql = AssertSqlSafe(sql.into()).into_sql_str();
        self.0.push(change(self.known() + 1, about, sql));
        self
    }

    /// The number of the latest change.
    pub fn known(&self) -> i64 {
        self.0.iter().map(|own| own.version).max().unwrap_or(0)
    }

    /// How far tables are that have had these changes.
    fn at(&self, applied: &[(i64, Vec<u8>)]) -> Result<TablesAt, Error> {
        let (known, version) = (
            self.known(),
            applied.iter().map(|(own, _)| *own).max().unwrap_or(0),
        );
        if version > known {
            return Err(Error::Newer { version, known });
        }
        let had = |own: &Migration| applied.iter().find(|(number, _)| *number == own.version);
        let mut missing = Vec::new();
        for own in &self.0 {
            match had(own) {
                None => missing.push((own.version, own.description.to_string())),
                Some((_, checksum)) if **checksum == *own.checksum => {}
                Some((number, _)) => {
                    return Err(Error::Migration(MigrateError::VersionMismatch(*number)));
                }
            }
        }
        Ok(TablesAt {
            version,
            known,
            missing,
        })
    }

    /// Whether tables may be worked on as they are.
    ///
    /// # Errors
    /// [`Error::Older`] when a change is missing.
    pub(crate) fn fit(&self, at: &TablesAt) -> Result<(), Error> {
        match at.missing.is_empty() {
            true => Ok(()),
            false => Err(Error::Older {
                version: at.version,
                known: at.known,
            }),
        }
    }
}

impl TablesAt {
    /// Whether there are none yet.
    pub fn is_empty(&self) -> bool {
        self.version == 0
    }
}

fn change(number: i64, about: &str, sql: sqlx::SqlStr) -> Migration {
    let about = Cow::Owned(about.to_owned());
    Migration::new(number, about, MigrationType::Simple, sql, false)
}

/// In builds for tests, a change that the next release could bring: old and new workers are put side by side with it.
fn next() -> Option<&'static str> {
    fail_point!("tables.next", |_| Some(
        "ALTER TABLE customer ADD COLUMN later TEXT; \
         ALTER TABLE log ADD COLUMN later BIGINT NOT NULL DEFAULT 7; \
         ALTER TABLE outbox ADD COLUMN later TEXT; \
         CREATE TABLE later (id BIGINT NOT NULL PRIMARY KEY); \
         CREATE INDEX event_later ON event (customer, type);"
    ));
    None
}

/// How far the tables of a database are; none of them need be there.
pub(crate) async fn at<C>(
    connection: &mut C,
    tables: &Tables,
    is_there: bool,
) -> Result<TablesAt, Error>
where
    C: Migrate,
{
    let applied = match is_there {
        true => connection.list_applied_migrations(NOTED).await,
        false => Ok(Vec::new()),
    };
    let applied = applied.map_err(Error::Migration)?.into_iter();
    let applied: Vec<_> = applied
        .map(|own| (own.version, own.checksum.into_owned()))
        .collect();
    tables.at(&applied)
}

/// Makes the changes that are missing, all of them in one transaction, and says how far the tables were. Whoever calls sees to it that
/// nobody else does so.
pub(crate) async fn bring_up<C>(connection: &mut C, tables: &Tables) -> Result<TablesAt, Error>
where
    C: Migrate + Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    connection
        .ensure_migrations_table(NOTED)
        .await
        .map_err(Error::Migration)?;
    let at = at(connection, tables, true).await?;
    let missing = |own: &&Migration| at.missing.iter().any(|(number, _)| *number == own.version);
    let missing: Vec<&Migration> = tables.0.iter().filter(missing).collect();
    if missing.is_empty() {
        return Ok(at);
    }
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    let mut done = Ok(());
    for own in missing {
        done = one(connection, own).await;
        if done.is_err() {
            break;
        }
    }
    if done.is_ok() {
        done = sqlx::raw_sql("COMMIT")
            .execute(&mut *connection)
            .await
            .map(drop)
            .map_err(Error::from);
    }
    if let Err(error) = done {
        // What was done so far is as if it had never been. A connection that is gone takes it along.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        return Err(error);
    }
    Ok(at)
}

async fn one<C>(connection: &mut C, own: &Migration) -> Result<(), Error>
where
    C: Migrate + Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    let failed = |error| Error::Change {
        number: own.version,
        about: own.description.to_string(),
        source: error,
    };
    sqlx::raw_sql(own.sql.clone())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    connection.skip(NOTED, own).await.map_err(Error::Migration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn had(tables: &Tables, numbers: &[i64]) -> Vec<(i64, Vec<u8>)> {
        let own = tables.0.iter().filter(|own| numbers.contains(&own.version));
        own.map(|own| (own.version, own.checksum.to_vec()))
            .collect()
    }

    #[test]
    fn what_is_missing_is_known_by_its_number() {
        let tables = Tables::sqlite().and("colours", "x").and("sizes", "y");
        let at = tables.at(&had(&tables, &[1])).expect("an older one");
        assert_eq!((at.version, at.known), (1, 3));
        let missing = [(2, "colours".to_owned()), (3, "sizes".to_owned())];
        assert_eq!(at.missing, missing);
        let told = tables.fit(&at).unwrap_err().to_string();
        assert!(told.contains("kurant migrate"), "{told}");
        let at = tables.at(&had(&tables, &[1, 2, 3])).expect("this one");
        assert!(at.missing.is_empty() && tables.fit(&at).is_ok());
        assert!(tables.at(&[]).expect("an empty one").is_empty());
    }

    #[test]
    fn a_newer_one_and_a_changed_one_are_refused() {
        let newer = Tables::sqlite().and("colours", "x");
        let had = had(&newer, &[1, 2]);
        let error = Tables::sqlite().at(&had).unwrap_err();
        assert!(matches!(
            error,
            Error::Newer {
                version: 2,
                known: 1
            }
        ));
        let other = Tables::sqlite().and("colours", "z");
        assert!(matches!(other.at(&had), Err(Error::Migration(_))));
    }
}
