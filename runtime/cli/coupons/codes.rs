//! A file of codes: one a line, or a sheet with a column `code`. What is no code is refused: a customer might be given it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use kurant_engine::calendar::{Instant, Zone, first_instant_of, parse_date};
use kurant_engine::definition::Type;
use kurant_runner::source::RefusedLine;

use crate::error::Error;
use crate::import::rows::Row;
use crate::import::sheet::{self, Mapping, Sheet};

/// The longest code.
const LONGEST: usize = 200;
/// What the first line of a list may be, that is no code but what they are called.
const HEADERS: [&str; 12] = [
    "code",
    "codes",
    "kod",
    "voucher",
    "vouchers",
    "coupon",
    "coupons",
    "coupon_code",
    "promocode",
    "promo_code",
    "код",
    "промокод",
];

/// The columns of a sheet that are read.
const COLUMNS: [&str; 2] = ["code", "expires"];
/// What a code may hold, besides letters and digits: what can be read out, and is no sign that parts columns or sentences.
const SIGNS: &str = "-_./+=:*@!$%&~";

/// A code of the file, and up to when it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) line: u64,
    pub(super) code: String,
    pub(super) expires: Option<Instant>,
    /// As it stands in the file.
    pub(super) text: String,
}

/// What was read, or what is wrong with it.
type Line = Result<Read, RefusedLine>;

/// A file of codes.
pub(super) struct Codes {
    /// The codes, in the file's order. Where the file can't be read on, it ends with an error.
    pub(super) lines: Box<dyn Iterator<Item = Result<Line, Error>>>,
    /// Whether the first line says what its columns are.
    pub(super) has_heading: bool,
}

/// Opens a file. `zone` is the clock that days end on.
pub(super) fn open(path: &Path, columns: Option<&Path>, zone: Zone) -> Result<Codes, Error> {
    sheet::is_text(path)?;
    match (columns, sheet::is_csv(path)) {
        (Some(_), false) => Err(Error::usage("--columns is for .csv files")),
        (None, true) if is_list(path)? => list(path),
        (_, true) => rows(path, &Mapping::read(columns)?, zone),
        (None, false) => list(path),
    }
}

/// Whether a .csv is no more than codes, one a line: its first line is a code, or what codes are called, but for `code` itself.
fn is_list(path: &Path) -> Result<bool, Error> {
    let file = File::open(path).map_err(|error| sheet::unreadable(path, &error))?;
    let mut first = Vec::new();
    let read = BufReader::new(file).read_until(b'\n', &mut first);
    read.map_err(|error| sheet::unreadable(path, &error))?;
    let first = String::from_utf8_lossy(&first);
    let first = unquoted(first.trim_start_matches('\u{feff}').trim());
    Ok(first != "code" && foreign(first).is_none())
}

/// The first sign that no code holds.
fn foreign(code: &str) -> Option<char> {
    let is_own = |own: char| own.is_alphanumeric() || SIGNS.contains(own);
    code.chars().find(|own| !is_own(*own))
}

/// One code a line.
fn list(path: &Path) -> Result<Codes, Error> {
    let file = File::open(path).map_err(|error| sheet::unreadable(path, &error))?;
    let mut lines = BufReader::new(file).split(b'\n');
    let (mut line, path) = (0, path.to_owned());
    let lines = ending(std::iter::from_fn(move || {
        loop {
            let own = match lines.next()? {
                Ok(own) => own,
                Err(error) => return Some(Err(sheet::unreadable(&path, &error))),
            };
            line += 1;
            let text = String::from_utf8_lossy(&own);
            let code = text.trim_start_matches('\u{feff}').trim();
            let code = unquoted(code);
            if code.is_empty() || (line == 1 && HEADERS.contains(&code.to_lowercase().as_str())) {
                continue;
            }
            let text = text.trim_end_matches(['\r', '\n']);
            return Some(Ok(read(line, code, None, text)));
        }
    }));
    Ok(Codes {
        lines,
        has_heading: false,
    })
}

/// Nothing comes after what can't be read: a file that fails once may fail for ever.
fn ending(
    lines: impl Iterator<Item = Result<Line, Error>> + 'static,
) -> Box<dyn Iterator<Item = Result<Line, Error>>> {
    Box::new(lines.scan(false, |has_failed, own| {
        let is_last = std::mem::replace(has_failed, own.is_err());
        (!is_last).then_some(own)
    }))
}

/// A code that a sheet's program has put into quotes.
fn unquoted(code: &str) -> &str {
    let inner = code.strip_prefix('"').and_then(|own| own.strip_suffix('"'));
    inner.map_or(code, str::trim)
}

/// The rows of a sheet.
fn rows(path: &Path, mapping: &Mapping, zone: Zone) -> Result<Codes, Error> {
    let sheet = Sheet::open(path, mapping, &[], zone)?;
    look_at(&sheet.names, path)?;
    let rows = sheet.rows()?;
    let lines = ending(rows.filter_map(move |row| {
        let read = row.map(|(line, row)| row_of(&sheet, line, row, zone));
        read.transpose()
    }));
    Ok(Codes {
        lines,
        has_heading: true,
    })
}

/// The code of a row; none = its cells are all empty.
fn row_of(sheet: &Sheet, line: u64, row: Row, zone: Zone) -> Option<Line> {
    let text = sheet.text(&row);
    let cells = match sheet.row_of(row) {
        Ok(cells) => cells,
        Err(message) => return Some(Err(RefusedLine::row(line, message, text))),
    };
    let cell = |name: &str| {
        let place = sheet.names.iter().position(|own| own == name)?;
        cells
            .get(place)
            .map(str::trim)
            .filter(|own| !own.is_empty())
    };
    let Some(code) = cell("code") else {
        let is_empty = cells.iter().all(|own| own.trim().is_empty());
        let refused = RefusedLine::row(line, "it has no `code`".to_owned(), text);
        return (!is_empty).then_some(Err(refused));
    };
    let expires = match cell("expires") {
        None => None,
        Some(own) => match end(own, sheet, zone) {
            Some(at) => Some(at),
            None => {
                let message = format!(
                    "`expires` is neither a day nor an instant: {own}; write 2026-12-31, or say in the file of --columns how days are written"
                );
                return Some(Err(RefusedLine::row(line, message, text)));
            }
        },
    };
    Some(read(line, code, expires, &text))
}

/// Looks at what columns are called: one has to be `code`, and those that nobody reads are told.
fn look_at(names: &[String], path: &Path) -> Result<(), Error> {
    let path = path.display();
    let others = names.iter().map(String::as_str);
    let others: Vec<&str> = others
        .filter(|own| !own.is_empty() && !COLUMNS.contains(own))
        .collect();
    let told = others.join("`, `");
    if !names.iter().any(|own| own == "code") {
        let likely = |own: &&&str| {
            let own = own.to_lowercase();
            HEADERS.iter().any(|header| own.contains(header))
        };
        let likely = others.iter().find(likely).or(others.first());
        let message = format!(
            "{path} has no column `code`; by its first line its columns are `{}`",
            names.join("`, `")
        );
        return Err(Error::findings(message).hint(format!(
            "say which one holds the codes, in a file for --columns: `columns: {{ \"{}\": code }}`, and likewise `expires`; if the first \
             line is no heading, put one above it: `code`, or `code,expires`",
            likely.unwrap_or(&"COLUMN")
        )));
    }
    if !others.is_empty() {
        eprintln!(
            "warning: {path}: `{told}` not read, only `code` and `expires` are; with --columns another column may be one of them"
        );
    }
    Ok(())
}

/// When a code ends: a day is good to its end.
fn end(cell: &str, sheet: &Sheet, zone: Zone) -> Option<Instant> {
    let day = parse_date(&sheet.cells.read(cell, &Type::Date)).ok();
    match day {
        Some(day) => end_of(day, zone),
        None => Instant::parse(&sheet.cells.read(cell, &Type::Instant)).ok(),
    }
}

/// The first instant after a day.
pub(super) fn end_of(day: kurant_engine::calendar::Date, zone: Zone) -> Option<Instant> {
    day.succ_opt().map(|next| first_instant_of(next, zone))
}

fn read(line: u64, code: &str, expires: Option<Instant>, text: &str) -> Line {
    let refused = |message: &str| Err(RefusedLine::row(line, message.to_owned(), text.to_owned()));
    if code
        .chars()
        .any(|own| own.is_control() || own == '\u{fffd}')
    {
        return refused("it is not text in UTF-8, or holds a character that isn't seen");
    }
    if code.starts_with('{') {
        return refused(
            "it is JSON; a file of codes has one code a line, or is a .csv with a column `code`",
        );
    }
    if let Some(sign) = foreign(code) {
        let sign = match sign {
            own if own.is_whitespace() => "a blank".to_owned(),
            own => format!("`{own}`"),
        };
        return refused(&format!(
            "it holds {sign}, and a code holds letters, digits and `{SIGNS}` only; what has several columns is a .csv with a column `code`"
        ));
    }
    if code.chars().count() > LONGEST {
        return refused("it is longer than 200 characters, which no code is");
    }
    Ok(Read {
        line,
        code: code.to_owned(),
        expires,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line with its code and its end, or one that is refused.
    type Told = Result<(u64, String, Option<String>), u64>;

    fn of(name: &str, text: &str) -> Vec<Told> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let lines = open(&path, None, Zone::Europe__Kyiv).unwrap().lines;
        let told = |own: Result<Line, Error>| {
            let own = own.expect("it can be read");
            own.map(|own| (own.line, own.code, own.expires.map(|at| at.to_string())))
                .map_err(|refused| refused.line)
        };
        lines.map(told).collect()
    }

    fn ok(line: u64, code: &str, expires: Option<&str>) -> Told {
        Ok((line, code.to_owned(), expires.map(str::to_owned)))
    }

    #[test]
    fn a_list_has_one_code_a_line() {
        let both = [ok(1, "A-1", None), ok(3, "B/2", None)];
        for name in ["a.txt", "a.csv"] {
            assert_eq!(of(name, "A-1\r\n\n\"B/2\"\r\n"), both, "{name}");
            assert_eq!(of(name, "\u{feff}A-1\n\nB/2"), both, "{name}");
            assert_eq!(of(name, "Промокод\nA-1\n"), [ok(2, "A-1", None)]);
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_on_ends_with_an_error() {
        // A folder is opened like a file, and every read of it fails.
        let folder = tempfile::tempdir().unwrap();
        let mut lines = list(folder.path()).unwrap().lines;
        let error = lines.next().unwrap().err().unwrap().to_string();
        assert!(
            error.contains(&folder.path().display().to_string()),
            "{error}"
        );
        assert!(lines.next().is_none());
    }

    #[test]
    fn a_sheet_says_when_codes_end_and_a_day_is_good_to_its_end() {
        let text =
            "note,code,expires\nx,A,2026-12-31\n,B,2026-12-31T10:00:00Z\n,C,\n,,\nx,,\n,D,soon\n";
        let read = of("a.csv", text);
        assert_eq!(
            read,
            [
                ok(2, "A", Some("2026-12-31T22:00:00Z")),
                ok(3, "B", Some("2026-12-31T10:00:00Z")),
                ok(4, "C", None),
                Err(6),
                Err(7),
            ]
        );
        assert_eq!(of("a.csv", "code\nA\n"), [ok(2, "A", None)]);
    }

    #[test]
    fn what_can_be_no_code_is_refused_with_its_line() {
        let long = "x".repeat(201);
        let text = format!("A\n{{\"code\":\"B\"}}\n{long}\na\u{7}b\n");
        assert_eq!(
            of("a.txt", &text),
            [ok(1, "A", None), Err(2), Err(3), Err(4)]
        );
    }

    #[test]
    fn a_line_with_signs_that_no_code_holds_is_refused() {
        for line in [
            "HL-1,2099-01-01",
            "TT-4 x",
            "A;B",
            "A'B",
            "A\"B",
            "A|B",
            "<A>",
        ] {
            let text = format!("OK_1\n{line}\n");
            assert_eq!(of("a.txt", &text), [ok(1, "OK_1", None), Err(2)], "{line}");
            assert_eq!(of("a.csv", &text)[1], Err(2), "{line}");
        }
        let quoted = "code\n\"A,B\"\nC D\nЛІТО-1\n";
        assert_eq!(of("a.csv", quoted), [Err(2), Err(3), ok(4, "ЛІТО-1", None)]);
    }

    #[test]
    fn a_heading_without_a_column_of_codes_is_told_with_its_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        for (heading, column) in [
            ("Coupon code", "Coupon code"),
            ("kod;expires", "kod"),
            ("expires,Kod rabatowy", "Kod rabatowy"),
            ("HL-1,2099-01-01", "HL-1"),
        ] {
            std::fs::write(&path, format!("{heading}\nA-1\n")).unwrap();
            let error = open(&path, None, Zone::UTC).err().unwrap();
            assert!(
                error.to_string().contains(&format!("`{column}`")),
                "{error}"
            );
            let advice = error.advice().unwrap_or_default();
            let says = format!("columns: {{ \"{column}\": code }}");
            assert!(advice.contains(&says), "{advice}");
        }
    }
}
