//! Connections that are cut: around a commit, so that nobody knows whether it took effect, and in the middle of anything.

use std::time::Duration;

use super::load::Load;
use super::proxy::{At, Proxy, Side};
use super::site::Site;
use super::wish::wish;
use crate::run::sample::Dice;

/// How often.
const CUTS: u64 = 6;
/// What is asked of the database, and what it answers.
const COMMIT: At = At::Bytes(b"COMMIT\0");
/// A connection to the broker is cut after as many bytes as this at the most.
const FAR: u64 = 30_000;
/// A cut is waited for so long at a time, and so often.
const MOMENT: Duration = Duration::from_millis(50);
const MOST_TIMES: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_nobody_knows_the_end_of_loses_nothing_and_doubles_no_effect() {
    let (wish, proxy) = (wish(CUTS), Proxy::open().await);
    let mut load = Load::new(wish.seed);
    let mut site = Site::servers_through(wish.workers, Some(&proxy), None).await;
    site.start_all();
    for _ in 0..wish.count {
        for side in [Side::Client, Side::Server] {
            cut(&mut site, &mut load, &proxy, side, COMMIT).await;
        }
    }
    site.finish(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_the_broker_may_be_cut_anywhere() {
    let (wish, proxy) = (wish(CUTS), Proxy::open().await);
    let (mut load, mut dice) = (Load::new(wish.seed), Dice(wish.seed.wrapping_add(1)));
    let mut site = Site::servers_through(wish.workers, None, Some(&proxy)).await;
    site.start_all();
    for _ in 0..wish.count {
        for side in [Side::Client, Side::Server] {
            let place = At::After(dice.below(FAR) as usize);
            cut(&mut site, &mut load, &proxy, side, place).await;
        }
    }
    site.finish(load).await;
}

/// Cuts a connection under load.
async fn cut(site: &mut Site, load: &mut Load, proxy: &Proxy, side: Side, at: At) {
    let mut cut = proxy.cut(side, at);
    for _ in 0..MOST_TIMES {
        // What was begun to be published is published to its end: the checker counts on it.
        site.publish(load.next(40)).await;
        if let Ok(made) = tokio::time::timeout(MOMENT, &mut cut).await {
            made.expect("it is made");
            return site.disturbed();
        }
    }
    panic!("{side:?} was never cut at {at:?}");
}
