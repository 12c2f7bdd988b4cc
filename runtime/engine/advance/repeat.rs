//! `repeat`: a bounded loop.

use super::Flow;
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::definition::Script;
use crate::enrollment::Round;
use crate::process::Work;
use crate::script;

impl Work<'_> {
    /// Whether a `repeat` has begun already: its own `when` is judged only before the first round.
    pub(super) fn within_repeat(&self, index: usize, number: u32) -> bool {
        self.person.enrollments[index]
            .rounds
            .iter()
            .any(|round| round.node == number)
    }

    /// Begins the next round, or goes on behind the loop.
    #[expect(clippy::too_many_arguments, reason = "the parts of one node")]
    pub(super) fn repeat(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        condition: Option<&Script>,
        at_most: u32,
        body: u32,
    ) -> Result<Flow, script::Error> {
        let rounds = &mut self.person.enrollments[index].rounds;
        let position = rounds
            .iter()
            .position(|round| round.node == number)
            .unwrap_or_else(|| {
                rounds.push(Round {
                    node: number,
                    round: 0,
                });
                rounds.len() - 1
            });
        let round = rounds[position].round + 1;
        let goes_on = round <= at_most && {
            let mut frame = self.frame_of_node(loaded, index, number);
            frame.round = Some(round);
            condition.map_or(Ok(true), |condition| self.holds(loaded, condition, &frame))?
        };
        let rounds = &mut self.person.enrollments[index].rounds;
        if goes_on && body != number {
            rounds[position].round = round;
            return Ok(Flow::Next(body));
        }
        rounds.truncate(position);
        Ok(Flow::Next(node.next))
    }
}
