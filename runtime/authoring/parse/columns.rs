//! What the columns of a CSV file are called here, and how its cells are written: a file of its own, beside the workspace.

use kurant_engine::calendar::parse_date;

use super::Context;
use super::context::text;
use crate::diagnostic::{Diagnostic, Diagnostics, Problem};
use crate::source::{Sources, Span};
use crate::suggest::nearest;
use crate::workspace::SourceFile;
use crate::yaml::{self, Node};

/// What a file of columns says.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Columns that have another name here, or none.
    pub names: Vec<Column>,
    /// What holds for every row, by our name.
    pub values: Vec<(String, String)>,
    /// What parts the columns; none = it is recognised.
    pub separator: Option<char>,
    /// What stands before the decimals of a number; none = it is recognised where only one reading is possible.
    pub decimal: Option<char>,
    /// How days are written, like `DD.MM.YYYY`.
    pub dates: Option<String>,
    /// What is written for `true`.
    pub yes: Vec<String>,
    /// What is written for `false`.
    pub no: Vec<String>,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The file's name for it.
    pub theirs: String,
    /// Our name; none = left out.
    pub ours: Option<String>,
    span: Span,
}

/// What came of reading one.
#[derive(Debug)]
pub struct ReadColumns {
    /// What it says; what could not be read is left out.
    pub columns: Columns,
    /// Every mistake.
    pub found: Vec<Diagnostic>,
    /// Its text.
    pub sources: Sources,
}

impl Columns {
    /// Reads the bytes of a file that is called `path`, with all of its mistakes.
    pub fn read(path: &str, bytes: Vec<u8>) -> ReadColumns {
        let (diagnostics, mut sources) = (Diagnostics::new(), Sources::new());
        let read = SourceFile::from_bytes(path, bytes);
        let file = sources.add(path, read.text.as_str());
        read.encoding.report(file, &diagnostics);
        let root = yaml::read(&sources, file, &diagnostics);
        let columns = root.filter(|root| !root.is_null()).map(|root| {
            let context = Context::new(&root, file, &diagnostics);
            all(&context, &root)
        });
        ReadColumns {
            columns: columns.unwrap_or_default(),
            found: diagnostics.into_sorted(&sources),
            sources,
        }
    }

    /// Names of columns that a file with this header doesn't have.
    pub fn missing(&self, header: &[&str]) -> Vec<Diagnostic> {
        let is_there = |column: &&Column| header.contains(&column.theirs.as_str());
        let missing = self.names.iter().filter(|column| !is_there(column));
        let report = |column: &Column| {
            let message = format!("the file has no column `{}`", column.theirs);
            let help = match nearest(&column.theirs, header.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("its columns are {}", header.join(", ")),
            };
            Diagnostic::error("unknown-column", column.span, message).help(help)
        };
        missing.map(report).collect()
    }
}

fn all(context: &Context<'_>, root: &Node) -> Columns {
    let Some(mut map) = context.open(root, "a file of columns") else {
        return Columns::default();
    };
    map.synonyms(&[
        ("column", "columns"),
        ("names", "columns"),
        ("mapping", "columns"),
        ("value", "values"),
        ("delimiter", "separator"),
        ("date", "dates"),
        ("comma", "decimal"),
        ("true", "yes"),
        ("false", "no"),
    ]);
    let columns = Columns {
        names: map
            .optional("columns")
            .map_or_else(Vec::new, |node| names(context, node)),
        values: map
            .optional("values")
            .map_or_else(Vec::new, |node| values(context, node)),
        separator: map.read("separator", separator),
        decimal: map.read("decimal", |node| node.choice(&[(",", ','), (".", '.')])),
        dates: map.read("dates", dates),
        yes: map.read("yes", words).unwrap_or_default(),
        no: map.read("no", words).unwrap_or_default(),
    };
    map.finish();
    columns
}

fn names(context: &Context<'_>, node: &Node) -> Vec<Column> {
    let entries = node.map("the file's columns, each with its name here");
    let entries = context.diagnostics.keep(node.span, entries).unwrap_or(&[]);
    let name = |entry: &yaml::Entry| {
        let ours = match entry.value.is_null() {
            true => None,
            false => Some(
                context
                    .diagnostics
                    .keep(entry.value.span, text(&entry.value))?,
            ),
        };
        Some(Column {
            theirs: entry.key.text.clone(),
            ours,
            span: entry.key.span,
        })
    };
    entries.iter().filter_map(name).collect()
}

fn values(context: &Context<'_>, node: &Node) -> Vec<(String, String)> {
    let entries = node.map("what holds for every row, by our names");
    let entries = context.diagnostics.keep(node.span, entries).unwrap_or(&[]);
    let value = |entry: &yaml::Entry| {
        let value = context
            .diagnostics
            .keep(entry.value.span, text(&entry.value))?;
        Some((entry.key.text.clone(), value))
    };
    entries.iter().filter_map(value).collect()
}

fn separator(node: &Node) -> Result<char, Problem> {
    let written = node.text()?;
    let mut signs = written.chars();
    match (signs.next(), signs.next()) {
        (Some(sign), None) if sign.is_ascii() => Ok(sign),
        _ if written == "\\t" || written == "tab" => Ok('\t'),
        _ => Err(
            Problem::bad_value(format!("`{written}` is not what parts columns"))
                .help("write one sign in quotes: `\";\"`, `\",\"`, `\"|\"`, or `\"\\t\"` for tabs"),
        ),
    }
}

/// How days are written: each part once, and one sign between them.
fn dates(node: &Node) -> Result<String, Problem> {
    let pattern = text(node)?;
    let sign = pattern.chars().find(|sign| !sign.is_alphanumeric());
    let mut parts: Vec<&str> = sign.map_or_else(Vec::new, |sign| pattern.split(sign).collect());
    parts.sort_unstable();
    if parts == ["DD", "MM", "YYYY"] {
        return Ok(pattern);
    }
    let help = if parse_date(&pattern).is_ok() {
        "this is a day itself: write how days are written, like `dates: YYYY-MM-DD`"
    } else {
        "write where the day, the month and the year stand, like `dates: DD.MM.YYYY` or `dates: MM/DD/YYYY`"
    };
    Err(Problem::bad_value(format!("`{pattern}` is no way to write a day")).help(help))
}

/// One word or several, as text whatever they look like.
fn words(node: &Node) -> Result<Vec<String>, Problem> {
    match node.list("words, like `[yes, 1]`") {
        Ok(items) => items.iter().map(text).collect(),
        Err(_) if node.as_scalar().is_some() => text(node).map(|word| vec![word]),
        Err(problem) => Err(problem),
    }
}
