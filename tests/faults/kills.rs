//! `kill -9` at random moments under load. `scripts/faults` runs the long list.

use std::time::Duration;

use super::load::Load;
use super::site::Site;
use super::wish::{Wish, wish};
use crate::run::sample::Dice;

/// How often a worker is killed unless more is wished for.
const KILLS: u64 = 10;
/// As many events as this are published before each kill at the most.
const EVENTS: u64 = 600;
/// A worker lives no longer than this, in milliseconds from its start or from when it is ready.
const LIFE: u64 = 1_200;

#[tokio::test(flavor = "multi_thread")]
async fn kills_on_one_machine_lose_nothing_and_double_nothing() {
    let site = Site::files();
    kill_at_random(site, wish(KILLS)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_between_two_servers_lose_nothing_and_double_no_effect() {
    let wish = wish(KILLS);
    let site = Site::servers(wish.workers).await;
    kill_at_random(site, wish).await;
}

async fn kill_at_random(mut site: Site, wish: Wish) {
    let (mut load, mut dice) = (Load::new(wish.seed), Dice(wish.seed.wrapping_add(1)));
    site.start_all();
    for kill in 0..wish.count {
        if kill == wish.count / 2 {
            // A new version comes into force in the middle of it all.
            site.change();
        }
        let worker = dice.below(site.workers() as u64) as usize;
        site.start(worker, &[]);
        if dice.below(4) > 0 {
            site.wait_until_ready(worker);
        }
        site.publish(load.next(1 + dice.below(EVENTS))).await;
        // The moment of a kill is no signal that could be waited for.
        tokio::time::sleep(Duration::from_millis(dice.below(LIFE))).await;
        site.kill(worker);
        let found = site.look_for_ghosts().await;
        assert!(found.is_empty(), "kill {kill}: {found}");
    }
    site.finish(load).await;
}
