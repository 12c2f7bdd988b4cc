//! One line of the log, for people and for programs.

use std::collections::HashMap;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::Definitions;
use kurant_engine::input::{FATES, Trace};
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use kurant_store::{Happened, LogLine};
use serde_json::{Value as Json, json};

use crate::hand_over::{HandOver, HandOvers};

/// What may be told of the values that mattered: names, times and an operator's words, nothing that is known of a customer.
const TOLD: &[&str] = &[
    "event",
    "type",
    "trigger",
    "time",
    "until",
    "arm",
    "branch",
    "when",
    "moved",
    "to",
    "by",
    "why",
    "act",
    "route",
    "channel",
    "attempts",
    "provider_id",
];

/// One line, as it is filtered and shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'l> {
    clock: Instant,
    at: Instant,
    customer: &'l str,
    pub(super) journey: Option<&'l str>,
    /// The step's id, or a place in the file.
    step: Option<&'l str>,
    /// The verb, for what was done.
    action: Option<&'l Action>,
    /// How it ended, in a word.
    pub(super) outcome: &'l str,
    pub(super) reason: Option<&'l str>,
    enrollment: Option<String>,
    values: Option<&'l Map>,
    /// What became of it on its way out; none where there is no way to go.
    hand_over: Option<&'l HandOver>,
    /// The channel of the message that it is about, where the line itself doesn't have it.
    found: Option<&'l str>,
}

impl<'l> Line<'l> {
    pub(crate) fn of(line: &'l LogLine, hand_overs: &'l HandOvers) -> Self {
        let clock = line.clock;
        match &line.what {
            Happened::Did(action) => Self {
                hand_over: hand_overs.get(action),
                ..Self::did(clock, action)
            },
            Happened::Passed(trace) => Self::passed(clock, &line.customer, trace),
        }
    }

    fn did(clock: Instant, action: &'l Action) -> Self {
        let outcome = match (action.action.as_str(), action.status) {
            ("enter" | "exit" | "goal", ActionStatus::Sent) => &action.action,
            (_, ActionStatus::Sent) => "sent",
            (_, ActionStatus::Skipped) => "skipped",
            (_, ActionStatus::Deferred) => "deferred",
        };
        Self {
            clock,
            at: action.at,
            customer: &action.customer,
            journey: Some(&action.journey),
            step: action.step.as_deref(),
            action: Some(action),
            outcome,
            reason: action.reason.as_deref(),
            enrollment: Some(action.enrollment.to_string()),
            values: None,
            hand_over: None,
            found: None,
        }
    }

    fn passed(clock: Instant, customer: &'l str, trace: &'l Trace) -> Self {
        Self {
            clock,
            at: trace.at,
            customer,
            journey: trace.journey.as_deref(),
            step: trace.place.as_deref(),
            action: None,
            outcome: &trace.what,
            reason: trace.reason.as_deref(),
            enrollment: trace.enrollment.map(|id| id.to_string()),
            values: Some(&trace.values),
            hand_over: None,
            found: None,
        }
    }

    /// The same, about this message: what the line itself doesn't say is as its sending has it.
    pub(super) fn about(mut self, message: Option<&'l Action>) -> Self {
        let Some(message) = message else { return self };
        self.found = message.channel.as_deref();
        let journey = *self.journey.get_or_insert(&message.journey);
        if journey == &*message.journey && self.step.is_none() {
            self.step = message.step.as_deref();
        }
        self
    }

    /// For people: instants on a clock, steps by their ids.
    pub(super) fn text(&self, zone: Zone, steps: &Steps) -> String {
        let (at, rest) = (clock(self.at, zone), self.rest(zone, steps));
        format!("{at}  {:<16} {rest}", self.customer)
    }

    /// The same where all lines are about one customer.
    pub(crate) fn of_one(&self, zone: Zone, steps: &Steps) -> String {
        format!("{}  {}", clock(self.at, zone), self.rest(zone, steps))
    }

    fn rest(&self, zone: Zone, steps: &Steps) -> String {
        let what = match self.action {
            Some(action) if action.action != self.outcome => {
                let channel = action.channel.as_deref().map(|name| format!(" {name}"));
                let what = format!("{}{}", action.action, channel.unwrap_or_default());
                // `sent` says what was decided: whatever has not left is told instead.
                match self.hand_over.filter(|own| !own.is_done()) {
                    Some(own) => format!("{what} {}", own.text(zone)),
                    None => format!("{what} {}", self.outcome),
                }
            }
            _ => match self.channel().filter(|_| self.is_feedback()) {
                Some(channel) => format!("{channel} {}", self.outcome),
                None => self.outcome.to_owned(),
            },
        };
        let reason = self.reason.map(|reason| format!(" ({reason})"));
        let values: String = self
            .told()
            .map(|(name, value)| match value {
                Value::Instant(at) => format!("  {name} = {}", clock(*at, zone)),
                other => format!("  {name} = {}", other.to_json()),
            })
            .collect();
        let journey = self.journey.unwrap_or("-");
        let step = steps.name(self).unwrap_or("-");
        format!(
            "{journey:<24} {step:<18} {what}{}{values}",
            reason.unwrap_or_default()
        )
    }

    /// For programs.
    pub(crate) fn object(&self, steps: &Steps) -> Json {
        let mut object = json!({
            "at": self.at, "written": self.clock, "customer": self.customer, "journey": self.journey,
            "step": steps.name(self), "place": self.values.and(self.step),
            "enrollment": self.enrollment, "outcome": self.outcome, "reason": self.reason,
        });
        if let Some(action) = self.action {
            object["action"] = action.action.as_str().into();
            object["channel"] = action.channel.as_deref().into();
            object["template"] = action.template.as_deref().into();
            object["key"] = action.key.to_string().into();
            object["hand_over"] = self.hand_over.map(HandOver::object).into();
        }
        if self.is_feedback() {
            object["channel"] = self.channel().into();
        }
        if let Some(key) = self.value("key") {
            object["key"] = key.into();
        }
        let values: serde_json::Map<String, Json> = self
            .told()
            .map(|(name, value)| (name.to_owned(), value.to_json()))
            .collect();
        if !values.is_empty() {
            object["values"] = values.into();
        }
        if let Json::Object(fields) = &mut object {
            fields.retain(|_, value| !value.is_null());
        }
        object
    }

    fn told(&self) -> impl Iterator<Item = (&'l str, &'l Value)> {
        let values = self.values.into_iter().flat_map(|values| values.iter());
        // Of what came back the channel is told beside the word.
        let is_told =
            |name: &str| TOLD.contains(&name) && !(self.is_feedback() && name == "channel");
        values.filter(move |(name, _)| is_told(name))
    }

    /// Whether it says what became of a message.
    fn is_feedback(&self) -> bool {
        self.action.is_none() && FATES.contains(&self.outcome)
    }

    /// The channel that it is about, or another way out.
    pub(super) fn channel(&self) -> Option<&'l str> {
        let of_action = self
            .action
            .and_then(|own| own.channel.as_deref().or_else(|| way(&own.action)));
        let told = || self.value("channel").or_else(|| self.value("route"));
        of_action.or_else(told).or(self.found)
    }

    fn value(&self, name: &str) -> Option<&'l str> {
        self.values?.get(name)?.as_text()
    }
}

/// The way out of what is no message.
fn way(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "task" | "assign" | "set" | "tag" | "untag" | "score" => "crm",
        "emit" => "events",
        "webhook" => "webhook",
        _ => return None,
    })
}

fn clock(at: Instant, zone: Zone) -> String {
    at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Which step stands at which place of a journey's file, by the definitions in force.
pub(crate) struct Steps {
    names: HashMap<(String, String), String>,
}

impl Steps {
    pub(crate) fn of(definitions: &Definitions) -> Self {
        let mut names = HashMap::new();
        // Definitions that don't load are no reason not to read the log.
        if let Ok(catalog) = Catalog::load(definitions, &[], Acting::Live) {
            for loaded in catalog.journeys() {
                for node in loaded.program.nodes() {
                    let place = (loaded.id.to_string(), node.path.to_string());
                    names.insert(place, node.name.to_string());
                }
            }
        }
        Self { names }
    }

    /// The step that a line is about, by its id; a place that no step of today's journey stands at is told as it is.
    fn name<'s>(&'s self, line: &Line<'s>) -> Option<&'s str> {
        let place = line.step?;
        let Some(journey) = line.journey.filter(|_| line.action.is_none()) else {
            return Some(place);
        };
        // What belongs to a step stands below it: `steps[2].when`, `steps[2].data.total`.
        let mut around = place;
        loop {
            let own = (journey.to_owned(), around.to_owned());
            if let Some(name) = self.names.get(&own) {
                return Some(name);
            }
            match around.rsplit_once('.') {
                Some((outer, _)) => around = outer,
                None => return Some(place),
            }
        }
    }

    /// Whether a line is about a step, named by its id or its place.
    pub(super) fn is_at(&self, line: &Line<'_>, step: &str) -> bool {
        let Some(own) = line.step else { return false };
        // Conditions of a step stand below it: `steps[2].when`.
        let within = |path: &str| {
            own.strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest == ".when")
        };
        let named = |(place, name): (&(String, String), &String)| {
            Some(place.0.as_str()) == line.journey && name == step && within(&place.1)
        };
        own == step || self.names.iter().any(named)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use kurant_engine::id::Key;

    use super::*;

    fn action(verb: &str, status: ActionStatus, reason: Option<&str>) -> LogLine {
        let mut data = Map::new();
        data.insert(
            "email",
            kurant_engine::value::Value::text("anna@example.com"),
        );
        let action = Action {
            at: Instant::from_millis(0),
            journey: "winback".into(),
            step: Some("nine".into()),
            customer: "anna".into(),
            enrollment: Key::of(&["e"]),
            action: verb.into(),
            channel: (verb == "send").then(|| "email".into()),
            template: None,
            data,
            key: Key::of(&["k"]),
            status,
            reason: reason.map(Into::into),
        };
        LogLine {
            clock: Instant::from_millis(5),
            customer: "anna".into(),
            what: Happened::Did(action),
        }
    }

    /// What became of what has nowhere to go.
    fn nothing_left() -> &'static HandOvers {
        static NOTHING: LazyLock<HandOvers> = LazyLock::new(HandOvers::default);
        &NOTHING
    }

    fn steps() -> Steps {
        let place = ("winback".to_owned(), "steps[1]".to_owned());
        Steps {
            names: HashMap::from([(place, "later".to_owned())]),
        }
    }

    fn trace(what: &str) -> LogLine {
        let mut values = Map::new();
        values.insert(
            "customer.birthday",
            kurant_engine::value::Value::text("1990-01-01"),
        );
        values.insert(
            "until",
            kurant_engine::value::Value::Instant(Instant::from_millis(9_000)),
        );
        let trace = Trace {
            clock: Instant::from_millis(5),
            at: Instant::from_millis(0),
            journey: Some("winback".into()),
            enrollment: None,
            place: Some("steps[1]".into()),
            what: what.into(),
            reason: None,
            values,
            after: 0,
        };
        LogLine {
            clock: Instant::from_millis(5),
            customer: "anna".into(),
            what: Happened::Passed(trace),
        }
    }

    #[test]
    fn the_outcome_of_an_action_is_a_word() {
        use ActionStatus::{Deferred, Sent, Skipped};
        for (verb, status, outcome) in [
            ("send", Sent, "sent"),
            ("send", Skipped, "skipped"),
            ("send", Deferred, "deferred"),
            ("enter", Sent, "enter"),
            ("exit", Sent, "exit"),
            ("task", Sent, "sent"),
        ] {
            let line = action(verb, status, None);
            assert_eq!(Line::of(&line, nothing_left()).outcome, outcome, "{verb}");
        }
    }

    #[test]
    fn what_is_no_message_is_found_by_its_way_out() {
        for (verb, way) in [
            ("send", Some("email")),
            ("webhook", Some("webhook")),
            ("emit", Some("events")),
            ("set", Some("crm")),
            ("tag", Some("crm")),
            ("task", Some("crm")),
            ("enter", None),
        ] {
            let line = action(verb, ActionStatus::Sent, None);
            assert_eq!(Line::of(&line, nothing_left()).channel(), way, "{verb}");
        }
    }

    #[test]
    fn a_line_holds_nothing_that_is_known_of_a_customer() {
        for line in [action("send", ActionStatus::Sent, None), trace("chose")] {
            let line = Line::of(&line, nothing_left());
            let (text, object) = (line.text(Zone::UTC, &steps()), line.object(&steps()));
            let told = format!("{text} {object}");
            assert!(told.contains("anna") && told.contains("winback"), "{told}");
            assert!(!told.contains("1990") && !told.contains('@'), "{told}");
        }
    }

    #[test]
    fn people_read_what_was_done_and_why_not() {
        let line = action("send", ActionStatus::Skipped, Some("frequency_cap"));
        let text = Line::of(&line, nothing_left()).text(Zone::UTC, &steps());
        assert!(text.starts_with("1970-01-01 00:00:00  anna"), "{text}");
        assert!(
            text.ends_with("send email skipped (frequency_cap)"),
            "{text}"
        );
        let line = trace("waits");
        let text = Line::of(&line, nothing_left()).text(Zone::Europe__Kyiv, &steps());
        assert!(
            text.ends_with("later              waits  until = 1970-01-01 03:00:09"),
            "{text}"
        );
    }

    #[test]
    fn what_came_back_of_a_message_is_told_with_its_channel_its_step_and_its_key() {
        let mut line = trace("clicked");
        if let Happened::Passed(trace) = &mut line.what {
            trace.place = Some("nine".into());
            trace.values.insert("channel", Value::text("email"));
            trace.values.insert("key", Value::text("k1"));
        }
        let line = Line::of(&line, nothing_left());
        let text = line.of_one(Zone::UTC, &steps());
        assert!(text.contains("nine               email clicked"), "{text}");
        let object = line.object(&steps());
        let told = [
            &object["step"],
            &object["outcome"],
            &object["channel"],
            &object["key"],
        ];
        assert_eq!(told, ["nine", "clicked", "email", "k1"]);
        assert!(steps().is_at(&line, "nine"));
    }

    #[test]
    fn a_step_is_told_by_its_id_and_programs_get_its_place_too() {
        for (place, name) in [
            ("steps[1]", "later"),
            ("steps[1].when", "later"),
            ("steps[7]", "steps[7]"),
        ] {
            let mut line = trace("waits");
            if let Happened::Passed(trace) = &mut line.what {
                trace.place = Some(place.into());
            }
            let object = Line::of(&line, nothing_left()).object(&steps());
            assert_eq!(
                (&object["step"], &object["place"]),
                (&name.into(), &place.into())
            );
        }
        let line = action("send", ActionStatus::Sent, None);
        let object = Line::of(&line, nothing_left()).object(&steps());
        assert_eq!(
            (&object["step"], object.get("place")),
            (&"nine".into(), None)
        );
    }
}
