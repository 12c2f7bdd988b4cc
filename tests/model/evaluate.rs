//! Evaluates expressions, as LANGUAGE says they mean.

use std::sync::Arc;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::customer::Customer;
use kurant_engine::definition::{Category, Definitions};
use kurant_engine::enrollment::Started;
use kurant_engine::event::Event;
use kurant_engine::id::bucket;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::calendar::{self, Anchor};
use super::expression::{Expression as E, Meanings};
use super::gates::suppressed;

/// An expression that cannot be evaluated.
#[derive(Debug)]
pub(super) struct Failed;

/// What an expression sees.
pub(super) struct Scene<'s> {
    pub(super) customer: &'s Customer,
    pub(super) history: &'s [Arc<Event>],
    pub(super) definitions: &'s Definitions,
    pub(super) meanings: &'s Meanings,
    pub(super) now: Instant,
    pub(super) zone: Zone,
    pub(super) category: Category,
    pub(super) event: Option<Arc<Event>>,
    pub(super) started: Option<Started>,
    pub(super) vars: Map,
    pub(super) round: Option<u32>,
}

/// The moment that a value is, if it is one.
pub(super) fn anchor(value: &Value) -> Option<Anchor> {
    match value {
        Value::Date(day) => Some(Anchor::Day(*day)),
        Value::Instant(moment) => Some(Anchor::Moment(*moment)),
        _ => None,
    }
}

/// The value that a moment is.
pub(super) fn value_of(anchor: Anchor) -> Value {
    match anchor {
        Anchor::Day(day) => Value::Date(day),
        Anchor::Moment(moment) => Value::Instant(moment),
    }
}

/// The lead score at a moment.
pub(super) fn score(customer: &Customer, now: Instant) -> i64 {
    let base = match customer.attributes.get("score") {
        Some(Value::Integer(score)) => *score,
        _ => 0,
    };
    let counted = customer
        .points
        .iter()
        .filter(|points| points.until.is_none_or(|until| now < until));
    base + counted.map(|points| points.add).sum::<i64>()
}

/// Whether marketing may use a channel.
pub(super) fn consented(customer: &Customer, channel: &str) -> bool {
    customer
        .consents
        .iter()
        .any(|consent| consent.channel == channel && consent.granted)
}

/// The customer's address for a channel.
pub(super) fn address(customer: &Customer, channel: &str) -> Option<String> {
    let attribute = match channel {
        "sms" | "viber" => "phone",
        "push" => "push_token",
        other => other,
    };
    let address = customer.attributes.get(attribute)?.as_text()?;
    (!address.is_empty()).then(|| address.to_owned())
}

impl Scene<'_> {
    /// Judges a condition; anything but true or false fails.
    pub(super) fn holds(&self, expression: &E) -> Result<bool, Failed> {
        match self.value(expression)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Failed),
        }
    }

    /// Evaluates an expression.
    pub(super) fn value(&self, expression: &E) -> Result<Value, Failed> {
        Ok(match expression {
            E::Bool(value) => Value::Bool(*value),
            E::Int(value) => Value::Integer(*value),
            E::Text(value) => Value::text(value.as_str()),
            E::Customer(name) => self.attribute(name),
            E::Event(name) => {
                let event = self.event.as_ref().ok_or(Failed)?;
                event.data.get(name).cloned().unwrap_or_default()
            }
            E::EventTime => Value::Instant(self.event.as_ref().ok_or(Failed)?.time),
            E::Var(name) => self.vars.get(name).cloned().unwrap_or_default(),
            E::Round => Value::Integer(self.round.ok_or(Failed)?.into()),
            E::Now => Value::Instant(self.now),
            E::Trigger(name) => self.trigger(name)?,
            E::Asks(function, name) => Value::Bool(self.asks(function, name)?),
            E::Bucket(name, parts) => {
                let part = bucket(&[&self.customer.id, name], parts.unsigned_abs());
                Value::Integer(part as i64)
            }
            E::Count(kind, days) => Value::Integer(self.lately(kind, *days).count() as i64),
            E::Sum(kind, field, days) => Value::Integer(
                self.lately(kind, *days)
                    .map(|event| match event.data.get(field) {
                        Some(Value::Integer(number)) => *number,
                        _ => 0,
                    })
                    .sum(),
            ),
            E::Happened(kind) => {
                let past = |event: &&Arc<Event>| *event.kind == **kind && event.time <= self.now;
                Value::Bool(self.history.iter().any(|event| past(&event)))
            }
            E::IsSet(of) => Value::Bool(!self.value(of)?.is_null()),
            E::And(a, b) => Value::Bool(self.holds(a)? && self.holds(b)?),
            E::Or(a, b) => Value::Bool(self.holds(a)? || self.holds(b)?),
            E::Not(of) => Value::Bool(!self.holds(of)?),
            E::Else(a, b) => match self.value(a)? {
                Value::Null => self.value(b)?,
                value => value,
            },
            E::Compare(a, op, b) => {
                Value::Bool(self.compare(&self.value(a)?, op, &self.value(b)?)?)
            }
            E::Fields(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.as_str(), self.value(value)?)));
                Value::Map(fields.collect::<Result<Map, Failed>>()?)
            }
            E::Broken => return Err(Failed),
            other => self.reckoned(other)?,
        })
    }

    /// The expressions that reckon.
    fn reckoned(&self, expression: &E) -> Result<Value, Failed> {
        let moment = |of: &E| match self.value(of)? {
            Value::Null => Ok(None),
            value => anchor(&value).map(Some).ok_or(Failed),
        };
        Ok(match expression {
            E::Add(a, b) => match (self.value(a)?, self.value(b)?) {
                (Value::Integer(a), Value::Integer(b)) => Value::Integer(a + b),
                _ => return Err(Failed),
            },
            E::Since(unit, of) => match moment(of)? {
                None => Value::Null,
                Some(then) => {
                    Value::Integer(calendar::whole_units(unit, then, self.now, self.zone))
                }
            },
            E::Shift(of, unit, count) => match moment(of)? {
                None => Value::Null,
                Some(then) => value_of(calendar::shift(then, unit, *count, self.zone)),
            },
            E::Pick(function, a, b) => match (moment(a)?, moment(b)?) {
                (None, None) => Value::Null,
                (Some(one), None) | (None, Some(one)) => value_of(one),
                (Some(a), Some(b)) => {
                    let (first, second) = (
                        calendar::start_of(a, self.zone),
                        calendar::start_of(b, self.zone),
                    );
                    let takes_first = if *function == "latest" {
                        first >= second
                    } else {
                        first <= second
                    };
                    value_of(if takes_first { a } else { b })
                }
            },
            _ => return Err(Failed),
        })
    }

    fn attribute(&self, name: &str) -> Value {
        match name {
            "id" => Value::text(&*self.customer.id),
            "score" => Value::Integer(score(self.customer, self.now)),
            _ => self
                .customer
                .attributes
                .get(name)
                .cloned()
                .unwrap_or_default(),
        }
    }

    fn trigger(&self, name: &str) -> Result<Value, Failed> {
        let started = self.started.as_ref().ok_or(Failed)?;
        Ok(match name {
            "kind" => Value::text(started.kind.as_str()),
            "time" => Value::Instant(started.time),
            "date" => started.date.map_or(Value::Null, Value::Date),
            _ => started.since.clone().unwrap_or_default(),
        })
    }

    fn asks(&self, function: &str, name: &str) -> Result<bool, Failed> {
        let customer = self.customer;
        match function {
            "has_tag" => Ok(match customer.attributes.get("tags") {
                Some(Value::List(tags)) => tags.contains(&Value::text(name)),
                _ => false,
            }),
            "consented" => Ok(consented(customer, name)),
            "reachable" => {
                let wanted = self.category != Category::Marketing || consented(customer, name);
                let address = address(customer, name);
                let open = address.is_some_and(|address| !suppressed(customer, name, &address));
                Ok(open && wanted && !super::taking_in::gone(customer))
            }
            _ => {
                let segment = self
                    .definitions
                    .segments
                    .iter()
                    .find(|segment| segment.name == name);
                let segment = segment.ok_or(Failed)?;
                let plain = Scene {
                    event: None,
                    started: None,
                    vars: Map::new(),
                    round: None,
                    category: Category::Marketing,
                    ..*self
                };
                plain.holds(self.meanings.of(&segment.condition))
            }
        }
    }

    /// The events of a type in the days up to now.
    fn lately(&self, kind: &str, days: i64) -> impl Iterator<Item = &Arc<Event>> {
        let Anchor::Moment(from) =
            calendar::shift(Anchor::Moment(self.now), "days", -days, self.zone)
        else {
            unreachable!("a moment stays one")
        };
        let now = self.now;
        self.history
            .iter()
            .filter(move |event| *event.kind == *kind && event.time > from && event.time <= now)
    }

    fn compare(&self, a: &Value, op: &str, b: &Value) -> Result<bool, Failed> {
        if a.is_null() || b.is_null() {
            return Ok(match op {
                "==" => a.is_null() && b.is_null(),
                "!=" => a.is_null() != b.is_null(),
                _ => false,
            });
        }
        let order = match (a, b) {
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (a, b) => match (anchor(a), anchor(b)) {
                (Some(a), Some(b)) => {
                    calendar::start_of(a, self.zone).cmp(&calendar::start_of(b, self.zone))
                }
                // Values of two kinds are never equal; `check` finds such comparisons where it can.
                _ if op == "==" || op == "!=" => return Ok(op == "!="),
                _ => return Err(Failed),
            },
        };
        Ok(match op {
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "==" => order.is_eq(),
            _ => order.is_ne(),
        })
    }
}
