//! One action as one line of the actions file and of the file channel.

use std::fmt::Write as _;

use crate::action::{Action, ActionStatus};
use crate::map::Map;
use crate::value::Value;

impl Action {
    /// Appends the action as one line of JSON, as the outside sees it, with the line's end.
    pub fn write_line(&self, out: &mut String) {
        out.push_str(r#"{"at":""#);
        self.at.write(out);
        out.push_str(r#"","journey":"#);
        text(&self.journey, out);
        optional("step", self.step.as_deref(), out);
        named("customer", &self.customer, out);
        out.push_str(r#","enrollment":""#);
        self.enrollment.write(out);
        out.push('"');
        named("action", &self.action, out);
        optional("channel", self.channel.as_deref(), out);
        optional("template", self.template.as_deref(), out);
        out.push_str(r#","data":"#);
        map(&self.data, out);
        out.push_str(r#","key":""#);
        self.key.write(out);
        out.push_str(r#"","status":""#);
        out.push_str(self.status.word());
        out.push('"');
        optional("reason", self.reason.as_deref(), out);
        out.push_str("}\n");
    }
}

impl ActionStatus {
    /// The word that stands in the actions file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Deferred => "deferred",
        }
    }
}

fn optional(name: &str, value: Option<&str>, out: &mut String) {
    if let Some(value) = value {
        named(name, value, out);
    }
}

fn named(name: &str, value: &str, out: &mut String) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    text(value, out);
}

/// A JSON text.
fn text(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[written..index]);
        written = index + 1;
        if escaped.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escaped);
        }
    }
    out.push_str(&text[written..]);
    out.push('"');
}

fn map(map: &Map, out: &mut String) {
    out.push('{');
    for (index, (name, own)) in map.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        text(name, out);
        out.push(':');
        value(own, out);
    }
    out.push('}');
}

fn value(value: &Value, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Integer(value) => write!(out, "{value}"),
        Value::Decimal(value) => write!(out, "{}", value.normalize()),
        Value::Instant(instant) => write!(out, "\"{instant}\""),
        Value::Date(date) => write!(out, "\"{date}\""),
        Value::Text(own) => {
            text(own, out);
            Ok(())
        }
        Value::Map(own) => {
            map(own, out);
            Ok(())
        }
        Value::List(values) => {
            out.push('[');
            for (index, own) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                self::value(own, out);
            }
            out.push(']');
            Ok(())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Date, Instant};
    use crate::id::Key;

    #[test]
    fn a_line_is_the_json_that_the_outside_sees() {
        let data: Map = [
            ("quote", Value::text("a \"b\" \\ \n \u{1} ї")),
            ("total", Value::Decimal("29.330".parse().unwrap())),
            ("until", Value::Instant(Instant::from_millis(0))),
            ("day", Value::Date(Date::from_ymd_opt(2026, 1, 31).unwrap())),
            (
                "list",
                Value::List(vec![Value::Null, Value::Bool(true), Value::Integer(-1)]),
            ),
        ]
        .into_iter()
        .collect();
        let action = Action {
            at: Instant::from_millis(1_000),
            journey: "j".into(),
            step: Some("s".into()),
            customer: "c1".into(),
            enrollment: Key::of(&["e"]),
            action: "send".into(),
            channel: Some("email".into()),
            template: None,
            data: data.clone(),
            key: Key::of(&["k"]),
            status: ActionStatus::Deferred,
            reason: Some("quiet_hours".into()),
        };
        let mut line = String::new();
        action.write_line(&mut line);
        let json: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
        assert_eq!(json["at"], "1970-01-01T00:00:01Z");
        assert_eq!(json["data"], data.to_json());
        assert_eq!(
            (json["status"].as_str(), json["reason"].as_str()),
            (Some("deferred"), Some("quiet_hours"))
        );
        assert!(json.get("template").is_none());
    }
}
