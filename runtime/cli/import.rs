//! `kurant import`: loads what was before. It starts nothing, can be stopped and run again, and the same file twice changes
//! nothing.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Columns, Record};
use kurant_engine::definition::{Category, Definitions, Schema};
use kurant_runner::source::Feed;
use kurant_runner::{Audience, BATCH, Clock, PastSend, Purpose, Runner};
use serde::Deserialize;

use crate::embedded::{self, failure};
use crate::error::Error;
use crate::workspace;

/// How many lines that can't be read are named.
const NAMED: usize = 10;

/// Arguments of `kurant import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant import customers customers.jsonl    who there is: one object a line, or .csv with a header\n  \
    kurant import events events.jsonl          what happened: CloudEvents, one a line\n  \
    kurant import sends sends.jsonl            what was sent elsewhere: {\"customer\",\"at\",\"channel\",\"category\"}\n\n\
    Nothing starts: no trigger fires. An attribute that is absent or empty stays, null removes it.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Who there is
    Customers {
        /// JSON Lines, or .csv with a header
        file: PathBuf,
    },
    /// What happened
    Events {
        /// CloudEvents 1.0 JSON, one a line
        file: PathBuf,
    },
    /// What was sent from elsewhere, so that it counts for frequency caps and occasions
    Sends {
        /// One object a line: customer, at, channel, and category, journey, occasion if known
        file: PathBuf,
    },
}

/// One line of a file of sends.
#[derive(Deserialize)]
struct SendLine {
    customer: String,
    at: Instant,
    channel: String,
    #[serde(default)]
    category: Category,
    journey: Option<String>,
    occasion: Option<String>,
}

/// Says nothing: an import makes no actions.
struct Silent;

impl Audience for Silent {
    fn acted(&mut self, _: &[Action]) {}

    fn told(&mut self, line: &str) {
        eprintln!("{line}");
    }
}

/// Lines that can't be read.
#[derive(Default)]
struct Refused(Vec<(u64, String)>);

impl Refused {
    fn tell(&self) {
        for (line, why) in self.0.iter().take(NAMED) {
            eprintln!("line {line}: {why}");
        }
        if self.0.len() > NAMED {
            eprintln!(
                "... and {} more lines that can't be read",
                self.0.len() - NAMED
            );
        }
    }
}

/// Loads the file.
pub(crate) fn run(folder: &Path, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let schema = Arc::new(definitions.schema.clone());
    let (told, refused) =
        embedded::runtime()?.block_on(load(folder, args, definitions, &schema))?;
    println!("{told}");
    refused.tell();
    Ok(if refused.0.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

async fn load(
    folder: &Path,
    args: &Args,
    definitions: Definitions,
    schema: &Arc<Schema>,
) -> Result<(String, Refused), Error> {
    let store = embedded::store(folder, &definitions).await?;
    let clock = Arc::new(Clock::real());
    let mut runner = embedded::runner(
        folder,
        definitions,
        store,
        clock,
        Box::new(Silent),
        Purpose::Import,
    )
    .await?;
    let mut refused = Refused::default();
    let told = match &args.what {
        What::Customers { file } => customers(&mut runner, file, schema, &mut refused).await?,
        What::Events { file } => events(&mut runner, file, schema).await?,
        What::Sends { file } => sends(&mut runner, file, &mut refused).await?,
    };
    runner.end_import().await.map_err(failure)?;
    Ok((told, refused))
}

async fn customers(
    runner: &mut Runner,
    file: &Path,
    schema: &Schema,
    refused: &mut Refused,
) -> Result<String, Error> {
    let (mut page, mut all, mut changed) = (Vec::with_capacity(BATCH), 0_usize, 0_usize);
    let mut records = records(file, schema)?;
    loop {
        let record = records.next();
        match record {
            Some((_, Ok(record))) => page.push(record),
            Some((line, Err(why))) => refused.0.push((line, why)),
            None => {}
        }
        if page.len() == BATCH || (page.len() + refused.0.len() > 0 && records.is_over()) {
            all += page.len();
            changed += runner
                .import_customers(std::mem::take(&mut page))
                .await
                .map_err(failure)?;
        }
        if records.is_over() {
            return Ok(format!("{all} customers read, {changed} new or changed"));
        }
    }
}

/// A line's number and its record, or why it can't be read.
type Line = (u64, Result<Record, String>);

/// The records of a file, one after the other.
struct Records<'r> {
    next: Box<dyn FnMut() -> Option<Line> + 'r>,
    over: bool,
}

impl Records<'_> {
    fn next(&mut self) -> Option<Line> {
        let record = (self.next)();
        self.over = record.is_none();
        record
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

fn records<'r>(file: &Path, schema: &'r Schema) -> Result<Records<'r>, Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::failure(format!("can't read {}: {error}", file.display()))
    };
    if file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
    {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_path(file)
            .map_err(|error| unreadable(&error))?;
        let columns = Columns::new(reader.headers().map_err(|error| unreadable(&error))?);
        let mut rows = reader.into_records().zip(2..);
        let next = move || {
            let (row, line) = rows.next()?;
            let record = match row {
                Ok(row) => columns
                    .record(schema, &row)
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            Some((line, record))
        };
        return Ok(Records {
            next: Box::new(next),
            over: false,
        });
    }
    let mut lines = lines(file)?;
    let next = move || {
        let (line, text) = lines.next()?;
        let record = text.and_then(|text| {
            Record::from_json(schema, text.as_bytes()).map_err(|error| error.to_string())
        });
        Some((line, record))
    };
    Ok(Records {
        next: Box::new(next),
        over: false,
    })
}

/// The lines of a file that hold anything, with their numbers.
fn lines(
    file: &Path,
) -> Result<impl Iterator<Item = (u64, Result<String, String>)> + use<>, Error> {
    let open = File::open(file)
        .map_err(|error| Error::failure(format!("can't read {}: {error}", file.display())))?;
    let lines = (1..).zip(BufReader::new(open).lines());
    let lines = lines.map(|(number, line)| (number, line.map_err(|error| error.to_string())));
    Ok(lines.filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim().is_empty())))
}

async fn events(runner: &mut Runner, file: &Path, schema: &Arc<Schema>) -> Result<String, Error> {
    let mut feed = Feed::open(file, schema.clone()).map_err(failure)?;
    loop {
        let page = feed.take(Instant::MAX, BATCH).map_err(failure)?;
        if page.is_empty() {
            break;
        }
        runner.import_events(page).await.map_err(failure)?;
    }
    runner.flush().await.map_err(failure)?;
    let counts = runner.counts();
    Ok(format!(
        "{} events taken in, {} had been before",
        counts.taken, counts.repeated
    ))
}

async fn sends(runner: &mut Runner, file: &Path, refused: &mut Refused) -> Result<String, Error> {
    let (mut page, mut all) = (Vec::new(), 0);
    let mut lines = lines(file)?.peekable();
    while let Some((number, line)) = lines.next() {
        let line = line.and_then(|text| {
            serde_json::from_str::<SendLine>(&text).map_err(|error| error.to_string())
        });
        match line {
            Ok(line) => page.push(PastSend {
                customer: line.customer.as_str().into(),
                at: line.at,
                channel: line.channel,
                category: line.category,
                journey: line.journey,
                occasion: line.occasion,
            }),
            Err(why) => refused.0.push((number, why)),
        }
        if page.len() == BATCH || lines.peek().is_none() {
            all += page.len();
            runner
                .import_sends(std::mem::take(&mut page))
                .await
                .map_err(failure)?;
        }
    }
    Ok(format!("{all} sends read"))
}
