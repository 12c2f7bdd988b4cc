//! Comparisons and reckoning.

use rhai::{Expr, FnCallExpr, Position};

use super::Checker;
use crate::check::shape::Shape;
use crate::check::{mixed_types, not_a_condition, unknown_value};

impl Checker<'_> {
    pub(super) fn operator(&mut self, call: &FnCallExpr, position: Position) -> Shape {
        let shapes: Vec<Shape> = call.args.iter().map(|arg| self.expr(arg)).collect();
        match (call.name.as_str(), shapes.as_slice(), call.args.as_slice()) {
            ("!", [shape], [operand]) => {
                if let Some(problem) = not_a_condition::problem(shape) {
                    self.report(super::start(operand), problem);
                }
                Shape::Bool
            }
            (operator @ ("==" | "!=" | "<" | "<=" | ">" | ">="), [left, right], [a, b]) => {
                self.compare(operator, (left, a), (right, b), position);
                Shape::Bool
            }
            (operator @ ("+" | "-" | "*" | "/" | "%"), [left, right], [_, _]) => {
                self.reckon(operator, left, right, position)
            }
            ("in" | "!in" | "contains", _, _) => Shape::Bool,
            ("-" | "+", [shape], _) => shape.clone(),
            _ => Shape::Any,
        }
    }

    fn compare(
        &mut self,
        operator: &str,
        left: (&Shape, &Expr),
        right: (&Shape, &Expr),
        position: Position,
    ) {
        let is_equality = matches!(operator, "==" | "!=");
        if !is_equality && *left.0 == Shape::Bool && is_comparison(left.1) {
            self.report(position, mixed_types::two_in_one());
            return;
        }
        for ((shape, expr), (other, _)) in [(left, right), (right, left)] {
            if *shape == Shape::Nothing && matches!(expr, Expr::Unit(_)) && !is_equality {
                self.report(expr.start_position(), mixed_types::order_of_nothing());
                return;
            }
            if let (Shape::Text(allowed), Expr::StringConstant(text, at)) = (other, expr)
                && is_equality
                && let Some(problem) = unknown_value::problem(text, allowed)
            {
                self.report(*at, problem);
            }
        }
        if left.0.compares_with(right.0) {
            return;
        }
        // What has to change is mostly the literal.
        let literal = [right, left].into_iter().find(|(_, expr)| is_literal(expr));
        let at = literal.map_or(position, |(_, expr)| expr.start_position());
        let other = literal.map(|(shape, _)| {
            if std::ptr::eq(shape, right.0) {
                left.0
            } else {
                right.0
            }
        });
        let problem = match (literal, other) {
            (Some((_, expr)), Some(other)) => {
                mixed_types::with_literal(left.0, right.0, other, &text_of(expr))
            }
            _ => mixed_types::comparison(left.0, right.0),
        };
        self.report(at, problem);
    }

    fn reckon(&mut self, operator: &str, left: &Shape, right: &Shape, position: Position) -> Shape {
        use Shape::{Any, Bool, Integer, Nothing, Span, Text};
        match (operator, left, right) {
            (_, Any | Nothing, _) | (_, _, Any | Nothing) => Any,
            ("+", Text(_), _) | ("+", _, Text(_)) => Shape::text(),
            (_, Integer, Integer) => Integer,
            (_, a, b) if a.is_number() && b.is_number() => Shape::Number,
            ("+" | "-", moment, Span) if moment.is_moment() => moment.clone(),
            ("+", Span, moment) if moment.is_moment() => moment.clone(),
            ("-", a, b) if a.is_moment() && b.is_moment() => Span,
            ("+" | "-", Span, Span) | ("*", Span, Integer) | ("*", Integer, Span) => Span,
            (_, Shape::List(_) | Shape::Record(_), _)
            | (_, _, Shape::List(_) | Shape::Record(_)) => Any,
            ("-", Text(_), Text(_)) | (_, Bool, Bool) => Any,
            _ => {
                self.report(position, mixed_types::reckoning(operator, left, right));
                Any
            }
        }
    }
}

/// Whether it is a comparison itself, as in `1 < x < 5`.
fn is_comparison(expr: &Expr) -> bool {
    match expr {
        Expr::FnCall(call, _) => matches!(call.name.as_str(), "<" | "<=" | ">" | ">="),
        _ => false,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::StringConstant(..) | Expr::IntegerConstant(..) | Expr::BoolConstant(..) => true,
        Expr::DynamicConstant(value, _) => value.is_decimal(),
        _ => false,
    }
}

fn text_of(expr: &Expr) -> String {
    match expr {
        Expr::StringConstant(text, _) => text.to_string(),
        Expr::IntegerConstant(number, _) => number.to_string(),
        Expr::BoolConstant(value, _) => value.to_string(),
        Expr::DynamicConstant(value, _) => value.to_string(),
        _ => String::new(),
    }
}
