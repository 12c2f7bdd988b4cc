//! What a script sees at its place: `customer` and `now` always, the others where they are at hand.

use std::collections::BTreeMap;

use kurant_engine::definition::{Journey, Schema, TriggerKind};

use super::shape::{Owner, Shape, shapes};
use super::world::close;
use crate::parse::known::OF_CUSTOMERS;

/// The names that a script begins a path with.
pub(super) const NAMES: [&str; 6] = ["customer", "event", "trigger", "vars", "now", "round"];

/// What a script sees.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) customer: Shape,
    /// `event`, or why there is none.
    pub(super) event: Result<Shape, NoEvent>,
    pub(super) trigger: Option<Shape>,
    pub(super) vars: Option<Shape>,
    /// Whether it stands inside a `repeat`.
    pub(super) round: bool,
}

/// Why there is no `event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoEvent {
    /// A segment is judged at any time.
    Segment,
    /// The journey also starts by something else: the words of those triggers.
    OtherTriggers(Vec<&'static str>),
}

impl NoEvent {
    /// What to write instead.
    pub(super) fn help(&self) -> String {
        match self {
            Self::Segment => {
                "a segment sees `customer` only; ask for past events with `count`, `sum` or `last`"
                    .to_owned()
            }
            Self::OtherTriggers(words) => {
                let others = words
                    .iter()
                    .map(|word| format!("`{word}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                format!(
                    "`event` is known when every trigger is an event, or inside a `wait_for`'s `then`; here the journey also starts by {others}: ask `last(\"TYPE\")`, or part the journeys"
                )
            }
        }
    }
}

/// The shapes of what the schemas declare, made once.
pub(super) struct Declared<'s> {
    schema: &'s Schema,
    customer: Shape,
}

impl<'s> Declared<'s> {
    /// `complete`: whether the customer's schema could be read.
    pub(super) fn new(schema: &'s Schema, complete: bool) -> Self {
        let mut fields = shapes(&schema.customer, "customer");
        let channels = Shape::record(Owner::Consents, BTreeMap::new());
        fields.insert("consents".to_owned(), channels);
        let customer = if complete {
            Shape::record(Owner::Customer, fields)
        } else {
            open(Owner::Customer, fields)
        };
        Self { schema, customer }
    }

    /// An event of one of these types; those without a schema may have any fields.
    pub(super) fn event(&self, types: &[String]) -> Shape {
        let mut fields: BTreeMap<String, Shape> = BTreeMap::new();
        let mut complete = !types.is_empty();
        for kind in types {
            // A misspelt type is reported; that it hides nothing else, its fields are those of the type that was meant.
            let known = self.schema.events.keys().map(String::as_str);
            // One that is known unasked and not declared has the attributes of a customer's schema that could not be read.
            let known = known.filter(|_| !OF_CUSTOMERS.contains(&kind.as_str()));
            let meant = || close(kind, known).and_then(|meant| self.schema.events.get(meant));
            let Some(declared) = self.schema.events.get(kind).or_else(meant) else {
                complete = false;
                continue;
            };
            for (name, shape) in shapes(declared, "event") {
                let shape = match fields.remove(&name) {
                    Some(known) => known.or(shape),
                    None => shape,
                };
                fields.insert(name, shape);
            }
        }
        fields.insert("meta".to_owned(), meta());
        let owner = Owner::Event(types.to_vec());
        if complete {
            Shape::record(owner, fields)
        } else {
            open(owner, fields)
        }
    }

    /// What a segment sees.
    pub(super) fn in_segment(&self) -> Scope {
        Scope {
            customer: self.customer.clone(),
            event: Err(NoEvent::Segment),
            trigger: None,
            vars: None,
            round: false,
        }
    }

    /// What an update in `profile.yaml` sees.
    pub(super) fn in_profile(&self, kind: &str) -> Scope {
        Scope {
            event: Ok(self.event(&[kind.to_owned()])),
            ..self.in_segment()
        }
    }

    /// What a journey sees, outside of any `wait_for`.
    pub(super) fn in_journey(&self, journey: &Journey, vars: Shape) -> Scope {
        let types = trigger_events(journey);
        let mut others: Vec<&'static str> = journey
            .triggers
            .iter()
            .filter(|one| !matches!(one.kind, TriggerKind::Event { .. }))
            .map(|one| one.kind.word())
            .collect();
        others.dedup();
        let event = if others.is_empty() {
            Ok(self.event(&types))
        } else {
            Err(NoEvent::OtherTriggers(others))
        };
        let trigger = self.trigger(journey, &types);
        Scope {
            customer: self.customer.clone(),
            event,
            trigger: Some(trigger),
            vars: Some(vars),
            round: false,
        }
    }

    fn trigger(&self, journey: &Journey, types: &[String]) -> Shape {
        let kinds = journey
            .triggers
            .iter()
            .map(|one| one.kind.word().to_owned())
            .collect();
        let mut fields = BTreeMap::from([
            ("kind".to_owned(), Shape::Text(kinds)),
            ("time".to_owned(), Shape::Instant),
        ]);
        if !types.is_empty() {
            fields.insert("event".to_owned(), self.event(types));
        }
        for trigger in &journey.triggers {
            match &trigger.kind {
                TriggerKind::Date { .. } => fields.insert("date".to_owned(), Shape::Date),
                TriggerKind::Inactive { since, .. } => {
                    let shape = self
                        .schema
                        .customer
                        .get(since)
                        .map_or(Shape::Any, |kind| Shape::of(kind, "trigger.since"));
                    let known = fields
                        .remove("since")
                        .map_or(shape.clone(), |other| other.or(shape));
                    fields.insert("since".to_owned(), known)
                }
                _ => None,
            };
        }
        // A trigger that could not be read has been reported, and may have any part.
        let unread = journey.triggers.is_empty() || types.iter().any(String::is_empty);
        if unread {
            open(Owner::Trigger, fields)
        } else {
            Shape::record(Owner::Trigger, fields)
        }
    }
}

impl Scope {
    /// The same place with another event at hand.
    pub(super) fn with_event(&self, event: Shape) -> Self {
        Self {
            event: Ok(event),
            ..self.clone()
        }
    }
}

/// The types of the events that start a journey.
pub(super) fn trigger_events(journey: &Journey) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for trigger in &journey.triggers {
        if let TriggerKind::Event { event, .. } = &trigger.kind
            && !types.contains(event)
        {
            types.push(event.clone());
        }
    }
    types
}

fn meta() -> Shape {
    let fields = [
        ("type", Shape::text()),
        ("id", Shape::text()),
        ("time", Shape::Instant),
        ("source", Shape::text()),
    ];
    Shape::record(
        Owner::Meta,
        fields
            .into_iter()
            .map(|(name, shape)| (name.to_owned(), shape))
            .collect(),
    )
}

/// A record that may have other fields than those that are known.
pub(super) fn open(owner: Owner, fields: BTreeMap<String, Shape>) -> Shape {
    Shape::Record(std::rc::Rc::new(super::shape::Record {
        owner,
        fields,
        open: true,
    }))
}
