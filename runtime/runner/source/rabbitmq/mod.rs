//! Events from RabbitMQ: batches of deliveries, acknowledged once what they did is durable.
//!
//! A delivery belongs to the channel that it came on. When a connection is lost, everything of it is forgotten and a new one
//! is made: what was not acknowledged comes again, and what had taken effect before is known by its id.

mod examine;
mod message;
mod session;
mod tags;
mod topology;

use std::sync::Arc;

use kurant_store::Share;
use tokio::sync::{mpsc, watch};

use self::session::{Ended, Session};
use super::{Reader, Schemas, Undeclared};
use crate::broker::{Address, Asking, Error, PATIENCE, Pauses};
use crate::clock::Clock;
use crate::intake::{Behind, Delivery};
use crate::standing::Standing;

pub use examine::{examine, examine_exchange, waiting};

/// Where in a broker events wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In queues of our own, behind an exchange that spreads customers over them.
    Exchange {
        /// The exchange.
        name: String,
        /// How many queues there are.
        shards: u16,
    },
    /// In somebody's queue.
    Queue(String),
}

impl Origin {
    /// The queues of an exchange at an address, or else the queue that the address ends with.
    fn of(url: &str, exchange: Option<(String, u16)>) -> Result<(Address, Self), Error> {
        if let Some((name, shards)) = exchange {
            return Ok((Address::parse(url)?, Self::Exchange { name, shards }));
        }
        let (address, queue) = Address::with_queue(url)?;
        Ok((address, Self::Queue(queue)))
    }
}

/// A broker as a source of events.
pub struct Rabbit {
    address: Address,
    origin: Origin,
    reader: Reader,
    out: mpsc::Sender<Delivery>,
    behind: Option<Behind>,
    share: Option<watch::Receiver<Share>>,
    standing: Standing,
}

/// What has been said about the connection.
#[derive(Default)]
struct Told {
    begun: bool,
    gone: Option<String>,
}

impl Rabbit {
    /// Events at an address: in queues of an exchange, or else in the queue that the address ends with.
    ///
    /// # Errors
    /// When the address can't be read.
    pub fn new(
        url: &str,
        exchange: Option<(String, u16)>,
        schemas: Schemas,
        clock: Arc<Clock>,
        out: mpsc::Sender<Delivery>,
    ) -> Result<Self, Error> {
        let (address, origin) = Origin::of(url, exchange)?;
        Ok(Self {
            address,
            origin,
            reader: Reader::new(schemas, clock),
            out,
            behind: None,
            share: None,
            standing: Standing::default(),
        })
    }

    /// The password may change: it is asked for before each connection.
    #[must_use]
    pub fn asking(mut self, asking: Asking) -> Self {
        self.address = self.address.asking(asking);
        self
    }

    /// Says whether what the broker held when it was reached is still to come.
    #[must_use]
    pub fn telling(mut self, behind: Behind) -> Self {
        self.behind = Some(behind);
        self
    }

    /// Reads the queues of this worker's share first, and those of others only while nobody else does.
    #[must_use]
    pub fn sharing(mut self, share: watch::Receiver<Share>) -> Self {
        self.share = Some(share);
        self
    }

    /// Counts what no schema declares here.
    #[must_use]
    pub fn counting(mut self, undeclared: Undeclared) -> Self {
        self.reader = self.reader.counting(undeclared);
        self
    }

    /// Notes whether the broker is there. It isn't so far: nobody may take the process for ready before it has been reached.
    #[must_use]
    pub fn noting(mut self, standing: Standing) -> Self {
        standing.lacks(Standing::EVENTS, "the broker is being connected to");
        self.standing = standing;
        self
    }

    /// Takes events in until `stop` says so, over as many connections as it takes.
    pub async fn watch(mut self, mut stop: watch::Receiver<bool>) {
        let (mut pauses, mut told) = (Pauses::default(), Told::default());
        while !*stop.borrow() {
            let why = match self.open().await {
                Ok(session) => {
                    told.back(&self.address, &self.origin);
                    self.standing.has(Standing::EVENTS);
                    if let Some(behind) = &self.behind {
                        behind.is(true);
                    }
                    let ended = session.run(&mut self.reader, &self.out, &mut stop);
                    match ended.await {
                        Ended::Told => return,
                        // Others have come or gone: the queues are shared out anew.
                        Ended::Moved => continue,
                        Ended::Lost { why, worked } => {
                            if worked {
                                pauses.reset();
                            }
                            why
                        }
                    }
                }
                Err(why) => why,
            };
            told.gone(&self.address, &why);
            let lacking = format!("RabbitMQ at {}: {why}", self.address);
            self.standing.lacks(Standing::EVENTS, lacking);
            tokio::select! {
                () = tokio::time::sleep(pauses.next()) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn open(&self) -> Result<Session, Error> {
        let (behind, share) = (self.behind.clone(), self.share.clone());
        let opening = Session::open(&self.address, &self.origin, behind, share);
        tokio::time::timeout(PATIENCE, opening)
            .await
            .unwrap_or(Err(Error::Slow))
    }
}

impl Told {
    /// Says once that the connection is gone, and once more what somebody has to do about it.
    fn gone(&mut self, address: &Address, why: &Error) {
        let reason = why.to_string();
        let is_new = match &self.gone {
            None => true,
            Some(before) => why.is_refusal() && *before != reason,
        };
        if is_new {
            tracing::warn!(
                "no events from RabbitMQ at {address}: {reason}; trying again until it is there"
            );
            self.gone = Some(reason);
        }
    }

    /// Says that events come in, unless it has been said.
    fn back(&mut self, address: &Address, origin: &Origin) {
        if self.gone.take().is_some() || !std::mem::replace(&mut self.begun, true) {
            tracing::info!("events are taken in from RabbitMQ at {address}, {origin}");
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exchange { name, shards } => write!(f, "exchange {name} with {shards} queues"),
            Self::Queue(name) => write!(f, "queue {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use kurant_engine::definition::Schema;

    use super::*;

    #[test]
    fn nobody_is_ready_before_the_broker_has_been_reached() {
        let (_, schemas) = watch::channel(Arc::new(Schema::default()));
        let (out, _) = mpsc::channel(1);
        let exchange = Some(("events".to_owned(), 8));
        let clock = Arc::new(Clock::real());
        let source = Rabbit::new("amqp://127.0.0.1", exchange, schemas, clock, out).unwrap();
        let standing = Standing::default();
        let _source = source.noting(standing.clone());
        let lacking = standing.lacking();
        let parts: Vec<_> = lacking.into_iter().map(|(part, _)| part).collect();
        assert_eq!(parts, [Standing::EVENTS]);
    }
}
