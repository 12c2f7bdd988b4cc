//! People inside journeys that nobody can enter any more, because a file was taken away or set back to draft; and inside versions
//! that ask for what is not there any more.

use std::collections::BTreeMap;

use kurant_engine::catalog::{What, gone};
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

    /// Says which older versions with somebody inside ask for what the workspace has no more, with the number inside: those
    /// people would leave with `error` there, or their messages be given up.
    pub(super) async fn tell_what_is_gone(
        &mut self,
        definitions: &Definitions,
        pinned: &[Version],
    ) -> Result<(), Error> {
        let gone = gone(definitions, pinned);
        if self.purpose == Purpose::Import || gone.is_empty() {
            return Ok(());
        }
        let inside = self.store.inside().await?;
        let mut missing: BTreeMap<(String, What, String), u64> = BTreeMap::new();
        for own in gone {
            let rows = inside.iter().filter(|row| row.version == own.version);
            let count: u64 = rows.map(|row| row.count).sum();
            *missing
                .entry((own.journey, own.what, own.name))
                .or_default() += count;
        }
        for ((journey, what, name), count) in missing.into_iter().filter(|(_, count)| *count > 0) {
            let (word, fate) = (what.word(), fate(what));
            let people = if count == 1 {
                "person is"
            } else {
                "people are"
            };
            self.tell(&format!(
                "warning: {count} {people} inside an older version of {journey} that asks for the {word} `{name}`, which is not \
                 there any more: {fate}. Put `{name}` back until they are through, or end them with `kurant stop {journey}`"
            ));
        }
        Ok(())
    }
}

/// What happens to whoever comes to what is gone.
fn fate(what: What) -> &'static str {
    match what {
        What::Segment => "whoever is asked for it leaves with `error`",
        What::Template => "its messages will be given up",
        What::Channel => "nothing leaves by it",
        What::Pool => "nobody is assigned from it",
        What::Journey => "it starts nothing",
    }
}
