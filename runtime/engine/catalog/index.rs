//! Finds what an input concerns without asking every journey.

use std::collections::HashMap;
use std::sync::Arc;

use super::Loaded;
use crate::definition::{Definitions, TriggerKind};

/// A current journey's number in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(pub(crate) usize);

/// One trigger of a current journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TriggerAt {
    pub(crate) journey: Place,
    pub(crate) trigger: usize,
}

/// Triggers and profile updates, by what concerns them.
pub(crate) struct Index {
    /// By event type, in the order of journeys.
    pub(crate) events: HashMap<String, Vec<TriggerAt>>,
    /// Profile updates by event type, in file order.
    pub(crate) updates: HashMap<String, Vec<usize>>,
    /// Date and inactivity triggers, by attribute.
    pub(crate) anchors: Vec<(String, Vec<TriggerAt>)>,
    /// `enters` and `leaves` triggers, with the segment's name and whether they wait for entering.
    pub(crate) segments: Vec<(String, bool, TriggerAt)>,
    /// Schedule triggers.
    pub(crate) schedules: Vec<TriggerAt>,
}

impl Index {
    pub(crate) fn new(definitions: &Definitions, current: &[Arc<Loaded>]) -> Self {
        let mut index = Self {
            events: HashMap::new(),
            updates: HashMap::new(),
            anchors: Vec::new(),
            segments: Vec::new(),
            schedules: Vec::new(),
        };
        for (number, update) in definitions.profile.iter().enumerate() {
            index
                .updates
                .entry(update.event.clone())
                .or_default()
                .push(number);
        }
        for (journey, loaded) in current.iter().enumerate() {
            for (trigger, declared) in loaded.journey().triggers.iter().enumerate() {
                index.add(
                    &declared.kind,
                    TriggerAt {
                        journey: Place(journey),
                        trigger,
                    },
                );
            }
        }
        index
    }

    fn add(&mut self, kind: &TriggerKind, at: TriggerAt) {
        match kind {
            TriggerKind::Event { event, .. } => {
                self.events.entry(event.clone()).or_default().push(at)
            }
            TriggerKind::Date { of: attribute, .. }
            | TriggerKind::Inactive {
                since: attribute, ..
            } => match self.anchors.iter_mut().find(|(name, _)| name == attribute) {
                Some((_, triggers)) => triggers.push(at),
                None => self.anchors.push((attribute.clone(), vec![at])),
            },
            TriggerKind::Enters { segment } => self.segments.push((segment.clone(), true, at)),
            TriggerKind::Leaves { segment } => self.segments.push((segment.clone(), false, at)),
            TriggerKind::Schedule { .. } => self.schedules.push(at),
            TriggerKind::Manual => {}
        }
    }
}
