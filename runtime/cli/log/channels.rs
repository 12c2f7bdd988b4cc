//! By which channel a message left of which something came back: whoever tells of it may name its key alone, and its passage may have
//! ended before. The log has the line of its sending.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kurant_engine::action::Action;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{FATES, Trace};
use kurant_engine::value::Value;
use kurant_store::{Error, Happened, LogPage, Store};

/// How many entries of one customer are looked through, latest first.
const LOOK_BACK: usize = 1_000;

/// Channels by the keys of messages.
#[derive(Debug, Default)]
pub(super) struct Channels(HashMap<Key, String>);

impl Channels {
    /// Of what came back, on this page, of messages whose channel its line doesn't have.
    pub(super) async fn of(store: &dyn Store, page: &LogPage) -> Result<Self, Error> {
        let mut sought: BTreeMap<CustomerId, BTreeSet<Key>> = BTreeMap::new();
        for line in &page.lines {
            if let Happened::Passed(trace) = &line.what
                && let Some(key) = without_channel(trace)
            {
                sought.entry(line.customer.clone()).or_default().insert(key);
            }
        }
        let mut found = HashMap::new();
        for (customer, keys) in sought {
            let entries = store.latest(&customer, LOOK_BACK).await?;
            let actions = entries.iter().flat_map(|entry| &entry.actions);
            let own = actions.filter(|own| keys.contains(&own.key));
            found.extend(own.filter_map(by_channel));
        }
        Ok(Self(found))
    }

    /// The channel of the message that a line is about.
    pub(super) fn of_line(&self, what: &Happened) -> Option<&str> {
        match what {
            Happened::Passed(trace) => self.0.get(&without_channel(trace)?).map(String::as_str),
            Happened::Did(_) => None,
        }
    }
}

fn by_channel(own: &Action) -> Option<(Key, String)> {
    Some((own.key, own.channel.as_ref()?.to_string()))
}

/// The key of a message of which something came back, where the line has no channel.
fn without_channel(trace: &Trace) -> Option<Key> {
    if !FATES.contains(&&*trace.what) || trace.values.get("channel").is_some() {
        return None;
    }
    let key = trace.values.get("key").and_then(Value::as_text)?;
    key.parse().ok()
}
