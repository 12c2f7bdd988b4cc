//! Whether there are codes for the coupons that journeys give.

use kurant_engine::codes;
use kurant_engine::definition::Definitions;
use kurant_runner::Finding;
use kurant_store::Store;

use crate::coupons::{Pool, pools, used};
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
    let what = format!(
        "coupon pool {}: {} codes are left, {} were given within 7 days",
        sums.pool, sums.left, sums.lately
    );
    let advice = "import more with `kurant coupons import NAME FILE`; whoever finds none leaves with `no_coupon`";
    match sums.left {
        // Nobody asks for one.
        _ if own.journeys.is_empty() => Finding::good(CHECK, what),
        0 => Finding::bad(CHECK, what, advice),
        _ if sums.runs_dry(declared.and_then(|own| own.warn_below)) => Finding::doubtful(
            CHECK,
            format!("{what}, so it lasts {}", own.lasts()),
            advice,
        ),
        _ => Finding::good(CHECK, what),
    }
}
