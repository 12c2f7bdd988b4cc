//! What opens a journey's door, and who is let in: firings, segments, the queue, entry rules.

use std::sync::Arc;

use chrono::NaiveDate;
use kurant_engine::calendar::{Every, Instant};
use kurant_engine::definition::{Again, Exit, Journey, Status, Trigger, TriggerKind, WhileActive};
use kurant_engine::enrollment::Started;
use kurant_engine::id::{Key, bucket};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::calendar::{self, Anchor};
use super::evaluate::{Failed, Scene, anchor, value_of};
use super::plan::Plan;
use super::reference::{Model, Passage, State, Visitor, started};

/// A date, inactivity or schedule trigger that is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Firing {
    pub(super) at: Instant,
    /// The places of the journey and of its trigger.
    pub(super) place: (usize, usize),
    pub(super) started: Started,
    pub(super) occasion: String,
    pub(super) once: bool,
}

/// How deep journeys may start each other.
const MAX_DEPTH: u32 = 8;

/// One entry per occasion, and an occasion is the year or the month of the attribute's date.
fn date_firing(
    place: (usize, usize),
    attribute: &str,
    every: Every,
    date: NaiveDate,
    at: Instant,
) -> Firing {
    let occasion = match every {
        Every::Year => date.format("year %Y"),
        Every::Month => date.format("month %Y-%m"),
        Every::Once => date.format("once %Y-%m-%d"),
    };
    Firing {
        at,
        place,
        started: Started {
            date: Some(date),
            ..started("date", at)
        },
        occasion: format!("{attribute} {occasion}"),
        once: true,
    }
}

/// Once per value of the attribute.
fn inactive_firing(place: (usize, usize), attribute: &str, own: Anchor, at: Instant) -> Firing {
    let since = value_of(own);
    Firing {
        at,
        place,
        occasion: format!("{attribute} since {since}"),
        started: Started {
            since: Some(since),
            ..started("inactive", at)
        },
        once: true,
    }
}

impl Model<'_> {
    /// What a trigger of the profile or the clock fires in a stretch of time, as the profile stands now.
    pub(super) fn firings(&self, after: Instant, upto: Instant) -> Vec<Firing> {
        let mut firings = Vec::new();
        for (journey, version) in self.definitions.journeys.iter().enumerate() {
            for (trigger, declared) in version.journey.triggers.iter().enumerate() {
                let own = self.firings_of((journey, trigger), declared, after, upto);
                firings.extend(
                    own.into_iter()
                        .filter(|firing| firing.at > after && firing.at <= upto),
                );
            }
        }
        firings.sort_by_key(|firing| (firing.at, firing.place));
        firings
    }

    /// A trigger's firings of about that time; more than asked for, since days are reckoned year by year.
    fn firings_of(
        &self,
        place: (usize, usize),
        trigger: &Trigger,
        after: Instant,
        upto: Instant,
    ) -> Vec<Firing> {
        let zone = self.zone();
        let moment = |name: &str| self.customer.attributes.get(name).and_then(anchor);
        match &trigger.kind {
            TriggerKind::Date { of, rule } => {
                let firings = moment(of)
                    .map(|own| calendar::date_firings(rule, own, after, upto, zone))
                    .unwrap_or_default();
                let firing = |(date, at)| date_firing(place, of, rule.every, date, at);
                firings.into_iter().map(firing).collect()
            }
            TriggerKind::Inactive { since, rule } => {
                let firing = |own| {
                    inactive_firing(place, since, own, calendar::inactive_at(rule, own, zone))
                };
                moment(since).map(firing).into_iter().collect()
            }
            TriggerKind::Schedule { schedule, timezone } => {
                let zone = timezone.unwrap_or(self.definitions.workspace.timezone);
                let times = calendar::schedule_times(schedule.text(), after, upto, zone);
                let firing = |at: Instant| Firing {
                    at,
                    place,
                    started: started("schedule", at),
                    occasion: at.to_string(),
                    once: false,
                };
                times.into_iter().map(firing).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Timers and firings that are due by now, whichever comes first; at one instant timers. Whether there was anything.
    pub(super) fn do_timers(&mut self) -> bool {
        self.know_segments();
        let mut firings = self.firings(self.scanned, self.wall);
        self.scanned = self.wall;
        let mut any = false;
        loop {
            let timers = (0..self.inside.len())
                .filter_map(|passage| Some((self.timer_of(passage)?, passage)));
            let timer = timers.min().filter(|(due, _)| *due <= self.wall);
            let fires_first = firings
                .first()
                .is_some_and(|firing| timer.is_none_or(|(due, _)| firing.at < due));
            if fires_first {
                let firing = firings.remove(0);
                self.fire_if_it_stands(&firing);
            } else if let Some((due, passage)) = timer {
                self.set_now(due);
                self.depth = self.depth_at(passage);
                self.wake(passage, due);
                self.depth = 0;
            } else {
                return any;
            }
            any = true;
            self.follow_up();
        }
    }

    /// A newer anchor moves a firing: the one that was counted from the older is none any more.
    fn fire_if_it_stands(&mut self, firing: &Firing) {
        if self
            .firings(firing.at.plus_millis(-1), firing.at)
            .contains(firing)
        {
            self.fire(firing);
        }
    }

    fn fire(&mut self, firing: &Firing) {
        let journey = &self.definitions.journeys[firing.place.0].journey;
        let catch_up = &journey.triggers[firing.place.1].catch_up;
        if journey.status != Status::Live {
            return;
        }
        if calendar::after(catch_up, firing.at, self.zone()) < self.wall {
            return;
        }
        self.set_now(firing.at);
        let Firing {
            started,
            occasion,
            once,
            ..
        } = firing.clone();
        self.enter(&Visitor {
            once,
            ..Visitor::of(&journey.id, started, occasion)
        });
    }

    /// What follows from the input at hand: segments, anchors, the queue, events that steps emitted; until all is quiet.
    pub(super) fn follow_up(&mut self) {
        loop {
            let before = self.customer.clone();
            self.follow_segments();
            self.follow_anchors();
            self.follow_queue();
            let emitted = std::mem::take(&mut self.emitted);
            if emitted.is_empty() && before == self.customer {
                break;
            }
            for (event, depth) in emitted {
                self.depth = depth;
                self.take_in(&event);
            }
            self.depth = 0;
        }
        self.silent = false;
        self.cause = None;
    }

    /// A date or inactivity trigger whose attribute came or changed when it was already due is made up for.
    fn follow_anchors(&mut self) {
        let known = std::mem::replace(&mut self.known, self.customer.attributes.clone());
        if self.silent {
            return;
        }
        let differs = |name: &str| known.get(name) != self.customer.attributes.get(name);
        let mut due = Vec::new();
        for (journey, version) in self.definitions.journeys.iter().enumerate() {
            for (trigger, declared) in version.journey.triggers.iter().enumerate() {
                let Some(attribute) = declared.kind.anchor() else {
                    continue;
                };
                if differs(attribute) || differs("timezone") {
                    let firings =
                        self.firings_of((journey, trigger), declared, self.wall, self.wall);
                    let past = firings.into_iter().filter(|firing| firing.at <= self.wall);
                    due.extend(
                        past.max_by_key(|firing| firing.at)
                            .map(|firing| (firing, declared.catch_up)),
                    );
                }
            }
        }
        for (firing, catch_up) in due {
            if calendar::after(&catch_up, firing.at, self.zone()) >= self.wall {
                self.fire_if_it_stands(&firing);
            }
        }
    }

    fn watched(&self) -> Vec<String> {
        let mut watched: Vec<String> = Vec::new();
        for trigger in self
            .definitions
            .journeys
            .iter()
            .flat_map(|version| &version.journey.triggers)
        {
            if let Some(segment) = trigger
                .kind
                .segment()
                .filter(|segment| !watched.iter().any(|own| own == segment))
            {
                watched.push(segment.to_owned());
            }
        }
        watched
    }

    fn is_in(&self, segment: &str) -> Result<(String, bool), Failed> {
        let own = self
            .definitions
            .segments
            .iter()
            .find(|own| own.name == segment)
            .expect("a segment");
        Ok((
            own.condition.source.clone(),
            self.holds(&self.scene(None, None), &own.condition)?,
        ))
    }

    /// A segment that is new, or was edited, triggers nothing the first time.
    pub(super) fn know_segments(&mut self) {
        for segment in self.watched() {
            let source = self
                .definitions
                .segments
                .iter()
                .find(|own| own.name == segment)
                .map(|own| own.condition.source.clone());
            let source = source.expect("a segment");
            if !self
                .members
                .iter()
                .any(|(name, condition, _)| *name == segment && *condition == source)
            {
                let inside = self.is_in(&segment).is_ok_and(|(_, inside)| inside);
                self.members.retain(|(name, _, _)| *name != segment);
                self.members.push((segment, source, inside));
            }
        }
    }

    fn follow_segments(&mut self) {
        let mut moved = Vec::new();
        for segment in self.watched() {
            let Ok((source, inside)) = self.is_in(&segment) else {
                continue;
            };
            let before = self
                .members
                .iter()
                .find(|(name, condition, _)| *name == segment && *condition == source);
            if before.is_some_and(|(_, _, before)| *before != inside) {
                moved.push((segment.clone(), inside));
            }
            self.members.retain(|(name, _, _)| *name != segment);
            self.members.push((segment, source, inside));
        }
        if self.silent {
            return;
        }
        for (segment, inside) in moved {
            let kind = if inside { "enters" } else { "leaves" };
            for version in &self.definitions.journeys {
                let journey = &version.journey;
                let times = journey.triggers.iter().filter(|trigger| {
                    trigger.kind.word() == kind && trigger.kind.segment() == Some(&segment)
                });
                for _ in times.filter(|_| journey.status == Status::Live) {
                    let cause = self.cause.clone().unwrap_or(self.now.to_string());
                    let occasion = format!("{kind} {segment} {cause}");
                    let started = started(kind, self.now);
                    self.enter(&Visitor::of(&journey.id, started, occasion));
                }
            }
        }
    }

    /// Whoever waits in line goes in when the one before has ended.
    fn follow_queue(&mut self) {
        let mut position = 0;
        while let Some((key, visitor, depth)) = self.queue.get(position).cloned() {
            if self.active(&visitor.journey, &key).is_empty() {
                self.queue.remove(position);
                let own = std::mem::replace(&mut self.depth, depth);
                self.enter(&visitor);
                self.depth = own;
            } else {
                position += 1;
            }
        }
    }

    fn active(&self, journey: &str, key: &str) -> Vec<usize> {
        let own = |passage: &Passage| {
            passage.ended.is_none() && *passage.journey == *journey && passage.key == key
        };
        (0..self.inside.len())
            .filter(|passage| own(&self.inside[*passage]))
            .collect()
    }

    /// From another journey, or by hand; or why the journey can't be started so.
    pub(super) fn start(
        &mut self,
        journey: &str,
        vars: Map,
        request: String,
    ) -> Result<(), &'static str> {
        let plan = self.open(journey).ok_or("not_open")?;
        let mut triggers = plan.version.journey.triggers.iter();
        if !triggers.any(|trigger| trigger.kind == TriggerKind::Manual) {
            return Err("not_open");
        }
        if self.depth >= MAX_DEPTH {
            return Err("too_deep");
        }
        self.depth += 1;
        self.enter(&Visitor {
            vars,
            ..Visitor::of(journey, started("manual", self.now), request)
        });
        self.depth -= 1;
        Ok(())
    }

    /// How deep it is what a passage does: as deep as it began, until time has passed.
    pub(super) fn depth_at(&self, passage: usize) -> u32 {
        let own = &self.inside[passage];
        if own.entered == self.now {
            own.depth
        } else {
            0
        }
    }

    /// Enters, or notes why not.
    pub(super) fn enter(&mut self, visitor: &Visitor) {
        if let Err(reason) = self.try_to_enter(visitor)
            && reason != "not_open"
        {
            self.note("not_entered", format!("{} {reason}", visitor.journey));
        }
    }

    fn try_to_enter(&mut self, visitor: &Visitor) -> Result<(), &'static str> {
        let plan = self.open(&visitor.journey).ok_or("not_open")?;
        let journey = &plan.version.journey;
        let mut scene = self.scene(Some(journey), visitor.started.event.clone());
        scene.started = Some(visitor.started.clone());
        let vars = self.compute_all(&scene, &journey.vars);
        let vars = vars.map_err(|_| "error")?.into_iter();
        scene.vars = vars.chain(visitor.vars.clone()).collect();
        self.is_wanted(journey, &scene)?;
        let key = match &journey.entry.key {
            None => String::new(),
            Some(script) => match scene.value(self.meanings.of(script)) {
                Err(Failed) => return Err("error"),
                Ok(Value::Null) => return Err("no_key"),
                Ok(value) => value.to_string(),
            },
        };
        let vars = scene.vars.clone();
        let id = Key::of(&[&journey.id, &self.customer.id, &key, &visitor.occasion]);
        self.is_new(journey, visitor, &key, id)?;
        self.is_room(journey, visitor, &key)?;
        self.begin(&plan, visitor, key, id, vars);
        Ok(())
    }

    /// Pilot, audience and exits.
    fn is_wanted(&self, journey: &Journey, scene: &Scene<'_>) -> Result<(), &'static str> {
        let holds = |condition| self.holds(scene, condition).map_err(|Failed| "error");
        for (condition, reason) in [(&journey.pilot, "pilot"), (&journey.audience, "audience")] {
            if let Some(condition) = condition
                && !holds(condition)?
            {
                return Err(reason);
            }
        }
        for exit in &journey.exits {
            if let Exit::When { when, .. } = exit
                && holds(when)?
            {
                return Err("exit");
            }
        }
        Ok(())
    }

    /// One entry per occasion, and none for what comes a second time.
    fn is_new(
        &self,
        journey: &Journey,
        visitor: &Visitor,
        key: &str,
        id: Key,
    ) -> Result<(), &'static str> {
        let taken = self.entries.iter().any(|(own, own_key, _, occasion)| {
            *own == journey.id && own_key == key && occasion.as_ref() == Some(&visitor.occasion)
        });
        if (visitor.once && taken) || self.inside.iter().any(|passage| passage.id == id) {
            return Err("occasion_taken");
        }
        Ok(())
    }

    /// `while_active`, and `again` if nobody is.
    fn is_room(
        &mut self,
        journey: &Journey,
        visitor: &Visitor,
        key: &str,
    ) -> Result<(), &'static str> {
        let active = self.active(&journey.id, key);
        if !active.is_empty() {
            match journey.entry.while_active {
                WhileActive::Ignore => return Err("already_active"),
                WhileActive::Queue => {
                    let waiting = (key.to_owned(), visitor.clone(), self.depth);
                    self.queue.push(waiting);
                    return Err("queued");
                }
                WhileActive::Restart => active
                    .into_iter()
                    .for_each(|passage| self.end(passage, "restarted")),
                WhileActive::Parallel => {}
            }
            return Ok(());
        }
        let entries = self.entries.iter();
        let mut own = entries.filter(|(own, own_key, ..)| *own == journey.id && own_key == key);
        match (&journey.entry.again, own.next_back()) {
            (Again::Never, Some(_)) => Err("again"),
            (Again::After(pause), Some((_, _, last, _)))
                if calendar::after(pause, *last, self.zone()) > self.now =>
            {
                Err("again")
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, plan: &Arc<Plan>, visitor: &Visitor, key: String, id: Key, vars: Map) {
        let journey = &plan.version.journey;
        let once = visitor.once.then(|| visitor.occasion.clone());
        self.entries
            .push((journey.id.clone(), key.clone(), self.now, once));
        let action = self.line(
            id,
            journey.id.as_str().into(),
            None,
            "enter",
            id.within("enter", &[]),
        );
        self.actions.push(action);
        let drawn = bucket(&[&self.customer.id, &journey.id, "holdout"], 10_000);
        self.inside.push(Passage {
            id,
            version: plan.version.hash,
            journey: journey.id.as_str().into(),
            key,
            entered: self.now,
            depth: self.depth,
            started: visitor.started.clone(),
            vars,
            step: None,
            state: State::Going,
            answered: Vec::new(),
            timeouts: Vec::new(),
            control: drawn < u64::from(journey.holdout),
            expires: journey.expires.map(|life| self.after(&life)),
            rounds: Vec::new(),
            keys: Vec::new(),
            last_send: None,
            goal_reached: false,
            fallbacks: Vec::new(),
            ended: None,
        });
        let passage = self.inside.len() - 1;
        let first = (!plan.steps.is_empty()).then_some(0);
        self.go_on(passage, first);
    }
}
