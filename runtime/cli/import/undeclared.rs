//! Names that nothing in the workspace declares: they come in, are counted, and are told once each.

use std::collections::BTreeMap;

use kurant_authoring::suggest::nearest;
use kurant_engine::definition::{Definitions, Schema, Undeclared as Found, has_no_zone};
use kurant_engine::event::Event;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use crate::kinds;

/// How many names are told.
const MOST: usize = 20;

/// What is declared, and what was met besides.
pub(super) struct Undeclared {
    schema: Schema,
    channels: Vec<String>,
    journeys: Vec<String>,
    met: BTreeMap<(What, String), Met>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Attribute,
    Consent,
    EventType,
    Field,
    Channel,
    Journey,
    Zone,
}

struct Met {
    lines: u64,
    first: u64,
    meant: Option<String>,
}

impl Undeclared {
    pub(super) fn new(definitions: &Definitions) -> Self {
        let channels = definitions.workspace.channels.iter();
        let journeys = definitions.journeys.iter();
        Self {
            schema: definitions.schema.clone(),
            channels: channels.map(|channel| channel.name.clone()).collect(),
            journeys: journeys.map(|version| version.journey.id.clone()).collect(),
            met: BTreeMap::new(),
        }
    }

    /// Looks at a customer's attributes.
    pub(super) fn customer(&mut self, attributes: &Map, line: u64) {
        if has_no_zone(attributes) {
            self.note(What::Zone, "", line, None);
        }
        for (name, value) in attributes.iter() {
            if !self.schema.customer.contains_key(name) {
                let known = self.schema.customer.keys().map(String::as_str);
                let meant = nearest(name, known).map(str::to_owned);
                self.note(What::Attribute, name, line, meant);
            }
            if let ("consents", Value::Map(consents)) = (name, value) {
                for (channel, _) in consents.iter() {
                    self.channel_of(What::Consent, channel, line);
                }
            }
        }
    }

    /// Looks at an event: its type, the fields of its data, the attributes that it brings along.
    pub(super) fn event(&mut self, event: &Event, line: u64) {
        self.customer(&event.attributes, line);
        for found in self.schema.undeclared(event) {
            match found {
                Found::Type(kind) => {
                    let meant = kinds::meant(&kind, &self.schema);
                    self.note(What::EventType, &kind, line, meant);
                }
                Found::Field { kind, name } => {
                    let fields = self.schema.events.get(&kind).into_iter().flatten();
                    let meant = nearest(&name, fields.map(|(own, _)| own.as_str()));
                    let meant = meant.map(str::to_owned);
                    self.note(What::Field, &format!("{kind}: {name}"), line, meant);
                }
                // Told with the customer's others.
                Found::Attribute(_) | Found::Zone => {}
            }
        }
    }

    /// Looks at a message of the past.
    pub(super) fn send(&mut self, channel: &str, journey: Option<&str>, line: u64) {
        self.channel_of(What::Channel, channel, line);
        if let Some(journey) = journey
            && !self.journeys.iter().any(|own| own == journey)
        {
            let known = self.journeys.iter().map(String::as_str);
            let meant = nearest(journey, known).map(str::to_owned);
            self.note(What::Journey, journey, line, meant);
        }
    }

    fn channel_of(&mut self, what: What, channel: &str, line: u64) {
        if !self.channels.iter().any(|own| own == channel) {
            let meant = nearest(channel, self.channels.iter().map(String::as_str));
            let meant = meant.map(str::to_owned);
            self.note(what, channel, line, meant);
        }
    }

    fn note(&mut self, what: What, name: &str, line: u64, meant: Option<String>) {
        let met = self
            .met
            .entry((what, name.to_owned()))
            .or_insert_with(|| Met {
                lines: 0,
                first: line,
                meant,
            });
        met.lines += 1;
    }

    /// Tells on standard error.
    pub(super) fn tell(&self) {
        for ((what, name), met) in self.met.iter().take(MOST) {
            let says = match what {
                What::Attribute => {
                    format!("the attribute `{name}` is not in schemas/customer.json")
                }
                What::Consent => format!("consent for `{name}`: kurant.yaml has no such channel"),
                What::EventType => {
                    format!("the event type `{name}` has no schema in schemas/events")
                }
                What::Field => format!("the field `{name}` is not in its event's schema"),
                What::Channel => format!("sent by `{name}`: kurant.yaml has no such channel"),
                What::Journey => format!("sent by the journey `{name}`, which is not here"),
                What::Zone => format!("a `timezone` that is no time zone: {}", kinds::ZONES),
            };
            let meant = match &met.meant {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None => String::new(),
            };
            let lines = if met.lines == 1 { "line" } else { "lines" };
            eprintln!(
                "warning: {says}; kept all the same: {} {lines}, the first is {}{meant}",
                met.lines, met.first
            );
        }
        if self.met.len() > MOST {
            eprintln!("... and {} more names", self.met.len() - MOST);
        }
    }
}
