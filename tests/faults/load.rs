//! What a producer sends: orders, visits and carts, some of it twice, some of it no event.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use super::history::Event;
use crate::run::sample::Dice;

/// How many customers there are.
const CUSTOMERS: u64 = 60;
/// Carts that may still be paid for.
const OPEN_CARTS: usize = 30;
/// What was sent lately, to be sent again.
const LATELY: usize = 400;
/// Where events come from.
pub(super) const SOURCE: &str = "shop";
/// Their types.
pub(super) const KINDS: [&str; 5] = [
    "order.paid",
    "visit.made",
    "cart.left",
    "cart.paid",
    "visit.counted",
];

/// A producer, and its log.
pub(super) struct Load {
    dice: Dice,
    number: u64,
    carts: VecDeque<(i64, String)>,
    lately: VecDeque<Message>,
    pub(super) published: Vec<Event>,
    pub(super) no_events: Vec<String>,
}

/// Something to send.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) customer: String,
    pub(super) text: String,
}

/// The customers, one a line.
pub(super) fn customers() -> String {
    let customer = |id: String| json!({ "id": id, "email": format!("{id}@example.com") });
    ids().map(|id| customer(id).to_string() + "\n").collect()
}

pub(super) fn ids() -> impl Iterator<Item = String> {
    (0..CUSTOMERS).map(|number| format!("c{number:02}"))
}

impl Load {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            number: 0,
            carts: VecDeque::new(),
            lately: VecDeque::new(),
            published: Vec::new(),
            no_events: Vec::new(),
        }
    }

    /// The next ones, noted down as published.
    pub(super) fn next(&mut self, count: u64) -> Vec<Message> {
        let mut messages = Vec::new();
        for _ in 0..count {
            let message = self.one();
            self.lately.push_back(message.clone());
            if self.lately.len() > LATELY {
                self.lately.pop_front();
            }
            messages.push(message);
        }
        messages
    }

    /// An event that was never sent before.
    pub(super) fn new_one(&mut self) -> Message {
        self.number += 1;
        let customer = format!("c{:02}", self.dice.below(CUSTOMERS));
        let message = self.visit(customer);
        self.lately.push_back(message.clone());
        message
    }

    /// The latest ones, once more.
    pub(super) fn latest(&self, count: usize) -> Vec<Message> {
        self.lately.iter().rev().take(count).cloned().collect()
    }

    fn one(&mut self) -> Message {
        self.number += 1;
        let number = self.number;
        let customer = format!("c{:02}", self.dice.below(CUSTOMERS));
        let amount = self.dice.below(1_000) as i64;
        match self.dice.below(200) {
            0 => {
                let text = format!("{{ no event {number}");
                self.no_events.push(text.clone());
                Message { customer, text }
            }
            1 => self.event("order.paid", customer, "total", json!("much")),
            2..16 => self.again().unwrap_or_else(|| self.visit(customer)),
            16..56 => self.visit(customer),
            56..100 => {
                let cart = number as i64;
                self.carts.push_back((cart, customer.clone()));
                if self.carts.len() > OPEN_CARTS {
                    self.carts.pop_front();
                }
                self.event("cart.left", customer, "cart", json!(cart))
            }
            100..130 => match self.carts.pop_front() {
                Some((cart, customer)) => self.event("cart.paid", customer, "cart", json!(cart)),
                None => self.visit(customer),
            },
            _ => self.event("order.paid", customer, "total", json!(amount)),
        }
    }

    /// Something that has been sent before.
    fn again(&mut self) -> Option<Message> {
        let place = self.dice.below(self.lately.len().max(1) as u64) as usize;
        let message = self.lately.get(place)?;
        // A line that is no event would be another dead letter.
        let is_event = !self.no_events.contains(&message.text) && !message.text.contains("much");
        is_event.then(|| message.clone())
    }

    fn visit(&mut self, customer: String) -> Message {
        let page = self.dice.below(50);
        self.event("visit.made", customer, "page", json!(page))
    }

    fn event(
        &mut self,
        kind: &str,
        customer: String,
        field: &str,
        value: serde_json::Value,
    ) -> Message {
        let id = format!("e{}", self.number);
        let number = value.as_i64();
        let event = json!({
            "specversion": "1.0", "id": id, "source": SOURCE, "type": kind, "subject": customer, "data": { field: value },
        });
        self.published.push(Event {
            id,
            kind: kind.to_owned(),
            customer: customer.clone(),
            numbers: number
                .map(|number| (field.to_owned(), number))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
        });
        let text = event.to_string();
        Message { customer, text }
    }
}
