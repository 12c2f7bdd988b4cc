//! Comparing and reckoning with instants, dates and lengths of time.

use std::cmp::Ordering;

use super::operand::Operand;
use super::span::Span;
use crate::calendar::{Anchor, Zone};

/// Which of two moments is the later. A date among instants is its 00:00 on the customer's clock.
pub(super) fn order(a: Anchor, b: Anchor, zone: Zone) -> Ordering {
    match (a, b) {
        (Anchor::Date(a), Anchor::Date(b)) => a.cmp(&b),
        (Anchor::Instant(a), Anchor::Instant(b)) => a.cmp(&b),
        (a, b) => a.instant(zone).cmp(&b.instant(zone)),
    }
}

/// `a + b`, where at least one is a moment or a length of time; `()` makes `()`. Nothing, if they cannot be added.
pub(super) fn plus<'a>(a: &Operand<'_>, b: &Operand<'_>, zone: Zone) -> Option<Operand<'a>> {
    match (a, b) {
        (Operand::Span(a), Operand::Span(b)) => Some(Operand::Span(a.plus(*b))),
        (Operand::Span(span), other) | (other, Operand::Span(span)) if !other.is_null() => {
            other.as_anchor().map(|anchor| shift(anchor, *span, zone))
        }
        (a, b) if a.is_null() || b.is_null() => Some(Operand::NULL),
        _ => None,
    }
}

/// `a - b`: a moment less a length is a moment; two dates are days apart, two instants an elapsed time.
pub(super) fn minus<'a>(a: &Operand<'_>, b: &Operand<'_>, zone: Zone) -> Option<Operand<'a>> {
    match (a, b) {
        (Operand::Span(a), Operand::Span(b)) => Some(Operand::Span(a.plus(b.negated()))),
        (moment, Operand::Span(span)) if !moment.is_null() => moment
            .as_anchor()
            .map(|anchor| shift(anchor, span.negated(), zone)),
        (a, b) if a.is_null() || b.is_null() => Some(Operand::NULL),
        (a, b) => Some(Operand::Span(match (a.as_anchor()?, b.as_anchor()?) {
            (Anchor::Date(a), Anchor::Date(b)) => {
                Span::of_days(a.signed_duration_since(b).num_days())
            }
            (a, b) => Span::of_millis(a.instant(zone).millis_since(b.instant(zone))),
        })),
    }
}

/// A date stays a date unless hours or minutes move it.
fn shift<'a>(anchor: Anchor, span: Span, zone: Zone) -> Operand<'a> {
    match anchor {
        Anchor::Date(date) if !span.has_elapsed_part() => span.after_date(date).into(),
        anchor => span.after(anchor.instant(zone), zone).into(),
    }
}
