//! What may be kept of somebody who was erased: that it was so, and lines of the log that say nothing of the person.

use std::sync::Arc;

use crate::action::Action;
use crate::event::Event;
use crate::id::{CustomerId, Key};
use crate::input::{Command, ERASED, Effect, FATES, Trace};
use crate::map::Map;
use crate::value::Value;

/// The values of a line that say nothing of a person.
const KEPT: &[&str] = &[
    "time", "until", "trigger", "type", "arm", "to", "act", "order", "by", "route", "attempts",
    "key",
];

/// What somebody who was erased is known by: whoever has the id finds it, and nobody finds the id by it.
pub fn tombstone(id: &str) -> Key {
    Key::of(&["erased", id])
}

/// What stands in place of the id.
pub fn pseudonym(id: &str) -> CustomerId {
    format!("erased-{}", tombstone(id)).into()
}

/// A line about what was done, without what it was done with.
pub fn action(own: Action) -> Action {
    Action {
        customer: pseudonym_once(&own.customer),
        data: Map::new(),
        reason: own.reason.and_then(|reason| word(&reason)).map(Into::into),
        ..own
    }
}

/// A line about what happened, without the values of the person.
pub fn trace(own: Trace) -> Trace {
    let is_own_word = own.what == ERASED;
    // Of what came back only a channel of ours is noted.
    let came_back = FATES.contains(&&*own.what);
    let kept = |name: &str| {
        KEPT.contains(&name) || (is_own_word && name == "why") || (came_back && name == "channel")
    };
    let values = own.values.iter().filter(|(name, _)| kept(name));
    Trace {
        values: values.map(|(name, value)| (name, value.clone())).collect(),
        reason: own.reason.as_deref().and_then(word),
        ..own
    }
}

/// A command of which only the bones are left.
pub fn command(own: &Command) -> Command {
    let customer = pseudonym_once(&own.customer);
    let what = match &own.what {
        Effect::Send {
            channel,
            template,
            valid_until,
            category,
            ..
        } => Effect::Send {
            channel: channel.clone(),
            to: String::new(),
            template: template.clone(),
            valid_until: *valid_until,
            category: *category,
            context: Map::new(),
        },
        Effect::Crm { command, .. } => Effect::Crm {
            command: command.clone(),
            data: Map::new(),
        },
        Effect::Emit { event } => Effect::Emit {
            event: Arc::new(Event {
                customer: customer.clone(),
                data: Map::new(),
                attributes: Map::new(),
                ..(**event).clone()
            }),
        },
        Effect::Webhook { method, .. } => Effect::Webhook {
            url: String::new(),
            method: method.clone(),
            headers: Map::new(),
            body: Value::Null,
            awaited: false,
        },
    };
    Command {
        customer,
        what,
        ..own.clone()
    }
}

/// The code that a reason begins with: what follows, and whatever is no code, may be of the person.
pub fn word(reason: &str) -> Option<String> {
    let first = reason.split(':').next().unwrap_or_default();
    let is_code = |c: char| c.is_ascii_lowercase() || c == '_';
    (!first.is_empty() && first.chars().all(is_code)).then(|| first.to_owned())
}

/// Whether an id stands for another one.
pub fn is_pseudonym(id: &str) -> bool {
    let digits = id.strip_prefix("erased-");
    digits.is_some_and(|own| own.len() == 32 && own.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// An id that stands for another one stays.
fn pseudonym_once(id: &CustomerId) -> CustomerId {
    match is_pseudonym(id) {
        true => id.clone(),
        false => pseudonym(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Instant;

    #[test]
    fn of_a_line_no_word_of_the_person_is_left() {
        let mut values = Map::new();
        for name in ["customer.birthday", "event", "until", "why"] {
            values.insert(name, Value::text("canary"));
        }
        let line = Trace {
            clock: Instant::from_millis(1),
            at: Instant::from_millis(1),
            journey: Some("welcome".into()),
            enrollment: None,
            place: None,
            what: "chose".into(),
            reason: Some("refused: canary@example.com is unknown".into()),
            values,
            after: 0,
        };
        let kept = trace(line.clone());
        assert_eq!(kept.reason.as_deref(), Some("refused"));
        let names: Vec<&str> = kept.values.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["until"]);
        let own = trace(Trace {
            what: ERASED.into(),
            ..line.clone()
        });
        assert!(
            own.values.get("why").is_some(),
            "why somebody was erased stays"
        );
        for (what, stays) in [("clicked", true), ("consent", false)] {
            let mut line = line.clone();
            line.what = what.into();
            line.values.insert("channel", Value::text("email"));
            assert_eq!(trace(line).values.get("channel").is_some(), stays, "{what}");
        }
    }

    #[test]
    fn of_a_reason_only_its_code_stays() {
        for (reason, kept) in [
            ("ended_by_operator", Some("ended_by_operator")),
            ("away: 535 5.7.8", Some("away")),
            ("no longer wanted", None),
            ("380501112233 not reachable", None),
            ("380501112233", None),
            ("anna@example.com", None),
            ("Anna: gone", None),
            ("", None),
        ] {
            assert_eq!(word(reason).as_deref(), kept, "{reason}");
        }
    }
}
