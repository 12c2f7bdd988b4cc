//! # `unknown-coupon-pool`
//!
//! **What it does.** Reports a coupon whose `codes` is a name that `coupon_pools` in `kurant.yaml` doesn't have, once there is such a list.
//!
//! **Why it matters.** Codes would be made up from the name, and no till would take them.
//!
//! **Example.** `coupon_pools: [spring]` and `coupon: { codes: sprnig, valid: 14d, as: code }`
//!
//! **Write instead.** `codes: spring`, or a pattern with places to be filled in: `codes: 'SPRING-######'`

use kurant_engine::codes;
use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::{World, advice};
use crate::diagnostic::Diagnostic;

/// All coupons.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let known = declared(world);
    if known.is_empty() {
        return;
    }
    for walk in walks {
        for at in &walk.steps {
            let Verb::Coupon(coupon) = &at.step.verb else {
                continue;
            };
            let name = coupon.codes.as_str();
            if name.is_empty() || !codes::is_name(name) || known.contains(&name) {
                continue;
            }
            let span = world.span(walk.file, &format!("{}.coupon.codes", at.place));
            let help = advice(
                name,
                known.iter().copied(),
                "name it in `kurant.yaml` under `coupon_pools`, or write a pattern like 'SPRING-######', in which each `#` becomes a letter or a digit",
            );
            let message = format!("there is no coupon pool `{name}`");
            world.push(Diagnostic::error("unknown-coupon-pool", span, message).help(help));
        }
    }
}

/// The coupon pools that `kurant.yaml` names.
pub(super) fn declared<'w>(world: &World<'w>) -> Vec<&'w str> {
    let workspace = world.parsed.workspace.as_ref();
    let pools = workspace.into_iter().flat_map(|own| &own.item.coupon_pools);
    pools.map(|own| own.name.as_str()).collect()
}
