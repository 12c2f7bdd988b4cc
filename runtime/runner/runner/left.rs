//! People inside journeys that nobody can enter any more, because a file was taken away or set back to draft.

use std::collections::BTreeMap;

use kurant_engine::definition::{Definitions, Status, Version};

use super::{Purpose, Runner};
use crate::error::Error;

impl Runner {
    /// Says which journeys count as retired although nobody said so, with the number inside.
    pub(super) async fn tell_who_is_left(
        &mut self,
        definitions: &Definitions,
        pinned: &[Version],
    ) -> Result<(), Error> {
        let status = |id: &str| {
            let mut current = definitions.journeys.iter().map(|version| &version.journey);
            current
                .find(|journey| journey.id == id)
                .map(|journey| journey.status)
        };
        let is_left = |id: &str| matches!(status(id), None | Some(Status::Draft));
        // Nobody is counted unless there is such a journey: that takes a look at everybody inside.
        let any = pinned.iter().any(|version| is_left(&version.journey.id));
        if self.purpose == Purpose::Import || !any {
            return Ok(());
        }
        let mut left: BTreeMap<String, u64> = BTreeMap::new();
        for row in self.store.inside().await? {
            if is_left(&row.journey) {
                *left.entry(row.journey).or_default() += row.count;
            }
        }
        for (journey, count) in left {
            let what = match status(&journey) {
                None => "is not in the workspace any more",
                Some(_) => "is a draft again",
            };
            let people = if count == 1 { "person" } else { "people" };
            self.tell(&format!(
                "warning: the journey {journey} {what}, with {count} {people} inside: nobody enters it, they go on with the \
                 version they began with; `kurant stop {journey}` ends them. A journey under a new name is a new journey"
            ));
        }
        Ok(())
    }
}
