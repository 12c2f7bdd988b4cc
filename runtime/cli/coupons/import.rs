//! Adds the codes of a file to a coupon pool, page after page: whoever is stopped begins again, and finds those that are there.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::sync::Arc;

use kurant_engine::calendar::{Instant, parse_date};
use kurant_engine::codes;
use kurant_engine::definition::Definitions;
use kurant_runner::source::RefusedLine;
use kurant_runner::{BATCH, Clock, Steering};
use kurant_store::{Batch, CodeRow, NewCode, Sought, Store};

use super::codes::{Read, end_of, open};
use super::{Import, used, verb};
use crate::embedded::{self, Company, unreadable};
use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::moment::moment;
use crate::refused::Refused;
use crate::workspace::{self, likely};

/// The longest name of a pool.
const LONGEST_NAME: usize = 100;

/// What was met on the way.
struct Met {
    refused: Refused,
    /// On which line each code stood first.
    seen: HashMap<String, u64>,
    added: u64,
    known: u64,
    /// Those that stand with another end than the file says, which stays.
    otherwise: u64,
    repeated: u64,
}

/// One import.
struct Importing<'i> {
    store: Arc<dyn Store>,
    pool: &'i str,
    /// What journeys make codes from.
    patterns: Vec<String>,
    /// Up to when codes are taken for which the file doesn't say it.
    expires: Option<Instant>,
    clock: Clock,
    met: Met,
}

/// Imports a file.
pub(super) async fn run(folder: &Folder, args: &Import) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let pool = name(&definitions, &args.pool)?;
    let zone = definitions.workspace.timezone;
    let expires = args.expires.as_deref().map(|text| match parse_date(text) {
        Ok(day) => end_of(day, zone).ok_or_else(|| Error::usage("--expires: there is no such day")),
        Err(_) => moment("--expires", text, zone),
    });
    let codes = open(&args.file, args.columns.as_deref(), zone)?;
    let used = used(&definitions);
    let patterns = used.iter().map(|(own, _)| own.clone());
    let mut importing = Importing {
        store: store(folder, &definitions).await?,
        pool,
        patterns: patterns.filter(|own| own != pool).collect(),
        expires: expires.transpose()?,
        clock: Clock::real(),
        met: Met {
            refused: match codes.has_heading {
                true => Refused::of(folder, &args.file),
                false => Refused::of(folder, &args.file).without_header(),
            },
            seen: HashMap::new(),
            added: 0,
            known: 0,
            otherwise: 0,
            repeated: 0,
        },
    };
    let mut page = Vec::with_capacity(BATCH);
    for line in codes.lines {
        match line? {
            Ok(read) => importing.take(read, &mut page),
            Err(refused) => importing.met.refused.note(&refused),
        }
        if page.len() == BATCH {
            importing.add(std::mem::take(&mut page)).await?;
        }
    }
    importing.add(page).await?;
    let mut met = importing.met;
    println!("{}", met.told(pool));
    if met.otherwise > 0 {
        let stand = verb(met.otherwise, "stands", "stand");
        let keep = verb(met.otherwise, "keeps", "keep");
        eprintln!(
            "warning: {} of those that were there already {stand} with another end than this import says, and {keep} it; to change it: \
             `kurant coupons withdraw {pool}`, then import the file again. Codes that customers were given keep theirs",
            met.otherwise
        );
    }
    met.refused.tell()?;
    if !used.iter().any(|(own, _)| own == pool) {
        eprintln!(
            "hint: no journey gives codes of `{pool}` so far: `coupon: {{ codes: {pool}, valid: 14d, as: code }}`"
        );
    }
    Ok(ExitCode::from(u8::from(met.refused.count() > 0)))
}

/// A name that a pool may have.
fn name<'n>(definitions: &Definitions, name: &'n str) -> Result<&'n str, Error> {
    let is_plain = name.trim() == name && !name.chars().any(char::is_control);
    if !is_plain || name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Error::usage("a coupon pool has a name like `spring-2027`"));
    }
    if !codes::is_name(name) {
        return Err(Error::usage(format!(
            "`{name}` is a pattern, which makes its codes by itself"
        ))
        .hint("a coupon pool has a name without `#`, like `spring-2027`"));
    }
    let declared = definitions.workspace.coupon_pools.iter();
    let declared: Vec<&str> = declared.map(|own| own.name.as_str()).collect();
    if declared.is_empty() || declared.contains(&name) {
        return Ok(name);
    }
    Err(
        Error::usage(format!("kurant.yaml names no coupon pool `{name}`")).hint(format!(
            "{}; or add it under `coupon_pools`",
            likely(name, &declared)
        )),
    )
}

/// The store, beside whoever works on it; a new one, where nothing has run yet.
async fn store(folder: &Folder, definitions: &Definitions) -> Result<Arc<dyn Store>, Error> {
    match embedded::store_beside(folder).await {
        Err(error) if error.is_absence() => {
            let store = embedded::store(folder, definitions, Company::Alone).await?;
            environment::claim(&*store, folder, false).await?;
            Ok(store)
        }
        other => other,
    }
}

impl Importing<'_> {
    /// Takes a line that can be read, unless it stood in the file before or a journey may make the same code.
    fn take(&mut self, read: Read, page: &mut Vec<Read>) {
        if self.met.seen.contains_key(&read.code) {
            self.met.repeated += 1;
            return;
        }
        let mut patterns = self.patterns.iter();
        if let Some(pattern) = patterns.find(|own| codes::may_make(own, &read.code)) {
            let message = format!(
                "`{}` is a code that `{pattern}` of a journey may make too: two customers would have it",
                read.code
            );
            self.met.refused.note(&line(&read, message));
            return;
        }
        self.met.seen.insert(read.code.clone(), read.line);
        page.push(read);
    }

    /// Adds a page of codes.
    async fn add(&mut self, page: Vec<Read>) -> Result<(), Error> {
        if page.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = page.iter().map(|own| own.code.clone()).collect();
        let before = self.stand(&names).await?;
        let fresh = page.iter().filter(|own| !before.contains_key(&own.code));
        let codes_new: Vec<NewCode> = fresh
            .map(|own| NewCode {
                pool: self.pool.to_owned(),
                code: own.code.clone(),
                expires: own.expires.or(self.expires),
            })
            .collect();
        if !codes_new.is_empty() {
            let now = self.clock.now();
            let mark = Steering::renewed_codes(self.pool, now, &codes_new[0].code);
            let batch = Batch {
                clock: now,
                codes_new,
                marks: vec![mark],
                ..Batch::default()
            };
            self.store.commit(batch).await.map_err(unreadable)?;
        }
        // Somebody else may have imported at the same moment: what counts is where a code stands now.
        let after = self.stand(&names).await?;
        for own in page {
            match after.get(&own.code) {
                Some(row) if row.pool == self.pool && before.contains_key(&own.code) => {
                    self.met.known += 1;
                    let is_otherwise = row.expires != own.expires.or(self.expires);
                    self.met.otherwise += u64::from(is_otherwise);
                }
                Some(row) if row.pool == self.pool => self.met.added += 1,
                Some(row) => {
                    let message = format!(
                        "`{}` stands in the coupon pool `{}` already, and a code stands in one only",
                        own.code, row.pool
                    );
                    self.met.refused.note(&line(&own, message));
                }
                // It was taken out at this very moment.
                None => {}
            }
        }
        Ok(())
    }

    /// Where each of these codes stands, of those that stand in a pool.
    async fn stand(&self, codes: &[String]) -> Result<BTreeMap<String, CodeRow>, Error> {
        let found = self.store.codes_found(Sought::Codes(codes), codes.len());
        let found = found.await.map_err(unreadable)?;
        Ok(found
            .into_iter()
            .map(|own| (own.code.clone(), own))
            .collect())
    }
}

impl Met {
    fn told(&self, pool: &str) -> String {
        let mut told = format!("{} added to {pool}", super::codes(self.added));
        if self.known > 0 {
            let were = verb(self.known, "was", "were");
            told += &format!(", {} {were} there already", self.known);
        }
        if self.repeated > 0 {
            told += &format!(", {} stood in the file more than once", self.repeated);
        }
        told
    }
}

fn line(read: &Read, message: String) -> RefusedLine {
    RefusedLine::row(read.line, message, read.text.clone())
}
