//! Chance that can be repeated: a seeded stream of numbers and the few distributions that a shop's customers follow.

/// A stream of numbers that depends on nothing but its seed (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of one customer: near seeds and near numbers give streams that have nothing in common.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut mixed = Self(seed ^ number.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        mixed.next();
        Self(mixed.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly in 0..1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly in `from..to`.
    pub(super) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// Evenly among `0..count`; 0 when there is nothing to choose from.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// One of the choices, by their weights.
    pub(super) fn weighted<'a, T>(&mut self, choices: &'a [(T, f64)]) -> &'a T {
        let mut left = self.unit() * choices.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = choices.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        &found.unwrap_or(&choices[choices.len() - 1]).0
    }

    /// A gap in which something that happens once in `mean` does not happen.
    pub(super) fn gap(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// The normal distribution, 0 in the middle, 1 wide.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// The gamma distribution of this shape, 1 on average (Marsaglia and Tsang).
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let lifted = self.gamma(shape + 1.0) * (shape + 1.0);
            return lifted * (1.0 - self.unit()).powf(1.0 / shape) / shape;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            let u = 1.0 - self.unit();
            if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(of: impl FnMut() -> f64) -> f64 {
        std::iter::repeat_with(of).take(20_000).sum::<f64>() / 20_000.0
    }

    #[test]
    fn the_same_seed_gives_the_same_stream_and_a_near_one_another() {
        let first = |seed, number| Chance::of(seed, number).next();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 1));
    }

    #[test]
    fn distributions_have_the_means_that_they_promise() {
        let mut chance = Chance::of(7, 7);
        assert!((mean(|| chance.gap(5.0)) - 5.0).abs() < 0.2);
        assert!((mean(|| chance.gamma(0.6)) - 1.0).abs() < 0.05);
        assert!((mean(|| chance.gamma(3.0)) - 1.0).abs() < 0.05);
        assert!(mean(|| chance.normal()).abs() < 0.05);
        assert!((mean(|| f64::from(*chance.weighted(&[(0, 3.0), (1, 1.0)]))) - 0.25).abs() < 0.02);
    }
}
