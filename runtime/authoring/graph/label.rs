//! What the boxes say.

use kurant_engine::calendar::format_time;
use kurant_engine::definition::{
    Again, Channel, Computed, Entry, Exit, Goal, Step, TaskFor, Trigger, TriggerKind, Verb, Wait,
    WhileActive,
};

use super::{Kind, LONGEST_LABEL};

/// The beginning of a text, on one line.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_LABEL {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST_LABEL - 1).collect();
    cut.push('…');
    cut
}

/// A trigger's lines.
pub(super) fn trigger(trigger: &Trigger) -> Vec<String> {
    let mut lines = vec![trigger.kind.word().to_owned()];
    lines.push(match &trigger.kind {
        TriggerKind::Event { event, filter, .. } => match filter {
            Some(filter) => format!("{event}, {}", short(&filter.source)),
            None => event.clone(),
        },
        TriggerKind::Date { of, .. } => format!("customer.{of}"),
        TriggerKind::Inactive { since, .. } => format!("since customer.{since}"),
        TriggerKind::Enters { segment } | TriggerKind::Leaves { segment } => segment.clone(),
        TriggerKind::Schedule { schedule, .. } => schedule.to_string(),
        TriggerKind::Manual => return lines,
    });
    lines
}

/// The rules of entry; none when they are as if left out.
pub(super) fn entry(entry: &Entry) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    lines.extend(
        entry
            .key
            .as_ref()
            .map(|key| format!("one for each {}", key.source)),
    );
    match &entry.again {
        Again::Always => {}
        Again::Never => lines.push("only once".to_owned()),
        Again::After(duration) => lines.push(format!("again after {duration}")),
    }
    let inside = match entry.while_active {
        WhileActive::Ignore => None,
        WhileActive::Restart => Some("who is inside starts over"),
        WhileActive::Queue => Some("who is inside comes again afterwards"),
        WhileActive::Parallel => Some("several at a time"),
    };
    lines.extend(inside.map(str::to_owned));
    if lines.is_empty() {
        return None;
    }
    lines.insert(0, "entry".to_owned());
    Some(lines.iter().map(|line| short(line)).collect())
}

/// What ends the journey early.
pub(super) fn exit(exit: &Exit) -> Vec<String> {
    let (what, filter, reason) = match exit {
        Exit::Event {
            event,
            filter,
            reason,
        } => (event, filter.as_ref(), reason),
        Exit::When { when, reason } => (&when.source, None, reason),
    };
    let mut lines = vec![format!("at any time: {}", short(what))];
    lines.extend(filter.map(|filter| format!("where {}", short(&filter.source))));
    lines.push(format!("exit {reason}"));
    lines
}

/// What counts as success.
pub(super) fn goal(goal: &Goal) -> Vec<String> {
    let mut lines = vec![format!("goal: {}", goal.event)];
    lines.extend(
        goal.filter
            .as_ref()
            .map(|filter| format!("where {}", short(&filter.source))),
    );
    lines.extend(
        goal.within
            .map(|within| format!("within {within} after the last send")),
    );
    lines
}

/// Which kind of box a step is.
pub(super) fn kind(verb: &Verb) -> Kind {
    match verb {
        Verb::Send(_) => Kind::Send,
        Verb::Wait(_) | Verb::WaitFor(_) => Kind::Wait,
        Verb::Choose(_) | Verb::If(_) | Verb::Split(_) | Verb::Repeat(_) => Kind::Choice,
        Verb::Exit(_) => Kind::End,
        _ => Kind::Action,
    }
}

/// A step's lines: its title or id, what it does, and its condition.
pub(super) fn step(step: &Step) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(step.title.as_deref().or(step.id.as_deref()).map(short));
    lines.push(short(&what(&step.verb)));
    if let Verb::Send(send) = &step.verb
        && !send.fallback.is_empty()
    {
        let after = send.fallback_after.map(|after| format!(" after {after}"));
        let ways = send.fallback.join(", ");
        lines.push(short(&format!("else {ways}{}", after.unwrap_or_default())));
    }
    lines.extend(
        step.when
            .as_ref()
            .map(|when| format!("when {}", short(&when.source))),
    );
    lines
}

fn what(verb: &Verb) -> String {
    let word = verb.word();
    match verb {
        Verb::Send(send) => match &send.channel {
            Channel::Best => format!("send best: {}", send.template),
            Channel::Named(name) => format!("send {name}: {}", send.template),
        },
        Verb::Wait(own) => wait(own),
        Verb::WaitFor(wait) => {
            let events: Vec<&str> = wait.any.iter().map(|awaited| &*awaited.event).collect();
            let patience = wait
                .timeout
                .map(|timeout| format!(", {timeout}"))
                .unwrap_or_default();
            format!("wait for {}{patience}", events.join(" or "))
        }
        Verb::If(fork) => format!("if {}", fork.condition.source),
        Verb::Set(fields) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
            format!("set {}", names.join(", "))
        }
        Verb::Tag(tags) | Verb::Untag(tags) => format!("{word} {}", computed(tags)),
        Verb::Score(score) => format!("score {:+}", score.add),
        Verb::Task(task) => match &task.assignee {
            TaskFor::Owner => format!("task: {}", computed(&task.title)),
            TaskFor::Person(name) | TaskFor::Pool(name) => {
                format!("task for {name}: {}", computed(&task.title))
            }
        },
        Verb::Assign(assign) => format!("assign from {}", assign.pool),
        Verb::Coupon(coupon) => format!("coupon {}", coupon.codes),
        Verb::Emit(emit) => format!("emit {}", emit.event),
        Verb::Webhook(hook) => format!("webhook {}", hook.url),
        Verb::Start(start) => format!("start {}", start.journey),
        Verb::Repeat(repeat) => match &repeat.condition {
            Some(condition) => format!("repeat while {}", condition.source),
            None => format!("repeat {} times", repeat.at_most),
        },
        Verb::Exit(reason) => format!("exit {reason}"),
        Verb::Choose(_) | Verb::Split(_) | Verb::Run(_) => word.to_owned(),
    }
}

fn wait(wait: &Wait) -> String {
    let mut text = "wait".to_owned();
    for part in [
        wait.rule.for_.map(|duration| duration.to_string()),
        wait.since
            .as_ref()
            .map(|since| format!("since {}", since.source)),
        wait.until
            .as_ref()
            .map(|until| format!("until {}", until.source)),
        wait.rule.at.map(|at| format!("at {}", format_time(at))),
        wait.rule.weekdays.map(|days| format!("on {days}")),
    ]
    .into_iter()
    .flatten()
    {
        text.push(' ');
        text.push_str(&part);
    }
    text
}

fn computed(value: &Computed) -> String {
    match value {
        Computed::Literal(value) => value.to_string(),
        Computed::Expression(script) => format!("={}", script.source),
        Computed::List(values) => values.iter().map(computed).collect::<Vec<_>>().join(", "),
        Computed::Map(_) => "{...}".to_owned(),
    }
}
