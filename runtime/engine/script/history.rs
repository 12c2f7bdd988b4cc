//! Functions that look back on the customer's events.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::error::{Error, ErrorKind};
use super::operand::Operand;
use super::span::Span;
use super::view::View;
use crate::event::Event;
use crate::value::Value;

/// The events of a type in the window that ends now: after its beginning, up to and with now.
fn lately<'a>(view: &View<'a>, kind: &str, window: Span) -> impl Iterator<Item = &'a Arc<Event>> {
    let (now, from) = (
        view.frame.now,
        window.negated().after(view.frame.now, view.frame.zone),
    );
    let history = &view.person.history;
    history
        .iter()
        .filter(move |event| &*event.kind == kind && event.time > from && event.time <= now)
}

pub(super) fn count<'a>(view: &View<'_>, kind: &str, window: Span) -> Result<Operand<'a>, Error> {
    Ok(i64::try_from(lately(view, kind, window).count())
        .unwrap_or(i64::MAX)
        .into())
}

/// The latest event of a type; of several at one instant the one that came last.
pub(super) fn last<'a>(view: &View<'_>, kind: &str) -> Operand<'a> {
    let past = view
        .person
        .history
        .iter()
        .filter(|event| &*event.kind == kind && event.time <= view.frame.now);
    past.max_by_key(|event| event.time)
        .map_or(Operand::NULL, |event| Operand::Event(Arc::clone(event)))
}

/// Whole numbers stay whole; one decimal makes the sum a decimal. Fields that are absent count nothing.
pub(super) fn sum<'a>(
    view: &View<'_>,
    kind: &str,
    field: &str,
    window: Span,
) -> Result<Operand<'a>, Error> {
    let (mut whole, mut decimal, mut is_decimal) = (0_i64, Decimal::ZERO, false);
    let overflow = || {
        Error::new(
            ErrorKind::Arithmetic,
            format!("the sum of `{field}` is too large"),
        )
    };
    for event in lately(view, kind, window) {
        match event.data.get(field) {
            None => {}
            Some(Value::Integer(number)) => match whole.checked_add(*number) {
                Some(sum) => whole = sum,
                None => return Err(overflow()),
            },
            Some(Value::Decimal(number)) => {
                decimal = decimal.checked_add(*number).ok_or_else(overflow)?;
                is_decimal = true;
            }
            Some(other) => {
                let message = format!(
                    "`sum` adds numbers, but `{field}` is {} in an event `{kind}`",
                    other.kind()
                );
                return Err(
                    Error::new(ErrorKind::WrongType, message).help("name a field that is a number")
                );
            }
        }
    }
    if is_decimal {
        let sum = decimal
            .checked_add(Decimal::from(whole))
            .ok_or_else(overflow)?;
        return Ok(Operand::Value(std::borrow::Cow::Owned(Value::Decimal(sum))));
    }
    Ok(whole.into())
}
