//! Expressions as a tree. The engine gets their Rhai text; the model evaluates the tree.

use std::collections::BTreeMap;

use kurant_engine::definition::Script;

/// An expression of the small grammar that histories are written in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// `true`, `false`
    Bool(bool),
    /// `7`
    Int(i64),
    /// `"gold"`
    Text(String),
    /// `customer.NAME`
    Customer(String),
    /// `event.NAME`
    Event(String),
    /// `event.meta.time`
    EventTime,
    /// `vars.NAME`
    Var(String),
    /// `round`
    Round,
    /// `now`
    Now,
    /// `trigger.NAME`
    Trigger(String),
    /// `days_since(x)`, `months_since(x)`
    Since(&'static str, Box<Expression>),
    /// `count("order.paid", days(3))`
    Count(String, i64),
    /// `sum("order.paid", "total", days(3))`
    Sum(String, String, i64),
    /// `is_set(last("order.paid"))`
    Happened(String),
    /// `has_tag("x")`, `consented("email")`, `reachable("email")`, `in_segment("vip")`
    Asks(&'static str, String),
    /// `bucket("pilot", 4)`
    Bucket(String, i64),
    /// `is_set(x)`
    IsSet(Box<Expression>),
    /// `a < b`
    Compare(Box<Expression>, &'static str, Box<Expression>),
    /// `a && b`
    And(Box<Expression>, Box<Expression>),
    /// `a || b`
    Or(Box<Expression>, Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// `a ?? b`
    Else(Box<Expression>, Box<Expression>),
    /// `a + b`, of whole numbers
    Add(Box<Expression>, Box<Expression>),
    /// `a + days(2)`, `a + hours(2)`, `a + months(1)`
    Shift(Box<Expression>, &'static str, i64),
    /// `latest(a, b)`, `earliest(a, b)`
    Pick(&'static str, Box<Expression>, Box<Expression>),
    /// `#{ a: 1 }`
    Fields(Vec<(String, Expression)>),
    /// Something that fails whenever it is evaluated.
    Broken,
}

use Expression as E;

impl Expression {
    /// `self op other`
    pub(super) fn compare(self, op: &'static str, other: Self) -> Self {
        E::Compare(Box::new(self), op, Box::new(other))
    }

    /// The Rhai text.
    pub(super) fn text(&self) -> String {
        match self {
            E::Bool(value) => value.to_string(),
            E::Int(value) => value.to_string(),
            E::Text(value) => format!("\"{value}\""),
            E::Customer(name) => format!("customer.{name}"),
            E::Event(name) => format!("event.{name}"),
            E::EventTime => "event.meta.time".to_owned(),
            E::Var(name) => format!("vars.{name}"),
            E::Round => "round".to_owned(),
            E::Now => "now".to_owned(),
            E::Trigger(name) => format!("trigger.{name}"),
            E::Since(function, of) => format!("{function}({})", of.text()),
            E::Count(kind, days) => format!("count(\"{kind}\", days({days}))"),
            E::Sum(kind, field, days) => format!("sum(\"{kind}\", \"{field}\", days({days}))"),
            E::Happened(kind) => format!("is_set(last(\"{kind}\"))"),
            E::Asks(function, name) => format!("{function}(\"{name}\")"),
            E::Bucket(name, parts) => format!("bucket(\"{name}\", {parts})"),
            E::IsSet(of) => format!("is_set({})", of.text()),
            E::Compare(a, op, b) => format!("({} {op} {})", a.text(), b.text()),
            E::And(a, b) => format!("({} && {})", a.text(), b.text()),
            E::Or(a, b) => format!("({} || {})", a.text(), b.text()),
            E::Not(of) => format!("!{}", of.text()),
            E::Else(a, b) => format!("({} ?? {})", a.text(), b.text()),
            E::Add(a, b) => format!("({} + {})", a.text(), b.text()),
            E::Shift(of, unit, count) if *count < 0 => {
                format!("({} - {unit}({}))", of.text(), -count)
            }
            E::Shift(of, unit, count) => format!("({} + {unit}({count}))", of.text()),
            E::Pick(function, a, b) => format!("{function}({}, {})", a.text(), b.text()),
            E::Fields(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", value.text()))
                    .collect();
                format!("#{{ {} }}", fields.join(", "))
            }
            E::Broken => "(customer.id / 0 > 1)".to_owned(),
        }
    }
}

/// What each script's text means.
#[derive(Debug, Clone, Default)]
pub(super) struct Meanings(BTreeMap<String, Expression>);

impl Meanings {
    /// A script with this meaning, at a place.
    pub(super) fn script(&mut self, expression: Expression, place: &str) -> Script {
        let text = expression.text();
        self.0.insert(text.clone(), expression);
        Script::new(text, place)
    }

    /// What a script means.
    pub(super) fn of(&self, script: &Script) -> &Expression {
        &self.0[&script.source]
    }
}
