//! The product with a bug in it: what looks for bugs has to find each of them, within the time that a build has.

use std::collections::BTreeSet;
use std::path::Path;

use super::check::{Findings, Invariant};
use super::failpoints::names_in;
use super::load::Load;
use super::site::Site;
use super::wish::wish;

/// A bug, whether the process is killed so that it shows, and which promise it breaks.
type Bug = (&'static str, bool, Invariant);

const BUGS: &[Bug] = &[
    // The dedupe mark is not written.
    ("planted.takes_repeats", false, Invariant::NoDoubleEffect),
    // A file counts as taken in before its events are durable.
    ("planted.done_too_early", true, Invariant::NoLoss),
    // Commands count as handed over that were not.
    ("planted.never_leaves", false, Invariant::OutboxComplete),
    // Commands leave twice.
    ("planted.leaves_twice", false, Invariant::HandOverBound),
];
/// Commits take their time, so that something is in the air when it is killed.
const KILLED: &str = "store.batch=sleep(200);batch.durable=5*off->panic";
/// So many events at once, and so often.
const EVENTS: u64 = 150;
const TIMES: u64 = 3;
/// As often it is looked whether a worker has fallen, and whether all has come to rest: with a bug it may never do so.
const LOOKS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn each_bug_is_found() {
    for (bug, is_killed, promise) in BUGS {
        let found = found(bug, *is_killed).await;
        assert!(found.names(*promise), "{bug} is not found:\n{found}");
    }
}

/// What is found of a run with a bug in it.
async fn found(bug: &str, is_killed: bool) -> Findings {
    let (mut site, mut load) = (Site::files(), Load::new(wish(0).seed));
    let awake = format!("{bug}=return");
    // Something has to be there that can come again.
    site.publish(load.next(EVENTS)).await;
    for _ in 0..TIMES {
        let points = match is_killed {
            true => format!("{awake};{KILLED}"),
            false => awake.clone(),
        };
        site.start(0, &[("FAILPOINTS", &points)]);
        if !is_killed {
            site.wait_until_ready(0);
        }
        site.publish(load.next(EVENTS)).await;
        if is_killed {
            let mut looks = 0..LOOKS;
            while !site.falls(0) && looks.next().is_some() {
                site.publish(load.next(5)).await;
            }
        }
    }
    let variables = [("FAILPOINTS", awake.as_str())];
    site.look_at_the_end(load, &variables, LOOKS).await
}

#[test]
fn every_planted_bug_is_woken() {
    let mut named = BTreeSet::new();
    names_in(Path::new("runtime"), "planted!(\"", &mut named);
    let woken: BTreeSet<String> = BUGS.iter().map(|(bug, ..)| (*bug).to_owned()).collect();
    assert_eq!(named, woken);
}
