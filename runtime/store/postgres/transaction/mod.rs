//! The one way to write: a transaction that nothing goes into once a statement has failed.
//!
//! Two edges of the driver are kept away from. A `begin` that is given up half-way may leave a connection inside a
//! transaction, and whatever the next one writes there is lost when it closes: a connection goes back to the pool only from a
//! transaction that ended well, else it is closed. And COMMIT of a transaction that has failed answers ROLLBACK without an
//! error: COMMIT is sent only after a statement that succeeded, which a failed transaction can't give.

use fail::fail_point;
use kurant_engine::id::Key;
use sqlx::pool::PoolConnection;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgHasArrayType, PgPool, PgRow, PgTypeInfo};
use sqlx::{Arguments, Encode, Postgres, Type};

use super::erase::erase;
use crate::{Erasure, Error};

/// How often a transaction that collided with another one is tried.
const TRIES: usize = 8;

/// A statement with its values, which may be run again.
pub(super) struct Statement {
    sql: &'static str,
    values: Result<PgArguments, String>,
    expects: Expects,
}

/// What a statement has to touch, else somebody else was there before.
enum Expects {
    Anything,
    /// So many rows.
    Rows(u64),
    /// Its one row holds this count.
    Count(i64),
}

/// A transaction; unless it ends well its connection is closed.
pub(super) struct Transaction {
    connection: Option<PoolConnection<Postgres>>,
    poisoned: bool,
}

/// Sixteen bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Id(pub(super) Key);

impl Statement {
    /// A statement without values so far.
    pub(super) fn new(sql: &'static str) -> Self {
        Self {
            sql,
            values: Ok(PgArguments::default()),
            expects: Expects::Anything,
        }
    }

    /// With one more value, or one more column of values.
    pub(super) fn with<'v, V>(mut self, value: V) -> Self
    where
        V: Encode<'v, Postgres> + Type<Postgres>,
    {
        if let Ok(values) = &mut self.values
            && let Err(error) = values.add(value)
        {
            self.values = Err(error.to_string());
        }
        self
    }

    /// It has to touch so many rows.
    pub(super) fn touches(mut self, rows: usize) -> Self {
        self.expects = Expects::Rows(rows as u64);
        self
    }

    /// It answers with one number, which has to be this one.
    pub(super) fn counts(mut self, rows: usize) -> Self {
        self.expects = Expects::Count(i64::try_from(rows).unwrap_or(i64::MAX));
        self
    }

    fn query(&self) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, Error> {
        let values = self.values.clone();
        let values = values.map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(sqlx::query_with(self.sql, values))
    }
}

impl Transaction {
    /// Begins. What it reads and writes over is what others have committed at that moment, whatever the server's default.
    pub(super) async fn begin(pool: &PgPool) -> Result<Self, Error> {
        let mut tx = Self {
            connection: Some(pool.acquire().await?),
            poisoned: true,
        };
        sqlx::raw_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
            .execute(&mut **tx.connection()?)
            .await?;
        tx.poisoned = false;
        Ok(tx)
    }

    fn connection(&mut self) -> Result<&mut PoolConnection<Postgres>, Error> {
        self.connection.as_mut().ok_or(Error::Poisoned)
    }

    /// Runs a statement.
    pub(super) async fn run(&mut self, statement: &Statement) -> Result<(), Error> {
        let is_met = match statement.expects {
            Expects::Count(count) => {
                let rows = self.fetch(statement).await?;
                let row = rows.first().ok_or(Error::Conflict)?;
                sqlx::Row::try_get::<i64, _>(row, 0)? == count
            }
            Expects::Anything => self.execute(statement).await.map(|_| true)?,
            Expects::Rows(rows) => self.execute(statement).await? == rows,
        };
        is_met.then_some(()).ok_or(Error::Conflict)
    }

    async fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        let query = self.next(statement)?;
        let done = query.execute(&mut **self.connection()?).await?;
        self.poisoned = false;
        Ok(done.rows_affected())
    }

    /// Runs a statement and gives its rows.
    pub(super) async fn fetch(&mut self, statement: &Statement) -> Result<Vec<PgRow>, Error> {
        let query = self.next(statement)?;
        let rows = query.fetch_all(&mut **self.connection()?).await?;
        self.poisoned = false;
        Ok(rows)
    }

    /// Until it is known that this statement succeeded, nothing may follow it.
    fn next(
        &mut self,
        statement: &Statement,
    ) -> Result<sqlx::query::Query<'static, Postgres, PgArguments>, Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        self.poisoned = true;
        statement.query()
    }

    /// Makes all of it durable.
    pub(super) async fn commit(self) -> Result<(), Error> {
        fail_point!("store.written");
        self.end("COMMIT").await?;
        fail_point!("store.committed");
        Ok(())
    }

    /// Leaves nothing behind, and the connection open for others.
    pub(super) async fn roll_back(self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, word: &'static str) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        self.poisoned = true;
        sqlx::raw_sql(word)
            .execute(&mut **self.connection()?)
            .await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.close_on_drop();
        }
    }
}

/// Runs statements as one transaction: all of them, or nothing. What only collided with others is tried again.
pub(super) async fn write(pool: &PgPool, statements: &[Statement]) -> Result<(), Error> {
    write_after(pool, &[], statements).await
}

/// The same, after customers are forgotten in that transaction.
pub(super) async fn write_after(
    pool: &PgPool,
    erased: &[Erasure],
    statements: &[Statement],
) -> Result<(), Error> {
    let mut tries = 1;
    loop {
        match attempt(pool, erased, statements).await {
            Err(error) if tries < TRIES && error.is_a_collision() => {
                tracing::debug!(%error, tries, "a transaction collided with another one");
                tries += 1;
            }
            done => return done,
        }
    }
}

async fn attempt(pool: &PgPool, erased: &[Erasure], statements: &[Statement]) -> Result<(), Error> {
    let mut tx = Transaction::begin(pool).await?;
    match all(&mut tx, erased, statements).await {
        Ok(()) => tx.commit().await,
        Err(Error::Conflict) => {
            // The connection is as good as before; whether the rollback got through is no matter.
            let _ = tx.roll_back().await;
            Err(Error::Conflict)
        }
        Err(error) => Err(error),
    }
}

async fn all(
    tx: &mut Transaction,
    erased: &[Erasure],
    statements: &[Statement],
) -> Result<(), Error> {
    erase(tx, erased).await?;
    for statement in statements {
        tx.run(statement).await?;
    }
    Ok(())
}

impl Type<Postgres> for Id {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(2950))
    }
}

impl PgHasArrayType for Id {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(2951))
    }
}

impl Encode<'_, Postgres> for Id {
    fn encode_by_ref(
        &self,
        buffer: &mut PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        buffer.extend_from_slice(&self.0.to_bytes());
        Ok(sqlx::encode::IsNull::No)
    }
}

impl<'r> sqlx::Decode<'r, Postgres> for Id {
    fn decode(value: sqlx::postgres::PgValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        let bytes = value.as_bytes()?.try_into()?;
        Ok(Self(Key::from_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests;
