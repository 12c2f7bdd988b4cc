//! Reads rows.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::id::Key;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::Error;

/// A row whose columns are taken from left to right.
pub(super) struct Columns<'r> {
    row: &'r SqliteRow,
    next: usize,
    what: &'static str,
}

impl<'r> Columns<'r> {
    /// The columns of a row of this kind.
    pub(super) fn new(row: &'r SqliteRow, what: &'static str) -> Self {
        Self { row, next: 0, what }
    }

    fn take<T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
        &mut self,
    ) -> Result<T, Error> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub(super) fn text(&mut self) -> Result<&'r str, Error> {
        self.take()
    }

    pub(super) fn shared(&mut self) -> Result<Arc<str>, Error> {
        self.text().map(Arc::from)
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, Error> {
        self.take()
    }

    pub(super) fn number(&mut self) -> Result<i64, Error> {
        self.take()
    }

    pub(super) fn maybe_number(&mut self) -> Result<Option<i64>, Error> {
        self.take()
    }

    pub(super) fn instant(&mut self) -> Result<Instant, Error> {
        self.number().map(Instant::from_millis)
    }

    pub(super) fn maybe_instant(&mut self) -> Result<Option<Instant>, Error> {
        Ok(self.maybe_number()?.map(Instant::from_millis))
    }

    pub(super) fn key(&mut self) -> Result<Key, Error> {
        let what = self.what;
        let bytes: &[u8] = self.take()?;
        bytes
            .try_into()
            .map(Key::from_bytes)
            .map_err(|_| Error::corrupt(what, "a key has not 16 bytes"))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let what = self.what;
        serde_json::from_str(self.text()?).map_err(|error| Error::corrupt(what, error))
    }
}

/// A count, never negative.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A limit for SQL.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Texts as one JSON array, for `json_each`.
pub(super) fn array<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}
