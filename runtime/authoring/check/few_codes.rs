//! # `few-codes` (a warning)
//!
//! **What it does.** Reports a coupon whose pattern has few places, with how many codes there are; and one without any place, which is taken
//! for a name and gets eight.
//!
//! **Why it matters.** No code is given twice. When all are given, whoever comes next leaves the journey with `no_coupon`; and
//! among few codes one is quickly guessed.
//!
//! **Example.** `coupon: { codes: 'SPRING-##', valid: 14d, as: code }`
//!
//! **Write instead.** `coupon: { codes: 'SPRING-######', valid: 14d, as: code }`; or, where codes come from a list of the shop's own, name
//! it in `kurant.yaml`: `coupon_pools: [spring]`

use kurant_engine::codes;
use kurant_engine::definition::Verb;

use super::unknown_coupon_pool;
use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// With more codes than this nobody asks how many there are.
const FEW: u64 = 100_000;

/// All coupons.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let pools = unknown_coupon_pool::declared(world);
    for walk in walks {
        for at in &walk.steps {
            let Verb::Coupon(coupon) = &at.step.verb else {
                continue;
            };
            let pattern = codes::pattern(&coupon.codes);
            let size = codes::size(&coupon.codes);
            let is_name = codes::is_name(&coupon.codes);
            let message = if coupon.codes.is_empty() || (is_name && !pools.is_empty()) {
                // What is no pool of those that are named has been reported.
                continue;
            } else if is_name {
                format!(
                    "`{0}` has no `#`, so it is taken for a name; unless codes are imported as `{0}`, they are made up and look like `{pattern}`",
                    coupon.codes
                )
            } else if size <= FEW {
                format!(
                    "there are only {size} codes like this; whoever comes after leaves with `no_coupon`"
                )
            } else {
                continue;
            };
            let span = world.span(walk.file, &format!("{}.coupon.codes", at.place));
            let start = coupon.codes.trim_end_matches('#').trim_end_matches('-');
            let mut help = format!(
                "each `#` becomes a letter or a digit: write '{start}-######' for a thousand million codes"
            );
            if is_name {
                help += &format!(
                    "; or, where codes come from a list, `coupon_pools: [{}]` in kurant.yaml",
                    coupon.codes
                );
            }
            world.push(Diagnostic::warning("few-codes", span, message).help(help));
        }
    }
}
