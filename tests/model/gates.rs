//! What stands between a `send` and the customer, judged at hand-over by the engine's clock.

use std::sync::Arc;

use kurant_engine::action::ActionStatus;
use kurant_engine::calendar::{Duration, Instant};
use kurant_engine::customer::Customer;
use kurant_engine::definition::{Cap, Category, Channel, Journey, OnStop, Send, Verb};
use kurant_engine::id::Key;
use kurant_engine::value::Value;

use super::calendar;
use super::evaluate::{Failed, Scene, address, consented};
use super::plan::Plan;
use super::reference::{Fallback, Model, State};
use super::taking_in::gone;

/// A message that wants to leave.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) passage: usize,
    pub(super) step: usize,
    /// Which of the passage's fallbacks it is.
    pub(super) fallback: Option<usize>,
    pub(super) planned: Instant,
    pub(super) due: Instant,
}

/// What the gates say: through this channel, later, or not at all.
enum Verdict {
    Go {
        channel: String,
        number: usize,
    },
    Later {
        until: Instant,
        reason: &'static str,
    },
    Never(&'static str),
}

impl Model<'_> {
    /// All messages that wait to be handed over.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        for (passage, own) in self.inside.iter().enumerate() {
            if let (State::Sending { planned, due, .. }, Some(step)) = (own.state, own.step) {
                messages.push(Message {
                    passage,
                    step,
                    fallback: None,
                    planned,
                    due,
                });
            }
            let timed = |(_, fallback): &(usize, &Fallback)| !fallback.only_if_bounced;
            for (number, fallback) in own.fallbacks.iter().enumerate().filter(timed) {
                let Fallback {
                    step, planned, due, ..
                } = *fallback;
                messages.push(Message {
                    passage,
                    step,
                    fallback: Some(number),
                    planned,
                    due,
                });
            }
        }
        messages
    }

    /// Hands over all that is due, highest priority first. Whether there was anything.
    pub(super) fn hand_over(&mut self) -> bool {
        let mut any = false;
        loop {
            let mut due = self.messages();
            due.retain(|message| message.due <= self.wall);
            due.sort_by_key(|message| {
                let own = &self.inside[message.passage];
                (
                    u8::MAX - self.plan(own.version).version.journey.priority,
                    message.planned,
                    own.id,
                )
            });
            let Some(message) = due.first() else {
                return any;
            };
            any = true;
            self.set_now(message.due);
            self.depth = self.depth_at(message.passage);
            self.hand_over_one(message);
            self.depth = 0;
            self.follow_up();
        }
    }

    fn hand_over_one(&mut self, message: &Message) {
        let plan = self.plan(self.inside[message.passage].version);
        let Verb::Send(send) = &plan.steps[message.step].step.verb else {
            unreachable!("only a `send` has messages")
        };
        let own = &self.inside[message.passage];
        let is_over = own.expires.is_some_and(|expires| expires <= message.due);
        if own.ended.is_some() && is_over {
            return self.end(message.passage, "expired");
        }
        if self.after_a_pause(message) && self.exit_when(message.passage) {
            return;
        }
        match self.judge(&plan, message, send) {
            Err(Failed) => self.end(message.passage, "error"),
            Ok(Verdict::Go { channel, number }) => {
                self.let_go(&plan, message, send, channel, number)
            }
            Ok(Verdict::Later { until, reason }) => self.defer(&plan, message, send, until, reason),
            Ok(Verdict::Never(reason)) => self.skip(&plan, message, send, reason),
        }
    }

    /// The gates in their order.
    fn judge(&mut self, plan: &Plan, message: &Message, send: &Send) -> Result<Verdict, Failed> {
        let journey = &plan.version.journey;
        if let Some(when) = plan.steps[message.step].step.when.as_ref()
            && self.after_a_pause(message)
            && !self.holds(&self.scene_of_message(message), when)?
        {
            return Ok(Verdict::Never("condition"));
        }
        let to = match &send.to {
            Some(to) => Some(
                self.compute(&self.scene_of_message(message), to)?
                    .to_string(),
            ),
            None => None,
        };
        let own = &self.inside[message.passage];
        let fallback = message.fallback.map(|fallback| &own.fallbacks[fallback]);
        let besides = fallback.and_then(|fallback| fallback.besides.clone());
        let route = self.route(journey, send, (self.first_channel(message), besides), to);
        if gone(&self.customer) {
            return Ok(Verdict::Never("erased"));
        }
        if matches!(route, Err("suppressed")) {
            return Ok(Verdict::Never("suppressed"));
        }
        let is_over = |valid| calendar::after(valid, message.planned, self.zone()) < self.wall;
        if send.valid_for.as_ref().is_some_and(is_over) {
            return Ok(Verdict::Never("late"));
        }
        let (channel, number) = match route {
            Ok(route) => route,
            Err(reason) => return Ok(Verdict::Never(reason)),
        };
        let opted_out = |topic| self.customer.opted_out.contains(topic);
        if journey.category == Category::Marketing && journey.topic.as_ref().is_some_and(opted_out)
        {
            return Ok(Verdict::Never("opted_out"));
        }
        if let Some((until, reason)) = self.closed(journey, send) {
            return Ok(Verdict::Later { until, reason });
        }
        Ok(match (self.full(journey, &channel), &send.on_cap) {
            (None, _) => Verdict::Go { channel, number },
            (Some(until), OnStop::Defer) => Verdict::Later {
                until,
                reason: "frequency_cap",
            },
            (Some(_), _) => Verdict::Never("frequency_cap"),
        })
    }

    /// Until when quiet hours last, or the step's window stays closed.
    fn closed(&self, journey: &Journey, send: &Send) -> Option<(Instant, &'static str)> {
        let zone = self.zone();
        let wall = calendar::local(self.wall, zone);
        if let Some(quiet) = &self.definitions.workspace.quiet_hours
            && journey.category != Category::Transactional
            && calendar::inside_hours(quiet, wall.time())
        {
            return Some((calendar::quiet_until(quiet, self.wall, zone), "quiet_hours"));
        }
        let window = send.window.as_ref()?;
        (!calendar::window_open(window, wall))
            .then(|| (calendar::window_opens(window, self.wall, zone), "window"))
    }

    /// Until when a frequency cap is full.
    fn full(&self, journey: &Journey, channel: &str) -> Option<Instant> {
        let caps = &self.definitions.workspace.frequency_caps;
        caps.iter()
            .filter(|_| journey.category == Category::Marketing)
            .filter_map(|cap| self.room_again(cap, channel))
            .max()
    }

    /// A fallback, or a message that didn't leave at the instant that it was due first: what was asked then is asked again.
    fn after_a_pause(&self, message: &Message) -> bool {
        message.fallback.is_some() || self.wall > message.planned
    }

    /// A fallback sees the round in which it was first sent.
    fn scene_of_message(&self, message: &Message) -> Scene<'_> {
        let own = &self.inside[message.passage];
        let mut scene = self.scene_at(message.passage, Some(message.step));
        if let Some(fallback) = message.fallback
            && scene.round.is_some()
        {
            scene.round = own.fallbacks[fallback].rounds.last().copied();
        }
        scene
    }

    fn first_channel(&self, message: &Message) -> usize {
        message.fallback.map_or(0, |fallback| {
            self.inside[message.passage].fallbacks[fallback].next
        })
    }

    /// The first channel that reaches the customer with its place in the list; else the reason that says most.
    fn route(
        &self,
        journey: &Journey,
        send: &Send,
        (from, besides): (usize, Option<String>),
        to: Option<String>,
    ) -> Result<(String, usize), &'static str> {
        let own = match &send.channel {
            Channel::Named(name) => vec![name.clone()],
            Channel::Best => self.best(&send.template),
        };
        let mut channels: Vec<(usize, String)> = own.into_iter().map(|own| (0, own)).collect();
        channels.extend((1..).zip(send.fallback.iter().cloned()));
        let mut reasons = Vec::new();
        channels.retain(|(number, channel)| {
            *number >= from && (*number == 0 || besides.as_ref() != Some(channel))
        });
        for (number, channel) in &channels {
            let address = to
                .clone()
                .filter(|to| !to.is_empty())
                .or_else(|| address(&self.customer, channel).filter(|_| to.is_none()));
            reasons.push(match address {
                None => "unreachable",
                Some(address) if suppressed(&self.customer, channel, &address) => "suppressed",
                Some(_)
                    if journey.category == Category::Marketing
                        && !consented(&self.customer, channel) =>
                {
                    "no_consent"
                }
                Some(_) => return Ok((channel.clone(), *number)),
            });
        }
        let saying_most = ["no_consent", "suppressed", "unreachable"];
        Err(saying_most
            .into_iter()
            .find(|reason| reasons.contains(reason))
            .unwrap_or("unreachable"))
    }

    /// The preferred channel, then the workspace's in their order, of those that the template has.
    fn best(&self, template: &str) -> Vec<String> {
        let mut channels: Vec<String> = Vec::new();
        let preferred = self
            .customer
            .attributes
            .get("preferred_channel")
            .and_then(Value::as_text);
        channels.extend(preferred.map(ToOwned::to_owned));
        for channel in &self.definitions.workspace.channels {
            if !channels.contains(&channel.name) {
                channels.push(channel.name.clone());
            }
        }
        let templates = &self.definitions.templates;
        channels.retain(|channel| {
            templates
                .iter()
                .any(|own| own.name == template && own.channel == *channel)
        });
        channels
    }

    /// When a cap that is full has room again: minute by minute there would be too many to look at, so message by message.
    fn room_again(&self, cap: &Cap, channel: &str) -> Option<Instant> {
        if cap.category != Category::Marketing
            || cap.channel.as_ref().is_some_and(|only| only != channel)
        {
            return None;
        }
        let sends = self.sends.iter().filter(|(_, category, own)| {
            *category == cap.category && cap.channel.as_ref().is_none_or(|only| only == own)
        });
        let mut leaving: Vec<Instant> = sends
            .map(|(at, _, _)| self.leaves_cap(cap, *at))
            .filter(|at| *at > self.wall)
            .collect();
        leaving.sort();
        let over = leaving.len().checked_sub(cap.max as usize)?;
        leaving.get(over).copied()
    }

    /// Whole days are calendar days: a message of Monday counts under `7d` until Sunday's end.
    fn leaves_cap(&self, cap: &Cap, sent: Instant) -> Instant {
        let zone = self.zone();
        let after = calendar::after(&cap.per, sent, zone);
        if cap.per.days > 0 && cap.per.months + cap.per.workdays == 0 && cap.per.millis == 0 {
            let day = calendar::date(sent, zone) + chrono::TimeDelta::days(cap.per.days.into());
            return calendar::day_begins(day, zone);
        }
        after
    }

    fn message_key(&self, message: &Message, number: usize) -> Key {
        let rounds = match message.fallback {
            Some(fallback) => self.inside[message.passage].fallbacks[fallback]
                .rounds
                .clone(),
            None => self.rounds_of(message.passage),
        };
        self.key_of(message.passage, message.step, &rounds, number)
    }

    fn let_go(
        &mut self,
        plan: &Arc<Plan>,
        message: &Message,
        send: &Send,
        channel: String,
        number: usize,
    ) {
        let passage = message.passage;
        let Ok(data) = self.compute_all(&self.scene_of_message(message), &send.data) else {
            return self.end(passage, "error");
        };
        let key = self.message_key(message, self.first_channel(message));
        let mut action = self.step_line(plan, passage, message.step, "send", data);
        action.key = key;
        action.channel = Some(channel.as_str().into());
        action.template = Some(send.template.as_str().into());
        self.actions.push(action);
        let besides = match (message.fallback, &send.channel) {
            (Some(fallback), _) => self.inside[passage].fallbacks[fallback].besides.clone(),
            (None, Channel::Best) if number == 0 => Some(channel.clone()),
            _ => None,
        };
        self.sends
            .push((self.wall, plan.version.journey.category, channel));
        let (now, zone) = (self.now, self.zone());
        let own = &mut self.inside[passage];
        own.last_send = Some(now);
        own.keys.push(key);
        let mut rounds: Vec<u32> = own.rounds.iter().map(|(_, round)| *round).collect();
        if let Some(fallback) = message.fallback {
            rounds = own.fallbacks.remove(fallback).rounds;
        }
        let mut rest = number + 1..=send.fallback.len();
        let next = rest.find(|next| besides.as_ref() != Some(&send.fallback[next - 1]));
        if let Some(next) = next {
            let patience = send.fallback_after.unwrap_or(Duration::from_days(3));
            let due = calendar::after(&patience, now, zone);
            own.fallbacks.push(Fallback {
                step: message.step,
                rounds,
                key,
                next,
                besides,
                planned: due,
                due,
                only_if_bounced: send.fallback_after.is_none(),
                deferred: false,
            });
        }
        if message.fallback.is_none() {
            self.go_on(passage, plan.after(message.step));
        }
    }

    fn defer(&mut self, plan: &Plan, message: &Message, send: &Send, until: Instant, reason: &str) {
        let line = match message.fallback {
            Some(fallback) => self.fallback_line(
                plan,
                message.passage,
                fallback,
                ActionStatus::Deferred,
                reason,
            ),
            None => self.not_sent(plan, message, send, ActionStatus::Deferred, reason),
        };
        let own = &mut self.inside[message.passage];
        if let Some(fallback) = message.fallback {
            let fallback = &mut own.fallbacks[fallback];
            fallback.due = until;
            if !std::mem::replace(&mut fallback.deferred, true) {
                self.actions.push(line);
            }
            return;
        }
        let State::Sending {
            planned, deferred, ..
        } = own.state
        else {
            return;
        };
        own.state = State::Sending {
            planned,
            due: until,
            deferred: true,
        };
        if !deferred {
            self.actions.push(line);
        }
    }

    /// The line of a fallback that doesn't leave, or not yet.
    fn fallback_line(
        &self,
        plan: &Plan,
        passage: usize,
        fallback: usize,
        status: ActionStatus,
        reason: &str,
    ) -> kurant_engine::action::Action {
        let own = &self.inside[passage].fallbacks[fallback];
        let Verb::Send(send) = &plan.steps[own.step].step.verb else {
            unreachable!("only a `send` has fallbacks")
        };
        let mut action = self.step_line(plan, passage, own.step, "send", Default::default());
        action.key = self.key_of(passage, own.step, &own.rounds, own.next);
        action.status = status;
        action.reason = Some(reason.into());
        action.template = Some(send.template.as_str().into());
        action.channel = send.fallback.get(own.next - 1).map(Into::into);
        action
    }

    /// A fallback is not wanted any more; if it was deferred, that is told.
    pub(super) fn drop_fallback(&mut self, passage: usize, fallback: usize, reason: &str) {
        let plan = self.plan(self.inside[passage].version);
        if self.inside[passage].fallbacks[fallback].deferred {
            let line = self.fallback_line(&plan, passage, fallback, ActionStatus::Skipped, reason);
            self.actions.push(line);
        }
        self.inside[passage].fallbacks.remove(fallback);
    }

    /// Cancels whatever of a passage is not handed over; what was deferred is told.
    pub(super) fn cancel(&mut self, passage: usize) {
        let plan = self.plan(self.inside[passage].version);
        let own = &self.inside[passage];
        if let (State::Sending { deferred: true, .. }, Some(step)) = (own.state, own.step) {
            let Verb::Send(send) = &plan.steps[step].step.verb else {
                unreachable!("only a `send` is deferred")
            };
            let message = Message {
                passage,
                step,
                fallback: None,
                planned: self.now,
                due: self.now,
            };
            let line = self.not_sent(&plan, &message, send, ActionStatus::Skipped, "ended");
            self.actions.push(line);
        }
        while !self.inside[passage].fallbacks.is_empty() {
            self.drop_fallback(passage, 0, "ended");
        }
    }

    fn skip(&mut self, plan: &Plan, message: &Message, send: &Send, reason: &str) {
        if let Some(fallback) = message.fallback {
            let skipped = ActionStatus::Skipped;
            let line = self.fallback_line(plan, message.passage, fallback, skipped, reason);
            self.actions.push(line);
            self.inside[message.passage].fallbacks.remove(fallback);
            return;
        }
        let action = self.not_sent(plan, message, send, ActionStatus::Skipped, reason);
        self.actions.push(action);
        let next = match (reason, &send.on_late, &send.on_cap) {
            ("late", OnStop::Steps(_), _) => plan.enter(message.step, "on_late"),
            ("frequency_cap", _, OnStop::Steps(_)) => plan.enter(message.step, "on_cap"),
            _ => plan.after(message.step),
        };
        self.go_on(message.passage, next);
    }

    fn not_sent(
        &self,
        plan: &Plan,
        message: &Message,
        send: &Send,
        status: ActionStatus,
        reason: &str,
    ) -> kurant_engine::action::Action {
        let mut action = self.step_line(
            plan,
            message.passage,
            message.step,
            "send",
            kurant_engine::map::Map::new(),
        );
        action.status = status;
        action.reason = Some(reason.into());
        action.template = Some(send.template.as_str().into());
        if let Channel::Named(channel) = &send.channel {
            action.channel = Some(channel.as_str().into());
        }
        action
    }
}

/// Whether a message to this address bounced once.
pub(super) fn suppressed(customer: &Customer, channel: &str, address: &str) -> bool {
    let suppressed = &customer.suppressed;
    suppressed
        .iter()
        .any(|own| own.channel == *channel && own.address == *address)
}
