//! After a restore: what was open in the copy, or due before it was put in place, may have left already. It is held for
//! somebody to decide about; see `docs/decisions/0022-restore.md`.

use fail::fail_point;
use kurant_engine::calendar::Instant;
use kurant_store::{Batch, OutboxState, Outgoing, Swap};

use super::flight::tell;
use super::{BATCH, Runner};
use crate::channel::{HandedOver, in_doubt};
use crate::decide::{DESK, desk_of};
use crate::error::Error;
use crate::restore::{HELD, OPEN, RESTORE, UPTO};

impl Runner {
    /// Holds what the copy holds as open, and learns up to when what comes due is held too. Whoever is killed on the way does
    /// the rest when they begin anew.
    pub(super) async fn hold_what_may_have_left(&mut self) -> Result<(), Error> {
        let marks = self.store.marks(RESTORE).await?;
        let mark = |name: &str| marks.iter().find(|(own, _)| own == name);
        self.restored = mark(UPTO).and_then(|(_, upto)| upto.parse().ok());
        if mark(OPEN).is_none() {
            return Ok(());
        }
        fail_point!("restore.noted");
        let mut count = 0;
        for state in [OutboxState::Claimed, OutboxState::Pending] {
            loop {
                let rows = self.store.outbox(state, Instant::MAX, BATCH).await?;
                if rows.is_empty() {
                    break;
                }
                count += rows.len();
                self.hold(&rows).await?;
                fail_point!("restore.held");
            }
        }
        let aside = self.put_codes_aside().await?;
        fail_point!("restore.aside");
        self.pass_over_codes().await?;
        let upto = self.restored.unwrap_or_default();
        self.tell(&format!(
            "ALERT: the store was restored: {count} messages and commands that were open in it are held, and so is all that was due before {upto}. \
             `kurant held list` shows what may have left before; `kurant held release` or `kurant held skip` decides"
        ));
        for (pool, count) in aside {
            let are = if count == 1 { "code is" } else { "codes are" };
            self.tell(&format!(
                "ALERT: the store was restored: {count} {are} put aside of coupon pool {pool}, which may have been given before; `kurant coupons release {pool}` \
                 gives them out again, with `--except FILE` all but those that the shop knows as used"
            ));
        }
        Ok(())
    }

    /// Puts aside whatever the copy holds as free of coupon pools, and says how much of each. Nobody knows whether it was given since
    /// the copy was made. Once another worker has done so, somebody may have released what this one would put aside again.
    async fn put_codes_aside(&self) -> Result<Vec<(String, u64)>, Error> {
        let upto = self.restored.unwrap_or_default();
        for own in self.store.pool_sums(upto, upto).await? {
            while self.mark(OPEN).await?.is_some()
                && self.store.put_codes_aside(&own.pool, upto, BATCH).await? > 0
            {
                fail_point!("restore.codes");
            }
        }
        let pools = self.store.pool_sums(upto, upto).await?.into_iter();
        let aside = pools.filter(|own| own.aside > 0);
        Ok(aside.map(|own| (own.pool, own.aside)).collect())
    }

    /// Codes that patterns make are counted, and the copy's count is behind. With what passes over them it is noted that all is held.
    async fn pass_over_codes(&self) -> Result<(), Error> {
        while self.mark(OPEN).await?.is_some() {
            let was = self.mark(DESK).await?;
            let mut desk = desk_of(was.as_deref())?;
            desk.codes.pass_over();
            let now = serde_json::to_string(&desk).unwrap_or_default();
            let batch = Batch {
                marks: vec![(OPEN.to_owned(), None)],
                swaps: vec![Swap {
                    name: DESK.to_owned(),
                    was,
                    now,
                }],
                ..Batch::default()
            };
            match self.store.commit(batch).await {
                // Another worker has written it, or has passed over them.
                Err(kurant_store::Error::Conflict) => {}
                written => written?,
            }
        }
        Ok(())
    }

    async fn hold(&mut self, rows: &[Outgoing]) -> Result<(), Error> {
        let mut batch = Batch {
            clock: self.clock.now(),
            ..Batch::default()
        };
        hold(&mut batch, rows.iter());
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Of what a batch makes, what may leave once it is durable. The rest was due before the store was restored: the same
    /// batch holds it.
    pub(super) fn may_leave(&self, batch: &mut Batch) -> Vec<Outgoing> {
        debug_assert!(
            !self.mate.is_shared() || batch.outbox.iter().all(|row| row.lease.is_some()),
            "whoever hands over has to know until when its claim holds"
        );
        let Some(upto) = self.restored else {
            return batch.outbox.clone();
        };
        let rows = batch.outbox.iter().cloned();
        let (held, leaving): (Vec<_>, Vec<_>) = rows.partition(|row| row.command.planned <= upto);
        hold(batch, held.iter());
        leaving
    }
}

/// Holds these, with a line for the log.
fn hold<'r>(batch: &mut Batch, rows: impl Iterator<Item = &'r Outgoing>) {
    let mut held = HandedOver::default();
    for row in rows {
        let settled = in_doubt(row, batch.clock, HELD.to_owned());
        held.note(row, settled, batch.clock);
    }
    batch.settled.extend(held.settled);
    tell(batch, &held.traces);
}
