//! A CSV file: which sign parts its columns, what they are called here, and its rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use kurant_authoring::suggest::nearest;
use kurant_engine::calendar::Zone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::cells::{Cells, Ways};
use crate::error::Error;

/// Signs that may part columns; of equally frequent ones the first is taken.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much of a file is looked at for its header.
const LOOKED_AT: u64 = 64 * 1024;
/// What Excel puts in front of UTF-8.
const BOM: &str = "\u{feff}";

/// What columns are called here, and what holds for every row.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// By the file's name for a column; none = left out.
    #[serde(default)]
    columns: BTreeMap<String, Option<String>>,
    /// By our name.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// What parts the columns.
    separator: Option<char>,
    /// How days are written.
    dates: Option<String>,
    /// What is written for `true`.
    #[serde(default, deserialize_with = "words")]
    yes: Vec<String>,
    /// What is written for `false`.
    #[serde(default, deserialize_with = "words")]
    no: Vec<String>,
}

/// One word or several, as text whatever they look like.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    use serde_yaml::Value;
    let list = match Value::deserialize(deserializer)? {
        Value::Sequence(list) => list,
        one => vec![one],
    };
    let text = |word: Value| match word {
        Value::String(word) => Ok(word),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(D::Error::custom("expected words, like `[yes, 1]`")),
    };
    list.into_iter().map(text).collect()
}

impl Mapping {
    /// Reads a mapping; an empty one when there is none.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        serde_yaml::from_str(text.trim_start_matches(BOM)).map_err(|error| {
            Error::usage(format!("{}: {error}", path.display())).hint(
                "write `columns: { COLUMN OF THE FILE: name }`, `values: { name: VALUE }` for what every row shares, `dates: DD.MM.YYYY`, `yes: [yes, 1]`, `no: [no, 0]`",
            )
        })
    }
}

/// A CSV file, its header read.
pub(super) struct Sheet {
    path: PathBuf,
    separator: u8,
    /// Our name for each column, and for the values that every row shares; empty = left out.
    pub(super) names: Vec<String>,
    /// The values that every row shares, in the order of their names.
    shared: Vec<String>,
    /// How cells are read.
    pub(super) cells: Cells,
}

/// Whether a file is CSV, by its extension.
pub(super) fn is_csv(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

impl Sheet {
    /// Reads the header of a file. `needed` are the names that every row must have; times without an offset are on the clock of
    /// `zone`.
    pub(super) fn open(
        path: &Path,
        mapping: &Mapping,
        needed: &[&str],
        zone: Zone,
    ) -> Result<Self, Error> {
        let separator = match mapping.separator.map(u8::try_from) {
            Some(Ok(separator)) => separator,
            Some(Err(_)) => return Err(Error::usage("`separator` is one ASCII sign")),
            None => separator(path)?,
        };
        let ways = Ways {
            dates: mapping.dates.clone(),
            yes: mapping.yes.clone(),
            no: mapping.no.clone(),
        };
        let mut sheet = Self {
            path: path.to_owned(),
            separator,
            names: Vec::new(),
            shared: mapping.values.values().cloned().collect(),
            cells: Cells::new(ways, zone)?,
        };
        let mut reader = sheet.reader()?;
        let header = reader.headers().map_err(|error| unreadable(path, &error))?;
        let columns: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches(BOM).trim())
            .collect();
        sheet.names = names(&columns, mapping)?;
        let missing = needed
            .iter()
            .find(|name| !sheet.names.iter().any(|own| own == *name));
        if let Some(missing) = missing {
            let message = format!("{} has no column `{missing}`", path.display());
            return Err(Error::findings(message).hint(format!(
                "its columns are {}; say with --columns FILE which of them it is: `columns: {{ \"{}\": {missing} }}`",
                columns.join(", "),
                columns.first().copied().unwrap_or("COLUMN"),
            )));
        }
        if separator != b',' {
            let sign = match separator {
                b'\t' => "tabs".to_owned(),
                sign => format!("`{}`", char::from(sign)),
            };
            eprintln!("{}: its columns are parted by {sign}", path.display());
        }
        Ok(sheet)
    }

    fn reader(&self) -> Result<Reader<File>, Error> {
        ReaderBuilder::new()
            .flexible(true)
            .delimiter(self.separator)
            .from_path(&self.path)
            .map_err(|error| unreadable(&self.path, &error))
    }

    /// The rows in the file's order, each with its line.
    pub(super) fn rows(&self) -> Result<impl Iterator<Item = (u64, ByteRecord)> + use<>, Error> {
        let mut reader = self.reader()?;
        let mut line = 1;
        Ok(std::iter::from_fn(move || {
            let mut row = ByteRecord::new();
            // What isn't text is seen when the cells are.
            if !reader.read_byte_record(&mut row).unwrap_or(false) {
                return None;
            }
            line = row.position().map_or(line + 1, csv::Position::line);
            Some((line, row))
        }))
    }

    /// Where each row stands in the file: its first byte, how many bytes, and its line.
    pub(super) fn spans(&self) -> Result<impl Iterator<Item = (u64, u64, u64)> + use<>, Error> {
        let mut reader = self.reader()?;
        reader
            .byte_headers()
            .map_err(|error| unreadable(&self.path, &error))?;
        let mut row = ByteRecord::new();
        Ok(std::iter::from_fn(move || {
            let from = reader.position().clone();
            if !reader.read_byte_record(&mut row).unwrap_or(false) {
                return None;
            }
            let line = row.position().map_or(from.line(), csv::Position::line);
            Some((from.byte(), reader.position().byte() - from.byte(), line))
        }))
    }

    /// The cells of a row, and the values that every row shares.
    pub(super) fn row_of(&self, row: ByteRecord) -> Result<StringRecord, String> {
        let mut cells = StringRecord::from_byte_record(row)
            .map_err(|_| "it is not text in UTF-8".to_owned())?;
        let own = self.names.len() - self.shared.len();
        if cells.len() > own {
            return Err(format!(
                "it has {} columns, and the header {own}",
                cells.len()
            ));
        }
        (cells.len()..own).for_each(|_| cells.push_field(""));
        self.shared.iter().for_each(|value| cells.push_field(value));
        Ok(cells)
    }

    /// Reads one row anew.
    pub(super) fn row(separator: u8, bytes: &[u8]) -> Option<ByteRecord> {
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(separator)
            .from_reader(bytes);
        let mut row = ByteRecord::new();
        reader
            .read_byte_record(&mut row)
            .ok()
            .filter(|read| *read)
            .map(|_| row)
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    /// A row as it stood in the file, near enough.
    pub(super) fn text(&self, row: &ByteRecord) -> String {
        let cells: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
        cells.join(&char::from(self.separator).to_string())
    }
}

fn names(columns: &[&str], mapping: &Mapping) -> Result<Vec<String>, Error> {
    if let Some(unknown) = mapping
        .columns
        .keys()
        .find(|name| !columns.contains(&name.as_str()))
    {
        let meant = nearest(unknown, columns.iter().copied())
            .map_or_else(|| columns.join(", "), |meant| format!("`{meant}`?"));
        return Err(
            Error::findings(format!("the file has no column `{unknown}`"))
                .hint(format!("did you mean {meant}")),
        );
    }
    let name = |column: &&str| match mapping.columns.get(*column) {
        Some(name) => name.clone().unwrap_or_default(),
        None => (*column).to_owned(),
    };
    let mut names: Vec<String> = columns.iter().map(name).collect();
    names.extend(mapping.values.keys().cloned());
    for (place, name) in names.iter().enumerate() {
        if !name.is_empty() && names[..place].contains(name) {
            return Err(Error::findings(format!("two columns are `{name}`"))
                .hint("leave one out with `columns: { COLUMN: }`"));
        }
    }
    Ok(names)
}

/// What parts the columns: the sign that stands most often in the header, outside of quotes.
fn separator(path: &Path) -> Result<u8, Error> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut header = Vec::new();
    BufReader::new(file)
        .take(LOOKED_AT)
        .read_until(b'\n', &mut header)
        .map_err(|error| unreadable(path, &error))?;
    if std::str::from_utf8(&header).is_err() {
        let message = format!("{} is not text in UTF-8", path.display());
        return Err(Error::findings(message).hint("in Excel, save it as `CSV UTF-8`"));
    }
    let mut counts = [0_usize; SEPARATORS.len()];
    let mut quoted = false;
    for byte in header {
        quoted ^= byte == b'"';
        let found = SEPARATORS.iter().position(|sign| *sign == byte);
        if let Some(place) = found.filter(|_| !quoted) {
            counts[place] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let place = counts.iter().position(|count| *count == most).unwrap_or(0);
    Ok(SEPARATORS[place])
}

pub(super) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::failure(format!("can't read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use kurant_engine::definition::Type;

    use super::*;

    fn sheet(text: &str, mapping: &str) -> Result<Sheet, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        std::fs::write(&path, text).unwrap();
        let mapping = serde_yaml::from_str(mapping).unwrap();
        Sheet::open(&path, &mapping, &["id"], Zone::UTC)
    }

    #[test]
    fn the_sign_between_columns_is_recognised() {
        for (text, names) in [
            ("id,email\n1,a\n", ["id", "email"]),
            ("id;email\n1;a\n", ["id", "email"]),
            ("\u{feff}id\temail\n1\ta\n", ["id", "email"]),
            ("id;\"a,b,c\"\n", ["id", "a,b,c"]),
        ] {
            assert_eq!(sheet(text, "{}").unwrap().names, names, "{text}");
        }
    }

    #[test]
    fn columns_are_called_as_the_mapping_says() {
        let mapping = "columns: { Client: id, Note: }\nvalues: { source: shop }";
        let sheet = sheet("Client,Note,email\n", mapping).unwrap();
        assert_eq!(sheet.names, ["id", "", "email", "source"]);
    }

    #[test]
    fn words_for_yes_and_no_come_alone_or_as_a_list() {
        let sheet = sheet("id\n", "yes: так\nno: [ні, 0]").unwrap();
        for (cell, value) in [("так", "true"), ("ні", "false"), ("0", "false")] {
            assert_eq!(sheet.cells.read(cell, &Type::Boolean), value);
        }
    }

    #[test]
    fn a_column_that_is_missing_is_named() {
        let told = sheet("Client,email\n", "{}").err().unwrap().to_string();
        assert!(
            told.contains("no column `id`") && told.contains("Client, email"),
            "{told}"
        );
    }
}
