//! Where events come from: RabbitMQ, files in a watched folder, HTTP, a history that is played.

mod feed;
mod file;
mod http;
mod order;
mod rabbitmq;
mod undeclared;

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder, Parts};
use kurant_engine::definition::Schema;
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::intake::Delivered;

pub use feed::{Feed, RefusedLine, Span, Translate};
pub use file::{Inbox, files};
pub(crate) use http::{LARGEST_BODY, Taking, busy, unknown};
pub use order::Order;
pub use rabbitmq::{Origin, Rabbit, examine, examine_exchange, waiting};
pub use undeclared::{Meant, Undeclared};

/// The schemas in force; a source follows them.
pub type Schemas = watch::Receiver<Arc<Schema>>;

/// Reads events as of now, by the schemas in force.
pub(crate) struct Reader {
    schemas: Schemas,
    schema: Arc<Schema>,
    decoder: Decoder,
    clock: Arc<Clock>,
    undeclared: Undeclared,
}

impl Reader {
    pub(crate) fn new(schemas: Schemas, clock: Arc<Clock>) -> Self {
        let schema = schemas.borrow().clone();
        Self {
            schemas,
            decoder: Decoder::new(schema.clone()),
            schema,
            clock,
            undeclared: Undeclared::default(),
        }
    }

    /// Counts what no schema declares together with others.
    pub(crate) fn counting(mut self, undeclared: Undeclared) -> Self {
        self.undeclared = undeclared;
        self
    }

    /// Takes up schemas that have changed since.
    pub(crate) fn refresh(&mut self) {
        if self.schemas.has_changed().unwrap_or(false) {
            self.schema = self.schemas.borrow_and_update().clone();
            self.decoder = Decoder::new(self.schema.clone());
        }
    }

    /// One event in CloudEvents' structured form, or why it is refused: `REASON: what is wrong`.
    pub(crate) fn event(&mut self, bytes: &[u8]) -> Result<Delivered, String> {
        let arrival = Arrival::At(self.clock.now());
        let event = self
            .decoder
            .event(bytes, arrival)
            .map_err(|error| format!("{}: {error}", error.reason()))?;
        self.look_at(&event);
        Ok(Delivered::from(event))
    }

    /// One event whose envelope and data come apart, or why it is refused: `REASON: what is wrong`.
    pub(crate) fn parts(&mut self, parts: Parts<'_>, data: &[u8]) -> Result<Delivered, String> {
        let arrival = Arrival::At(self.clock.now());
        let event = self
            .decoder
            .parts(parts, data, arrival)
            .map_err(|error| format!("{}: {error}", error.reason()))?;
        self.look_at(&event);
        Ok(Delivered::from(event))
    }

    /// Whether a type of events has a schema.
    pub(crate) fn is_declared(&self, kind: &str) -> bool {
        self.schema.events.contains_key(kind)
    }

    /// Counts what no schema declares; of a type that is said once.
    fn look_at(&mut self, event: &Event) {
        if self.undeclared.note(&self.schema, event) {
            self.undeclared.tell(&event.kind, &self.schema);
        }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// A hash of what was sent, which tells one dead letter from another.
pub(crate) fn body(bytes: &[u8]) -> u64 {
    Key::of(&[&String::from_utf8_lossy(bytes)]).short()
}
