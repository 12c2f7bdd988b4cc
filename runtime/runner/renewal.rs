//! Secrets that change while it runs: what was read of files is read again by whoever knows how, and what is open takes it up.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::dispatch::{Dispatch, Ways};

/// Somebody was refused as who we say we are: it may be that another secret holds by now.
#[derive(Debug, Clone, Default)]
pub struct Doubt(Arc<Notify>);

impl Doubt {
    /// We were refused.
    pub(crate) fn raise(&self) {
        self.0.notify_one();
    }

    /// Waits until we are.
    pub async fn raised(&self) {
        self.0.notified().await;
    }
}

/// Takes up other secrets for ways out that are open.
#[derive(Clone)]
pub struct Renewal(Arc<Dispatch>);

impl Renewal {
    pub(crate) fn of(dispatch: Arc<Dispatch>) -> Self {
        Self(dispatch)
    }

    /// From the next hand-over on, what these ways say of who we are holds. Nothing else of them is taken up.
    pub fn take_up(&self, ways: Ways) {
        self.0.renew(ways);
    }
}
