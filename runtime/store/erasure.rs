//! A customer who is erased, and what every store keeps of one.

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::customer::Customer;
use kurant_engine::erased;
use kurant_engine::id::CustomerId;
use kurant_engine::input::{Command, Trace};
use kurant_engine::person::Person;
use serde_json::Value;

use crate::{Error, Stored};

/// Why a dead letter has no body any more.
pub(crate) const REASON: &str = "erased: it was about somebody who was erased";
/// What separates fields of a text that is no JSON.
const SEPARATORS: &[char] = &[
    '"', '\'', ',', ';', '\t', '|', '{', '}', '[', ']', ':', ' ', '\n', '\r',
];

/// A customer of whom nothing is kept any more but that it was so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whom.
    pub customer: CustomerId,
    /// Events dated up to here are about somebody who is gone.
    pub at: Instant,
    /// The revision of the state that goes; 0 = there is none.
    pub revision: u64,
    /// The customer's addresses: what was refused is searched for them.
    pub addresses: Vec<String>,
}

impl Erasure {
    /// The texts by which a dead letter may be about the customer.
    pub(crate) fn names(&self) -> Vec<String> {
        let addresses = self.addresses.iter().filter(|own| !own.is_empty());
        [self.customer.to_string()]
            .into_iter()
            .chain(addresses.cloned())
            .collect()
    }

    /// Whether a dead letter is about the customer.
    pub(crate) fn holds(&self, body: &str) -> bool {
        is_about(body, &self.customer, &self.addresses)
    }
}

impl Stored {
    /// Somebody who was erased: nothing else is known.
    pub fn erased(id: CustomerId, at: Instant) -> Self {
        let mut customer = Customer::new(id);
        customer.erased = Some(at);
        Self {
            person: Person::new(customer),
            fired: at,
            revision: 0,
        }
    }
}

/// Whether a text that was refused is about a customer: an event or a record of this id, or anything with one of these addresses.
pub(crate) fn is_about(body: &str, id: &str, addresses: &[String]) -> bool {
    let is_address = |text: &str| addresses.iter().any(|own| !own.is_empty() && own == text);
    match serde_json::from_str::<Value>(body) {
        Ok(json @ Value::Object(_)) => {
            let own = json.get("subject").or_else(|| json.get("id"));
            own.and_then(Value::as_str) == Some(id) || has_text(&json, &is_address)
        }
        _ => body
            .split(SEPARATORS)
            .any(|field| field == id || is_address(field)),
    }
}

fn has_text(json: &Value, is_it: &impl Fn(&str) -> bool) -> bool {
    match json {
        Value::String(text) => is_it(text),
        Value::Array(all) => all.iter().any(|own| has_text(own, is_it)),
        Value::Object(all) => all.values().any(|own| has_text(own, is_it)),
        _ => false,
    }
}

/// An entry of the log without what it says of the person: its actions and its traces.
pub(crate) fn entry(actions: &str, traces: &str) -> Result<(String, String), Error> {
    let read = |error| Error::corrupt("log", error);
    let actions: Vec<Action> = serde_json::from_str(actions).map_err(read)?;
    let traces: Vec<Trace> = serde_json::from_str(traces).map_err(read)?;
    let actions: Vec<Action> = actions.into_iter().map(erased::action).collect();
    Ok((json(&actions)?, kept(traces)?))
}

/// Lines of the log without what they say of the person.
pub(crate) fn kept(traces: Vec<Trace>) -> Result<String, Error> {
    let traces: Vec<Trace> = traces.into_iter().map(erased::trace).collect();
    json(&traces)
}

/// A command that can't leave any more, without what it says of the person.
pub(crate) fn command(text: &str) -> Result<String, Error> {
    let command: Command =
        serde_json::from_str(text).map_err(|error| Error::corrupt("command", error))?;
    json(&erased::command(&command))
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::corrupt("erasure", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_is_about_a_customer_by_its_subject_or_an_address() {
        let addresses = ["anna@example.com".to_owned(), String::new()];
        for (body, is_own) in [
            (r#"{"subject":"anna","data":{}}"#, true),
            (r#"{"id":"anna","name":"A"}"#, true),
            (r#"{"id":"anna","subject":"bohdan"}"#, false),
            (
                r#"{"subject":"x","data":{"to":["anna@example.com"]}}"#,
                true,
            ),
            (r#"{"subject":"anna","data":"#, true),
            ("anna;Anna;1990", true),
            ("annabel;x", false),
            ("", false),
        ] {
            assert_eq!(is_about(body, "anna", &addresses), is_own, "{body}");
        }
    }
}
