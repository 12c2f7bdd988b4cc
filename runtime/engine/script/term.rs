//! The fast path: expressions made of names, constants, comparisons and built-in functions are evaluated without Rhai.
//!
//! Rhai stays the reference. Whatever is unusual - an error, a list compared with a list, a number out of range - gives nothing
//! here, and Rhai evaluates the whole expression anew.

use std::borrow::Cow;

use super::builtin::{self, MOST_ARGUMENTS};
use super::compare::{self, Comparison};
use super::frame::Frame;
use super::operand::{Operand, meta};
use super::signature::Function;
use super::span::Span;
use super::syntax::{Field, Node};
use super::view::{Root, View};
use crate::value::Value;

/// An expression that needs no Rhai.
#[derive(Debug, Clone)]
pub(super) enum Term {
    Value(Value),
    Span(Span),
    Now,
    Round,
    Field(Root, String),
    Meta(String),
    Inside(Box<Term>, Vec<String>),
    Not(Box<Term>),
    Negative(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    Coalesce(Vec<Term>),
    Compare(Comparison, Box<(Term, Term)>),
    Reckon(&'static str, Box<(Term, Term)>),
    In(Box<(Term, Term)>),
    Call(Function, Vec<Term>),
    Segment(String),
}

impl Term {
    /// The expression as a term, if it can be one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let both = |left: &Node, right: &Node| Some(Box::new((Self::of(left)?, Self::of(right)?)));
        let all = |nodes: &[Node]| nodes.iter().map(Self::of).collect::<Option<Vec<_>>>();
        Some(match node {
            Node::Literal(value, _) => Self::Value(value.clone()),
            Node::Path(path) if path.local => return None,
            Node::Path(path) => path_term(&path.root, &path.fields)?,
            Node::Part(node, fields) => Self::Inside(Box::new(Self::of(node)?), names(fields)?),
            Node::Unary("!", node, _) => Self::Not(Box::new(Self::of(node)?)),
            Node::Unary("-", node, _) => Self::Negative(Box::new(Self::of(node)?)),
            Node::Binary("in", item, list, _) => Self::In(both(item, list)?),
            Node::Binary(op, left, right, _) => match Comparison::named(op) {
                Some(comparison) => Self::Compare(comparison, both(left, right)?),
                None if matches!(*op, "+" | "-" | "*" | "/" | "%") => {
                    Self::Reckon(op, both(left, right)?)
                }
                None => return None,
            },
            Node::And(nodes, _) => Self::And(all(nodes)?),
            Node::Or(nodes, _) => Self::Or(all(nodes)?),
            Node::Coalesce(nodes, _) => Self::Coalesce(all(nodes)?),
            Node::List(nodes, _) => {
                let constant = |node: &Node| match node {
                    Node::Literal(value, _) => Some(value.clone()),
                    _ => None,
                };
                Self::Value(Value::List(
                    nodes.iter().map(constant).collect::<Option<_>>()?,
                ))
            }
            Node::Call(call) if call.module.is_none() && !call.method => {
                call_term(&call.name, all(&call.arguments)?)?
            }
            _ => return None,
        })
    }

    /// The value; nothing = Rhai must say.
    pub(super) fn eval<'a>(&'a self, view: &View<'a>) -> Option<Operand<'a>> {
        Some(match self {
            Self::Value(value) => Operand::borrowed(Some(value)),
            Self::Span(span) => Operand::Span(*span),
            Self::Now => view.frame.now.into(),
            Self::Round => i64::from(view.frame.round?).into(),
            Self::Field(root, name) if view.has(*root) => view.field(*root, name),
            Self::Field(..) => return None,
            Self::Meta(name) => meta(view.frame.event.as_deref()?, name).into(),
            Self::Inside(term, names) => inside(term.eval(view)?, names)?,
            Self::Not(term) => (!term.holds(view)?).into(),
            Self::Negative(term) => negative(&term.eval(view)?)?,
            Self::And(_) | Self::Or(_) | Self::Compare(..) | Self::In(_) | Self::Segment(_) => {
                self.holds(view)?.into()
            }
            Self::Coalesce(terms) => {
                let (last, first) = terms.split_last()?;
                for term in first {
                    let value = term.eval(view)?;
                    if !value.is_null() {
                        return Some(value);
                    }
                }
                last.eval(view)?
            }
            Self::Reckon(op, pair) => compare::reckon(
                op,
                &pair.0.eval(view)?,
                &pair.1.eval(view)?,
                view.frame.zone,
            )?,
            Self::Call(function, terms) => call(*function, terms, view)?,
        })
    }

    /// Whether it is true; nothing = Rhai must say.
    pub(super) fn holds<'a>(&'a self, view: &View<'a>) -> Option<bool> {
        match self {
            Self::And(terms) => {
                for term in terms {
                    if !term.holds(view)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Self::Or(terms) => {
                for term in terms {
                    if term.holds(view)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Self::Compare(op, pair) => compare::holds(
                *op,
                &pair.0.eval(view)?,
                &pair.1.eval(view)?,
                view.frame.zone,
            ),
            Self::In(pair) => {
                let item = pair.0.eval(view)?;
                compare::contains(&pair.1.eval(view)?, &item, view.frame.zone)
            }
            Self::Segment(name) => segment(name, view),
            other => match other.eval(view)?.value() {
                Some(Value::Bool(value)) => Some(*value),
                _ => None,
            },
        }
    }
}

fn path_term(root: &str, fields: &[Field]) -> Option<Term> {
    let names = names(fields)?;
    let Some(object) = Root::named(root) else {
        let term = match root {
            "now" => Term::Now,
            "round" => Term::Round,
            _ => return None,
        };
        return names.is_empty().then_some(term);
    };
    let (first, rest) = names.split_first()?;
    if object == Root::Event && first == "meta" {
        let (field, rest) = rest.split_first()?;
        return rest.is_empty().then(|| Term::Meta(field.clone()));
    }
    let term = Term::Field(object, first.clone());
    Some(if rest.is_empty() {
        term
    } else {
        Term::Inside(Box::new(term), rest.to_vec())
    })
}

fn names(fields: &[Field]) -> Option<Vec<String>> {
    fields.iter().map(|field| field.name.clone()).collect()
}

fn call_term(name: &str, terms: Vec<Term>) -> Option<Term> {
    let function = Function::named(name, terms.len())?;
    if function == Function::InSegment {
        return match terms.as_slice() {
            [Term::Value(Value::Text(name))] => Some(Term::Segment(name.to_string())),
            _ => None,
        };
    }
    if let ([Term::Value(value)], true) = (terms.as_slice(), function.is_constant()) {
        return match builtin::constant(function, &Operand::borrowed(Some(value))).ok()? {
            Operand::Value(value) => Some(Term::Value(value.into_owned())),
            Operand::Span(span) => Some(Term::Span(span)),
            Operand::Event(_) => None,
        };
    }
    Some(Term::Call(function, terms))
}

fn call<'a>(function: Function, terms: &'a [Term], view: &View<'a>) -> Option<Operand<'a>> {
    let mut operands: [Operand<'a>; MOST_ARGUMENTS] = [Operand::NULL, Operand::NULL, Operand::NULL];
    for (operand, term) in operands.iter_mut().zip(terms) {
        *operand = term.eval(view)?;
    }
    builtin::call(function, view, operands.get(..terms.len())?).ok()
}

fn negative<'a>(operand: &Operand<'_>) -> Option<Operand<'a>> {
    Some(match operand {
        Operand::Span(span) => Operand::Span(span.negated()),
        Operand::Value(value) => match &**value {
            Value::Integer(number) => number.checked_neg()?.into(),
            Value::Decimal(number) => Operand::Value(Cow::Owned(Value::Decimal(-*number))),
            _ => return None,
        },
        Operand::Event(_) => return None,
    })
}

/// Down the names: into maps and events; nothing is inside of nothing.
fn inside<'a>(operand: Operand<'a>, names: &[String]) -> Option<Operand<'a>> {
    let Some((name, rest)) = names.split_first() else {
        return Some(operand);
    };
    let next = match operand {
        Operand::Event(event) if name == "meta" => {
            let (field, rest) = rest.split_first()?;
            return rest.is_empty().then(|| meta(&event, field).into());
        }
        Operand::Event(event) => event.data.get(name).cloned().unwrap_or_default().into(),
        Operand::Value(Cow::Borrowed(Value::Map(map))) => Operand::borrowed(map.get(name)),
        Operand::Value(value) => match &*value {
            Value::Null => return Some(Operand::NULL),
            Value::Map(map) => map.get(name).cloned().unwrap_or_default().into(),
            _ => return None,
        },
        Operand::Span(_) => return None,
    };
    inside(next, rest)
}

/// Whether the person is in the segment, judged once per evaluation; Rhai reports segments that ask for themselves.
fn segment(name: &str, view: &View<'_>) -> Option<bool> {
    let segments = view.segments?;
    let index = *segments.names.get(name)?;
    let known = view
        .memo
        .borrow()
        .iter()
        .find(|(known, _)| *known == index)
        .map(|(_, inside)| *inside);
    if let Some(inside) = known {
        return inside;
    }
    let term = segments.compiled.get(index)?.term.as_ref()?;
    let depth = view
        .memo
        .borrow()
        .iter()
        .filter(|(_, inside)| inside.is_none())
        .count();
    if depth >= super::segments::DEEPEST {
        return None;
    }
    view.memo.borrow_mut().push((index, None));
    let frame = Frame::new(view.frame.now, view.frame.zone);
    let inside = term.holds(&View {
        frame: &frame,
        ..*view
    });
    let mut memo = view.memo.borrow_mut();
    match inside {
        Some(_) => memo
            .iter_mut()
            .filter(|(known, _)| *known == index)
            .for_each(|entry| entry.1 = inside),
        None => memo.retain(|(known, _)| *known != index),
    }
    inside
}
