//! All due messages of one customer, across journeys and channels, highest priority first.

use std::cmp::Reverse;
use std::sync::Arc;

use compact_str::CompactString;

use super::gates::{CAPPED, Candidate, LATE, Verdict};
use super::{PAUSED, UNTIL_RESUMED, Work};
use crate::action::ActionStatus;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::{Node, Op};
use crate::definition::{Channel, Send};
use crate::enrollment::{Made, Place};
use crate::id::Key;
use crate::input::Effect;
use crate::map::Map;
use crate::person::Sent;
use crate::script::Frame;
use crate::value::Value;

/// How many messages of one customer one input may hand over.
const MAX_MESSAGES: usize = 1_000;

/// What decides who goes first: priority, when it was due first, the enrollment.
type Turn = (Reverse<u8>, Instant, Key);

/// A message that is due: the one an enrollment stands at, or one of its fallbacks.
#[derive(Debug, Clone, Copy)]
struct Due {
    index: usize,
    fallback: Option<usize>,
    due: Instant,
    planned: Instant,
    was_due: Instant,
}

/// A message being judged, with what belongs to it.
struct Message<'m> {
    loaded: &'m Arc<Loaded>,
    node: &'m Node,
    send: &'m Send,
    late: u32,
    capped: u32,
    due: Due,
}

impl Work<'_> {
    /// Judges and hands over every due message. What follows in the journey may make more of them.
    pub(crate) fn hand_over(&mut self) {
        for _ in 0..MAX_MESSAGES {
            let Some(due) = self.next_message() else {
                return;
            };
            self.set_now(due.due);
            if due.due == due.planned {
                self.was_due = due.was_due;
            }
            self.depth = self.depth_at(due.index);
            self.hand_over_one(due);
            self.depth = 0;
            self.follow_up();
        }
    }

    /// The due message that goes first: by priority, then the one that was due first, then by enrollment.
    fn next_message(&self) -> Option<Due> {
        let mut first: Option<(Turn, Due)> = None;
        for (index, enrollment) in self.person.enrollments.iter().enumerate() {
            if enrollment
                .hand_over_due()
                .is_none_or(|due| due > self.clock)
            {
                continue;
            }
            let priority = self
                .catalog
                .version(enrollment.version)
                .map_or(0, |loaded| loaded.journey().priority);
            let own = match enrollment.place {
                Place::Sending {
                    planned,
                    due,
                    was_due,
                    ..
                } => Some(Due {
                    index,
                    fallback: None,
                    due,
                    planned,
                    was_due,
                }),
                _ => None,
            };
            let fallbacks = enrollment
                .fallbacks
                .iter()
                .enumerate()
                .filter(|(_, fallback)| !fallback.only_if_bounced)
                .map(|(number, fallback)| Due {
                    index,
                    fallback: Some(number),
                    due: fallback.due,
                    planned: fallback.planned,
                    was_due: fallback.was_due,
                });
            for due in own
                .into_iter()
                .chain(fallbacks)
                .filter(|message| message.due <= self.clock)
            {
                let order = (Reverse(priority), due.planned, enrollment.id);
                if first.as_ref().is_none_or(|(best, _)| order < *best) {
                    first = Some((order, due));
                }
            }
        }
        first.map(|(_, due)| due)
    }

    fn hand_over_one(&mut self, due: Due) {
        let Some(loaded) = self.loaded_of(due.index) else {
            self.leave(due.index, "error");
            return;
        };
        let enrollment = &self.person.enrollments[due.index];
        let expired = enrollment.expires.is_some_and(|expires| expires <= due.due);
        if expired && !enrollment.is_active() {
            self.end(due.index, "expired");
            return;
        }
        if self.comes_after_a_pause(&due) && self.exit_when(&loaded, due.index) {
            return;
        }
        let enrollment = &self.person.enrollments[due.index];
        let number = match (due.fallback, &enrollment.place) {
            (Some(fallback), _) => enrollment.fallbacks[fallback].node,
            (None, Place::Sending { node, .. }) => *node,
            (None, _) => return,
        };
        let Some(node) = loaded.program.node(number) else {
            return;
        };
        let Op::Send { send, late, capped } = &node.op else {
            return;
        };
        let message = Message {
            loaded: &loaded,
            node,
            send,
            late: *late,
            capped: *capped,
            due,
        };
        if self.is_paused(due.index) {
            self.defer(&message, number, UNTIL_RESUMED, PAUSED);
            return;
        }
        match self.verdict(&message, number) {
            Some(Verdict::Go(route)) if self.catalog.paused().channel(&route.channel).is_some() => {
                self.defer(&message, number, UNTIL_RESUMED, PAUSED);
            }
            Some(Verdict::Go(route)) => self.let_go(&message, number, route),
            Some(Verdict::Defer { until, reason }) => self.defer(&message, number, until, reason),
            Some(Verdict::Stop(reason)) => self.skip(&message, number, reason),
            None => {}
        }
    }

    /// What the gates say; none when a script failed and the enrollment has ended.
    fn verdict(&mut self, message: &Message<'_>, number: u32) -> Option<Verdict> {
        let index = message.due.index;
        if self.comes_after_a_pause(&message.due)
            && let Some(when) = &message.node.when
        {
            let frame = self.frame_of_message(message, number);
            match self.holds(message.loaded, when, &frame) {
                Ok(true) => {}
                Ok(false) => return Some(Verdict::Stop("condition")),
                Err(error) => return self.fail(message.loaded, index, &when.place, &error),
            }
        }
        let to = match &message.send.to {
            None => None,
            Some(to) => {
                let frame = self.frame_of_message(message, number);
                match self.compute(message.loaded.scripts(), to, &frame) {
                    Ok(value) => Some(value.to_string()),
                    Err(error) => {
                        return self.fail(message.loaded, index, &message.node.path, &error);
                    }
                }
            }
        };
        let from = self.tried(&message.due);
        let fallback = message.due.fallback;
        let fallback = fallback.map(|fallback| &self.person.enrollments[index].fallbacks[fallback]);
        let besides = fallback.and_then(|fallback| fallback.besides.clone());
        let journey = message.loaded.journey();
        Some(self.judge(&Candidate {
            journey,
            send: message.send,
            planned: message.due.planned,
            from,
            besides,
            to,
        }))
    }

    fn let_go(&mut self, message: &Message<'_>, number: u32, route: super::gates::Route) {
        let index = message.due.index;
        let frame = self.frame_of_message(message, number);
        let data = match self.compute_fields(message.loaded.scripts(), &message.send.data, &frame) {
            Ok(data) => data,
            Err(error) => {
                self.fail::<()>(message.loaded, index, &message.node.path, &error);
                return;
            }
        };
        let rounds = self.rounds_of(&message.due);
        let key = self.message_key(&message.due, number);
        let besides = self.besides(message, &route);
        let valid_until = self.worth_sending_until(message.send, message.due.planned);
        // However long it was put off: what follows it in the journey was due only then.
        let goes_on = std::mem::replace(&mut self.was_due, message.due.was_due);
        let category = message.loaded.journey().category;
        self.command(index, message.node, key, |work| Effect::Send {
            channel: route.channel.clone(),
            to: route.to,
            template: message.send.template.clone(),
            valid_until,
            context: work.context(index, &frame, &data),
            category,
        });
        let mut action = self.action(index, message.node, key, "send", data);
        action.channel = Some(route.channel.as_str().into());
        action.template = Some(message.send.template.as_str().into());
        self.changes.actions.push(action);
        self.person.sends.reserve_exact(1);
        self.person.sends.push(Sent {
            at: self.clock,
            category,
            channel: route.channel.as_str().into(),
        });
        let now = self.now;
        let enrollment = &mut self.person.enrollments[index];
        enrollment.last_send = Some(now);
        let channel = Some(route.channel.into());
        let node = Some(number);
        enrollment.made.push(Made { key, channel, node });
        if let Some(fallback) = message.due.fallback {
            // Should the message before it wait to be handed over still, it must not follow.
            let before = enrollment.fallbacks.remove(fallback).key;
            self.changes.withdrawn.push(before);
        }
        let sent = (key, route.number);
        self.expect_delivery(index, number, rounds, message.send, sent, besides);
        self.was_due = goes_on;
        if message.due.fallback.is_none() {
            self.go_on(message.loaded, index, message.node.next);
        }
    }

    /// Whether something may have changed since the step was reached: what it asked then, it asks again.
    fn comes_after_a_pause(&self, due: &Due) -> bool {
        due.fallback.is_some() || self.clock > due.planned
    }

    /// What the scripts of a message see. A fallback belongs to the round in which it was first sent.
    fn frame_of_message(&self, message: &Message<'_>, number: u32) -> Frame {
        let mut frame = self.frame_of_node(message.loaded, message.due.index, number);
        if message.due.fallback.is_some() && !message.node.repeats.is_empty() {
            frame.round = self.rounds_of(&message.due).last().copied();
        }
        frame
    }

    /// The rounds of the repeats around a message: for a fallback those in which it was first sent.
    fn rounds_of(&self, due: &Due) -> Vec<u32> {
        match due.fallback {
            Some(fallback) => self.person.enrollments[due.index].fallbacks[fallback]
                .rounds
                .clone(),
            None => self.rounds(due.index),
        }
    }

    /// Which channel of the step's list a message tries first: 0 is the step's own.
    fn tried(&self, due: &Due) -> u32 {
        due.fallback.map_or(0, |fallback| {
            self.person.enrollments[due.index].fallbacks[fallback].next
        })
    }

    /// The channel that `best` was, which no fallback of the message needs to be.
    fn besides(&self, message: &Message<'_>, route: &super::gates::Route) -> Option<CompactString> {
        match (message.due.fallback, &message.send.channel) {
            (Some(fallback), _) => self.person.enrollments[message.due.index].fallbacks[fallback]
                .besides
                .clone(),
            (None, Channel::Best) if route.number == 0 => Some(route.channel.as_str().into()),
            (None, _) => None,
        }
    }

    /// The idempotency key of a message: the same when it is deferred and when that is settled, whatever channel takes it then.
    fn message_key(&self, due: &Due, number: u32) -> Key {
        self.action_key_in(due.index, number, &self.rounds_of(due), self.tried(due))
    }

    fn defer(&mut self, message: &Message<'_>, number: u32, until: Instant, reason: &str) {
        let index = message.due.index;
        let (key, tried) = (
            self.message_key(&message.due, number),
            self.tried(&message.due),
        );
        let enrollment = &mut self.person.enrollments[index];
        let first = match (message.due.fallback, &mut enrollment.place) {
            (Some(fallback), _) => {
                let fallback = &mut enrollment.fallbacks[fallback];
                fallback.due = until;
                !std::mem::replace(&mut fallback.deferred, true)
            }
            (None, Place::Sending { due, deferred, .. }) => {
                *due = until;
                deferred.replace(reason.to_owned()).is_none()
            }
            (None, _) => return,
        };
        if first {
            let line = (key, ActionStatus::Deferred, reason);
            let action = self.not_sent(index, message.node, message.send, tried, line);
            self.changes.actions.push(action);
        } else {
            let mut values = Map::new();
            values.insert("until", Value::Instant(until));
            self.trace_at(
                message.loaded,
                index,
                Some(number),
                "deferred",
                Some(reason),
                values,
            );
        }
    }

    fn skip(&mut self, message: &Message<'_>, number: u32, reason: &str) {
        let index = message.due.index;
        let (key, tried) = (
            self.message_key(&message.due, number),
            self.tried(&message.due),
        );
        let line = (key, ActionStatus::Skipped, reason);
        let action = self.not_sent(index, message.node, message.send, tried, line);
        self.changes.actions.push(action);
        if let Some(fallback) = message.due.fallback {
            self.person.enrollments[index].fallbacks.remove(fallback);
            return;
        }
        let next = match reason {
            LATE => message.late,
            CAPPED => message.capped,
            _ => message.node.next,
        };
        self.go_on(message.loaded, index, next);
    }
}
