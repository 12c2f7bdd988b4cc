//! One customer as it stands, for people and for programs; instants on the customer's clock.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use comfy_table::{Table, presets};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::customer::Customer;
use kurant_engine::process::{Standing, whereabouts};
use kurant_runner::{Order, Steering};
use kurant_store::{Entry, Happened, InOutbox, LogLine, OutboxState, Store};
use serde_json::{Value as Json, json};

use super::messages::Messages;
use super::{Format, Known};
use crate::embedded::{failure, unreadable};
use crate::error::Error;
use crate::hand_over::HandOvers;
use crate::log::{Line, Steps};
use crate::reason;

/// How many entries of the log are looked at, and how many lines of them are shown.
const ENTRIES: usize = 1_000;
const SHOWN: usize = 15;

/// All that is shown.
struct View<'v> {
    known: &'v Known,
    standings: Vec<Standing>,
    /// When each came to the step where it stands, as far as the log knows.
    since: Vec<Option<Instant>>,
    outbox: Vec<InOutbox>,
    orders: Vec<(String, Order)>,
    messages: Messages,
    /// Latest first.
    happened: Vec<LogLine>,
    hand_overs: HandOvers,
    steps: Steps,
}

/// Shows one on standard output.
pub(super) async fn show(store: &dyn Store, known: &Known, format: Format) -> Result<(), Error> {
    let id = &known.stored.person.customer.id;
    let entries = store.latest(id, ENTRIES).await.map_err(unreadable)?;
    let hand_overs = HandOvers::of(
        store,
        entries.iter().flat_map(|entry| &entry.actions),
        entries.iter().rev().flat_map(|entry| &entry.traces),
    );
    let hand_overs = hand_overs.await.map_err(unreadable)?;
    let standings = whereabouts(&known.catalog, &known.stored.person);
    let since = standings.iter().map(|own| come(known, own, &entries));
    let happened = entries.iter().flat_map(lines).take(SHOWN);
    let view = View {
        known,
        since: since.collect(),
        messages: Messages::of(&entries),
        standings,
        outbox: store.outbox_of(id).await.map_err(unreadable)?,
        orders: Steering::on(store)
            .orders_about(id)
            .await
            .map_err(failure)?,
        happened: happened.collect(),
        hand_overs,
        steps: Steps::of(known.catalog.definitions()),
    };
    match format {
        Format::Text => write!(io::stdout(), "{}", view.text())?,
        Format::Json => writeln!(io::stdout(), "{:#}", view.object())?,
    }
    Ok(())
}

/// The lines of an entry, latest first.
fn lines(entry: &Entry) -> impl Iterator<Item = LogLine> {
    let done = entry.actions.iter().cloned().map(Happened::Did);
    let passed = entry.traces.iter().cloned().map(Happened::Passed);
    let mut lines: Vec<Happened> = done.chain(passed).collect();
    let at = |own: &Happened| match own {
        Happened::Did(action) => action.at,
        Happened::Passed(trace) => trace.at,
    };
    lines.sort_by_key(at);
    lines.into_iter().rev().map(|what| LogLine {
        clock: entry.clock,
        customer: entry.customer.clone(),
        what,
    })
}

/// When somebody came to the step where he or she stands.
fn come(known: &Known, standing: &Standing, entries: &[Entry]) -> Option<Instant> {
    let loaded = known.catalog.version(standing.version)?;
    let mut lines = entries.iter().flat_map(|entry| entry.traces.iter().rev());
    let line = lines.find(|line| {
        let place = line.place.as_deref();
        let name = place.and_then(|place| loaded.step_at(place));
        line.enrollment == Some(standing.enrollment)
            && line.what == "waits"
            && name == Some(&standing.step)
    });
    line.map(|line| line.at)
}

impl View<'_> {
    fn customer(&self) -> &Customer {
        &self.known.stored.person.customer
    }

    fn clock(&self, at: Instant) -> String {
        clock(at, self.known.zone())
    }

    fn text(&self) -> String {
        let customer = self.customer();
        let (now, zone) = (self.known.now, self.known.zone());
        let mut text = format!(
            "Customer {}, on {} in {zone}\n",
            customer.id,
            self.clock(now)
        );
        if let Some(at) = customer.erased.filter(|_| customer.is_erased()) {
            let _ = writeln!(text, "  erased on {}", self.clock(at));
        }
        text += &self.profile();
        text += &self.journeys();
        text += &self.leaving();
        text += &self.messages.text(&self.hand_overs, zone);
        let _ = writeln!(text, "\nWhat happened last:");
        for own in &self.happened {
            let line = Line::of(own, &self.hand_overs);
            let _ = writeln!(text, "  {}", line.of_one(zone, &self.steps));
        }
        if self.happened.is_empty() {
            let _ = writeln!(text, "  nothing");
        }
        text
    }

    fn profile(&self) -> String {
        let (customer, now) = (self.customer(), self.known.now);
        let mut table = table(["", ""]);
        for (name, value) in customer
            .attributes
            .iter()
            .filter(|(name, _)| *name != "score")
        {
            let value = match value.to_json() {
                Json::String(text) => text,
                other => other.to_string(),
            };
            table.add_row([name, &value]);
        }
        for consent in &customer.consents {
            let word = if consent.granted {
                "given"
            } else {
                "withdrawn"
            };
            let since = match consent.at {
                at if at <= Instant::from_millis(0) => String::new(),
                at => format!(" since {}", self.clock(at)),
            };
            table.add_row([
                format!("consent {}", consent.channel),
                format!("{word}{since}"),
            ]);
        }
        for topic in &customer.opted_out {
            table.add_row([format!("topic {topic}"), "opted out".to_owned()]);
        }
        for own in &customer.suppressed {
            let told = format!("{}: a message to it bounced", own.address);
            table.add_row([format!("suppressed {}", own.channel), told]);
        }
        let points = customer.points.iter();
        let points: Vec<String> = points
            .map(|own| format!("{:+} {}", own.add, own.because))
            .collect();
        let score = match (customer.score(now), points.is_empty()) {
            (0, true) => String::new(),
            (score, true) => score.to_string(),
            (score, false) => format!("{score} ({})", points.join(", ")),
        };
        if !score.is_empty() {
            table.add_row(["score".to_owned(), score]);
        }
        if table.row_count() == 0 {
            return "\nNothing is known but the id.\n".to_owned();
        }
        format!("\nProfile:\n{}", indented(&table))
    }

    fn journeys(&self) -> String {
        let mut text = "\nInside:\n".to_owned();
        let mut table = table([
            "journey",
            "version",
            "inside since",
            "at",
            "since",
            "what it waits for",
            "enrollment",
        ]);
        for (own, since) in self.standings.iter().zip(&self.since) {
            let journey = match own.key.as_str() {
                "" => own.journey.to_string(),
                key => format!("{} ({key})", own.journey),
            };
            table.add_row([
                journey,
                short(own.version),
                self.clock(own.entered),
                own.step.clone(),
                since.map(|at| self.clock(at)).unwrap_or_default(),
                own.says.clone(),
                short(own.enrollment),
            ]);
        }
        match self.standings.is_empty() {
            true => text += "  no journey\n",
            false => text += &indented(&table),
        }
        for (_, order) in &self.orders {
            let _ = writeln!(
                text,
                "  an order of {} waits until a `kurant run` takes it up: {}",
                order.by,
                super::steer::said(order)
            );
        }
        text
    }

    fn leaving(&self) -> String {
        if self.outbox.is_empty() {
            return "\nOn its way out: nothing\n".to_owned();
        }
        let mut table = table(["key", "by", "state", "due", "tries", "why"]);
        for row in &self.outbox {
            let why = match &row.reason {
                _ if row.is_withdrawn => "withdrawn: it must not leave any more".to_owned(),
                Some(why) => reason::way(why, &row.route),
                None => String::new(),
            };
            table.add_row([
                row.key.to_string(),
                row.route.clone(),
                state(row.state).to_owned(),
                self.clock(row.due),
                row.tries.to_string(),
                why,
            ]);
        }
        format!("\nOn its way out:\n{}", indented(&table))
    }

    fn object(&self) -> Json {
        let (customer, now) = (self.customer(), self.known.now);
        let inside = self.standings.iter().zip(&self.since).map(|(own, since)| {
            json!({
                "journey": own.journey, "version": own.version, "key": own.key, "enrollment": own.enrollment,
                "entered": own.entered, "step": own.step, "since": since, "says": own.says,
            })
        });
        let outbox = self.outbox.iter().map(|row| {
            json!({
                "key": row.key, "route": row.route, "state": row.state.word(), "due": row.due, "tries": row.tries,
                "why": row.reason, "withdrawn": row.is_withdrawn,
            })
        });
        let happened = self.happened.iter().map(|own| {
            let line = Line::of(own, &self.hand_overs);
            line.object(&self.steps)
        });
        let orders = self
            .orders
            .iter()
            .map(|(name, order)| json!({ "order": name, "said": order }));
        json!({
            "customer": customer.id, "at": now, "timezone": self.known.zone().name(), "erased": customer.erased,
            "attributes": customer.attributes, "consents": customer.consents, "opted_out": customer.opted_out,
            "suppressed": customer.suppressed, "score": customer.score(now), "points": customer.points,
            "inside": inside.collect::<Vec<_>>(), "outbox": outbox.collect::<Vec<_>>(),
            "orders": orders.collect::<Vec<_>>(), "messages": self.messages.objects(&self.hand_overs),
            "happened": happened.collect::<Vec<_>>(),
        })
    }
}

fn state(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Pending => "waits",
        OutboxState::Claimed => "under way",
        OutboxState::Dead => "given up",
        OutboxState::InDoubt => "in doubt",
        OutboxState::Accepted => "handed over",
        OutboxState::Skipped => "let go",
    }
}

/// The first digits of a key: enough to tell it from the others of one customer.
pub(super) fn short(key: kurant_engine::id::Key) -> String {
    key.to_string().chars().take(8).collect()
}

pub(super) fn clock(at: Instant, zone: Zone) -> String {
    at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if head.iter().any(|name| !name.is_empty()) {
        table.set_header(head);
    }
    table
}

pub(super) fn indented(table: &Table) -> String {
    let lines = table.lines();
    lines
        .map(|line| format!(" {}\n", line.trim_end()))
        .collect()
}
