//! What stands behind a dot or in brackets: fields, items and methods.

use kurant_engine::script::functions;
use rhai::{ASTFlags, Expr, FnCallExpr, Position};

use super::Checker;
use crate::check::shape::{Owner, Record, Shape};
use crate::check::{
    trigger_field, unknown_attribute, unknown_channel, unknown_field, unknown_function,
    unknown_variable,
};

impl Checker<'_> {
    /// Goes along `.a[0].b`. Rhai nests chains to the right: what follows stands inside the right side, with the next link first.
    pub(super) fn chain(
        &mut self,
        base: &Shape,
        in_brackets: bool,
        right: &Expr,
        flags: ASTFlags,
    ) -> Shape {
        let ends = in_brackets && flags.intersects(ASTFlags::BREAK);
        match right {
            Expr::Dot(pair, flags, _) if !ends => {
                let middle = self.link(base, in_brackets, &pair.lhs);
                self.chain(&middle, false, &pair.rhs, *flags)
            }
            Expr::Index(pair, flags, _) if !ends => {
                let middle = self.link(base, in_brackets, &pair.lhs);
                self.chain(&middle, true, &pair.rhs, *flags)
            }
            last => self.link(base, in_brackets, last),
        }
    }

    fn link(&mut self, base: &Shape, in_brackets: bool, link: &Expr) -> Shape {
        match link {
            Expr::Property(name, position) if !in_brackets => self.field(base, &name.2, *position),
            Expr::MethodCall(call, position) if !in_brackets => self.method(call, *position),
            Expr::StringConstant(name, position)
                if in_brackets && matches!(base, Shape::Record(_)) =>
            {
                self.field(base, name, *position)
            }
            index => {
                self.expr(index);
                match base {
                    Shape::List(item) => (**item).clone(),
                    _ => Shape::Any,
                }
            }
        }
    }

    fn field(&mut self, base: &Shape, name: &str, position: Position) -> Shape {
        match base {
            Shape::Record(record) => self.field_of(record, name, position),
            Shape::Any | Shape::Nothing | Shape::Span => Shape::Any,
            _ => {
                let known = self
                    .world
                    .reader
                    .functions()
                    .contains_key(&format!("get${name}"));
                if !known {
                    self.report(position, unknown_field::of_a_single_value(name, base));
                }
                Shape::Any
            }
        }
    }

    fn field_of(&mut self, record: &Record, name: &str, position: Position) -> Shape {
        if let Some(shape) = record.fields.get(name) {
            return shape.clone();
        }
        if record.open {
            return Shape::Any;
        }
        let known = || record.fields.keys().map(String::as_str);
        if record.owner == Owner::Consents {
            if let Some(problem) = unknown_channel::problem(self.world, name) {
                self.report(position, problem);
            }
            return Shape::Bool;
        }
        let problem = match &record.owner {
            Owner::Customer => unknown_attribute::problem(name, known()),
            Owner::Event(types) => unknown_field::in_event(name, types, known(), &record.fields),
            Owner::Meta => unknown_field::in_meta(name, known()),
            Owner::Nested(path) => unknown_field::nested(name, path, known()),
            Owner::Trigger => trigger_field::problem(name, &record.fields),
            Owner::Vars | Owner::Consents => unknown_variable::problem(name, known()),
        };
        self.report(position, problem);
        Shape::Any
    }

    fn method(&mut self, call: &FnCallExpr, position: Position) -> Shape {
        let shapes: Vec<Shape> = call.args.iter().map(|arg| self.expr(arg)).collect();
        let name = call.name.as_str();
        if let Some(built_in) = functions().iter().find(|own| own.name == name) {
            // `contains` and its like are methods; ours read better, and are documented, as functions.
            if built_in.parameters.len() != shapes.len() + 1 {
                self.report(position, unknown_function::not_a_method(built_in));
            }
            return Shape::of_kind(built_in.returns);
        }
        let arities = self.world.reader.functions().get(name);
        match arities {
            None if crate::check::library::KEYWORDS.contains(&name) => {}
            None => self.report(position, unknown_function::method(name)),
            Some(arities) if !arities.contains(&(shapes.len() + 1)) => {
                self.report(position, unknown_function::other_arity(name, arities, 1));
            }
            Some(_) => {}
        }
        match name {
            "contains" | "starts_with" | "ends_with" | "is_empty" | "all" | "some" => Shape::Bool,
            "len" | "index_of" => Shape::Integer,
            "to_string" | "to_upper" | "to_lower" | "sub_string" => Shape::text(),
            _ => Shape::Any,
        }
    }
}
