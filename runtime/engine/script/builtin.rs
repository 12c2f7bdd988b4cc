//! What the built-in functions do.

use chrono::{Datelike, NaiveTime, Timelike};

use super::error::{Error, ErrorKind};
use super::operand::Operand;
use super::signature::{Function, Kind, functions};
use super::span::Span;
use super::view::View;
use crate::calendar::{Anchor, HOUR, Instant, MINUTE, Unit, Weekday, parse_date};
use crate::id::bucket;

/// The most arguments that a built-in function takes.
pub(super) const MOST_ARGUMENTS: usize = 3;

/// Calls a built-in function. Segments are not asked here: they need the engine.
pub(super) fn call<'a>(
    function: Function,
    view: &View<'a>,
    args: &[Operand<'a>],
) -> Result<Operand<'a>, Error> {
    let arg = |index: usize| args.get(index).unwrap_or(&Operand::NULL);
    let text = |index: usize| {
        arg(index)
            .as_text()
            .ok_or_else(|| mistaken(function, index, arg(index)))
    };
    match function {
        Function::DaysSince | Function::MonthsSince | Function::YearsSince => {
            since(function, view, arg(0))
        }
        Function::Weekday | Function::Hour | Function::Day | Function::Month | Function::Year => {
            clock(function, view, arg(0))
        }
        Function::Minutes | Function::Hours | Function::Days | Function::Months => {
            length(function, arg(0))
        }
        Function::Date | Function::Instant => written(function, arg(0)),
        Function::Today => Ok(view.frame.now.date(view.frame.zone).into()),
        Function::HasTag => Ok(view.person.customer.has_tag(text(0)?).into()),
        Function::Consented => Ok(view.person.customer.consented(text(0)?).into()),
        Function::Reachable => Ok(reachable(view, text(0)?).into()),
        Function::Count => super::history::count(view, text(0)?, window(function, 1, arg(1))?),
        Function::Last => Ok(super::history::last(view, text(0)?)),
        Function::Sum => {
            super::history::sum(view, text(0)?, text(1)?, window(function, 2, arg(2))?)
        }
        Function::Bucket => {
            let buckets = arg(1)
                .as_integer()
                .filter(|n| *n > 0)
                .and_then(|n| u64::try_from(n).ok());
            let buckets = buckets.ok_or_else(|| {
                mistaken(function, 1, arg(1))
                    .help("write how many parts, 1 or more: `bucket(\"pilot\", 10)`")
            })?;
            let part = bucket(&[&view.person.customer.id, text(0)?], buckets);
            Ok(i64::try_from(part).unwrap_or(i64::MAX).into())
        }
        Function::IsSet => Ok((!arg(0).is_null()).into()),
        Function::Latest | Function::Earliest => pick(function, view, arg(0), arg(1)),
        Function::InSegment => Err(Error::new(
            ErrorKind::Internal,
            "the segments are not at hand",
        )),
    }
}

/// Calls a function whose result depends on its argument alone.
pub(super) fn constant<'a>(
    function: Function,
    argument: &Operand<'_>,
) -> Result<Operand<'a>, Error> {
    match function {
        Function::Date | Function::Instant => written(function, argument),
        _ => length(function, argument),
    }
}

/// The argument is not what the function takes.
fn mistaken(function: Function, index: usize, found: &Operand<'_>) -> Error {
    let signature = functions().iter().find(|own| own.function == function);
    let (name, example) = signature.map_or(("", ""), |own| (own.name, own.example));
    let wanted = signature
        .and_then(|own| own.parameters.get(index))
        .map_or(Kind::Any, |parameter| parameter.kind);
    let error = Error::new(
        ErrorKind::WrongType,
        format!("`{name}` takes {}, not {}", wanted.words(), found.kind()),
    );
    match (wanted, found.as_text()) {
        (Kind::Moment, Some(_)) => error.help(
            "declare the field in its schema with `format: date-time` or `format: date`, or read the text with `instant(...)` or `date(...)`",
        ),
        _ => error.help(format!("write it like `{example}`")),
    }
}

fn since<'a>(
    function: Function,
    view: &View<'_>,
    then: &Operand<'_>,
) -> Result<Operand<'a>, Error> {
    if then.is_null() {
        return Ok(Operand::NULL);
    }
    let anchor = then
        .as_anchor()
        .ok_or_else(|| mistaken(function, 0, then))?;
    let unit = match function {
        Function::DaysSince => Unit::Days,
        Function::MonthsSince => Unit::Months,
        _ => Unit::Years,
    };
    Ok(unit.since(anchor, view.frame.now, view.frame.zone).into())
}

/// What the customer's clock and calendar show at a moment; a date is its 00:00.
fn clock<'a>(
    function: Function,
    view: &View<'_>,
    moment: &Operand<'_>,
) -> Result<Operand<'a>, Error> {
    if moment.is_null() {
        return Ok(Operand::NULL);
    }
    let local = match moment
        .as_anchor()
        .ok_or_else(|| mistaken(function, 0, moment))?
    {
        Anchor::Instant(instant) => instant.local(view.frame.zone),
        Anchor::Date(date) => date.and_time(NaiveTime::MIN),
    };
    Ok(match function {
        Function::Weekday => weekday(local.weekday()).into(),
        Function::Hour => i64::from(local.hour()).into(),
        Function::Day => i64::from(local.day()).into(),
        Function::Month => i64::from(local.month()).into(),
        _ => i64::from(local.year()).into(),
    })
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

fn length<'a>(function: Function, number: &Operand<'_>) -> Result<Operand<'a>, Error> {
    if number.is_null() {
        return Ok(Operand::NULL);
    }
    let count = number
        .as_integer()
        .ok_or_else(|| mistaken(function, 0, number))?;
    Ok(Operand::Span(match function {
        Function::Minutes => Span::of_millis(count.saturating_mul(MINUTE)),
        Function::Hours => Span::of_millis(count.saturating_mul(HOUR)),
        Function::Days => Span::of_days(count),
        _ => Span::of_months(count),
    }))
}

/// A moment from its text.
fn written<'a>(function: Function, text: &Operand<'_>) -> Result<Operand<'a>, Error> {
    if text.is_null() {
        return Ok(Operand::NULL);
    }
    let text = text.as_text().ok_or_else(|| mistaken(function, 0, text))?;
    let wrong = |kind: &str, example: &str| {
        Error::new(ErrorKind::WrongType, format!("the text is not {kind}"))
            .help(format!("write it like `{example}`"))
    };
    if function == Function::Date {
        let date = parse_date(text).map_err(|_| wrong("a date", "date(\"2026-11-22\")"))?;
        return Ok(date.into());
    }
    let instant = Instant::parse(text)
        .map_err(|_| wrong("an instant", "instant(\"2026-11-22T08:00:00Z\")"))?;
    Ok(instant.into())
}

fn window(function: Function, index: usize, length: &Operand<'_>) -> Result<Span, Error> {
    match length {
        Operand::Span(span) => Ok(*span),
        other => Err(mistaken(function, index, other)),
    }
}

fn reachable(view: &View<'_>, channel: &str) -> bool {
    let customer = &view.person.customer;
    let may_be = |address| {
        customer
            .refusal(view.frame.category, channel, address)
            .is_none()
    };
    !customer.is_erased() && customer.address(channel).is_some_and(may_be)
}

/// The later or the earlier of two moments; `()` is passed over.
fn pick<'a>(
    function: Function,
    view: &View<'_>,
    a: &Operand<'a>,
    b: &Operand<'a>,
) -> Result<Operand<'a>, Error> {
    let moment = |index: usize, operand: &Operand<'_>| match operand.as_anchor() {
        Some(anchor) => Ok(Some(anchor.instant(view.frame.zone))),
        None if operand.is_null() => Ok(None),
        None => Err(mistaken(function, index, operand)),
    };
    let first = match (moment(0, a)?, moment(1, b)?) {
        (Some(first), Some(second)) if function == Function::Latest => first >= second,
        (Some(first), Some(second)) => first <= second,
        (None, Some(_)) => false,
        (_, None) => true,
    };
    Ok(if first { a.clone() } else { b.clone() })
}
