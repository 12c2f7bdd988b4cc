//! The sums that must add up: what was taken in against what it did, what was decided against what left, and the index against
//! each customer's state.

use kurant_runner::Finding;
use kurant_store::{Checkup, Error as StoreError, LogSums, Store};

/// So much is read through without being asked to: it takes seconds.
const CUSTOMERS: u64 = 50_000;
const LINES: u64 = 500_000;
/// How many customers are read at once.
const PAGE: usize = 1_000;
/// How many faults are told one by one.
const TOLD: u64 = 5;
/// What mends what doesn't fit together.
const ADVICE: &str = "something other than Kurant has written to the store, or Kurant has a fault: keep a copy of it and tell us";

/// Looks whether what is stored adds up. What takes long is done if it is asked for, or if there is little.
pub(super) async fn look(
    store: &dyn Store,
    checkup: &Checkup,
    deep: bool,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let totals = store.totals().await?;
    let with_log = deep || totals.actions <= LINES;
    let sums = store.sums(with_log).await?;
    findings.push(equal(
        "sums.events",
        (sums.seen, "events took effect"),
        (sums.history, "stand in the histories of customers"),
    ));
    if let Some(log) = &sums.log {
        log_adds_up(log, findings);
    }
    findings.push(match checkup.strays {
        0 => Finding::good("sums.enrollments", "every enrollment is somebody's"),
        count => {
            let what = format!("{count} enrollments are of customers who are not there");
            Finding::bad("sums.enrollments", what, ADVICE)
        }
    });
    if deep || totals.customers <= CUSTOMERS {
        audit(store, findings).await?;
    }
    if !with_log || !(deep || totals.customers <= CUSTOMERS) {
        findings.push(Finding {
            advice: Some("`kurant doctor --deep` does, page by page".to_owned()),
            ..Finding::good(
                "sums",
                "there is much stored, and not all of it was read through",
            )
        });
    }
    Ok(())
}

fn log_adds_up(log: &LogSums, findings: &mut Vec<Finding>) {
    findings.push(equal(
        "sums.commands",
        (log.sent, "actions had to leave"),
        (log.commands, "commands wait in the outbox or have left it"),
    ));
    let over = log.entered.saturating_sub(log.left);
    findings.push(equal(
        "sums.enrollments",
        (over, "enrollments have begun and not ended, by the log"),
        (log.inside, "go on"),
    ));
}

fn equal(check: &'static str, one: (u64, &str), other: (u64, &str)) -> Finding {
    let what = format!("{} {}, {} {}", one.0, one.1, other.0, other.1);
    match one.0 == other.0 {
        true => Finding::good(check, what),
        false => Finding::bad(check, what, ADVICE),
    }
}

/// Holds each customer's state against what stands in other tables.
async fn audit(store: &dyn Store, findings: &mut Vec<Finding>) -> Result<(), StoreError> {
    let (mut after, mut customers, mut faults) = (None, 0_u64, 0_u64);
    loop {
        let page = store.audit(after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.to_string());
        customers += page.len() as u64;
        for audited in &page {
            for fault in audited.faults() {
                faults += 1;
                if faults <= TOLD {
                    let what = format!("customer {}: {fault}", audited.id);
                    findings.push(Finding::bad("sums.customers", what, ADVICE));
                }
            }
        }
    }
    if faults > TOLD {
        let what = format!("and {} faults more of this kind", faults - TOLD);
        findings.push(Finding::bad("sums.customers", what, ADVICE));
    }
    if faults == 0 {
        let what =
            format!("timers and enrollments of {customers} customers are where their states say");
        findings.push(Finding::good("sums.customers", what));
    }
    Ok(())
}
