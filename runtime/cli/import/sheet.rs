//! A CSV file: which sign parts its columns, what they are called here, and its rows.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, WriterBuilder};
use kurant_authoring::diagnostic::Diagnostic;
use kurant_authoring::source::Sources;
use kurant_authoring::{Columns, ReadColumns, likely_encoding, render};
use kurant_engine::calendar::Zone;

use super::cells::{Cells, Ways};
use super::rows::{Row, Rows, UNCLOSED, unclosed};
use crate::error::Error;
use crate::workspace::colours;

/// Signs that may part columns; of equally frequent ones the first is taken.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much of a file is looked at for its header.
const LOOKED_AT: u64 = 64 * 1024;
/// What all rows of a file may share.
const SHARED: [&str; 3] = ["source", "type", "channel"];
/// What Excel puts in front of UTF-8.
const BOM: &str = "\u{feff}";

/// What a file of columns says, and its text.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    columns: Columns,
    sources: Sources,
}

impl Mapping {
    /// Reads a mapping; an empty one when there is none. Its mistakes are shown on standard error, all of them.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        Self::of(&path.display().to_string(), bytes)
    }

    /// How days are written, if that is said.
    pub(crate) fn dates(&self) -> Option<String> {
        self.columns.dates.clone()
    }

    fn of(name: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        let ReadColumns {
            columns,
            found,
            sources,
        } = Columns::read(name, bytes);
        let mapping = Self { columns, sources };
        mapping.refuse(&found)?;
        Ok(mapping)
    }

    /// Nothing is taken with a mapping that has mistakes.
    fn refuse(&self, found: &[Diagnostic]) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        let told = render::text(found, &self.sources, colours(&io::stderr()));
        Err(Error::usage(format!(
            "the file of --columns has mistakes; nothing was read:\n{told}"
        )))
    }
}

/// A CSV file, its header read.
pub(crate) struct Sheet {
    path: PathBuf,
    separator: u8,
    /// How many lines on from where the reader counts a row begins: it takes the second sign of the line's end before as its own.
    behind: u64,
    /// Our name for each column, and for the values that every row shares; empty = left out.
    pub(crate) names: Vec<String>,
    /// The values that every row shares, in the order of their names.
    shared: Vec<String>,
    /// How cells are read.
    pub(crate) cells: Cells,
}

/// Whether a file is CSV, by its extension.
pub(crate) fn is_csv(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["csv", "tsv"]
        .iter()
        .any(|own| extension.eq_ignore_ascii_case(own))
}

impl Sheet {
    /// Reads the header of a file. `needed` are the names that every row must have; times without an offset are on the clock of
    /// `zone`.
    pub(crate) fn open(
        path: &Path,
        mapping: &Mapping,
        needed: &[&str],
        zone: Zone,
    ) -> Result<Self, Error> {
        is_text(path)?;
        let Mapping { columns: says, .. } = mapping;
        let separator = match says.separator.map(u8::try_from) {
            Some(Ok(separator)) => separator,
            _ => separator(path)?,
        };
        let ways = Ways {
            dates: says.dates.clone(),
            decimal: says.decimal,
            yes: says.yes.clone(),
            no: says.no.clone(),
        };
        let mut sheet = Self {
            path: path.to_owned(),
            separator,
            behind: u64::from(has_two_signs(path)?),
            names: Vec::new(),
            shared: says.values.iter().map(|(_, value)| value.clone()).collect(),
            cells: Cells::new(ways, zone)?,
        };
        let mut reader = sheet.reader()?;
        let header = reader.headers().map_err(|error| unreadable(path, &error))?;
        let columns: Vec<&str> = header
            .iter()
            .map(|name| name.trim_start_matches(BOM).trim())
            .collect();
        mapping.refuse(&says.missing(&columns))?;
        sheet.names = names(&columns, says)?;
        if columns.iter().all(|name| name.is_empty()) {
            let message = format!("{} is empty, or its first line is", path.display());
            return Err(Error::findings(message)
                .hint("the first line has to say what the columns are, like `id,email`"));
        }
        let missing = needed
            .iter()
            .find(|name| !sheet.names.iter().any(|own| own == *name));
        if let Some(missing) = missing {
            let message = format!("{} has no column `{missing}`", path.display());
            let mut others = columns.iter().filter(|name| !needed.contains(*name));
            let shared = match SHARED.contains(missing) {
                true => format!("; or give all rows the same: `values: {{ {missing}: VALUE }}`"),
                false => String::new(),
            };
            return Err(Error::findings(message).hint(format!(
                "its columns are {}; say with --columns FILE which of them it is: `columns: {{ \"{}\": {missing} }}`{shared}",
                columns.join(", "),
                others.next().copied().unwrap_or("COLUMN"),
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

    /// The rows in the file's order, each with its line. Where the file can't be read on, whoever asks has to stop.
    pub(crate) fn rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u64, Row), Error>> + use<>, Error> {
        let mut rows = self.placed()?;
        Ok(std::iter::from_fn(move || {
            let next = rows.next().transpose()?;
            Some(next.map(|placed| (placed.line, placed.row)))
        }))
    }

    /// Where each row stands in the file: its first byte, how many bytes, and its line.
    pub(crate) fn spans(&self) -> Result<impl Iterator<Item = (u64, u64, u64)> + use<>, Error> {
        let mut rows = self.placed()?;
        Ok(std::iter::from_fn(move || {
            let placed = rows.next().ok().flatten()?;
            Some((placed.offset, placed.length, placed.line))
        }))
    }

    fn placed(&self) -> Result<Rows, Error> {
        Rows::new(&self.path, self.reader()?, self.separator, self.behind)
    }

    /// The cells of a row, and the values that every row shares.
    pub(crate) fn row_of(&self, row: Row) -> Result<StringRecord, String> {
        if row.unclosed.is_some() {
            return Err(UNCLOSED.to_owned());
        }
        let mut cells = StringRecord::from_byte_record(row.cells).map_err(|error| {
            let from = likely_encoding(error.into_byte_record().as_slice());
            format!("it is not text in UTF-8: save the file as `CSV UTF-8`, or `iconv -f {from} -t UTF-8 OLD > NEW`")
        })?;
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
    pub(crate) fn row(separator: u8, bytes: &[u8]) -> Option<Row> {
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(separator)
            .from_reader(bytes);
        let mut cells = ByteRecord::new();
        let unclosed = unclosed(bytes, separator).map(|_| bytes.to_vec());
        reader
            .read_byte_record(&mut cells)
            .ok()
            .filter(|read| *read)
            .map(|_| Row { cells, unclosed })
    }

    pub(crate) fn separator(&self) -> u8 {
        self.separator
    }

    /// A row as it stood in the file: whoever reads it again finds the same cells.
    pub(crate) fn text(&self, row: &Row) -> String {
        if let Some(text) = &row.unclosed {
            return String::from_utf8_lossy(text).into_owned();
        }
        let mut writer = WriterBuilder::new()
            .flexible(true)
            .delimiter(self.separator)
            .from_writer(Vec::new());
        // Memory takes everything.
        let _ = writer.write_byte_record(&row.cells);
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}

fn names(columns: &[&str], says: &Columns) -> Result<Vec<String>, Error> {
    let name = |column: &&str| match says.names.iter().find(|own| own.theirs == **column) {
        Some(own) => own.ours.clone().unwrap_or_default(),
        None => (*column).to_owned(),
    };
    let mut names: Vec<String> = columns.iter().map(name).collect();
    names.extend(says.values.iter().map(|(name, _)| name.clone()));
    for (place, name) in names.iter().enumerate() {
        if !name.is_empty() && names[..place].contains(name) {
            return Err(Error::findings(format!("two columns are `{name}`"))
                .hint("leave one out with `columns: { COLUMN: }`"));
        }
    }
    Ok(names)
}

/// How files begin that are packed, and what unpacks them.
const PACKED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "gunzip"),
    (b"\x28\xb5\x2f\xfd", "unzstd"),
    (b"BZh", "bunzip2"),
    (b"\xfd7zXZ", "unxz"),
];
/// How text in UTF-16 begins.
const UTF_16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What is no text, or none in UTF-8, or no file, is told as what it is before anything of it is read.
pub(crate) fn is_text(path: &Path) -> Result<(), Error> {
    let name = path.display();
    if path.is_dir() {
        return Err(Error::failure(format!("can't read {name}: it is a folder")));
    }
    let mut first = [0; 8];
    // What is read of a pipe is gone for whoever reads it next.
    let is_file = path.is_file();
    let begins = is_file.then(|| File::open(path).and_then(|mut file| file.read(&mut first)));
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_named_so = ["xlsx", "xls", "xlsm", "ods", "numbers"]
        .iter()
        .any(|own| extension == *own);
    let is_packed = begins.is_some()
        && (first.starts_with(b"PK\x03\x04") || first.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]));
    if is_named_so || is_packed {
        let message = format!("{name} is a workbook, and only text is read");
        return Err(Error::findings(message).hint(
            "save its sheet as CSV: in Excel `Save As`, then `CSV UTF-8 (Comma delimited)`, and give that file",
        ));
    }
    if let Some((_, tool)) = PACKED.iter().find(|(begins, _)| first.starts_with(begins)) {
        let message = format!("{name} is packed, and only text is read");
        return Err(Error::findings(message).hint(format!(
            "unpack it, `{tool} -k {name}`, and give what comes of it"
        )));
    }
    if UTF_16.iter().any(|begins| first.starts_with(begins)) {
        let message = format!("{name} is text in UTF-16, and only UTF-8 is read");
        return Err(Error::findings(message)
            .hint("in Excel, save it as `CSV UTF-8`; or `iconv -f UTF-16 -t UTF-8 OLD > NEW`"));
    }
    Ok(())
}

/// JSON Lines are no list.
pub(crate) fn no_list(path: &Path) -> Result<(), Error> {
    if !path.is_file() || is_csv(path) {
        return Ok(());
    }
    let header = header(path)?;
    let text = header.strip_prefix(BOM.as_bytes()).unwrap_or(&header);
    if !text.trim_ascii_start().starts_with(b"[") {
        return Ok(());
    }
    let message = format!(
        "{} is one list in JSON, and JSON Lines are read",
        path.display()
    );
    Err(Error::findings(message).hint("write one object a line: `jq -c '.[]' OLD > NEW.jsonl`"))
}

/// Whether lines end as Windows has them, by the first one.
fn has_two_signs(path: &Path) -> Result<bool, Error> {
    Ok(header(path)?.ends_with(b"\r\n"))
}

/// The first line of a file, its end with it.
fn header(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut header = Vec::new();
    BufReader::new(file)
        .take(LOOKED_AT)
        .read_until(b'\n', &mut header)
        .map_err(|error| unreadable(path, &error))?;
    Ok(header)
}

/// What parts the columns: the sign that stands most often in the header, outside of quotes.
fn separator(path: &Path) -> Result<u8, Error> {
    let header = header(path)?;
    if std::str::from_utf8(&header).is_err() {
        let message = format!("{} is not text in UTF-8", path.display());
        return Err(Error::findings(message).hint(format!(
            "in Excel, save it as `CSV UTF-8`; or `iconv -f {} -t UTF-8 OLD > NEW`",
            likely_encoding(&header)
        )));
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

pub(crate) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
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
        let mapping = Mapping::of("columns.yaml", mapping.into())?;
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
    fn every_mistake_of_a_mapping_is_told_at_once_with_its_place() {
        let mapping = "columns: { Clint: id }\ndates: DD.MM\nseperator: ';'\nyes: { a: b }\n";
        let told = sheet("Client\n", mapping).err().unwrap().to_string();
        for says in [
            "columns.yaml:2:8",
            "DD.MM.YYYY",
            "columns.yaml:3:1",
            "`separator`",
            "columns.yaml:4:6",
        ] {
            assert!(told.contains(says), "{says}: {told}");
        }
        let told = sheet("Client,Note\n", "columns: { Clint: id, Noet: }\n");
        let told = told.err().unwrap().to_string();
        for says in [
            "columns.yaml:1:12",
            "`Client`",
            "columns.yaml:1:23",
            "`Note`",
        ] {
            assert!(told.contains(says), "{says}: {told}");
        }
    }

    #[test]
    fn a_row_that_is_written_down_reads_as_the_same_cells() {
        let sheet = sheet("id,note\n", "{}").unwrap();
        for cells in [
            ["1", "a, b"],
            ["2", "said \"no\""],
            ["3", "two\nlines"],
            ["4", ""],
        ] {
            let row = Row {
                cells: ByteRecord::from(&cells[..]),
                unclosed: None,
            };
            let again = Sheet::row(b',', sheet.text(&row).as_bytes()).unwrap();
            assert_eq!((again.cells, again.unclosed), (row.cells, None));
        }
    }

    #[test]
    fn a_row_in_another_encoding_says_which_it_likely_is() {
        let sheet = sheet("id,note\n", "{}").unwrap();
        for (bytes, from) in [
            (&b"1,M\xfcller aus K\xf6ln"[..], "WINDOWS-1252"),
            (b"1,\xca\xe8\xbf\xe2", "WINDOWS-1251"),
        ] {
            let told = sheet.row_of(Sheet::row(b',', bytes).unwrap()).unwrap_err();
            assert!(told.contains(from), "{told}");
        }
    }

    #[test]
    fn a_row_stands_on_its_line_however_lines_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for end in ["\n", "\r\n"] {
            let text = ["id,note", "1,a", "2,\"b", "c\"", "3,d", ""].join(end);
            std::fs::write(&path, text).unwrap();
            let sheet = Sheet::open(&path, &Mapping::default(), &["id"], Zone::UTC).unwrap();
            let rows: Vec<u64> = sheet.rows().unwrap().map(|row| row.unwrap().0).collect();
            let spans: Vec<u64> = sheet.spans().unwrap().map(|(.., line)| line).collect();
            assert_eq!((rows, spans), (vec![2, 3, 5], vec![2, 3, 5]), "{end:?}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_its_own_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for end in ["\n", "\r\n"] {
            let text = [
                "id,note",
                "1,\"Anna",
                "2,b",
                "3,\"5\"\" pack",
                "4,\"two",
                "lines\"",
                "5,\"\"",
                "6,\"end",
            ];
            std::fs::write(&path, text.join(end)).unwrap();
            let sheet = Sheet::open(&path, &Mapping::default(), &["id"], Zone::UTC).unwrap();
            let rows: Vec<(u64, bool)> = sheet
                .rows()
                .unwrap()
                .map(|row| row.unwrap())
                .map(|(line, row)| (line, sheet.row_of(row).is_ok()))
                .collect();
            let told = [
                (2, false),
                (3, true),
                (4, false),
                (5, true),
                (7, true),
                (8, false),
            ];
            assert_eq!(rows, told, "{end:?}");
            let bytes = std::fs::read(&path).unwrap();
            let spans: Vec<(u64, bool)> = sheet
                .spans()
                .unwrap()
                .map(|(from, length, line)| {
                    let bytes = &bytes[from as usize..(from + length) as usize];
                    let row = Sheet::row(b',', bytes.trim_ascii()).unwrap();
                    (line, sheet.row_of(row).is_ok())
                })
                .collect();
            assert_eq!(spans, told, "{end:?}");
        }
    }

    #[test]
    fn a_workbook_is_no_sheet() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("a.xlsx", &b"PK\x03\x04"[..]),
            ("b.csv", b"PK\x03\x04x"),
            ("c.xls", b""),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let told = is_text(&path).unwrap_err().to_string();
            assert!(told.contains("CSV UTF-8"), "{told}");
        }
    }

    #[test]
    fn what_is_packed_in_utf_16_a_list_or_a_folder_is_told_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes, word) in [
            ("a.jsonl.gz", &b"\x1f\x8b\x08"[..], "`gunzip -k"),
            ("a.csv", b"\x1f\x8b\x08", "`gunzip -k"),
            ("a.zst", b"\x28\xb5\x2f\xfdx", "`unzstd -k"),
            ("b.csv", b"\xff\xfei\0d\0", "-f UTF-16"),
            ("b.json", b"\xfe\xff\0{", "-f UTF-16"),
            ("c.json", b"\xef\xbb\xbf[\n{}\n]", "`jq -c"),
            ("d.json", b" [{}]", "`jq -c"),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let told = is_text(&path).and_then(|()| no_list(&path)).unwrap_err();
            assert!(told.to_string().contains(word), "{name}: {told}");
        }
        let told = is_text(folder.path()).unwrap_err().to_string();
        assert!(told.contains("a folder"), "{told}");
        for (name, text) in [("e.csv", "[id],name\n"), ("e.jsonl", "{}\n"), ("f.tsv", "")] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            is_text(&path).and_then(|()| no_list(&path)).unwrap();
        }
    }

    #[test]
    fn a_sheet_without_columns_is_told_as_empty() {
        for text in ["", "\n", "\u{feff}"] {
            let told = sheet(text, "{}").err().unwrap().to_string();
            assert!(told.contains("is empty"), "{text:?}: {told}");
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
