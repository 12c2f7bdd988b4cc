//! What came back of messages, by their keys: the answer to whoever asks whether somebody got one.

use std::collections::HashMap;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::id::Key;
use kurant_engine::input::{FATES, Trace};
use kurant_engine::value::Value;
use serde_json::{Value as Json, json};

/// One thing that became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fate {
    /// In a word: `delivered`, `clicked`, ...
    what: String,
    /// When it happened first.
    at: Instant,
    /// How often: several links are several clicks.
    times: u64,
}

/// What became of many messages.
#[derive(Debug, Default)]
pub(crate) struct CameBack(HashMap<Key, Vec<Fate>>);

impl CameBack {
    /// What these lines of the log tell.
    pub(crate) fn of<'t>(traces: impl Iterator<Item = &'t Trace>) -> Self {
        let mut fates: HashMap<Key, Vec<Fate>> = HashMap::new();
        for trace in traces.filter(|own| FATES.contains(&&*own.what)) {
            let key = trace.values.get("key").and_then(Value::as_text);
            let Some(key) = key.and_then(|key| key.parse().ok()) else {
                continue;
            };
            let own = fates.entry(key).or_default();
            match own.iter_mut().find(|own| own.what == trace.what) {
                Some(own) => {
                    own.at = own.at.min(trace.at);
                    own.times += 1;
                }
                None => own.push(Fate {
                    what: trace.what.clone(),
                    at: trace.at,
                    times: 1,
                }),
            }
        }
        for own in fates.values_mut() {
            own.sort_by_key(|own| own.at);
        }
        Self(fates)
    }

    /// For people; the day is told only where it is another one than that of the sending. Empty if nothing came back.
    pub(crate) fn text(&self, key: Key, sent: Instant, zone: Zone) -> String {
        let told = self.of_one(key).iter().map(|own| {
            let times = match own.times {
                1 => String::new(),
                times => format!(" ({times} times)"),
            };
            format!("{} {}{times}", own.what, moment(own.at, sent, zone))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// For programs.
    pub(crate) fn object(&self, key: Key) -> Vec<Json> {
        let told = self.of_one(key).iter();
        told.map(|own| json!({ "outcome": own.what, "at": own.at, "times": own.times }))
            .collect()
    }

    fn of_one(&self, key: Key) -> &[Fate] {
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// When something happened, beside the moment of something else.
fn moment(at: Instant, beside: Instant, zone: Zone) -> String {
    let (own, other) = (at.local(zone), beside.local(zone));
    let format = match own.date() == other.date() {
        true => "%H:%M",
        false => "%Y-%m-%d %H:%M",
    };
    own.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use kurant_engine::map::Map;

    use super::*;

    fn trace(what: &str, key: Key, at: &str) -> Trace {
        let at = Instant::parse(at).unwrap();
        Trace {
            clock: at,
            at,
            journey: None,
            enrollment: None,
            place: None,
            what: what.into(),
            reason: None,
            values: Map::from_iter([("key", Value::text(key.to_string()))]),
            after: 0,
        }
    }

    #[test]
    fn each_message_is_told_what_became_of_it_in_the_order_in_which_that_happened() {
        let (own, other) = (Key::of(&["a"]), Key::of(&["b"]));
        let lines = [
            trace("clicked", own, "2026-12-02T11:42:00Z"),
            trace("clicked", own, "2026-12-02T11:40:00Z"),
            trace("delivered", own, "2026-12-01T10:03:00Z"),
            trace("taken", own, "2026-12-01T10:02:00Z"),
            trace("bounced", other, "2026-12-01T10:05:00Z"),
        ];
        let told = CameBack::of(lines.iter());
        let sent = Instant::parse("2026-12-01T10:02:00Z").unwrap();
        let text = |key| told.text(key, sent, Zone::UTC);
        assert_eq!(
            text(own),
            "delivered 10:03, clicked 2026-12-02 11:40 (2 times)"
        );
        assert_eq!(text(other), "bounced 10:05");
        assert_eq!(text(Key::of(&["c"])), "");
        assert_eq!(told.object(own)[1]["times"], 2);
    }
}
