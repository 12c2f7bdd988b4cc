//! Bugs that are there on purpose and sleep: only tests can wake them, to see that what looks for bugs finds each of them.
//! Programs that are not built for tests hold none.

/// Whether a bug was woken, by its name.
macro_rules! planted {
    ($name:literal) => {{
        fn is_awake() -> bool {
            fail::fail_point!($name, |_| true);
            false
        }
        is_awake()
    }};
}

pub(crate) use planted;
