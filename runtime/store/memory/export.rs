//! All that is held about one customer.

use kurant_engine::erased::tombstone;
use serde::Serialize;
use serde_json::{Value, json};

use super::tables::Tables;
use crate::Error;
use crate::erasure::is_about;
use crate::export::{Asked, Export};

impl Tables {
    pub(super) fn export(&self, id: &str) -> Result<Export, Error> {
        let mut asked = Asked::about(id);
        let mut customer = Vec::new();
        if let Some(stored) = self.people.get(id) {
            let row = json!({
                "id": id, "state": document(&stored.person)?, "fired": stored.fired.millis(), "revision": stored.revision,
                "wake_at": stored.person.wake_at().map(|at| at.millis()),
            });
            asked.learn(&row);
            customer.push(row);
        }
        let is_own = |own: &str| [&asked.id, &asked.name].iter().any(|name| *name == own);
        let erased = self
            .erased
            .get(id)
            .map(|at| json!({ "customer": tombstone(id), "at": at.millis() }));
        let mut log = Vec::new();
        for own in self.log.iter().filter(|own| is_own(&own.customer)) {
            log.push(json!({
                "n": own.n, "clock": own.clock.millis(), "customer": own.customer, "done": own.actions.len(),
                "actions": document(&own.actions)?, "traces": document(&own.traces)?,
            }));
        }
        let mut outbox = Vec::new();
        let open = (1_i64..)
            .zip(&self.outbox)
            .filter(|(_, own)| !own.state.leaves());
        for (n, own) in open.filter(|(_, own)| is_own(&own.command.customer)) {
            outbox.push(json!({
                "n": n, "key": own.command.key, "customer": own.command.customer, "route": own.route,
                "due": own.due.millis(), "state": own.state.word(), "attempt": own.attempt, "tries": own.tries,
                "lease": own.lease.map(|at| at.millis()), "reason": self.reasons.get(&own.command.key),
                "withdrawn": u8::from(own.is_withdrawn), "command": document(&own.command)?,
            }));
        }
        let letters = self.rejected.iter();
        let letters = letters.filter(|(_, own)| is_about(&own.body, id, &asked.addresses));
        let rejected = letters.map(|(n, own)| {
            json!({
                "n": n, "at": own.at.millis(), "origin": own.origin, "line": own.line, "reason": own.reason,
                "body": own.body,
            })
        });
        let words = self
            .marks
            .iter()
            .filter(|(name, value)| name.starts_with("steer/") && value.contains(&asked.word));
        Ok(vec![
            ("customer", customer),
            ("erased", erased.into_iter().collect()),
            ("event", self.events_of(id)?),
            ("anchor", self.anchors_of(id)),
            ("enrollment", self.enrollments_of(id)),
            ("log", log),
            ("outbox", outbox),
            ("code", self.codes_of(id)),
            ("taken", self.taken_of(is_own)),
            ("rejected", rejected.collect()),
            (
                "mark",
                words
                    .map(|(name, value)| json!({ "name": name, "value": value }))
                    .collect(),
            ),
        ])
    }

    fn taken_of(&self, is_own: impl Fn(&str) -> bool) -> Vec<Value> {
        let own = self.taken.values().filter(|own| is_own(&own.customer));
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|own| (own.at, &own.name));
        let row = |own: &&crate::Taken| {
            json!({
                "route": own.route, "name": own.name, "customer": own.customer, "key": own.key, "journey": own.journey,
                "step": own.step, "at": own.at.millis(), "address": own.address,
            })
        };
        own.iter().map(row).collect()
    }

    fn events_of(&self, id: &str) -> Result<Vec<Value>, Error> {
        let mut event = Vec::new();
        for ((time, n), own) in self.events.get(id).into_iter().flatten() {
            event.push(json!({
                "customer": id, "time": time.millis(), "n": n, "type": own.kind, "source": own.source, "id": own.id,
                "data": document(&own.data)?,
            }));
        }
        Ok(event)
    }

    fn anchors_of(&self, id: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        for ((attribute, by), series) in &self.anchors {
            for ((zone, at, customer), since) in series {
                if **customer == *id {
                    rows.push(json!({
                        "customer": customer, "attribute": attribute, "part": by.word(), "zone": zone, "at": at,
                        "since": since.millis(),
                    }));
                }
            }
        }
        rows
    }

    fn enrollments_of(&self, id: &str) -> Vec<Value> {
        let own = self.enrollments.values().filter(|own| *own.customer == *id);
        let mut own: Vec<_> = own.collect();
        own.sort_by_key(|own| (own.entered, own.id));
        let row = |own: &&crate::EnrollmentRow| {
            json!({
                "customer": own.customer, "id": own.id, "journey": own.journey, "version": own.version, "key": own.key,
                "node": own.node, "entered": own.entered.millis(), "ended": own.ended.map(|at| at.millis()),
                "reason": own.reason,
            })
        };
        own.iter().map(row).collect()
    }
}

fn document(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::corrupt("export", error))
}
