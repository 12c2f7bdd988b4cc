//! A release is rolled out worker by worker: those of before and those that come with it work on one database, under load.

use super::load::Load;
use super::site::Site;
use super::wish::wish;

/// The release that comes: it knows one change of the tables more.
const NEXT: &[(&str, &str)] = &[("FAILPOINTS", "tables.next=return")];
/// So many events are published at each stage.
const EVENTS: u64 = 400;

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_two_releases_side_by_side_lose_nothing_and_double_nothing() {
    let mut load = Load::new(wish(1).seed);
    let mut site = Site::servers(2).await;
    site.start_all();
    site.publish(load.next(EVENTS)).await;
    // The tables are changed while both old ones work.
    site.command(1, &["migrate"], NEXT);
    site.publish(load.next(EVENTS)).await;
    // One of them makes room for a new one: side by side they share the work, and a new version of a journey comes into force.
    site.end(1);
    site.start(1, NEXT);
    site.wait_until_ready(1);
    site.publish(load.next(EVENTS)).await;
    site.change();
    site.publish(load.next(EVENTS)).await;
    let found = site.look_for_ghosts().await;
    assert!(found.is_empty(), "{found}");
    // Then the other one.
    site.end(0);
    site.start(0, NEXT);
    site.wait_until_ready(0);
    site.publish(load.next(EVENTS)).await;
    // None was stopped in the middle of anything, so nothing may have been handed over twice.
    site.finish_with(load, NEXT).await;
}
