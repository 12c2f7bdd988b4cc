//! Whether there are codes for the coupons that journeys give.

use kurant_engine::codes;
use kurant_engine::definition::Definitions;
use kurant_runner::{CouponLevel, Finding};
use kurant_store::Store;

use crate::coupons::{Pool, codes as codes_of, pools, used, verb};
use crate::error::Error;

/// The name of the check.
const CHECK: &str = "coupons";

/// How all coupon pools stand, and which names are none.
pub(super) async fn look(
    store: &dyn Store,
    definitions: &Definitions,
) -> Result<Vec<Finding>, Error> {
    let pools = pools(store, definitions).await?;
    let known = |name: &str| pools.iter().any(|own| own.sums.pool == name);
    let made_up = used(definitions).into_iter();
    let made_up = made_up.filter(|(name, _)| codes::is_name(name) && !known(name));
    let made_up = made_up.map(|(name, journeys)| {
        let what = format!(
            "no codes were imported as {name}: {} makes them up, like {}",
            journeys.join(", "),
            codes::pattern(&name)
        );
        Finding::doubtful(
            CHECK,
            what,
            "if they should come from a list, `kurant coupons import NAME FILE`, and name the pool under `coupon_pools` in kurant.yaml",
        )
    });
    let standing = pools.iter().map(|own| standing(own, definitions));
    Ok(standing.chain(made_up).collect())
}

fn standing(own: &Pool, definitions: &Definitions) -> Finding {
    let sums = &own.sums;
    let mut declared = definitions.workspace.coupon_pools.iter();
    let declared = declared.find(|own| own.name == sums.pool);
    let (are, were) = (
        verb(sums.left, "is", "are"),
        verb(sums.lately, "was", "were"),
    );
    let mut what = format!(
        "coupon pool {}: {} {are} left, {} {were} given within 7 days",
        sums.pool,
        codes_of(sums.left),
        sums.lately
    );
    if sums.aside > 0 {
        let are = verb(sums.aside, "is", "are");
        what += &format!(
            ", {} {are} put aside since the store was restored",
            sums.aside
        );
    }
    let advice = CouponLevel::advice(&sums.pool, sums.aside);
    let warn_below = declared.and_then(|own| own.warn_below);
    match CouponLevel::of(sums.left, sums.lately, warn_below) {
        CouponLevel::Empty => Finding::bad(CHECK, what, &advice),
        CouponLevel::Low => {
            let why = match warn_below {
                Some(count) => format!("{what}; `warn_below` is {count}"),
                None => format!("{what}, so it lasts {}", own.lasts()),
            };
            Finding::doubtful(CHECK, why, &advice)
        }
        CouponLevel::Good => Finding::good(CHECK, what),
    }
}
