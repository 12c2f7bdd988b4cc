//! The built-in names, functions and operators, as Rhai sees them.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Position};

use super::builtin::{self, MOST_ARGUMENTS};
use super::convert::{EventView, MetaView, to_dynamic, to_operand, value_to_dynamic};
use super::error::{Error, ErrorKind};
use super::operand::{Operand, meta};
use super::signature::{Function, functions};
use super::span::Span;
use super::view::Root;
use super::{moments, scene, segments};
use crate::calendar::{Anchor, Date, Instant};
use crate::value::Value;

/// `customer`, `event`, `trigger` or `vars` as a whole; the fields are looked up when they are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct RootView(pub(super) Root);

pub(super) type Native<T> = Result<T, Box<EvalAltResult>>;

/// Hands an error of ours through Rhai.
pub(super) fn raise(error: Error) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(
        Dynamic::from(error),
        Position::NONE,
    ))
}

/// What stands behind a name that the script has not made itself.
pub(super) fn variable(name: &str) -> Native<Option<Dynamic>> {
    let found = scene::with_view(|view| {
        if let Some(root) = Root::named(name) {
            return if view.has(root) {
                Ok(Some(Dynamic::from(RootView(root))))
            } else {
                Err(absent(root))
            };
        }
        match (name, view.frame.round) {
            ("now", _) => Ok(Some(Dynamic::from(view.frame.now))),
            ("round", Some(round)) => Ok(Some(i64::from(round).into())),
            ("round", None) => Err(Error::new(
                ErrorKind::UnknownName,
                "`round` is known only inside a `repeat`",
            )),
            _ => Ok(None),
        }
    });
    found.map_err(raise)
}

fn absent(root: Root) -> Error {
    match root {
        Root::Event => Error::new(ErrorKind::UnknownName, "there is no `event` here")
            .help("`event` is known where an event is at hand: with triggers that are all events, and inside a `wait_for`'s `then`"),
        _ => Error::new(ErrorKind::UnknownName, "there is no `trigger` here").help("`trigger` is known inside a journey"),
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Instant>("Instant")
        .register_type_with_name::<Date>("NaiveDate");
    engine
        .register_type_with_name::<Span>("Span")
        .register_type_with_name::<EventView>("EventView");
    engine
        .register_type_with_name::<MetaView>("MetaView")
        .register_type_with_name::<RootView>("RootView");
    for signature in functions() {
        register_function(
            engine,
            signature.name,
            signature.parameters.len(),
            signature.function,
        );
    }
    register_indexers(engine);
    register_texts(engine);
    register_operators(engine);
    super::lists::register(engine);
}

fn call(function: Function, args: &[Dynamic]) -> Native<Dynamic> {
    if function == Function::InSegment {
        let name = args
            .first()
            .and_then(|name| name.read_lock::<ImmutableString>().map(|name| name.clone()));
        let name = name.ok_or_else(|| {
            raise(
                Error::new(ErrorKind::WrongType, "`in_segment` takes text")
                    .help("write it like `in_segment(\"vip\")`"),
            )
        })?;
        return segments::judge(&name).map(Dynamic::from).map_err(raise);
    }
    scene::with_view(|view| {
        let mut operands: [Operand<'_>; MOST_ARGUMENTS] =
            [Operand::NULL, Operand::NULL, Operand::NULL];
        for (operand, arg) in operands.iter_mut().zip(args) {
            *operand = to_operand(arg)?;
        }
        builtin::call(function, view, &operands[..args.len().min(MOST_ARGUMENTS)]).map(to_dynamic)
    })
    .map_err(raise)
}

fn register_function(engine: &mut Engine, name: &str, arity: usize, function: Function) {
    match arity {
        0 => engine.register_fn(name, move || call(function, &[])),
        1 => engine.register_fn(name, move |a: Dynamic| call(function, &[a])),
        2 => engine.register_fn(name, move |a: Dynamic, b: Dynamic| call(function, &[a, b])),
        _ => engine.register_fn(name, move |a: Dynamic, b: Dynamic, c: Dynamic| {
            call(function, &[a, b, c])
        }),
    };
}

fn root_field(root: Root, name: &str) -> Native<Dynamic> {
    scene::with_view(|view| match (root, name, &view.frame.event) {
        (Root::Event, "meta", Some(event)) => Ok(Dynamic::from(MetaView(Arc::clone(event)))),
        _ => Ok(to_dynamic(view.field(root, name))),
    })
    .map_err(raise)
}

fn event_field(event: &EventView, name: &str) -> Dynamic {
    match name {
        "meta" => Dynamic::from(MetaView(Arc::clone(&event.0))),
        _ => event
            .0
            .data
            .get(name)
            .map_or(Dynamic::UNIT, value_to_dynamic),
    }
}

fn register_indexers(engine: &mut Engine) {
    engine.register_indexer_get(|root: &mut RootView, name: ImmutableString| {
        root_field(root.0, &name)
    });
    engine.register_indexer_get(|event: &mut EventView, name: ImmutableString| {
        event_field(event, &name)
    });
    engine.register_indexer_get(|event: &mut MetaView, name: ImmutableString| {
        value_to_dynamic(&meta(&event.0, &name))
    });
    // What is missing has nothing inside: `customer.address.city` is `()` when there is no address.
    engine.register_indexer_get(|(): &mut (), _: ImmutableString| ());
    engine.register_indexer_get(|(): &mut (), _: i64| ());
    engine.register_fn("contains", |root: &mut RootView, name: ImmutableString| {
        root_field(root.0, &name).map(|value| !value.is_unit())
    });
    engine.register_fn(
        "contains",
        |event: &mut EventView, name: ImmutableString| !event_field(event, &name).is_unit(),
    );
    engine.register_fn("contains", |(): &mut (), _: Dynamic| false);
}

/// Fields by name, for the names that scripts use: much faster than by the indexer.
pub(super) fn register_field(engine: &mut Engine, name: &str) {
    let own: ImmutableString = name.into();
    let field = own.clone();
    engine.register_get(name, move |root: &mut RootView| root_field(root.0, &field));
    let field = own.clone();
    engine.register_get(name, move |event: &mut EventView| {
        event_field(event, &field)
    });
    engine.register_get(name, move |event: &mut MetaView| {
        value_to_dynamic(&meta(&event.0, &own))
    });
    engine.register_get(name, |(): &mut ()| ());
}

fn register_texts(engine: &mut Engine) {
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |instant: Instant| instant.to_string());
        engine.register_fn(name, |date: Date| date.to_string());
        engine.register_fn(name, |span: Span| span.to_string());
        engine.register_fn(name, |_: EventView| "event");
        engine.register_fn(name, |_: MetaView| "meta");
        engine.register_fn(name, |_: RootView| "map");
    }
}

/// A moment or a length of time as an operand.
trait Reckoned: Copy + Send + Sync + 'static {
    fn operand(self) -> Operand<'static>;
}

impl Reckoned for Instant {
    fn operand(self) -> Operand<'static> {
        self.into()
    }
}

impl Reckoned for Date {
    fn operand(self) -> Operand<'static> {
        self.into()
    }
}

impl Reckoned for Span {
    fn operand(self) -> Operand<'static> {
        Operand::Span(self)
    }
}

impl Reckoned for () {
    fn operand(self) -> Operand<'static> {
        Operand::Value(std::borrow::Cow::Owned(Value::Null))
    }
}

fn register_operators(engine: &mut Engine) {
    register_sums::<Instant, Span>(engine);
    register_sums::<Date, Span>(engine);
    register_sums::<Instant, ()>(engine);
    register_sums::<Date, ()>(engine);
    register_sums::<Span, ()>(engine);
    register_sums::<Span, Span>(engine);
    register_difference::<Instant, Instant>(engine);
    register_difference::<Date, Date>(engine);
    register_difference::<Instant, Date>(engine);
    register_difference::<Date, Instant>(engine);
    engine.register_fn("-", |span: Span| span.negated());
    engine.register_fn("*", |span: Span, factor: i64| span.times(factor));
    engine.register_fn("*", |factor: i64, span: Span| span.times(factor));
    register_order::<Instant, Instant>(engine, order);
    register_order::<Date, Date>(engine, order);
    register_order::<Instant, Date>(engine, order);
    register_order::<Date, Instant>(engine, order);
    register_order::<Span, Span>(engine, |a: Span, b: Span| {
        a.compare(b).ok_or_else(|| {
            Error::new(
                ErrorKind::WrongType,
                "lengths with different numbers of months have no order",
            )
            .help("write `months_since(...)` and compare with a number")
        })
    });
}

/// `a + b` both ways round, and `a - b`.
fn register_sums<A: Reckoned, B: Reckoned>(engine: &mut Engine) {
    engine.register_fn("+", |a: A, b: B| {
        done(moments::plus(&a.operand(), &b.operand(), scene::zone()))
    });
    engine.register_fn("+", |b: B, a: A| {
        done(moments::plus(&b.operand(), &a.operand(), scene::zone()))
    });
    register_difference::<A, B>(engine);
    if std::any::TypeId::of::<B>() == std::any::TypeId::of::<()>() {
        register_difference::<B, A>(engine);
    }
}

fn register_difference<A: Reckoned, B: Reckoned>(engine: &mut Engine) {
    engine.register_fn("-", |a: A, b: B| {
        done(moments::minus(&a.operand(), &b.operand(), scene::zone()))
    });
}

fn done(result: Option<Operand<'_>>) -> Native<Dynamic> {
    let result = result.ok_or_else(|| {
        raise(Error::new(
            ErrorKind::WrongType,
            "these cannot be added or subtracted",
        ))
    });
    result.map(to_dynamic)
}

fn order<A: Into<Anchor>, B: Into<Anchor>>(a: A, b: B) -> Result<std::cmp::Ordering, Error> {
    Ok(moments::order(a.into(), b.into(), scene::zone()))
}

fn register_order<A: Reckoned, B: Reckoned>(
    engine: &mut Engine,
    order: fn(A, B) -> Result<std::cmp::Ordering, Error>,
) {
    engine.register_fn("<", move |a: A, b: B| {
        order(a, b).map(|order| order.is_lt()).map_err(raise)
    });
    engine.register_fn("<=", move |a: A, b: B| {
        order(a, b).map(|order| order.is_le()).map_err(raise)
    });
    engine.register_fn(">", move |a: A, b: B| {
        order(a, b).map(|order| order.is_gt()).map_err(raise)
    });
    engine.register_fn(">=", move |a: A, b: B| {
        order(a, b).map(|order| order.is_ge()).map_err(raise)
    });
    engine.register_fn("==", move |a: A, b: B| {
        order(a, b).map(|order| order.is_eq()).map_err(raise)
    });
    engine.register_fn("!=", move |a: A, b: B| {
        order(a, b).map(|order| order.is_ne()).map_err(raise)
    });
}
