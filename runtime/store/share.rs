//! Which customers a worker looks after, when several work side by side.

use std::ops::Range;

use kurant_engine::id::bucket;

/// How many slots customers are spread over. So many workers can share timers; one who looks for what is due takes a step in the
/// index for each slot of its own.
pub const SLOTS: u16 = 256;

/// One worker's part of the customers: those whose slot lies in its stretch of the slots. Only for speed: any worker may commit
/// any customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    /// The worker's place among all, from 0.
    pub index: u32,
    /// How many share the work, at least 1.
    pub of: u32,
}

impl Share {
    /// Everybody.
    pub const ALL: Self = Self { index: 0, of: 1 };

    /// The slot of a customer, for ever the same.
    pub fn slot(customer: &str) -> u16 {
        // Below `SLOTS`, so it fits.
        u16::try_from(bucket(&["slot", customer], SLOTS.into())).unwrap_or_default()
    }

    /// Whether a customer belongs to it.
    pub fn holds(self, customer: &str) -> bool {
        self.slots().contains(&Self::slot(customer))
    }

    /// The slots that fall to it. They lie side by side, so that an index can pass over those of others.
    pub fn slots(self) -> Range<u16> {
        let of = self.of.max(1);
        let begin = |index: u32| {
            let slots = u64::from(SLOTS) * u64::from(index.min(of)) / u64::from(of);
            // At most `SLOTS`, so it fits.
            u16::try_from(slots).unwrap_or(SLOTS)
        };
        begin(self.index)..begin(self.index.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_belongs_to_one_share_and_shares_are_about_equal() {
        for of in 1..=5 {
            let mut sizes = vec![0; of as usize];
            for number in 0..10_000 {
                let customer = format!("customer-{number}");
                let shares = (0..of).filter(|index| Share { index: *index, of }.holds(&customer));
                let shares: Vec<u32> = shares.collect();
                assert_eq!(shares.len(), 1, "{customer} among {of}");
                sizes[shares[0] as usize] += 1;
            }
            let fair = 10_000 / of;
            assert!(sizes.iter().all(|size| size * 10 > fair * 9), "{sizes:?}");
        }
    }

    #[test]
    fn a_customers_slot_stays_what_it_was() {
        assert_eq!(Share::slot("anna"), Share::slot("anna"));
        assert_eq!([Share::slot("anna"), Share::slot("c-1")], [133, 181]);
    }
}
