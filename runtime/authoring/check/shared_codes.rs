//! # `shared-codes`
//!
//! **What it does.** Reports two coupons whose patterns differ and can give the same code.
//!
//! **Why it matters.** No pattern gives a code twice, but each is counted on its own: two customers might get the same code.
//!
//! **Example.** `codes: 'A-####'` here and `codes: 'A-2###'` there
//!
//! **Write instead.** the same pattern for both, or another beginning: `codes: 'B-2###'`

use kurant_engine::codes;
use kurant_engine::definition::Verb;

use super::unknown_coupon_pool;
use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All coupons, each with those before it.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let mut known: Vec<(&str, Span)> = Vec::new();
    let pools = unknown_coupon_pool::declared(world);
    for walk in walks {
        for at in &walk.steps {
            let Verb::Coupon(coupon) = &at.step.verb else {
                continue;
            };
            let span = world.span(walk.file, &format!("{}.coupon.codes", at.place));
            let own = coupon.codes.as_str();
            if pools.contains(&own) {
                // `kurant coupons import` looks at each of its codes.
                continue;
            }
            let earlier = known.iter().find(|(other, _)| codes::overlap(own, other));
            if let Some((other, place)) = earlier {
                let message =
                    format!("`{own}` and `{other}` can give the same code to two customers");
                let report = Diagnostic::error("shared-codes", span, message);
                world.push(
                    report
                        .help("write the same pattern for both, or begin one of them with other letters")
                        .label(*place, "here"),
                );
            } else {
                known.push((own, span));
            }
        }
    }
}
