//! The ways out: files, RabbitMQ, mail servers, and providers and web hooks by HTTP.

mod amqp;
mod backoff;
mod breaker;
mod file;
mod http;
mod lanes;
mod mail;
mod outcome;

use std::collections::HashMap;

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Reply;
use kurant_engine::customer::Customer;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Command, Effect, Trace};
use kurant_engine::map::Map;
use kurant_engine::provider::Fate;
use kurant_engine::value::Value;
use kurant_store::{OutboxState, Outgoing, Queue, Settled, Taken};

pub(crate) use amqp::Amqp;
pub(crate) use file::{Files, HANDED};
pub(crate) use http::{Http, Letter};
pub use http::{HttpProvider, Web, WebHooks, examine_http_provider};
pub(crate) use lanes::{MOST_BEGUN, Parcel};
pub(crate) use mail::{Email, Mail, is_bad_address, is_enhanced, is_unfit, mailbox};
pub use mail::{Encryption, MailServer, examine_mail_server};

use crate::feedback::About;
use crate::intake::Proven;
use crate::meter::Tally;

/// A command as it leaves.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The row of the outbox.
    pub(crate) row: Outgoing,
    /// One object of JSON.
    pub(crate) text: String,
}

/// What came of handing over.
#[derive(Debug, Default)]
pub(crate) struct HandedOver {
    pub(crate) settled: Vec<Settled>,
    /// Messages that were given up, whose places another channel may take, and calls that somebody waits for.
    pub(crate) given_up: Vec<CameBack>,
    /// What calls were answered with, by key.
    pub(crate) answers: HashMap<Key, Reply>,
    pub(crate) marks: Vec<(String, Option<String>)>,
    /// Whose commands are tried again.
    pub(crate) retried: Vec<Queue>,
    /// That nobody has the address of a message: it is told before the message is given up.
    pub(crate) bounced: Vec<Event>,
    /// What the log is told of those that were given up.
    pub(crate) traces: Vec<(CustomerId, Vec<Trace>)>,
    /// How they went, for whoever counts.
    pub(crate) tally: Tally,
}

/// A command of which something comes back into its journey.
#[derive(Debug, Clone)]
pub(crate) struct CameBack {
    /// Whose it is.
    pub(crate) customer: CustomerId,
    /// How it went; the store is told together with what follows from it.
    pub(crate) settled: Settled,
    /// What a call was answered with; none for a message that was given up.
    pub(crate) reply: Option<Reply>,
}

impl HandedOver {
    /// How many were taken on the other side.
    pub(crate) fn accepted(&self) -> u64 {
        let back = self.given_up.iter().map(|own| &own.settled);
        let all = self.settled.iter().chain(back);
        all.filter(|settled| settled.state == OutboxState::Accepted)
            .count() as u64
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.settled.extend(other.settled);
        self.given_up.extend(other.given_up);
        self.marks.extend(other.marks);
        self.retried.extend(other.retried);
        self.bounced.extend(other.bounced);
        self.traces.extend(other.traces);
        self.tally.add(other.tally);
    }

    /// Notes how one went, and what others have to know of it.
    pub(crate) fn note(&mut self, row: &Outgoing, settled: Settled, now: Instant) {
        let customer = &row.command.customer;
        match settled.state {
            OutboxState::Pending => self.retried.push(row.queue()),
            OutboxState::Dead | OutboxState::InDoubt | OutboxState::Skipped => {
                let trace = gave_up(row, &settled, now);
                self.traces.push((customer.clone(), vec![trace]));
            }
            _ => {}
        }
        if settled.state == OutboxState::Dead && row.command.is_message() {
            self.tally.note(row, settled.state);
            self.given_up.push(CameBack {
                customer: customer.clone(),
                settled,
                reply: None,
            });
        } else {
            self.settle(row, settled);
        }
    }

    /// Notes the name that the other side has for what it took: it is asked for when somebody looks for it there.
    pub(crate) fn note_name(&mut self, row: &Outgoing, name: String, now: Instant) {
        let mut trace = trace_of(row, "taken", row.tries + 1, now);
        trace.values.insert("provider_id", Value::text(name));
        let customer = row.command.customer.clone();
        self.traces.push((customer, vec![trace]));
    }

    /// Notes that nobody has the address of one.
    pub(crate) fn note_bounce(&mut self, row: &Outgoing, now: Instant) {
        let about = About::of(&row.command, &row.route);
        let event = about.event(Fate::Bounced, "", Map::new(), now);
        self.bounced.extend(event);
    }

    /// Notes how one went that nobody else has to know of.
    pub(crate) fn settle(&mut self, row: &Outgoing, settled: Settled) {
        self.tally.note(row, settled.state);
        if row.command.is_awaited() && settled.state.is_final() {
            let reply = match settled.state {
                // Where nobody is called, nothing comes back.
                OutboxState::Accepted => self.answers.remove(&settled.key),
                _ => Some(Reply::Failure),
            };
            self.given_up.push(CameBack {
                customer: row.command.customer.clone(),
                settled,
                reply: Some(reply.unwrap_or(Reply::Value(Value::Null))),
            });
            return;
        }
        self.settled.push(settled);
    }
}

/// It was taken on the other side.
pub(crate) fn accepted(row: &Outgoing) -> Settled {
    settled(row, OutboxState::Accepted, None, None)
}

/// By which name the other side will tell of a message that it took.
pub(crate) fn known_as(row: &Outgoing, name: String, at: Instant) -> Box<Taken> {
    let command = &row.command;
    Box::new(Taken {
        route: row.route.clone(),
        name,
        customer: command.customer.clone(),
        key: command.key,
        journey: command.journey.clone(),
        step: command.step.clone(),
        at,
        address: address_of(command),
    })
}

/// What tells the address that a message goes to from others; empty for what is no message.
pub(crate) fn address_of(command: &Command) -> String {
    match &command.what {
        Effect::Send { to, .. } => Customer::address_hash(to),
        _ => String::new(),
    }
}

/// Something came back of a message that the other side knows by this name: it must have been taken, whatever was heard of it.
pub(crate) fn proven(row: &Outgoing, name: String, now: Instant) -> Proven {
    let trace = trace_of(row, "taken", row.tries, now);
    Proven {
        customer: row.command.customer.clone(),
        settled: Settled {
            taken: Some(known_as(row, name, now)),
            ..accepted(row)
        },
        trace: Trace {
            reason: Some("told: something came back of it".to_owned()),
            ..trace
        },
    }
}

/// It is given up.
pub(crate) fn dead(row: &Outgoing, now: Instant, reason: String) -> Settled {
    settled(row, OutboxState::Dead, Some(now), Some(reason))
}

/// It was not handed over, and must not be any more.
pub(crate) fn not_any_more(row: &Outgoing, reason: &str) -> Settled {
    settled(row, OutboxState::Skipped, None, Some(reason.to_owned()))
}

/// It was not handed over, and is tried again.
pub(crate) fn again(row: &Outgoing, due: Instant, reason: String) -> Settled {
    settled(row, OutboxState::Pending, Some(due), Some(reason))
}

/// It goes back to wait behind one that is tried again.
pub(crate) fn queued(row: &Outgoing) -> Settled {
    let reason = "queued: an earlier command of this customer is tried again".to_owned();
    again(row, row.due, reason)
}

/// It goes back to wait until its way has taken what came before.
pub(crate) fn put_back(row: &Outgoing) -> Settled {
    let reason = "queued: others leave before it".to_owned();
    again(row, row.due, reason)
}

/// Nobody knows whether it was taken, and it is not tried again.
pub(crate) fn in_doubt(row: &Outgoing, now: Instant, reason: String) -> Settled {
    settled(row, OutboxState::InDoubt, Some(now), Some(reason))
}

/// What the log is told of a command that was given up.
fn gave_up(row: &Outgoing, settled: &Settled, now: Instant) -> Trace {
    let what = match settled.state {
        OutboxState::InDoubt => "in_doubt",
        OutboxState::Skipped => "not_sent",
        _ => "gave_up",
    };
    Trace {
        reason: settled.reason.clone(),
        ..trace_of(row, what, settled.tries, now)
    }
}

/// A line of the log about a command.
fn trace_of(row: &Outgoing, what: &str, tries: u32, now: Instant) -> Trace {
    let mut values = Map::new();
    values.insert("key", Value::text(row.command.key.to_string()));
    values.insert("route", Value::text(row.route.as_str()));
    values.insert("attempts", Value::Integer(tries.into()));
    Trace {
        clock: now,
        at: row.command.at,
        journey: Some(row.command.journey.clone()),
        enrollment: None,
        place: Some(row.command.step.clone()),
        what: what.to_owned(),
        reason: None,
        values,
        after: 0,
    }
}

fn settled(
    row: &Outgoing,
    state: OutboxState,
    due: Option<Instant>,
    reason: Option<String>,
) -> Settled {
    Settled {
        key: row.command.key,
        attempt: row.attempt,
        tries: row.tries,
        state,
        due,
        reason,
        taken: None,
    }
}

/// The other side was asked for it.
pub(crate) fn tried(settled: Settled) -> Settled {
    Settled {
        tries: settled.tries.saturating_add(1),
        ..settled
    }
}
