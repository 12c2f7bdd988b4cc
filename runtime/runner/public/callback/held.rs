//! By what a provider is known while its secret changes.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::verify::{Call, Known};
use crate::clock::Stopwatch;

/// So long the secret of before is good still: calls that are on their way were signed with it.
const HOLDS_ON: Duration = Duration::from_secs(5 * 60);

/// What one provider is known by.
pub(super) struct Held {
    since: Stopwatch,
    keys: RwLock<Keys>,
}

struct Keys {
    /// None where `kurant.yaml` gives no secret: nobody is believed then.
    now: Option<Known>,
    /// What came before, and when it was replaced.
    before: Vec<(Known, Duration)>,
}

impl Held {
    pub(super) fn new(now: Option<Known>) -> Self {
        let before = Vec::new();
        Self {
            since: Stopwatch::start(),
            keys: RwLock::new(Keys { now, before }),
        }
    }

    /// Takes another one up; says whether it is another one.
    pub(super) fn take_up(&self, fresh: Option<Known>) -> bool {
        self.take_up_at(fresh, self.since.passed())
    }

    /// Whether a call is the provider's.
    pub(super) fn vouches_for(&self, call: &Call<'_>) -> bool {
        self.vouches_at(call, self.since.passed())
    }

    fn take_up_at(&self, fresh: Option<Known>, now: Duration) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.now == fresh {
            return false;
        }
        keys.before.retain(|(_, until)| holds_on(*until, now));
        let old = std::mem::replace(&mut keys.now, fresh);
        keys.before.extend(old.map(|old| (old, now)));
        true
    }

    fn vouches_at(&self, call: &Call<'_>, now: Duration) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let before = keys.before.iter();
        let before = before.filter(|(_, until)| holds_on(*until, now));
        let mut all = keys.now.iter().chain(before.map(|(known, _)| known));
        all.any(|known| known.vouches_for(call))
    }
}

/// Whether what was replaced then is good still.
fn holds_on(replaced: Duration, now: Duration) -> bool {
    now.saturating_sub(replaced) < HOLDS_ON
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secret: &str) -> Known {
        Known::Header {
            name: "x-token".to_owned(),
            is: secret.to_owned(),
        }
    }

    fn vouches(held: &Held, secret: &str, second: u64) -> bool {
        let header = |_: &str| Some(secret.to_owned());
        let call = Call {
            url: "https://mail.shop.example/callback/sms",
            mark: None,
            header: &header,
            query: &[],
            form: &[],
            body: b"",
            second: 0,
        };
        held.vouches_at(&call, Duration::from_secs(second))
    }

    #[test]
    fn the_secret_of_before_is_good_for_some_minutes_more() {
        let held = Held::new(Some(known("first")));
        let take_up = |secret: Option<&str>, second| {
            held.take_up_at(secret.map(known), Duration::from_secs(second))
        };
        assert!(vouches(&held, "first", 0) && !vouches(&held, "second", 0));
        assert!(!take_up(Some("first"), 10), "the same");
        assert!(take_up(Some("second"), 1_000));
        // Looked at again, it lives no longer for that.
        assert!(!take_up(Some("second"), 1_200));
        for second in [1_000, 1_299] {
            assert!(vouches(&held, "second", second), "{second}");
            assert!(vouches(&held, "first", second), "{second}");
            assert!(!vouches(&held, "third", second), "{second}");
        }
        assert!(vouches(&held, "second", 1_300) && !vouches(&held, "first", 1_300));
        // None at all, for a moment.
        assert!(take_up(None, 2_000) && take_up(Some("third"), 2_001));
        assert!(vouches(&held, "second", 2_299) && vouches(&held, "third", 2_299));
        assert!(!vouches(&held, "second", 2_300) && vouches(&held, "third", 2_300));
    }
}
