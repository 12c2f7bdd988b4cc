//! Reads rows.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::id::Key;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row};

use super::transaction::Id;
use crate::Error;

/// A row whose columns are taken from left to right.
pub(super) struct Columns<'r> {
    row: &'r PgRow,
    next: usize,
    what: &'static str,
}

impl<'r> Columns<'r> {
    /// The columns of a row of this kind.
    pub(super) fn new(row: &'r PgRow, what: &'static str) -> Self {
        Self { row, next: 0, what }
    }

    fn take<T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>>(&mut self) -> Result<T, Error> {
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

    pub(super) fn bytes(&mut self) -> Result<&'r [u8], Error> {
        self.take()
    }

    pub(super) fn number(&mut self) -> Result<i64, Error> {
        self.take()
    }

    pub(super) fn small(&mut self) -> Result<u32, Error> {
        self.take()
            .map(|number: i32| u32::try_from(number).unwrap_or(0))
    }

    pub(super) fn maybe_small(&mut self) -> Result<Option<u32>, Error> {
        let number: Option<i32> = self.take()?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    pub(super) fn instant(&mut self) -> Result<Instant, Error> {
        self.number().map(Instant::from_millis)
    }

    pub(super) fn maybe_instant(&mut self) -> Result<Option<Instant>, Error> {
        let millis: Option<i64> = self.take()?;
        Ok(millis.map(Instant::from_millis))
    }

    pub(super) fn key(&mut self) -> Result<Key, Error> {
        self.take().map(|Id(key)| key)
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
