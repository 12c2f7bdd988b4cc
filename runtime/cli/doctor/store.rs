//! The store: whether it is there and safe, who works on it, what is late and what was given up.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use kurant_engine::calendar::{Instant, MINUTE, SECOND};
use kurant_engine::definition::{Definitions, Schema};
use kurant_runner::{Clock, Finding, Strange};
use kurant_store::{Checkup, Error as StoreError, OutboxState, Pulse, Safety, Store, Worker};

use super::{coupons, kept, sums};
use crate::embedded;
use crate::kinds;

/// Who has not been heard of for so long has ended, in milliseconds.
const SILENT: i64 = 10 * SECOND;
/// Timers and intake may be so late before anybody should know, and before they are broken, in milliseconds.
const LATE: i64 = MINUTE;
const VERY_LATE: i64 = 5 * MINUTE;
/// So far apart clocks may be before anybody should know, and before they are broken, in milliseconds.
const SKEW: i64 = 5 * SECOND;
const GREAT_SKEW: i64 = MINUTE;
/// A transaction that is open for so long keeps others from being tidied up, in milliseconds.
const LONG: i64 = 5 * MINUTE;

/// Opens the store that a workspace names.
pub(super) async fn open(
    folder: &Path,
    definitions: &Definitions,
) -> Result<Arc<dyn Store>, Finding> {
    let opened = embedded::store_to_read(folder, definitions).await;
    opened.map_err(|error| {
        if error.is_absence() {
            let advice = error.advice().unwrap_or_default();
            return Finding::doubtful("store", error.message(), advice);
        }
        let advice = error.advice().unwrap_or("start it, or mend `store.url`");
        Finding::bad("store", error.message(), advice)
    })
}

/// The routes by which something was accepted, as far as the store can be asked.
pub(super) async fn accepted(store: &dyn Store) -> BTreeSet<String> {
    let rows = store.waiting().await.unwrap_or_default().into_iter();
    let taken = rows.filter(|row| row.state == OutboxState::Accepted && row.count > 0);
    taken.map(|row| row.route).collect()
}

/// Looks at the store.
pub(super) async fn look(
    store: &dyn Store,
    definitions: &Definitions,
    deep: bool,
    findings: &mut Vec<Finding>,
) {
    findings.push(Finding::good("store", "the store can be read"));
    match Strange::of(store).await {
        Ok(strange) => findings.extend(strangers(&strange, &definitions.schema)),
        Err(error) => findings.push(Finding::bad(
            "intake.names",
            error.to_string(),
            "look at the database's own log",
        )),
    }
    match coupons::look(store, definitions).await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::bad(
            "coupons",
            error.message(),
            "look at the database's own log",
        )),
    }
    if let Err(error) = examine(store, definitions, deep, findings).await {
        let advice =
            "look at the database's own log; what can't be read may have been changed by hand";
        findings.push(Finding::bad("store", error.to_string(), advice));
    }
}

async fn examine(
    store: &dyn Store,
    definitions: &Definitions,
    deep: bool,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let now = now(store, findings).await?;
    let checkup = store.checkup(now, deep).await?;
    let workers = store.workers().await?;
    server(&checkup, findings);
    findings.extend(at_work(&workers, now));
    findings.extend(behind(&workers, now));
    claims(&checkup, &workers, findings);
    let pulse = store.pulse(now).await?;
    findings.push(timers(&pulse, now, !workers.is_empty()));
    findings.push(given_up(&pulse));
    findings.push(kept::look(store, &definitions.workspace, now).await?);
    sums::look(store, &checkup, deep, findings).await
}

/// What came in that nobody had declared or announced.
fn strangers(strange: &Strange, schema: &Schema) -> Vec<Finding> {
    let names: Vec<_> = strange.names(schema).cloned().collect();
    let mut findings = Vec::new();
    for line in kinds::all(&names, schema) {
        findings.push(Finding::doubtful(
            "intake.names",
            line,
            "mend whoever sends it, or declare the name; what came stays in the customers' histories",
        ));
    }
    if strange.customers > 0 {
        findings.push(Finding::good(
            "intake.customers",
            format!(
                "customers made by events about somebody whom nobody had told of, without consents: {}; `unknown_customers: reject` in kurant.yaml refuses such events",
                strange.customers
            ),
        ));
    }
    findings
}

/// What time it is for the store, and how far this machine's clock is from that.
async fn now(store: &dyn Store, findings: &mut Vec<Finding>) -> Result<Instant, StoreError> {
    let clock = Clock::real();
    let before = clock.now();
    let Some(shown) = store.now().await? else {
        let place = store.marks(embedded::PLACE).await?;
        let place = place.into_iter().find(|(name, _)| name == embedded::PLACE);
        let place = place.and_then(|(_, text)| text.parse::<Instant>().ok());
        return Ok(place.map_or(before, |place| place.max(before)));
    };
    let between = clock.now().millis_since(before) / 2;
    let ahead = shown.millis_since(before.plus_millis(between));
    findings.push(skew(ahead));
    Ok(shown)
}

fn skew(ahead: i64) -> Finding {
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let seconds = ahead.abs() as f64 / 1_000.0;
    let what = format!("the database's clock is {seconds:.1} s {side} this machine's");
    let advice = "Kurant goes by the database's clock: set both by the same time servers";
    match ahead.abs() {
        ahead if ahead > GREAT_SKEW => Finding::bad("clock", what, advice),
        ahead if ahead > SKEW => Finding::doubtful("clock", what, advice),
        _ => Finding::good("clock", what),
    }
}

fn server(checkup: &Checkup, findings: &mut Vec<Finding>) {
    if let Some(own) = &checkup.server {
        let what = format!("{own}; the tests run on {}", checkup.run_on);
        let is_same = own.starts_with(checkup.run_on);
        findings.push(match is_same {
            true => Finding::good("store.version", what),
            false => Finding::doubtful(
                "store.version",
                what,
                "it should work; try it beside your real load first, and tell us how it went",
            ),
        });
    }
    let (own, known) = (checkup.tables, checkup.known_tables);
    let what = format!("the store's tables are at change {own}, this Kurant knows {known}");
    findings.push(match own.cmp(&known) {
        std::cmp::Ordering::Equal => Finding::good("store.tables", what),
        std::cmp::Ordering::Less => Finding::doubtful(
            "store.tables",
            what,
            "`kurant migrate` brings them up to date",
        ),
        std::cmp::Ordering::Greater => Finding::bad(
            "store.tables",
            what,
            "a newer Kurant has been here: use that one",
        ),
    });
    for setting in &checkup.settings {
        let what = format!("{} = {}", setting.name, setting.value);
        findings.push(match setting.is {
            Safety::Safe => Finding::good("store.settings", what),
            Safety::Doubtful => Finding::doubtful("store.settings", what, setting.remedy),
            Safety::Unsafe => Finding::bad("store.settings", what, setting.remedy),
        });
    }
    if let Some(long) = checkup.longest_transaction.filter(|long| *long > LONG) {
        let what = format!("a transaction has been open for {} s", long / SECOND);
        let advice = "find it in pg_stat_activity and end it: nothing that was written over since can be tidied up";
        findings.push(Finding::doubtful("store.transactions", what, advice));
    }
}

/// Who works on the store.
fn at_work(workers: &[Worker], now: Instant) -> Vec<Finding> {
    if workers.is_empty() {
        let advice = "start `kurant run`: events, timers and commands wait";
        let nobody = Finding::doubtful("workers", "nobody works on the store", advice);
        return vec![nobody];
    }
    let told = |worker: &Worker| {
        let silent = worker.word.map(|word| now.millis_since(word.at));
        match silent.filter(|silent| *silent > SILENT) {
            None => Finding::good("workers", format!("{} is at work", worker.name)),
            Some(silent) => Finding::bad(
                "workers",
                format!(
                    "{} has not been heard of for {} s",
                    worker.name,
                    silent / SECOND
                ),
                "it was killed or is cut off: look at its log and start it again; its work goes on once another worker lives",
            ),
        }
    };
    workers.iter().map(told).collect()
}

/// How far intake is behind.
fn behind(workers: &[Worker], now: Instant) -> Option<Finding> {
    let words = workers.iter().filter_map(|worker| worker.word);
    let behind = words.filter_map(|word| word.behind).min();
    let lag = now.millis_since(behind?);
    let what = format!("intake is {} s behind: timers wait for it", lag / SECOND);
    let advice = "start more workers, or look at what holds this one up";
    Some(match lag {
        lag if lag > LATE => Finding::doubtful("intake", what, advice),
        _ => Finding::good("intake", what),
    })
}

/// Commands that somebody should have taken over.
fn claims(checkup: &Checkup, workers: &[Worker], findings: &mut Vec<Finding>) {
    let is_shared = workers.iter().any(|worker| worker.word.is_some());
    let advice =
        "stop all workers and start them again: the first one takes over what was left behind";
    for (count, how) in [
        (checkup.without_lease, "are claimed without a lease"),
        (
            checkup.left_behind,
            "were left behind by a worker, and nobody has taken them over",
        ),
    ] {
        if count > 0 && is_shared {
            let what = format!("{count} commands {how}");
            findings.push(Finding::bad("outbox", what, advice));
        }
    }
}

fn timers(pulse: &Pulse, now: Instant, is_worked_on: bool) -> Finding {
    let Some(first) = pulse.first_due else {
        return Finding::good("timers", "no timer is late");
    };
    let late = now.millis_since(first);
    let (count, seconds) = (pulse.due, late / SECOND);
    let what = format!("{count} customers are due, the first for {seconds} s");
    match late {
        late if late <= LATE => Finding::good("timers", what),
        _ if !is_worked_on => Finding::doubtful("timers", what, "start `kurant run`"),
        late if late <= VERY_LATE => Finding::doubtful(
            "timers",
            what,
            "after a stop this passes; else start more workers, or look at what holds them up",
        ),
        _ => Finding::bad(
            "timers",
            what,
            "look at the log of the workers: one customer whose journey fails again and again is named there",
        ),
    }
}

fn given_up(pulse: &Pulse) -> Finding {
    let of = |state: OutboxState| -> u64 {
        let rows = pulse.outbox.iter().filter(|row| row.state == state);
        rows.map(|row| row.count).sum()
    };
    let (dead, in_doubt) = (of(OutboxState::Dead), of(OutboxState::InDoubt));
    let letters = pulse.letters;
    let what = format!(
        "{dead} commands were given up, {in_doubt} are in doubt, {letters} events could not be taken in"
    );
    match dead + in_doubt + letters {
        0 => Finding::good("given_up", what),
        _ => Finding::doubtful(
            "given_up",
            what,
            "look at them with `kurant dead list`, then try them again or let them go",
        ),
    }
}
