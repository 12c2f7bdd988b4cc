//! `kurant coupons`: codes from a list of the shop's own, imported, looked at and taken out again, also beside a running `run`.

mod again;
mod codes;
mod import;
mod look;
mod release;

pub(crate) use look::{Pool, pools};

use std::path::PathBuf;
use std::process::ExitCode;

use kurant_engine::definition::{Definitions, Verb};
use kurant_runner::{Clock, Steering};
use kurant_store::Batch;

use crate::embedded::{self, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::workspace::likely;

/// So many codes are taken out at once.
const PAGE: usize = 5_000;

/// Arguments of `kurant coupons`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant coupons import spring codes.csv     one code a line, or a header with `code` and, if they end, `expires`\n  \
    kurant coupons list                        how many are left of each pool, and for how long\n  \
    kurant coupons find SPRING-7K2M            who has it, since when, by which journey\n  \
    kurant coupons find --customer c42         which codes a customer was given\n  \
    kurant coupons again spring                those who left because there was no code go on, once there are some\n  \
    kurant coupons release spring --except used.csv\n                                             after a restore: those that were put aside can be given, but for these\n  \
    kurant coupons withdraw spring             those that nobody has are taken out\n\n\
    A step `coupon: { codes: spring, valid: 14d, as: code }` gives the codes that were imported as `spring`, each once, those\n\
    that expire first going first. One that expires before the coupon's `valid` or `until` is over is left for others.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add codes to a coupon pool; the same file twice changes nothing
    Import(Import),
    /// Say how many codes of each coupon pool are left, and for how long
    List {
        /// JSON objects, one a line
        #[arg(long)]
        json: bool,
    },
    /// Say how a coupon pool stands, and who was given its codes last
    Show {
        /// The coupon pool
        pool: String,
        /// How many of those that were given last
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: usize,
        /// JSON objects, one a line
        #[arg(long)]
        json: bool,
    },
    /// Say who has a code, since when and by which journey
    Find {
        /// Codes
        #[arg(value_name = "CODE", required_unless_present = "customer")]
        codes: Vec<String>,
        /// The codes that this customer was given
        #[arg(long, value_name = "ID", conflicts_with = "codes")]
        customer: Option<String>,
        /// JSON objects, one a line
        #[arg(long)]
        json: bool,
    },
    /// Let those go on, where they stood, who left because the pool had no code
    Again {
        /// The coupon pool
        pool: String,
        /// Say how many there are, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// Who; the name you are logged in with unless told
        #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
        by: String,
    },
    /// Let codes be given again that were put aside since the store was restored
    Release(Release),
    /// Take the codes out of a coupon pool that nobody has been given
    Withdraw {
        /// The coupon pool
        pool: String,
        /// Say how many there are, and do nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is imported, and where.
#[derive(Debug, clap::Args)]
struct Import {
    /// The coupon pool: what stands as `codes` in the journey's step
    pool: String,
    /// One code a line, or .csv with a header that has a column `code`
    file: PathBuf,
    /// Up to when the codes are taken for which the file doesn't say it: an instant, or a day, to its end on the workspace's clock
    #[arg(long, value_name = "T")]
    expires: Option<String>,
    /// What the columns of a .csv are called here, as for `kurant import`
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
}

/// Which of what is put aside can be given again.
#[derive(Debug, clap::Args)]
struct Release {
    /// The coupon pool
    pool: String,
    /// But for these, which the shop knows as used: one code a line, or .csv with a column `code`; they stay put aside
    #[arg(long, value_name = "FILE")]
    except: Option<PathBuf>,
    /// What the columns of that .csv are called here, as for `kurant import`
    #[arg(long, value_name = "COLUMNS", requires = "except")]
    columns: Option<PathBuf>,
    /// Say how many there are, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Does what was asked.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let work = async {
        match &args.what {
            What::Import(own) => return import::run(folder, own).await,
            What::List { json } => look::list(folder, *json).await?,
            What::Show { pool, last, json } => look::show(folder, pool, *last, *json).await?,
            What::Find {
                codes,
                customer,
                json,
            } => return look::find(folder, codes, customer.as_deref(), *json).await,
            What::Again { pool, dry_run, by } => again::run(folder, pool, by, *dry_run).await?,
            What::Release(own) => release::run(folder, own).await?,
            What::Withdraw { pool, dry_run } => withdraw(folder, pool, *dry_run).await?,
        }
        Ok(ExitCode::SUCCESS)
    };
    embedded::runtime()?.block_on(work)
}

/// Takes out what nobody has been given.
async fn withdraw(folder: &Folder, pool: &str, dry_run: bool) -> Result<(), Error> {
    let store = embedded::store_beside(folder).await?;
    let now = embedded::present(&*store).await?;
    let sums = store.pool_sums(now, now).await.map_err(unreadable)?;
    let Some(own) = sums.iter().find(|own| own.pool == pool) else {
        let known = Steering::on(&*store).coupon_pools().await;
        let known = known.map_err(embedded::failure)?;
        if known.iter().any(|own| own == pool) {
            println!("coupon pool {pool} has no codes");
            return Ok(());
        }
        return Err(unknown(pool, &known));
    };
    let (mut gone, given) = (own.left + own.expired + own.aside, own.given);
    if dry_run {
        let gone = codes(gone);
        let were = verb(given, "was", "were");
        println!("{gone} of {pool} would be taken out; {given} that {were} given would stay");
        return Ok(());
    }
    gone = 0;
    loop {
        let page = store.withdraw_codes(pool, PAGE).await.map_err(unreadable)?;
        if page == 0 {
            break;
        }
        gone += page;
    }
    let mark = Steering::renewed_codes(pool, Clock::real().now(), "withdrawn");
    let batch = Batch {
        marks: vec![mark],
        ..Batch::default()
    };
    store.commit(batch).await.map_err(unreadable)?;
    let (are, were, stay) = (
        verb(gone, "is", "are"),
        verb(given, "was", "were"),
        verb(given, "stays", "stay"),
    );
    println!(
        "{} of {pool} {are} taken out; {given} that {were} given {stay}. `kurant coupons import {pool} FILE` brings them back",
        codes(gone)
    );
    Ok(())
}

/// How many codes, in words.
pub(crate) fn codes(count: u64) -> String {
    match count {
        1 => "1 code".to_owned(),
        _ => format!("{count} codes"),
    }
}

/// The word that goes with so many.
pub(crate) fn verb(count: u64, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}

/// There is no such coupon pool.
fn unknown(pool: &str, known: &[String]) -> Error {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let error = Error::usage(format!("there is no coupon pool `{pool}`"));
    error.hint(match known.is_empty() {
        true => format!("`kurant coupons import {pool} FILE` makes it"),
        false => likely(pool, &known),
    })
}

/// What journeys write as `codes`, each with the journeys that do.
pub(crate) fn used(definitions: &Definitions) -> Vec<(String, Vec<String>)> {
    fn visit(steps: &[kurant_engine::definition::Step], see: &mut impl FnMut(&str)) {
        for step in steps {
            match &step.verb {
                Verb::Coupon(coupon) => see(&coupon.codes),
                verb => verb.blocks().into_iter().for_each(|own| visit(own, see)),
            }
        }
    }
    let mut used: Vec<(String, Vec<String>)> = Vec::new();
    for version in &definitions.journeys {
        let journey = &version.journey.id;
        visit(&version.journey.steps, &mut |codes| match used
            .iter_mut()
            .find(|(own, _)| own == codes)
        {
            Some((_, journeys)) if journeys.contains(journey) => {}
            Some((_, journeys)) => journeys.push(journey.clone()),
            None => used.push((codes.to_owned(), vec![journey.clone()])),
        });
    }
    used
}
