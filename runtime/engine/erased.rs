//! What may be kept of somebody who was erased: that it was so, and lines of the log that say nothing of the person.

use std::sync::Arc;

use crate::action::Action;
use crate::event::Event;
use crate::id::{CustomerId, Key};
use crate::input::{Command, ERASED, Effect, Trace};
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
        reason: own.reason.map(|reason| word(&reason).into()),
        ..own
    }
}

/// A line about what happened, without the values of the person.
pub fn trace(own: Trace) -> Trace {
    let is_own_word = own.what == ERASED;
    let kept = |name: &str| KEPT.contains(&name) || (is_own_word && name == "why");
    let values = own.values.iter().filter(|(name, _)| kept(name));
    Trace {
        values: values.map(|(name, value)| (name, value.clone())).collect(),
        reason: own.reason.as_deref().map(word),
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
        },
    };
    Command {
        customer,
        what,
        ..own.clone()
    }
}

/// The first word of a reason: what follows may be of the person.
pub fn word(reason: &str) -> String {
    let end = reason.find(|c: char| !(c.is_ascii_alphanumeric() || "_- ".contains(c)));
    let first = &reason[..end.unwrap_or(reason.len())];
    match end {
        None => first.to_owned(),
        Some(_) => first.split(' ').next().unwrap_or_default().to_owned(),
    }
}

/// An id that stands for another one stays.
fn pseudonym_once(id: &CustomerId) -> CustomerId {
    match id.starts_with("erased-") && id.len() == "erased-".len() + 32 {
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
        };
        let kept = trace(line.clone());
        assert_eq!(kept.reason.as_deref(), Some("refused"));
        let names: Vec<&str> = kept.values.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["until"]);
        let own = trace(Trace {
            what: ERASED.into(),
            ..line
        });
        assert!(
            own.values.get("why").is_some(),
            "why somebody was erased stays"
        );
    }

    #[test]
    fn a_reason_in_a_word_or_two_stays() {
        for (reason, kept) in [
            ("ended_by_operator", "ended_by_operator"),
            ("no longer wanted", "no longer wanted"),
            ("away: 535 5.7.8", "away"),
            ("anna@example.com", "anna"),
            ("", ""),
        ] {
            assert_eq!(word(reason), kept, "{reason}");
        }
    }
}
