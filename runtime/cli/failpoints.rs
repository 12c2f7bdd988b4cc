//! Points at which a build for tests can be made to end as `kill -9` would end it. No other build has them.

/// Takes up what the environment says in `FAILPOINTS`, as `fail` reads it: `store.written=2*off->panic` ends the process when it
/// comes to that point for the third time.
pub(crate) fn arm() {
    if !fail::has_failpoints() {
        return;
    }
    let scenario = fail::FailScenario::setup();
    if !fail::list().is_empty() {
        // On whatever thread it happens, nothing is cleaned up.
        std::panic::set_hook(Box::new(|_| std::process::abort()));
    }
    // It is in force for as long as the process lives.
    std::mem::forget(scenario);
}
