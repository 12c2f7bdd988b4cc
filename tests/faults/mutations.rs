//! The checker itself: a good history passes, and each way of spoiling it is found and named.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Invariant::{self, *};
use super::check::{Findings, check, ghosts};
use super::history::{Done, Event, History, Line, Received, What};
use super::rules::{Bound, Rules};
use super::shop;

/// Writes a good history down, as the product would.
#[derive(Default)]
struct Scribe {
    history: History,
    clock: i64,
    keys: u32,
}

/// An enrollment that is being told of.
#[derive(Clone)]
struct Inside {
    customer: &'static str,
    journey: &'static str,
    id: String,
}

impl Scribe {
    fn event(&mut self, id: &str, kind: &str, customer: &str, number: (&str, i64)) {
        let numbers = BTreeMap::from([(number.0.to_owned(), number.1)]);
        self.history.published.push(Event {
            id: id.to_owned(),
            kind: kind.to_owned(),
            customer: customer.to_owned(),
            numbers,
        });
        self.history.told.taken.insert(id.to_owned());
        self.history.told.taken_in_all += 1;
        let known = self.history.told.customers.entry(customer.to_owned());
        known.or_default().events.push(id.to_owned());
    }

    fn add(&mut self, customer: &str, attribute: &str, more: i64) {
        let known = self.history.told.customers.entry(customer.to_owned());
        *known
            .or_default()
            .numbers
            .entry(attribute.to_owned())
            .or_default() += more;
    }

    fn line(&mut self, inside: &Inside, step: &str, what: What) {
        self.history.told.log.push(Line {
            clock: self.clock,
            customer: inside.customer.to_owned(),
            journey: inside.journey.to_owned(),
            enrollment: Some(inside.id.clone()),
            step: step.to_owned(),
            what,
        });
    }

    fn did(&mut self, inside: &Inside, step: &str, verb: &str, reason: Option<&str>) {
        self.keys += 1;
        let key = format!("key{}", self.keys);
        let route = match verb {
            "enter" | "exit" => None,
            "send" => Some("email"),
            "emit" => Some("events"),
            _ => Some("crm"),
        };
        if let Some(route) = route {
            let place = (route.to_owned(), "accepted".to_owned());
            *self.history.told.outbox.entry(place).or_default() += 1;
            self.history.received.push(Received {
                route: route.to_owned(),
                key: key.clone(),
                customer: inside.customer.to_owned(),
                body: format!("{verb} for {}", inside.customer),
            });
        }
        if verb == "emit" {
            self.history.told.taken_in_all += 1;
            let known = self
                .history
                .told
                .customers
                .entry(inside.customer.to_owned());
            known.or_default().events.push(key.clone());
            self.add(inside.customer, "counted", 1);
        }
        let done = Done {
            verb: verb.to_owned(),
            key,
            is_sent: true,
            reason: reason.map(str::to_owned),
            route: route.map(str::to_owned),
        };
        self.line(inside, step, What::Did(done));
    }

    fn enter(&mut self, customer: &'static str, journey: &'static str, id: &str) -> Inside {
        let id = id.to_owned();
        let inside = Inside {
            customer,
            journey,
            id,
        };
        self.did(&inside, "", "enter", None);
        inside
    }

    fn passed(&mut self, inside: &Inside, place: &str, what: &str, until: Option<i64>) {
        let what = what.to_owned();
        self.line(inside, place, What::Passed { what, until });
    }

    fn refuse(&mut self, customer: &'static str, journey: &'static str) {
        self.history.told.log.push(Line {
            clock: self.clock,
            customer: customer.to_owned(),
            journey: journey.to_owned(),
            enrollment: None,
            step: String::new(),
            what: What::Passed {
                what: "not_entered".to_owned(),
                until: None,
            },
        });
    }
}

/// Anna visits twice and buys once; Olha leaves two carts and pays for one; a line is no event.
fn good() -> History {
    let mut scribe = Scribe::default();
    scribe.event("v1", "visit.made", "anna", ("page", 1));
    scribe.event("v2", "visit.made", "anna", ("page", 2));
    scribe.add("anna", "visits", 2);
    let trial = scribe.enter("anna", "trial", "t1");
    scribe.did(&trial, "hello", "send", None);
    scribe.passed(&trial, "steps[1]", "waits", Some(2_000));
    scribe.refuse("anna", "trial");
    let regular = scribe.enter("anna", "regular", "r1");
    scribe.passed(&regular, "steps[0]", "waits", Some(1_000));
    scribe.refuse("anna", "regular");
    scribe.event("k1", "cart.left", "olha", ("cart", 1));
    scribe.event("k2", "cart.left", "olha", ("cart", 2));
    let carts = ["k1", "k2"].map(|id| scribe.enter("olha", "cart", id));
    for cart in &carts {
        scribe.passed(cart, "steps[0]", "waits", Some(2_000));
    }
    scribe.event("p1", "cart.paid", "olha", ("cart", 1));
    scribe.did(&carts[0], "praise", "tag", None);
    scribe.did(&carts[0], "", "exit", Some("completed"));
    scribe.event("o1", "order.paid", "anna", ("total", 5));
    scribe.add("anna", "orders", 1);
    scribe.add("anna", "spent", 5);
    scribe.did(&trial, "", "exit", Some("bought"));
    let thanks = scribe.enter("anna", "thanks", "o1");
    scribe.did(&thanks, "now", "send", None);
    scribe.passed(&thanks, "steps[1]", "waits", Some(1_000));
    scribe.clock = 1_000;
    scribe.did(&regular, "count", "emit", None);
    scribe.did(&regular, "points", "score", None);
    scribe.did(&regular, "", "exit", Some("completed"));
    scribe.did(&thanks, "ask", "task", None);
    scribe.did(&thanks, "", "exit", Some("completed"));
    scribe.clock = 2_000;
    scribe.passed(&carts[1], "steps[0]", "timeout", None);
    scribe.did(&carts[1], "remind", "send", None);
    scribe.did(&carts[1], "", "exit", Some("completed"));
    scribe.history.no_events.push("{ no event 1".to_owned());
    scribe.history.told.letters.push("{ no event 1".to_owned());
    scribe.history
}

fn rules() -> Rules {
    let published = Bound {
        at_rest: 1,
        each_stop: 1,
        in_the_air: 2,
    };
    shop::rules(BTreeMap::from([
        ("email", Bound::ONCE),
        ("crm", published),
        ("events", published),
    ]))
}

/// The place of a line in the log, by step and verb or word.
fn place(history: &History, step: &str, word: &str) -> usize {
    let is_it = |line: &Line| match &line.what {
        What::Did(done) => line.step == step && done.verb == word,
        What::Passed { what, .. } => line.step == step && what == word,
        What::Withheld(_) => false,
    };
    let found = history.told.log.iter().position(is_it);
    found.expect("the good history has it")
}

fn done<'h>(history: &'h mut History, step: &str, verb: &str) -> &'h mut Done {
    let place = place(history, step, verb);
    match &mut history.told.log[place].what {
        What::Did(done) => done,
        What::Passed { .. } | What::Withheld(_) => panic!("{step} is no action"),
    }
}

fn known<'h>(history: &'h mut History, customer: &str) -> &'h mut super::history::Known {
    let known = history.told.customers.get_mut(customer);
    known.expect("the good history knows her")
}

fn accepted<'h>(history: &'h mut History, route: &str) -> &'h mut u64 {
    let place = (route.to_owned(), "accepted".to_owned());
    history.told.outbox.entry(place).or_default()
}

/// Hands something over once more.
fn again(history: &mut History, verb: &str) {
    let one = history
        .received
        .iter()
        .find(|one| one.body.starts_with(verb));
    let one = one.expect("the good history hands it over").clone();
    history.received.push(one);
}

type Mutation = (&'static str, Invariant, fn(&mut History));

const MUTATIONS: &[Mutation] = &[
    ("an event is lost", NoLoss, |h| {
        h.told.taken.remove("o1");
    }),
    ("an event is taken in and a dead letter too", NoLoss, |h| {
        h.told.letters.push(r#"{"id":"o1"}"#.to_owned());
    }),
    ("a dead letter is lost", NoLoss, |h| h.told.letters.clear()),
    ("a line that is no event is two dead letters", NoLoss, |h| {
        let letter = h.told.letters[0].clone();
        h.told.letters.push(letter);
    }),
    ("a dead letter that nobody sent", NoLoss, |h| {
        h.told.letters.push("{ no event 2".to_owned());
    }),
    ("an event is taken in under two ids", NoLoss, |h| {
        h.told.taken_in_all += 1;
    }),
    ("an order counts twice", NoDoubleEffect, |h| {
        *known(h, "anna").numbers.get_mut("spent").expect("a sum") += 5;
    }),
    ("an order does not count", NoDoubleEffect, |h| {
        known(h, "anna").numbers.remove("orders");
    }),
    ("an emitted event does not count", NoDoubleEffect, |h| {
        known(h, "anna").numbers.remove("counted");
    }),
    (
        "an event stands in the history twice",
        NoDoubleEffect,
        |h| {
            known(h, "olha").events.push("p1".to_owned());
        },
    ),
    ("an event is not in the history", NoDoubleEffect, |h| {
        known(h, "olha").events.retain(|id| id != "p1");
    }),
    ("a customer is gone", NoDoubleEffect, |h| {
        h.told.customers.remove("anna");
    }),
    ("somebody enters twice at once", Entry, |h| {
        let mut twin = h.told.log[place(h, "count", "emit")].clone();
        twin.step.clear();
        twin.enrollment = Some("r2".to_owned());
        if let What::Did(done) = &mut twin.what {
            *done = Done {
                verb: "enter".to_owned(),
                key: "twin".to_owned(),
                route: None,
                ..done.clone()
            };
        }
        let at = place(h, "steps[0]", "waits");
        h.told.log.insert(at, twin);
    }),
    ("an entry is told twice", Entry, |h| {
        let at = place(h, "", "enter");
        let line = h.told.log[at].clone();
        h.told.log.insert(at, line);
    }),
    ("nobody says why somebody stayed out", Entry, |h| {
        h.told.log.retain(|line| !line.tells("not_entered"));
    }),
    ("a step is missing", LegalPassage, |h| {
        let at = place(h, "points", "score");
        h.told.log.remove(at);
    }),
    ("steps come in another order", LegalPassage, |h| {
        let at = place(h, "count", "emit");
        h.told.log.swap(at, at + 1);
    }),
    ("somebody goes on after the end", LegalPassage, |h| {
        let at = place(h, "ask", "task");
        h.told.log.swap(at, at + 1);
    }),
    ("somebody never leaves", LegalPassage, |h| {
        let last = h.told.log.len() - 1;
        h.told.log.remove(last);
    }),
    ("a timer is early", Timers, |h| {
        let at = place(h, "ask", "task");
        h.told.log[at].clock -= 1;
    }),
    ("a timeout is early", Timers, |h| {
        let at = place(h, "remind", "send");
        h.told.log[at].clock -= 1;
    }),
    ("a wait is passed over", Timers, |h| {
        h.told.log.retain(|line| !line.tells("waits"));
    }),
    ("a wait ends in both ways", OneOutcome, |h| {
        let mut both = h.told.log[place(h, "remind", "send")].clone();
        both.enrollment = Some("k1".to_owned());
        h.told.log.push(both);
    }),
    ("a wait ends in no way", OneOutcome, |h| {
        let at = place(h, "praise", "tag");
        h.told.log.remove(at);
    }),
    ("a timeout is not told", OneOutcome, |h| {
        h.told.log.retain(|line| !line.tells("timeout"));
    }),
    ("a command is left in the outbox", Rest, |h| {
        let place = ("crm".to_owned(), "claimed".to_owned());
        h.told.outbox.insert(place, 1);
    }),
    ("somebody is inside still", Rest, |h| h.told.inside = 1),
    ("a command is skipped without a word", Rest, |h| {
        *accepted(h, "crm") -= 1;
        let place = ("crm".to_owned(), "skipped".to_owned());
        h.told.outbox.insert(place, 1);
    }),
    (
        "a command is withheld whose passage was not ended",
        OutboxComplete,
        |h| {
            let key = done(h, "ask", "task").key.clone();
            *accepted(h, "crm") -= 1;
            let place = ("crm".to_owned(), "skipped".to_owned());
            h.told.outbox.insert(place, 1);
            h.received.retain(|one| one.key != key);
            let mut line = h.told.log[0].clone();
            line.what = What::Withheld(key);
            h.told.log.push(line);
        },
    ),
    ("a command vanishes from the outbox", OutboxComplete, |h| {
        *accepted(h, "crm") -= 1;
    }),
    ("nobody got an accepted command", OutboxComplete, |h| {
        h.received.retain(|one| !one.body.starts_with("task"));
    }),
    ("a message goes out twice", HandOverBound, |h| {
        again(h, "send")
    }),
    (
        "a command goes out twice without a stop",
        HandOverBound,
        |h| {
            h.stops = 0;
            again(h, "task");
        },
    ),
    (
        "more goes out again than was in the air",
        HandOverBound,
        |h| {
            for verb in ["task", "tag", "score"] {
                again(h, verb);
            }
        },
    ),
    ("other bytes under the same key", SameBytes, |h| {
        again(h, "task");
        let last = h.received.last_mut().expect("it was just added");
        last.body.push('!');
    }),
    ("another customer under the same key", SameBytes, |h| {
        again(h, "task");
        let last = h.received.last_mut().expect("it was just added");
        last.customer = "olha".to_owned();
    }),
    ("one key by two routes", SameBytes, |h| {
        again(h, "task");
        let last = h.received.last_mut().expect("it was just added");
        last.route = "events".to_owned();
    }),
    ("two actions under one key", SameBytes, |h| {
        done(h, "ask", "task").key = done(h, "praise", "tag").key.clone();
    }),
    ("a ghost is handed over", NoGhosts, |h| {
        again(h, "task");
        let last = h.received.last_mut().expect("it was just added");
        last.key = "ghost".to_owned();
    }),
    ("what was skipped is handed over", NoGhosts, |h| {
        done(h, "points", "score").is_sent = false;
    }),
    ("a command is settled twice", Fencing, |h| {
        *accepted(h, "crm") += 1
    }),
    ("a passage changes its version", Pinning, |h| {
        let at = place(h, "ask", "task");
        h.told.log[at].step = "second-ask".to_owned();
    }),
];

#[test]
fn a_good_history_passes_also_with_a_stop_and_what_it_allows() {
    let mut history = good();
    history.stops = 1;
    again(&mut history, "task");
    again(&mut history, "emit");
    let found = check(&history, &rules());
    assert!(found.is_empty(), "{found}");
}

#[test]
fn every_way_of_spoiling_a_history_is_found_and_named() {
    for (name, invariant, spoil) in MUTATIONS {
        let mut history = good();
        history.stops = 1;
        spoil(&mut history);
        let found = check(&history, &rules());
        assert!(
            found.names(*invariant),
            "{name} is no {invariant:?}:\n{found}"
        );
    }
}

#[test]
fn what_is_handed_over_before_its_commit_is_a_ghost() {
    let history = good();
    let task = history
        .received
        .iter()
        .find(|one| one.body.starts_with("task"));
    let task = [task.expect("a task").clone()];
    let mut found = Findings::default();
    ghosts(&task, &BTreeSet::from([task[0].key.as_str()]), &mut found);
    assert!(found.is_empty(), "{found}");
    ghosts(&task, &BTreeSet::new(), &mut found);
    assert!(found.names(NoGhosts));
}
