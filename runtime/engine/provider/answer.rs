//! What an answer means for the message that was handed over.

use serde_json::Value;

use super::{Means, Provider, Rule};

/// The longest code that is told, in characters.
const LONGEST_CODE: usize = 40;
/// The longest id of a provider that is kept, in characters.
const LONGEST_ID: usize = 100;
/// Longer digits may be a phone number.
const LONGEST_NUMBER: usize = 6;

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Its body, if it is JSON, whole, and not too large.
    pub body: Option<Value>,
}

/// What an answer means, and what is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// For the message.
    pub means: Means,
    /// Status and code, as in `200, response_code 203`. None of its words: they may name the person.
    pub said: String,
    /// After how many seconds to try again.
    pub after: Option<u64>,
    /// The provider's own id of the message.
    pub id: Option<String>,
}

impl Provider {
    /// What an answer means.
    pub fn judge(&self, answer: &Answer) -> Verdict {
        let body = answer.body.as_ref();
        let read = |path: &Option<String>| field(body?, path.as_deref()?);
        let after = answer
            .retry_after
            .or_else(|| read(&self.retry_after)?.as_u64());
        let rule = self.answers.iter().find(|rule| rule.fits(answer));
        let means = match rule {
            Some(rule) => rule.means,
            None if is_success(answer.status) && self.looks_inside(answer.status) => Means::InDoubt,
            None => usual(answer.status, after.is_some()),
        };
        let looked_at = self.answers.iter().find_map(|rule| {
            let path = rule.field.as_deref()?;
            Some((path, code(field(body?, path)?)?))
        });
        let said = match looked_at {
            Some((path, code)) => format!("{}, {path} {code}", answer.status),
            None => answer.status.to_string(),
        };
        Verdict {
            means,
            said,
            after,
            id: read(&self.message_id).and_then(id),
        }
    }

    /// Whether what is inside an answer of this status decides.
    fn looks_inside(&self, status: u16) -> bool {
        let mut rules = self.answers.iter();
        rules.any(|rule| rule.field.is_some() && rule.is_about(status))
    }
}

impl Rule {
    fn is_about(&self, status: u16) -> bool {
        let within = |(from, to): &(u16, u16)| (*from..=*to).contains(&status);
        self.status.is_empty() || self.status.iter().any(within)
    }

    fn fits(&self, answer: &Answer) -> bool {
        if !self.is_about(answer.status) {
            return false;
        }
        let Some(path) = &self.field else {
            return true;
        };
        let found = answer.body.as_ref().and_then(|body| field(body, path));
        let Some(found) = found.filter(|value| !value.is_null()) else {
            return false;
        };
        self.is.is_empty() || plain(found).is_some_and(|text| self.is.contains(&text))
    }
}

/// What a status means where the description says nothing.
fn usual(status: u16, says_when: bool) -> Means {
    match status {
        200..=299 => Means::Accepted,
        // Elsewhere: nobody follows, since what stands there was not agreed on.
        300..=399 => Means::Away,
        // Who we are, what we owe, and where we knock.
        401..=405 | 407 | 410 => Means::Away,
        408 | 425 | 429 => Means::Later,
        400..=499 => Means::Refused,
        // Without a time, whoever stands in between may say so of a request that has already gone on.
        503 if says_when => Means::Later,
        _ => Means::InDoubt,
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The value at a path of names and numbers: `result.0.id`.
pub fn field<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(body, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// A value that is a code and nothing else.
pub(super) fn code(value: &Value) -> Option<String> {
    let text = plain(value)?;
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_short = text.chars().count() <= LONGEST_CODE && digits <= LONGEST_NUMBER;
    (is_word && is_short && !text.is_empty()).then_some(text)
}

/// A provider's id, if it looks like one.
pub(super) fn id(value: &Value) -> Option<String> {
    let text = plain(value)?;
    let is_id = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_.:-/=+".contains(c));
    (is_id && (1..=LONGEST_ID).contains(&text.len())).then_some(text)
}
