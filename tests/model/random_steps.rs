//! Random steps.

use kurant_engine::calendar::{Duration, WaitRule};
use kurant_engine::definition::{
    Arm, Awaited, Branch, Channel, Choose, Computed, Emit, If, OnError, OnStop, Repeat, Run, Score,
    Send, Split, Start, Step, Task, TaskFor, Verb, Wait, WaitFor, Webhook,
};
use kurant_engine::value::Value;

use super::expression::Expression as E;
use super::journeys::{Maker, TAGS};

const HOURS: i64 = 3_600_000;
/// How deep steps stand in each other.
pub(super) const DEPTH: u32 = 3;

impl Maker<'_> {
    pub(super) fn steps(&mut self, depth: u32, most: u64) -> Vec<Step> {
        (0..1 + self.chance.below(most))
            .map(|_| self.step(depth))
            .collect()
    }

    fn block(&mut self, depth: u32) -> Vec<Step> {
        if self.chance.one_in(4) {
            Vec::new()
        } else {
            self.steps(depth - 1, 2)
        }
    }

    fn step(&mut self, depth: u32) -> Step {
        let verb = match self.chance.below(if depth > 0 { 20 } else { 13 }) {
            0..=2 => self.send(depth),
            3..=5 => Verb::Wait(self.wait()),
            6 => self.set(),
            7 => self.tag(),
            8 => self.score(),
            9 => self.task(),
            10 => self.emit(depth),
            11 => self.start_or_webhook(depth),
            12 if self.chance.one_in(3) => Verb::Exit("enough".to_owned()),
            12 => self.run(),
            13..=15 => Verb::WaitFor(self.wait_for(depth)),
            16 => Verb::If(If {
                condition: self.condition(),
                then: self.block(depth),
                otherwise: self.block(depth),
            }),
            17 => self.choose(depth),
            18 => Verb::Split(Split {
                arms: [("one", 1), ("two", 2), ("none", 0)]
                    .map(|(name, weight)| Arm {
                        name: name.to_owned(),
                        weight,
                        steps: self.block(depth),
                    })
                    .to_vec(),
            }),
            _ => self.repeat(depth),
        };
        self.at_once &= matches!(verb, Verb::Send(_));
        self.ids += 1;
        let named = self.chance.one_in(2) || matches!(verb, Verb::Send(_) | Verb::Split(_));
        let when = if self.chance.one_in(6) {
            Some(self.condition())
        } else {
            None
        };
        Step {
            id: named.then(|| format!("s{}", self.ids)),
            title: None,
            when,
            verb,
        }
    }

    fn send(&mut self, depth: u32) -> Verb {
        let on_stop = |maker: &mut Self, defer: bool| match maker.chance.below(4) {
            0 if depth > 0 => OnStop::Steps(maker.steps(depth - 1, 1)),
            1 if defer => OnStop::Defer,
            _ => OnStop::Skip,
        };
        let fallback: Vec<String> = if self.chance.one_in(3) {
            vec!["sms".to_owned()]
        } else {
            Vec::new()
        };
        let data = if self.chance.one_in(3) {
            let value = self.value();
            vec![
                ("n".to_owned(), value),
                ("v".to_owned(), Computed::Literal(1.into())),
            ]
        } else {
            Vec::new()
        };
        Verb::Send(Send {
            channel: self.chance.pick(&[
                Channel::Best,
                Channel::Named("email".to_owned()),
                Channel::Named("sms".to_owned()),
            ]),
            template: self.chance.pick(&["t1", "t2"]).to_owned(),
            data,
            to: self
                .chance
                .maybe(12, |_| Computed::Literal(Value::text("other@example.com"))),
            fallback_after: if fallback.is_empty() {
                None
            } else {
                self.chance.maybe(2, |_| Duration::from_millis(2 * HOURS))
            },
            fallback,
            window: if self.chance.one_in(4) {
                Some(self.window())
            } else {
                None
            },
            valid_for: self.chance.maybe(3, |chance| {
                chance.pick(&[Duration::from_millis(2 * HOURS), Duration::from_days(2)])
            }),
            on_late: on_stop(self, false),
            on_cap: on_stop(self, true),
        })
    }

    /// A value for `data`, `set` and the like.
    pub(super) fn value(&mut self) -> Computed {
        let expression = match self.chance.below(if self.has_event { 8 } else { 6 }) {
            0 => return Computed::Literal(Value::text("literal")),
            1 => E::Customer("orders_count".to_owned()),
            2 => E::Var("v".to_owned()),
            3 => E::Customer("score".to_owned()),
            4 if self.rounds > 0 => E::Round,
            4 if self.chance.one_in(6) => E::Broken,
            4 | 5 => E::Trigger("time".to_owned()),
            6 => E::Event("total".to_owned()),
            _ => E::EventTime,
        };
        Computed::Expression(self.script(expression))
    }

    fn wait(&mut self) -> Wait {
        let mut rule = WaitRule::default();
        let (mut since, mut until) = (None, None);
        match self.chance.below(6) {
            0..=1 => rule.for_ = Some(self.short()),
            2 => {
                rule.for_ = Some(self.short());
                since = Some(self.moment());
            }
            3 => until = Some(self.moment()),
            4 => {
                rule.at = Some(self.at());
                rule.for_ = self.chance.maybe(2, |_| Duration::from_days(1));
            }
            _ => {
                rule.at = self.chance.maybe(2, |_| {
                    kurant_engine::calendar::Time::from_hms_opt(2, 30, 0).expect("a time")
                });
                rule.weekdays = Some(self.weekdays());
            }
        }
        if self.chance.one_in(5) {
            rule.at = Some(self.at());
        }
        if self.chance.one_in(6) {
            rule.weekdays = Some(self.weekdays());
        }
        Wait { rule, since, until }
    }

    fn wait_for(&mut self, depth: u32) -> WaitFor {
        let kinds = [
            "order.paid",
            "page.viewed",
            "message.clicked",
            "message.delivered",
            "task.done",
            "x.1",
            "x.2",
        ];
        let any = (0..1 + self.chance.below(2))
            .map(|_| {
                let event = self.chance.pick(&kinds);
                Awaited {
                    event: event.to_owned(),
                    filter: self.filter(event),
                }
            })
            .collect();
        let (timeout, until) = match self.chance.below(4) {
            0 => (None, Some(self.moment())),
            _ => (Some(self.short()), None),
        };
        let since = match self.chance.below(4) {
            0 => Some(self.script(E::Trigger("time".to_owned()))),
            1 if self.chance.one_in(2) => Some(self.moment()),
            _ => None,
        };
        let otherwise = self.block(depth);
        let known = std::mem::replace(&mut self.has_event, true);
        let then = self.block(depth);
        self.has_event = known;
        WaitFor {
            any,
            timeout,
            until,
            since,
            then,
            otherwise,
        }
    }

    fn choose(&mut self, depth: u32) -> Verb {
        let mut branches: Vec<Branch> = (0..1 + self.chance.below(2))
            .map(|_| Branch {
                when: Some(self.condition()),
                steps: self.block(depth),
            })
            .collect();
        if self.chance.one_in(2) {
            branches.push(Branch {
                when: None,
                steps: self.block(depth),
            });
        }
        Verb::Choose(Choose { branches })
    }

    fn repeat(&mut self, depth: u32) -> Verb {
        let condition = if self.chance.one_in(2) {
            Some(self.condition())
        } else {
            None
        };
        self.rounds += 1;
        let mut steps = self.steps(depth - 1, 2);
        if self.chance.one_in(2) {
            let short = Wait {
                rule: WaitRule {
                    for_: Some(Duration::from_millis(HOURS)),
                    ..WaitRule::default()
                },
                since: None,
                until: None,
            };
            steps.push(Step {
                id: None,
                title: None,
                when: None,
                verb: Verb::Wait(short),
            });
        }
        self.rounds -= 1;
        Verb::Repeat(Repeat {
            condition,
            at_most: 1 + self.chance.below(3) as u32,
            steps,
        })
    }

    fn set(&mut self) -> Verb {
        let expression =
            |maker: &mut Self, expression| Computed::Expression(maker.script(expression));
        Verb::Set(match self.chance.below(6) {
            0 => vec![(
                "level".to_owned(),
                Computed::Literal(Value::text(self.chance.pick(&["gold", "plain"]))),
            )],
            1 => vec![("last_at".to_owned(), expression(self, E::Now))],
            2 => {
                let back = E::Shift(Box::new(E::Now), "days", -(self.chance.below(5) as i64));
                vec![("last_at".to_owned(), expression(self, back))]
            }
            3 => vec![(
                "renews".to_owned(),
                expression(
                    self,
                    E::Shift(Box::new(E::Customer("birthday".to_owned())), "days", 1),
                ),
            )],
            4 => vec![
                ("level".to_owned(), Computed::Literal(Value::Null)),
                ("orders_count".to_owned(), Computed::Literal(0.into())),
            ],
            _ => vec![("level".to_owned(), self.value())],
        })
    }

    fn tag(&mut self) -> Verb {
        let one = Computed::Literal(Value::text(self.chance.pick(&TAGS)));
        let tags = if self.chance.one_in(2) {
            one
        } else {
            Computed::List(vec![one, Computed::Literal(Value::text("c"))])
        };
        if self.chance.one_in(3) {
            Verb::Untag(tags)
        } else {
            Verb::Tag(tags)
        }
    }

    fn score(&mut self) -> Verb {
        Verb::Score(Score {
            add: self.chance.below(20) as i64 - 5,
            because: Computed::Literal(Value::text("reasons")),
            lasts: self.chance.maybe(2, |_| Duration::from_days(1)),
        })
    }

    fn task(&mut self) -> Verb {
        Verb::Task(Task {
            title: self.value(),
            assignee: self.chance.pick(&[
                TaskFor::Owner,
                TaskFor::Person("olena".to_owned()),
                TaskFor::Pool("support".to_owned()),
            ]),
            due: self.chance.maybe(2, |chance| {
                chance.pick(&[Duration::from_millis(4 * HOURS), Duration::from_days(1)])
            }),
            priority: self.chance.maybe(3, |_| "high".to_owned()),
        })
    }

    fn emit(&mut self, depth: u32) -> Verb {
        let data = if self.chance.one_in(2) {
            vec![("total".to_owned(), Computed::Literal(150.into()))]
        } else {
            Vec::new()
        };
        match self.onwards(depth) {
            Some(number) => Verb::Emit(Emit {
                event: format!("x.{number}"),
                data,
            }),
            None => self.tag(),
        }
    }

    /// A journey further on; or this one, at once or after a message, so that it comes to an end eight deep. One in each
    /// journey, outside of loops: more would multiply with each other.
    fn onwards(&mut self, depth: u32) -> Option<u64> {
        if self.rounds > 0 || std::mem::replace(&mut self.looped, true) {
            return None;
        }
        let itself = depth == DEPTH && self.at_once;
        Some(self.number + if itself { 0 } else { 1 + self.chance.below(2) })
    }

    fn start_or_webhook(&mut self, depth: u32) -> Verb {
        if self.chance.one_in(3) {
            return Verb::Webhook(Webhook {
                url: "https://example.com/hook".to_owned(),
                method: "POST".to_owned(),
                headers: Vec::new(),
                body: self.chance.maybe(2, |_| Computed::Literal(1.into())),
                save: self.chance.maybe(2, |_| "v".to_owned()),
                on_error: OnError::Continue,
            });
        }
        let Some(number) = self.onwards(depth) else {
            return self.score();
        };
        let journey = format!("j{number}");
        Verb::Start(Start {
            journey,
            vars: vec![("v".to_owned(), self.value())],
        })
    }

    fn run(&mut self) -> Verb {
        let value = self
            .chance
            .pick(&[E::Int(5), E::Customer("orders_count".to_owned()), E::Now]);
        let script = if self.chance.one_in(8) {
            E::Int(1)
        } else {
            E::Fields(vec![("v".to_owned(), value)])
        };
        Verb::Run(Run {
            script: self.script(script),
        })
    }
}
