//! Comparing and reckoning outside of Rhai, exactly as Rhai does it; whatever is unusual is left to Rhai.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::moments;
use super::operand::Operand;
use crate::calendar::Zone;
use crate::value::Value;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn named(op: &str) -> Option<Self> {
        Some(match op {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Whether the comparison holds; nothing = Rhai must say.
pub(super) fn holds(op: Comparison, a: &Operand<'_>, b: &Operand<'_>, zone: Zone) -> Option<bool> {
    if let Some(order) = order(a, b, zone) {
        return Some(op.fits(order));
    }
    match (a.value()?, b.value()?) {
        (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => None,
        (Value::Null, Value::Null) => Some(op == Comparison::Equal),
        // Different kinds are never equal, and neither is less.
        (a, b) if kind(a) != kind(b) => Some(op == Comparison::NotEqual),
        _ => None,
    }
}

/// Kinds that can be compared with one another; those of lists and maps are never asked for.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Integer(_) | Value::Decimal(_) => 2,
        Value::Text(_) => 3,
        Value::Instant(_) | Value::Date(_) => 4,
        Value::List(_) | Value::Map(_) => 5,
    }
}

/// Which of two values is greater, if they have an order.
pub(super) fn order(a: &Operand<'_>, b: &Operand<'_>, zone: Zone) -> Option<Ordering> {
    if let (Operand::Span(a), Operand::Span(b)) = (a, b) {
        return a.compare(*b);
    }
    match (a.value()?, b.value()?) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.as_str().cmp(b.as_str())),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Integer(b)) => Some(a.cmp(&Decimal::from(*b))),
        (Value::Integer(a), Value::Decimal(b)) => Some(Decimal::from(*a).cmp(b)),
        (Value::Instant(a), Value::Instant(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => Some(moments::order(a.as_anchor()?, b.as_anchor()?, zone)),
    }
}

/// Whether the item is in the list, or the text in the text; nothing = Rhai must say.
pub(super) fn contains(list: &Operand<'_>, item: &Operand<'_>, zone: Zone) -> Option<bool> {
    match list.value()? {
        Value::List(values) => {
            for value in values {
                let found = match (value, item.as_text()) {
                    (Value::Text(own), Some(text)) => own.as_str() == text,
                    _ => holds(
                        Comparison::Equal,
                        &Operand::borrowed(Some(value)),
                        item,
                        zone,
                    )?,
                };
                if found {
                    return Some(true);
                }
            }
            Some(false)
        }
        Value::Text(text) => item.as_text().map(|part| text.contains(part)),
        Value::Null => Some(false),
        _ => None,
    }
}

/// `a op b` for `+ - * / %`; nothing = Rhai must say, errors too.
pub(super) fn reckon<'a>(
    op: &str,
    a: &Operand<'_>,
    b: &Operand<'_>,
    zone: Zone,
) -> Option<Operand<'a>> {
    if let (Some(a), Some(b)) = (a.value(), b.value()) {
        match (a, b) {
            (Value::Integer(a), Value::Integer(b)) => return whole(op, *a, *b).map(Into::into),
            (Value::Decimal(a), Value::Decimal(b)) => return decimal(op, *a, *b),
            (Value::Decimal(a), Value::Integer(b)) => return decimal(op, *a, Decimal::from(*b)),
            (Value::Integer(a), Value::Decimal(b)) => return decimal(op, Decimal::from(*a), *b),
            _ => {}
        }
    }
    let is_time = |operand: &Operand<'_>| {
        matches!(operand, Operand::Span(_)) || operand.as_anchor().is_some()
    };
    match op {
        "+" if is_time(a) || is_time(b) => moments::plus(a, b, zone),
        "-" if is_time(a) || is_time(b) => moments::minus(a, b, zone),
        _ => None,
    }
}

fn whole(op: &str, a: i64, b: i64) -> Option<i64> {
    match op {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        _ => None,
    }
}

fn decimal<'a>(op: &str, a: Decimal, b: Decimal) -> Option<Operand<'a>> {
    let result = match op {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        _ => None,
    };
    // Not `into`: within a script a decimal stays one, also when it is whole.
    result.map(|number| Operand::Value(std::borrow::Cow::Owned(Value::Decimal(number))))
}
