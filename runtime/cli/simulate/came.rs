//! Which types of events came, and what that says of journeys that nobody entered.

use kurant_engine::definition::{Journey, Schema, TriggerKind, Undeclared};

use crate::kinds;

/// The types that came, each with how often: at all, and since the run began.
#[derive(Debug, Default)]
pub(super) struct Came {
    kinds: Vec<(String, u64, u64)>,
}

impl Came {
    /// Counts an event, which is only remembered when it happened before the run.
    pub(super) fn count(&mut self, kind: &str, is_within: bool) {
        let within = u64::from(is_within);
        // They are few, and asked for once an event: looking through them makes no texts.
        match self.kinds.iter_mut().find(|(own, _, _)| own == kind) {
            Some((_, all, since)) => {
                *all += 1;
                *since += within;
            }
            None => self.kinds.push((kind.to_owned(), 1, within)),
        }
    }

    /// Tells of types that no schema declares, with what was probably meant.
    pub(super) fn tell_undeclared(&self, schema: &Schema) {
        let kinds = self.kinds.iter();
        for (kind, all, _) in kinds.filter(|(kind, _, _)| !schema.events.contains_key(kind)) {
            let name = Undeclared::Type(kind.clone());
            eprintln!("{}", kinds::told(&name, *all, schema));
        }
    }

    fn within(&self, kind: &str) -> u64 {
        let mut kinds = self.kinds.iter();
        let found = kinds.find(|(own, _, _)| own == kind);
        found.map_or(0, |(_, _, within)| *within)
    }
}

/// A journey that is played.
#[derive(Debug)]
pub(super) struct Played {
    /// Its id.
    pub(super) id: String,
    /// The types of events that start it.
    starts: Vec<String>,
    /// Whether something else than an event starts it too.
    has_others: bool,
}

impl Played {
    /// What is asked of a journey.
    pub(super) fn new(journey: &Journey) -> Self {
        let triggers = journey.triggers.iter();
        let starts: Vec<String> = triggers
            .filter_map(|trigger| match &trigger.kind {
                TriggerKind::Event { event, .. } => Some(event.clone()),
                _ => None,
            })
            .collect();
        Self {
            id: journey.id.clone(),
            has_others: starts.len() < journey.triggers.len(),
            starts,
        }
    }

    /// Why nobody entered, as far as that can be told from what came; none when something else than events starts it.
    pub(super) fn why_nobody(&self, came: &Came) -> Option<String> {
        if self.has_others {
            return None;
        }
        let starts = self.starts.iter();
        let counts: Vec<(&str, u64)> = starts.map(|kind| (&**kind, came.within(kind))).collect();
        if counts.iter().all(|(_, count)| *count == 0) {
            let names: Vec<String> = counts.iter().map(|(kind, _)| format!("`{kind}`")).collect();
            return Some(format!(
                "it starts by {}, and no such event came",
                names.join(" or ")
            ));
        }
        let counts = counts
            .iter()
            .map(|(kind, count)| format!("{count} `{kind}`"));
        let counts: Vec<String> = counts.collect();
        Some(format!(
            "{} came: its `where`, `audience`, `pilot` or `entry` let nobody in; a journey test with one of them says which",
            counts.join(" and ")
        ))
    }
}
