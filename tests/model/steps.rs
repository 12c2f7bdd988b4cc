//! Moves a passage on, step after step, until one of them lets time pass.

use std::sync::Arc;

use kurant_engine::action::ActionStatus;
use kurant_engine::calendar::{Duration, Instant};
use kurant_engine::customer::Points;
use kurant_engine::definition::{
    Arm, Channel, Repeat, Score, Script, Send, Step, Task, TaskFor, Verb, Wait, WaitFor, Webhook,
};
use kurant_engine::event::Event;
use kurant_engine::id::{Key, bucket};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::calendar::{self, Anchor};
use super::evaluate::{Failed, Scene, anchor};
use super::plan::Plan;
use super::reference::{Model, State};

/// What a step leads to.
enum Then {
    GoOn(Option<usize>),
    Stay(State),
    End(String),
}

impl Model<'_> {
    /// When a passage wants to be woken: its wait, its deadline, the end of its life.
    pub(super) fn timer_of(&self, passage: usize) -> Option<Instant> {
        let own = &self.inside[passage];
        if own.ended.is_some() {
            return None;
        }
        let place = match own.state {
            State::Waiting { due } => Some(due),
            State::Listening { deadline, .. } => deadline,
            _ => None,
        };
        [place, own.expires].into_iter().flatten().min()
    }

    /// Its time has come.
    pub(super) fn wake(&mut self, passage: usize, due: Instant) {
        let own = self.inside[passage].clone();
        let plan = self.plan(own.version);
        match (own.state, own.step) {
            (State::Waiting { due: over }, Some(step)) if over == due => {
                if !self.exit_when(passage) {
                    self.go_on(passage, plan.after(step));
                }
            }
            (State::Listening { deadline, since }, Some(step)) if deadline == Some(due) => {
                if !self.exit_when(passage) {
                    self.note("timeout", own.id);
                    self.inside[passage].timeouts.push((step, since, due));
                    self.go_on(passage, plan.enter(step, "else"));
                }
            }
            _ => self.end(passage, "expired"),
        }
    }

    /// Goes on with a step and those after it; past the last one the journey is completed.
    pub(super) fn go_on(&mut self, passage: usize, mut next: Option<usize>) {
        let plan = self.plan(self.inside[passage].version);
        for _ in 0..10_000 {
            if self.inside[passage].ended.is_some() {
                return;
            }
            let Some(step) = next else {
                return self.close(passage, "completed");
            };
            self.inside[passage].step = Some(step);
            self.inside[passage].state = State::Going;
            let then = self.step(&plan, passage, step);
            self.cover(plan.steps[step].step.verb.word(), &then);
            match then {
                Ok(Then::GoOn(step)) => next = step,
                Ok(Then::Stay(state)) => {
                    self.inside[passage].state = state;
                    return;
                }
                Ok(Then::End(reason)) => return self.end(passage, &reason),
                Err(Failed) => return self.end(passage, "error"),
            }
        }
        self.end(passage, "error");
    }

    fn cover(&mut self, verb: &str, then: &Result<Then, Failed>) {
        let outcome = match then {
            Ok(Then::GoOn(_)) => "goes on",
            Ok(Then::Stay(_)) => "stays",
            Ok(Then::End(_)) => "ends",
            Err(Failed) => "fails",
        };
        *self
            .covered
            .entry(format!("{verb}: {outcome}"))
            .or_default() += 1;
    }

    fn step(&mut self, plan: &Arc<Plan>, passage: usize, step: usize) -> Result<Then, Failed> {
        let Step { when, verb, .. } = &plan.steps[step].step;
        let rounds = &self.inside[passage].rounds;
        let begun = rounds.iter().any(|(own, _)| *own == step);
        if let Some(when) = when
            && !begun
            && !self.holds_for(passage, when)?
        {
            self.note("passed_over", "");
            return Ok(Then::GoOn(plan.after(step)));
        }
        Ok(match verb {
            Verb::Wait(wait) => match self.wait_due(passage, wait)? {
                due if due <= self.now => Then::GoOn(plan.after(step)),
                due => Then::Stay(State::Waiting { due }),
            },
            Verb::WaitFor(wait) => self.wait_for(plan, passage, step, wait)?,
            Verb::If(_) | Verb::Choose(_) | Verb::Split(_) => Then::GoOn(
                self.branch(plan, passage, step)?
                    .map_or_else(|| plan.after(step), |block| plan.enter(step, &block)),
            ),
            Verb::Repeat(repeat) => self.repeat(plan, passage, step, repeat)?,
            Verb::Run(run) => {
                let scene = self.scene_of(passage);
                let Value::Map(values) = scene.value(self.meanings.of(&run.script))? else {
                    return Err(Failed);
                };
                let vars = self.inside[passage].vars.clone().into_iter();
                self.inside[passage].vars = vars.chain(values).collect();
                Then::GoOn(plan.after(step))
            }
            Verb::Exit(reason) => Then::End(reason.clone()),
            verb if self.inside[passage].control => {
                self.skip_in_control(plan, passage, step, verb);
                Then::GoOn(plan.after(step))
            }
            Verb::Send(_) => Then::Stay(State::Sending {
                planned: self.now,
                due: self.now,
                deferred: false,
            }),
            verb => {
                self.act(plan, passage, step, verb)?;
                Then::GoOn(plan.after(step))
            }
        })
    }

    /// The block inside a step that is gone into, if there is one.
    fn branch(&self, plan: &Plan, passage: usize, step: usize) -> Result<Option<String>, Failed> {
        Ok(match &plan.steps[step].step.verb {
            Verb::If(check) if self.holds_for(passage, &check.condition)? => Some("then".into()),
            Verb::If(_) => Some("else".into()),
            Verb::Choose(choose) => {
                for (number, branch) in choose.branches.iter().enumerate() {
                    let when = branch.when.as_ref();
                    if when.map_or(Ok(true), |when| self.holds_for(passage, when))? {
                        return Ok(Some(format!("choose[{number}].steps")));
                    }
                }
                None
            }
            Verb::Split(split) => {
                let shares = |arm: &Arm| vec![arm.name.clone(); arm.weight as usize];
                let all: Vec<String> = split.arms.iter().flat_map(shares).collect();
                let journey = &plan.version.journey.id;
                let seed = [&self.customer.id, journey.as_str(), &plan.name(step)];
                let drawn = bucket(&seed, all.len() as u64) as usize;
                Some(format!("split.{}.steps", all[drawn]))
            }
            _ => None,
        })
    }

    /// So long from now, on the customer's clock.
    pub(super) fn after(&self, duration: &Duration) -> Instant {
        calendar::after(duration, self.now, self.zone())
    }

    fn moment(&self, passage: usize, script: &Script) -> Result<Anchor, Failed> {
        anchor(&self.scene_of(passage).value(self.meanings.of(script))?).ok_or(Failed)
    }

    fn wait_due(&self, passage: usize, wait: &Wait) -> Result<Instant, Failed> {
        let script = wait.until.as_ref().or(wait.since.as_ref());
        let from = script
            .map(|script| self.moment(passage, script))
            .transpose()?;
        Ok(calendar::wait_due(&wait.rule, from, self.now, self.zone()))
    }

    fn wait_for(
        &mut self,
        plan: &Arc<Plan>,
        passage: usize,
        step: usize,
        wait: &WaitFor,
    ) -> Result<Then, Failed> {
        let instant = |script: &Script| {
            Ok(calendar::start_of(
                self.moment(passage, script)?,
                self.zone(),
            ))
        };
        let since = wait.since.as_ref().map(instant).transpose()?;
        let until = wait.until.as_ref().map(instant).transpose()?;
        let deadline = until.or(wait.timeout.map(|timeout| self.after(&timeout)));
        if let Some(since) = since {
            let mut past: Vec<Arc<Event>> = self
                .history
                .iter()
                .filter(|event| event.time <= self.now)
                .filter(|event| deadline.is_none_or(|deadline| event.time <= deadline))
                .cloned()
                .collect();
            past.sort_by_key(|event| event.time);
            for event in past {
                if self.answers(passage, step, since, &event)? {
                    self.remember_answer(passage, step, &event);
                    return Ok(Then::GoOn(plan.enter(step, "then")));
                }
            }
        }
        if let Some(deadline) = deadline.filter(|deadline| *deadline < self.now) {
            self.note("timeout", self.inside[passage].id);
            let since = since.unwrap_or(self.now);
            self.inside[passage].timeouts.push((step, since, deadline));
            return Ok(Then::GoOn(plan.enter(step, "else")));
        }
        Ok(Then::Stay(State::Listening {
            since: since.unwrap_or(self.now),
            deadline,
        }))
    }

    fn repeat(
        &mut self,
        plan: &Arc<Plan>,
        passage: usize,
        step: usize,
        repeat: &Repeat,
    ) -> Result<Then, Failed> {
        let rounds = &self.inside[passage].rounds;
        let round = rounds
            .iter()
            .find(|(own, _)| *own == step)
            .map_or(0, |(_, round)| *round)
            + 1;
        let mut scene = self.scene_of(passage);
        scene.round = Some(round);
        let goes_on = round <= repeat.at_most
            && repeat
                .condition
                .as_ref()
                .map_or(Ok(true), |condition| self.holds(&scene, condition))?;
        let rounds = &mut self.inside[passage].rounds;
        rounds.retain(|(own, _)| *own != step);
        if !goes_on {
            return Ok(Then::GoOn(plan.after(step)));
        }
        rounds.push((step, round));
        Ok(Then::GoOn(plan.enter(step, "repeat.steps")))
    }

    /// The idempotency key of an action: the step's place in the order of reading, the rounds around it, and a number.
    pub(super) fn key_of(&self, passage: usize, step: usize, rounds: &[u32], number: usize) -> Key {
        let mut numbers = vec![step as u32];
        numbers.extend(rounds);
        numbers.push(number as u32);
        self.inside[passage].id.within("action", &numbers)
    }

    pub(super) fn rounds_of(&self, passage: usize) -> Vec<u32> {
        let rounds = self.inside[passage].rounds.iter();
        rounds.map(|(_, round)| *round).collect()
    }

    fn skip_in_control(&mut self, plan: &Plan, passage: usize, step: usize, verb: &Verb) {
        let mut action = self.step_line(plan, passage, step, verb.word(), Map::new());
        action.status = ActionStatus::Skipped;
        action.reason = Some("control".into());
        if let Verb::Send(Send {
            template, channel, ..
        }) = verb
        {
            action.template = Some(template.as_str().into());
            if let Channel::Named(channel) = channel {
                action.channel = Some(channel.as_str().into());
            }
            self.inside[passage].last_send = Some(self.now);
        }
        self.actions.push(action);
    }

    pub(super) fn step_line(
        &self,
        plan: &Plan,
        passage: usize,
        step: usize,
        verb: &str,
        data: Map,
    ) -> kurant_engine::action::Action {
        let own = &self.inside[passage];
        let key = self.key_of(passage, step, &self.rounds_of(passage), 0);
        let mut action = self.line(
            own.id,
            own.journey.clone(),
            Some(plan.name(step)),
            verb,
            key,
        );
        action.data = data;
        action
    }

    /// The steps that do something and go on at once.
    fn act(&mut self, plan: &Plan, passage: usize, step: usize, verb: &Verb) -> Result<(), Failed> {
        let scene = self.scene_of(passage);
        if let Verb::Start(start) = verb {
            let vars = self.compute_all(&scene, &start.vars)?;
            self.start_another(plan, passage, step, &start.journey, vars);
            return Ok(());
        }
        let data = self.data_of(&scene, verb)?;
        let mut action = self.step_line(plan, passage, step, verb.word(), data.clone());
        match verb {
            Verb::Set(_) => {
                self.merge(&data, self.now);
            }
            Verb::Tag(_) => self.change_tags(&data, true),
            Verb::Untag(_) => self.change_tags(&data, false),
            Verb::Score(score) => self.customer.points.push(Points {
                add: score.add,
                because: String::new(),
                until: score.lasts.map(|lasts| self.after(&lasts)),
            }),
            Verb::Task(_) => self.inside[passage].keys.push(action.key),
            Verb::Emit(emit) if !self.emit(&emit.event, &data, action.key) => {
                action.status = ActionStatus::Skipped;
                action.reason = Some("too_deep".into());
            }
            Verb::Webhook(Webhook {
                save: Some(name), ..
            }) => {
                let vars = &mut self.inside[passage].vars;
                vars.insert(name.as_str(), Value::Null);
            }
            _ => {}
        }
        self.actions.push(action);
        Ok(())
    }

    /// The `data` of an action's line.
    fn data_of(&self, scene: &Scene<'_>, verb: &Verb) -> Result<Map, Failed> {
        Ok(match verb {
            Verb::Set(fields) => self.compute_all(scene, fields)?,
            Verb::Emit(emit) => {
                let content = self.compute_all(scene, &emit.data)?;
                let kind = Value::text(emit.event.as_str());
                Map::from_iter([("type", kind), ("data", Value::Map(content))])
            }
            Verb::Tag(tags) | Verb::Untag(tags) => {
                let tags = match self.compute(scene, tags)? {
                    Value::List(tags) => tags,
                    one => vec![one],
                };
                Map::from_iter([("tags", Value::List(tags))])
            }
            Verb::Score(score) => self.score_data(score, self.compute(scene, &score.because)?),
            Verb::Task(task) => self.task_data(task, self.compute(scene, &task.title)?),
            Verb::Webhook(hook) => {
                let body = hook.body.as_ref();
                let body = body.map_or(Ok(Value::Null), |body| self.compute(scene, body))?;
                let (url, method) = (hook.url.as_str(), hook.method.as_str());
                let (url, method) = (Value::text(url), Value::text(method));
                Map::from_iter([("url", url), ("method", method), ("body", body)])
            }
            other => unreachable!("the generator makes no `{}`", other.word()),
        })
    }

    /// An event that a step emits; no more than eight follow from each other.
    fn emit(&mut self, kind: &str, data: &Map, key: Key) -> bool {
        if self.depth >= 8 {
            return false;
        }
        let Some(Value::Map(content)) = data.get("data").cloned() else {
            return false;
        };
        let event = Event {
            id: key.to_string().into(),
            source: "kurant".into(),
            kind: kind.into(),
            customer: self.customer.id.clone(),
            time: self.now,
            data: content,
            attributes: Map::new(),
        };
        self.emitted.push((Arc::new(event), self.depth + 1));
        true
    }

    fn start_another(
        &mut self,
        plan: &Plan,
        passage: usize,
        step: usize,
        journey: &str,
        vars: Map,
    ) {
        let data = Map::from_iter([("journey", Value::text(journey))]);
        let mut action = self.step_line(plan, passage, step, "start", data);
        let position = self.actions.len();
        if let Err(reason) = self.start(journey, vars, action.key.to_string()) {
            action.status = ActionStatus::Skipped;
            action.reason = Some(reason.into());
        }
        self.actions.insert(position, action);
    }

    fn change_tags(&mut self, data: &Map, add: bool) {
        let Some(Value::List(given)) = data.get("tags").cloned() else {
            return;
        };
        let mut own = match self.customer.attributes.get("tags") {
            Some(Value::List(own)) => own.clone(),
            _ => Vec::new(),
        };
        own.retain(|tag| !given.contains(tag));
        if add {
            own.extend(given);
        }
        self.set_attribute("tags", Value::List(own));
    }

    fn score_data(&self, score: &Score, because: Value) -> Map {
        let mut data = Map::new();
        data.insert("add", Value::Integer(score.add));
        data.insert("because", Value::text(because.to_string()));
        if let Some(lasts) = &score.lasts {
            data.insert("until", Value::Instant(self.after(lasts)));
        }
        data
    }

    fn task_data(&self, task: &Task, title: Value) -> Map {
        let workspace = &self.definitions.workspace;
        let mut data = Map::new();
        data.insert("title", Value::text(title.to_string()));
        let (whom, pool) = match &task.assignee {
            TaskFor::Owner => (self.customer.attributes.get("owner").cloned(), None),
            TaskFor::Person(name) => (Some(Value::text(name.as_str())), None),
            TaskFor::Pool(name) => (
                Some(Value::text(name.as_str())),
                workspace.pools.iter().find(|pool| pool.name == *name),
            ),
        };
        if let Some(whom) = whom {
            data.insert("for", whom);
        }
        if let Some(due) = &task.due {
            let due = match pool.and_then(|pool| Some((pool, pool.hours?))) {
                Some((pool, hours)) => {
                    let zone = pool.timezone.unwrap_or(workspace.timezone);
                    let calendar = Duration { millis: 0, ..*due };
                    let from = calendar::after(&calendar, self.now, zone);
                    calendar::working_time(&hours, from, due.millis, zone)
                }
                None => self.after(due),
            };
            data.insert("due", Value::Instant(due));
        }
        if let Some(priority) = &task.priority {
            data.insert("priority", Value::text(priority.as_str()));
        }
        data
    }
}
