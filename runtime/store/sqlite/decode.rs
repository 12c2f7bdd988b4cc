//! Takes columns of SQLite's rows.

use kurant_engine::id::Key;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::Error;
use crate::rows::Columns;

/// A row and how far it has been taken.
pub(super) struct Taken<'r> {
    row: &'r SqliteRow,
    next: usize,
    what: &'static str,
}

/// The columns of a row of this kind.
pub(super) fn columns<'r>(row: &'r SqliteRow, what: &'static str) -> Taken<'r> {
    Taken { row, next: 0, what }
}

impl<'r> Taken<'r> {
    fn take<T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
        &mut self,
    ) -> Result<T, Error> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
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
        Ok(u32::try_from(self.number()?).unwrap_or(0))
    }

    fn maybe_small(&mut self) -> Result<Option<u32>, Error> {
        let number = self.maybe_number()?;
        Ok(number.and_then(|number| u32::try_from(number).ok()))
    }

    fn key(&mut self) -> Result<Key, Error> {
        let what = self.what;
        let bytes: &[u8] = self.take()?;
        bytes
            .try_into()
            .map(Key::from_bytes)
            .map_err(|_| Error::corrupt(what, "a key has not 16 bytes"))
    }
}

/// Texts as one JSON array, for `json_each`.
pub(super) fn array<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    serde_json::Value::from_iter(texts).to_string()
}
