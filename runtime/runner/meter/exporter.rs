//! What has been counted, as Prometheus reads it; and what a store holds, asked for when somebody looks.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kurant_engine::calendar::Instant;
use kurant_store::{Pulse, Store};
use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Mutex;

use super::names::*;
use crate::clock::Stopwatch;

/// The store is asked at most so often.
const EVERY: Duration = Duration::from_secs(5);
/// And so seldom that asking takes up no more than this part of the time.
const PART: u32 = 20;
/// Who looks waits no longer than this for the store; what it said before is told then.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often what was recorded is tidied up while nobody looks.
const TIDY: Duration = Duration::from_secs(5);

/// What exports this process's counters: there is one, however often it is asked for.
static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// What has been counted.
#[derive(Clone)]
pub(crate) struct Exporter {
    handle: PrometheusHandle,
    asked: Arc<Mutex<Asked>>,
}

/// When the store was asked, and what for.
#[derive(Default)]
struct Asked {
    last: Option<(Stopwatch, Duration)>,
    /// What has been told of the outbox: what is no more there is none of.
    outbox: BTreeSet<(String, &'static str)>,
}

impl Exporter {
    /// Counts from now on. None if something else in this process counts already.
    pub(crate) fn begin() -> Option<Self> {
        let handle = HANDLE.get_or_init(|| {
            let mut builder = PrometheusBuilder::new();
            for (name, _, bounds) in DISTRIBUTIONS {
                let own = Matcher::Full(name.to_owned());
                builder = builder.set_buckets_for_metric(own, bounds).ok()?;
            }
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok()?;
            describe();
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            Some(handle)
        });
        Some(Self {
            handle: handle.clone()?,
            asked: Arc::default(),
        })
    }

    /// Everything, as text.
    pub(crate) fn text(&self, is_ready: bool) -> String {
        gauge!(READY).set(f64::from(u8::from(is_ready)));
        self.handle.render()
    }

    /// Asks a store for what waits in it, unless that was done a moment ago. Whoever asks waits only for a while, the store
    /// is not interrupted.
    pub(crate) async fn ask(&self, store: Arc<dyn Store>, now: Instant) {
        let Ok(mut asked) = self.asked.clone().try_lock_owned() else {
            return;
        };
        if asked.is_fresh() {
            return;
        }
        let asking = tokio::spawn(async move {
            let watch = Stopwatch::start();
            match store.pulse(now).await {
                Ok(pulse) => asked.tell(&pulse, now),
                Err(error) => tracing::debug!(%error, "the store can't say what waits in it"),
            }
            asked.last = Some((Stopwatch::start(), watch.passed()));
        });
        let _ = tokio::time::timeout(PATIENCE, asking).await;
    }

    /// Keeps what is recorded small while nobody looks; for ever.
    pub(crate) async fn tidy(self) {
        loop {
            tokio::time::sleep(TIDY).await;
            self.handle.run_upkeep();
        }
    }
}

impl Asked {
    fn is_fresh(&self) -> bool {
        self.last
            .is_some_and(|(at, took)| at.passed() < EVERY.max(took * PART))
    }

    fn tell(&mut self, pulse: &Pulse, now: Instant) {
        gauge!(DUE).set(pulse.due as f64);
        let late = pulse.first_due.map_or(0, |at| now.millis_since(at).max(0));
        gauge!(LATE).set(late as f64 / 1_000.0);
        gauge!(LETTERS).set(pulse.letters as f64);
        gauge!(ASKED).set(now.millis() as f64 / 1_000.0);
        let mut gone = std::mem::take(&mut self.outbox);
        for row in &pulse.outbox {
            let place = (row.route.clone(), row.state.word());
            gauge!(OUTBOX, "route" => place.0.clone(), "state" => place.1).set(row.count as f64);
            gone.remove(&place);
            self.outbox.insert(place);
        }
        for (route, state) in gone {
            gauge!(OUTBOX, "route" => route.clone(), "state" => state).set(0.0);
            self.outbox.insert((route, state));
        }
    }
}
