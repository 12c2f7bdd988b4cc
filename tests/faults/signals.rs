//! Workers that are asked to end under load, and workers that are held for longer than others wait for them.

use std::time::Duration;

use super::load::Load;
use super::site::Site;
use super::wish::wish;
use crate::run::sample::Dice;

/// How often a worker is asked to end.
const TIMES: u64 = 5;
/// It is asked so soon at the latest, in milliseconds.
const LIFE: u64 = 600;
/// For longer than a worker may be silent.
const HELD: Duration = Duration::from_secs(13);

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_one_machine_hands_everything_over_once() {
    end_under_load(Site::files()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_workers_hand_everything_over_once() {
    end_under_load(Site::servers(2).await).await;
}

async fn end_under_load(mut site: Site) {
    let wish = wish(TIMES);
    let (mut load, mut dice) = (Load::new(wish.seed), Dice(wish.seed.wrapping_add(1)));
    for _ in 0..wish.count {
        site.start_all();
        site.publish(load.next(400)).await;
        // The moment of a signal is nothing that could be waited for.
        tokio::time::sleep(Duration::from_millis(dice.below(LIFE))).await;
        let worker = dice.below(site.workers() as u64) as usize;
        site.end(worker);
    }
    // It was never stopped in the middle of anything, so nothing may have been handed over twice.
    site.finish(load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_wakes_after_others_took_over_changes_nothing_any_more() {
    let mut load = Load::new(wish(1).seed);
    let mut site = Site::servers(2).await;
    site.start_all();
    site.publish(load.next(1_000)).await;
    site.signal(0, "STOP");
    site.publish(load.next(1_000)).await;
    // Nobody can say that it is forgotten but those who forget it.
    tokio::time::sleep(HELD).await;
    site.signal(0, "CONT");
    site.publish(load.next(1_000)).await;
    site.finish(load).await;
}
