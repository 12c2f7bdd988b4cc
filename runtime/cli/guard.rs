//! What `simulate` and `test` say of a journey that a run would hold.

use kurant_engine::calendar::Zone;
use kurant_engine::guard::Excess;

use crate::moment::on_clock;

/// When a run would hold the journey, why, and how far it went.
pub(crate) fn told(journey: &str, excess: &Excess, zone: Zone) -> String {
    let (first, worst) = (on_clock(excess.first, zone), &excess.worst);
    format!(
        "{journey} would be held at {first}: {worst}; at the most {}",
        worst.count
    )
}
