//! What sources bring.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;
use kurant_engine::id::CustomerId;
use kurant_engine::input::Trace;
use kurant_store::{Rejected, Settled};
use tokio::sync::{oneshot, watch};

/// Why an event is refused that says something else than the one that had its id before.
pub(crate) const REUSED: &str = "id_reused";

/// Whether a source still holds what came while nobody listened: timers wait for it.
#[derive(Debug, Clone)]
pub struct Behind(watch::Sender<bool>);

impl Behind {
    /// It is, until it says otherwise, and whoever wants to know.
    pub fn at_first() -> (Self, watch::Receiver<bool>) {
        let (sender, receiver) = watch::channel(true);
        (Self(sender), receiver)
    }

    /// It holds what came before; or all of that has been handed on.
    pub(crate) fn is(&self, behind: bool) {
        self.0
            .send_if_modified(|now| std::mem::replace(now, behind) != behind);
    }
}

/// By which way events come in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Via {
    /// Files of the inbox.
    Files,
    /// `POST /events`.
    Http,
    /// A broker.
    RabbitMq,
    /// The pages that customers reach.
    Public,
    /// What mail servers and providers say of messages.
    Feedback,
    /// A history that is played or imported.
    #[default]
    History,
}

impl Via {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Files,
        Self::Http,
        Self::RabbitMq,
        Self::Public,
        Self::Feedback,
        Self::History,
    ];

    /// The word for it in counters.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Http => "http",
            Self::RabbitMq => "rabbitmq",
            Self::Public => "public",
            Self::Feedback => "feedback",
            Self::History => "history",
        }
    }
}

/// Events that a source brings at once.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Which way they came.
    pub via: Via,
    /// In the order in which they are taken in.
    pub events: Vec<Delivered>,
    /// What can't be taken in.
    pub rejected: Vec<Rejected>,
    /// Places of the source, committed together with the events.
    pub marks: Vec<(String, Option<String>)>,
    /// They belong to the past and start nothing.
    pub imported: bool,
    /// Messages that must have been taken, since something came back of them.
    pub proven: Vec<Proven>,
    /// Told once all of it is durable.
    pub receipt: Option<oneshot::Sender<Receipt>>,
}

/// A message that was handed over, whatever is written of it: something came back of it.
#[derive(Debug, Clone)]
pub struct Proven {
    /// Whose it is.
    pub(crate) customer: CustomerId,
    /// What becomes of its row in the outbox, unless it was claimed again meanwhile.
    pub(crate) settled: Settled,
    /// What the log is told.
    pub(crate) trace: Trace,
}

/// One event that a source brings.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The event.
    pub event: Arc<Event>,
    /// Hash of what it said.
    pub body: u64,
    /// Which line of which file it is, for a dead letter; none = it comes from no file.
    pub place: Option<(Arc<str>, u64)>,
}

impl Delivered {
    /// An event that was made here: what it says may differ when it is made again.
    pub(crate) fn made_here(event: Event) -> Self {
        Self {
            event: Arc::new(event),
            body: 0,
            place: None,
        }
    }

    /// What is wrong with it, if an event of its source and id has been taken in: nothing, if that said the same. `body` is a
    /// hash of what it said, 0 = it was made here.
    pub(crate) fn reused(&self, body: u64) -> Option<String> {
        (body != 0 && body != self.body).then(|| {
            format!(
                "{REUSED}: another event from `{}` had the id `{}` before and took effect; give each event an id of its own",
                self.event.source, self.event.id
            )
        })
    }

    /// A dead letter of it. The same event, refused again, is the same one.
    pub(crate) fn refused(&self, at: Instant, reason: String) -> Rejected {
        let (origin, line) = match &self.place {
            Some((file, line)) => (file.to_string(), *line),
            None => ("intake".to_owned(), self.body),
        };
        Rejected {
            at,
            origin,
            line,
            reason,
            body: self.event.to_json().to_string(),
        }
    }
}

impl From<Event> for Delivered {
    fn from(event: Event) -> Self {
        Self {
            body: event.content(),
            event: Arc::new(event),
            place: None,
        }
    }
}

/// What became of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Which way it came.
    pub via: Via,
    /// How many took effect.
    pub taken: usize,
    /// How many had taken effect before.
    pub repeated: usize,
    /// Those that were refused, by their place in the delivery, and why.
    pub refused: Vec<(usize, String)>,
    /// How many became dead letters: because they are no events, or because taking them in failed.
    pub rejected: usize,
}
