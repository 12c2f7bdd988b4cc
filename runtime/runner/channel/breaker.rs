//! When a place is in trouble nothing more is sent there for a while; then one message tries whether it takes any. It is told once that
//! it is in trouble, and once that it is out of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::outcome::Outcome;
use crate::clock::Stopwatch;

/// After so many in a row that were not taken the others wait.
const TROUBLE_IN_A_ROW: usize = 10;
/// The first wait; it doubles as long as the trouble lasts.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);

/// What is known of a place.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// What goes there, and by which way.
    what: &'static str,
    route: String,
    place: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// So many in a row were not taken.
    in_a_row: usize,
    /// Since when nothing is sent, and for how long.
    open: Option<(Stopwatch, Duration)>,
}

impl Breaker {
    /// Nothing is known yet of a place that messages, or something else, go to by a route.
    pub(crate) fn of(
        what: &'static str,
        route: impl Into<String>,
        place: impl Into<String>,
    ) -> Self {
        Self {
            what,
            route: route.into(),
            place: place.into(),
            state: Mutex::default(),
        }
    }

    /// How many may be begun now, of so many: none while it is open, one after that.
    pub(crate) fn room(&self, most: usize) -> usize {
        match self.state().open {
            None => most,
            Some((since, pause)) if since.passed() < pause => 0,
            Some(_) => most.min(1),
        }
    }

    /// Whether what comes next is to wait.
    pub(crate) fn is_open(&self) -> bool {
        self.room(1) == 0
    }

    /// Notes how one went.
    pub(crate) fn note(&self, outcome: &Outcome) {
        let mut state = self.state();
        match outcome {
            // Nobody who comes next would find it there.
            Outcome::Away(_) => state.in_a_row = TROUBLE_IN_A_ROW,
            Outcome::NotBegun(_) => return,
            other if other.is_trouble() => state.in_a_row += 1,
            _ => {
                let was = std::mem::take(&mut *state);
                if was.open.is_some() {
                    self.tell_end();
                }
                return;
            }
        }
        let is_open = |(since, pause): &(Stopwatch, Duration)| since.passed() < *pause;
        // What was under way when it opened says nothing new.
        if state.in_a_row >= TROUBLE_IN_A_ROW && !state.open.as_ref().is_some_and(is_open) {
            if state.open.is_none() {
                self.tell_trouble(outcome.reason());
            }
            let pause = state
                .open
                .map_or(SHORTEST, |(_, pause)| (pause * 2).min(LONGEST));
            state.open = Some((Stopwatch::start(), pause));
        }
    }

    fn tell_trouble(&self, why: &str) {
        let Self {
            what, route, place, ..
        } = self;
        tracing::warn!(
            channel = route,
            "{what} can't be handed to {place}: {why}; they wait until it can be"
        );
    }

    fn tell_end(&self) {
        let Self {
            what, route, place, ..
        } = self;
        tracing::info!(channel = route, "{what} are handed to {place} again");
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_ten_in_a_row_and_closes_with_the_first_that_is_taken() {
        let breaker = Breaker::of("messages", "sms", "a provider");
        for _ in 1..TROUBLE_IN_A_ROW {
            breaker.note(&Outcome::later("busy"));
        }
        breaker.note(&Outcome::Refused("no such address".into()));
        breaker.note(&Outcome::later("busy"));
        assert_eq!(breaker.room(100), 100, "not in a row");
        for _ in 1..TROUBLE_IN_A_ROW {
            breaker.note(&Outcome::InDoubt("silence".into()));
        }
        assert!(breaker.is_open());
        breaker.note(&Outcome::Accepted);
        assert_eq!(breaker.room(100), 100);
    }

    #[test]
    fn nobody_is_sent_where_nobody_is() {
        let breaker = Breaker::of("messages", "sms", "a provider");
        breaker.note(&Outcome::Away("refused".into()));
        assert_eq!(breaker.room(100), 0);
        breaker.note(&Outcome::Away("refused".into()));
        let pause = breaker.state().open.map(|(_, pause)| pause);
        assert_eq!(pause, Some(SHORTEST), "several at once count once");
    }

    #[test]
    fn after_the_wait_one_tries_and_the_next_wait_is_longer() {
        let breaker = Breaker::of("messages", "sms", "a provider");
        let over = Some((Stopwatch::start(), Duration::ZERO));
        *breaker.state() = State {
            in_a_row: TROUBLE_IN_A_ROW,
            open: over,
        };
        assert_eq!(breaker.room(100), 1);
        breaker.state().open = Some((Stopwatch::start(), Duration::from_nanos(1)));
        while breaker.is_open() {}
        breaker.note(&Outcome::InDoubt("silence".into()));
        let pause = breaker.state().open.map(|(_, pause)| pause);
        assert_eq!(pause, Some(Duration::from_nanos(2)));
    }
}
