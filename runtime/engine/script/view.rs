//! The names of a script and what stands behind them: `customer`, `event`, `trigger`, `vars`, `now`, `round`.

use std::cell::RefCell;

use super::frame::Frame;
use super::operand::{Operand, event_to_map};
use super::segments::{Memo, Segments};
use crate::enrollment::Started;
use crate::map::Map;
use crate::person::Person;
use crate::value::Value;

/// What one evaluation looks at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) person: &'a Person,
    pub(super) frame: &'a Frame,
    pub(super) segments: Option<&'a Segments>,
    pub(super) memo: &'a RefCell<Memo>,
}

/// An object that a script begins a path with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Customer,
    Event,
    Trigger,
    Vars,
}

impl Root {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "customer" => Self::Customer,
            "event" => Self::Event,
            "trigger" => Self::Trigger,
            "vars" => Self::Vars,
            _ => return None,
        })
    }
}

impl<'a> View<'a> {
    /// What stands under a name of one of the objects; nothing = `()`.
    pub(super) fn field(&self, root: Root, name: &str) -> Operand<'a> {
        match root {
            Root::Customer => self.attribute(name),
            Root::Event => match &self.frame.event {
                Some(event) => Operand::borrowed(event.data.get(name)),
                None => Operand::NULL,
            },
            Root::Trigger => self
                .started()
                .map_or(Operand::NULL, |started| trigger(started, name)),
            Root::Vars => Operand::borrowed(self.vars().and_then(|vars| vars.get(name))),
        }
    }

    fn attribute(&self, name: &str) -> Operand<'a> {
        let customer = &self.person.customer;
        match name {
            "id" => Value::text(&*customer.id).into(),
            "score" => customer.score(self.frame.now).into(),
            "consents" => customer.seen_consents().into(),
            "topics" => customer.seen_topics().into(),
            _ => Operand::borrowed(customer.attributes.get(name)),
        }
    }

    /// What started the enrollment.
    pub(super) fn started(&self) -> Option<&'a Started> {
        let enrollment = || {
            self.frame
                .enrollment
                .and_then(|index| self.person.enrollments.get(index))
        };
        self.frame
            .started
            .as_deref()
            .or_else(|| enrollment().map(|enrollment| &enrollment.trigger))
    }

    fn vars(&self) -> Option<&'a Map> {
        let enrollment = || {
            self.frame
                .enrollment
                .and_then(|index| self.person.enrollments.get(index))
        };
        self.frame
            .vars
            .as_deref()
            .or_else(|| enrollment().map(|enrollment| &enrollment.vars))
    }

    /// Whether there is such an object at all.
    pub(super) fn has(&self, root: Root) -> bool {
        match root {
            Root::Customer | Root::Vars => true,
            Root::Event => self.frame.event.is_some(),
            Root::Trigger => self.started().is_some(),
        }
    }

    /// An object as a map.
    pub(super) fn whole(&self, root: Root) -> Map {
        match root {
            Root::Customer => self.person.customer.seen(self.frame.now),
            Root::Event => self
                .frame
                .event
                .as_deref()
                .map(event_to_map)
                .unwrap_or_default(),
            Root::Trigger => self.started().map(trigger_to_map).unwrap_or_default(),
            Root::Vars => self.vars().cloned().unwrap_or_default(),
        }
    }
}

/// The names under `trigger`.
const TRIGGER: [&str; 5] = ["kind", "time", "event", "date", "since"];

fn trigger<'a>(started: &'a Started, name: &str) -> Operand<'a> {
    match name {
        "kind" => Value::text(started.kind.as_str()).into(),
        "time" => started.time.into(),
        "event" => started.event.clone().map_or(Operand::NULL, Operand::Event),
        "date" => started.date.map_or(Operand::NULL, Into::into),
        "since" => Operand::borrowed(started.since.as_ref()),
        _ => Operand::NULL,
    }
}

fn trigger_to_map(started: &Started) -> Map {
    let value = |name| match trigger(started, name) {
        Operand::Value(value) => value.into_owned(),
        Operand::Event(event) => Value::Map(event_to_map(&event)),
        Operand::Span(_) => Value::Null,
    };
    TRIGGER
        .iter()
        .map(|name| (*name, value(name)))
        .filter(|(_, value)| !value.is_null())
        .collect()
}
