//! Where events come from: RabbitMQ, files in a watched folder, HTTP, a history that is played.

mod feed;
mod file;
mod http;
mod rabbitmq;

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder, Parts};
use kurant_engine::definition::Schema;
use kurant_engine::id::Key;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::intake::Delivered;

pub use feed::Feed;
pub use file::{Inbox, files};
pub use http::listen;
pub use rabbitmq::{Finding, Origin, Rabbit, State, examine, waiting};

/// The schemas in force; a source follows them.
pub type Schemas = watch::Receiver<Arc<Schema>>;

/// Reads events as of now, by the schemas in force.
pub(crate) struct Reader {
    schemas: Schemas,
    decoder: Decoder,
    clock: Arc<Clock>,
}

impl Reader {
    pub(crate) fn new(schemas: Schemas, clock: Arc<Clock>) -> Self {
        let decoder = Decoder::new(schemas.borrow().clone());
        Self {
            schemas,
            decoder,
            clock,
        }
    }

    /// Takes up schemas that have changed since.
    pub(crate) fn refresh(&mut self) {
        if self.schemas.has_changed().unwrap_or(false) {
            self.decoder = Decoder::new(self.schemas.borrow_and_update().clone());
        }
    }

    /// One event in CloudEvents' structured form, or why it is refused: `REASON: what is wrong`.
    pub(crate) fn event(&mut self, bytes: &[u8], line: u64) -> Result<Delivered, String> {
        let arrival = Arrival::At(self.clock.now());
        let event = self
            .decoder
            .event(bytes, arrival)
            .map_err(|error| format!("{}: {error}", error.reason()))?;
        Ok(Delivered {
            event: Arc::new(event),
            body: body(bytes),
            line,
        })
    }

    /// One event whose envelope and data come apart, or why it is refused: `REASON: what is wrong`.
    pub(crate) fn parts(&mut self, parts: Parts<'_>, data: &[u8]) -> Result<Delivered, String> {
        let arrival = Arrival::At(self.clock.now());
        let event = self
            .decoder
            .parts(parts, data, arrival)
            .map_err(|error| format!("{}: {error}", error.reason()))?;
        Ok(Delivered {
            event: Arc::new(event),
            body: body(data),
            line: 0,
        })
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// A hash of what an event said.
pub(crate) fn body(bytes: &[u8]) -> u64 {
    Key::of(&[&String::from_utf8_lossy(bytes)]).short()
}
