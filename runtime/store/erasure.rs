//! A customer who is erased, and what every store keeps of one.

use std::collections::BTreeSet;

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
        names(&self.customer, &self.addresses)
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

/// The texts by which something refused may be about a customer, to be looked for without regard to the case of Latin letters.
pub(crate) fn names(id: &str, addresses: &[String]) -> Vec<String> {
    let own = [id].into_iter().chain(addresses.iter().map(String::as_str));
    let own = own.filter(|own| !own.is_empty());
    let names = own.flat_map(spellings).map(|own| own.to_ascii_lowercase());
    let names: BTreeSet<String> = names.collect();
    names.into_iter().collect()
}

/// A text as it may stand in JSON: each of the two escapes that some write and others don't, or both.
fn spellings(text: &str) -> Vec<String> {
    let quoted = Value::from(text).to_string();
    let plain = quoted[1..quoted.len() - 1].to_owned();
    let mut escaped = String::new();
    for unit in plain.encode_utf16() {
        match u8::try_from(unit).ok().filter(u8::is_ascii) {
            Some(own) => escaped.push(char::from(own)),
            None => escaped.push_str(&format!("\\u{unit:04x}")),
        }
    }
    let mut all = vec![text.to_owned()];
    for own in [plain, escaped] {
        all.push(own.replace('/', "\\/"));
        all.push(own);
    }
    all
}

/// Whether a text that was refused is about a customer: an event or a record of this id, or anything with one of these addresses,
/// whatever their case.
pub(crate) fn is_about(body: &str, id: &str, addresses: &[String]) -> bool {
    let addresses = addresses.iter().filter(|own| !own.is_empty());
    let addresses: Vec<String> = addresses.map(|own| own.to_lowercase()).collect();
    let is_address = |text: &str| addresses.contains(&text.to_lowercase());
    match serde_json::from_str::<Value>(body) {
        Ok(json @ Value::Object(_)) => {
            let own = json.get("subject").or_else(|| json.get("id"));
            own.and_then(Value::as_str) == Some(id) || has_text(&json, &is_address)
        }
        _ => {
            let lower = body.to_lowercase();
            stands_in(body, id) || addresses.iter().any(|own| stands_in(&lower, own))
        }
    }
}

/// Whether a text that is no JSON, or only the beginning of some, holds a name in one of its fields.
fn stands_in(body: &str, name: &str) -> bool {
    let is_whole = |at: usize, len: usize| {
        let before = body[..at].chars().next_back();
        let after = body[at + len..].chars().next();
        ![before, after]
            .into_iter()
            .flatten()
            .any(char::is_alphanumeric)
    };
    spellings(name)
        .iter()
        .any(|own| match own.contains(SEPARATORS) {
            // Fields can't be told apart at what stands in the name itself.
            true => body
                .match_indices(own.as_str())
                .any(|(at, own)| is_whole(at, own.len())),
            false => body.split(SEPARATORS).any(|field| field == own),
        })
}

fn has_text(json: &Value, is_it: &impl Fn(&str) -> bool) -> bool {
    match json {
        Value::String(text) => is_it(text),
        Value::Array(all) => all.iter().any(|own| has_text(own, is_it)),
        Value::Object(all) => all.values().any(|own| has_text(own, is_it)),
        _ => false,
    }
}

/// Whom a text that was refused names as the one it is about.
pub(crate) fn subject(body: &str) -> Option<String> {
    let json: Value = serde_json::from_str(body).ok()?;
    let own = json.get("subject").or_else(|| json.get("id"))?;
    own.as_str().map(str::to_owned)
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
            (r#"{"subject":"x","data":{"to":"Anna@Example.com"}}"#, true),
            ("x;ANNA@example.com", true),
            ("annabel;x", false),
            ("", false),
        ] {
            assert_eq!(is_about(body, "anna", &addresses), is_own, "{body}");
        }
    }

    #[test]
    fn a_name_is_found_however_it_is_spelled() {
        for (id, body, is_own) in [
            ("crm:42", r#"{"subject":"crm:42","data":"#, true),
            ("crm:42", "crm:421;x", false),
            ("shop/42", r#"{"subject":"shop\/42","data":"#, true),
            ("shop/42", r#"{"subject":"shop\/42"}"#, true),
            (
                "їжак",
                r#"{"subject":"\u0457\u0436\u0430\u043a","data":"#,
                true,
            ),
            ("їжак", r#"{"subject":"\u0457\u0436\u0430\u043A"}"#, true),
            ("o'neil x", "o'neil x;1", true),
        ] {
            assert_eq!(is_about(body, id, &[]), is_own, "{body}");
            let names = names(id, &[]);
            let lower = body.to_ascii_lowercase();
            let is_asked_for = names.iter().any(|own| lower.contains(own.as_str()));
            assert!(is_asked_for || !is_own, "{names:?}: {body}");
        }
        let phone = ["+380 50 111".to_owned()];
        assert!(is_about("anna;+380 50 111;x", "b", &phone));
    }
}
