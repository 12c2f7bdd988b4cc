//! Function calls: built-in functions with what they take, Rhai's own, and those of `rhai-lib/`.

use kurant_engine::calendar::{Instant, parse_date};
use kurant_engine::script::{Signature, functions};
use rhai::{Expr, FnCallExpr, Position};

use super::Checker;
use crate::check::shape::Shape;
use crate::check::{
    library, unknown_channel, unknown_event, unknown_function, unknown_segment, wrong_arguments,
};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &FnCallExpr, position: Position) -> Shape {
        if call.is_operator_call() {
            return self.operator(call, position);
        }
        let name = call.name.as_str();
        let values = call.args.iter().enumerate();
        let shapes: Vec<Shape> = values
            .map(|(index, value)| match self.unquoted(name, index, value) {
                Some((position, problem)) => {
                    self.report(position, problem);
                    Shape::text()
                }
                None => self.expr(value),
            })
            .collect();
        if call.is_qualified() {
            // Whether the file has such a function is asked for all calls at once.
            return Shape::Any;
        }
        if let Some(built_in) = functions().iter().find(|own| own.name == name) {
            return self.built_in(built_in, call, &shapes, position);
        }
        if !library::KEYWORDS.contains(&name) && !self.is_local(name) {
            self.other(name, shapes.len(), position);
        }
        Shape::Any
    }

    fn other(&mut self, name: &str, arity: usize, position: Position) {
        match self.world.reader.functions().get(name) {
            Some(arities) if arities.contains(&arity) => {}
            Some(arities) => self.report(position, unknown_function::other_arity(name, arities, 0)),
            None => {
                let known = self.world.reader.functions().keys().map(String::as_str);
                let file = library::file_with(self.world, name);
                self.report(position, unknown_function::problem(name, known, file));
            }
        }
    }

    fn built_in(
        &mut self,
        own: &'static Signature,
        call: &FnCallExpr,
        shapes: &[Shape],
        position: Position,
    ) -> Shape {
        if own.parameters.len() != shapes.len() {
            self.report(position, wrong_arguments::number(own, shapes.len()));
            return Shape::of_kind(own.returns);
        }
        for ((parameter, shape), arg) in own.parameters.iter().zip(shapes).zip(&call.args) {
            if !shape.fits(parameter.kind) {
                self.report(
                    super::start(arg),
                    wrong_arguments::kind(own, parameter.kind, shape),
                );
            }
        }
        let literal = |index: usize| match call.args.get(index) {
            Some(Expr::StringConstant(text, position)) => Some((text.to_string(), *position)),
            _ => None,
        };
        if let Some((text, at)) = literal(0) {
            self.named(own.name, &text, at);
            match own.name {
                "last" => return self.world.declared.event(&[text]),
                "sum" => self.summed(&text, literal(1)),
                _ => {}
            }
        }
        match own.name {
            "latest" | "earliest" => shapes[0].clone().or(shapes[1].clone()),
            "weekday" => Shape::Text(
                ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
            _ => Shape::of_kind(own.returns),
        }
    }

    /// A text that names something of the workspace, or a moment.
    fn named(&mut self, function: &str, text: &str, position: Position) {
        let problem = match function {
            "in_segment" => unknown_segment::problem(self.world, text),
            "consented" | "reachable" => unknown_channel::problem(self.world, text),
            "count" | "last" | "sum" => unknown_event::problem(self.world, text),
            "date" if parse_date(text).is_err() => Some(wrong_arguments::not_a_date(text)),
            "instant" if Instant::parse(text).is_err() => {
                Some(wrong_arguments::not_an_instant(text))
            }
            _ => None,
        };
        if let Some(problem) = problem {
            self.report(position, problem);
        }
    }

    /// The field of a `sum`: it must be one of the event's, and a number.
    fn summed(&mut self, kind: &str, field: Option<(String, Position)>) {
        let (Some(fields), Some((name, position))) =
            (self.world.parsed.schema.events.get(kind), field)
        else {
            return;
        };
        match fields.get(&name).map(|kind| Shape::of(kind, "event")) {
            None => {
                let known = fields.keys().map(String::as_str);
                self.report(
                    position,
                    crate::check::unknown_field::summed(&name, kind, known),
                );
            }
            Some(shape) if !shape.may_be_number() => {
                self.report(position, wrong_arguments::not_summable(&name, &shape));
            }
            Some(_) => {}
        }
    }
}
