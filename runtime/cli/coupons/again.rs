//! `kurant coupons again POOL`: whoever left because there was no code goes on where he or she stood.

use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::process::turned_away;
use kurant_runner::{BATCH, Clock, Order, Steering, Verb};
use kurant_store::Store;

use super::look::known;
use super::{codes, verb};
use crate::embedded::{self, failure, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::steer::{UNHEARD, waited_for};

/// How many there are, and whether they are to be told only of.
pub(super) async fn run(folder: &Folder, pool: &str, by: &str, dry_run: bool) -> Result<(), Error> {
    let (reader, definitions) = in_force::to_look(folder).await?;
    let own = known(&*reader, &definitions, pool).await?;
    let pinned = reader.pinned().await.map_err(unreadable)?;
    let catalog = Catalog::load(&definitions, &pinned, Acting::Live)
        .map_err(|error| Error::failure(format!("what is in force can't be read: {error}")))?;
    let count = count(&*reader, &catalog, pool).await?;
    let left = own.sums.left;
    if count == 0 {
        println!("nobody waits for a code of {pool}");
        return Ok(());
    }
    println!(
        "{count} left because {pool} had no code; {} {} left now",
        codes(left),
        verb(left, "is", "are")
    );
    if left < count {
        eprintln!(
            "hint: import more first, or those who find none leave once more: `kurant coupons import {pool} FILE`"
        );
    }
    if dry_run {
        return Ok(());
    }
    let store = embedded::store_beside(folder).await?;
    let steering = Steering::on(&*store);
    let order = Order {
        by: by.to_owned(),
        why: String::new(),
        verb: Verb::Refilled {
            pool: pool.to_owned(),
        },
    };
    let now = Clock::real().now();
    let name = steering.order(now, &order).await.map_err(failure)?;
    let is_heard = waited_for(async || Ok(!steering.is_open(&name).await?)).await?;
    let told = if is_heard {
        "they have gone on where they stood; `kurant log --reason no_coupon` has whoever left once more"
    } else {
        "they go on where they stood"
    };
    println!("{told}{}", if is_heard { "" } else { UNHEARD });
    Ok(())
}

/// How many enrollments ended because a pool had no code, and may go on.
async fn count(store: &dyn Store, catalog: &Catalog, pool: &str) -> Result<u64, Error> {
    let now = embedded::present(store).await?;
    let (mut count, mut place) = (0, None::<String>);
    loop {
        let ids = store.turned_away(place.as_deref(), BATCH).await;
        let ids = ids.map_err(unreadable)?;
        let Some(last) = ids.last() else {
            return Ok(count);
        };
        place = Some(last.to_string());
        for stored in store.load(&ids, &[]).await.map_err(unreadable)? {
            let enrollments = stored.person.enrollments.iter();
            let own = enrollments.filter(|own| turned_away(catalog, own, now) == Some(pool));
            count += own.count() as u64;
        }
    }
}
