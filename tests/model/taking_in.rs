//! An event is taken in: profile, consent, exits, goal, waits, triggers. And what follows from a changed profile.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::customer::{Consent, Customer, Suppressed};
use kurant_engine::definition::{Computed, Exit, TriggerKind, Verb};
use kurant_engine::enrollment::Started;
use kurant_engine::event::Event;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::calendar;
use super::evaluate::{Failed, Scene, address};
use super::gates::suppressed;
use super::reference::{Fallback, Model, State, Visitor, started};

/// Whether somebody was erased, and has given no consent since.
pub(super) fn gone(customer: &Customer) -> bool {
    let Some(erased) = customer.erased else {
        return false;
    };
    customer.consents.iter().all(|own| own.at <= erased)
}

impl Model<'_> {
    pub(super) fn take_in(&mut self, event: &Arc<Event>) {
        self.set_now(event.time);
        self.cause = Some(event.identity().to_string());
        if self.is_of_the_gone(event) {
            return;
        }
        self.know_segments();
        let (before, erased) = (self.customer.clone(), &*event.kind == "customer.erased");
        let changed = self.update_profile(event);
        if &*event.kind == "customer.updated" && !changed {
            return;
        }
        self.history.push(event.clone());
        if erased {
            self.apply_profile_yaml(event);
        } else {
            let after = std::mem::replace(&mut self.customer, before);
            let values = self.profile_yaml(event);
            self.customer = after;
            values.into_iter().for_each(|(name, value)| {
                self.set_attribute(&name, value);
            });
        }
        let inside = self.inside.len();
        let going: Vec<bool> = self.inside.iter().map(|own| own.ended.is_none()).collect();
        (0..inside).for_each(|passage| self.exits(passage, event));
        (0..inside).for_each(|passage| self.goal(passage, going[passage], event));
        (0..inside).for_each(|passage| self.answer(passage, event));
        self.triggers(event);
    }

    /// Whether it is about somebody who was erased: of the time before, or without a consent given since.
    fn is_of_the_gone(&self, event: &Event) -> bool {
        let Some(erased) = self.customer.erased else {
            return false;
        };
        let gives = &*event.kind == "consent.changed"
            && event.data.get("granted") == Some(&Value::Bool(true));
        let may_come_back = gives || &*event.kind == "customer.erased";
        event.time <= erased || (gone(&self.customer) && !may_come_back)
    }

    fn update_profile(&mut self, event: &Event) -> bool {
        let mut changed = self.merge(&event.attributes, event.time);
        match &*event.kind {
            "customer.created" | "customer.updated" => {
                changed |= self.merge(&event.data, event.time);
            }
            "consent.changed" => {
                let granted = event.data.get("granted") == Some(&Value::Bool(true));
                self.change_consent(event, granted);
            }
            "message.unsubscribed" => self.change_consent(event, false),
            "message.bounced" => self.suppress(event),
            "customer.erased" => {
                self.erase(event.time);
                changed = true;
            }
            _ => {}
        }
        changed
    }

    fn erase(&mut self, at: Instant) {
        (0..self.inside.len()).for_each(|passage| self.end(passage, "erased"));
        self.inside.clear();
        self.entries.clear();
        self.queue.clear();
        self.sends.clear();
        self.history.clear();
        self.members.clear();
        self.customer = kurant_engine::customer::Customer::new(self.customer.id.clone());
        self.customer.erased = Some(at);
        self.known = Map::new();
        self.silent = true;
    }

    /// A message bounced: its channel doesn't reach that address.
    fn suppress(&mut self, event: &Event) {
        let channel = event.data.get("channel").and_then(Value::as_text);
        let Some(channel) = channel else { return };
        if let Some(address) = address(&self.customer, channel)
            && !suppressed(&self.customer, channel, &address)
        {
            let channel = channel.into();
            self.customer
                .suppressed
                .push(Suppressed { channel, address });
        }
    }

    pub(super) fn merge(&mut self, attributes: &Map, at: Instant) -> bool {
        let mut changed = false;
        for (name, value) in attributes.iter().filter(|(name, _)| *name != "id") {
            changed |= match (name, value) {
                ("consents", Value::Map(consents)) => self.merge_consents(consents, at),
                ("topics", Value::Map(topics)) => self.merge_topics(topics),
                _ => self.set_attribute(name, value.clone()),
            };
        }
        changed
    }

    /// A snapshot never gives a withdrawn consent again; what it withdraws is withdrawn from its own time on.
    fn merge_consents(&mut self, consents: &Map, at: Instant) -> bool {
        let before = self.customer.consents.clone();
        for (channel, value) in consents.iter() {
            let granted = *value == Value::Bool(true);
            match self
                .customer
                .consents
                .iter_mut()
                .find(|own| own.channel == channel)
            {
                Some(own) if own.granted && !granted => {
                    own.granted = false;
                    own.at = own.at.max(at);
                }
                Some(_) => {}
                None => self.customer.consents.push(Consent {
                    channel: channel.into(),
                    granted,
                    at: if granted { Instant::MIN } else { at },
                }),
            }
        }
        self.customer.consents != before
    }

    fn merge_topics(&mut self, topics: &Map) -> bool {
        let before = self.customer.opted_out.clone();
        for (topic, wanted) in topics.iter() {
            self.customer.opted_out.retain(|own| own != topic);
            if *wanted == Value::Bool(false) {
                self.customer.opted_out.push(topic.to_owned());
            }
        }
        self.customer.opted_out != before
    }

    /// The later word holds; of two at one instant the "no".
    fn change_consent(&mut self, event: &Event, granted: bool) {
        let Some(channel) = event
            .data
            .get("channel")
            .and_then(Value::as_text)
            .map(ToOwned::to_owned)
        else {
            return;
        };
        match self
            .customer
            .consents
            .iter_mut()
            .find(|own| own.channel == channel)
        {
            None => self.customer.consents.push(Consent {
                channel: channel.into(),
                granted,
                at: event.time,
            }),
            Some(own) if event.time > own.at || (event.time == own.at && !granted) => {
                own.granted = granted;
                own.at = event.time;
            }
            Some(_) => {}
        }
    }

    pub(super) fn set_attribute(&mut self, name: &str, value: Value) -> bool {
        let before = self
            .customer
            .attributes
            .get(name)
            .cloned()
            .unwrap_or_default();
        if value.is_null() {
            self.customer.attributes.remove(name);
        } else {
            self.customer.attributes.insert(name, value.clone());
        }
        before != value
    }

    fn apply_profile_yaml(&mut self, event: &Arc<Event>) {
        for (name, value) in self.profile_yaml(event) {
            self.set_attribute(&name, value);
        }
    }

    /// All entries read the profile as it was; one that fails leaves its attribute alone.
    fn profile_yaml(&self, event: &Arc<Event>) -> Vec<(String, Value)> {
        let scene = self.scene(None, Some(event.clone()));
        let mut values = Vec::new();
        for update in self
            .definitions
            .profile
            .iter()
            .filter(|update| update.event == *event.kind)
        {
            for (name, computed) in &update.set {
                if let Ok(value) = self.compute(&scene, computed) {
                    values.push((name.clone(), value));
                }
            }
        }
        values
    }

    pub(super) fn compute(&self, scene: &Scene<'_>, computed: &Computed) -> Result<Value, Failed> {
        Ok(match computed {
            Computed::Literal(value) => value.clone(),
            Computed::Expression(script) => scene.value(self.meanings.of(script))?,
            Computed::List(list) => Value::List(
                list.iter()
                    .map(|one| self.compute(scene, one))
                    .collect::<Result<_, _>>()?,
            ),
            Computed::Map(fields) => Value::Map(self.compute_all(scene, fields)?),
        })
    }

    pub(super) fn compute_all(
        &self,
        scene: &Scene<'_>,
        fields: &[(String, Computed)],
    ) -> Result<Map, Failed> {
        let values = fields
            .iter()
            .map(|(name, value)| Ok((name.as_str(), self.compute(scene, value)?)));
        values.collect()
    }

    /// Feedback counts only for the passage whose message or task it answers.
    fn is_own(&self, passage: usize, event: &Event) -> bool {
        let feedback = event.kind.starts_with("message.") || &*event.kind == "task.done";
        let key = event
            .data
            .get("key")
            .and_then(Value::as_text)
            .unwrap_or_default();
        !feedback
            || self.inside[passage]
                .keys
                .iter()
                .any(|own| own.to_string() == key)
    }

    fn holds_with(
        &self,
        passage: usize,
        script: &kurant_engine::definition::Script,
        event: &Arc<Event>,
    ) -> Result<bool, Failed> {
        let mut scene = self.scene_of(passage);
        scene.event = Some(event.clone());
        self.holds(&scene, script)
    }

    fn exits(&mut self, passage: usize, event: &Arc<Event>) {
        let own = &self.inside[passage];
        if own.ended.is_some() && own.fallbacks.is_empty() {
            return;
        }
        let plan = self.plan(self.inside[passage].version);
        for exit in &plan.version.journey.exits {
            let Exit::Event {
                event: kind,
                filter,
                reason,
            } = exit
            else {
                continue;
            };
            if **kind != *event.kind || !self.is_own(passage, event) {
                continue;
            }
            match filter
                .as_ref()
                .map_or(Ok(true), |filter| self.holds_with(passage, filter, event))
            {
                Ok(true) => return self.end(passage, reason),
                Ok(false) => {}
                Err(Failed) => return self.end(passage, "error"),
            }
        }
        self.exit_when(passage);
    }

    /// Judges `exit: when`; whether the passage has ended.
    pub(super) fn exit_when(&mut self, passage: usize) -> bool {
        let plan = self.plan(self.inside[passage].version);
        for exit in &plan.version.journey.exits {
            let Exit::When { when, reason } = exit else {
                continue;
            };
            match self.holds_for(passage, when) {
                Ok(true) => self.end(passage, reason),
                Ok(false) => continue,
                Err(Failed) => self.end(passage, "error"),
            }
            return true;
        }
        false
    }

    /// From entry until `within` after the last send, also when it has ended; counted also when an exit wins.
    fn goal(&mut self, passage: usize, was_going: bool, event: &Arc<Event>) {
        let own = &self.inside[passage];
        let plan = self.plan(own.version);
        let Some(goal) = &plan.version.journey.goal else {
            return;
        };
        let in_time = match (&goal.within, own.last_send) {
            (Some(within), Some(last)) => event.time <= calendar::after(within, last, self.zone()),
            _ => was_going,
        };
        let from_entry = event.time >= own.started.time.min(own.entered);
        if own.goal_reached
            || goal.event != *event.kind
            || !in_time
            || !from_entry
            || !self.is_own(passage, event)
        {
            return;
        }
        let filter = goal.filter.as_ref();
        if filter.is_none_or(|filter| self.holds_with(passage, filter, event).unwrap_or(false)) {
            self.inside[passage].goal_reached = true;
            self.note("goal", self.inside[passage].id);
        }
    }

    /// An event that a `wait_for` may be waiting for; and a delivery that makes a fallback needless.
    fn answer(&mut self, passage: usize, event: &Arc<Event>) {
        self.learn_fate(passage, event);
        self.too_late(passage, event);
        let State::Listening { since, deadline } = self.inside[passage].state else {
            return;
        };
        let step = self.inside[passage]
            .step
            .expect("a passage that waits stands at a step");
        let plan = self.plan(self.inside[passage].version);
        match self.answers(passage, step, since, event) {
            Err(Failed) => self.end(passage, "error"),
            Ok(false) => {}
            Ok(true) if deadline.is_some_and(|deadline| event.time > deadline) => {
                self.note("too_late", self.inside[passage].id);
            }
            Ok(true) => {
                self.remember_answer(passage, step, event);
                self.go_on(passage, plan.enter(step, "then"));
            }
        }
    }

    /// An answer that comes after its wait was given up is told, once.
    fn too_late(&mut self, passage: usize, event: &Arc<Event>) {
        let own = &self.inside[passage];
        let mut timeouts = own.timeouts.iter().rev();
        let missed = timeouts.any(|(step, since, deadline)| {
            event.time <= *deadline && self.answers(passage, *step, *since, event).unwrap_or(false)
        });
        if missed && own.ended.is_none() {
            self.note("too_late", own.id);
        }
    }

    /// A message that arrived needs no other channel, nor does one that another stood in for; one that bounced needs it at once.
    fn learn_fate(&mut self, passage: usize, event: &Event) {
        let arrived = [
            "message.delivered",
            "message.opened",
            "message.clicked",
            "message.replied",
        ];
        let Some(key) = event.data.get("key").and_then(Value::as_text) else {
            return;
        };
        let fallbacks = &self.inside[passage].fallbacks;
        let own = fallbacks.iter().position(|own| own.key.to_string() == *key);
        let before = |own: &Fallback| {
            let mut tried = 0..own.next;
            tried.any(|tried| {
                let made = self.key_of(passage, own.step, &own.rounds, tried);
                made.to_string() == *key
            })
        };
        let late = fallbacks.iter().position(before);
        let late = late.filter(|_| arrived.contains(&&*event.kind));
        let Some(place) = own.or(late) else {
            return;
        };
        if arrived.contains(&&*event.kind) {
            self.drop_fallback(passage, place, "delivered");
        } else if &*event.kind == "message.bounced" {
            let (now, wall) = (self.now, self.wall);
            let own = &mut self.inside[passage].fallbacks[place];
            let waits = if own.only_if_bounced {
                own.due >= wall
            } else {
                own.due > now
            };
            if waits && !own.deferred && own.due > now {
                own.only_if_bounced = false;
                (own.planned, own.due) = (now, now);
            }
        }
    }

    pub(super) fn remember_answer(&mut self, passage: usize, step: usize, event: &Arc<Event>) {
        let answered = &mut self.inside[passage].answered;
        answered.retain(|(own, _)| *own != step);
        answered.push((step, event.clone()));
    }

    /// Whether an event is what a `wait_for` waits for.
    pub(super) fn answers(
        &self,
        passage: usize,
        step: usize,
        since: Instant,
        event: &Arc<Event>,
    ) -> Result<bool, Failed> {
        let plan = self.plan(self.inside[passage].version);
        let Verb::WaitFor(wait) = &plan.steps[step].step.verb else {
            return Ok(false);
        };
        let starting = self.inside[passage]
            .started
            .event
            .as_ref()
            .is_some_and(|own| own.identity() == event.identity());
        if event.time < since || starting || !self.is_own(passage, event) {
            return Ok(false);
        }
        for awaited in wait
            .any
            .iter()
            .filter(|awaited| awaited.event == *event.kind)
        {
            match &awaited.filter {
                None => return Ok(true),
                Some(filter) if self.holds_with(passage, filter, event)? => return Ok(true),
                Some(_) => {}
            }
        }
        Ok(false)
    }

    fn triggers(&mut self, event: &Arc<Event>) {
        for version in &self.definitions.journeys {
            let journey = &version.journey;
            for trigger in &journey.triggers {
                let TriggerKind::Event {
                    event: kind,
                    filter,
                    max_age,
                } = &trigger.kind
                else {
                    continue;
                };
                if **kind != *event.kind || self.open(&journey.id).is_none() {
                    continue;
                }
                if calendar::after(max_age, event.time, self.zone()) < self.wall {
                    self.note("not_entered", format!("{} too_old", journey.id));
                    continue;
                }
                let started = Started {
                    event: Some(event.clone()),
                    ..started("event", event.time)
                };
                let mut scene = self.scene(Some(journey), Some(event.clone()));
                scene.started = Some(started.clone());
                if filter
                    .as_ref()
                    .is_some_and(|filter| !self.holds(&scene, filter).unwrap_or(false))
                {
                    continue;
                }
                let occasion = event.identity().to_string();
                self.enter(&Visitor::of(&journey.id, started, occasion));
            }
        }
    }
}
