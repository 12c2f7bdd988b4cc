//! What is of no use any more once it is old.

use std::collections::BTreeMap;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;
use kurant_engine::id::CustomerId;

use crate::{Error, Kept, Stored};

/// What may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old {
    /// Which events were taken in. Their customers' histories tell it still.
    Repeats,
    /// Entries of the execution log.
    Log,
    /// What the actions of such entries were done with: the entries stay. How many were gone through is what counts.
    Bodies,
    /// Dead letters, and commands that were given up or are in doubt.
    Letters,
    /// By which names messages are known that were handed over.
    Taken,
    /// Counts that are one once they are added up; how old they are is no matter.
    Counts,
}

impl Old {
    /// All of it, and before the entries of the log what is in them.
    pub const ALL: [Self; 6] = [
        Self::Repeats,
        Self::Log,
        Self::Bodies,
        Self::Letters,
        Self::Taken,
        Self::Counts,
    ];

    /// The word for it, as in `retention`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repeats => "repeats",
            Self::Log => "log",
            Self::Bodies => "bodies",
            Self::Letters => "dead_letters",
            Self::Taken => "receipts",
            Self::Counts => "counts",
        }
    }
}

/// How a walk through customers' histories went on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walked {
    /// So many events are gone.
    pub gone: u64,
    /// The customer after whom to go on; none = it is through.
    pub next: Option<CustomerId>,
}

/// The mark under which the number of the last entry of the log stands whose bodies are gone.
pub(crate) const BARE: &str = "store/bare";
/// In the data of an event that tells of consents this word stands: whoever is asked for the proof of one has it as long as the
/// customer is there.
pub(crate) const CONSENTS: &str = "\"consents\"";
/// Events that tell of nothing else.
pub(crate) const OF_CONSENTS: [&str; 2] = ["consent.changed", "message.unsubscribed"];

/// Whether an event is remembered however old it is: one that tells of a consent stays in the history, and that somebody was erased
/// is known for ever. So whether it was taken in before can always be told.
pub fn outlasts(event: &Event) -> bool {
    event.erases()
        || tells_of_consents(&event.kind, || {
            serde_json::to_string(&event.data).is_ok_and(|data| data.contains(CONSENTS))
        })
}

fn tells_of_consents(kind: &str, in_data: impl FnOnce() -> bool) -> bool {
    OF_CONSENTS.contains(&kind) || in_data()
}

/// What stays of old events: what somebody may still look back on.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    /// By type, whoever's: those from an instant on, and whether the latest one.
    pub(crate) of_all: BTreeMap<String, (Option<Instant>, bool)>,
    /// Those of customers who are inside a journey since long ago, from an instant on.
    pub(crate) of_some: Vec<(CustomerId, String, Instant)>,
}

impl Needed {
    /// What is kept of these customers' events.
    pub(crate) fn of(kept: &[Kept], people: &[Stored]) -> Self {
        let mut needed = Self::default();
        for own in kept {
            needed
                .of_all
                .insert(own.kind.clone(), (own.since, own.latest));
            for stored in people.iter().filter(|_| own.enrolled) {
                let floor = own.floor(&stored.person);
                let Some(floor) = floor.filter(|floor| own.since.is_none_or(|own| *floor < own))
                else {
                    continue;
                };
                let id = stored.person.customer.id.clone();
                needed.of_some.push((id, own.kind.clone(), floor));
            }
        }
        needed
    }

    /// Whether an event of a customer stays; `is_latest` of its type.
    pub(crate) fn holds(&self, event: &Event, data: &str, is_latest: bool) -> bool {
        let kind = event.kind.as_str();
        if tells_of_consents(kind, || data.contains(CONSENTS)) {
            return true;
        }
        let by_all = self.of_all.get(kind).is_some_and(|(since, latest)| {
            since.is_some_and(|since| event.time >= since) || (*latest && is_latest)
        });
        let is_own = |(id, own, floor): &(CustomerId, String, Instant)| {
            *id == event.customer && own == kind && event.time >= *floor
        };
        by_all || self.of_some.iter().any(is_own)
    }
}

/// The actions of an entry of the log without what they were done with; none = there is nothing to take out.
pub(crate) fn bare(actions: &str) -> Result<Option<String>, Error> {
    let corrupt = |error: serde_json::Error| Error::corrupt("log", error);
    let mut actions: Vec<Action> = serde_json::from_str(actions).map_err(corrupt)?;
    if actions.iter().all(|action| action.data.is_empty()) {
        return Ok(None);
    }
    strip(&mut actions);
    serde_json::to_string(&actions).map(Some).map_err(corrupt)
}

/// Takes out what actions were done with.
pub(crate) fn strip(actions: &mut [Action]) {
    for action in actions {
        action.data = Default::default();
    }
}
