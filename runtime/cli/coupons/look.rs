//! What there is of coupon pools, and who has which code.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::{Table, presets};
use kurant_engine::calendar::{DAY, Zone};
use kurant_engine::definition::Definitions;
use kurant_runner::Steering;
use kurant_store::{CodeRow, PoolSums, Sought, Store};
use serde_json::json;

use super::{codes as codes_of, unknown, used, verb};
use crate::embedded::{self, failure, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::moment::on_clock;

/// Over how many days the pace is reckoned.
const PACE: i64 = 7;
/// So many codes of a customer are told at the most.
const MOST: usize = 1_000;

/// A pool, and what uses it.
pub(crate) struct Pool {
    pub(crate) sums: PoolSums,
    pub(crate) journeys: Vec<String>,
}

impl Pool {
    /// For how many days it lasts at the pace of the last ones; none = nobody came.
    fn days(&self) -> Option<u64> {
        let (left, lately) = (self.sums.left, self.sums.lately);
        (lately > 0).then(|| left * PACE.unsigned_abs() / lately)
    }

    pub(crate) fn lasts(&self) -> String {
        match self.days() {
            _ if self.sums.left == 0 => "dry".to_owned(),
            None => "-".to_owned(),
            Some(0) => "less than a day".to_owned(),
            Some(1) => "1 day".to_owned(),
            Some(days) => format!("{days} days"),
        }
    }

    fn object(&self) -> serde_json::Value {
        let own = &self.sums;
        json!({
            "pool": own.pool, "left": own.left, "given": own.given, "given_within_7_days": own.lately, "expired": own.expired, "put_aside": own.aside,
            "lasts_days": self.days(), "first_expires": own.first_expires, "journeys": self.journeys,
        })
    }
}

/// All pools: those with codes, those that had some, and those that the workspace names.
pub(crate) async fn pools(
    store: &dyn Store,
    definitions: &Definitions,
) -> Result<Vec<Pool>, Error> {
    let now = embedded::present(store).await?;
    let since = now.plus_millis(-PACE * DAY);
    let mut sums = store.pool_sums(now, since).await.map_err(unreadable)?;
    let mut names = Steering::on(store).coupon_pools().await.map_err(failure)?;
    let declared = definitions.workspace.coupon_pools.iter();
    names.extend(declared.map(|own| own.name.clone()));
    for name in names {
        if !sums.iter().any(|own| own.pool == name) {
            sums.push(PoolSums::none(name));
        }
    }
    sums.sort_by(|one, other| one.pool.cmp(&other.pool));
    let used = used(definitions);
    let journeys = |name: &str| {
        let own = used.iter().find(|(codes, _)| codes == name);
        own.map(|(_, journeys)| journeys.clone())
            .unwrap_or_default()
    };
    let with = |sums: PoolSums| Pool {
        journeys: journeys(&sums.pool),
        sums,
    };
    Ok(sums.into_iter().map(with).collect())
}

/// A pool that there is.
pub(super) async fn known(
    store: &dyn Store,
    definitions: &Definitions,
    pool: &str,
) -> Result<Pool, Error> {
    let mut pools = pools(store, definitions).await?;
    match pools.iter().position(|own| own.sums.pool == pool) {
        Some(place) => Ok(pools.swap_remove(place)),
        None => {
            let known: Vec<String> = pools.into_iter().map(|own| own.sums.pool).collect();
            Err(unknown(pool, &known))
        }
    }
}

/// Lists all pools.
pub(super) async fn list(folder: &Folder, json: bool) -> Result<(), Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let pools = pools(&*store, &definitions).await?;
    if json {
        return print(pools.iter().map(|own| own.object().to_string()));
    }
    if pools.is_empty() {
        println!("no codes have been imported: `kurant coupons import NAME FILE`");
        return Ok(());
    }
    println!("{}", table(&pools, definitions.workspace.timezone));
    pools.iter().for_each(tell_of_aside);
    Ok(())
}

/// What is put aside waits for somebody to decide.
fn tell_of_aside(own: &Pool) {
    let (pool, aside) = (&own.sums.pool, own.sums.aside);
    if aside > 0 {
        println!(
            "{} of {pool} {} put aside since the store was restored: `kurant coupons release {pool}`",
            codes_of(aside),
            verb(aside, "is", "are")
        );
    }
}

fn table(pools: &[Pool], zone: Zone) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "coupon pool",
        "left",
        "lasts",
        "given",
        "in 7 days",
        "expired",
        "put aside",
        "the next expires",
        "journeys",
    ]);
    for own in pools {
        let sums = &own.sums;
        let expires = sums.first_expires.map(|at| on_clock(at, zone));
        table.add_row([
            sums.pool.clone(),
            sums.left.to_string(),
            own.lasts(),
            sums.given.to_string(),
            sums.lately.to_string(),
            sums.expired.to_string(),
            sums.aside.to_string(),
            expires.unwrap_or_else(|| "-".to_owned()),
            own.journeys.join(", "),
        ]);
    }
    table
}

/// Shows one pool, and who was given its codes last.
pub(super) async fn show(
    folder: &Folder,
    pool: &str,
    last: usize,
    json: bool,
) -> Result<(), Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let own = known(&*store, &definitions, pool).await?;
    let given = store.codes_found(Sought::Given(pool), last).await;
    let given = given.map_err(unreadable)?;
    let zone = definitions.workspace.timezone;
    if json {
        let lines = given.iter().map(|own| object(own).to_string());
        return print([own.object().to_string()].into_iter().chain(lines));
    }
    println!("{}", table(std::slice::from_ref(&own), zone));
    tell_of_aside(&own);
    if !given.is_empty() {
        println!("\ngiven last:");
    }
    print(given.iter().map(|own| line(own, zone)))
}

/// Finds codes, or those of a customer. Exit code 1 if one was asked for that nobody knows.
pub(super) async fn find(
    folder: &Folder,
    codes: &[String],
    customer: Option<&str>,
    json: bool,
) -> Result<ExitCode, Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let zone = definitions.workspace.timezone;
    let sought = match customer {
        Some(customer) => Sought::Of(customer),
        None => Sought::Codes(codes),
    };
    let found = store.codes_found(sought, MOST.max(codes.len())).await;
    let found = found.map_err(unreadable)?;
    print(found.iter().map(|own| match json {
        true => object(own).to_string(),
        false => line(own, zone),
    }))?;
    let is_found = |code: &&String| found.iter().any(|own| own.code == **code);
    let missing: Vec<&String> = codes.iter().filter(|own| !is_found(own)).collect();
    for code in &missing {
        eprintln!("{code} stands in no coupon pool; codes that patterns make are in `kurant log`");
    }
    if let Some(customer) = customer.filter(|_| found.is_empty()) {
        eprintln!("{customer} was given no code of a coupon pool");
    }
    Ok(ExitCode::from(u8::from(!missing.is_empty())))
}

fn line(own: &CodeRow, zone: Zone) -> String {
    let fate = match &own.given {
        Some(holder) => format!(
            "given to {} by {} at {}",
            holder.customer,
            holder.journey,
            on_clock(holder.at, zone)
        ),
        None => {
            let aside = own.aside.map(|at| on_clock(at, zone));
            let aside = aside.map(|at| format!(", put aside at {at}, when the store was restored"));
            format!(
                "given to nobody so far, imported at {}{}",
                on_clock(own.imported, zone),
                aside.unwrap_or_default()
            )
        }
    };
    let expires = match own.expires {
        Some(at) => format!(", expires at {}", on_clock(at, zone)),
        None => String::new(),
    };
    format!("{}  {}  {fate}{expires}", own.code, own.pool)
}

fn object(own: &CodeRow) -> serde_json::Value {
    let holder = own.given.as_ref();
    json!({
        "code": own.code, "pool": own.pool, "expires": own.expires, "imported": own.imported,
        "put_aside": own.aside, "given": holder.map(|own| own.at), "customer": holder.map(|own| own.customer.clone()),
        "journey": holder.map(|own| own.journey.clone()), "enrollment": holder.map(|own| own.enrollment),
    })
}

fn print(lines: impl Iterator<Item = String>) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        let written: Result<(), Error> = writeln!(out, "{line}").map_err(Into::into);
        written.or_else(Error::unless_nobody_reads)?;
    }
    Ok(())
}
