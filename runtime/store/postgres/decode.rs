//! Takes columns of PostgreSQL's rows.

use kurant_engine::id::Key;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row};

use super::transaction::Id;
use crate::Error;
use crate::rows::Columns;

/// A row and how far it has been taken.
pub(super) struct Taken<'r> {
    row: &'r PgRow,
    next: usize,
    what: &'static str,
}

/// The columns of a row of this kind.
pub(super) fn columns<'r>(row: &'r PgRow, what: &'static str) -> Taken<'r> {
    Taken { row, next: 0, what }
}

impl<'r> Taken<'r> {
    fn take<T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>>(&mut self) -> Result<T, Error> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// Whatever was written, text or not.
    pub(super) fn bytes(&mut self) -> Result<&'r [u8], Error> {
        self.take()
    }

    /// Yes or no.
    pub(super) fn truth(&mut self) -> Result<bool, Error> {
        self.take()
    }
}

impl<'r> Columns<'r> for Taken<'r> {
    fn what(&self) -> &'static str {
        self.what
    }

    fn text(&mut self) -> Result<&'r str, Error> {
        self.take()
    }

    fn maybe_text(&mut self) -> Result<Option<String>, Error> {
        self.take()
    }

    fn number(&mut self) -> Result<i64, Error> {
        self.take()
    }

    fn maybe_number(&mut self) -> Result<Option<i64>, Error> {
        self.take()
    }

    fn small(&mut self) -> Result<u32, Error> {
        self.take()
            .map(|number: i32| u32::try_from(number).unwrap_or(0))
    }

    fn maybe_small(&mut self) -> Result<Option<u32>, Error> {
        let number: Option<i32> = self.take()?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    fn key(&mut self) -> Result<Key, Error> {
        self.take().map(|Id(key)| key)
    }
}
