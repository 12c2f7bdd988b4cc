//! Other channels that wait in case that a message doesn't arrive, and what becomes of messages that never leave.

use compact_str::CompactString;

use super::Work;
use crate::action::{Action, ActionStatus};
use crate::calendar::{Duration, Instant};
use crate::catalog::Loaded;
use crate::catalog::program::{Node, Op};
use crate::definition::{Channel, Send};
use crate::enrollment::{Fallback, Place};
use crate::event::Event;
use crate::id::Key;
use crate::map::Map;

/// How long after a message without `fallback_after` a bounce still lets its fallback be tried: after that it would only
/// puzzle.
const BOUNCES_WITHIN: Duration = Duration::from_days(3);

/// Why a message that was deferred never left: its enrollment ended first.
const ENDED: &str = "ended";
/// Why a fallback that was deferred never left: the message arrived after all.
const DELIVERED: &str = "delivered";

/// What feedback says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrived,
    Bounced,
}

impl Work<'_> {
    /// Lets another channel wait for what becomes of a message that was just handed over, if the step names one.
    pub(super) fn expect_delivery(
        &mut self,
        index: usize,
        node: u32,
        rounds: Vec<u32>,
        send: &Send,
        (key, number): (Key, u32),
        besides: Option<CompactString>,
    ) {
        let was_due = self.was_due;
        let rest = (number + 1..).zip(send.fallback.iter().skip(number as usize));
        let other = |(_, name): &(u32, &String)| besides.as_deref() != Some(name.as_str());
        let Some((next, _)) = rest.into_iter().find(other) else {
            return;
        };
        let patience = send.fallback_after.unwrap_or(BOUNCES_WITHIN);
        let due = patience.after(self.now, self.zone);
        let fallbacks = &mut self.person.enrollments[index].fallbacks;
        fallbacks.reserve_exact(1);
        fallbacks.push(Fallback {
            node,
            rounds,
            key,
            next,
            besides,
            was_due,
            planned: due,
            due,
            only_if_bounced: send.fallback_after.is_none(),
            deferred: false,
        });
    }

    /// Feedback on a message of this enrollment: one that arrived needs no fallback, one that bounced needs it at once.
    pub(super) fn learn_fate(&mut self, index: usize, event: &Event) {
        let fate = match &*event.kind {
            "message.delivered" | "message.opened" | "message.clicked" | "message.replied" => {
                Fate::Arrived
            }
            "message.bounced" => Fate::Bounced,
            _ => return,
        };
        let Some(key) = event.answers().and_then(|key| key.parse().ok()) else {
            return;
        };
        let fallbacks = &self.person.enrollments[index].fallbacks;
        let own = fallbacks.iter().position(|own| own.key == key);
        // A message that another one stood in for already may arrive all the same: then nobody else has to.
        let place = match fate {
            Fate::Arrived => own.or_else(|| self.stood_in_for(index, key)),
            Fate::Bounced => own,
        };
        let Some(place) = place else {
            return;
        };
        if fate == Fate::Arrived {
            let fallback = self.person.enrollments[index].fallbacks.remove(place);
            if fallback.key != key {
                // Should the one that stands in for it wait to be handed over still, it is not needed any more.
                self.changes.withdrawn.push(fallback.key);
            }
            if let Some(loaded) = self.loaded_of(index) {
                self.give_up(&loaded, index, &fallback, DELIVERED, DELIVERED);
            }
            self.moves(|| "fallback not needed".to_owned());
            return;
        }
        self.moves(|| "fallback at once".to_owned());
        self.hurry(index, place);
    }

    /// The place of the fallback that waits behind the one that stood in for this message.
    fn stood_in_for(&self, index: usize, key: Key) -> Option<usize> {
        let mut fallbacks = self.person.enrollments[index].fallbacks.iter();
        fallbacks.position(|own| {
            let before = 0..own.next;
            before
                .into_iter()
                .any(|tried| self.action_key_in(index, own.node, &own.rounds, tried) == key)
        })
    }

    /// A message was given up on its way out.
    pub(super) fn gave_up(&mut self, key: Key) {
        self.set_now(self.clock);
        let places: Vec<(usize, usize)> = (0..)
            .zip(&self.person.enrollments)
            .filter_map(|(index, enrollment)| {
                let mut fallbacks = enrollment.fallbacks.iter();
                Some((index, fallbacks.position(|own| own.key == key)?))
            })
            .collect();
        for (index, place) in places {
            self.hurry(index, place);
        }
    }

    /// A message will not arrive: its fallback is due at once, unless that was to be by now.
    fn hurry(&mut self, index: usize, place: usize) {
        let fallback = &mut self.person.enrollments[index].fallbacks[place];
        let too_late = fallback.only_if_bounced && fallback.due < self.clock;
        if too_late || fallback.due <= self.now || fallback.deferred {
            return;
        }
        fallback.only_if_bounced = false;
        fallback.planned = self.now;
        fallback.due = self.now;
    }

    /// Cancels all of an enrollment that is not handed over. What was deferred gets the line that settles it.
    pub(super) fn cancel(&mut self, index: usize, why: &str) {
        let enrollment = &mut self.person.enrollments[index];
        let fallbacks = std::mem::take(&mut enrollment.fallbacks);
        let own = match enrollment.place {
            Place::Sending {
                node,
                deferred: Some(_),
                ..
            } => Some(node),
            _ => None,
        };
        if own.is_none() && fallbacks.is_empty() {
            return;
        }
        let Some(loaded) = self.loaded_of(index) else {
            return;
        };
        if let Some(number) = own {
            let key = self.action_key(index, number, 0);
            self.settle(&loaded, index, (number, 0), key, ENDED);
        }
        for fallback in fallbacks {
            self.give_up(&loaded, index, &fallback, ENDED, why);
        }
    }

    /// A fallback is not needed, or not wanted, any more.
    fn give_up(
        &mut self,
        loaded: &Loaded,
        index: usize,
        fallback: &Fallback,
        reason: &str,
        why: &str,
    ) {
        let Fallback {
            node, next, rounds, ..
        } = fallback;
        if fallback.deferred {
            let key = self.action_key_in(index, *node, rounds, *next);
            self.settle(loaded, index, (*node, *next), key, reason);
        } else if !fallback.only_if_bounced {
            let what = "fallback_cancelled";
            self.trace_at(loaded, index, Some(*node), what, Some(why), Map::new());
        }
    }

    /// The second line of a message that was deferred and never left.
    pub(super) fn settle(
        &mut self,
        loaded: &Loaded,
        index: usize,
        (number, tried): (u32, u32),
        key: Key,
        reason: &str,
    ) {
        let Some(node) = loaded.program.node(number) else {
            return;
        };
        if let Op::Send { send, .. } = &node.op {
            let skipped = ActionStatus::Skipped;
            let action = self.not_sent(index, node, send, tried, (key, skipped, reason));
            self.changes.actions.push(action);
        }
    }

    /// The line of a message that doesn't leave, or not yet; of the fallback with this number, 0 for the step's own channel.
    pub(super) fn not_sent(
        &self,
        index: usize,
        node: &Node,
        send: &Send,
        tried: u32,
        (key, status, reason): (Key, ActionStatus, &str),
    ) -> Action {
        let mut action = self.action(index, node, key, "send", Map::new());
        action.channel = match (&send.channel, tried.checked_sub(1)) {
            (_, Some(fallback)) => send
                .fallback
                .get(fallback as usize)
                .map(CompactString::from),
            (Channel::Named(name), None) => Some(name.as_str().into()),
            (Channel::Best, None) => None,
        };
        action.template = Some(send.template.as_str().into());
        action.status = status;
        action.reason = Some(reason.into());
        action
    }
}

/// Whether a fallback may still be tried.
pub(super) fn is_open(fallback: &Fallback, clock: Instant) -> bool {
    !fallback.only_if_bounced || fallback.due >= clock
}
