//! The messages that a customer was sent last, and what became of each.

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Zone;
use kurant_store::Entry;
use serde_json::{Value as Json, json};

use super::show::{clock, indented, table};
use crate::came_back::CameBack;
use crate::hand_over::{HandOver, HandOvers};

/// How many are shown.
const SHOWN: usize = 10;

/// Messages, latest first.
pub(super) struct Messages {
    sent: Vec<Action>,
    came_back: CameBack,
}

impl Messages {
    /// Those that these entries of the log tell of, latest first.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let actions = entries.iter().flat_map(|entry| entry.actions.iter().rev());
        let is_sent = |own: &&Action| own.action == "send" && own.status == ActionStatus::Sent;
        Self {
            sent: actions.filter(is_sent).take(SHOWN).cloned().collect(),
            came_back: CameBack::of(entries.iter().flat_map(|entry| &entry.traces)),
        }
    }

    /// For people; instants on a clock.
    pub(super) fn text(&self, hand_overs: &HandOvers, zone: Zone) -> String {
        if self.sent.is_empty() {
            return "\nMessages: none\n".to_owned();
        }
        let mut table = table(["sent", "journey", "step", "channel", "what became of it"]);
        for own in &self.sent {
            let state = hand_overs.get(own).map(|own| own.text(zone));
            let came_back = self.came_back.text(own.key, own.at, zone);
            let fate = state
                .into_iter()
                .chain((!came_back.is_empty()).then_some(came_back));
            table.add_row([
                clock(own.at, zone),
                own.journey.to_string(),
                own.step.as_deref().unwrap_or("-").to_owned(),
                own.channel.as_deref().unwrap_or("-").to_owned(),
                fate.collect::<Vec<_>>().join(", "),
            ]);
        }
        format!("\nMessages:\n{}", indented(&table))
    }

    /// For programs.
    pub(super) fn objects(&self, hand_overs: &HandOvers) -> Vec<Json> {
        let sent = self.sent.iter().map(|own| {
            json!({
                "at": own.at, "journey": own.journey, "step": own.step, "channel": own.channel,
                "template": own.template, "key": own.key,
                "hand_over": hand_overs.get(own).map(HandOver::object),
                "came_back": self.came_back.object(own.key),
            })
        });
        sent.collect()
    }
}
