//! `kurant coupons release POOL`: codes that are put aside since the store was restored can be given again, or all but those that the
//! shop knows as used.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use kurant_engine::definition::Definitions;
use kurant_runner::{BATCH, Clock, Steering};
use kurant_store::{Batch, Sought, Store};

use super::codes::open;
use super::look::known;
use super::{Release, codes, verb};
use crate::embedded::{self, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::refused::Refused;

/// So many lines of codes that nobody knows are named.
const NAMED: usize = 5;
/// On which line of the file each code stands first that the shop knows as used.
type Used = HashMap<String, u64>;

/// Gives them back, or says how many there are.
pub(super) async fn run(folder: &Folder, args: &Release) -> Result<(), Error> {
    let (reader, definitions) = in_force::to_look(folder).await?;
    let pool = &*args.pool;
    let aside = known(&*reader, &definitions, pool).await?.sums.aside;
    let used = used(folder, args, &definitions)?;
    if aside == 0 {
        println!("no code of {pool} is put aside");
        return Ok(());
    }
    if let Some(file) = &args.except {
        all_known(&*reader, pool, &used, file).await?;
    }
    let store = match args.dry_run {
        true => None,
        false => Some(embedded::store_beside(folder).await?),
    };
    let (mut place, mut released, mut kept) = (String::new(), 0, 0);
    loop {
        let page = reader.codes_found(Sought::Aside(pool, &place), BATCH);
        let page = page.await.map_err(unreadable)?;
        let Some(last) = page.last() else { break };
        place.clone_from(&last.code);
        let all = page.len();
        let free = page.into_iter().map(|own| own.code);
        let free: Vec<String> = free.filter(|own| !used.contains_key(own)).collect();
        released += free.len() as u64;
        kept += (all - free.len()) as u64;
        if let Some(store) = store.as_ref().filter(|_| !free.is_empty()) {
            give_back(&**store, pool, free).await?;
        }
    }
    let rest = match args.except.is_some() {
        true => format!("; {kept} {} put aside", verb(kept, "stays", "stay")),
        false => String::new(),
    };
    match args.dry_run {
        true => println!("{} of {pool} would be given again{rest}", codes(released)),
        false => println!("{} of {pool} can be given again{rest}", codes(released)),
    }
    let unknown = used.len() as u64 - kept;
    if unknown > 0 {
        eprintln!(
            "{} of the file {} not among those that were put aside",
            codes(unknown),
            verb(unknown, "was", "were")
        );
    }
    if !args.dry_run && released > 0 {
        eprintln!("hint: whoever left meanwhile goes on by `kurant coupons again {pool}`");
    }
    Ok(())
}

/// What the shop knows as used. A line that can't be read may be one of them, so then nothing is given back.
fn used(folder: &Folder, args: &Release, definitions: &Definitions) -> Result<Used, Error> {
    let Some(file) = &args.except else {
        return Ok(Used::new());
    };
    let zone = definitions.workspace.timezone;
    let read = open(file, args.columns.as_deref(), zone)?;
    let mut refused = match read.has_heading {
        true => Refused::of(folder, file),
        false => Refused::of(folder, file).without_header(),
    };
    let mut used = Used::new();
    for line in read.lines {
        match line? {
            Ok(own) => drop(used.entry(own.code).or_insert(own.line)),
            Err(own) => refused.note(&own),
        }
    }
    let count = refused.count();
    if count == 0 && used.is_empty() {
        return Err(Error::findings(format!(
            "{} holds no code, so nothing was given back",
            file.display()
        ))
        .hint(
            "give the file of the codes that were used; if none of them was, leave --except out",
        ));
    }
    if count == 0 {
        return Ok(used);
    }
    refused.tell()?;
    Err(Error::findings(format!(
        "{count} {} of {} can't be read, so nothing was given back",
        verb(count, "line", "lines"),
        file.display()
    ))
    .hint("mend the file: what isn't read would be given again although it was used"))
}

/// Whether the pool has each of these, in whatever state. Another pool's file, or one in other letters, would keep nothing back.
async fn all_known(reader: &dyn Store, pool: &str, used: &Used, file: &Path) -> Result<(), Error> {
    let codes_used: Vec<String> = used.keys().cloned().collect();
    let mut unknown = Vec::new();
    for page in codes_used.chunks(BATCH) {
        let found = reader.codes_found(Sought::Codes(page), page.len());
        let found = found.await.map_err(unreadable)?;
        let own = found.iter().filter(|own| own.pool == pool);
        let known: HashSet<&str> = own.map(|own| &*own.code).collect();
        let others = page.iter().filter(|own| !known.contains(&***own));
        unknown.extend(others.map(|own| used[own]));
    }
    if unknown.is_empty() {
        return Ok(());
    }
    unknown.sort_unstable();
    let named: Vec<String> = unknown.iter().take(NAMED).map(u64::to_string).collect();
    let count = unknown.len() as u64;
    let more = if unknown.len() > NAMED { ", ..." } else { "" };
    Err(Error::findings(format!(
        "{} of {} {} not in {pool}, so nothing was given back: {} {}{more}",
        codes(count),
        file.display(),
        verb(count, "is", "are"),
        verb(count, "line", "lines"),
        named.join(", "),
    ))
    .hint("codes are told apart by capital and small letters too; if it is the right file, leave out of it what is not of this pool"))
}

/// Lets a page of codes be given, and has whoever runs ask anew what there is.
async fn give_back(store: &dyn Store, pool: &str, free: Vec<String>) -> Result<(), Error> {
    let clock = Clock::real().now();
    let mark = Steering::renewed_codes(pool, clock, &free[0]);
    let batch = Batch {
        clock,
        codes_released: free,
        marks: vec![mark],
        ..Batch::default()
    };
    store.commit(batch).await.map_err(unreadable)
}
