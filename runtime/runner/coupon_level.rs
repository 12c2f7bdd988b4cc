//! How a coupon pool stands, and what to do about it: judged in one place, so that whoever watches hears the same from everybody.

/// How a coupon pool stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CouponLevel {
    /// There are enough codes.
    #[default]
    Good,
    /// It runs dry.
    Low,
    /// No code is left.
    Empty,
}

impl CouponLevel {
    /// With so many codes left, and so many given lately: fewer should not be left than were given, unless the workspace says how
    /// many. Whether a journey gives codes of it today is not asked: one that is held, or comes with the next release, will.
    pub fn of(left: u64, lately: u64, warn_below: Option<u64>) -> Self {
        match left {
            0 => Self::Empty,
            _ if left < warn_below.unwrap_or(lately) => Self::Low,
            _ => Self::Good,
        }
    }

    /// What to do about it, where so many are put aside.
    pub fn advice(pool: &str, aside: u64) -> String {
        if aside > 0 {
            return format!(
                "give back what is put aside and was not used: `kurant coupons release {pool} --except FILE`, or add some by `kurant coupons import {pool} FILE`; \
                 then `kurant coupons again {pool}` for those who left with `no_coupon`"
            );
        }
        format!(
            "add some: `kurant coupons import {pool} FILE`; then `kurant coupons again {pool}` for those who left with `no_coupon`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_runs_dry_when_a_week_like_the_last_would_empty_it_or_as_the_workspace_says() {
        for (left, lately, warn_below, level) in [
            (99, 100, None, CouponLevel::Low),
            (100, 100, None, CouponLevel::Good),
            (1, 0, None, CouponLevel::Good),
            (2, 0, Some(5), CouponLevel::Low),
            (5, 100, Some(5), CouponLevel::Good),
            (0, 0, None, CouponLevel::Empty),
            (0, 0, Some(0), CouponLevel::Empty),
        ] {
            let own = CouponLevel::of(left, lately, warn_below);
            assert_eq!(own, level, "{left} {lately} {warn_below:?}");
        }
    }
}
