//! The one way to write: a transaction that nothing goes into once a statement has failed.

use fail::fail_point;
use kurant_engine::id::Key;
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, SqlitePool};

use crate::Error;

/// Rows a statement takes at once, largest first: few shapes, so that each is prepared once.
const CHUNKS: [usize; 4] = [256, 32, 4, 1];

/// A statement that takes rows: `head`, one group of placeholders a row, `tail`.
pub(super) struct Rows {
    pub(super) head: &'static str,
    pub(super) columns: usize,
    pub(super) tail: &'static str,
}

/// A transaction on the writing connection. Dropped without [`Transaction::commit`] it leaves nothing behind.
pub(super) struct Transaction {
    inner: sqlx::Transaction<'static, sqlx::Sqlite>,
    poisoned: bool,
}

/// The values of some rows.
pub(super) struct Values(SqliteArguments, Result<(), sqlx::error::BoxDynError>);

impl Transaction {
    /// Begins, as the only one that writes.
    pub(super) async fn begin(pool: &SqlitePool) -> Result<Self, Error> {
        Ok(Self {
            inner: pool.begin_with("BEGIN IMMEDIATE").await?,
            poisoned: false,
        })
    }

    /// Writes rows with few statements and returns how many rows of the table they touched.
    pub(super) async fn write<R>(
        &mut self,
        statement: &Rows,
        mut rows: &[R],
        bind: impl Fn(&R, &mut Values),
    ) -> Result<u64, Error> {
        let mut touched = 0;
        let mut next = prepared(statement, &mut rows, &bind);
        while let Some((sql, values)) = next {
            // While the one is executed the next one is made ready.
            let later = async { prepared(statement, &mut rows, &bind) };
            let (done, later) = tokio::join!(self.execute(sql, values), later);
            touched += done?.rows_affected();
            next = later;
        }
        Ok(touched)
    }

    async fn execute(&mut self, sql: String, values: Values) -> Result<SqliteQueryResult, Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let Values(values, bound) = values;
        // Until it is known that this statement succeeded, nothing may follow it.
        self.poisoned = true;
        bound.map_err(sqlx::Error::Encode)?;
        let done = sqlx::query_with(AssertSqlSafe(sql), values)
            .execute(&mut *self.inner)
            .await?;
        self.poisoned = false;
        Ok(done)
    }

    /// Runs one statement that returns rows.
    pub(super) async fn fetch(
        &mut self,
        query: sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        self.poisoned = true;
        let rows = query.fetch_all(&mut *self.inner).await?;
        self.poisoned = false;
        Ok(rows)
    }

    /// Makes all of it durable.
    pub(super) async fn commit(self) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        fail_point!("store.written");
        self.inner.commit().await?;
        fail_point!("store.committed");
        Ok(())
    }
}

impl Values {
    fn add<V>(&mut self, value: V)
    where
        V: Send + for<'v> sqlx::Encode<'v, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        if self.1.is_ok() {
            self.1 = self.0.add(value);
        }
    }

    /// A text.
    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.add(text.into());
    }

    /// A text that is shared.
    pub(super) fn shared(&mut self, text: &std::sync::Arc<str>) {
        self.add(text.clone());
    }

    /// A text, or nothing.
    pub(super) fn maybe_text(&mut self, text: Option<&str>) {
        self.add(text.map(str::to_owned));
    }

    /// A number.
    pub(super) fn number(&mut self, number: i64) {
        self.add(number);
    }

    /// A number, or nothing.
    pub(super) fn maybe_number(&mut self, number: Option<i64>) {
        self.add(number);
    }

    /// A key.
    pub(super) fn key(&mut self, key: Key) {
        self.add(key.to_bytes().to_vec());
    }
}

/// The next statement with its values, which leaves the rows behind it; none when there are none.
fn prepared<R>(
    statement: &Rows,
    rows: &mut &[R],
    bind: &impl Fn(&R, &mut Values),
) -> Option<(String, Values)> {
    let size = CHUNKS.into_iter().find(|size| *size <= rows.len())?;
    let (now, later) = rows.split_at(size);
    let mut values = Values(SqliteArguments::default(), Ok(()));
    values.0.reserve(size * statement.columns, 0);
    now.iter().for_each(|row| bind(row, &mut values));
    *rows = later;
    Some((text(statement, size), values))
}

fn text(statement: &Rows, rows: usize) -> String {
    let mut group = "(".to_owned();
    group.push_str(&vec!["?"; statement.columns].join(","));
    group.push(')');
    let groups = vec![group; rows].join(",");
    format!("{}{groups}{}", statement.head, statement.tail)
}
