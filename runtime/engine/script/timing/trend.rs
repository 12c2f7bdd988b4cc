//! Which way each part of a condition moves as time passes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Times, Timing, Watch, untraceable};
use crate::script::compare::Comparison;
use crate::script::error::Error;
use crate::script::signature::Function;
use crate::script::syntax::{Call, Node, Position, Syntax};
use crate::script::term::Term;
use crate::value::Value;

/// How a value moves as time passes. What changes in steps that are watched counts as still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trend {
    Still,
    Rising,
    Falling,
}

impl Trend {
    fn turned(self) -> Self {
        match self {
            Self::Still => Self::Still,
            Self::Rising => Self::Falling,
            Self::Falling => Self::Rising,
        }
    }

    /// Two that move together; nothing, if they move against each other.
    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Still, trend) | (trend, Self::Still) => Some(trend),
            (a, b) => (a == b).then_some(a),
        }
    }
}

/// The built-in functions that look at now or at the history by themselves.
const TIMELY: [&str; 8] = [
    "days_since",
    "months_since",
    "years_since",
    "today",
    "in_segment",
    "count",
    "sum",
    "last",
];

/// The files whose functions look at time, by themselves or through other files.
pub(super) fn timely(files: &BTreeMap<&str, Syntax>) -> BTreeSet<String> {
    let mut timely = BTreeSet::new();
    loop {
        let looks = |syntax: &Syntax| {
            syntax.paths().iter().any(|path| path.root == "now")
                || syntax.calls().iter().any(|call| match &call.module {
                    Some(module) => timely.contains(module),
                    None => TIMELY.contains(&call.name.as_str()),
                })
        };
        let found: BTreeSet<String> = files
            .iter()
            .filter(|(_, syntax)| looks(syntax))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if found.len() == timely.len() {
            return timely;
        }
        timely = found;
    }
}

/// One segment's condition being looked through.
pub(super) struct Analysis<'t> {
    timing: &'t Timing,
    seen: BTreeSet<String>,
    segment: String,
    times: Times,
    errors: Vec<Error>,
}

impl<'t> Analysis<'t> {
    pub(super) fn new(timing: &'t Timing) -> Self {
        Self {
            timing,
            seen: BTreeSet::new(),
            segment: String::new(),
            times: Times::default(),
            errors: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Times, Vec<Error>) {
        (self.times, self.errors)
    }

    /// Looks through a segment, once.
    pub(super) fn segment(&mut self, name: &str) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        let outer = std::mem::replace(&mut self.segment, name.to_owned());
        let timing = self.timing;
        if let Some(syntax) = timing.segments.get(name) {
            syntax.expressions.iter().for_each(|node| self.still(node));
        }
        self.segment = outer;
    }

    fn wild(&mut self, position: Position) -> Trend {
        self.errors.push(untraceable(&self.segment, position));
        Trend::Still
    }

    /// A part that must not move.
    fn still(&mut self, node: &Node) {
        if self.trend(node) != Trend::Still {
            self.wild(node.position());
        }
    }

    fn all_still(&mut self, nodes: &[Node]) -> Trend {
        nodes.iter().for_each(|node| self.still(node));
        Trend::Still
    }

    /// Arguments of a function that time must not move.
    fn untouched(&mut self, arguments: &[Node], position: Position) -> Trend {
        let moving = arguments
            .iter()
            .filter(|node| self.trend(node) != Trend::Still)
            .count();
        if moving > 0 {
            self.wild(position)
        } else {
            Trend::Still
        }
    }

    fn trend(&mut self, node: &Node) -> Trend {
        match node {
            Node::Literal(..) | Node::Char(..) | Node::Other(_) => Trend::Still,
            Node::Path(path) if path.local => Trend::Still,
            Node::Path(path) if path.root == "now" => Trend::Rising,
            Node::Path(path) => {
                let first = path.fields.first().map(|field| field.name.as_deref());
                if path.root == "customer" && matches!(first, None | Some(Some("score") | None)) {
                    self.times.watches.push(Watch::Points);
                }
                Trend::Still
            }
            Node::Unary("-", node, _) => self.trend(node).turned(),
            Node::Part(node, _) | Node::Unary(_, node, _) => {
                self.still(node);
                Trend::Still
            }
            Node::Binary(op, left, right, position) => self.binary(op, left, right, *position),
            Node::And(nodes, _)
            | Node::Or(nodes, _)
            | Node::List(nodes, _)
            | Node::Interpolated(nodes, _) => self.all_still(nodes),
            Node::Coalesce(nodes, position) => {
                let trends: Vec<Trend> = nodes.iter().map(|node| self.trend(node)).collect();
                let mut moving = trends.into_iter().filter(|trend| *trend != Trend::Still);
                match (moving.next(), moving.next()) {
                    (Some(_), Some(_)) => self.wild(*position),
                    (one, _) => one.unwrap_or(Trend::Still),
                }
            }
            Node::Map(fields, _) => {
                fields.iter().for_each(|(_, node)| self.still(node));
                Trend::Still
            }
            Node::Call(call) => self.call(call),
        }
    }

    fn binary(&mut self, op: &str, left: &Node, right: &Node, position: Position) -> Trend {
        if Comparison::named(op).is_some() {
            return self.comparison(left, right, position);
        }
        if let ("in", Node::List(items, _)) = (op, right) {
            self.all_still(items);
            for item in items {
                self.comparison(left, item, position);
            }
            return Trend::Still;
        }
        let (a, b) = (self.trend(left), self.trend(right));
        let sign = |node: &Node| match node {
            Node::Literal(Value::Integer(number), _) => Some(number.signum()),
            Node::Literal(Value::Decimal(number), _) => {
                Some(if number.is_sign_negative() { -1 } else { 1 })
            }
            _ => None,
        };
        let scaled = |trend: Trend, by: &Node| match sign(by) {
            Some(1) => Some(trend),
            Some(-1) => Some(trend.turned()),
            _ => None,
        };
        let trend = match (op, a, b) {
            (_, Trend::Still, Trend::Still) => Some(Trend::Still),
            ("+", a, b) => a.with(b),
            ("-", a, b) => a.with(b.turned()),
            ("*" | "/", a, Trend::Still) => scaled(a, right),
            ("*", Trend::Still, b) => scaled(b, left),
            _ => None,
        };
        trend.unwrap_or_else(|| self.wild(position))
    }

    /// Watches a comparison, if one of its sides moves and the other stands still or comes towards it.
    fn comparison(&mut self, left: &Node, right: &Node, position: Position) -> Trend {
        let (a, b) = (self.trend(left), self.trend(right));
        if a == Trend::Still && b == Trend::Still {
            return Trend::Still;
        }
        match (a.with(b.turned()), Term::of(left), Term::of(right)) {
            (Some(_), Some(left), Some(right)) => {
                self.times
                    .watches
                    .push(Watch::Comparison(Box::new((left, right))));
                Trend::Still
            }
            _ => self.wild(position),
        }
    }

    fn call(&mut self, call: &Call) -> Trend {
        if let Some(module) = &call.module {
            if self.timing.timely.contains(module) {
                return self.wild(call.position);
            }
            return self.untouched(&call.arguments, call.position);
        }
        let Some(function) = Function::named(&call.name, call.arguments.len()) else {
            return self.untouched(&call.arguments, call.position);
        };
        match (function, call.arguments.as_slice()) {
            (Function::Today, _) => Trend::Rising,
            (Function::DaysSince | Function::MonthsSince | Function::YearsSince, [then]) => {
                match self.trend(then) {
                    Trend::Rising => self.wild(call.position),
                    _ => Trend::Rising,
                }
            }
            (
                Function::Year
                | Function::Minutes
                | Function::Hours
                | Function::Days
                | Function::Months,
                [only],
            ) => self.trend(only),
            (Function::Latest | Function::Earliest, [a, b]) => {
                let trend = self.trend(a).with(self.trend(b));
                trend.unwrap_or_else(|| self.wild(call.position))
            }
            (Function::IsSet, [only]) => {
                self.trend(only);
                Trend::Still
            }
            (Function::InSegment, [Node::Literal(Value::Text(name), _)]) => {
                self.segment(name);
                Trend::Still
            }
            (Function::InSegment, _) => self.wild(call.position),
            (Function::Count | Function::Last | Function::Sum, arguments) => {
                self.history(function, call, arguments)
            }
            (_, arguments) => self.untouched(arguments, call.position),
        }
    }

    fn history(&mut self, function: Function, call: &Call, arguments: &[Node]) -> Trend {
        self.all_still(arguments);
        let kind = arguments.first().and_then(Term::of);
        let length = arguments.last().and_then(Term::of);
        match (function, kind, length) {
            (Function::Last, Some(kind), _) => self.times.watches.push(Watch::Last { kind }),
            (_, Some(kind), Some(length)) => {
                self.times.watches.push(Watch::Window { kind, length })
            }
            _ => return self.wild(call.position),
        }
        Trend::Still
    }
}
