//! What was done, by the log of a store.

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_store::{Happened, LogLine, LogPlace, Store};

/// All of it, in order.
pub(crate) async fn acted(store: &dyn Store) -> Vec<Action> {
    let page = store.log(None, LogPlace::default(), Instant::MAX, usize::MAX);
    let lines = page.await.expect("the log").lines.into_iter();
    let action = |line: LogLine| match line.what {
        Happened::Did(action) => Some(action),
        Happened::Passed(_) => None,
    };
    lines.filter_map(action).collect()
}
