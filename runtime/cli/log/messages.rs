//! Which message something came back of, where its line doesn't say: whoever tells of it may name its key alone, and its passage may
//! have ended before. The log has the line of its sending.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kurant_engine::action::Action;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{FATES, Trace};
use kurant_engine::value::Value;
use kurant_store::{Error, Happened, LogPage, Store};

/// How many entries of one customer are looked through, latest first.
const LOOK_BACK: usize = 1_000;

/// The lines of sendings, by the keys of messages.
#[derive(Debug, Default)]
pub(super) struct Messages(HashMap<Key, Action>);

impl Messages {
    /// Of what came back, on this page, of messages whose channel or step its line doesn't have.
    pub(super) async fn of(store: &dyn Store, page: &LogPage) -> Result<Self, Error> {
        let mut sought: BTreeMap<CustomerId, BTreeSet<Key>> = BTreeMap::new();
        for line in &page.lines {
            if let Happened::Passed(trace) = &line.what
                && let Some(key) = in_short(trace)
            {
                sought.entry(line.customer.clone()).or_default().insert(key);
            }
        }
        let mut found = HashMap::new();
        for (customer, keys) in sought {
            let entries = store.latest(&customer, LOOK_BACK).await?;
            let actions = entries.into_iter().flat_map(|entry| entry.actions);
            let own = actions.filter(|own| own.channel.is_some() && keys.contains(&own.key));
            found.extend(own.map(|own| (own.key, own)));
        }
        Ok(Self(found))
    }

    /// The line of the message that a line is about.
    pub(super) fn of_line(&self, what: &Happened) -> Option<&Action> {
        match what {
            Happened::Passed(trace) => self.0.get(&in_short(trace)?),
            Happened::Did(_) => None,
        }
    }
}

/// The key of a message of which something came back, where the line doesn't have its channel and step.
fn in_short(trace: &Trace) -> Option<Key> {
    let is_whole = trace.values.get("channel").is_some() && trace.place.is_some();
    if !FATES.contains(&&*trace.what) || is_whole {
        return None;
    }
    let key = trace.values.get("key").and_then(Value::as_text)?;
    key.parse().ok()
}
