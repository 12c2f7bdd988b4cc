//! How much is wanted, from the environment.

use std::hash::{BuildHasher, Hasher, RandomState};

/// What a run of faults is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// How many faults.
    pub(super) count: u64,
    /// What the load and the moments come from.
    pub(super) seed: u64,
    /// How many workers share a database.
    pub(super) workers: usize,
}

/// The number that a variable holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment says how long a list is wanted"
)]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// As many faults as the environment says, else so many; told, so that they can be had again.
pub(super) fn wish(count: u64) -> Wish {
    let random = || RandomState::new().build_hasher().finish() % 1_000_000;
    let wish = Wish {
        count: number("KURANT_FAULTS").unwrap_or(count),
        seed: number("KURANT_FAULTS_SEED").unwrap_or_else(random),
        workers: number("KURANT_FAULTS_WORKERS").unwrap_or(1) as usize,
    };
    println!(
        "again: KURANT_FAULTS={} KURANT_FAULTS_SEED={} KURANT_FAULTS_WORKERS={}",
        wish.count, wish.seed, wish.workers
    );
    wish
}
