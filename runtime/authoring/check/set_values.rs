//! # `wrong-value`
//!
//! **What it does.** Holds every value that `set`, `profile.yaml` and `emit` give to an attribute or a field against its schema.
//!
//! **Why it matters.** An attribute of the wrong kind makes every condition on it fail or be false; an event of the wrong shape is not
//! taken in.
//!
//! **Example.** `set: { orders_count: many }`
//!
//! **Write instead.** `set: { orders_count: 5 }`

use kurant_engine::calendar::{Instant, parse_date};
use kurant_engine::definition::{Computed, Emit, Type};
use kurant_engine::value::Value;

use super::scope::Scope;
use super::script::{Wanted, check as one};
use super::shape::Shape;
use super::world::World;
use super::{
    forgotten_equals, own_value, scripts, unknown_attribute, unknown_field, unknown_value,
};
use crate::diagnostic::Problem;
use crate::source::FileId;

/// The values of `set`, at a place.
pub(super) fn attributes(
    world: &World<'_>,
    file: FileId,
    place: &str,
    values: &[(String, Computed)],
    scope: &Scope,
) {
    for (name, value) in values {
        let place = format!("{place}.{name}");
        if let Some(problem) = unknown_attribute::of_name(world, name) {
            world
                .diagnostics
                .report(world.key_span(file, &place), problem);
        }
        if let Computed::Literal(value) = value {
            own_value::check(world, file, &place, name, value);
        }
        against(
            world,
            file,
            &place,
            world.parsed.schema.customer.get(name),
            value,
            scope,
        );
    }
}

/// The data of an emitted event.
pub(super) fn data(world: &World<'_>, file: FileId, place: &str, emit: &Emit, scope: &Scope) {
    let declared = world.parsed.schema.events.get(&emit.event);
    for (name, value) in &emit.data {
        let place = format!("{place}.{name}");
        let kind = declared.and_then(|fields| fields.get(name));
        if let (Some(fields), None) = (declared, kind) {
            let known = fields.keys().map(String::as_str);
            world.diagnostics.report(
                world.key_span(file, &place),
                unknown_field::summed(name, &emit.event, known),
            );
        }
        against(world, file, &place, kind, value, scope);
    }
}

fn against(
    world: &World<'_>,
    file: FileId,
    place: &str,
    kind: Option<&Type>,
    value: &Computed,
    scope: &Scope,
) {
    match value {
        Computed::Literal(value) => {
            let meant = value
                .as_text()
                .filter(|text| forgotten_equals::is_path(world, text));
            match (kind.and_then(|kind| literal(kind, value)), meant) {
                (Some(problem), Some(meant)) => {
                    let problem = problem.help(format!("did you mean `={meant}`?"));
                    world.diagnostics.report(world.span(file, place), problem);
                }
                (Some(problem), None) => {
                    world.diagnostics.report(world.span(file, place), problem);
                }
                (None, _) => forgotten_equals::literal(world, file, place, value),
            }
        }
        Computed::Expression(script) => {
            let shape = one(world, file, script, scope, Wanted::Value);
            if let Some(kind) = kind.filter(|kind| !may_hold(kind, &shape)) {
                world
                    .diagnostics
                    .report(world.span(file, place), wrong(kind, shape.words()));
            }
        }
        _ => scripts::computed(world, file, value, scope),
    }
}

fn wrong(kind: &Type, found: &str) -> Problem {
    let (wanted, help) = match kind {
        Type::Boolean => ("`true` or `false`", "write `true` or `false`"),
        Type::Integer => ("a whole number", "write a whole number, without quotes"),
        Type::Number => ("a number", "write a number, without quotes"),
        Type::Text(_) => ("text", "write text"),
        Type::Date => ("a date", "write `YYYY-MM-DD`, or compute it: `=today()`"),
        Type::Instant => ("an instant", "write it in RFC 3339, or compute it: `=now`"),
        Type::List(_) => ("a list", "write `[...]`"),
        Type::Map(_) | Type::Any => ("a map", "write `{ ... }`"),
    };
    Problem::new(
        "wrong-value",
        format!("its schema wants {wanted}, and this is {found}"),
    )
    .help(help)
}

/// What is wrong with a value that is written, where its schema wants a type; nothing is computed in it.
pub(super) fn literal(kind: &Type, value: &Value) -> Option<Problem> {
    let fits = match (kind, value) {
        (_, Value::Null)
        | (Type::Any, _)
        | (Type::Boolean, Value::Bool(_))
        | (Type::Integer, Value::Integer(_)) => true,
        (Type::Number, Value::Integer(_) | Value::Decimal(_)) => true,
        (Type::List(_), Value::List(_)) | (Type::Map(_), Value::Map(_)) => true,
        (Type::Text(allowed), Value::Text(text)) => return unknown_value::problem(text, allowed),
        // Where text is wanted, a plain value is the text as written.
        (Type::Text(allowed), Value::Integer(_) | Value::Decimal(_) | Value::Bool(_)) => {
            allowed.is_empty()
        }
        (Type::Date, Value::Text(text)) => parse_date(text).is_ok(),
        (Type::Instant, Value::Text(text)) => Instant::parse(text).is_ok(),
        (Type::Date, Value::Date(_)) | (Type::Instant, Value::Instant(_)) => true,
        _ => false,
    };
    (!fits).then(|| wrong(kind, Shape::of_value(value).words()))
}

/// Whether a computed value may be right; what is read as text may stand for a moment.
fn may_hold(kind: &Type, shape: &Shape) -> bool {
    match kind {
        Type::Any | Type::Map(_) => true,
        Type::Boolean => matches!(shape, Shape::Any | Shape::Nothing | Shape::Bool),
        Type::Integer | Type::Number => shape.may_be_number(),
        Type::Text(_) => matches!(shape, Shape::Any | Shape::Nothing | Shape::Text(_)),
        Type::Date | Type::Instant => shape.may_be_moment() || matches!(shape, Shape::Text(_)),
        Type::List(_) => matches!(shape, Shape::Any | Shape::Nothing | Shape::List(_)),
    }
}
