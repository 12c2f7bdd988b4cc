//! What is kept, and whether what should be gone is.

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::definition::Workspace;
use kurant_runner::{Finding, KeptSince};
use kurant_store::{Error as StoreError, Store};

/// What is old is looked for once an hour, and histories once a day: so late it may be before anybody should know, in milliseconds.
const LATE: i64 = 2 * DAY;

/// Looks at what is kept.
pub(super) async fn look(
    store: &dyn Store,
    workspace: &Workspace,
    now: Instant,
) -> Result<Finding, StoreError> {
    let (retention, zone) = (workspace.settings.retention, workspace.timezone);
    let kept = KeptSince::all(store, retention, zone, now).await?;
    Ok(finding(&kept))
}

fn finding(kept: &[KeptSince]) -> Finding {
    let late = kept.iter().filter(|own| own.lag > LATE);
    let late: Vec<String> = late
        .map(|own| format!("{} for {} days", own.what, own.lag / DAY))
        .collect();
    if late.is_empty() {
        let told = kept.iter().map(|own| match own.lasts {
            None => format!("{} for ever", own.what),
            Some(lasts) => format!("{} for {lasts}", own.what),
        });
        let told: Vec<String> = told.collect();
        let what = format!("what is old is forgotten in time: {}", told.join(", "));
        return Finding::good("store.kept", what);
    }
    Finding::doubtful(
        "store.kept",
        format!(
            "what `retention` says should be gone is there still: {}",
            late.join(", ")
        ),
        "it goes while `kurant run` runs, a little at a time: start it; if it runs, its log says what keeps it from forgetting",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurant_engine::calendar::Duration;
    use kurant_runner::State;

    #[test]
    fn what_stays_too_long_is_told() {
        let kept = |lag| KeptSince {
            what: "bodies",
            lasts: Some(Duration::from_days(90)),
            since: None,
            lag,
        };
        let good = finding(&[kept(LATE)]);
        assert_eq!(good.state, State::Good);
        assert!(good.what.contains("bodies for 90d"), "{}", good.what);
        let late = finding(&[kept(0), kept(LATE + DAY)]);
        assert_eq!(late.state, State::Doubtful);
        assert!(late.what.contains("bodies for 3 days"), "{}", late.what);
    }
}
