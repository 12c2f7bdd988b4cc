//! Which deliveries of a channel are done with, so that one acknowledgement covers many.

use std::collections::VecDeque;

/// The delivery tags of one channel: 1, 2, 3 and so on. They mean nothing on another channel.
#[derive(Debug, Default)]
pub(super) struct Tags {
    /// All up to here are acknowledged.
    acknowledged: u64,
    /// Whether those after it are done with.
    done: VecDeque<bool>,
}

impl Tags {
    /// These are done with. Returns the tag up to which all are, if that has moved.
    pub(super) fn settle(&mut self, tags: &[u64]) -> Option<u64> {
        for tag in tags {
            let Some(place) = tag.checked_sub(self.acknowledged + 1) else {
                continue;
            };
            let Ok(place) = usize::try_from(place) else {
                continue;
            };
            if self.done.len() <= place {
                self.done.resize(place + 1, false);
            }
            self.done[place] = true;
        }
        let before = self.acknowledged;
        while self.done.front() == Some(&true) {
            self.done.pop_front();
            self.acknowledged += 1;
        }
        (self.acknowledged > before).then_some(self.acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_acknowledgement_covers_all_up_to_the_first_that_is_not_done_with() {
        let mut tags = Tags::default();
        assert_eq!(tags.settle(&[1, 2, 3]), Some(3));
        assert_eq!(tags.settle(&[5, 7]), None, "4 may not be acknowledged");
        assert_eq!(tags.settle(&[4]), Some(5));
        assert_eq!(tags.settle(&[6, 8]), Some(8));
    }

    #[test]
    fn a_tag_told_twice_changes_nothing() {
        let mut tags = Tags::default();
        assert_eq!(tags.settle(&[1]), Some(1));
        assert_eq!(tags.settle(&[1, 0]), None);
        assert_eq!(tags.settle(&[2]), Some(2));
    }
}
